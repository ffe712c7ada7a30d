"""Float64 arithmetic in a fixed order of operations, and the precision at which scores are compared.

The scores of two rows may differ by less than the rounding errors of a sum. To give the same order on every machine,
all scores that are printed or compared are computed here, by adding from the first dimension to the last. BLAS and
numpy's `sum` add in an order that depends on the processor. Scores are compared after rounding, as they are printed.
"""

from typing import Any

import numpy as np

# Without numpy.typing, which takes 1.5 ms to import.
Float32Array = np.ndarray[Any, np.dtype[np.float32]]
Float64Array = np.ndarray[Any, np.dtype[np.float64]]
FloatArray = np.ndarray[Any, np.dtype[np.floating]]
IntArray = np.ndarray[Any, np.dtype[np.integer]]
BytesArray = np.ndarray[Any, np.dtype[np.uint8]]
Rows = IntArray  # row numbers of a matrix

# Decimals at which cosines and scores derived from them are compared and printed; significant digits of lengths.
COSINE_DECIMALS = 6
LENGTH_DIGITS = 9
# The largest difference of two scores that print the same: one unit in the last place, with a margin for float64.
COSINE_BLUR = 1.01 * 10.0**-COSINE_DECIMALS
LENGTH_BLUR = 1.01 * 10.0 ** (1 - LENGTH_DIGITS)  # relative
# Unit round-off of float32: the error of a dot product of n terms, added in any order, is at most about
# n · UNIT · ‖a‖ · ‖b‖ (Higham, Accuracy and Stability of Numerical Algorithms, 2002, §3.1).
UNIT = 2.0**-24
# Extra terms for the other rounding errors: of q to float32, of the division by the norm, of the shift by the margin.
SLACK = 16
# Unit vectors closer than this have the same direction; the rest is rounding error.
NO_STEP = 1e-7
# From this number of rows on, adding whole columns is faster than accumulating along each row.
MANY_ROWS = 256


def dot_products(vectors: Float64Array, others: Float64Array) -> Float64Array:
    """a · b = Σⱼ aⱼ bⱼ for each row a of `vectors` [rows, dim] and b of `others` [rows, dim] or [dim].

    Added from the first dimension to the last: dot_products([[1, 2], [3, 4]], [10, 1]) = [12, 34].
    """
    if len(vectors) < MANY_ROWS:
        return np.asarray(np.add.accumulate(vectors * others, axis=1)[:, -1])
    total = vectors[:, 0] * others[..., 0]
    for dimension in range(1, vectors.shape[1]):
        total += vectors[:, dimension] * others[..., dimension]
    return np.asarray(total)


def lengths(vectors: Float64Array) -> Float64Array:
    """‖v‖ = √(v · v) of each row [rows, dim]: lengths([[3, 4]]) = [5]."""
    return np.asarray(np.sqrt(dot_products(vectors, vectors)))


def unit_rows(vectors: Float64Array) -> Float64Array:
    """v̂ = v / ‖v‖ for each row [rows, dim]; a zero row stays zero: unit_rows([[3, 4]]) = [[0.6, 0.8]]."""
    norms = lengths(vectors)[:, None]
    return np.asarray(np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0))


def unit_cosines(units: Float64Array, directions: Float64Array) -> Float64Array:
    """The cosine of each unit vector [rows, dim] with the one beside it, or with one direction [dim]; in [-1, 1]."""
    return np.asarray(np.clip(dot_products(units, directions), -1, 1))


def weighted_sum(vectors: Float64Array, weights: Float64Array) -> Float64Array:
    """Σ weight · v [dim] over rows [n, dim], from the first row to the last; the zero vector for no rows.

    weighted_sum(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, -1.0]))  # [-2. -2.]
    """
    total = np.zeros(vectors.shape[1])
    for vector, weight in zip(vectors, weights, strict=True):
        total += weight * vector
    return total


def row_norms(matrix: Float32Array) -> Float32Array:
    """‖v‖ of each row [rows], summed in float64 and stored in float32: a divisor of approximate scores."""
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", matrix, matrix, dtype=np.float64)), np.float32)


def round_cosines(values: Float64Array) -> Float64Array:
    """Cosines rounded to 6 decimals, as printed: 0.85236049 becomes 0.85236."""
    return np.asarray(np.round(values, COSINE_DECIMALS) + 0.0)  # + 0.0 turns -0.0 into 0.0


def round_lengths(values: Float64Array) -> Float64Array:
    """Dot products, distances and logits rounded to 9 significant digits, as printed: 21.8775123456 → 21.8775123."""
    return np.array([float(f"{value:.{LENGTH_DIGITS - 1}e}") for value in values.tolist()], np.float64) + 0.0


def float32_error(dim: int) -> float:
    """A bound on the error of the dot product of two unit vectors of `dim` numbers, computed in float32."""
    return UNIT * (dim + SLACK)
