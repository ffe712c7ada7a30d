"""Many questions in one pass over the matrix: their exact best rows, and the exact ranks of given rows.

The matrix is read in slices of rows that fit a processor's cache. In each, a matrix product gives every question
a lower and an upper bound of every row's score (`formulas.py`). Whatever the bounds leave open, a score too near to
a threshold, is found in float64. So the answers are those of scoring every row in float64, as `space.Scores` finds
for one question.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from embcli.errors import DamagedStore
from embcli.formulas import Formula
from embcli.space import CHUNK, DECIMALS, ROUNDING, Float32Array, Float64Array, Found, Rows, VectorSpace

Mask = np.ndarray[Any, np.dtype[np.bool_]]
Words = np.ndarray[Any, np.dtype[np.uint64]]

# Products held at a time, and scores worked on at a time: 16 MiB and 2 MiB of float32.
PRODUCT_NUMBERS = 1 << 22
SCORE_NUMBERS = 1 << 19
SLICE_ROWS = (1024, 16_384)
# The best of so many rows stands for all of them where a floor under the k best is looked for.
BLOCK = 64
# More candidates than this for each that is wanted, and the floor is raised.
MANY = 8
# A wanted row that fewer than this share of the rows are before is near the top: they are picked out, not counted.
FEW = 1 / 128
# Candidates kept until they are sorted out.
MANY_CANDIDATES = 1 << 20
BEST = -1  # stands for a slot where a row is a candidate for the best


class Search(NamedTuple):
    """What to find for one question: the k best rows, and the ranks of `wanted` rows."""

    k: int
    wanted: tuple[int, ...] = ()


def search(
    space: VectorSpace,
    formula: Formula,
    searches: Sequence[Search],
    top: int | None = None,
) -> list[Found]:
    """Answer the questions of a formula over the first `top` rows (all of them by default).

    DamagedStore for vectors that are not finite.
    """
    block = _Block(space, formula, searches, top)
    for start in range(0, block.count, block.width):
        block.see(start)
    return block.found()


class _Open(NamedTuple):
    """What the bounds leave open: whether a row is before a wanted row (its slot), or among the best."""

    questions: Rows
    slots: Rows
    rows: Rows


class _Block:
    """The work on one block of questions."""

    def __init__(self, space: VectorSpace, formula: Formula, searches: Sequence[Search], top: int | None) -> None:
        self.space = space
        self.formula = formula
        self.searches = searches
        self.count = len(space.norms[:top])
        self.k = np.array([min(one.k, self.count) for one in searches])
        width = PRODUCT_NUMBERS // len(formula.basis) // BLOCK * BLOCK
        self.width = min(max(width, SLICE_ROWS[0]), SLICE_ROWS[1])
        self.basis = formula.basis.astype(np.float32)
        self.products = np.empty(len(self.basis) * self.width, np.float32)
        self.seen = 0
        # Scores this near to each other may be equal at 6 decimals.
        self.blur = 2 * ROUNDING * formula.scale + formula.margin
        # A number that at least k of a question's scores, scaled, are sure to reach; raised as rows are seen.
        self.floors = np.where(self.k > 0, -np.inf, np.inf)
        self.candidates: list[tuple[Rows, Rows, Float64Array]] = []
        self.pending = 0
        shape = len(searches), max(1, *(len(one.wanted) for one in searches))
        self.better = np.zeros(shape, np.intp)
        self.wanted = np.full(shape, -1)
        for number, one in enumerate(searches):
            self.wanted[number, : len(one.wanted)] = one.wanted
        questions, slots = np.nonzero(self.wanted >= 0)
        self.scores = np.full(shape, np.inf)
        self.scores[questions, slots] = self.true_scores(questions, self.wanted[questions, slots])
        # What a bound must reach to be perhaps, and must pass to be surely, better.
        scaled = self.scores * formula.scale[:, None]
        self.perhaps, self.surely = _below(scaled - self.blur[:, None]), -_below(-scaled - self.blur[:, None])

    def true_scores(self, questions: Rows, rows: Rows) -> Float64Array:
        """Scores of questions for the rows beside them, at 6 decimals."""
        starts = range(0, len(questions), CHUNK)
        parts = [self.formula.exact(questions[i : i + CHUNK], rows[i : i + CHUNK]) for i in starts]
        return np.asarray(np.round(np.concatenate([np.zeros(0), *parts]), DECIMALS) + 0.0)

    def see(self, first: int) -> None:
        """Look at the slice of rows that begins at `first`, for all questions."""
        last = min(first + self.width, self.count)
        products = self.products[: len(self.basis) * (last - first)].reshape(len(self.basis), last - first)
        self.space.products(self.basis, first, last, products)
        if not np.isfinite(products[0].sum()):
            raise DamagedStore("the vectors hold numbers that are not finite")
        prepared = self.formula.prepare(products)
        size = max(1, SCORE_NUMBERS // products.shape[1])
        left: list[_Open] = []
        for start in range(0, len(self.searches), size):
            part = slice(start, min(start + size, len(self.searches)))
            left += self._compare(*self.formula.bounds(prepared, part.start, part.stop), part)
        questions, slots, rows = (np.concatenate(columns) for columns in zip(*left, strict=True))
        self._decide(questions, slots, rows + first)
        self.seen += 1

    def _compare(self, lower: Float32Array, upper: Float32Array, part: slice) -> list[_Open]:
        """Count the rows that are surely before wanted ones; what is left open."""
        is_deep = self.better[part] >= FEW * self.width * self.seen
        left = []
        for slot in range(self.wanted.shape[1]):
            active = np.flatnonzero(is_deep[:, slot])
            if len(active):
                left.append(self._count_deep(lower, upper, part.start + active, active, slot))
        shallow = np.where(is_deep, np.float32(np.inf), self.perhaps[part])
        return [*left, *self._pick(lower, upper, part, shallow)]

    def _count_deep(self, lower: Float32Array, upper: Float32Array, numbers: Rows, active: Rows, slot: int) -> _Open:
        """Count the many rows that are before a wanted row of some questions."""
        if len(active) < len(lower):
            is_one = lower is upper
            upper = upper[active]
            lower = upper if is_one else lower[active]
        may_be = _bits(upper >= self.perhaps[numbers, slot, None])
        is_surely = _bits(lower > self.surely[numbers, slot, None])
        self.better[numbers, slot] += _count(is_surely)
        places, columns = _true_places(may_be ^ is_surely)
        return _Open(numbers[places], np.full(len(places), slot), columns)

    def _pick(self, lower: Float32Array, upper: Float32Array, part: slice, shallow: Float32Array) -> list[_Open]:
        """Pick out the few rows that come near the top: before wanted rows there, or among the best."""
        if self.seen & (self.seen - 1) == 0 and self.k[part].any():  # slices 0, 1, 2, 4, 8, …
            self._raise_floors(lower, part)
        for is_raised in (False, True):
            floor = _below(self.floors[part] - self.blur[part])
            cut = np.minimum(floor, shallow.min(axis=1, initial=np.inf))
            may_be = _bits(upper >= cut[:, None])
            if is_raised or _count(may_be).sum() <= upper.size * FEW + MANY * self.k[part].sum():
                break
            self._raise_floors(lower, part)
        places, columns = _true_places(may_be)
        numbers, low, high = part.start + places, lower[places, columns], upper[places, columns]
        left = []
        for slot in range(shallow.shape[1]):
            is_surely = (shallow[places, slot] < np.inf) & (low > self.surely[numbers, slot])
            self.better[part, slot] += np.bincount(places[is_surely], minlength=len(upper))
            is_open = (high >= shallow[places, slot]) & ~is_surely
            left.append(_Open(numbers[is_open], np.full(np.count_nonzero(is_open), slot), columns[is_open]))
        is_open = high >= floor[places]
        left.append(_Open(numbers[is_open], np.full(np.count_nonzero(is_open), BEST), columns[is_open]))
        return left

    def _raise_floors(self, lower: Float32Array, part: slice) -> None:
        """Let the k best of a slice be the floor, if they are better.

        The k-th best maximum of a block bounds the k-th best value from below, in one fast pass.
        """
        k, values = self.k[part], lower
        blocks = lower.shape[1] // BLOCK
        if blocks >= k.max():
            values = lower[:, : blocks * BLOCK].reshape(len(lower), blocks, BLOCK).max(axis=2)
        if values.shape[1] < k.max():
            return
        values = np.sort(values, axis=1)
        floors = values[np.arange(len(k)), values.shape[1] - np.maximum(k, 1)] - self.formula.margin[part]
        self.floors[part] = np.maximum(self.floors[part], floors)

    def _decide(self, questions: Rows, slots: Rows, rows: Rows) -> None:
        """Settle in float64 what the bounds left open."""
        scores = self.true_scores(questions, rows)
        is_best = slots == BEST
        threshold, wanted = self.scores[questions, slots], self.wanted[questions, slots]
        is_before = ~is_best & ((scores > threshold) | ((scores == threshold) & (rows < wanted)))
        np.add.at(self.better, (questions[is_before], slots[is_before]), 1)
        self.candidates.append((questions[is_best], rows[is_best], scores[is_best]))
        self.pending += int(np.count_nonzero(is_best))
        if self.pending > MANY_CANDIDATES:
            self.candidates = [self._best()]
            self.pending = 0

    def _best(self) -> tuple[Rows, Rows, Float64Array]:
        """The k best candidates of each question, in order; equal scores in row order."""
        questions, rows, scores = (np.concatenate(columns) for columns in zip(*self.candidates, strict=True))
        order = np.lexsort((rows, -scores, questions))
        questions, rows, scores = questions[order], rows[order], scores[order]
        place = np.arange(len(questions)) - np.searchsorted(questions, questions)
        kept = place < self.k[questions]
        return questions[kept], rows[kept], scores[kept]

    def found(self) -> list[Found]:
        """What was found, once all rows have been seen."""
        questions, rows, scores = self._best()
        edges = np.searchsorted(questions, np.arange(len(self.searches) + 1))
        if (np.diff(edges) < self.k).any():
            raise DamagedStore("the vectors hold numbers that are not finite")
        return [
            Found(
                rows[edges[number] : edges[number + 1]],
                scores[edges[number] : edges[number + 1]],
                tuple(
                    (1 + int(self.better[number, slot]) if row < self.count else None, float(self.scores[number, slot]))
                    for slot, row in enumerate(one.wanted)
                ),
            )
            for number, one in enumerate(self.searches)
        ]


def _below(values: Float64Array) -> Float32Array:
    """The float32 below each value."""
    with np.errstate(over="ignore"):
        return np.nextafter(values.astype(np.float32), np.float32(-np.inf))


def _bits(mask: Mask) -> Words:
    """A mask [n, m] as the bits of 64-bit words [n, m / 64]; adding up bits is ten times as fast as booleans."""
    if mask.shape[1] % 64:
        mask = np.pad(mask, ((0, 0), (0, -mask.shape[1] % 64)))
    return np.packbits(mask, axis=1).view(np.uint64)


def _count(bits: Words) -> Rows:
    """How many are true in each row of a mask."""
    return np.asarray(np.bitwise_count(bits).sum(axis=1, dtype=np.intp))


def _true_places(bits: Words) -> tuple[Rows, Rows]:
    """Row and column of each true element of a mask; fast where few are."""
    row, word = np.divmod(np.flatnonzero(bits), max(1, bits.shape[1]))
    inside = np.unpackbits(bits[row, word].view(np.uint8).reshape(-1, 8), axis=1)
    which, offset = np.nonzero(inside)
    return row[which], 64 * word[which] + offset
