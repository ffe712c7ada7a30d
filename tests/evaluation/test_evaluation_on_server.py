"""Evaluations of models on a server: the figures of a local model, or an error where a rank is not known."""

from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import toy
from remote import on_server

from embcli.errors import UsageProblem
from embcli.evaluation.analogies import evaluate_analogies
from embcli.queries.analogy import solve_analogy
from embcli.search import milvus
from embcli.vectors.space import VectorSpace

QUESTIONS = """: royals
man king woman queen
man king Woman princess
boy prince girl princess
man king woman sultana
: gram-plurals
man men woman women
cat cats kitten kittens
"""
PAIRS = "man\tmen\nwoman\twomen\ncat\tcats\nkitten\tkittens\n"


@pytest.mark.parametrize("method", ["3cosadd", "3cosmul", "pairdirection"])
def test_analogies_have_the_figures_of_a_local_model(method: str, tmp_path: Path) -> None:
    (tmp_path / "questions.txt").write_text(QUESTIONS)
    space = toy.make_space()
    local, remote = (
        evaluate_analogies(one, tmp_path / "questions.txt", methods=[method]) for one in (space, on_server(space))
    )
    assert remote.results == local.results
    assert (remote.model.exact, local.model.exact) == (True, None)


def test_pairs_are_learned_from_on_a_server_by_3cosavg_but_not_by_lrcos(tmp_path: Path) -> None:
    (tmp_path / "pairs.txt").write_text(PAIRS)
    space = toy.make_space()
    local, remote = (
        evaluate_analogies(one, tmp_path / "pairs.txt", methods=["3cosavg"]) for one in (space, on_server(space))
    )
    assert remote.results == local.results
    with pytest.raises(UsageProblem, match="lrcos cannot be answered from toy"):
        evaluate_analogies(on_server(space), tmp_path / "pairs.txt", methods=["lrcos"])


def test_a_deep_answer_counts_as_wrong_and_adds_nothing_to_the_mrr(tmp_path: Path) -> None:
    (tmp_path / "questions.txt").write_text("man king woman kitten\nman king woman queen\n")
    space = toy.make_space()
    with patch.multiple(milvus, MOST_RETURNED=6, EXTRA_ROWS=0):
        score = evaluate_analogies(on_server(space), tmp_path / "questions.txt").results[-1]
    assert (score.covered, score.correct) == (2, 1)
    assert score.reciprocal_rank == 0.5


def test_an_answer_that_may_be_the_first_is_not_counted_as_wrong(tmp_path: Path) -> None:
    vectors = np.random.default_rng(2).standard_normal((300, 60))
    space = VectorSpace.from_words([f"w{row}" for row in range(300)], vectors, "far")
    best = solve_analogy(space, "w2 - w1 + w3", method="3cosmul", k=1).results[0].word
    (tmp_path / "questions.txt").write_text(f"w1 w2 w3 {best}\n")
    remote = on_server(space)
    with (
        patch.multiple(milvus, MOST_RETURNED=2, EXTRA_ROWS=0),
        pytest.raises(UsageProblem, match="far cannot be evaluated by 3cosmul"),
    ):
        evaluate_analogies(remote, tmp_path / "questions.txt", methods=["3cosmul"])


def test_the_random_baseline_needs_local_words(tmp_path: Path) -> None:
    (tmp_path / "questions.txt").write_text("man king woman queen\n")
    with pytest.raises(UsageProblem, match="the words of toy are on a server"):
        evaluate_analogies(on_server(toy.make_space()), tmp_path / "questions.txt", baseline="random")
