"""A space on a server: what it fetches, when, and what it does not have."""

import pytest
import toy
from remote import MemoryCollection, on_server

from embcli.errors import InputOutputProblem, UnknownWord, UsageProblem
from embcli.queries.expression import parse
from embcli.vectors.milvus import MilvusSpace
from embcli.vectors.space import VectorSpace


def collection_of(space: MilvusSpace) -> MemoryCollection:
    assert isinstance(space.collection, MemoryCollection)
    return space.collection


def space_of(*words: str) -> MilvusSpace:
    return on_server(VectorSpace.from_words(list(words), [[float(place), 1.0] for place in range(len(words))], "far"))


def test_a_space_on_a_server_is_like_a_dictionary_too() -> None:
    local, remote = toy.make_space(), on_server(toy.make_space())
    assert (len(remote), remote.dim, list(remote)) == (15, 5, list(toy.WORDS))
    assert remote["king"].tolist() == local["king"].tolist()
    assert remote[["king", "queen"]].tolist() == local[["king", "queen"]].tolist()
    assert not remote["king"].flags.writeable
    assert "king" in remote
    assert "nope" not in remote
    with pytest.raises(UnknownWord):
        remote["nope"]


def test_all_words_of_a_question_are_asked_for_in_one_request_and_once() -> None:
    remote = on_server(toy.make_space())
    terms = parse("king - man + woman").terms
    remote.combine(terms, unit=True)
    assert collection_of(remote).requests == 1
    remote.combine(terms, unit=True)
    assert collection_of(remote).requests == 1


def test_all_spellings_of_a_word_are_asked_for_in_one_request() -> None:
    remote = space_of("paris", "ice_cream", "NATO", "naïve", "new-york")
    for typed, found in (("Paris", "paris"), ("ice cream", "ice_cream"), ("nato", "NATO"), ("New York", "new-york")):
        before = collection_of(remote).requests
        assert remote.resolve(typed)[1] == found
        assert collection_of(remote).requests == before + 2  # as typed, then all others
    assert remote.resolve("nai\u0308ve")[1] == "naïve"


def test_suggestions_are_one_letter_away_or_begin_with_the_word() -> None:
    remote = space_of("the", "king", "kings", "ring", "kingdom", "sing-song")
    for typed, suggested in (("kingg", ["king", "kings"]), ("kingd", ["king", "kings", "kingdom"]), ("zzzz", [])):
        with pytest.raises(UnknownWord) as caught:
            remote.resolve(typed)
        assert list(caught.value.suggestions) == suggested


def test_words_that_cannot_be_encoded_are_unknown() -> None:
    with pytest.raises(UnknownWord):
        space_of("king").resolve("ki\ud800ng")


def test_what_needs_all_vectors_or_words_is_refused() -> None:
    remote = on_server(toy.make_space())
    for attribute in ("vectors", "norms"):
        with pytest.raises(UsageProblem, match="this needs all its vectors"):
            getattr(remote, attribute)
    with pytest.raises(UsageProblem, match="this needs all its vectors"):
        remote.to_gensim()
    with pytest.raises(UsageProblem, match="all words of"):
        remote.vocabulary.first(None)


def test_rows_that_are_gone_are_reported() -> None:
    remote = on_server(toy.make_space())
    collection_of(remote).numbered = lambda rows: []  # type: ignore[method-assign]
    with pytest.raises(InputOutputProblem, match=r"row 3 is not in milvus://memory/test any more"):
        remote.float64([3])


def test_expressions_have_rows_that_no_key_can_have() -> None:
    remote = on_server(toy.make_space())
    row = remote.add_expression("king - man", remote.float64([2])[0] - remote.float64([0])[0])
    assert row >= 2**62
    assert not remote.has_row(row)
    assert remote.word(row) == "king - man"
    assert remote.float64([row, 2])[0].tolist() == [2.0, 0.0, 0.0, 0.0, 0.0]


def test_fetched_rows_are_kept_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embcli.vectors.milvus.NUMBERS_KEPT", 5 * 5)
    local, remote = toy.make_space(), on_server(toy.make_space())
    for rows in ([0, 1, 2, 3], [4, 5, 6, 7], [0, 7, 14, 3, 2]):
        assert remote.float64(rows).tolist() == local.float64(rows).tolist()
        assert len(remote.vocabulary._entities) <= 5
