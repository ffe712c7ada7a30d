"""Projections: by hand on the toy space; on GloVe against published figures and the formulas."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import embcli
from embcli.errors import UnknownWord, UsageProblem
from embcli.queries.project import area_under_curve, scalar_projection
from embcli.results.project import Pair, Projections
from embcli.vectors.space import VectorSpace

PLURAL = "cats - cat"  # of the toy space: twice the axis `plural`, nothing else


def dots(projections: Projections, decimals: int = 6) -> list[tuple[str, float]]:
    return [(projection.word, round(projection.dot, decimals)) for projection in projections.results]


def test_the_plural_direction_of_the_toy_space_is_its_axis(toy: VectorSpace) -> None:
    projections = embcli.project(toy, PLURAL, ["kittens", "king", "empress"])
    cosine = 1 / 5**0.5
    assert [result.word for result in projections.results] == ["kittens", "king", "empress"]
    expected = [(2, 1, cosine), (-2, -1, -cosine), (-6, -3, -cosine)]
    np.testing.assert_allclose([(p.dot, p.scalar, p.cosine) for p in projections.results], expected)
    assert projections.query.norm == 2
    assert (projections.pairs, projections.separation, projections.auc) == (None, None, None)


def test_a_direction_may_be_any_sum_of_words_at_plain_length(toy: VectorSpace) -> None:
    # empress - queen = 2 x queen: unit vectors would cancel.
    projections = embcli.project(toy, "0.5*(empress - Queen)", ["princess", "kittens", "Empress"])
    assert dots(projections) == [("princess", 3), ("kittens", -5), ("empress", 15)]
    assert projections.query.expression == "0.5*empress - 0.5*queen"
    assert projections.query.resolved == {"Queen": "queen", "Empress": "empress"}


def test_words_stay_in_the_order_given_unless_sorted(toy: VectorSpace) -> None:
    words = ["king", "cats", "boy", "women"]
    assert [word for word, _ in dots(embcli.project(toy, PLURAL, words))] == words
    ranked = embcli.project(toy, PLURAL, words, sort=True)
    assert dots(ranked) == [("cats", 2), ("women", 2), ("king", -2), ("boy", -2)]


def test_a_scan_lists_the_words_farthest_along_each_end(toy: VectorSpace) -> None:
    # By cosine, so that empress, which is three times as long, ties with queen.
    projections = embcli.project(toy, "queen", scan=2)
    assert dots(projections) == [("queen", 5), ("empress", 15), ("cats", -3), ("kittens", -5)]
    assert (projections.query.scan, projections.query.top) == (2, 50_000)


def test_a_scan_of_more_words_than_there_are_lists_each_once(toy: VectorSpace) -> None:
    projections = embcli.project(toy, "queen", scan=100, top=4)
    assert dots(projections) == [("queen", 5), ("woman", 3), ("king", 3), ("man", 1)]


def test_pairs_tell_whether_a_direction_separates_them(toy: VectorSpace) -> None:
    pairs = [("cat", "cats"), ("Kitten", "kittens"), ("women", "woman"), ("man", "boy")]
    projections = embcli.project(toy, PLURAL, pairs=pairs)
    assert projections.pairs == (
        ("cat", "cats", -2, 2, True),
        ("kitten", "kittens", -2, 2, True),
        ("women", "woman", 2, -2, False),
        ("man", "boy", -2, -2, False),  # a tie is not in order
    )
    assert projections.separation == 2 / 4
    # Lows -2, -2, 2, -2 against highs 2, 2, -2, -2: for each of two highs 3 wins and a tie, for the rest 3 ties.
    assert projections.auc == (2 * (3 + 0.5) + 2 * 1.5) / 16
    assert projections.query.resolved == {"Kitten": "kitten"}
    assert projections.results == ()


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=12))
def test_the_auc_is_the_share_of_lows_below_highs(values: list[tuple[int, int]]) -> None:
    pairs = [Pair("low", "high", low, high, low < high) for low, high in values]
    wins = sum((low < high) + (low == high) / 2 for low, _ in values for _, high in values)
    assert area_under_curve(pairs) == pytest.approx(wins / len(values) ** 2)


def test_the_scalar_projection_is_a_length_in_the_units_of_the_space() -> None:
    vectors = np.array([[3.0, 4.0], [-1.0, 7.0], [0.0, 0.0]])
    for length in (1, 2, 1e-6, 1e6):
        np.testing.assert_allclose(scalar_projection(vectors, np.array([length, 0.0])), [3, -1, 0])


def test_the_published_projections_on_the_plural_direction_of_glove(glove: VectorSpace) -> None:
    published = {
        "puppy": -2.954,
        "puppies": 1.848,
        "student": -1.129,
        "students": 3.409,
        "one": -2.400,
        "two": 0.791,
        "three": 1.268,
        "four": 1.492,
    }
    assert dots(embcli.project(glove, PLURAL, list(published)), 3) == list(published.items())


def test_dot_scalar_and_cosine_are_their_formulas_on_glove(glove: VectorSpace) -> None:
    words = [glove.vocabulary[row] for row in range(0, 400_000, 9973)]
    vectors = glove.vectors[::9973].astype(np.float64)
    row = glove.vocabulary.row
    d = glove.vectors[row("she")].astype(np.float64) - 0.75 * glove.vectors[row("he")].astype(np.float64)
    projections = embcli.project(glove, "she - 0.75*he", words)
    scalars = vectors @ d / np.linalg.norm(d)
    expected = np.stack([vectors @ d, scalars, scalars / np.linalg.norm(vectors, axis=1)], axis=1)
    found = [(projection.dot, projection.scalar, projection.cosine) for projection in projections.results]
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)
    assert projections.query.norm == pytest.approx(float(np.linalg.norm(d)))


@pytest.mark.parametrize("options", [{}, {"top": 3000}])
def test_a_scan_of_glove_is_a_sort_by_cosine(glove: VectorSpace, options: dict[str, Any]) -> None:
    vectors = glove.vectors[: options.get("top", 50_000)].astype(np.float64)
    d = vectors[glove.vocabulary.row("she")] - vectors[glove.vocabulary.row("he")]
    cosines = np.round(vectors @ d / np.linalg.norm(d) / np.linalg.norm(vectors, axis=1), 6)
    high = np.argsort(-cosines, kind="stable")[:7]
    low = np.argsort(cosines, kind="stable")[:7][::-1]
    projections = embcli.project(glove, "she - he", scan=7, **options)
    assert [projection.word for projection in projections.results] == [glove.vocabulary[i] for i in [*high, *low]]


@pytest.mark.parametrize(
    "ask",
    [
        lambda toy: embcli.project(toy, PLURAL),
        lambda toy: embcli.project(toy, PLURAL, ["king"], scan=3),
        lambda toy: embcli.project(toy, PLURAL, scan=0),
        lambda toy: embcli.project(toy, PLURAL, scan=1, top=0),
        lambda toy: embcli.project(toy, "cat - cat", ["king"]),
        lambda toy: embcli.project(toy, "3*queen - empress", ["king"]),
    ],
)
def test_a_projection_of_nothing_or_on_nothing_is_refused(
    toy: VectorSpace, ask: Callable[[VectorSpace], Projections]
) -> None:
    with pytest.raises(UsageProblem):
        ask(toy)


def test_an_unknown_word_is_named_wherever_it_stands(toy: VectorSpace) -> None:
    asks: list[Callable[[], Projections]] = [
        lambda: embcli.project(toy, "cats - catt", ["king"]),
        lambda: embcli.project(toy, PLURAL, ["king", "catt"]),
        lambda: embcli.project(toy, PLURAL, pairs=[("cat", "catt")]),
    ]
    for ask in asks:
        with pytest.raises(UnknownWord) as caught:
            ask()
        assert (caught.value.word, caught.value.suggestions[0]) == ("catt", "cat")
