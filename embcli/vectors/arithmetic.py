"""Float64 arithmetic in one fixed order of operations, and the precision at which scores are compared.

Two rows may differ by less than the rounding errors of a sum. So that their order is the same on every machine, each
score that is printed or compared comes from the functions here. They add from the first dimension to the last, as
neither BLAS nor numpy's `sum` does: the order of those follows the processor. Then scores are rounded as they are
printed, and compared so.
"""

from typing import Any

import numpy as np

# Spelled out, as numpy.typing takes 1.5 ms to import.
Float32Array = np.ndarray[Any, np.dtype[np.float32]]
Float64Array = np.ndarray[Any, np.dtype[np.float64]]
FloatArray = np.ndarray[Any, np.dtype[np.floating]]
IntArray = np.ndarray[Any, np.dtype[np.integer]]
BytesArray = np.ndarray[Any, np.dtype[np.uint8]]
Rows = IntArray  # of a matrix

# Cosines and what is made of them are compared and printed at so many decimals, lengths at so many digits.
COSINE_DECIMALS = 6
LENGTH_DIGITS = 9
# How far apart two scores may be that are printed the same: one unit in the last place, and some room for float64.
COSINE_BLUR = 1.01 * 10.0**-COSINE_DECIMALS
LENGTH_BLUR = 1.01 * 10.0 ** (1 - LENGTH_DIGITS)  # relative
# Unit round-off of float32: a dot product of n terms, added in any order, errs by at most about
# n · UNIT · ‖a‖ · ‖b‖ (Higham, Accuracy and Stability of Numerical Algorithms, 2002, §3.1).
UNIT = 2.0**-24
# Room for the roundings around that product: of q to float32, the division by the norm, the shift by the margin.
SLACK = 16
# Two unit vectors nearer than this are the same direction, whatever their last digits say.
NO_STEP = 1e-7
# From so many rows on, a call of numpy for each dimension takes less time than one for each row.
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
    """The cosine of each unit vector [rows, dim] with the one beside it, or with one for all [dim]; within [-1, 1]."""
    return np.asarray(np.clip(dot_products(units, directions), -1, 1))


def weighted_sum(vectors: Float64Array, weights: Float64Array) -> Float64Array:
    """Σ weight · v [dim] over rows [n, dim], from the first row to the last; of no rows, the zero vector."""
    total = np.zeros(vectors.shape[1])
    for vector, weight in zip(vectors, weights, strict=True):
        total += weight * vector
    return total


def row_norms(matrix: Float32Array) -> Float32Array:
    """‖v‖ of each row [rows], added up in float64 and kept in float32: a divisor of approximate scores."""
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", matrix, matrix, dtype=np.float64)), np.float32)


def round_cosines(values: Float64Array) -> Float64Array:
    """Cosines as they are printed, at 6 decimals: 0.85236049 becomes 0.85236."""
    return np.asarray(np.round(values, COSINE_DECIMALS) + 0.0)  # + 0.0 turns -0.0 into 0.0


def round_lengths(values: Float64Array) -> Float64Array:
    """Dot products, distances and logits as they are printed, at 9 significant digits: 21.8775123456 → 21.8775123."""
    return np.array([float(f"{value:.{LENGTH_DIGITS - 1}e}") for value in values.tolist()], np.float64) + 0.0


def float32_error(dim: int) -> float:
    """How far a product of two unit vectors of `dim` numbers, computed in float32, may be from the true one."""
    return UNIT * (dim + SLACK)
