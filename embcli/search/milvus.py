"""Search on a Milvus server: it gives the best rows by float32 scores, and they are scored again in float64 here.

The server's score of a row is at most an error e from the exact one (`_errors`). So rows that it did not return score
at most its lowest score + e. An answer is proven if it scores more than that, as printed; otherwise more rows are
asked for, up to the most that a server returns. With an index that compares every row (FLAT), proven answers are those
of the local engines, byte for byte. The rank of a row is proven likewise; otherwise only a lower bound of it is known.

The bounds hold for vectors whose norms fit float32 arithmetic, and for zero vectors, whose cosines Milvus gives as 0.
Other rows of a collection that embcli made are known (`Norms.unfit`) and always scored here.

An approximate index may miss any row, so its answers are never proven.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from embcli.errors import UsageProblem
from embcli.search.formulas import Cosines, Formula, PairDirections, ProductsOfCosines, SumsOfCosines
from embcli.search.length_formulas import Distances, Dots
from embcli.search.local import SAFE_NORMS
from embcli.search.settling import Found, Search
from embcli.vectors.arithmetic import (
    COSINE_BLUR,
    LENGTH_BLUR,
    Float64Array,
    Rows,
    float32_error,
    lengths,
)
from embcli.vectors.milvus import Hits, MilvusSpace
from embcli.vectors.space import VectorSpace

# The most rows that Milvus returns for a question.
MOST_RETURNED = 16_384
# Rows asked for beyond the k best and the wanted ones; they lower the bound for rows that are not returned.
EXTRA_ROWS = 32
# Numbers of returned vectors (32 MiB of float32), and returned rows, of a request for several questions. Of the longest
# lists, eight are asked for at a time, so that a slow server answers within its time.
NUMBERS_AT_ONCE, RETURNED_AT_ONCE = 1 << 23, 1 << 17
# The server's sums may have a few more roundings than ours: of norms, and of the scaled rows.
SERVER_ERROR = 2.0
# The options that name the metrics of Milvus.
OPTION_OF_METRIC = {"COSINE": "cosine", "IP": "dot", "L2": "euclidean"}


class Scored(NamedTuple):
    """Rows with bounds of their exact scores [rows], and an upper bound of the scores of all other rows."""

    rows: Rows
    lower: Float64Array
    upper: Float64Array
    rest: float


def search(space: VectorSpace, formula: Formula, searches: Sequence[Search], top: int | None) -> list[Found]:
    """Answer the questions of a formula over the first `top` rows, or all rows, of a space on a server.

    Raises UsageProblem for a formula that the index does not serve, and for more answers than a server returns.
    """
    assert isinstance(space, MilvusSpace)
    deepest = max(one.k + len(one.wanted) for one in searches)
    if min(deepest, space.searched(top)) > MOST_RETURNED - EXTRA_ROWS:
        raise UsageProblem(
            f"a Milvus server returns at most {MOST_RETURNED:,} rows for a question",
            f"ask for fewer: -k {(MOST_RETURNED - EXTRA_ROWS) // 1000 * 1000}",
        )
    if isinstance(formula, ProductsOfCosines | PairDirections):
        check_metric(space, "COSINE")
        from embcli.search.two_lists import TwoLists

        return TwoLists(space, formula, top).answer_all(searches)
    engine = Engine(space, formula, _queries(space, formula), top)
    found = engine.answer(searches, range(len(searches)), min(deepest + EXTRA_ROWS, engine.count), with_vectors=True)
    open_questions = [number for number, one in enumerate(found) if not _is_settled(one)]
    if open_questions and engine.is_exact and deepest + EXTRA_ROWS < engine.count:
        limit = min(MOST_RETURNED, engine.count)
        deeper = engine.answer(searches, open_questions, limit, with_vectors=False)
        for number, one in zip(open_questions, deeper, strict=True):
            found[number] = one
    return found


def _is_settled(found: Found) -> bool:
    return found.is_exact and not any(found.least_ranks)


def _queries(space: MilvusSpace, formula: Formula) -> Float64Array:
    """The vectors [n, dim] whose best rows are those of a formula, for the metric of the index. Raises UsageProblem."""
    if isinstance(formula, Cosines):
        metric, queries = "COSINE", formula.basis
    elif isinstance(formula, SumsOfCosines):
        metric, queries = "COSINE", formula.directions
    elif isinstance(formula, Dots):
        metric, queries = "IP", formula.basis
    elif isinstance(formula, Distances):
        metric, queries = "L2", formula.queries
    else:
        raise UsageProblem(
            f"lrcos cannot be answered from {space.name}: nothing bounds the scores of the words that a Milvus server "
            "does not return",
            "use 3cosavg, or a local model",
        )
    check_metric(space, metric)
    return queries


def check_metric(space: MilvusSpace, metric: str) -> None:
    """Raise UsageProblem if the index of a space serves another metric."""
    served = space.index.metric
    if served != metric:
        option = OPTION_OF_METRIC.get(served)
        raise UsageProblem(
            f"the index of {space.name} serves the metric {option or served}, not {OPTION_OF_METRIC[metric]}",
            f"use --metric {option}" if option else "ask for an index with another metric",
        )


class Engine:
    """The questions of a formula, with their vectors [n, dim], for the first `top` rows of a space."""

    def __init__(self, space: MilvusSpace, formula: Formula, queries: Float64Array, top: int | None) -> None:
        self.count = space.searched(top)
        self.top = top = None if self.count == len(space) else top
        self.space, self.formula, self.queries = space, formula, queries
        norms = space.collection.norms
        self.unfit = np.array([row for row in norms.unfit if top is None or row < top] if norms else [], np.intp)
        self.errors = _errors(space, formula, queries)
        self.is_exact = space.index.is_exact and bool(np.isfinite(self.errors).all())

    def answer(
        self, searches: Sequence[Search], numbers: Sequence[int], limit: int, *, with_vectors: bool
    ) -> list[Found]:
        """The answers to some of the questions from the best `limit` rows of each."""
        found = []
        room = NUMBERS_AT_ONCE // self.space.dim if with_vectors else RETURNED_AT_ONCE
        size = max(1, room // limit)
        for first in range(0, len(numbers), size):
            some = list(numbers[first : first + size])
            vectors = self.queries[some].astype(np.float32)
            answers = self.space.collection.nearest(vectors, limit, self.top, with_vectors=with_vectors)
            for number, hits in zip(some, answers, strict=True):
                self.space.vocabulary.keep(hits.entities)
                scored = self._scored(number, hits)
                found.append(self.settle(number, searches[number], scored))
        return found

    def _scored(self, number: int, hits: Hits) -> Scored:
        """The returned rows with bounds of their scores, and the bound of the others."""
        lower, upper = self._bounds(number, hits.values, self.errors[number])
        rest = -np.inf
        if self.is_exact and len(hits.rows) < self.count:
            rest = float(upper.min(initial=np.inf)) if np.isfinite(hits.values).all() else np.inf
        if hits.entities:
            exact = self.formula.exact(np.full(len(hits.rows), number, np.intp), hits.rows)
            if not ((exact >= lower) & (exact <= upper) | np.isin(hits.rows, self.unfit)).all():
                self.is_exact = False  # the server computes with fewer bits than float32 has
            lower, upper = exact, exact.copy()
        is_unfit = np.isin(hits.rows, self.unfit)
        lower[is_unfit], upper[is_unfit] = -np.inf, np.inf
        others = np.setdiff1d(self.unfit, hits.rows)
        unknown = np.full(len(others), np.inf)
        return Scored(
            np.concatenate([hits.rows, others]),
            np.concatenate([lower, -unknown]),
            np.concatenate([upper, unknown]),
            rest,
        )

    def _bounds(self, number: int, values: Float64Array, error: float) -> tuple[Float64Array, Float64Array]:
        """Bounds of the exact scores for the server's values."""
        if isinstance(self.formula, Distances):
            return -np.sqrt(np.maximum(values + error, 0)), -np.sqrt(np.maximum(values - error, 0))
        scale = lengths(self.formula.queries[[number]])[0] if isinstance(self.formula, Dots) else 1.0
        return (values - error) * scale, (values + error) * scale

    def settle(self, number: int, asked: Search, scored: Scored) -> Found:
        """Score the rows that the bounds leave open in float64."""
        rest = float(self.formula.rounded(np.array([scored.rest]))[0]) if np.isfinite(scored.rest) else scored.rest
        k = min(asked.k, self.count)
        cut = np.sort(scored.lower)[-k] if 0 < k <= len(scored.lower) else -np.inf if k else np.inf
        rows = scored.rows[scored.upper >= cut - self._blur(cut)]
        scores = self._printed(number, rows)
        order = np.lexsort((self.space.in_order(rows), -scores))[:k]
        is_proven = len(order) == k and (not k or scores[order[-1]] > rest)
        wanted = np.array(asked.wanted, np.intp)
        places, least = [], []
        for row, score in zip(asked.wanted, self._printed(number, wanted).tolist(), strict=True):
            rank, at_least = self._rank(number, row, score, scored, rest)
            places.append((rank, score))
            least.append(at_least if rank is None else None)
        return Found(rows[order], scores[order], tuple(places), tuple(least), is_proven and self.is_exact)

    def _rank(self, number: int, row: int, score: float, scored: Scored, rest: float) -> tuple[int | None, int | None]:
        """The rank of a row, or None and a lower bound of it; None for both if the row is not searched."""
        if self.top is not None and row >= self.top:
            return None, None
        blur = self._blur(score)
        is_before = scored.lower > score + blur
        is_known = score > rest if self.is_exact else bool((scored.rows == row).any())
        is_open = ~is_before & (scored.upper >= score - blur)
        if not is_known:  # rows without a lower bound are too many to be scored for a bound
            is_open &= scored.lower > -np.inf
        rows = scored.rows[is_open]
        printed = self._printed(number, rows)
        ties = self.space.in_order(np.concatenate([rows, [row]]))
        before = int(is_before.sum()) + int(((printed > score) | ((printed == score) & (ties[:-1] < ties[-1]))).sum())
        return (before + 1, None) if is_known else (None, before + 1)

    def _blur(self, score: float) -> float:
        if not np.isfinite(score):
            return 0.0
        return LENGTH_BLUR * abs(float(score)) if isinstance(self.formula, Dots | Distances) else COSINE_BLUR

    def _printed(self, number: int, rows: Rows) -> Float64Array:
        if not len(rows):
            return np.zeros(0)
        return self.formula.rounded(self.formula.exact(np.full(len(rows), number, np.intp), rows))


def _errors(space: MilvusSpace, formula: Formula, queries: Float64Array) -> Float64Array:
    """The largest error of the server's values [n], infinite if the lengths of the rows are not known.

    For unit vectors it is that of a float32 dot product, `float32_error`. Dot products with a unit vector have it times
    the largest ‖v‖; a squared distance |v|² - 2 v · q + |q|² has it times (‖v‖ + ‖q‖)².
    """
    error = SERVER_ERROR * float32_error(space.dim)
    if not isinstance(formula, Dots | Distances):
        return np.full(len(queries), error)
    norms = space.collection.norms
    if norms is None:
        return np.full(len(queries), np.inf)
    if isinstance(formula, Dots):
        return np.full(len(queries), error * norms.largest)
    reach = norms.largest + lengths(queries)
    return np.where(reach < SAFE_NORMS[1], error * reach**2, np.inf)
