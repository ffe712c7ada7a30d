"""Settle a search: cut the candidates for the k best rows, count the rows before wanted ones, and score the rows that
bounds do not decide.

Bounds from float32 leave few rows open, which are scored in float64. Those from int8 may leave many, which get bounds
from float32 first.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from embcli.errors import DamagedStore
from embcli.search import local
from embcli.search.formulas import Formula
from embcli.search.scores import ROWS_SCORED_AT_ONCE
from embcli.store.read import prefetch
from embcli.vectors.arithmetic import Float32Array, Float64Array, Rows, float32_error
from embcli.vectors.space import VectorSpace

Mask = np.ndarray[Any, np.dtype[np.bool_]]
BitWords = np.ndarray[Any, np.dtype[np.uint64]]

# Rows per group; the maxima of groups give a lower bound of the k-th best score.
GROUP = 64
# With more than MANY · k candidates in a slice, the cuts are raised.
MANY = 8
# Rows ranked in the top FEW are listed individually instead of counted.
FEW = 1 / 128
# Undecided (question, row) pairs before they are scored in float64; scored candidates before the best are selected.
MANY_OPEN = 1 << 18
MANY_CANDIDATES = 1 << 20
# From so many open rows of a question on, bounds from float32 pay.
MANY_OPEN_ROWS = 256
# So many rows are read at once; each takes a call of the system.
MOST_PREFETCHED = 4096
BEST = -1  # slot number of candidates for the k best rows


class Search(NamedTuple):
    """The request of one question: the k best rows, and the ranks of `wanted` rows."""

    k: int
    wanted: tuple[int, ...] = ()


class Found(NamedTuple):
    """The k best rows with their scores, best first, and the rank and score of each wanted row.

    Scores are rounded as printed; ties are in row order. The rank of a row that is not searched is None, and so is one
    that a server leaves open (`search/milvus.py`): least_ranks has a lower bound of it. is_exact: False if better rows
    may exist.
    """

    rows: Rows
    scores: Float64Array
    places: tuple[tuple[int | None, float], ...]
    least_ranks: tuple[int | None, ...] = ()
    is_exact: bool = True


class Bounds(NamedTuple):
    """Bounds of the images (`Formula.image`) of some questions' scores, for a slice of rows from `first` on.

    An image lies between lower - margin and upper + margin, where margin is `Formula.margin(error)`. lower and upper:
    float32 [questions, rows]. number: the number of the slice.
    """

    number: int
    first: int
    questions: slice
    lower: Float32Array
    upper: Float32Array
    error: float


class _Wanted(NamedTuple):
    """The wanted rows of n questions as arrays [n, slots]; an empty slot has row -1 and counts nothing.

    scores: rounded as printed. low: rows with a lower image rank below the wanted row. high: rows with a higher image
    rank above it. better: the number of rows found to rank above it.
    """

    rows: Rows
    scores: Float64Array
    low: Float64Array
    high: Float64Array
    better: Rows


class _Limits(NamedTuple):
    """Thresholds for bounds of a given error.

    perhaps: a row whose upper bound is smaller ranks below the wanted row. surely: a row whose lower bound is greater
    ranks above it.
    """

    error: float
    margin: Float64Array  # [n]
    perhaps: Float32Array  # [n, slots]
    surely: Float32Array  # [n, slots]


class Settling:
    """The best rows and the ranks of n questions, accumulated slice by slice.

    Example: one question, k = 1, a wanted row of printed score 0.5, bounds with an error of 0.001, and rows with the
    values .3, .4995, .6 and .9. The last two rank above the wanted row, the first ranks below it, and the second is
    undecided, so it is scored in float64. The best value, .9, raises the cut to .9 - .001 - a blur of 1e-6. Only the
    row with .9 remains a candidate, and its score in float64 is the answer.
    """

    def __init__(self, space: VectorSpace, formula: Formula, searches: Sequence[Search], count: int) -> None:
        self.space, self.formula = space, formula
        self.count = count
        self.k = np.array([min(one.k, count) for one in searches])
        # Rows with an image below their question's cut are not among the k best; slices raise the cuts.
        self.cuts = np.where(self.k > 0, -np.inf, np.inf)
        self.wanted = self._wanted(searches)
        self.limits = self._limits(0.0)
        # Questions, slots and rows that the bounds do not decide, and the least and largest values that these may have.
        self.open: list[tuple[Rows, Rows, Rows, Float64Array, Float64Array]] = []
        self.is_coarse = False  # whether bounds were wider than those from float32
        self.pending = 0  # number of pairs in `open`
        self.candidates: list[tuple[Rows, Rows, Float64Array]] = []  # questions, rows, scores

    def add(self, bounds: Bounds) -> None:
        """Count the rows that surely rank above wanted rows, and keep the undecided ones."""
        part = bounds.questions
        if bounds.error != self.limits.error:
            self.limits = self._limits(bounds.error)
            self.is_coarse = bounds.error > float32_error(self.space.dim)
        perhaps, surely = self.limits.perhaps[part], self.limits.surely[part]
        is_deep = (self.wanted.better[part] >= FEW * bounds.first) & (self.wanted.rows[part] >= 0)
        for slot in range(is_deep.shape[1]):
            active = np.flatnonzero(is_deep[:, slot])
            if len(active):
                self._count(bounds, active, slot, perhaps[active, slot, None], surely[active, slot, None])
        self._list(bounds, np.where(is_deep, np.float32(np.inf), perhaps), surely)
        if self.pending > MANY_OPEN:
            self._settle()

    def found(self, searches: Sequence[Search]) -> list[Found]:
        """The results, after all rows have been added."""
        self._settle()
        questions, rows, scores = self._best()
        edges = np.searchsorted(questions, np.arange(len(searches) + 1)).tolist()
        if (np.diff(edges) < self.k).any():
            raise DamagedStore("the vectors contain non-finite numbers")
        found = []
        for number, one in enumerate(searches):
            best = slice(edges[number], edges[number + 1])
            ranks = (1 + self.wanted.better[number]).tolist()
            known = zip(one.wanted, ranks, self.wanted.scores[number].tolist(), strict=False)
            places = tuple((rank if row < self.count else None, score) for row, rank, score in known)
            found.append(Found(rows[best], scores[best], places))
        return found

    def _wanted(self, searches: Sequence[Search]) -> _Wanted:
        shape = len(searches), max(1, *(len(one.wanted) for one in searches))
        rows = np.full(shape, -1)
        for number, one in enumerate(searches):
            rows[number, : len(one.wanted)] = one.wanted
        filled = np.nonzero(rows >= 0)
        scores = np.zeros(shape)
        scores[filled] = self._printed(filled[0], rows[filled])
        images = self.formula.image(scores)
        blur = self.formula.blur(images, slice(None))
        low = np.where(rows >= 0, images - blur, np.inf)
        return _Wanted(rows, scores, low, images + blur, np.zeros(shape, np.intp))

    def _limits(self, error: float) -> _Limits:
        margin = self.formula.margin(error)
        low, high = self.wanted.low - margin[:, None], self.wanted.high + margin[:, None]
        return _Limits(error, margin, _below(low), -_below(-high))

    def _printed(self, questions: Rows, rows: Rows) -> Float64Array:
        """The score of each question for the row beside it, rounded as printed."""
        parts = [slice(i, i + ROWS_SCORED_AT_ONCE) for i in range(0, len(questions), ROWS_SCORED_AT_ONCE)]
        scores = [self.formula.exact(questions[part], rows[part]) for part in parts]
        return self.formula.rounded(np.concatenate([np.zeros(0), *scores]))

    def _count(self, bounds: Bounds, active: Rows, slot: int, perhaps: Float32Array, surely: Float32Array) -> None:
        """Count the rows that rank above wanted rows; efficient where these rows are many."""
        lower, upper = bounds.lower, bounds.upper
        if len(active) < len(lower):
            is_one = lower is upper
            upper = upper[active]
            lower = upper if is_one else lower[active]
        may_be, is_surely = _bits(upper >= perhaps), _bits(lower > surely)
        questions = bounds.questions.start + active
        self.wanted.better[questions, slot] += _counts(is_surely)
        places, columns = _true_places(may_be ^ is_surely)
        self._keep_open(questions[places], slot, bounds.first + columns, lower[places, columns], upper[places, columns])

    def _list(self, bounds: Bounds, shallow: Float32Array, surely: Float32Array) -> None:
        """List the rows that may rank above wanted rows near the top, or be among the k best."""
        part, upper = bounds.questions, bounds.upper
        if bounds.number.bit_count() <= 1 and self.k[part].any():  # slices 0, 1, 2, 4, 8, …
            self._raise_cuts(bounds)
        for is_raised in (False, True):
            cut = _below(self.cuts[part] - self.limits.margin[part])
            may_be = _bits(upper >= np.minimum(cut, shallow.min(axis=1))[:, None])
            if is_raised or _counts(may_be).sum() <= upper.size * FEW + MANY * self.k[part].sum():
                break
            self._raise_cuts(bounds)
        places, columns = _true_places(may_be)
        low, high = bounds.lower[places, columns], upper[places, columns]
        questions, rows = part.start + places, bounds.first + columns
        for slot in np.flatnonzero((shallow < np.inf).any(axis=0)).tolist():
            threshold = shallow[places, slot]
            is_surely = (threshold < np.inf) & (low > surely[places, slot])
            self.wanted.better[part, slot] += np.bincount(places[is_surely], minlength=len(upper))
            is_open = (threshold < np.inf) & (high >= threshold) & ~is_surely
            self._keep_open(questions[is_open], slot, rows[is_open], low[is_open], high[is_open])
        is_open = high >= cut[places]
        self._keep_open(questions[is_open], BEST, rows[is_open], low[is_open], high[is_open])

    def _raise_cuts(self, bounds: Bounds) -> None:
        """Raise the cuts to the k-th best value of a slice.

        The k-th largest maximum of groups of rows is a lower bound of that value, and one fast pass finds it.
        """
        part, lower = bounds.questions, bounds.lower
        k = np.maximum(self.k[part], 1)
        groups = lower.shape[1] // GROUP
        if groups >= k.max():
            # Groups of rows that lie apart: a maximum of whole stretches takes a fifth of the time.
            lower = lower[:, : groups * GROUP].reshape(len(lower), GROUP, groups).max(axis=1)
        if lower.shape[1] < k.max():
            return
        values = np.sort(lower, axis=1)
        floors = values[np.arange(len(k)), values.shape[1] - k] - self.limits.margin[part]
        self.cuts[part] = np.maximum(self.cuts[part], floors - self.formula.blur(floors[:, None], part)[:, 0])

    def _raise_cuts_to(self, questions: Rows, least: Float64Array) -> None:
        """Raise the cuts to the k-th best of the least values of candidates, which other slices have seen as well."""
        order = np.lexsort((-least, questions))
        questions, least = questions[order], least[order]
        place = np.arange(len(questions)) - np.searchsorted(questions, questions)
        is_last = place == self.k[questions] - 1
        floors = np.full(len(self.k), -np.inf)
        floors[questions[is_last]] = least[is_last]
        self.cuts = np.maximum(self.cuts, floors - self.formula.blur(floors[:, None], slice(None))[:, 0])

    def _keep_open(self, questions: Rows, slot: int, rows: Rows, lower: Float32Array, upper: Float32Array) -> None:
        if len(rows):
            margin = self.limits.margin[questions]
            self.open.append((questions, np.full(len(rows), slot), rows, lower - margin, upper + margin))
            self.pending += len(rows)

    def _settle(self) -> None:
        """Score the undecided pairs in float64."""
        if not self.open:
            return
        questions, slots, rows, least, most = (np.concatenate(columns) for columns in zip(*self.open, strict=True))
        self.open, self.pending = [], 0
        is_best = slots == BEST
        self._raise_cuts_to(questions[is_best], least[is_best])
        is_possible = ~is_best | (most >= self.cuts[questions])
        questions, slots, rows = questions[is_possible], slots[is_possible], rows[is_possible]
        if self.is_coarse:
            prefetch(self.space.vectors, rows[:MOST_PREFETCHED].tolist())
            questions, slots, rows = self._narrowed(questions, slots, rows)
        scores = self._printed(questions, rows)
        is_best = slots == BEST
        threshold, wanted = self.wanted.scores[questions, slots], self.wanted.rows[questions, slots]
        is_before = ~is_best & ((scores > threshold) | ((scores == threshold) & (rows < wanted)))
        np.add.at(self.wanted.better, (questions[is_before], slots[is_before]), 1)
        self.candidates.append((questions[is_best], rows[is_best], scores[is_best]))
        if sum(len(some) for _, some, _ in self.candidates) > MANY_CANDIDATES:
            self.candidates = [self._best()]

    def _narrowed(self, questions: Rows, slots: Rows, rows: Rows) -> tuple[Rows, Rows, Rows]:
        """The pairs that bounds from float32 leave open too, of questions that have many; the others are counted."""
        order = np.argsort(questions, kind="stable")
        numbers, starts = np.unique(questions[order], return_index=True)
        kept = []
        for question, pairs in zip(numbers.tolist(), np.split(order, starts[1:]), strict=True):
            if len(pairs) < MANY_OPEN_ROWS:
                kept.append(pairs)
                continue
            distinct, places = np.unique(rows[pairs], return_inverse=True)
            part = local.Gathered(self.space.vectors[distinct], self.space.norms[distinct])
            lower, upper = np.empty(len(distinct), np.float32), np.empty(len(distinct), np.float32)
            for products in local.slices(part, self.formula.basis, len(distinct), unit=self.formula.is_unit):
                inside = slice(products.first, products.first + len(products.norms))
                found = self.formula.bounds(self.formula.prepare(products), question, question + 1)
                lower[inside], upper[inside] = found[0][0], found[1][0]
            limits, slot = self._limits(float32_error(self.space.dim)), slots[pairs]
            cut = _below(self.cuts[question] - limits.margin[question, None])[0]
            is_surely = (slot != BEST) & (lower[places] > limits.surely[question, slot])
            np.add.at(self.wanted.better[question], slot[is_surely], 1)
            is_open = upper[places] >= np.where(slot == BEST, cut, limits.perhaps[question, slot])
            kept.append(pairs[is_open & ~is_surely])
        left = np.concatenate(kept)
        return questions[left], slots[left], rows[left]

    def _best(self) -> tuple[Rows, Rows, Float64Array]:
        """The k best candidates of each question, in order; ties in row order."""
        if not self.candidates:
            return np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros(0)
        questions, rows, scores = (np.concatenate(columns) for columns in zip(*self.candidates, strict=True))
        order = np.lexsort((rows, -scores, questions))
        questions, rows, scores = questions[order], rows[order], scores[order]
        place = np.arange(len(questions)) - np.searchsorted(questions, questions)
        kept = place < self.k[questions]
        return questions[kept], rows[kept], scores[kept]


def _below(values: Float64Array) -> Float32Array:
    """A float32 below each value; infinity is unchanged."""
    with np.errstate(over="ignore"):
        below = values.astype(np.float32)
    return np.nextafter(below, np.float32(-np.inf), out=below, where=values < np.inf)


def _bits(mask: Mask) -> BitWords:
    """A mask [n, m] as 64-bit words [n, m / 64]; counting bits is ten times as fast as summing booleans."""
    if mask.shape[1] % 64:
        mask = np.pad(mask, ((0, 0), (0, -mask.shape[1] % 64)))
    return np.packbits(mask, axis=1).view(np.uint64)


def _counts(bits: BitWords) -> Rows:
    """The number of true elements in each row of a mask."""
    return np.asarray(np.bitwise_count(bits).sum(axis=1, dtype=np.intp))


def _true_places(bits: BitWords) -> tuple[Rows, Rows]:
    """Row and column of each true element of a mask; fast for sparse masks."""
    row, word = np.divmod(np.flatnonzero(bits), max(1, bits.shape[1]))
    inside = np.unpackbits(bits[row, word].view(np.uint8).reshape(-1, 8), axis=1)
    which, offset = np.nonzero(inside)
    return row[which], 64 * word[which] + offset
