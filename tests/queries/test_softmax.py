"""Softmax: properties for all logits and temperatures, the film's figures, words as candidates."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import embcli
from embcli.errors import UnknownWord, UsageProblem
from embcli.queries.softmax import entropy, parse_logits, softmax
from embcli.results.softmax import Distribution
from embcli.vectors.space import VectorSpace

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
LOGITS = st.lists(NUMBERS | st.sampled_from([0.0, 1.0, 1.7e308, -1.7e308, 5e-324]), min_size=1, max_size=12)
TEMPERATURES = st.floats(0, 1.7e308) | st.sampled_from([0.0, 5e-324, 1e-300, 0.5, 1.0, 2.0, 1.7e308])

FILM = {
    "Dumbledore": -0.8,
    "Flitwick": -5.0,
    "McGonagall": 0.5,
    "Quirrell": 1.5,
    "Snape": 3.4,
    "Sprout": -2.3,
    "Trelawney": 2.5,
}


@given(LOGITS, TEMPERATURES)
def test_probabilities_are_finite_and_add_up_to_one(logits: list[float], temperature: float) -> None:
    p = softmax(logits, temperature)
    assert p.shape == (len(logits),)
    assert ((p >= 0) & (p <= 1)).all()
    assert math.isclose(p.sum(), 1, rel_tol=1e-12)


@given(LOGITS, TEMPERATURES)
def test_a_larger_logit_never_has_the_smaller_probability(logits: list[float], temperature: float) -> None:
    p = softmax(logits, temperature)
    for i, one in enumerate(logits):
        for j, other in enumerate(logits):
            assert p[i] >= p[j] or one < other
            assert p[i] == p[j] or one != other


@given(LOGITS)
def test_temperature_zero_shares_all_among_the_largest_logits(logits: list[float]) -> None:
    largest = [logit == max(logits) for logit in logits]
    np.testing.assert_allclose(softmax(logits, 0), np.array(largest) / sum(largest))


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=8), st.floats(-1e6, 1e6), st.floats(0.5, 100))
def test_only_differences_of_logits_matter(logits: list[float], shift: float, temperature: float) -> None:
    moved = softmax([logit + shift for logit in logits], temperature)
    np.testing.assert_allclose(moved, softmax(logits, temperature), rtol=1e-8, atol=1e-12)


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=8), st.floats(0.25, 100))
def test_probabilities_are_the_formula_where_it_can_be_computed(logits: list[float], temperature: float) -> None:
    weights = [math.exp(logit / temperature) for logit in logits]
    np.testing.assert_allclose(softmax(logits, temperature), [weight / sum(weights) for weight in weights], rtol=1e-9)


@pytest.mark.parametrize("temperature", [1e-300, 5e-324])
def test_the_smallest_temperatures_are_the_argmax(temperature: float) -> None:
    assert softmax([1.7e308, -1.7e308, 1.7e308, 0], temperature).tolist() == [0.5, 0, 0.5, 0]


def test_a_huge_temperature_levels_everything() -> None:
    np.testing.assert_allclose(softmax([3.0, -2.0, 0.0, 7.0], 1e300), 0.25)


@pytest.mark.parametrize("temperature", [-1.0, -5e-324, math.nan, math.inf, -math.inf])
def test_a_temperature_is_finite_and_not_negative(temperature: float) -> None:
    with pytest.raises(UsageProblem):
        softmax([1.0, 2.0], temperature)


@pytest.mark.parametrize("logits", [[], [math.nan], [1.0, math.inf], [-math.inf]])
def test_logits_are_finite_and_at_least_one(logits: list[float]) -> None:
    with pytest.raises(UsageProblem):
        softmax(logits)


@given(st.integers(1, 1000))
def test_the_entropy_of_equal_chances_is_the_logarithm_of_their_number(n: int) -> None:
    assert entropy(np.full(n, 1 / n)) == pytest.approx(math.log2(n), abs=1e-9)


def test_certainty_has_no_entropy() -> None:
    assert entropy(np.array([0.0, 1.0, 0.0])) == 0
    assert entropy(np.array([0.5, 0.25, 0.125, 0.125])) == 1.75


def test_the_figures_of_the_film() -> None:
    distribution = embcli.weigh_logits(FILM, temperatures=[1, 2, 10, 0])
    found = {candidate.word: candidate.probabilities for candidate in distribution.results}
    # The film shows rounded logits, so the last digit of its probabilities cannot be reproduced.
    assert found["Snape"] == pytest.approx((0.614, 0.408, 0.194, 1), abs=1e-3)
    assert found["Trelawney"] == pytest.approx((0.250, 0.260, 0.178, 0), abs=1e-3)
    assert found["Quirrell"][0] == pytest.approx(0.092, abs=1e-3)
    assert [candidate.word for candidate in distribution.results] == sorted(FILM, key=lambda name: -FILM[name])
    assert [candidate.logit for candidate in distribution.results] == sorted(FILM.values(), reverse=True)
    assert list(distribution.entropy) == [*sorted(distribution.entropy[:3]), 0]
    assert distribution.model is None
    assert distribution.query.temperatures == (1, 2, 10, 0)


def test_candidates_of_the_toy_space_can_be_worked_out_on_paper(toy: VectorSpace) -> None:
    # king·queen = 3 and king·woman = king·boy = 1; ties keep the order given.
    distribution = embcli.weigh_candidates(toy, "king", ["Boy", "queen", "woman", "boy"], temperatures=[2, 0])
    total = math.e**1.5 + 2 * math.e**0.5
    assert [(candidate.word, candidate.logit) for candidate in distribution.results] == [
        ("queen", 3),
        ("boy", 1),
        ("woman", 1),
    ]
    assert distribution.results[0].probabilities == pytest.approx((math.e**1.5 / total, 1))
    assert distribution.results[1].probabilities == pytest.approx((math.e**0.5 / total, 0))
    assert distribution.query.candidates == 3  # a word named twice is one candidate
    assert distribution.query.resolved == {"Boy": "boy"}


def test_cosines_as_logits_take_the_lengths_out(toy: VectorSpace) -> None:
    words = ["queen", "empress", "king"]
    by_dot = embcli.weigh_candidates(toy, "queen", words)
    by_cosine = embcli.weigh_candidates(toy, "queen", words, metric="cosine")
    assert [candidate.logit for candidate in by_dot.results] == [15, 5, 3]
    assert [candidate.logit for candidate in by_cosine.results] == pytest.approx([1, 1, 0.6])
    assert [candidate.word for candidate in by_cosine.results] == words


def test_the_whole_vocabulary_can_be_the_candidates(toy: VectorSpace) -> None:
    distribution = embcli.weigh_candidates(toy, "king", everything=True, k=2)
    # Distances from king in toy.py: one word at 0, three at 1, five at 2, four at 3, one at 4; empress is 3 x 3.
    total = math.exp(9) + sum(n * math.exp(5 - 2 * d) for d, n in [(0, 1), (1, 3), (2, 5), (3, 4), (4, 1)])
    assert [candidate.word for candidate in distribution.results] == ["empress", "king"]
    assert distribution.results[1].probabilities[0] == pytest.approx(math.exp(5) / total)
    assert distribution.query.candidates == 15


@pytest.mark.parametrize("metric", ["dot", "cosine"])
def test_candidates_of_glove_are_weighed_by_the_formula(glove: VectorSpace, metric: str) -> None:
    vectors = glove.vectors.astype(np.float64)
    rows = [glove.vocabulary.row(word) for word in ("king", "man", "woman")]
    if metric == "cosine":
        vectors /= np.linalg.norm(vectors, axis=1)[:, None]
    q = vectors[rows[0]] - vectors[rows[1]] + vectors[rows[2]]
    logits = vectors @ (q / np.linalg.norm(q) if metric == "cosine" else q)
    distribution = embcli.weigh_candidates(
        glove, "king - man + woman", metric=metric, temperatures=[0.5, 1, 3], everything=True, k=20
    )
    order = np.argsort(-np.round(logits, 6), kind="stable")[:20]
    assert [candidate.word for candidate in distribution.results] == [glove.vocabulary[row] for row in order]
    for column, temperature in enumerate((0.5, 1, 3)):
        weights = np.exp((logits - logits.max()) / temperature)
        p = weights / weights.sum()
        found = [candidate.probabilities[column] for candidate in distribution.results]
        np.testing.assert_allclose(found, p[order], rtol=1e-9)
        assert distribution.entropy[column] == pytest.approx(-(p * np.log2(p, where=p > 0, out=np.zeros_like(p))).sum())


@pytest.mark.parametrize(
    "ask",
    [
        lambda toy: embcli.weigh_candidates(toy, "king"),
        lambda toy: embcli.weigh_candidates(toy, "king", ["queen"], everything=True),
        lambda toy: embcli.weigh_candidates(toy, "king", ["queen"], metric="euclidean"),
        lambda toy: embcli.weigh_candidates(toy, "king", ["queen"], temperatures=[]),
        lambda toy: embcli.weigh_candidates(toy, "king", ["queen"], temperatures=[1, -1]),
        lambda toy: embcli.weigh_candidates(toy, "king", everything=True, k=0),
        lambda toy: embcli.weigh_candidates(toy, "king - king", ["queen"]),
        lambda toy: embcli.weigh_logits({}),
        lambda toy: embcli.weigh_logits({"a": math.inf}),
    ],
)
def test_a_softmax_of_nothing_or_at_no_temperature_is_refused(
    toy: VectorSpace, ask: Callable[[VectorSpace], Distribution]
) -> None:
    with pytest.raises(UsageProblem):
        ask(toy)


def test_an_unknown_candidate_is_named(toy: VectorSpace) -> None:
    with pytest.raises(UnknownWord) as caught:
        embcli.weigh_candidates(toy, "king", ["queen", "quuen"])
    assert caught.value.suggestions == ("queen",)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Snape=3.4,Trelawney=2.5", {"Snape": 3.4, "Trelawney": 2.5}),
        (" Snape = -3e2 , a=b=1", {"Snape": -300, "a=b": 1}),
        ("x=−.5", {"x": -0.5}),
    ],
)
def test_logits_are_names_with_numbers(source: str, expected: dict[str, float]) -> None:
    assert parse_logits(source) == expected


@pytest.mark.parametrize("source", ["", "a", "a=", "=1", "a=one", "a=nan", "a=inf", "a=1e999", "a=1,", "a=1,a=2"])
def test_what_is_not_a_logit_is_refused(source: str) -> None:
    with pytest.raises(UsageProblem):
        parse_logits(source)
