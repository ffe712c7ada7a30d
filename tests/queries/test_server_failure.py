"""A server that fails ends a batch: other questions would wait for it, too."""

from collections.abc import Iterator
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
import toy
from remote import MemoryCollection, on_server

from embcli.cli.topic import answer_each
from embcli.errors import InputOutputProblem, UnknownWord
from embcli.queries.analogy import answer_many
from embcli.queries.questions import RankingQuestion
from embcli.queries.similarity import compare_words


def fail(*_: Any, **__: Any) -> Iterator[Any]:
    raise InputOutputProblem("no server answers")


def test_rankings_end_with_the_failure_of_the_server() -> None:
    questions = [RankingQuestion("king"), RankingQuestion("queen")]
    with patch.object(MemoryCollection, "nearest", fail), pytest.raises(InputOutputProblem):
        list(answer_many(on_server(toy.make_space()), questions))
    with patch.object(MemoryCollection, "named", fail), pytest.raises(InputOutputProblem):
        list(answer_many(on_server(toy.make_space()), questions))


def test_questions_one_by_one_end_with_it_but_go_on_after_an_unknown_word() -> None:
    compare: Any = partial(compare_words, on_server(toy.make_space()))
    space: Any = on_server(toy.make_space())
    answers = list(answer_each(lambda _, pairs: compare(pairs), space, [[("king", "nope")], [("king", "queen")]]))
    assert isinstance(answers[0], UnknownWord)
    assert answers[1].results[0].cosine == pytest.approx(0.6)
    with patch.object(MemoryCollection, "named", fail), pytest.raises(InputOutputProblem):
        list(answer_each(lambda one, pairs: compare_words(one, pairs), space, [[("king", "girl")]]))
