"""The int8 companion of vectors: a quarter of their bytes, and a bound on what is lost.

A unit row is written as v̂ = u · c + r, with c of 127 steps to either side, of which the largest coordinate takes all,
a scale u, and a residual r. For a unit vector q, |q · v̂ - u (q · c)| = |q · r| ≤ ‖r‖ (Cauchy-Schwarz), so ‖r‖ bounds
the error of every product with the codes. For vectors like those of words, ‖r‖ is about 0.007 at 300 dimensions.
"""

from typing import Any, NamedTuple

import numpy as np

Numbers = np.ndarray[Any, np.dtype[np.floating]]

# A search of fewer numbers (512 MiB of float32), or with fewer dimensions, gains nothing from a companion: measured by
# tests/benchmarks/int8.py, at 300,000 × 300 both engines take the same time, at 600,000 × 300 this one takes less.
LEAST_NUMBERS, LEAST_DIM = 1 << 27, 64
# The codes lie in -127 … 127, so that both signs have the same range.
CODE_STEPS = 127
# Rows whose codes are computed together: at 300 dimensions their float32 numbers fit the processor's cache.
CODED_AT_ONCE = 1024
# Rows whose norms are outside this range are scaled in float64, because their scales would over- or underflow.
PLAIN_NORMS = (1e-15, 1e15)
# A bound on the rounding errors of the residual, relative to ‖v‖: of the codes' product, of the subtraction, and of the
# scale, and a margin.
ROUNDING = 8 * 2.0**-24


class Codes(NamedTuple):
    """Rows as codes c int8 [rows, dim], scales u float32 [rows], and bounds of ‖v̂ - u · c‖ float32 [rows].

    A zero row has the scale 0 and the bound 0.
    """

    codes: np.ndarray[Any, np.dtype[np.int8]]
    scales: np.ndarray[Any, np.dtype[np.float32]]
    errors: np.ndarray[Any, np.dtype[np.float32]]


def quantize(vectors: Numbers, norms: Numbers) -> Codes:
    """The codes of rows float32 [rows, dim] with their norms float64 [rows].

    Example: the row [3, 4] has the unit row [0.6, 0.8]. Its largest coordinate gets the code 127, so the scale is
    0.8 / 127 = 0.0063; 0.6 is 95.25 scales, so the codes are [95, 127], and the bound is 0.25 · 0.0063 = 0.0016.
    """
    rows, dim = vectors.shape
    found = Codes(np.empty((rows, dim), np.int8), np.empty(rows, np.float32), np.empty(rows, np.float32))
    for first in range(0, rows, CODED_AT_ONCE):
        part = slice(first, first + CODED_AT_ONCE)
        block, lengths = vectors[part], norms[part]
        low, high = PLAIN_NORMS
        if ((lengths != 0) & ((lengths < low) | (lengths > high))).any():
            block = np.divide(block, lengths[:, None], out=np.zeros(block.shape), where=lengths[:, None] > 0)
            lengths = np.where(lengths > 0, 1.0, 0.0)
        largest = np.maximum(block.max(axis=1), -block.min(axis=1))
        is_zero = largest == 0
        steps = np.divide(CODE_STEPS, largest, out=np.zeros_like(largest), where=~is_zero)
        codes = block * steps[:, None]
        np.rint(codes, out=codes)
        found.codes[part] = codes
        codes *= (largest / CODE_STEPS)[:, None]
        np.subtract(block, codes, out=codes)
        divisors = np.where(is_zero, 1.0, lengths)
        residuals = np.sqrt(np.einsum("ij,ij->i", codes, codes, dtype=np.float64)) / divisors
        found.scales[part] = largest / (CODE_STEPS * divisors)
        found.errors[part] = np.where(is_zero, 0, residuals * (1 + ROUNDING) + ROUNDING)
    return found
