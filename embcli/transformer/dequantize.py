"""Numbers of model files as float32: floats of 16 and 64 bits, and the blocks of quantised integers of GGUF.

A quantised tensor is a row of blocks. A block holds one or two float16 scales and a few bits for each of its elements;
in the K-quants, 256 elements are divided into parts that have scales of their own, of 4 or 6 bits, relative to those of
the block. The formulas are those of ggml (github.com/ggml-org/ggml, ggml-quants.c), in float32 and in its order of
operations, so that every number is bit-identical to it.
"""

from collections.abc import Callable

import numpy as np

from embcli.vectors.arithmetic import BytesArray, Float32Array

# Elements and bytes of a block of each type.
BLOCKS: dict[str, tuple[int, int]] = {
    "F32": (1, 4), "F16": (1, 2), "BF16": (1, 2), "F64": (1, 8),
    "Q8_0": (32, 34), "Q4_0": (32, 18), "Q4_1": (32, 20), "Q5_0": (32, 22), "Q5_1": (32, 24),
    "Q4_K": (256, 144), "Q5_K": (256, 176), "Q6_K": (256, 210),
}  # fmt: skip
FLOATS = {"F32": "<f4", "F16": "<f2", "F64": "<f8"}
# Blocks that are computed together, so that intermediate arrays stay in the cache of the processor.
BLOCKS_AT_ONCE = 4096


def dequantize(dtype: str, raw: BytesArray) -> Float32Array:
    """The numbers of whole blocks, given as bytes: float32 [elements].

    Raises KeyError for a type that is not in BLOCKS.

        dequantize("F16", np.frombuffer(np.float16([1.5, -2]).tobytes(), np.uint8))  # [1.5, -2.]
    """
    if dtype in FLOATS:
        return np.asarray(raw.view(FLOATS[dtype]), np.float32)
    if dtype == "BF16":  # the upper half of a float32
        return (raw.view("<u2").astype(np.uint32) << 16).view(np.float32)
    elements, size = BLOCKS[dtype]
    blocks = raw.reshape(-1, size)
    numbers = np.empty((len(blocks), elements), np.float32)
    for first in range(0, len(blocks), BLOCKS_AT_ONCE):
        part = slice(first, first + BLOCKS_AT_ONCE)
        BLOCK_FORMULAS[dtype](blocks[part], numbers[part])
    return numbers.reshape(-1)


def _scale(blocks: BytesArray, start: int) -> Float32Array:
    """The float16 at a byte of each block: float32 [blocks, 1]."""
    return blocks[:, start : start + 2].view("<f2").astype(np.float32)


def _nibbles(packed: BytesArray, half: int) -> BytesArray:
    """Integers of 4 bits, of which `half` bytes hold 2 · half: the lower bits of all bytes, then the upper ones.

    packed: [blocks, bytes]; returns [blocks, 2 · bytes].
    """
    pieces = np.ascontiguousarray(packed).reshape(len(packed), -1, half)
    integers = np.empty((len(packed), pieces.shape[1], 2, half), np.uint8)
    np.bitwise_and(pieces, 15, out=integers[:, :, 0])
    np.right_shift(pieces, 4, out=integers[:, :, 1])
    return integers.reshape(len(packed), -1)


def _fifth_bits(packed: BytesArray) -> BytesArray:
    """Bit j of the 32 bits of each block [blocks, 4], as the value 16: [blocks, 32]."""
    return np.asarray(np.unpackbits(packed, axis=1, bitorder="little") << 4, np.uint8)


def _q8_0(blocks: BytesArray, out: Float32Array) -> None:
    """w = d · q, q of 8 bits with sign."""
    np.multiply(blocks[:, 2:].view(np.int8), _scale(blocks, 0), out=out)


def _q4_0(blocks: BytesArray, out: Float32Array) -> None:
    """w = d · (q - 8), q of 4 bits."""
    np.subtract(_nibbles(blocks[:, 2:], 16), 8, out=out, dtype=np.float32)
    out *= _scale(blocks, 0)


def _q4_1(blocks: BytesArray, out: Float32Array) -> None:
    """w = d · q + m, q of 4 bits."""
    np.multiply(_nibbles(blocks[:, 4:], 16), _scale(blocks, 0), out=out)
    out += _scale(blocks, 2)


def _q5_0(blocks: BytesArray, out: Float32Array) -> None:
    """w = d · (q - 16), q of 5 bits, whose highest bits are stored together."""
    np.subtract(_nibbles(blocks[:, 6:], 16) | _fifth_bits(blocks[:, 2:6]), 16, out=out, dtype=np.float32)
    out *= _scale(blocks, 0)


def _q5_1(blocks: BytesArray, out: Float32Array) -> None:
    """w = d · q + m, q of 5 bits, whose highest bits are stored together."""
    np.multiply(_nibbles(blocks[:, 8:], 16) | _fifth_bits(blocks[:, 4:8]), _scale(blocks, 0), out=out)
    out += _scale(blocks, 2)


def _scales_and_minima(blocks: BytesArray) -> tuple[Float32Array, Float32Array]:
    """d · s and dmin · m of the eight parts of each block of Q4_K and Q5_K: float32 [blocks, 8, 1] each.

    Their 6-bit integers s and m are packed into 12 bytes: four bytes with s₀₋₃ in the lower six bits, four with m₀₋₃,
    four with the lower four bits of s₄₋₇ and m₄₋₇, whose upper two bits are those of the first eight bytes.
    """
    first, second, third = (blocks[:, start : start + 4] for start in (4, 8, 12))
    scales = np.concatenate([first & 63, (third & 15) | ((first >> 2) & 48)], axis=1)
    minima = np.concatenate([second & 63, (third >> 4) | ((second >> 2) & 48)], axis=1)
    return (_scale(blocks, 0) * scales)[..., None], (_scale(blocks, 2) * minima)[..., None]


def _q4_k(blocks: BytesArray, out: Float32Array) -> None:
    """w = (d · s) · q - (dmin · m), q of 4 bits, in eight parts of 32."""
    scales, minima = _scales_and_minima(blocks)
    parts = out.reshape(-1, 8, 32)
    np.multiply(_nibbles(blocks[:, 16:], 32).reshape(-1, 8, 32), scales, out=parts)
    parts -= minima


def _q5_k(blocks: BytesArray, out: Float32Array) -> None:
    """w = (d · s) · q - (dmin · m), q of 5 bits; bit p of the 32 bytes from 16 on is the highest of part p."""
    scales, minima = _scales_and_minima(blocks)
    parts = out.reshape(-1, 8, 32)
    shifts = np.arange(8, dtype=np.uint8)[:, None]
    highest = ((blocks[:, None, 16:48] >> shifts) & 1) << 4
    np.multiply(_nibbles(blocks[:, 48:], 32).reshape(-1, 8, 32) | highest, scales, out=parts)
    parts -= minima


def _q6_k(blocks: BytesArray, out: Float32Array) -> None:
    """w = (d · s) · (q - 32), q of 6 bits, in sixteen parts of 16 whose scales s have 8 bits with sign."""
    shifts = np.array([0, 2, 4, 6], np.uint8)[:, None]
    upper = (blocks[:, 128:192].reshape(len(blocks), -1, 1, 32) >> shifts) & 3
    q = _nibbles(blocks[:, :128], 64) | (upper.reshape(len(blocks), -1) << 4)
    scales = _scale(blocks, 208) * blocks[:, 192:208].view(np.int8)
    np.subtract(q, 32, out=out, dtype=np.float32)
    parts = out.reshape(-1, 16, 16)
    parts *= scales[..., None]


BLOCK_FORMULAS: dict[str, Callable[[BytesArray, Float32Array], None]] = {
    "Q8_0": _q8_0, "Q4_0": _q4_0, "Q4_1": _q4_1, "Q5_0": _q5_0, "Q5_1": _q5_1,
    "Q4_K": _q4_k, "Q5_K": _q5_k, "Q6_K": _q6_k,
}  # fmt: skip
