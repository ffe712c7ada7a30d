"""Rank the vocabulary against an expression: analogies and nearest neighbours.

Methods, for an analogy b - a + c (a is to b as c is to ?), with v̂ = v / ‖v‖:

- 3cosadd: cos(v, b̂ - â + ĉ). Mikolov, Yih, Zweig, Linguistic Regularities in Continuous Space Word
  Representations, NAACL 2013. It is defined for any number of weighted terms.
- 3cosmul: Π s(v, p)^w / (Π s(v, n)^w + ε), s(v, t) = (1 + cos(v, t)) / 2, over positive terms p and
  negative terms n with weights ±w, ε = 10⁻⁶. Levy and Goldberg, Linguistic Regularities in Sparse and
  Explicit Word Representations, CoNLL 2014, eq. 4; gensim's `most_similar_cosmul`.
- pairdirection: cos(v̂ - ĉ, b̂ - â), which compares directions only. Levy and Goldberg 2014, eq. 2.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, Unpack

import numpy as np

from embcli.errors import EmbcliError, InputOutputProblem, UnknownWord, UsageProblem
from embcli.queries import directions
from embcli.queries.expression import Expression
from embcli.queries.questions import AnalogyOptions, NeighborsOptions, RankingQuestion
from embcli.queries.words import reported, resolve_words
from embcli.results.analogy import Answer, Expected, Ranking, RankingQuery
from embcli.results.model_card import ModelCard
from embcli.results.words import WeightedWord
from embcli.search.engine import search, search_among
from embcli.search.formulas import Cosines, Formula, PairDirections, ProductsOfCosines, SumsOfCosines
from embcli.search.length_formulas import Distances, Dots
from embcli.search.settling import Found, Search
from embcli.search.shared_terms import shares_terms
from embcli.vectors.arithmetic import NO_STEP, lengths, unit_rows
from embcli.vectors.combinations import Combination, Resolution
from embcli.vectors.space import VectorSpace

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

ANALOGY_METHODS = ("3cosadd", "3cosmul", "pairdirection")
FORMULAS: dict[str, type[Cosines | Dots | Distances]] = {"cosine": Cosines, "dot": Dots, "euclidean": Distances}
METRICS = tuple(FORMULAS)
Returned = TypeVar("Returned")
NEIGHBORS_SCHEMA = "embcli.neighbors/1"
# The most questions per block; per matrix product where they share no terms; the most rows of a question in a block.
QUESTIONS_AT_ONCE = 2048
PRODUCTS_AT_ONCE = 512
DEEPEST_SHARED = 1000


class ResolvedQuestion(NamedTuple):
    """A question whose words have been looked up."""

    question: RankingQuestion
    combined: Combination
    expected: int | None
    found: Resolution
    candidates: tuple[int, ...] | None

    @property
    def wanted(self) -> tuple[int, ...]:
        """The rows whose ranks are reported: the inputs and the expected word."""
        return tuple(dict.fromkeys([*self.combined.rows, *(() if self.expected is None else (self.expected,))]))

    @property
    def depth(self) -> int:
        """The number of best rows to find, so that k remain after the inputs are excluded."""
        return self.question.k + (0 if self.question.include_inputs else len(set(self.combined.rows)))

    @property
    def group(self) -> tuple[str, str, bool, int | None, tuple[int, ...] | None]:
        """The fields that must be equal for questions to be answered together."""
        question = self.question
        return question.method, question.metric, question.raw, question.top, self.candidates


def solve_analogy(
    space: VectorSpace, expression: "str | Expression | ArrayLike", **options: Unpack[AnalogyOptions]
) -> Ranking:
    """The k words (default 10) that best complete an expression such as `king - man + woman`.

    `man king woman` and `man:king::woman:?` are equivalent. Options: `method` (`3cosadd`, `3cosmul`,
    `pairdirection`); `metric` (`cosine`, `dot`, `euclidean`); `raw`, to use the terms without scaling them to unit
    length (implied by `dot` and `euclidean`, which depend on lengths); `k`; `top`, to search only the most frequent
    words; `among`, to search only these words (`skip_unknown` skips unknown ones); `include_inputs`; `expect`, a word
    whose ranks are reported. The words of the expression are excluded from the answers unless `include_inputs`;
    `inputs` reports the rank they would have had. A vector [dim] can stand in place of the expression; it has no
    words, so nothing is excluded, and the method is `3cosadd`. Raises UnknownWord, ExpressionSyntaxError, UsageProblem.

        solve_analogy(glove, "king - man + woman", k=1).results  # (Answer(rank=1, word='queen', score=0.85236),)
    """
    return _answer_one(space, RankingQuestion(directions.as_asked(expression), **options), triple=True)


def find_neighbors(
    space: VectorSpace, expression: "str | Expression | ArrayLike", **options: Unpack[NeighborsOptions]
) -> Ranking:
    """The k words (default 10) nearest to a word, an expression or a vector, by cosine, dot product or distance.

    The options are those of `solve_analogy` without `method`; three bare words are not an analogy here. With a vector
    [dim], nothing is excluded: `space["tower"]` has the answers of "tower" with `include_inputs`.

        find_neighbors(glove, "tower", k=1).results  # (Answer(rank=1, word='towers', score=0.877096),)
        find_neighbors(glove, glove["tower"], k=1).results  # (Answer(rank=1, word='tower', score=1.0),)
    """
    question = RankingQuestion(directions.as_asked(expression), "3cosadd", **options)
    return _answer_one(space, question, triple=False)


def _answer_one(space: VectorSpace, question: RankingQuestion, *, triple: bool) -> Ranking:
    answer = next(answer_many(space, [question], triple=triple))
    if isinstance(answer, EmbcliError):
        raise answer
    return answer


def answer_many(
    space: VectorSpace, questions: Sequence[RankingQuestion], *, triple: bool = True
) -> Iterator[Ranking | EmbcliError]:
    """The answers of `solve_analogy` (of `find_neighbors` when not `triple`) or their errors, in order.

    Questions with the same options are answered in blocks that share matrix products, in bounded memory.
    """
    for first in range(0, len(questions), QUESTIONS_AT_ONCE):
        block = questions[first : first + QUESTIONS_AT_ONCE]
        space.prefetch(word for question in block for word in _words_of(question, triple))
        prepared = [_attempt(_prepare, space, question, triple) for question in block]
        alike: dict[tuple[Any, ...], dict[int, ResolvedQuestion]] = {}
        for number, asked in enumerate(prepared):
            if isinstance(asked, ResolvedQuestion):
                alone = number if asked.depth > DEEPEST_SHARED else None
                alike.setdefault((*asked.group, alone), {})[number] = asked
        found: dict[int, Found | EmbcliError] = {}
        for group in alike.values():
            together = _attempt(_find, space, list(group.values()))
            if isinstance(together, InputOutputProblem):  # a server that fails, for other questions, too
                raise together
            if isinstance(together, EmbcliError):  # a damaged store
                found |= dict.fromkeys(group, together)
            else:
                found |= dict(zip(group, together, strict=True))
        for number, asked in enumerate(prepared):
            if isinstance(asked, EmbcliError):
                yield asked
            elif isinstance(one := found[number], EmbcliError):
                yield one
            else:
                ranking = _answer(space, asked, one)
                yield ranking if triple else ranking._replace(schema=NEIGHBORS_SCHEMA)


def _words_of(question: RankingQuestion, triple: bool) -> tuple[str, ...]:
    """The words of a question; none if it cannot be parsed, which is reported in its turn."""
    try:
        return directions.words_of(directions.read(question.expression, triple=triple))
    except EmbcliError:
        return ()


def _attempt(function: Callable[..., Returned], *arguments: Any) -> Returned | EmbcliError:
    """The result of a function, or the error that it raises."""
    try:
        return function(*arguments)
    except EmbcliError as error:
        return error


def _prepare(space: VectorSpace, question: RankingQuestion, triple: bool) -> "ResolvedQuestion":
    """Check a question and look up its words."""
    _check_choice("method", question.method, ANALOGY_METHODS)
    _check_choice("metric", question.metric, METRICS)
    for name, number in (("k", question.k), ("top", question.top)):
        if number is not None and number < 1:
            raise UsageProblem(f"{name} must be at least 1, not {number}", f"for example {name}=10")
    if question.method != "3cosadd" and (question.metric != "cosine" or question.raw):
        raise UsageProblem(f"{question.method} is defined for cosines of unit vectors", "remove --metric and --raw")
    if question.among is not None and question.top is not None:
        raise UsageProblem(
            "a choice of words (--among) and a vocabulary size (--vocab) exclude each other", "remove one of them"
        )
    if question.among is not None and not question.among:
        raise UsageProblem("there are no words to search among", "name some candidates")
    if question.skip_unknown and question.among is None:
        raise UsageProblem("skip_unknown applies only to the candidates of --among", "add --among, or remove it")
    raw = question.raw or question.metric != "cosine"
    combined = directions.combine(space, directions.read(question.expression, triple=triple), unit=not raw)
    found = combined.found
    expected = None
    if question.expect is not None:
        found = found.joined(space.resolve_all([question.expect]))
        expected = found.rows[-1]
        if not space.has_row(expected):
            raise UnknownWord(space.word(expected), (), space.name)
    candidates = None
    if question.among is not None:
        among = resolve_words(space, question.among, skip_unknown=question.skip_unknown)
        candidates, found = tuple(sorted(set(among.rows))), found.joined(among)
    _check_form(space, question.method, combined)
    return ResolvedQuestion(question._replace(raw=raw), combined, expected, found, candidates)


def _check_form(space: VectorSpace, method: str, combined: Combination) -> None:
    """Check that a method is defined for the terms of a question. Raises UsageProblem."""
    if method != "3cosadd" and not combined.terms:
        raise UsageProblem(f"{method} requires words, not a vector", "use 3cosadd, or give an expression")
    weights = [weight for _, weight in combined.terms]
    if method == "3cosmul" and not any(weight > 0 for weight in weights):
        raise UsageProblem("3cosmul requires a word with a positive weight", "use 3cosadd")
    if method == "pairdirection":
        if sorted(weights) != [-1, 1, 1]:
            raise UsageProblem("pairdirection requires the form b - a + c", "for example king - man + woman")
        b, a = unit_rows(space.float64([row for row, _ in _tail_last(combined)[:2]]))
        if not lengths((b - a)[None])[0] > NO_STEP:
            raise UsageProblem("the pair has no direction: both vectors are parallel", "choose two other words")


def _answer(space: VectorSpace, asked: "ResolvedQuestion", found: Found) -> Ranking:
    question, combined = asked.question, asked.combined
    sign = -1.0 if question.metric == "euclidean" else 1.0
    places = {
        row: Answer(rank, space.word(row), sign * score + 0.0)
        for row, (rank, score) in zip(asked.wanted, found.places, strict=True)
    }
    least_ranks = {
        space.word(row): least for row, least in zip(asked.wanted, found.least_ranks, strict=False) if least is not None
    }
    inputs = {row: places[row] for row in combined.rows}
    excluded = () if question.include_inputs else tuple(inputs)
    listed = zip(found.rows.tolist(), found.scores.tolist(), strict=True)
    answers = [(row, sign * score + 0.0) for row, score in listed if row not in excluded][: question.k]
    return Ranking(
        schema="embcli.analogy/1",
        model=ModelCard.of(space, exact=found.is_exact),
        query=RankingQuery(
            expression=directions.describe(combined),
            method=question.method,
            metric=question.metric,
            raw=question.raw,
            k=question.k,
            terms=tuple(WeightedWord(*term) for term in combined.terms),
            exclude_inputs=bool(inputs) and not question.include_inputs,
            top=question.top,
            **reported(asked.found),
            among=None if asked.candidates is None else len(asked.candidates),
        ),
        results=tuple(Answer(i, space.word(row), value) for i, (row, value) in enumerate(answers, start=1)),
        inputs=tuple(inputs.values()),
        expected=None if asked.expected is None else _expected(inputs, asked.expected, places[asked.expected]),
        least_ranks=least_ranks or None,
    )


def _expected(inputs: dict[int, Answer], row: int, place: Answer) -> Expected:
    """The ranks of a word without and with the inputs; None if not searched, or excluded as an input."""
    rank = None
    if row not in inputs and place.rank is not None:
        ahead = [other for other in inputs.values() if other.rank is not None and other.rank < place.rank]
        rank = place.rank - len(ahead)
    return Expected(place.word, rank, place.rank, place.score)


def _find(space: VectorSpace, group: Sequence[ResolvedQuestion]) -> list[Found]:
    """The best rows of each question of a group, and the ranks of its wanted rows."""
    method, metric, raw, top, candidates = group[0].group
    terms = [_tail_last(asked.combined) for asked in group]
    vectors = np.stack([asked.combined.vector for asked in group])
    searches = [Search(asked.depth, asked.wanted) for asked in group]
    formula: Formula
    if method == "3cosmul":
        formula = ProductsOfCosines(space, terms)
    elif method == "pairdirection":
        formula = PairDirections(space, terms)
    elif metric == "cosine" and not raw and shares_terms(terms):
        formula = SumsOfCosines(space, terms, vectors)
    else:
        kind = FORMULAS[metric]
        parts = [slice(i, i + PRODUCTS_AT_ONCE) for i in range(0, len(group), PRODUCTS_AT_ONCE)]
        found = (_search(space, kind(space, vectors[part]), searches[part], top, candidates) for part in parts)
        return [one for some in found for one in some]
    return _search(space, formula, searches, top, candidates)


def _search(
    space: VectorSpace, formula: Formula, searches: Sequence[Search], top: int | None, candidates: Sequence[int] | None
) -> list[Found]:
    if candidates is None:
        return search(space, formula, searches, top)
    return search_among(space, formula, searches, np.array(candidates, np.intp))


def _tail_last(combined: Combination) -> list[tuple[int, float]]:
    """The terms as rows and weights, with the last term of weight 1, or else of positive weight, moved to the end."""
    if not combined.terms:
        return []
    terms = [(row, weight) for row, (_, weight) in zip(combined.rows, combined.terms, strict=True)]
    tail = max(range(len(terms)), key=lambda i: (terms[i][1] == 1, terms[i][1] > 0, i))
    return [*terms[:tail], *terms[tail + 1 :], terms[tail]]


def _check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise UsageProblem(f'unknown {name} "{value}"', f"use one of {', '.join(choices)}")
