"""Decimal numbers in text → float32, many at a time, bit for bit as `float32(float(text))` gives them.

All numbers advance together, one character a step: mantissa = 10 · mantissa + digit, for every number at
once in numpy. A mantissa of at most 15 digits and a power of ten up to 10²² are exact in 64 bits, so their
quotient is correctly rounded (Clinger, How to Read Floating Point Numbers Accurately, PLDI 1990, §3) and
equals strtod's. Numbers of another form, such as 1e-05, go one by one through `float`.
"""

import numpy as np
import numpy.typing as npt

ALPHABET = b"0123456789+-.eE "
NOT_IN_ALPHABET = bytes(set(range(256)) - set(ALPHABET))
EXACT_DIGITS = 15
LONGEST = 20  # characters of a number that the fast way takes
SPACE, PLUS, MINUS, DOT, ZERO = b" +-.0"
# Numbers read together: few enough for the processor's cache.
AT_ONCE = 1 << 14
POWERS = 10.0 ** np.arange(LONGEST + 1)


def parse_decimals(text: bytes, count: int) -> npt.NDArray[np.float32] | None:
    """Exactly `count` finite numbers with one space between; None when that is not what `text` is."""
    if not text or text.translate(None, NOT_IN_ALPHABET) != text:
        return None
    # A margin of spaces behind the text lets every number be read a few characters past its end.
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
    """The numbers that stand at starts … ends, and which of them this cannot read."""
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
        digit = character - np.uint8(ZERO)  # what is below 0 wraps around
        is_digit = (digit < 10) & inside
        # By 10 and plus the digit; by 1 and plus 0 where there is none. numpy's `where=` takes four times as long.
        mantissa *= is_digit * 9.0 + 1.0
        mantissa += (digit * is_digit).astype(np.float64)
        digits += is_digit
        decimals += is_digit & (dots > 0)
        dots += (character == DOT) & inside
    strange |= (digits + dots != lengths) | (digits == 0) | (dots > 1) | (digits > EXACT_DIGITS)
    values = mantissa / POWERS[decimals]
    return np.negative(values, out=values, where=negative), strange
