"""`models optimize`: a companion is added or removed, and all else stays; the answers of both engines are the same."""

import os
from pathlib import Path

import numpy as np
import pytest
from process import ask

from embcli.errors import DamagedStore
from embcli.models.optimize import optimize
from embcli.store.read import open_store
from embcli.store.write import write_store

WORDS = [f"w{i}" for i in range(300)]
VECTORS = np.random.default_rng(0).standard_normal((300, 70)).astype(np.float32)
NGRAMS = np.ones((5, 70), np.float32)
FACTS = {"source": "a test", "reader": "fastText", "created": "then", "ngram_min": "3", "ngram_max": "6"}


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The store of a model, without a companion, that had a duplicate word and has n-grams."""
    monkeypatch.setenv("EMBCLI_HOME", str(tmp_path))
    path = tmp_path / "models" / "m.safetensors"
    encoded = [word.encode() for word in [*WORDS, WORDS[0]]]
    write_store(path, [(encoded, np.concatenate([VECTORS, VECTORS[:1]]))], FACTS, ngrams=NGRAMS)
    return path


def test_the_companion_is_added_and_removed_and_all_else_stays(path: Path) -> None:
    before, bytes_before = open_store(path), path.read_bytes()
    added = ask("models", "optimize", "m", "--json").answer
    assert added["query"] == {"action": "optimize", "name": "m"}
    after = open_store(path)
    assert after.int8 is not None
    for name in ("vectors", "norms", "order", "offsets", "words", "ngrams"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
    assert {**after.metadata, "header_crc32": ""} == {**before.metadata, "header_crc32": ""}
    assert after.metadata["duplicates"] == "1"
    assert ask("models", "info", "m", "--json").answer["results"][0]["int8"] is True
    assert ask("models", "optimize", "m").err == "embcli: note: it has its int8 companion already\n"
    ask("models", "optimize", "m", "--no-int8")
    assert path.read_bytes() == bytes_before
    assert ask("models", "optimize", "m", "--no-int8").err == "embcli: note: it has no int8 companion\n"


def test_a_damaged_model_gets_no_new_checksums(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(DamagedStore):
        optimize("m")
    assert path.read_bytes() == data


def test_a_model_that_is_not_there_is_reported(path: Path) -> None:
    outcome = ask("models", "optimize", "n")
    assert (outcome.status, outcome.err.count("\n")) == (3, 1)


QUESTIONS = (
    ("neighbors", "king", "-k", "20"),
    ("neighbors", "the", "-k", "1"),
    ("neighbors", "king", "--metric", "dot"),
    ("neighbors", "king", "--metric", "euclidean", "--include-inputs"),
    ("neighbors", "king", "--vocab", "5000"),
    ("analogy", "king - man + woman", "--expect", "queen"),
    ("analogy", "paris - france + japan", "--expect", "tokyo", "--include-inputs"),
    ("analogy", "sushi - japan + germany", "--expect", "bratwurst"),
    ("analogy", "king - man + woman", "--method", "3cosmul", "--expect", "the"),
    ("analogy", "king - man + woman", "--method", "pairdirection", "--expect", "queen"),
    ("analogy", "2*king - 0.5*man + woman - the", "--raw"),
    ("project", "cats - cat", "--scan", "12"),
    ("softmax", "king", "--all", "-T", "0,1,10"),
    ("similarity", "king", "queen"),
)


@pytest.mark.slow
@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
def test_both_engines_print_the_same_bytes(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, question: tuple[str, ...]
) -> None:
    (tmp_path / "models").mkdir()
    os.link(home / "models" / "glove.safetensors", tmp_path / "models" / "glove.safetensors")
    monkeypatch.setenv("EMBCLI_HOME", str(tmp_path))
    optimize("glove")
    outcomes = []
    for engine in ("local", "int8"):
        monkeypatch.setenv("EMBCLI_ENGINE", engine)
        outcomes.append(ask(*question, "--json"))
    assert outcomes[0].out
    assert outcomes[0] == outcomes[1]


@pytest.mark.slow
def test_both_engines_evaluate_and_answer_batches_alike(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models").mkdir()
    os.link(home / "models" / "glove.safetensors", tmp_path / "models" / "glove.safetensors")
    monkeypatch.setenv("EMBCLI_HOME", str(tmp_path))
    optimize("glove")
    lines = "".join(f"{word}\n" for word in ("king", "the", "tower", "unknownword", "puppy", "seven") * 10)
    questions = tmp_path / "questions.txt"
    questions.write_text(": capitals\nathens greece berlin germany\nparis france tokyo japan\nrome italy oslo norway\n")
    outcomes = []
    for engine in ("local", "int8"):
        monkeypatch.setenv("EMBCLI_ENGINE", engine)
        outcomes.append((
            ask("neighbors", "-", "--json", stdin=lines.encode()),
            ask("evaluate", "analogies", str(questions), "--method", "3cosmul", "--json"),
        ))  # fmt: skip
    assert outcomes[0][0].out.count("\n") == 60
    assert outcomes[0][1].status == 0
    assert outcomes[0] == outcomes[1]
