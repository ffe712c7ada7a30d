"""Decimal numbers in text → float32, many at a time, with the same bits as `float32(float(text))`.

Each step reads one character of all numbers with numpy: mantissa = 10 · mantissa + digit. A mantissa of at most 15
digits and a power of ten up to 10²² are exact in 64 bits, so their quotient is correctly rounded (Clinger, How to Read
Floating Point Numbers Accurately, PLDI 1990, §3) and equals strtod's. Numbers in other notations, such as 1e-05, are
parsed one by one with `float`.
"""

import numpy as np
import numpy.typing as npt

ALPHABET = b"0123456789+-.eE "
NOT_IN_ALPHABET = bytes(set(range(256)) - set(ALPHABET))
EXACT_DIGITS = 15
LONGEST = 20  # most characters of a number on the fast path
SPACE, PLUS, MINUS, DOT, ZERO = b" +-.0"
# Numbers parsed together, so that they fit the processor's cache.
AT_ONCE = 1 << 14
POWERS = 10.0 ** np.arange(LONGEST + 1)


def parse_decimals(text: bytes, count: int) -> npt.NDArray[np.float32] | None:
    """The numbers of `text`, or None unless it is exactly `count` finite numbers separated by single spaces.

    parse_decimals(b"0.5 -2", 2)  # [ 0.5 -2. ]
    """
    if not text or text.translate(None, NOT_IN_ALPHABET) != text:
        return None
    # Spaces after the text, so that steps past the end of a number stay inside the array.
    characters = np.frombuffer(text + b" " * (LONGEST + 1), np.uint8)
    gaps = np.flatnonzero(characters[: len(text)] == SPACE)
    if len(gaps) != count - 1 or text[0] == SPACE or text[-1] == SPACE:
        return None
    starts = np.concatenate([np.zeros(1, np.intp), gaps + 1])
    ends = np.concatenate([gaps, np.full(1, len(text), np.intp)])
    if (starts == ends).any():
        return None
    values = np.empty(count)
    for i in range(0, count, AT_ONCE):
        part = slice(i, i + AT_ONCE)
        values[part], strange = _read(characters, starts[part], ends[part])
        for j in (np.flatnonzero(strange) + i).tolist():
            try:
                values[j] = float(text[starts[j] : ends[j]])
            except ValueError:
                return None
    with np.errstate(over="ignore"):
        rounded = values.astype(np.float32)
    return rounded if np.isfinite(rounded).all() else None


def _read(
    characters: npt.NDArray[np.uint8], starts: npt.NDArray[np.intp], ends: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """The numbers at starts … ends, and a mask of those that this function cannot parse."""
    first = characters[starts]
    negative = first == MINUS
    position = starts + (negative | (first == PLUS))
    lengths = ends - position
    strange = lengths > LONGEST
    lengths = np.minimum(lengths, LONGEST).astype(np.uint8)
    mantissa = np.zeros(len(starts))
    digits, decimals, dots = (np.zeros(len(starts), np.uint8) for _ in range(3))
    for step in range(int(lengths.max())):
        character = characters[position]
        position += 1
        inside = lengths > step
        digit = character - np.uint8(ZERO)  # smaller characters wrap around
        is_digit = (digit < 10) & inside
        # Times 10 plus the digit, or times 1 plus 0 for other characters; numpy's `where=` takes four times as long.
        mantissa *= is_digit * 9.0 + 1.0
        mantissa += (digit * is_digit).astype(np.float64)
        digits += is_digit
        decimals += is_digit & (dots > 0)
        dots += (character == DOT) & inside
    strange |= (digits + dots != lengths) | (digits == 0) | (dots > 1) | (digits > EXACT_DIGITS)
    values = mantissa / POWERS[decimals]
    return np.negative(values, out=values, where=negative), strange
