"""The engine for vectors in this machine's memory: float32 products of a few directions with all rows, slice by slice.

The matrix is read once, whatever the number of questions. A slice has as many rows as let the products stay in a
processor's cache.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from embcli.errors import DamagedStore
from embcli.vectors.arithmetic import Float32Array, Float64Array, Rows, float32_error, unit_rows
from embcli.vectors.space import VectorSpace

# Products held at a time (16 MiB of float32), and the least and most rows of a slice. With few directions a slice is
# read once only, and calls of numpy take longer than what a smaller slice would save.
PRODUCT_NUMBERS = 1 << 22
SLICE_ROWS = (1024, 16_384)
FEW_DIRECTIONS, FEW_ROWS = 8, 65_536
LARGE_NUMBERS = 1 << 26  # of a matrix: 256 MiB
# A slice's rows are a multiple of this, so that a mask of them fills whole 64-bit words.
STEP = 64
# Norms outside this range may over- or underflow in float32; such rows are scored in float64.
SAFE_NORMS = (1e-15, 1e15)


class Slice(NamedTuple):
    """Products of w basis vectors of length 1 or less (b) with consecutive rows of a space.

    number: of the slice, from 0. first: its first row. values: float32 [w, rows], b · v̂ for unit rows, else b · v.
    error: how far a value may be from the true one, for vectors of length 1. norms: ‖v‖, float32 [rows]. unsafe: the
    columns of rows too long or too short for float32; their values are true for unit rows, else they are 0.
    """

    number: int
    first: int
    values: Float32Array
    error: float
    norms: Float32Array
    unsafe: Rows


def slices(space: VectorSpace, basis: Float64Array, count: int, *, unit: bool) -> Iterator[Slice]:
    """The products of a basis [w, dim] with the first `count` rows; the memory of a slice serves others later.

    DamagedStore for vectors that are not finite.
    """
    directions = basis.astype(np.float32)
    are_few = len(basis) <= FEW_DIRECTIONS
    least, most = SLICE_ROWS
    room = PRODUCT_NUMBERS // len(basis) // STEP * STEP
    width = min(max(room, least), max(most, FEW_ROWS) if are_few else most)
    # Threads of BLAS wait for each other at each call: of a large matrix, few directions are multiplied with as many
    # rows as there is memory for. A small one is rather kept in the cache.
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
                raise DamagedStore("the vectors hold numbers that are not finite")
            yield Slice(first // width, first, values, error, norms[first:last], rows - first)


def _multiply(directions: Float32Array, vectors: Float32Array, norms: Float32Array | None, out: Float32Array) -> bool:
    """Write directions · vectorsᵀ to `out` [w, rows]; returns whether the vectors were divided by their norms before.

    They are where that takes fewer divisions, as there are fewer numbers in the vectors than products.
    """
    is_divided = norms is not None and len(directions) > vectors.shape[1]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if norms is not None and is_divided:
            vectors = vectors / norms[:, None]
        if len(directions) == 1:
            np.matmul(vectors, directions[0], out=out[0])
        elif len(directions) <= FEW_DIRECTIONS:  # BLAS takes half the time or less with the many rows first
            out[:] = (vectors @ directions.T).T
        else:
            np.matmul(directions, vectors.T, out=out)
    return is_divided
