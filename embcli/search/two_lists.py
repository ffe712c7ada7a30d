"""3CosMul and PairDirection on a Milvus server, from two lists of its best rows for each question.

Neither is a cosine with one vector, but both are bounded by two cosines: those of a row with two directions. A list of
the best rows by each direction gives a bound for the rows in one list, in both, and in none. Rows whose bound reaches
the k-th best score are scored in float64. The answer is proven if the bound of the rows in no list is lower than that.

With x = Σ cos(v, p) - cos(v, n), over P positive terms p and a negative term n, and a = cos(v, n), the inequality of
the arithmetic and geometric means gives for 3CosMul

    Π s(p) / (s(n) + ε) ≤ min(1, (P + x + a) / 2P)^P / ((1 + a) / 2 + ε),  s(t) = (1 + cos(v, t)) / 2.

It grows with x. In a it falls, or falls and then rises, so that its maximum is at an end of the interval of a; the
numerator is 1 only where it falls. PairDirection is (cos(v, d) - ĉ · d) / ‖v̂ - ĉ‖, with
‖v̂ - ĉ‖² = 1 + ‖ĉ‖² - 2 cos(v, c): it grows with both cosines where it is positive.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from embcli.errors import UsageProblem
from embcli.search import milvus
from embcli.search.formulas import EPSILON, PairDirections, ProductsOfCosines
from embcli.search.settling import Found, Search
from embcli.vectors.arithmetic import Float64Array, Rows, lengths, unit_rows, weighted_sum
from embcli.vectors.milvus import Hits, MilvusSpace

# So many rows with the highest bounds are scored first; the k-th best of them excludes most of the others.
SCORED_FIRST = 256
# The rounding errors of a bound, relative to it.
ROUNDED_UP = 1 + 1e-9


class _Product(NamedTuple):
    """3CosMul; the directions are the sum of its terms, and the opposite of its negative one."""

    directions: Float64Array
    length: float  # of the sum
    positives: int
    has_negative: bool

    def upper(self, first: Float64Array, second: Float64Array, second_low: Float64Array) -> Float64Array:
        """A bound of the scores of rows, from upper bounds of their cosines with both directions, and a lower one.

        That of the module's docstring, with x ≤ length · first and a from -second to -second_low.
        """
        count, x = self.positives, self.length * first
        if not self.has_negative:
            return np.asarray(np.clip((count + x) / (2 * count), 0, 1) ** count / (1 + EPSILON))
        low, high = np.maximum(-second, -1), np.minimum(-second_low, 1)
        ends = [
            np.clip((count + x + a) / (2 * count), 0, 1) ** count / (np.maximum(1 + a, 0) / 2 + EPSILON)
            for a in (low, high)
        ]
        return np.asarray(np.maximum(*ends))


class _Pair(NamedTuple):
    """PairDirection; the directions are d and ĉ. foot: ĉ · d. square: 1 + ‖ĉ‖²."""

    directions: Float64Array
    foot: float
    square: float

    def upper(self, first: Float64Array, second: Float64Array, second_low: Float64Array) -> Float64Array:
        """A bound of the scores of rows, from upper bounds of their cosines; infinite beside ĉ itself."""
        rise = np.maximum(first - self.foot, 0)
        distance = np.sqrt(np.maximum(self.square - 2 * second, 0))
        return np.asarray(np.divide(rise, distance, out=np.full(rise.shape, np.inf), where=distance > 0))


class TwoLists(milvus.Engine):
    """The questions of 3CosMul or PairDirection for the first `top` rows of a space. UsageProblem for other weights."""

    def __init__(self, space: MilvusSpace, formula: ProductsOfCosines | PairDirections, top: int | None) -> None:
        if isinstance(formula, ProductsOfCosines):
            self.parts: list[_Product | _Pair] = [_product(space, formula, i) for i in range(len(formula.scale))]
        else:
            self.parts = [_pair(formula, i) for i in range(len(formula.scale))]
        super().__init__(space, formula, np.concatenate([part.directions for part in self.parts]), top)

    def answer_all(self, searches: Sequence[Search]) -> list[Found]:
        """The answers to all questions."""
        limit = min(milvus.MOST_RETURNED, self.count)
        size = max(1, milvus.RETURNED_AT_ONCE // (2 * limit))
        found = []
        for start in range(0, len(searches), size):
            numbers = range(start, min(start + size, len(searches)))
            vectors = self.queries[2 * numbers.start : 2 * numbers.stop].astype(np.float32)
            lists = self.space.collection.nearest(vectors, limit, self.top, with_vectors=False)
            for number, first, second in zip(numbers, lists[::2], lists[1::2], strict=True):
                scored = self._from_lists(number, first, second, SCORED_FIRST + searches[number].k)
                found.append(self.settle(number, searches[number], scored))
        return found

    def _from_lists(self, number: int, first: Hits, second: Hits, count: int) -> milvus.Scored:
        """The rows of both lists with bounds of their scores; the `count` rows with the highest bounds are scored."""
        upper_bound, error = self.parts[number].upper, float(self.errors[0])
        rows = np.union1d(np.union1d(first.rows, second.rows), self.unfit).astype(np.intp)
        near, high = (_placed(hits, rows, self._lowest(hits)) + error for hits in (first, second))
        upper = upper_bound(near, high, _placed(second, rows, -1.0) - error) * ROUNDED_UP
        upper[np.isin(rows, self.unfit)] = np.inf
        rest = -np.inf
        if self.is_exact and len(first.rows) < self.count and len(second.rows) < self.count:
            near, high = (np.array([self._lowest(hits) + error]) for hits in (first, second))
            rest = float((upper_bound(near, high, np.array([-1.0])) * ROUNDED_UP)[0])
        lower = np.full(len(rows), -np.inf)
        best = np.argsort(-upper, kind="stable")[:count]
        lower[best] = upper[best] = self.formula.exact(np.full(len(best), number, np.intp), rows[best])
        return milvus.Scored(rows, lower, upper, rest)

    def _lowest(self, hits: Hits) -> float:
        """The cosine that a row outside a list has at most; 1, which bounds nothing, if the server's are not finite."""
        return float(hits.values.min(initial=1.0)) if np.isfinite(hits.values).all() else 1.0


def _placed(hits: Hits, rows: Rows, absent: float) -> Float64Array:
    """The values of a list for sorted rows; `absent` for those that are not in it."""
    values = np.full(len(rows), absent)
    values[np.searchsorted(rows, hits.rows)] = np.where(np.isfinite(hits.values), hits.values, 1.0)
    return values


def _product(space: MilvusSpace, formula: ProductsOfCosines, number: int) -> _Product:
    used = np.flatnonzero(formula.weights[number])
    weights, units = formula.weights[number, used], formula.basis[formula.places[number, used]]
    negatives = units[weights < 0]
    if len(negatives) > 1 or not (np.abs(weights) == 1).all():
        raise UsageProblem(
            f"on the server of {space.name}, 3cosmul is answered for words of weight 1, of which one may be subtracted",
            "use 3cosadd, or a local model",
        )
    total = weighted_sum(units, weights)
    opposite = -negatives[0] if len(negatives) else total
    directions = unit_rows(np.stack([total, opposite]))
    return _Product(directions, float(lengths(total[None])[0]), int((weights > 0).sum()), bool(len(negatives)))


def _pair(formula: PairDirections, number: int) -> _Pair:
    head, tail = formula.heads[formula.shared.head_of[number]], formula.tails[formula.shared.tail_of[number]]
    square = 1 + float(lengths(tail[None])[0]) ** 2
    return _Pair(np.stack([head, tail]), float(formula.foot[number]), square)
