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
FEW, FEW_ROWS = 8, 65_536
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
    """The products of a basis [w, dim] with the first `count` rows; the memory of one slice serves the next.

    DamagedStore for vectors that are not finite.
    """
    directions = basis.astype(np.float32)
    least, most = SLICE_ROWS
    most = max(most, FEW_ROWS) if len(basis) <= FEW else most
    width = min(max(PRODUCT_NUMBERS // len(basis) // STEP * STEP, least), most)
    memory = np.empty(len(basis) * width, np.float32)
    norms = space.norms[:count]
    unsafe = np.flatnonzero((norms < SAFE_NORMS[0]) | (norms > SAFE_NORMS[1]))
    error = float32_error(space.dim)
    for number, first in enumerate(range(0, count, width)):
        part = slice(first, min(first + width, count))
        values = memory[: len(basis) * (part.stop - first)].reshape(len(basis), part.stop - first)
        rows = unsafe[np.searchsorted(unsafe, first) : np.searchsorted(unsafe, part.stop)]
        vectors = space.vectors[part]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            divided = unit and len(directions) > space.dim  # there are fewer numbers in the vectors than products
            if divided:
                vectors = vectors / norms[part, None]
            if 1 < len(directions) <= FEW:  # BLAS takes half the time or less with the many rows first
                values[:] = (vectors @ directions.T).T
            else:
                np.matmul(directions, vectors.T, out=values)
            if unit and not divided:
                values /= norms[part]
        if len(rows):
            values[:, rows - first] = (basis @ unit_rows(space.float64(rows)).T) if unit else 0
        if not np.isfinite(values[0].sum()):
            raise DamagedStore("the vectors hold numbers that are not finite")
        yield Slice(number, first, values, error, norms[part], rows - first)
