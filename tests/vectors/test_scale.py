"""Multiplying a space by a constant, or permuting its rows, changes no answer."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import embcli
from embcli.errors import UsageProblem
from embcli.evaluation.question_sets import QuestionItem, Section
from embcli.evaluation.ratings import Rating
from embcli.queries.analogy import ANALOGY_METHODS, METRICS
from embcli.vectors.arithmetic import dot_products, lengths, round_cosines, round_lengths
from embcli.vectors.space import VectorSpace

Floats = npt.NDArray[np.float64]

POWERS = st.integers(-26, 26).map(lambda power: 2.0**power)
OTHERS = st.sampled_from([3.0, 10.0, 1e-4, 0.1, 1 / 3, 7.3e5])
# Dot products of three words: analogies of any method, and others.
EXPRESSIONS = ("w0", "w1 - w2 + w0", "0.5*w3 + 2*w1", "w4 - w5")


class Vectors(NamedTuple):
    words: list[str]
    matrix: Floats

    def space(self, scale: float = 1.0) -> VectorSpace:
        return VectorSpace.from_words(self.words, self.matrix * scale, "some")


@st.composite
def spaces(draw: st.DrawFn, steps: Sequence[float] = (0.0, 2.0**-18, 2.0**-10)) -> Vectors:
    """Rows of three lengths that tie, nearly tie (by one step), or are opposite."""
    dim, rows = draw(st.integers(2, 6)), draw(st.integers(6, 300))
    chance = np.random.default_rng(draw(st.integers(0, 2**32)))
    base = chance.integers(-3, 4, (draw(st.integers(6, 12)), dim))
    matrix = base[chance.integers(0, len(base), rows)] * chance.choice([1.0, 1.0, 3.0, 1 / 16], (rows, 1))
    matrix[:6] = base[:6]
    step = draw(st.sampled_from(steps))
    return Vectors([f"w{i}" for i in range(rows)], matrix * (1 + step * chance.integers(-2, 3, (rows, dim))))


def answers_of(space: VectorSpace) -> dict[str, Any]:
    """The scale-independent parts of all commands' answers: orders, signs, separations, counts."""
    words = list(space.vocabulary)
    some = words[: min(12, len(words))]
    pairs = [(a, b) for a in some for b in some]
    found: dict[str, Any] = {}

    def ask(name: str, view: Callable[[Any], Any], question: Callable[..., Any], *args: Any, **options: Any) -> None:
        try:
            found[name] = view(question(space, *args, **options))
        except UsageProblem as error:  # some expressions are the zero vector, at every scale
            found[name] = error.message

    def ranks(ranking: Any) -> Any:
        of_inputs = [(answer.word, answer.rank) for answer in ranking.inputs]
        return listed(ranking), of_inputs, ranking.expected.rank

    def listed(record: Any) -> list[str]:
        return [one.word for one in record.results]

    for expression in EXPRESSIONS:
        for metric in METRICS:
            options = {"metric": metric, "k": 20, "expect": words[-1]}
            ask(f"{metric} of {expression}", ranks, embcli.find_neighbors, expression, **options)
        ask(f"{expression}, sorted", listed, embcli.project, expression, some, sort=True)
        ask(f"{expression}, scanned", listed, embcli.project, expression, scan=5)
        ask(
            f"{expression}, pairs",
            lambda record: (record.separation, record.auc),
            embcli.project,
            expression,
            pairs=pairs,
        )
        ask(f"softmax {expression}", listed, embcli.weigh_candidates, expression, some)
        ask(f"softmax {expression}, all", listed, embcli.weigh_candidates, expression, everything=True, k=20)
    for method in ANALOGY_METHODS:
        options = {"method": method, "k": 20, "expect": words[-1], "include_inputs": True}
        ask(method, ranks, embcli.solve_analogy, "w1 - w2 + w0", **options)
    ask("odd", listed, embcli.find_odd_one, some)
    ask("similarity", lambda record: [one.sign for one in record.results], embcli.compare_words, pairs)
    section = Section("pairs", tuple(QuestionItem((a,), (b,)) for a, b in zip(some[::2], some[1::2], strict=False)))
    evaluation = embcli.evaluate_analogies([space], [section], methods=[*ANALOGY_METHODS, "3cosavg"])
    found["evaluate"] = [row.correct for row in evaluation.results]
    ratings = {"some": [Rating(a, b, float(i * 7 % 5)) for i, (a, b) in enumerate(pairwise(some))]}
    found["ratings"] = embcli.evaluate_similarity([space], ratings).results
    return found


@pytest.mark.slow
@settings(max_examples=60)
@given(spaces(steps=(0.0, 2.0**-6)), POWERS)
def test_a_power_of_two_changes_no_answer(vectors: Vectors, scale: float) -> None:
    # float32 multiplies by it without rounding, and no scores differ only in the tenth digit, which is not printed.
    assert answers_of(vectors.space(scale)) == answers_of(vectors.space())


def assert_same_order(words: Sequence[str], scores: dict[str, float], highest_first: bool) -> None:
    """Check the order of words by scores, except for scores that float32 cannot distinguish."""
    listed = np.array([scores[word] for word in words]) * (1 if highest_first else -1)
    blur = 2.0**-18 * max(np.abs(list(scores.values())).max(), 1e-300)
    assert (listed[1:] - listed[:-1] <= blur).all()


@settings(max_examples=60)
@given(spaces(), OTHERS, st.sampled_from(METRICS), st.sampled_from(EXPRESSIONS))
def test_another_constant_changes_no_order_but_of_ties(
    vectors: Vectors, scale: float, metric: str, expression: str
) -> None:
    options: dict[str, Any] = {"metric": metric, "k": len(vectors.words), "include_inputs": True}
    try:
        before = embcli.find_neighbors(vectors.space(), expression, **options)
    except UsageProblem:
        assume(False)
    after = embcli.find_neighbors(vectors.space(scale), expression, **options)
    scores = {answer.word: answer.score for answer in before.results}
    assert_same_order([answer.word for answer in after.results], scores, metric != "euclidean")
    factor = {"cosine": 1.0, "dot": scale**2, "euclidean": scale}[metric]
    largest = max(abs(score) for score in scores.values())
    for answer in after.results:
        assert abs(answer.score - factor * scores[answer.word]) <= factor * largest * 2.0**-18 + 2e-6 * (
            metric == "cosine"
        )


@settings(max_examples=60)
@given(spaces(), st.randoms(use_true_random=False), st.sampled_from(METRICS), st.sampled_from(EXPRESSIONS))
def test_another_order_of_the_rows_changes_nothing_but_ties(
    vectors: Vectors, chance: Any, metric: str, expression: str
) -> None:
    order = list(range(len(vectors.words)))
    chance.shuffle(order)
    shuffled = Vectors([vectors.words[i] for i in order], vectors.matrix[order])
    options: dict[str, Any] = {"metric": metric, "k": len(order), "include_inputs": True, "expect": "w3"}
    try:
        before = embcli.find_neighbors(vectors.space(), expression, **options)
    except UsageProblem:
        assume(False)
    after = embcli.find_neighbors(shuffled.space(), expression, **options)
    assert {answer.word: answer.score for answer in after.results} == {a.word: a.score for a in before.results}
    assert [answer.score for answer in after.results] == [answer.score for answer in before.results]
    assert after.expected is not None
    ranks = [answer.rank for answer in before.results if answer.score == after.expected.score]
    assert after.expected.rank_with_inputs in ranks


@pytest.mark.parametrize("metric", METRICS)
def test_one_huge_row_changes_nothing_for_the_others(metric: str) -> None:
    chance = np.random.default_rng(3)
    matrix = chance.standard_normal((3000, 5)) * 1e-3
    words = [f"w{i}" for i in range(len(matrix))]
    alone = embcli.find_neighbors(VectorSpace.from_words(words, matrix), "w7", metric=metric, k=2999)
    huge = np.vstack([matrix, [3000, 4000, 0, 0, 0]])
    beside = embcli.find_neighbors(VectorSpace.from_words([*words, "big"], huge), "w7", metric=metric, k=3000)
    assert [a[1:] for a in beside.results if a.word != "big"] == [answer[1:] for answer in alone.results]


# king and near are nearly parallel, aside and against are not; their products are a few 1e-7.
TINY = {"king": [3e-4, 4e-4], "against": [-3e-4, -4e-4], "aside": [-3e-4, 4e-4], "near": [3e-4, 4.5e-4]}


def test_dot_products_far_below_a_millionth_are_ranked() -> None:
    space = VectorSpace.from_words(list(TINY), list(TINY.values()))
    ranking = embcli.find_neighbors(space, "king", metric="dot")
    assert [answer.word for answer in ranking.results] == ["near", "aside", "against"]
    assert ranking.results[0].score == pytest.approx(2.7e-7)
    [compared] = embcli.compare_words(space, [("king", "near")]).results
    assert (compared.sign, round(compared.cosine, 4)) == ("similar", 0.9985)


@pytest.mark.parametrize("scale", [1e-4, 1e5])
def test_glove_times_a_constant_answers_as_glove_does(glove: VectorSpace, scale: float) -> None:
    head = VectorSpace.from_words(glove.vocabulary[slice(20_000)], glove.vectors[:20_000], "head")
    scaled = VectorSpace.from_words(
        glove.vocabulary[slice(20_000)], glove.vectors[:20_000] * np.float32(scale), "scaled"
    )
    for metric in METRICS:
        one, other = (embcli.find_neighbors(space, "king", metric=metric) for space in (head, scaled))
        assert [answer[:2] for answer in one.results] == [answer[:2] for answer in other.results]
    pairs = [("dog", "dogs"), ("student", "students"), ("house", "houses"), ("one", "nine")]
    one_direction, other_direction = (embcli.project(space, "cats - cat", pairs=pairs) for space in (head, scaled))
    assert one_direction.separation == other_direction.separation == 1.0
    assert one_direction.auc == other_direction.auc
    entry = embcli.as_json(embcli.look_up(scaled, ["king"]))["results"][0]
    assert [np.float32(number) for number in entry["vector"]] == scaled.vectors[scaled.vocabulary.row("king")].tolist()


# --- The arithmetic -------------------------------------------------------------------------------------------


@given(st.integers(1, 600), st.integers(1, 9), st.integers(0, 2**32))
def test_sums_run_from_the_first_dimension_to_the_last(rows: int, dim: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    a, b = chance.standard_normal((2, rows, dim)) * 10.0 ** chance.integers(-8, 9, (2, rows, dim))
    expected = []
    for x, y in zip(a.tolist(), b.tolist(), strict=True):
        total = 0.0
        for i in range(dim):
            total += x[i] * y[i]
        expected.append(total)
    assert dot_products(a, b).tolist() == expected
    assert dot_products(a, b[0]).tolist() == dot_products(a, np.tile(b[0], (rows, 1))).tolist()
    assert lengths(a).tolist() == np.sqrt(dot_products(a, a)).tolist()


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_json_prints_numbers_as_they_were_compared(value: float) -> None:
    from embcli.render.as_json import _rounding_of
    from embcli.results.numbers import Coordinate, Length, Share

    rounded = {kind: _rounding_of(kind) for kind in (Share, Length, Coordinate)}
    assert all(rounded.values())
    length, coordinate = rounded[Length], rounded[Coordinate]
    assert length is not None
    assert coordinate is not None
    assert length(value) == round_lengths(np.array([value]))[0]
    assert np.float32(coordinate(value)) == np.float32(value)
    assert coordinate(value) == float(str(np.float32(value)))  # numpy's shortest
    if abs(value) <= 1:
        share = rounded[Share]
        assert share is not None
        assert share(value) + 0.0 == round_cosines(np.array([value]))[0]
