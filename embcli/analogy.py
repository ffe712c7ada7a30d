"""Rank the vocabulary against an expression: analogies and nearest neighbours.

Methods, for an analogy b - a + c (a is to b as c is to ?), with v̂ = v / ‖v‖:

- 3cosadd: cos(v, b̂ - â + ĉ). Mikolov, Yih, Zweig, Linguistic Regularities in Continuous Space Word
  Representations, NAACL 2013. With any number of weighted terms it is plain vector arithmetic.
- 3cosmul: Π s(v, p)^w / (Π s(v, n)^w + ε), s(v, t) = (1 + cos(v, t)) / 2, over positive terms p and
  negative terms n with weights ±w, ε = 10⁻⁶. Levy and Goldberg, Linguistic Regularities in Sparse and
  Explicit Word Representations, CoNLL 2014, eq. 4; gensim's `most_similar_cosmul`.
- pairdirection: cos(v̂ - ĉ, b̂ - â), the direction alone. Levy and Goldberg 2014, eq. 2.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from embcli.errors import EmbcliError, UsageProblem
from embcli.expression import Expression, parse, spell
from embcli.results import Answer, Expected, ModelCard, Ranking, RankingQuery, WeightedWord
from embcli.space import Combination, Float64Array, Rows, Scores, VectorSpace, unit_rows

METHODS = ("3cosadd", "3cosmul", "pairdirection")
METRICS = ("cosine", "dot", "euclidean")
EPSILON = 1e-6
# Two unit vectors nearer than this are the same direction, whatever their last digits say.
NO_STEP = 1e-7
NEIGHBORS = "embcli.neighbors/1"
# Scores held at a time when many questions are answered together: 64 MiB.
PRODUCT_NUMBERS = 1 << 24


class Question(NamedTuple):
    """A question for the words nearest to an expression; the fields are the parameters of `solve_analogy`."""

    expression: str | Expression
    method: str = "3cosadd"
    metric: str = "cosine"
    raw: bool = False
    k: int = 10
    top: int | None = None
    include_inputs: bool = False
    expect: str | None = None


class Asked(NamedTuple):
    """A question whose words have been looked up."""

    question: Question
    combined: Combination
    expected: int | None
    resolved: dict[str, str]

    @property
    def is_plain(self) -> bool:
        """Whether the scores are cosines with one vector, which many questions can share a product for."""
        return self.question.method == "3cosadd" and self.question.metric == "cosine"


def solve_analogy(
    space: VectorSpace,
    expression: str | Expression,
    *,
    method: str = "3cosadd",
    metric: str = "cosine",
    raw: bool = False,
    k: int = 10,
    top: int | None = None,
    include_inputs: bool = False,
    expect: str | None = None,
) -> Ranking:
    """The k words that best complete an expression such as `king - man + woman`.

    `man king woman` and `man:king::woman:?` mean the same. Terms have unit length unless `raw`; `dot`
    and `euclidean` measure lengths, so they imply `raw`. `top` searches the most frequent words only.
    The words of the expression cannot answer unless `include_inputs`; they are in `inputs` with the
    rank they would have had. UnknownWord, ExpressionSyntaxError, UsageProblem.
    """
    question = Question(expression, method, metric, raw, k, top, include_inputs, expect)
    asked = _prepare(space, question, triple=True)
    return _answer(space, asked, _scores(space, asked))


def find_neighbors(
    space: VectorSpace,
    expression: str | Expression,
    *,
    metric: str = "cosine",
    raw: bool = False,
    k: int = 10,
    top: int | None = None,
    include_inputs: bool = False,
    expect: str | None = None,
) -> Ranking:
    """The k words nearest to a word or an expression, by cosine, dot product or Euclidean distance.

    As `solve_analogy` with method 3cosadd; three bare words are not an analogy here.
    """
    question = Question(expression, "3cosadd", metric, raw, k, top, include_inputs, expect)
    asked = _prepare(space, question, triple=False)
    return _answer(space, asked, _scores(space, asked))._replace(schema=NEIGHBORS)


def answer_many(
    space: VectorSpace, questions: Sequence[Question], *, triple: bool = True
) -> Iterator[Ranking | EmbcliError]:
    """The answers of `solve_analogy` (of `find_neighbors` when not `triple`), in order, errors in their places.

    Questions about cosines are answered in blocks through one matrix product Q · Vᵀ, with bounded memory.
    """
    size = max(1, PRODUCT_NUMBERS // max(1, len(space)))
    for first in range(0, len(questions), size):
        prepared = [_prepared(space, question, triple) for question in questions[first : first + size]]
        products: dict[int, Scores] = {}
        tops = {asked.question.top for asked in prepared if isinstance(asked, Asked) and asked.is_plain}
        for top in tops:
            same = [
                i for i, asked in enumerate(prepared)
                if isinstance(asked, Asked) and asked.is_plain and asked.question.top == top
            ]  # fmt: skip
            vectors = np.stack([prepared[i].combined.vector for i in same])  # type: ignore[union-attr]
            products |= dict(zip(same, space.cosines_of_many(vectors, top), strict=True))
        for i, asked in enumerate(prepared):
            if isinstance(asked, EmbcliError):
                yield asked
                continue
            try:
                ranking = _answer(space, asked, products.pop(i) if i in products else _scores(space, asked))
            except EmbcliError as error:
                yield error
            else:
                yield ranking if triple else ranking._replace(schema=NEIGHBORS)


def _prepared(space: VectorSpace, question: Question, triple: bool) -> "Asked | EmbcliError":
    try:
        return _prepare(space, question, triple=triple)
    except EmbcliError as error:
        return error


def _prepare(space: VectorSpace, question: Question, *, triple: bool) -> "Asked":
    """Check a question and look its words up."""
    _check_choice("method", question.method, METHODS)
    _check_choice("metric", question.metric, METRICS)
    for name, number in (("k", question.k), ("top", question.top)):
        if number is not None and number < 1:
            raise UsageProblem(f"{name} must be at least 1, not {number}", f"for example {name} 10")
    if question.method != "3cosadd" and (question.metric != "cosine" or question.raw):
        raise UsageProblem(f"{question.method} is defined for cosines of unit vectors", "leave out --metric and --raw")
    raw = question.raw or question.metric != "cosine"
    expression = question.expression
    parsed = parse(expression, triple=triple) if isinstance(expression, str) else expression
    combined = space.combine(parsed.terms, unit=not raw)
    expected, resolved = space.resolve_all([] if question.expect is None else [question.expect])
    return Asked(question._replace(raw=raw), combined, expected[0] if expected else None, resolved)


def _answer(space: VectorSpace, asked: "Asked", scores: Scores) -> Ranking:
    question, combined = asked.question, asked.combined
    sign = -1.0 if question.metric == "euclidean" else 1.0
    inputs = {row: _place(space, scores, row, sign) for row in combined.rows}
    barred = () if question.include_inputs else tuple(inputs)
    rows, values = scores.best(question.k + len(barred))
    found = [(int(row), sign * float(value) + 0.0) for row, value in zip(rows, values, strict=True)]
    answers = [(row, value) for row, value in found if row not in barred][: question.k]
    expected = None
    if asked.expected is not None:
        expected = _expected(inputs, asked.expected, _place(space, scores, asked.expected, sign))
    return Ranking(
        schema="embcli.analogy/1",
        model=ModelCard(space.name, len(space), space.dim),
        query=RankingQuery(
            expression=spell(combined.terms),
            method=question.method,
            metric=question.metric,
            raw=question.raw,
            k=question.k,
            terms=tuple(WeightedWord(*term) for term in combined.terms),
            exclude_inputs=not question.include_inputs,
            top=question.top,
            resolved=combined.resolved | asked.resolved,
        ),
        results=tuple(Answer(i, space.vocabulary[row], value) for i, (row, value) in enumerate(answers, start=1)),
        inputs=tuple(inputs.values()),
        expected=expected,
    )


def _place(space: VectorSpace, scores: Scores, row: int, sign: float) -> Answer:
    """The place of a word among all that are searched; None when it is not one of them."""
    rank, score = scores.rank(row)
    return Answer(rank if row < len(scores.values) else None, space.vocabulary[row], sign * score + 0.0)


def _expected(inputs: dict[int, Answer], row: int, place: Answer) -> Expected:
    """The two ranks of a word: None for a word not searched, and for an input once inputs are barred."""
    rank = None
    if row not in inputs and place.rank is not None:
        ahead = [other for other in inputs.values() if other.rank is not None and other.rank < place.rank]
        rank = place.rank - len(ahead)
    return Expected(place.word, rank, place.rank, place.score)


def _scores(space: VectorSpace, asked: Asked) -> Scores:
    question, combined = asked.question, asked.combined
    if question.method == "3cosmul":
        return _products_of_cosines(space, combined, question.top)
    if question.method == "pairdirection":
        return _pair_directions(space, combined, question.top)
    if question.metric == "dot":
        return space.dots(combined.vector, question.top)
    if question.metric == "euclidean":
        return space.closeness(combined.vector, question.top)
    return space.cosines(combined.vector, question.top)


def _products_of_cosines(space: VectorSpace, combined: Combination, top: int | None) -> Scores:
    """3CosMul. It grows with every positive similarity and falls with every negative one, so the ends
    of the cosines' intervals give the ends of its own."""
    weights = [weight for _, weight in combined.terms]
    if not any(weight > 0 for weight in weights):
        raise UsageProblem("3cosmul needs a word with a positive weight", "use 3cosadd")
    vectors = space.float64(combined.rows)
    cosines = [space.cosines(vector, top) for vector in vectors]

    steps = [np.sign(weight) * cosine.margin for cosine, weight in zip(cosines, weights, strict=True)]
    worst = [cosine.values - step for cosine, step in zip(cosines, steps, strict=True)]
    best = [cosine.values + step for cosine, step in zip(cosines, steps, strict=True)]

    def exact(rows: Rows) -> Float64Array:
        return _cosmul([space.exact_cosines(vector, rows) for vector in vectors], weights)

    return Scores.between(_cosmul(worst, weights), _cosmul(best, weights), exact)


def _cosmul(cosines: Sequence[Float64Array], weights: Sequence[float]) -> Float64Array:
    numerator, denominator = np.ones_like(cosines[0]), np.ones_like(cosines[0])
    for cosine, weight in zip(cosines, weights, strict=True):
        similarity = np.clip((1 + cosine) / 2, 0, None) ** abs(weight)
        if weight > 0:
            numerator *= similarity
        elif weight < 0:
            denominator *= similarity
    return numerator / ((denominator if min(weights) < 0 else 1.0) + EPSILON)


def _pair_directions(space: VectorSpace, combined: Combination, top: int | None) -> Scores:
    """cos(v̂ - ĉ, d) with d = b̂ - â. As ‖v̂ - ĉ‖² = 2 - 2 cos(v, c), two cosines a row are enough."""
    positive = [row for row, (_, weight) in zip(combined.rows, combined.terms, strict=True) if weight == 1]
    negative = [row for row, (_, weight) in zip(combined.rows, combined.terms, strict=True) if weight == -1]
    if len(combined.rows) != 3 or len(positive) != 2 or len(negative) != 1:
        raise UsageProblem("pairdirection needs an analogy of the form b - a + c", "for example king - man + woman")
    b, c = unit_rows(space.float64(positive))
    a = unit_rows(space.float64(negative))[0]
    if not np.linalg.norm(b - a) > NO_STEP:
        raise UsageProblem("the pair has no direction: both vectors point the same way", "choose two other words")
    d = (b - a) / np.linalg.norm(b - a)
    along, near = space.cosines(d, top), space.cosines(c, top)
    rise = along.values.astype(np.float64) - float(c @ d)
    distance = 2 - 2 * near.values.astype(np.float64)
    shortest = np.sqrt(np.maximum(distance - 2 * near.margin, 1e-300))
    longest = np.sqrt(np.maximum(distance + 2 * near.margin, 1e-300))
    lower, upper = rise - along.margin, rise + along.margin
    is_zero = space.norms[:top] == 0
    lower = np.where(is_zero, 0, np.clip(np.where(lower < 0, lower / shortest, lower / longest), -1, 1))
    upper = np.where(is_zero, 0, np.clip(np.where(upper > 0, upper / shortest, upper / longest), -1, 1))

    def direction_of(vectors: Float64Array) -> Float64Array:
        units = unit_rows(vectors)
        steps = units - c
        # Rounding dust points nowhere, and a zero vector has no direction to compare.
        steps[(np.abs(steps).max(axis=1) < NO_STEP) | ~units.any(axis=1)] = 0
        return np.asarray(np.clip((unit_rows(steps) * d).sum(axis=1), -1, 1))

    def exact(rows: Rows) -> Float64Array:
        return space.by_chunks(rows, direction_of)

    return Scores.between(lower, upper, exact)


def _check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise UsageProblem(f'there is no {name} "{value}"', f"one of {', '.join(choices)}")
