"""The engine for the int8 companion of vectors (`store/codes.py`): it reads a quarter of the bytes.

A direction b is written as two rows of codes, b = t₁ c₁ + t₂ c₂ + e, where the second row takes what the first one
leaves. With v̂ = u c + r, b · v̂ = u (t₁ (c₁ · c) + t₂ (c₂ · c)) + u (e · c) + b · r. The first term is computed, from
exact products of bytes; the others are at most ‖e‖ (1 + ‖r‖) + ‖b‖ ‖r‖. So the products have a larger error than those
of `local.py`, but a proven one, and the entry settles the rows that it leaves undecided.

The products of bytes come from numkong, of the extra `fast`.
"""

import importlib.util
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from embcli.errors import DamagedStore
from embcli.search.formulas import ROUNDINGS
from embcli.search.local import SAFE_NORMS, Slice
from embcli.store.codes import CODE_STEPS, LEAST_DIM, LEAST_NUMBERS, Codes
from embcli.vectors.arithmetic import Float32Array, Float64Array, lengths
from embcli.vectors.space import VectorSpace
from embcli.workers import processors

Int8Array = np.ndarray[Any, np.dtype[np.int8]]

# The most directions for which int8 is faster than float32, which leaves fewer rows to settle.
MOST_DIRECTIONS = 8
# Rows of a slice. Smaller slices have smaller largest errors; larger ones need fewer calls of numpy.
CODED_ROWS = 65_536


def is_faster(codes: Codes, basis: Float64Array, count: int) -> bool:
    """Whether this engine answers faster than `local` for a basis [w, dim] over so many rows."""
    dim = codes.codes.shape[1]
    is_worth_it = len(basis) <= MOST_DIRECTIONS and dim >= LEAST_DIM and count * dim >= LEAST_NUMBERS
    return is_worth_it and is_installed()


def is_installed() -> bool:
    """Whether the library of products is installed."""
    return importlib.util.find_spec("numkong") is not None


class _Coded(NamedTuple):
    """Directions as two sets of codes int8 [w, dim] with scales float32 [w] each, and the largest ‖e‖ / ‖b‖."""

    codes: tuple[Int8Array, Int8Array]
    scales: tuple[Float32Array, Float32Array]
    error: float


def slices(space: VectorSpace, codes: Codes, basis: Float64Array, count: int, *, unit: bool) -> Iterator[Slice]:
    """The products of a basis [w, dim] with the first `count` rows, as `local.slices` gives them, but for the error.

    Threads compute the next slices while the caller works on one; the products of bytes and numpy run side by side.
    Raises DamagedStore for a companion that is not finite.
    """
    import numkong

    directions = _coded(basis)
    packed = numkong.dots_pack(np.concatenate(directions.codes), dtype="int8")
    norms = space.norms[:count]
    unsafe = np.flatnonzero((norms < SAFE_NORMS[0]) | (norms > SAFE_NORMS[1]))

    def compute(number: int) -> Slice:
        first = number * CODED_ROWS
        last = min(first + CODED_ROWS, count)
        sums = np.asarray(numkong.dots_packed(codes.codes[first:last], packed)).T  # [2 w, rows] int32
        values = sums[: len(basis)].astype(np.float32, "C")
        values *= directions.scales[0][:, None]
        rest = sums[len(basis) :].astype(np.float32, "C")
        rest *= directions.scales[1][:, None]
        values += rest
        values *= codes.scales[first:last]
        residual = float(codes.errors[first:last].max())
        error = residual + (directions.error + ROUNDINGS) * (1 + residual)
        rows = unsafe[np.searchsorted(unsafe, first) : np.searchsorted(unsafe, last)] - first
        if not unit:
            with np.errstate(over="ignore", invalid="ignore"):
                values *= norms[first:last]
            values[:, rows] = 0
        if not np.isfinite(values[0].sum() + residual):
            raise DamagedStore("the int8 companion or the norms contain non-finite numbers")
        return Slice(number, first, values, error, norms[first:last], rows)

    return _ahead(compute, -(-count // CODED_ROWS))


def _ahead(compute: Callable[[int], Slice], count: int) -> Iterator[Slice]:
    """compute(0) … compute(count - 1) in order, with as many at work at a time as there are processors."""
    threads = processors()
    if min(threads, count) < 2:
        yield from map(compute, range(count))
        return
    with ThreadPoolExecutor(threads) as pool:
        running: deque[Future[Slice]] = deque()
        for number in range(count + threads):
            if number < count:
                running.append(pool.submit(compute, number))
            if number >= threads:
                yield running.popleft().result()


def _coded(basis: Float64Array) -> _Coded:
    codes, scales, rest = [], [], basis
    for _ in range(2):
        scale = (np.abs(rest).max(axis=1, initial=0) / CODE_STEPS).astype(np.float32)
        steps = np.divide(rest, scale[:, None], out=np.zeros_like(rest), where=scale[:, None] > 0)
        codes.append(np.clip(np.rint(steps), -CODE_STEPS, CODE_STEPS).astype(np.int8))
        scales.append(scale)
        rest = rest - codes[-1] * scale[:, None].astype(np.float64)
    wholes = lengths(basis)
    lost = np.divide(lengths(rest), wholes, out=np.zeros_like(wholes), where=wholes > 0)
    return _Coded((codes[0], codes[1]), (scales[0], scales[1]), float(lost.max(initial=0)))
