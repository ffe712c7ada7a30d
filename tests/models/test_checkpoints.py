"""Tokens as word vectors: look-up, pieces, evaluation; static embedders, lone matrices, and random vectors."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from process import ask, settle
from safetensors.numpy import load_file, save_file
from tiny_models import MODELS

import embcli
from embcli.results.spelling import (
    byte_characters,
    spellings_of_word,
    text_of_token,
    token_of_text,
    word_of_token,
)

W_E = load_file(MODELS / "llama" / "model.safetensors")["model.embed_tokens.weight"]


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, tmp_path / "home")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def llama(at_home: None) -> str:
    ask("models", "add", str(MODELS / "llama"))
    return "llama"


def test_bytes_are_spelled_as_gpt_2_spells_them() -> None:
    assert len(set(byte_characters().values())) == 256
    for text in (" king", "\n", "é", "漢字", "\x00", "🙂"):
        assert text_of_token(token_of_text(text, "bytes"), "bytes") == text
    assert token_of_text(" king", "bytes") == "Ġking"
    assert text_of_token("Ċ", "bytes") == "\n"
    assert text_of_token("<|endoftext|>", "bytes") == "<|endoftext|>"
    assert text_of_token("âĢ", "bytes") == "\\xe2\\x80"  # the beginning of a character
    assert (text_of_token("<0x0A>", "spaces"), text_of_token("▁king", "spaces")) == ("\n", " king")


def test_a_word_is_the_token_that_begins_with_it_before_one_inside_words() -> None:
    assert spellings_of_word("king", "bytes")[:2] == ["Ġking", "king"]
    assert spellings_of_word("café", "bytes")[0] == "ĠcafÃ©"
    assert spellings_of_word("Ġking", "bytes") == ["Ġking"]
    assert spellings_of_word("king", "spaces")[:2] == ["▁king", "king"]
    assert spellings_of_word("King", "pieces") == ["King", "king"]
    assert spellings_of_word("##ing", "pieces") == ["##ing"]
    assert [word_of_token(token, "bytes") for token in ("Ġking", "king")] == ["king", ""]
    assert [word_of_token(token, "pieces") for token in ("king", "##ing")] == ["king", ""]


def test_the_rows_of_the_store_are_those_of_the_embedding(llama: str) -> None:
    space = embcli.open_space(llama)
    assert space.vectors.tobytes() == W_E.tobytes()
    tokens = json.loads((MODELS / "llama" / "tokenizer.json").read_text())["model"]["vocab"]
    assert all(space.vocabulary.find(token) == number for token, number in tokens.items())
    assert list(space)[-1].startswith("[row ") or len(tokens) == 160


def test_pieces_are_averaged_if_asked(llama: str) -> None:
    answer = ask("lookup", "kingdom", "-m", llama, "--pieces", "mean", "--json").answer
    model = embcli.open_transformer(llama)
    ids = model.tokenizer.encode(" kingdom", special=False).ids
    assert len(ids) > 1
    assert np.allclose(answer["results"][0]["vector"], W_E[ids].mean(axis=0), atol=1e-6)
    assert answer["query"]["resolved"] == {"kingdom": f"the mean of its {len(ids)} tokens"}
    assert "--pieces mean averages them" in ask("lookup", "kingdom", "-m", llama).err


def test_pieces_are_an_error_for_word_vectors(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, home)
    error = ask("nn", "king", "--pieces", "mean")
    assert (error.status, error.err.count("\n")) == (2, 1)
    assert "--pieces applies to the tokens of a transformer" in error.err


def test_evaluation_asks_the_tokens_that_begin_words(llama: str) -> None:
    Path("some.txt").write_text("king queen mole the\nking kingdom mole the\n")
    rows = ask("evaluate", "analogies", "some.txt", "-m", llama, "--json").answer["results"]
    assert (rows[-1]["asked"], rows[-1]["covered"]) == (2, 1)
    ranking = json.loads(ask("analogy", "queen - king + mole", "-m", llama, "--expect", "the", "--json").out)
    assert rows[-1]["reciprocal_rank"] == pytest.approx(1 / ranking["expected"]["rank"], abs=1e-6)


def test_info_names_the_checkpoint(llama: str) -> None:
    (info,) = ask("models", "info", llama, "--json").answer["results"]
    assert info["checkpoint"] == str((MODELS / "llama").resolve())
    assert str((MODELS / "llama").resolve()) in ask("models", "info", llama).out.replace("\n", "").replace(" ", "")


# --- Matrices of safetensors files ------------------------------------------------------------------------------------


def test_a_static_embedder_is_a_model_of_word_vectors(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    save_file({"embeddings": W_E.astype(np.float16)}, "static/model.safetensors")
    shutil.copy(MODELS / "llama" / "tokenizer.json", "static")
    Path("static/config.json").write_text('{"model_type": "model2vec"}')
    assert ask("models", "add", "static").status == 0
    space = embcli.open_space("static")
    assert np.array_equal(space.vectors, W_E.astype(np.float16).astype(np.float32))
    assert ask("nn", "king", "-m", "static", "-k", "1", "--json").answer["query"]["resolved"] == {"king": "Ġking"}
    assert "not a transformer" in ask("predict", "the king", "-m", "static").err


def test_a_matrix_is_chosen_by_its_name_with_words_from_a_file_or_the_tokenizer(tmp_path: Path) -> None:
    save_file(
        {"some.W": W_E, "bias": W_E[0], "other": W_E.T.copy(), "ints": np.ones((4, 4), np.int64)}, "x.safetensors"
    )
    Path("words.txt").write_text("".join(f"w{i}\n" for i in range(160)))
    error = ask("models", "add", "x.safetensors")
    assert (error.status, error.err.count("\n")) == (2, 1)
    assert "other [32 × 160], some.W [160 × 32]; choose one with --tensor NAME" in error.err
    assert "give one word per line" in ask("models", "add", "x.safetensors", "--tensor", "some.W").err
    assert 'has no matrix of floats "bias"' in ask("models", "add", "x.safetensors", "--tensor", "bias").err
    added = ask("models", "add", "x.safetensors", "--tensor", "some.W", "--words", "words.txt", "--json")
    assert added.status == 0, added.err
    assert embcli.open_space("x").vectors.tobytes() == W_E.tobytes()
    again = ask("models", "add", "x.safetensors", "--tensor", "some.W", "--words", "words.txt")
    assert again.err == "embcli: note: it was already added\n"
    other = ask("models", "add", "x.safetensors", "--tensor", "other", "--words", "words.txt")
    assert "already exists" in other.err
    assert ask("models", "add", str(MODELS / "llama"), "--tensor", "x").status == 2


# --- Random vectors ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("init", "deviation", "largest"),
    [
        ("normal", 0.02, 0.11),
        ("xavier", (6 / 192) ** 0.5 / 3**0.5, (6 / 192) ** 0.5),
        ("uniform", 0.5 / 32 / 3**0.5, 0.5 / 32),
    ],
)
def test_random_vectors_have_the_words_of_a_model_and_their_distribution(
    llama: str, init: str, deviation: float, largest: float
) -> None:
    assert ask("models", "add", "random", "--like", llama, "--init", init).status == 0
    space, like = embcli.open_space("random-llama"), embcli.open_space(llama)
    assert list(space) == list(like)
    assert space.vectors.shape == like.vectors.shape
    assert space.vectors.std() == pytest.approx(deviation, rel=0.05)
    assert np.abs(space.vectors).max() <= largest
    assert ask("models", "add", "random", "--like", llama, "--init", init).err == "embcli: note: it was already added\n"
    before = space.vectors.tobytes()
    assert "already exists" in ask("models", "add", "random", "--like", llama, "--init", init, "--seed", "1").err
    ask("models", "add", "random", "--like", llama, "--init", init, "--seed", "1", "--force")
    assert embcli.open_space("random-llama").vectors.tobytes() != before


def test_options_of_random_vectors_without_effect_are_errors(tmp_path: Path) -> None:
    for arguments in (
        ["random"],
        ["x.txt", "--like", "glove"],
        ["x.txt", "--seed", "1"],
        ["x.txt", "--init", "normal"],
    ):
        error = ask("models", "add", *arguments)
        assert (error.status, error.err.count("\n")) == (2, 1), error.err


# --- What is left behind ----------------------------------------------------------------------------------------------


def test_removing_a_model_removes_what_was_unpacked_and_its_dictionaries(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile("packed.whl", "w") as archive:
        for path in (MODELS / "llama").iterdir():
            archive.write(path, f"package/model/{path.name}")
    for name in ("one", "two"):
        assert ask("models", "add", "packed.whl", "--name", name).status == 0
    assert ask("context", "the mole", "--focus", "mole", "--dictionary", "9", "-m", "one").status == 0
    home = tmp_path / "home"
    ask("models", "remove", "one")
    assert not list((home / "dictionaries").iterdir())
    assert ask("predict", "the king", "-m", "two").status == 0
    ask("models", "remove", "two")
    assert not list((home / "checkpoints").iterdir())
    assert Path("packed.whl").exists()


def test_verify_notices_a_checkpoint_that_changed(tmp_path: Path) -> None:
    shutil.copytree(MODELS / "llama", "there")
    ask("models", "add", "there")
    assert ask("models", "verify", "there").status == 0
    Path("there/model.safetensors").unlink()
    error = ask("models", "verify", "there")
    assert (error.status, error.err.count("\n")) == (4, 1)
    assert "is not there any more" in error.err
