"""Project words on a direction, such as plurality: `cats - cat`.

With a direction d: dot = v · d, scalar projection = (v · d) / ‖d‖ (the length of v along d, in the units of the
space), cosine = (v · d) / (‖v‖ ‖d‖). Positive means along d, zero perpendicular to d, negative opposite to d.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from embcli.errors import UsageProblem
from embcli.queries import directions
from embcli.queries.arguments import SHORT_PAIR, parse_pairs
from embcli.queries.expression import Expression
from embcli.queries.questions import ProjectionQuestion
from embcli.queries.words import reported, resolve_pairs, resolve_words, split_at_commas
from embcli.results.model_card import ModelCard
from embcli.results.project import Pair, Projection, ProjectionQuery, Projections
from embcli.results.words import WeightedWord
from embcli.search.engine import search
from embcli.search.formulas import Cosines
from embcli.search.scores import cosines, dots
from embcli.search.settling import Search
from embcli.vectors.arithmetic import Float64Array, Rows, dot_products, lengths, round_lengths
from embcli.vectors.combinations import Resolution
from embcli.vectors.space import VectorSpace

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

# Among rarer words, web addresses and typing errors lie farthest along any direction.
SCAN_TOP = 50_000


def project(
    space: VectorSpace,
    expression: "str | Expression | ArrayLike",
    words: Sequence[str] = (),
    *,
    sort: bool = False,
    scan: int | None = None,
    top: int | None = None,
    pairs: Sequence[tuple[str, str]] | None = None,
    skip_unknown: bool = False,
) -> Projections:
    """The projections of words on the direction of an expression, evaluated with plain vectors, or of a vector [dim].

    `sort` puts the highest dot product first. `scan=N` finds the N words farthest along each end, by cosine among
    the `top` most frequent (50,000), highest first. `pairs` tests whether the direction separates (low, high)
    pairs: it reports the share of pairs with low · d < high · d, and the AUC, the share over all combinations of
    lows and highs with ties counting one half (Mann and Whitney 1947). Raises UnknownWord, UsageProblem.

        project(glove, "cats - cat", ["puppies"]).results[0].dot  # 1.84764
    """
    return answer(
        space, ProjectionQuestion(directions.as_asked(expression), tuple(words), sort, scan, top, pairs, skip_unknown)
    )


def answer(space: VectorSpace, question: ProjectionQuestion) -> Projections:
    """The same as `project`, for a question given as a record."""
    expression, words, sort, scan, top, pairs, skip_unknown = question
    pairs = parse_pairs(pairs) if isinstance(pairs, str) else pairs
    words = tuple(split_at_commas(space, words))
    if pairs is not None:  # `--pairs a:b c:d`: the shell separates the second pair from the first
        more = [word for word in words if re.fullmatch(SHORT_PAIR, word) and space.vocabulary.find(word) is None]
        pairs = [*pairs, *(pair for word in more for pair in parse_pairs(word))]
        words = tuple(word for word in words if word not in more)
    for name, number in (("scan", scan), ("top", top)):
        if number is not None and number < 1:
            raise UsageProblem(f"{name} must be at least 1, not {number}", f"for example {name}=10")
    if not words and scan is None and not pairs:
        raise UsageProblem(
            "there are no words to project", "name some (with -, after it), or use --scan N or --pairs LOW:HIGH"
        )
    if words and scan is not None:
        raise UsageProblem("words and --scan exclude each other", "remove one of them")
    if top is not None and scan is None:
        raise UsageProblem("--vocab (top) applies only to --scan", "add --scan N, or remove --vocab")
    if sort and not words and scan is None:
        raise UsageProblem("there are no words to sort", "name some, or remove --sort")
    top = top or SCAN_TOP
    asked = directions.read(expression)
    if not skip_unknown:  # all unknown words are reported at once
        resolve_words(space, [*directions.words_of(asked), *words, *(word for pair in pairs or () for word in pair)])
    combined = directions.combine(space, asked, unit=False)
    d = combined.vector
    found = resolve_words(space, words, skip_unknown=skip_unknown)
    rows, is_exact = found.rows, True
    if scan is not None:
        rows, is_exact = _ends(space, d, scan, top)
    results = _projections(space, d, np.array(rows, np.intp))
    if sort:  # by the printed values; ties in the given order
        order = np.argsort(-round_lengths(np.array([one.dot for one in results])), kind="stable")
        results = [results[i] for i in order]
    compared = None
    if pairs:
        compared, of_pairs = _compare(space, d, pairs, skip_unknown)
        found = found.joined(of_pairs)
    return Projections(
        schema="embcli.project/1",
        model=ModelCard.of(space, exact=is_exact),
        query=ProjectionQuery(
            expression=directions.describe(combined),
            terms=tuple(WeightedWord(*term) for term in combined.terms),
            norm=float(lengths(d[None])[0]),
            sort=sort,
            scan=scan,
            top=top if scan is not None else None,
            **reported(combined.found.joined(found)),
        ),
        results=tuple(results),
        pairs=compared,
        separation=None if compared is None else float(np.mean([pair.ordered for pair in compared])),
        auc=None if compared is None else area_under_curve(compared),
    )


def scalar_projection(vectors: Float64Array, direction: Float64Array) -> Float64Array:
    """Length of each row along `direction`: (V · d) / ‖d‖. vectors [rows, dim], direction [dim].

    scalar_projection(np.array([[3.0, 4.0]]), np.array([0.0, 2.0]))  # [4.]
    """
    return dot_products(vectors, direction) / lengths(direction[None])


def area_under_curve(pairs: Sequence[Pair]) -> float:
    """The share of (low, high) combinations with low below high, ties counting one half: Mann-Whitney's U / n²."""
    low = np.sort([pair.low_dot for pair in pairs])
    high = np.array([pair.high_dot for pair in pairs])
    below = np.searchsorted(low, high, side="left")
    at_most = np.searchsorted(low, high, side="right")
    return float((below + at_most).sum() / 2 / len(pairs) ** 2)


def _projections(space: VectorSpace, d: Float64Array, rows: Rows) -> list[Projection]:
    along, angles = dots(space, d, rows), cosines(space, d, rows)
    scalars = scalar_projection(space.float64(rows), d)
    return [
        Projection(space.word(row), *numbers)
        for row, *numbers in zip(rows.tolist(), along.tolist(), scalars.tolist(), angles.tolist(), strict=True)
    ]


def _ends(space: VectorSpace, d: Float64Array, count: int, top: int) -> tuple[list[int], bool]:
    """The rows of the `count` highest cosines and of the `count` lowest, in descending order, and whether exactly."""
    found = search(space, Cosines(space, np.stack([d, -d])), [Search(count)] * 2, top)
    high, low = (one.rows.tolist() for one in found)
    return [*high, *(row for row in reversed(low) if row not in set(high))], all(one.is_exact for one in found)


def _compare(
    space: VectorSpace, d: Float64Array, pairs: Sequence[tuple[str, str]], skip_unknown: bool
) -> tuple[tuple[Pair, ...], Resolution]:
    found = resolve_pairs(space, pairs, skip_unknown=skip_unknown)
    printed = round_lengths(dots(space, d, np.array(found.rows, np.intp))).tolist()
    compared = []
    for i in range(0, len(found.rows), 2):
        low, high = printed[i], printed[i + 1]
        words = space.word(found.rows[i]), space.word(found.rows[i + 1])
        compared.append(Pair(*words, low, high, low < high))
    return tuple(compared), found
