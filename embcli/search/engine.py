"""The entry to exact search: the best rows for one question or many, and the exact ranks of given rows.

An engine (`local.py`, or `int8.py`, which reads less) computes products with an error that is proven, a formula
(`formulas.py`) derives lower and upper bounds of every score from them, and rows that the bounds do not decide are
settled (`settling.py`). The answers equal those of scoring every row in float64, on every machine, with every engine.
Vectors on a server are searched there (`milvus.py`).
"""

import os
from collections.abc import Iterator, Sequence

import numpy as np

from embcli.errors import UsageProblem
from embcli.search import local
from embcli.search.formulas import Formula
from embcli.search.local import Slice
from embcli.search.scores import ROWS_SCORED_AT_ONCE
from embcli.search.settling import Bounds, Found, Search, Settling
from embcli.store.read import expect
from embcli.vectors.arithmetic import Float64Array, Rows
from embcli.vectors.space import VectorSpace

# Scores bounded at a time: 2 MiB of float32.
SCORE_NUMBERS = 1 << 19
ENGINES = ("auto", "local", "int8")


def search(space: VectorSpace, formula: Formula, searches: Sequence[Search], top: int | None = None) -> list[Found]:
    """Answer the questions of a formula over the first `top` rows (all rows by default).

    Example: with the rows [1, 0], [0, 1], [1, 1], search(space, Cosines(space, [[1, 0]]), [Search(2, (1,))]) finds the
    two rows nearest to [1, 0], rows 0 and 2 with cosines 1.0 and 0.707107, and the rank of row 1, which is 3 with
    cosine 0.0. Raises DamagedStore for non-finite vectors.
    """
    if space.is_remote:
        from embcli.search import milvus

        return milvus.search(space, formula, searches, top)
    count = space.searched(top)
    settling = Settling(space, formula, searches, count)
    for bounds in _bounds(space, formula, len(searches), count):
        settling.add(bounds)
    return settling.found(searches)


def search_among(space: VectorSpace, formula: Formula, searches: Sequence[Search], rows: Rows) -> list[Found]:
    """Answer the questions of a formula over given rows only; a wanted row that is not among them has no rank.

    All of them are scored in float64, so this is for some thousand candidates.
    """
    results = []
    for question, one in enumerate(searches):
        scores = _exact_scores(formula, question, rows)
        order = np.lexsort((rows, -scores))
        ranks = {int(rows[i]): rank for rank, i in enumerate(order.tolist(), start=1)}
        places = [
            (ranks.get(row), float(score))
            for row, score in zip(
                one.wanted, _exact_scores(formula, question, np.array(one.wanted, np.intp)), strict=True
            )
        ]
        best = order[: one.k]
        results.append(Found(rows[best], scores[best], tuple(places)))
    return results


def _exact_scores(formula: Formula, question: int, rows: Rows) -> Float64Array:
    parts = [rows[i : i + ROWS_SCORED_AT_ONCE] for i in range(0, len(rows), ROWS_SCORED_AT_ONCE)]
    scores = [formula.exact(np.full(len(part), question, np.intp), part) for part in parts]
    return formula.rounded(np.concatenate([np.zeros(0), *scores]))


def _bounds(space: VectorSpace, formula: Formula, questions: int, count: int) -> Iterator[Bounds]:
    """The bounds of all rows by slices, and within a slice by groups of questions whose bounds fit the cache."""
    for products in _products(space, formula, count):
        prepared = formula.prepare(products)
        size = max(1, SCORE_NUMBERS // products.values.shape[1])
        for start in range(0, questions, size):
            part = slice(start, min(start + size, questions))
            lower, upper = formula.bounds(prepared, part.start, part.stop)
            yield Bounds(products.number, products.first, part, lower, upper, products.error)


def _products(space: VectorSpace, formula: Formula, count: int) -> Iterator[Slice]:
    """The products of the basis with all rows, from the engine that EMBCLI_ENGINE names, or else the faster one."""
    wanted = os.environ.get("EMBCLI_ENGINE") or "auto"
    if wanted not in ENGINES:
        raise UsageProblem(
            f"EMBCLI_ENGINE is {wanted!r}", f"set it to {', '.join(ENGINES[:-1])} or {ENGINES[-1]}, or unset it"
        )
    if wanted == "local" or (wanted == "auto" and space.int8 is None):
        return local.slices(space, formula.basis, count, unit=formula.is_unit)
    from embcli.search import int8

    if space.int8 is None:
        raise UsageProblem(
            f"EMBCLI_ENGINE is int8, and {space.name} has no int8 companion",
            f"run: embcli models optimize {space.name}",
        )
    if wanted == "int8" and not int8.is_installed():
        raise UsageProblem("EMBCLI_ENGINE is int8, which needs numkong", "run: pip install 'embcli[fast]'")
    is_int8 = wanted == "int8" or int8.is_faster(space.int8, formula.basis, count)
    expect(space.vectors, scattered=is_int8)
    if is_int8:
        return int8.slices(space, space.int8, formula.basis, count, unit=formula.is_unit)
    return local.slices(space, formula.basis, count, unit=formula.is_unit)
