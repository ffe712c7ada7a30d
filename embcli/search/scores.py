"""Exact scores of given rows, in float64 and a fixed order of operations."""

from collections.abc import Callable

import numpy as np

from embcli.vectors.arithmetic import Float64Array, Rows, dot_products, unit_cosines, unit_rows
from embcli.vectors.space import VectorSpace

# Rows converted to float64 at a time.
ROWS_SCORED_AT_ONCE = 16_384


def dots(space: VectorSpace, q: Float64Array, rows: Rows) -> Float64Array:
    """v · q for given rows; q [dim]."""
    return by_chunks(rows, lambda some: dot_products(space.float64(some), q))


def cosines(space: VectorSpace, q: Float64Array, rows: Rows) -> Float64Array:
    """cos(v, q) = v̂ · q̂ for given rows; q [dim]. A zero vector has the cosine 0 with every vector."""
    direction = unit_rows(q[None])[0]
    return by_chunks(rows, lambda some: unit_cosines(unit_rows(space.float64(some)), direction))


def by_chunks(rows: Rows, score: Callable[[Rows], Float64Array]) -> Float64Array:
    """score(rows), computed for a bounded number of rows at a time."""
    parts = [score(rows[i : i + ROWS_SCORED_AT_ONCE]) for i in range(0, len(rows), ROWS_SCORED_AT_ONCE)]
    return np.concatenate(parts) if parts else np.zeros(0)
