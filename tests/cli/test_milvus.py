"""The contract of models on a server: the same commands, and the same bytes as from a local model."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toy
from milvus_server import LiteServer
from process import Outcome, add_store, ask, settle

from embcli.models.open import StoredSpace
from embcli.store.write import write_store

ROWS = 20_000
QUEEN = ("analogy", "king", "-", "man", "+", "woman")
# Of any model that knows the words of the toy space.
COMMANDS = (
    ("neighbors", "king"),
    ("neighbors", "king", "-k", "3", "--include-inputs"),
    ("neighbors", "king", "--vocab", "5"),
    ("neighbors", "king", "--raw"),
    ("neighbors", "King"),
    QUEEN,
    (*QUEEN, "--expect", "queen"),
    (*QUEEN, "--expect", "prince", "--vocab", "6"),
    (*QUEEN, "--raw", "--format", "jsonl"),
    (*QUEEN, "--format", "csv"),
    (*QUEEN, "--format", "words"),
    (*QUEEN, "--among", "queen,prince,boy", "--method", "3cosmul"),
    (*QUEEN, "--method", "3cosmul", "--expect", "queen"),
    (*QUEEN, "--method", "pairdirection", "-k", "4"),
    ("analogy", "king", "+", "woman", "--method", "3cosmul", "--vocab", "9"),
    ("analogy", "man:king::woman:?"),
    ("analogy", "0.5*king", "+", "queen", "-k", "4"),
    ("project", "queen - king", "woman", "girl", "boy"),
    ("project", "queen - king", "--scan", "3"),
    ("project", "queen - king", "--scan", "2", "--vocab", "8"),
    ("project", "queen - king", "--pairs", "man:woman,boy:girl"),
    ("softmax", "king", "queen", "prince", "boy", "-T", "0,1,2"),
    ("softmax", "king", "queen", "prince", "--metric", "cosine"),
    ("similarity", "king", "queen", "boy"),
    ("similarity", "king:queen", "man:woman"),
    ("similarity", "king", "queen", "boy", "--matrix"),
    ("odd", "king", "queen", "prince", "cat"),
    ("lookup", "king", "QUEEN", "king - man"),
    ("lookup", "king", "--coordinates", "2"),
    ("attend", "king queen boy", "--focus", "boy"),
    ("evaluate", "similarity"),
)
OF_GLOVE = (
    ("neighbors", "tower", "-k", "500"),
    ("neighbors", "Well_Known"),  # another case and joiner: well-known
    ("neighbors", "U.S.", "-k", "5"),
    ("analogy", "paris:france::rome:?", "--vocab", "3000"),
    ("project", "cats - cat", "--scan", "20"),
    ("lookup", "tore", "slate"),  # rare words, one letter from frequent ones: more, state
    ("evaluate", "similarity", "--case-sensitive"),
)


@pytest.fixture(scope="session")
def toy_home(milvus: LiteServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data dir with the toy space as `local`, and on the server as `remote`."""
    home = tmp_path_factory.mktemp("toy-on-server")
    add_store(home, "local", {word: toy.vector(word) for word in toy.WORDS})
    return registered(home, milvus, "toy")


def registered(home: Path, milvus: LiteServer, collection: str) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        settle(patch, home)
        assert ask("models", "export", "local", milvus.address(collection), "--force").status == 0
        assert ask("models", "add", milvus.address(collection), "--name", "remote").status == 0
    return home


@pytest.fixture(scope="session")
def glove_home(milvus: LiteServer, glove: StoredSpace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the first words of GloVe."""
    home = tmp_path_factory.mktemp("glove-on-server")
    words = [word.encode() for word in glove.vocabulary.first(ROWS)]
    facts = {"source": "a test", "sorted_by_frequency": "true"}
    write_store(home / "models" / "local.safetensors", [(words, np.array(glove.vectors[:ROWS]))], facts)
    return registered(home, milvus, "glove")


def on_both(*command: str, stdin: bytes = b"") -> tuple[Outcome, Outcome]:
    formats = () if "--format" in command else ("--json",)
    local, remote = (ask(*command, "-m", name, *formats, stdin=stdin) for name in ("local", "remote"))
    return local, remote


def without_card(text: str) -> str:
    """An output without the cards of models and their names."""
    return re.sub(r'"model": \{[^}]*\}|\{"name": [^}]*\}', "CARD", text).replace("remote", "local")


def assert_equal(*command: str, stdin: bytes = b"") -> None:
    local, remote = on_both(*command, stdin=stdin)
    if "least_ranks" in remote.out and "--method" in command:
        assert_equal_as_far_as_ranks_are_known(local.answer, remote.answer)
        return
    assert (remote.status, without_card(remote.out)) == (local.status, without_card(local.out))
    assert without_card(remote.err) == without_card(local.err)
    assert local.status in (0, 1)


def assert_equal_as_far_as_ranks_are_known(local: dict[str, Any], remote: dict[str, Any]) -> None:
    """Two lists of a server bound 3CosMul and PairDirection well near the top only."""
    assert remote["results"] == local["results"]
    for ours, theirs in zip(local["inputs"], remote["inputs"], strict=True):
        if theirs["rank"] is None:
            assert remote["least_ranks"][theirs["word"]] <= ours["rank"]
            theirs["rank"] = ours["rank"]
        assert theirs == ours


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_server_gives_the_bytes_of_a_local_model(
    command: tuple[str, ...], toy_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(monkeypatch, toy_home)
    assert_equal(*command)


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS + OF_GLOVE, ids=" ".join)
def test_a_server_gives_the_bytes_of_a_local_model_of_20_000_words(
    command: tuple[str, ...], glove_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(monkeypatch, glove_home)
    assert_equal(*command)


@pytest.mark.parametrize("command", ["analogy", "neighbors", "similarity", "odd", "lookup"])
def test_batches_give_the_same_lines(command: str, toy_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, toy_home)
    lines = {
        "analogy": b'king - man + woman\nboy - man\n{"expression": "king", "k": 2, "id": 7}\nking +\nqueen king man\n',
        "neighbors": b'king\nqueen\n{"expression": "prince", "top": 9}\n',
    }
    assert_equal_lines(command, lines.get(command, b"king queen prince\nboy girl cat\n"))


def assert_equal_lines(command: str, lines: bytes) -> None:
    local, remote = on_both(command, "-", "--format", "jsonl", stdin=lines)
    assert remote.status == local.status
    assert without_card(remote.out) == without_card(local.out)
    assert without_card(remote.err) == without_card(local.err)
    assert local.out.count("\n") + local.err.count("\n") >= lines.count(b"\n")


@pytest.mark.slow
def test_evaluated_analogies_give_the_same_figures(
    glove_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(monkeypatch, glove_home)
    lines = ["man woman king queen", "boy girl brother sister", "Paris France Rome Italy", "big bigger small smaller"]
    (tmp_path / "questions.txt").write_text("\n".join([": mixed", *lines, "good better xqz xqzer", ""]))
    assert_equal("evaluate", "analogies", str(tmp_path / "questions.txt"))


def test_models_side_by_side_may_be_on_a_server(toy_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, toy_home)
    both = ask(*QUEEN, "-m", "local", "-m", "remote", "--jsonl")
    local, remote = both.out.splitlines()
    assert without_card(local) == without_card(remote)
    table = ask(*QUEEN, "-m", "local", "-m", "remote").out
    assert "local, 15 words" in table
    assert "remote, 15 words" in table


def test_the_card_of_a_model_on_a_server_names_its_index(toy_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, toy_home)
    assert ask(*QUEEN, "-m", "remote", "--json").answer["model"] == {
        "name": "remote", "words": 15, "dim": 5, "index_type": "FLAT", "exact": True,
    }  # fmt: skip
    assert ask(*QUEEN, "-m", "local", "--json").answer["model"] == {"name": "local", "words": 15, "dim": 5}


def test_an_unknown_word_gets_suggestions_by_query(toy_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, toy_home)
    for typed, suggested in (("kinng", ["king"]), ("prin", ["prince", "princess"])):
        error = ask("neighbors", typed, "-m", "remote", "--json").error
        assert (error["code"], error["suggestions"]) == ("unknown_word", suggested)


REFUSED = (
    (("analogy", "0.5*king + queen", "--method", "3cosmul"), "3cosmul is answered for words of weight 1"),
    (
        ("neighbors", "king", "--metric", "dot"),
        "the index of remote serves the metric cosine, not dot; use --metric cosine",
    ),
    (("neighbors", "king", "--metric", "euclidean"), "the index of remote serves the metric cosine, not euclidean"),
    (("softmax", "king", "--all"), "--all needs the logits of all 15 words"),
    (("evaluate", "similarity", "--baseline", "random"), "so there is no baseline"),
    (("predict", "the king"), "remote is a collection on a server; use a local model"),
)


@pytest.mark.parametrize(("command", "message"), REFUSED, ids=[" ".join(command) for command, _ in REFUSED])
def test_what_needs_all_vectors_is_refused_in_one_line(
    command: tuple[str, ...], message: str, toy_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(monkeypatch, toy_home)
    outcome = ask(*command, "-m", "remote")
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert message in outcome.err


@pytest.mark.parametrize("metric", ["dot", "euclidean"])
def test_an_index_for_another_metric_serves_that_one(
    metric: str, milvus: LiteServer, toy_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(monkeypatch, toy_home)
    address = milvus.address(f"toy_{metric}")
    assert ask("models", "export", "local", address, "--metric", metric, "--force").status == 0
    assert ask("models", "add", address, "--name", metric, "--force").status == 0
    for question in (("neighbors", "king", "-k", "4"), QUEEN, (*QUEEN, "--vocab", "7")):
        local, remote = (ask(*question, "--metric", metric, "-m", name, "--json") for name in ("local", metric))
        assert without_card(remote.out) == without_card(local.out)
        assert remote.answer["model"]["exact"]


def test_deep_ranks_are_shown_with_their_lower_bound(toy_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, toy_home)
    monkeypatch.setattr("embcli.search.milvus.MOST_RETURNED", 8)
    monkeypatch.setattr("embcli.search.milvus.EXTRA_ROWS", 0)
    question = ("neighbors", "king - kittens", "-k", "2", "-m", "remote")  # kittens have the lowest cosine of all
    record = ask(*question, "--expect", "cat", "--json")
    fields = json.loads(record.out)
    assert [(one["word"], one["rank"]) for one in fields["inputs"]] == [("king", 1), ("kittens", None)]
    assert fields["least_ranks"] == {"kittens": 9, "cat": 9}
    assert fields["expected"]["rank"] is None
    assert record.status == 1
    table = ask(*question, "--expect", "cat").out
    assert "(> 8)" in table
    assert "expected cat: rank > 8" in table
    assert "lower bounds of ranks (--format json includes them): kittens 9" in ask(*question, "--format", "csv").err
    assert re.search(r"kittens +\(> 8\) +\(15\)", ask(*question, "-m", "local").out)
