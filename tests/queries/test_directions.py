"""A vector in place of an expression: the answers of the same vector as words, and clear errors for others."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import embcli
from embcli.errors import UsageProblem
from embcli.queries.analogy import METRICS, answer_many
from embcli.queries.questions import GivenVector, RankingQuestion
from embcli.render import render
from embcli.render.as_json import as_json
from embcli.results.schemas import schema_of
from embcli.vectors.space import VectorSpace

SMALL = VectorSpace.from_words("abcdef", np.random.default_rng(3).standard_normal((6, 4)))


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("options", [{}, {"raw": True}, {"top": 300}, {"among": ["queen", "king", "man"]}])
def test_the_row_of_a_word_has_the_answers_of_the_word_with_inputs_included(
    glove: VectorSpace, metric: str, options: dict[str, Any]
) -> None:
    words = embcli.find_neighbors(glove, "king", metric=metric, include_inputs=True, expect="queen", **options)
    numbers = embcli.find_neighbors(glove, glove["king"], metric=metric, expect="queen", **options)
    assert numbers.results == words.results
    assert numbers.expected is not None
    assert words.expected is not None
    assert numbers.expected.rank_with_inputs == words.expected.rank_with_inputs == numbers.expected.rank


@pytest.mark.parametrize("metric", METRICS)
@given(weights=st.lists(st.integers(-3, 3), min_size=6, max_size=6).filter(any))
def test_a_sum_has_the_answers_of_its_expression(metric: str, weights: list[int]) -> None:
    terms = [(word, weight) for word, weight in zip("abcdef", weights, strict=True) if weight]
    expression = " + ".join(f"{weight}*{word}" for word, weight in terms)
    total = np.zeros(4)
    for word, weight in terms:  # in the order of the expression
        total += weight * SMALL[word].astype(np.float64)
    words = embcli.find_neighbors(SMALL, expression, metric=metric, raw=True, include_inputs=True)
    assert embcli.find_neighbors(SMALL, total, metric=metric, raw=True).results == words.results


@pytest.mark.parametrize("scale", [1e-40, 1e-20, 1e20, 1e37])
def test_the_length_of_a_vector_does_not_change_its_neighbours(scale: float) -> None:
    vector = np.array([0.5, 1, -2, 0.25])
    assert embcli.find_neighbors(SMALL, vector * scale).results == embcli.find_neighbors(SMALL, vector).results


@pytest.mark.parametrize("vector", [(1, 2, -3, 4), *(np.array([1, 2, -3, 4], kind) for kind in "fdegbq")], ids=str)
def test_lists_and_all_types_of_numbers_are_vectors(vector: Any) -> None:
    assert embcli.find_neighbors(SMALL, vector).results == embcli.find_neighbors(SMALL, [1.0, 2, -3, 4]).results


def test_the_record_says_that_a_vector_was_given(glove: VectorSpace) -> None:
    for ranking, schema in (
        (embcli.find_neighbors(glove, glove["king"], k=2), "neighbors"),
        (embcli.solve_analogy(glove, glove["king"], k=2), "analogy"),
    ):
        query = ranking.query
        assert (query.expression, query.terms, query.exclude_inputs, ranking.inputs) == (
            "vector of 50 numbers",
            (),
            False,
            (),
        )
        jsonschema.validate(as_json(ranking), schema_of(schema))
        assert "vector of 50 numbers" in render(ranking, "table")
        assert render(ranking, "csv").splitlines()[1].startswith("1,king,1.0")


def test_directions_and_queries_of_softmax_can_be_vectors(glove: VectorSpace) -> None:
    plural = glove["cats"].astype(np.float64) - glove["cat"]
    projections = embcli.project(glove, plural, ["puppy", "puppies"])
    assert projections.results == embcli.project(glove, "cats - cat", ["puppy", "puppies"]).results
    jsonschema.validate(as_json(projections), schema_of("project"))
    for metric in ("dot", "cosine"):
        answers = embcli.weigh_candidates(glove, glove["king"], ["queen", "throne"], metric=metric)
        assert answers.query.expression == "vector of 50 numbers"
        assert answers.results == embcli.weigh_candidates(glove, "king", ["queen", "throne"], metric=metric).results
        jsonschema.validate(as_json(answers), schema_of("softmax"))


def test_vectors_and_words_are_answered_together_as_alone() -> None:
    shared = [RankingQuestion(f"{a} - {b} + {c}", k=3) for a in "ab" for b in "cd" for c in "ef"] * 4
    vector = RankingQuestion(GivenVector(np.array([1.0, 2, 3, 4])), k=3)
    together = list(answer_many(SMALL, [*shared, vector, *shared]))
    alone = [next(answer_many(SMALL, [question])) for question in [*shared, vector, *shared]]
    assert together == alone


NAN = float("nan")


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        ([1.0, 2], r"shape \[2\], not \[4\]"),
        ([[1.0, 2, 3, 4]], r"shape \[1, 4\], not \[4\]"),
        (1.0, r"shape \[\], not \[4\]"),
        ([1, NAN, 2, 3], "non-finite"),
        ([1, float("-inf"), 2, 3], "non-finite"),
        ([0, 0.0, 0, 0], "zero vector"),
        ([1e200, 0, 0, 0], "too large or too small"),
        ([1e-200, 0, 0, 0], "too large or too small"),
        ([1 + 2j, 1, 1, 1], "not an array of complex128"),
        (["a", "b", "c", "d"], "not an array of <U1"),
        ([True, False, True, True], "not an array of bool"),
        ([[1], [2, 3]], "not list"),
        (None, "not an array of object"),
    ],
)
def test_what_is_not_a_vector_of_the_space_is_refused(vector: Any, message: str) -> None:
    with pytest.raises(UsageProblem, match=message):
        embcli.find_neighbors(SMALL, vector)


@pytest.mark.parametrize("method", ["3cosmul", "pairdirection"])
def test_methods_that_combine_words_refuse_a_vector(method: str) -> None:
    with pytest.raises(UsageProblem, match=f"{method} requires words"):
        embcli.solve_analogy(SMALL, [1, 2, 3, 4], method=method)


def test_a_line_of_a_batch_cannot_give_a_vector(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from process import ask, settle

    settle(monkeypatch, home)
    outcome = ask("neighbors", "-", stdin=json.dumps({"expression": [0.1, 0.2]}).encode())
    assert outcome.status == 2
    assert "it must be a string" in outcome.out
