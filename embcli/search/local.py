"""The engine for vectors in local memory: float32 products of some directions with all rows, slice by slice.

The matrix is read once, regardless of the number of questions. The size of a slice is chosen so that the products fit
the processor's cache.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from embcli.errors import DamagedStore
from embcli.vectors.arithmetic import Float32Array, Float64Array, Rows, float32_error, unit_rows
from embcli.vectors.space import VectorSpace

# Products per slice (16 MiB of float32), and the least and most rows of a slice. With few directions a slice is read
# only once, and the overhead of numpy calls outweighs the gain of smaller slices.
PRODUCT_NUMBERS = 1 << 22
SLICE_ROWS = (1024, 16_384)
FEW_DIRECTIONS, FEW_ROWS = 8, 65_536
# So few directions are multiplied one after another: two passes of BLAS over the vectors take less than one for both.
SINGLY = 2
LARGE_NUMBERS = 1 << 26  # numbers in a large matrix: 256 MiB
# The rows of a slice are a multiple of this, so that their masks fill whole 64-bit words.
STEP = 64
# Norms outside this range may over- or underflow in float32; such rows are scored in float64.
SAFE_NORMS = (1e-15, 1e15)


class Slice(NamedTuple):
    """Products of w basis vectors of length 1 or less (b) with consecutive rows of a space.

    number: the number of the slice, from 0. first: its first row. values: float32 [w, rows], b · v̂ for unit rows, else
    b · v. error: the largest error of a value, for vectors of length 1. norms: ‖v‖, float32 [rows]. unsafe: the columns
    of rows too long or too short for float32; their values are computed in float64 for unit rows, else they are 0.
    """

    number: int
    first: int
    values: Float32Array
    error: float
    norms: Float32Array
    unsafe: Rows


class Gathered(NamedTuple):
    """Some rows of a space, copied: vectors float32 [rows, dim] and their norms."""

    vectors: Float32Array
    norms: Float32Array

    @property
    def dim(self) -> int:
        """The number of dimensions."""
        return int(self.vectors.shape[1])

    def float64(self, rows: Rows) -> Float64Array:
        """Some of the vectors in float64."""
        return self.vectors[rows].astype(np.float64)


def slices(space: VectorSpace | Gathered, basis: Float64Array, count: int, *, unit: bool) -> Iterator[Slice]:
    """The products of a basis [w, dim] with the first `count` rows; later slices reuse the memory of earlier ones.

    Raises DamagedStore for non-finite vectors.
    """
    directions = basis.astype(np.float32)
    are_few = len(basis) <= FEW_DIRECTIONS
    least, most = SLICE_ROWS
    room = PRODUCT_NUMBERS // len(basis) // STEP * STEP
    width = min(max(room, least), max(most, FEW_ROWS) if are_few else most)
    # The threads of BLAS synchronise at each call, so few directions are multiplied with as many rows of a large matrix
    # as the memory limit allows. Products of a small matrix stay in the cache instead.
    is_large = are_few and count * space.dim > LARGE_NUMBERS
    at_once = max(width, room // width * width) if is_large else width
    memory = np.empty(len(basis) * min(at_once, count), np.float32)
    norms = space.norms[:count]
    unsafe = np.flatnonzero((norms < SAFE_NORMS[0]) | (norms > SAFE_NORMS[1]))
    error = float32_error(space.dim)
    for start in range(0, count, at_once):
        stop = min(start + at_once, count)
        products = memory[: len(basis) * (stop - start)].reshape(len(basis), stop - start)
        is_divided = _multiply(directions, space.vectors[start:stop], norms[start:stop] if unit else None, products)
        for first in range(start, stop, width):
            last = min(first + width, stop)
            values = products[:, first - start : last - start]
            if unit and not is_divided:
                with np.errstate(divide="ignore", invalid="ignore"):
                    values /= norms[first:last]
            rows = unsafe[np.searchsorted(unsafe, first) : np.searchsorted(unsafe, last)]
            if len(rows):
                values[:, rows - first] = (basis @ unit_rows(space.float64(rows)).T) if unit else 0
            if not np.isfinite(values[0].sum()):
                raise DamagedStore("the vectors contain non-finite numbers")
            yield Slice(first // width, first, values, error, norms[first:last], rows - first)


def _multiply(directions: Float32Array, vectors: Float32Array, norms: Float32Array | None, out: Float32Array) -> bool:
    """Write directions · vectorsᵀ to `out` [w, rows]; returns whether the vectors were divided by their norms first.

    They are divided first where that takes fewer divisions than dividing the products.
    """
    is_divided = norms is not None and len(directions) > vectors.shape[1]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if norms is not None and is_divided:
            vectors = vectors / norms[:, None]
        if len(directions) <= SINGLY:
            for direction, products in zip(directions, out, strict=True):
                np.matmul(vectors, direction, out=products)
        elif len(directions) <= FEW_DIRECTIONS:  # BLAS takes half the time or less with the many rows first
            out[:] = (vectors @ directions.T).T
        else:
            np.matmul(directions, vectors.T, out=out)
    return is_divided
