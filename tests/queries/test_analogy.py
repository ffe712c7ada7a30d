"""Analogies and neighbours: by hand on the toy space; on GloVe against published figures and the formulas."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy import WORDS

import embcli
from embcli.errors import ExpressionSyntaxError, UnknownWord, UsageProblem
from embcli.queries.analogy import ANALOGY_METHODS
from embcli.queries.expression import parse
from embcli.results.analogy import Answer, Ranking
from embcli.vectors.space import VectorSpace

Floats = npt.NDArray[np.float64]
Scored = list[tuple[str, float]]

ANALOGY = "king - man + woman"  # of the toy space: exactly queen
# Every word of the toy space by its distance from queen, ties in row order; see toy.py for the scores.
BY_QUEEN = {
    0: ["queen", "empress"],
    1: ["woman", "king", "princess"],
    2: ["man", "prince", "girl", "women"],
    3: ["boy", "men", "cat"],
    4: ["cats", "kitten"],
    5: ["kittens"],
}
ALL = [word for words in BY_QUEEN.values() for word in words]
OTHERS = [word for word in ALL if word not in ("king", "man", "woman")]
DISTANCES = {word: d for d, words in BY_QUEEN.items() for word in words}


def words_of(answers: Sequence[Answer]) -> list[str]:
    return [answer.word for answer in answers]


def scored(answers: Sequence[Answer], decimals: int = 6) -> Scored:
    return [(answer.word, round(answer.score, decimals)) for answer in answers]


# --- By hand ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "expression",
    [
        ANALOGY,
        "man king woman",
        "man:king::woman:?",
        "woman + king - man",
        "2*(king - man + woman)",
        "queen + king - king",
    ],
)
def test_king_minus_man_plus_woman_is_queen(toy: VectorSpace, expression: str) -> None:
    best, tied = embcli.solve_analogy(toy, expression, include_inputs=True).results[:2]
    assert (best.rank, best.word, best.score) == (1, "queen", 1)
    assert (tied.rank, tied.word, tied.score) == (2, "empress", 1)  # three times as long, and rarer


def test_the_whole_ranking_can_be_worked_out_on_paper(toy: VectorSpace) -> None:
    ranking = embcli.solve_analogy(toy, ANALOGY, k=100)
    assert scored(ranking.results) == [(word, round(1 - 2 * DISTANCES[word] / 5, 6)) for word in OTHERS]
    assert [answer.rank for answer in ranking.results] == list(range(1, 13))
    assert scored(ranking.inputs) == [("king", 0.6), ("man", 0.2), ("woman", 0.6)]
    assert [answer.rank for answer in ranking.inputs] == [4, 6, 3]


def test_inputs_may_answer_when_they_are_allowed_to(toy: VectorSpace) -> None:
    ranking = embcli.solve_analogy(toy, ANALOGY, k=5, include_inputs=True)
    assert words_of(ranking.results) == ["queen", "empress", "woman", "king", "princess"]
    assert [answer.rank for answer in ranking.inputs] == [4, 6, 3]
    assert not ranking.query.exclude_inputs


def test_k_answers_are_given_beside_the_inputs(toy: VectorSpace) -> None:
    for k in range(1, 16):
        assert words_of(embcli.solve_analogy(toy, ANALOGY, k=k).results) == OTHERS[:k]
        assert words_of(embcli.solve_analogy(toy, ANALOGY, k=k, include_inputs=True).results) == ALL[:k]


def test_an_input_named_twice_stands_once_among_the_inputs(toy: VectorSpace) -> None:
    ranking = embcli.solve_analogy(toy, "king + king - man + woman - king", k=15)
    assert scored(ranking.inputs) == [("king", 0.6), ("man", 0.2), ("woman", 0.6)]
    assert words_of(ranking.results) == OTHERS


def test_the_dot_product_rewards_length(toy: VectorSpace) -> None:
    ranking = embcli.solve_analogy(toy, ANALOGY, metric="dot", k=3)
    assert scored(ranking.results) == [("empress", 15), ("queen", 5), ("princess", 3)]
    assert ranking.query.raw


def test_the_euclidean_distance_puts_the_smallest_first(toy: VectorSpace) -> None:
    ranking = embcli.solve_analogy(toy, ANALOGY, metric="euclidean", k=100)
    nearest = [("queen", 0.0), ("princess", 2.0), ("prince", 2.828427), ("girl", 2.828427), ("women", 2.828427)]
    assert scored(ranking.results)[:5] == nearest
    assert scored(ranking.results)[-2:] == [("kittens", 4.472136), ("empress", 4.472136)]  # both √20 away
    assert scored(ranking.inputs) == [("king", 2), ("man", 2.828427), ("woman", 2)]
    assert [answer.rank for answer in ranking.inputs] == [3, 5, 2]


def test_unit_length_takes_the_length_out_of_the_terms_and_raw_leaves_it_in(toy: VectorSpace) -> None:
    # empress is 3 x queen: the unit vectors ê = q̂ cancel, but e - q = 2q remains with plain vectors.
    with pytest.raises(UsageProblem):
        embcli.solve_analogy(toy, "empress - queen")
    assert embcli.solve_analogy(toy, "empress - queen", raw=True, k=1).results[0].word == "woman"
    unit = embcli.solve_analogy(toy, "empress + cat", include_inputs=True)
    raw = embcli.solve_analogy(toy, "empress + cat", include_inputs=True, raw=True)
    # cos(v, ê + ĉ): ê·ĉ = -.2, so (1 - .2) / √(2 - .4); plain e + c = (2, 2, -4, -4, -2), of length √44.
    assert dict(scored(unit.results))["queen"] == pytest.approx(0.8 / 1.6**0.5, abs=1e-6)
    assert dict(scored(raw.results))["queen"] == pytest.approx((3 * 5 - 1) / (5 * 44) ** 0.5, abs=1e-6)


def test_3cosmul_multiplies_the_similarities(toy: VectorSpace) -> None:
    # s(v, t) = (1 + cos) / 2 = 1 - d/5; queen is 1, 1 and 2 axes from king, woman and man.
    ranking = embcli.solve_analogy(toy, ANALOGY, method="3cosmul", k=100, include_inputs=True)
    scores = dict(scored(ranking.results))
    assert words_of(ranking.results)[:2] == ["queen", "empress"]
    assert scores["queen"] == scores["empress"] == round(0.8 * 0.8 / (0.6 + 1e-6), 6)
    assert scores["king"] == round(1 * 0.6 / (0.8 + 1e-6), 6)
    assert scores["kittens"] == round(0.2 * 0.2 / (0.4 + 1e-6), 6)
    weighted = embcli.solve_analogy(toy, "2*king - 0.5*man", method="3cosmul", k=100)
    assert dict(scored(weighted.results))["queen"] == round(0.8**2 / (0.6**0.5 + 1e-6), 6)


def test_pairdirection_asks_for_the_direction_alone(toy: VectorSpace) -> None:
    # queen - woman has exactly the direction of king - man; princess - woman differs in one axis.
    ranking = embcli.solve_analogy(toy, ANALOGY, method="pairdirection", k=100)
    scores = dict(scored(ranking.results))
    assert words_of(ranking.results)[:3] == ["queen", "empress", "princess"]
    assert [scores[word] for word in ("queen", "empress", "princess", "prince", "girl")] == [1, 1, 0.707107, 0.57735, 0]
    assert scored(ranking.inputs) == [("king", 0.707107), ("man", 0), ("woman", 0)]


def test_top_searches_the_most_frequent_words_only(toy: VectorSpace) -> None:
    # The first five: man, woman, king, queen, prince.
    ranking = embcli.solve_analogy(toy, "prince - boy + girl", top=5, k=10, include_inputs=True, expect="princess")
    assert words_of(ranking.results) == ["queen", "prince", "woman", "king", "man"]
    assert [(answer.word, answer.rank) for answer in ranking.inputs] == [("prince", 2), ("boy", None), ("girl", None)]
    assert ranking.expected == ("princess", None, None, 1.0)
    assert ranking.missed


@pytest.mark.parametrize(
    ("expect", "rank", "rank_with_inputs", "score"),
    [("queen", 1, 1, 1), ("empress", 2, 2, 1), ("princess", 3, 5, 0.6), ("boy", 7, 10, -0.2), ("kittens", 12, 15, -1)],
)
def test_expect_tells_both_ranks_of_a_word(
    toy: VectorSpace, expect: str, rank: int, rank_with_inputs: int, score: float
) -> None:
    for include_inputs in (False, True):
        ranking = embcli.solve_analogy(toy, ANALOGY, k=1, expect=expect, include_inputs=include_inputs)
        assert ranking.expected == (expect, rank, rank_with_inputs, score)
        assert ranking.missed == (expect != "queen")


def test_an_expected_input_has_no_rank_while_inputs_are_barred(toy: VectorSpace) -> None:
    ranking = embcli.solve_analogy(toy, ANALOGY, expect="King")
    assert ranking.expected == ("king", None, 4, 0.6)
    assert ranking.missed
    assert ranking.query.resolved == {"King": "king"}


def test_whether_an_expected_input_answers_depends_on_the_inputs_being_allowed(toy: VectorSpace) -> None:
    barred = embcli.find_neighbors(toy, "king", expect="king")
    allowed = embcli.find_neighbors(toy, "king", expect="king", include_inputs=True)
    assert (barred.missed, allowed.missed) == (True, False)
    assert embcli.find_neighbors(toy, "king", expect="man", include_inputs=True).missed
    assert not embcli.find_neighbors(toy, "king", expect="man").missed
    assert not embcli.find_neighbors(toy, "king").missed  # nothing was expected


def test_the_question_is_repeated_as_understood(toy: VectorSpace) -> None:
    query = embcli.solve_analogy(toy, "0.5*KING − (man - Woman)", k=3, top=9).query
    assert query.expression == "0.5*king - man + woman"
    assert query.terms == (("king", 0.5), ("man", -1.0), ("woman", 1.0))
    assert query.resolved == {"KING": "king", "Woman": "woman"}
    assert (query.method, query.metric, query.raw, query.k, query.top) == ("3cosadd", "cosine", False, 3, 9)
    assert query.exclude_inputs


def test_neighbors_of_a_word_differ_from_it_on_the_fewest_axes(toy: VectorSpace) -> None:
    ranking = embcli.find_neighbors(toy, "king", k=4)
    assert scored(ranking.results) == [("man", 0.6), ("queen", 0.6), ("prince", 0.6), ("empress", 0.6)]
    assert ranking.inputs == ((1, "king", 1.0),)
    assert ranking.schema == "embcli.neighbors/1"
    with pytest.raises(ExpressionSyntaxError):
        embcli.find_neighbors(toy, "man king woman")


@pytest.mark.parametrize(
    "ask",
    [
        lambda toy: embcli.solve_analogy(toy, "king - king"),
        lambda toy: embcli.solve_analogy(toy, "king - 0.5*king - 0.5*king"),
        lambda toy: embcli.solve_analogy(toy, "0*king"),
        lambda toy: embcli.solve_analogy(toy, "empress - 3*queen", raw=True),
        lambda toy: embcli.solve_analogy(toy, "1e40*king"),
        lambda toy: embcli.solve_analogy(toy, "king", k=0),
        lambda toy: embcli.solve_analogy(toy, "king", top=0),
        lambda toy: embcli.solve_analogy(toy, "king", method="3cosdiv"),
        lambda toy: embcli.solve_analogy(toy, "king", metric="manhattan"),
        lambda toy: embcli.solve_analogy(toy, ANALOGY, method="3cosmul", raw=True),
        lambda toy: embcli.solve_analogy(toy, ANALOGY, method="3cosmul", metric="dot"),
        lambda toy: embcli.solve_analogy(toy, ANALOGY, method="pairdirection", metric="euclidean"),
        lambda toy: embcli.solve_analogy(toy, "- king - man", method="3cosmul"),
        lambda toy: embcli.solve_analogy(toy, "king - man", method="pairdirection"),
        lambda toy: embcli.solve_analogy(toy, "2*king - man + woman", method="pairdirection"),
        lambda toy: embcli.solve_analogy(toy, "queen - empress + cat", method="pairdirection"),
    ],
)
def test_a_question_without_an_answer_is_refused(toy: VectorSpace, ask: Callable[[VectorSpace], Ranking]) -> None:
    with pytest.raises(UsageProblem) as caught:
        ask(toy)
    assert caught.value.hint


@pytest.mark.parametrize("options", [{"expression": "king - mann"}, {"expression": ANALOGY, "expect": "mann"}])
def test_an_unknown_word_is_an_error_wherever_it_stands(toy: VectorSpace, options: dict[str, str]) -> None:
    with pytest.raises(UnknownWord) as caught:
        embcli.solve_analogy(toy, options["expression"], expect=options.get("expect"))
    assert caught.value.word == "mann"
    assert "man" in caught.value.suggestions


def test_every_word_of_the_toy_space_is_its_own_nearest(toy: VectorSpace) -> None:
    for word in WORDS[:-1]:
        best = embcli.find_neighbors(toy, word, k=1, include_inputs=True).results[0]
        assert (best.word, best.score) == (word, 1)


@st.composite
def copies(draw: st.DrawFn) -> list[list[int]]:
    """Rows that are copies, multiples or zero multiples of a few short vectors."""
    dim = draw(st.integers(2, 4))
    vector = st.lists(st.integers(-2, 2), min_size=dim, max_size=dim)
    bases = draw(st.lists(vector.filter(any), min_size=3, max_size=5))
    made = draw(st.lists(st.tuples(st.sampled_from(bases), st.sampled_from([1, 2, 3, 0])), max_size=12))
    return [*bases, *([factor * number for number in base] for base, factor in made)]


@pytest.mark.slow
@pytest.mark.parametrize("method", ANALOGY_METHODS)
@given(vectors=copies())
def test_a_word_has_one_place_however_it_is_asked_for(method: str, vectors: list[list[int]]) -> None:
    space = VectorSpace.from_words([f"w{row}" for row in range(len(vectors))], vectors)

    def ask(k: int, expect: str) -> Ranking:
        return embcli.solve_analogy(space, "w1 - w0 + w2", method=method, k=k, include_inputs=True, expect=expect)

    try:
        everything = ask(len(space), "w0").results
    except UsageProblem:  # w0 and w1 are parallel, or the terms cancel
        return
    assert sorted(everything, key=lambda answer: (-answer.score, int(answer.word[1:]))) == list(everything)
    if everything[0].score > 1e5:  # near the opposite of w0, 3CosMul divides by ε, which amplifies rounding errors
        return
    for k, answer in enumerate(everything, start=1):
        ranking = ask(k, answer.word)
        assert ranking.results == everything[:k]
        assert ranking.expected is not None
        assert (ranking.expected.rank_with_inputs, ranking.expected.score) == (k, answer.score)


def test_pairdirection_is_exact_among_words_that_crowd_around_one() -> None:
    # Here 2 - 2 cos(v, c) in float32 is only rounding error.
    chance = np.random.default_rng(2014)
    ends = chance.normal(size=(3, 20))
    vectors = np.concatenate([ends, ends[2] + 3e-4 * chance.normal(size=(5000, 20))]).astype(np.float32)
    space = VectorSpace.from_words([f"w{row}" for row in range(len(vectors))], vectors)
    plain = vectors.astype(np.float64)
    unit = plain / np.linalg.norm(plain, axis=1)[:, None]
    d, steps = unit[1] - unit[0], unit - unit[2]
    lengths = np.linalg.norm(steps, axis=1)
    scores = np.divide(steps @ d / np.linalg.norm(d), lengths, out=np.zeros(len(unit)), where=lengths > 0)
    ranking = embcli.solve_analogy(space, "w1 - w0 + w2", method="pairdirection", k=50, expect="w4000")
    assert_ranked_by(scores, space, ranking)


# --- The figures on GloVe -----------------------------------------------------------------------------


def test_king_minus_man_plus_woman_on_glove(glove: VectorSpace) -> None:
    ranking = embcli.solve_analogy(glove, ANALOGY, k=5, expect="queen")
    assert scored(ranking.results, 4) == [
        ("queen", 0.8524),
        ("throne", 0.7664),
        ("prince", 0.7592),
        ("daughter", 0.7474),
        ("elizabeth", 0.7460),
    ]
    assert ranking.expected is not None
    assert (ranking.expected.rank, ranking.expected.rank_with_inputs) == (1, 2)


def test_with_plain_vectors_and_inputs_allowed_king_itself_is_nearest(glove: VectorSpace) -> None:
    ranking = embcli.solve_analogy(glove, ANALOGY, raw=True, include_inputs=True, k=2, expect="queen")
    assert scored(ranking.results, 4) == [("king", 0.8860), ("queen", 0.8610)]
    assert ranking.missed


@pytest.mark.parametrize(
    ("expression", "word", "score"),
    [("hitler + italy - germany", "mussolini", 0.8580), ("sushi + germany - japan", "gourmet", 0.7258)],
)
def test_the_best_answer_on_glove(glove: VectorSpace, expression: str, word: str, score: float) -> None:
    assert scored(embcli.solve_analogy(glove, expression, k=1).results, 4) == [(word, score)]


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("cosine", [("towers", 0.877), ("gate", 0.793), ("building", 0.787), ("built", 0.780), ("roof", 0.778)]),
        (
            "euclidean",
            [("towers", 2.430), ("gate", 3.044), ("building", 3.429), ("skyscraper", 3.443), ("roof", 3.470)],
        ),
    ],
)
def test_neighbors_of_tower_on_glove(glove: VectorSpace, metric: str, expected: Scored) -> None:
    assert scored(embcli.find_neighbors(glove, "tower", metric=metric, k=5).results, 3) == expected


# --- The formulas, over all of GloVe in float64 ---------------------------------------------------------


@pytest.fixture(scope="module")
def matrix(glove: VectorSpace) -> Floats:
    """V in float64."""
    return glove.vectors.astype(np.float64)


@pytest.fixture(scope="module")
def units(matrix: Floats) -> Floats:
    """Unit vectors of all rows; GloVe has no zero row."""
    units: Floats = matrix / np.sqrt(np.einsum("ij,ij->i", matrix, matrix))[:, None]
    return units


def assert_ranked_by(scores: Floats, glove: VectorSpace, ranking: Ranking, *, smallest_first: bool = False) -> None:
    """Check the ranks of answers, inputs and the expected word against a sort of all scores."""
    is_length = ranking.query.metric != "cosine"
    scores = np.array([float(f"{one:.9g}") for one in scores]) if is_length else np.round(scores, 6)
    scores = scores[: ranking.query.top]
    order = np.argsort(scores if smallest_first else -scores, kind="stable")
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(1, len(order) + 1)
    inputs = {glove.vocabulary.row(term.word) for term in ranking.query.terms}
    barred = inputs if ranking.query.exclude_inputs else set()
    best = [row for row in order[: ranking.query.k + len(inputs)] if row not in barred][: ranking.query.k]
    assert [(one.word, one.score) for one in ranking.results] == [(glove.vocabulary[row], scores[row]) for row in best]

    assert {glove.vocabulary.row(answer.word) for answer in ranking.inputs} == inputs
    for answer in ranking.inputs:
        row = glove.vocabulary.row(answer.word)
        assert (answer.rank, answer.score) == (places[row], scores[row])
    assert ranking.expected is not None
    row = glove.vocabulary.row(ranking.expected.word)
    ahead = sum(places[other] < places[row] for other in inputs)
    assert ranking.expected.rank_with_inputs == places[row]
    assert ranking.expected.rank == (None if row in inputs else places[row] - ahead)


QUESTIONS = [
    "king - man + woman",
    "2*paris - 2*france + 0.5*italy",
    "- cold",
    "dog + cat + mouse - animal - pet",
    "1.5*the + of / 3",
]


@pytest.mark.slow
@pytest.mark.parametrize("expression", QUESTIONS)
@pytest.mark.parametrize("options", [{}, {"raw": True, "include_inputs": True}, {"top": 20_000, "k": 50}])
def test_3cosadd_is_the_cosine_with_the_sum(
    glove: VectorSpace, matrix: Floats, units: Floats, expression: str, options: dict[str, Any]
) -> None:
    ranking = embcli.solve_analogy(glove, expression, expect="queen", **options)
    terms = matrix if options.get("raw") else units
    q = sum(weight * terms[glove.vocabulary.row(word)] for word, weight in parse(expression).terms)
    assert_ranked_by(units @ q / np.linalg.norm(q), glove, ranking)


@pytest.mark.slow
@pytest.mark.parametrize("expression", QUESTIONS)
def test_dot_and_euclidean_measure_plain_vectors(glove: VectorSpace, matrix: Floats, expression: str) -> None:
    q = sum(weight * matrix[glove.vocabulary.row(word)] for word, weight in parse(expression).terms)
    assert_ranked_by(matrix @ q, glove, embcli.solve_analogy(glove, expression, metric="dot", expect="italy"))
    distances = np.sqrt(np.square(matrix - q).sum(axis=1))
    ranking = embcli.solve_analogy(glove, expression, metric="euclidean", expect="italy")
    assert_ranked_by(distances, glove, ranking, smallest_first=True)


@pytest.mark.parametrize(("expression", "k"), [(ANALOGY, 10), ("2*paris - 0.5*france + italy - rome", 3), ("dog", 40)])
def test_3cosmul_is_its_formula(glove: VectorSpace, units: Floats, expression: str, k: int) -> None:
    above, below = np.ones(len(units)), np.ones(len(units))
    for word, weight in parse(expression).terms:
        similarity = ((1 + units @ units[glove.vocabulary.row(word)]) / 2) ** abs(weight)
        if weight > 0:
            above *= similarity
        else:
            below *= similarity
    ranking = embcli.solve_analogy(glove, expression, method="3cosmul", k=k, expect="queen")
    assert_ranked_by(above / (below + 1e-6), glove, ranking)


@pytest.mark.parametrize(("a", "b", "c"), [("man", "king", "woman"), ("france", "paris", "italy")])
@pytest.mark.parametrize("top", [None, 5000])
def test_pairdirection_is_its_formula(
    glove: VectorSpace, units: Floats, a: str, b: str, c: str, top: int | None
) -> None:
    start, end, origin = (units[glove.vocabulary.row(word)] for word in (a, b, c))
    steps = units - origin
    lengths = np.linalg.norm(steps, axis=1)
    cosines = steps @ (end - start) / np.linalg.norm(end - start)
    scores = np.divide(cosines, lengths, out=np.zeros(len(units)), where=lengths > 0)
    ranking = embcli.solve_analogy(glove, f"{b} - {a} + {c}", method="pairdirection", top=top, expect=a)
    assert_ranked_by(scores, glove, ranking)
