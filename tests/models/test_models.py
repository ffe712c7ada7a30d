"""Adding models: all formats and names, no partial results, the same numbers as in the file."""

import gc
import gzip
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from process import Outcome, add_store, ask, read_json, settle, share, start

import embcli
from embcli.models import manage, names
from embcli.models.add import add as add_model
from embcli.models.export import export
from embcli.readers import ReadOptions
from embcli.vectors.space import VectorSpace

WORDS = ["the", "king", "café", "new_york", "[/]", "\N{NO-BREAK SPACE}", "=1+1", "-"]
# Numbers whose last bit is lost by inaccurate parsing or storing.
NUMBERS = [0.1, -0.3, 1 / 3, 1e-8, 16777.217, -0.0, 3.14159274, 2.5e-39, 1.17549421e-38, 65504.5]


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, tmp_path / "home")


def vectors() -> Any:
    """float32 [8, 10]."""
    return np.outer(np.arange(1, len(WORDS) + 1), NUMBERS).astype(np.float32)


def add(*arguments: str) -> Outcome:
    """`models add`. gensim leaves files open, which pytest would report for the next test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        outcome = ask("models", "add", *arguments)
        gc.collect()
    return outcome


def text(*, header: bool) -> bytes:
    rows = [word + "".join(f" {x:.9g}" for x in row) for word, row in zip(WORDS, vectors(), strict=True)]
    return "\n".join([f"{len(WORDS)} {len(NUMBERS)}"] * header + rows + [""]).encode()


def binary() -> bytes:
    rows = (word.encode() + b" " + row.tobytes() + b"\n" for word, row in zip(WORDS, vectors(), strict=True))
    return f"{len(WORDS)} {len(NUMBERS)}\n".encode() + b"".join(rows)


Write = Callable[[Path], object]


def keyed_vectors(path: Path) -> None:
    from gensim.models import KeyedVectors

    keyed = KeyedVectors(len(NUMBERS))
    keyed.add_vectors(WORDS, vectors())
    keyed.save(str(path))


def keyed_vectors_apart(path: Path) -> None:
    """A KeyedVectors saved like large ones, with the numbers in a separate .npy file."""
    from gensim.models import KeyedVectors

    keyed = KeyedVectors(len(NUMBERS))
    keyed.add_vectors(WORDS, vectors())
    keyed.save(str(path), sep_limit=1)


FILES: dict[str, tuple[str, Write]] = {
    "word2vec text": ("some.vec", lambda path: path.write_bytes(text(header=True))),
    "word2vec text, compressed": ("some.txt.gz", lambda path: path.write_bytes(gzip.compress(text(header=True)))),
    "word2vec binary": ("some.bin", lambda path: path.write_bytes(binary())),
    "word2vec binary, compressed": ("some.bin.gz", lambda path: path.write_bytes(gzip.compress(binary()))),
    "GloVe text": ("some.txt", lambda path: path.write_bytes(text(header=False))),
    "GloVe text, compressed": ("some.txt.gz", lambda path: path.write_bytes(gzip.compress(text(header=False)))),
    "KeyedVectors": ("some.kv", keyed_vectors),
    "KeyedVectors in two files": ("some.kv", keyed_vectors_apart),
}


@pytest.mark.parametrize("kind", FILES)
def test_an_added_model_has_the_words_and_the_very_bits_of_its_file(kind: str, tmp_path: Path) -> None:
    name, write = FILES[kind]
    write(tmp_path / name)

    outcome = add(str(tmp_path / name), "--json")

    assert (outcome.status, outcome.err) == (0, "")
    read_json(outcome.out)
    space = embcli.open_space("some")
    assert list(space.vocabulary) == WORDS
    assert space.vectors.tobytes() == vectors().tobytes()
    lengths = np.sqrt(np.square(vectors().astype(np.float64)).sum(axis=1))
    np.testing.assert_array_equal(space.norms, lengths.astype(np.float32))


def test_gensim_reads_the_same_bits_out_of_the_same_text(tmp_path: Path) -> None:
    from gensim.models import KeyedVectors

    (tmp_path / "some.vec").write_bytes(text(header=True))
    add(str(tmp_path / "some.vec"))
    theirs = KeyedVectors.load_word2vec_format(str(tmp_path / "some.vec"))
    ours = embcli.open_space("some")
    assert ours.vectors.tobytes() == theirs.vectors.tobytes()
    assert list(ours.vocabulary) == theirs.index_to_key


def test_what_was_added_is_shown_in_a_table_and_in_the_json_of_models(tmp_path: Path) -> None:
    (tmp_path / "some.vec").write_bytes(text(header=True))
    added = add(str(tmp_path / "some.vec"))
    assert (added.status, added.err) == (0, "")
    for shown in ("some", "8 × 10", "80", "ready"):
        assert shown in added.out

    answer = read_json(add(str(tmp_path / "some.vec"), "--name", "other", "--json").out)
    assert set(answer) == {"schema", "model", "query", "results", "notes"}
    assert answer["schema"] == "embcli.models/1"
    [entry] = answer["results"]
    assert entry in ask("models", "--json").answer["results"]
    assert (entry["name"], entry["words"], entry["dim"], entry["parameters"]) == ("other", 8, 10, 80)


@pytest.mark.parametrize("name", ["tiny", "A.b_c-9", "9", "x" * 100])
def test_a_model_is_asked_by_the_name_it_was_given(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "some.vec").write_bytes(text(header=True))
    assert add(str(tmp_path / "some.vec"), "--name", name).status == 0
    chosen = ask("lookup", "king", "-m", name, "--json").answer
    assert chosen["model"] == {"name": name, "words": 8, "dim": 10}

    assert ask("-m", name, "lookup", "king", "--json").answer == chosen
    assert ask(f"--model={name}", "lookup", "king", "--json").answer == chosen

    monkeypatch.setenv("EMBCLI_MODEL", name)
    assert ask("lookup", "king", "--json").answer == chosen
    add_store(tmp_path / "home", "another", {"king": [1, 2]})
    assert ask("lookup", "king", "-m", "another", "--json").answer["model"]["name"] == "another"


@pytest.mark.parametrize("name", ["../x", "a/b", ".x", "-x", "", " ", "é", "a\n", "x" * 101, "/tmp/x"], ids=ascii)
def test_what_cannot_be_a_name_is_refused_everywhere(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "some.vec").write_bytes(text(header=True))
    outcomes = [add(str(tmp_path / "some.vec"), f"--name={name}")]
    if name and "/" not in name:  # with a slash it is a path; an empty variable counts as unset
        outcomes.append(ask("nn", "king", f"--model={name}"))
        monkeypatch.setenv("EMBCLI_MODEL", name)
        outcomes.append(ask("nn", "king"))
    for outcome in outcomes:
        assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
        assert "cannot be the name of a model" in outcome.err
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "some.vec"]


def test_a_name_that_is_taken_is_refused_and_the_model_stays(tmp_path: Path) -> None:
    path = add_store(tmp_path / "home", "some", {"king": [1, 2], "queen": [3, 4]})
    before = path.read_bytes()
    (tmp_path / "some.vec").write_bytes(text(header=True))
    outcome = add(str(tmp_path / "some.vec"))
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert "--name" in outcome.err
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n\n",
        b"these are just words\nof a text\n",
        b"3 2\nking 1 2\nqueen 3\nman 5 6\n",
        b"2 2\nking 1 nan\nqueen 3 4\n",
        b"2 2\nking 1 2\nqueen inf 4\n",
        b"3 2\nking 1 2\nqueen 3 4\n",
        b"2 2\nking 1 two\nqueen 3 4\n",
        binary()[:-15],
        text(header=True)[:-70],
        b"one\ntwo\nthree\n",
        b"1\n2\n3\n",
    ],
    ids=lambda data: ascii(data[:40]),
)
def test_a_broken_file_is_refused_in_one_line_and_nothing_is_added(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_bytes(data)
    outcome = add(str(tmp_path / "bad.txt"))
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert outcome.err.startswith("embcli: ")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "bad.txt"]


@pytest.mark.slow
@pytest.mark.parametrize("source", ["glove-wiki-gigaword-50", "missing.txt"])
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_without_a_network_a_name_of_the_catalogue_is_an_error_in_one_line(
    source: str, options: list[str], tmp_path: Path
) -> None:
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:1")
    apart = {"GENSIM_DATA_DIR": str(tmp_path / "cache"), "HOME": str(tmp_path), "no_proxy": ""}
    outcome = start(["models", "add", source, *options], tmp_path / "home", **apart, **nowhere)
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (4, "", 1)
    assert source in outcome.err
    if options:
        assert outcome.error["code"] == "io"
    assert not (tmp_path / "home").exists()


def test_models_shows_what_is_installed_and_marks_the_default(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = share(home, tmp_path / "mine")
    add_store(mine, "tiny", {f"w{i}": [i, 1, 2] for i in range(1200)})
    (mine / "models" / "hurt.safetensors").write_bytes(b"not a store")
    (mine / "models" / ".tiny.safetensors.1.tmp").write_bytes(b"left over")
    settle(monkeypatch, mine)

    assert ask("models") == ask("models", "list")
    lines = {line.removeprefix("*").split()[0]: line for line in ask("models").out.splitlines()[2:]}
    assert list(lines) == ["glove", "hurt", "tiny"]
    assert [line.startswith("*") for line in lines.values()] == [True, False, False]
    for shown in ("400,000 × 50", "20,000,000", "89.4 MB", "ready"):
        assert shown in lines["glove"]
    for shown in ("1,200 × 3", "3,600", "ready"):
        assert shown in lines["tiny"]
    assert "damaged" in lines["hurt"]

    monkeypatch.setenv("EMBCLI_MODEL", "tiny")
    entries = {entry["name"]: entry for entry in ask("models", "--json").answer["results"]}
    assert [name for name, entry in entries.items() if entry["default"]] == ["tiny"]
    assert (entries["tiny"]["words"], entries["tiny"]["dim"], entries["tiny"]["parameters"]) == (1200, 3, 3600)
    assert entries["tiny"]["bytes"] == os.path.getsize(mine / "models" / "tiny.safetensors")
    assert (entries["hurt"]["status"], entries["glove"]["status"]) == ("damaged", "ready")


def test_glove_is_listed_before_its_store_is_made(tmp_path: Path) -> None:
    [entry] = ask("models", "--json").answer["results"]
    assert (entry["name"], entry["words"], entry["dim"], entry["bytes"]) == ("glove", 400_000, 50, None)
    assert (entry["default"], entry["status"]) == (True, "at first use")
    assert "at first use" in ask("models").out
    assert not (tmp_path / "home").exists()


def test_an_exported_model_comes_back_with_the_same_bits(tmp_path: Path) -> None:
    (tmp_path / "some.vec").write_bytes(text(header=True))
    assert add(str(tmp_path / "some.vec")).status == 0
    for name in ("out.txt", "out.bin", "out.kv"):
        assert ask("models", "export", "some", str(tmp_path / name)).status == 0
        assert add(str(tmp_path / name), "--name", "back", "--force").status == 0
        space = embcli.open_space("back")
        assert (list(space.vocabulary), space.vectors.tobytes()) == (WORDS, vectors().tobytes())


def test_an_export_never_overwrites_unasked_and_never_writes_what_reads_as_something_else(tmp_path: Path) -> None:
    (tmp_path / "some.txt").write_text("king 1 2\nnew york 3 4\n")
    assert add(str(tmp_path / "some.txt")).status == 0
    (tmp_path / "there.txt").write_text("mine")
    os.mkfifo(tmp_path / "fifo.txt")
    for target, options in (("there.txt", []), ("fifo.txt", ["--force"]), ("new.bin", [])):
        outcome = ask("models", "export", "some", str(tmp_path / target), *options)
        assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert (tmp_path / "there.txt").read_text() == "mine"
    assert (tmp_path / "fifo.txt").is_fifo()
    assert not (tmp_path / "new.bin").exists()
    (tmp_path / "link.txt").symlink_to(tmp_path / "there.txt")
    assert ask("models", "export", "some", str(tmp_path / "link.txt"), "--force").status == 0
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "there.txt").read_text() == "2 2\nking 1.0 2.0\nnew york 3.0 4.0\n"


def test_removing_the_default_model_restores_the_default(tmp_path: Path) -> None:
    add_store(tmp_path / "home", "mine", {"king": [1, 2]})
    assert ask("models", "default", "mine").status == 0
    assert ask("lookup", "king", "--json").answer["model"]["name"] == "mine"
    assert ask("models", "remove", "mine", "--json").answer["results"][0]["status"] == "removed"
    assert ask("models", "default", "--json").answer["query"]["name"] == "glove"


@pytest.mark.parametrize("form", [str, Path])
def test_a_file_is_named_by_text_or_by_a_path(form: Any, tmp_path: Path) -> None:
    (tmp_path / "some.vec").write_bytes(text(header=True))
    space = embcli.open_space(form(tmp_path / "some.vec"))
    assert list(space) == WORDS
    assert repr(space).endswith(f"8 words × 10, from {str(tmp_path / 'some.vec')!r}>")
    assert manage.info(form(tmp_path / "some.vec")).results[0].name == space.name
    assert manage.verify(form(tmp_path / "some.vec")).results[0].status == "verified"
    assert manage.set_default(form(tmp_path / "some.vec")).results[0].name == space.name

    add_model(form(tmp_path / "some.vec"), "added")
    assert embcli.open_space("added").vectors.tobytes() == vectors().tobytes()
    assert export(embcli.open_space("added"), form(tmp_path / "out.txt"), "binary") == "binary"
    assert (tmp_path / "out.txt").read_bytes().startswith(b"8 10\n")
    assert manage.rename(form(tmp_path / "some.vec"), "renamed").results[0].name == "renamed"

    np.save(tmp_path / "some.npy", vectors())
    (tmp_path / "words.txt").write_text("\n".join(WORDS), "utf-8")
    add_model(form(tmp_path / "some.npy"), "array", read=ReadOptions(words=form(tmp_path / "words.txt")))
    assert list(embcli.open_space("array")) == WORDS
    assert [entry.name for entry in manage.remove("array", "added").results] == ["array", "added"]


def test_a_path_is_never_the_name_of_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("glove").write_bytes(text(header=True))
    assert list(embcli.open_space(Path("glove"))) == WORDS
    with pytest.raises(embcli.EmbcliError, match="there is no file nowhere"):
        embcli.open_space(Path("nowhere"))
    with pytest.raises(embcli.UnknownModel, match='there is no model "nowhere"'):
        embcli.open_space("nowhere")


def test_a_space_in_memory_can_be_exported(tmp_path: Path) -> None:
    from gensim.models import KeyedVectors

    space = VectorSpace.from_words(["a", "b"], [[0.1, 0.2], [0.3, 0.4]])
    for suffix in (".txt", ".bin", ".kv"):
        export(space, tmp_path / f"out{suffix}")
        add_model(tmp_path / f"out{suffix}", f"from{suffix}")
        assert embcli.open_space(f"from{suffix}").vectors.tobytes() == space.vectors.tobytes()
    assert KeyedVectors.load(str(tmp_path / "out.kv"))["b"].tolist() == space["b"].tolist()


# --- Names of models ----------------------------------------------------------------------------------------------


def test_no_model_silently_becomes_the_default_by_another_name(tmp_path: Path) -> None:
    add_store(tmp_path / "home", "mine", {"king": [1, 2]})
    outcome = ask("models", "rename", "mine", "glove")
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err == (
        "embcli: mine would become glove, the default model; choose another name, or run: embcli models default mine\n"
    )
    assert ask("models", "info", "mine", "--json").status == 0
    assert not (tmp_path / "home" / "models" / "glove.safetensors").exists()


def test_the_default_model_can_take_its_name_back(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, share(home, tmp_path / "shared"))
    assert ask("models", "rename", "glove", "other").status == 0
    assert ask("models", "rename", "other", "glove").status == 0
    assert ask("models", "info", "glove", "--json").answer["results"][0]["words"] == 400_000


def test_a_name_that_is_taken_is_no_reason_to_remove_a_model(tmp_path: Path) -> None:
    for name in ("mine", "yours"):
        add_store(tmp_path / "home", name, {"king": [1, 2]})
    for new, said in (
        ("mine", 'the name of the model is "mine" already'),
        ("yours", 'there is another model "yours" already'),
    ):
        outcome = ask("models", "rename", "mine", new)
        assert (outcome.status, outcome.out, outcome.err) == (2, "", f"embcli: {said}; choose another name\n")


def test_a_model_is_removed_and_renamed_by_the_path_of_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    Path("some.txt").write_bytes(text(header=True))
    for command, path in (("remove", "./some.txt"), ("rename", str(tmp_path / "some.txt")), ("remove", "../some.txt")):
        assert add("some.txt", "--name", "mine").status == 0
        if path.startswith(".."):
            monkeypatch.chdir("elsewhere")
        arguments = (path, "new") if command == "rename" else (path,)
        outcome = ask("models", command, *arguments, "--json")
        assert (outcome.status, outcome.err) == (0, "")
        assert outcome.answer["results"][0]["name"] == ("new" if command == "rename" else "mine")
        if command == "rename":
            assert ask("models", "remove", "./some.txt", "--json").answer["results"][0]["name"] == "new"
    assert ask("models", "remove", "../some.txt").status == 3


def test_a_path_from_which_several_models_were_made_names_them(tmp_path: Path) -> None:
    (tmp_path / "some.txt").write_bytes(text(header=True))
    path = str(tmp_path / "some.txt")
    for name in ("one", "two"):
        assert add(path, "--name", name).status == 0
    for command in (("remove", path), ("rename", path, "three")):
        outcome = ask("models", *command)
        assert (outcome.status, outcome.out) == (2, "")
        assert outcome.err == f"embcli: 2 models were made from {path}: one, two; name one of them\n"
    assert [entry["name"] for entry in ask("models", "--json").answer["results"]] == ["glove", "one", "two"]


def test_an_unknown_model_names_few_models(tmp_path: Path) -> None:
    for number in range(names.LISTED_MODELS):
        add_store(tmp_path / "home", f"wiki-{number}", {"king": [1, 2]})
    outcome = ask("nn", "king", "-m", "wikii")
    assert (outcome.status, outcome.out) == (3, "")
    assert "installed: wiki-0, wiki-1," in outcome.err
    add_store(tmp_path / "home", "Kitchen", {"king": [1, 2]})
    outcome = ask("nn", "king", "-m", "kitchn", "--json")
    assert outcome.error["suggestions"] == ["Kitchen"]
    assert outcome.error["hint"] == (
        "did you mean Kitchen? 9 models are installed (see: embcli models); to add one: embcli models add FILE"
    )
    for number in range(names.LISTED_MODELS, 300):
        (tmp_path / "home" / "models" / f"wiki-{number}.safetensors").write_bytes(b"")
    outcome = ask("nn", "king", "-m", "wiki")
    assert len(outcome.err) < 250
    assert "301 models are installed" in outcome.err
    assert outcome.err.count("wiki-") == names.SUGGESTED_MODELS
    assert "did you mean" not in ask("nn", "king", "-m", "xyz").err


# --- Options of `models add` --------------------------------------------------------------------------------------


def fasttext_model(path: Path) -> None:
    from gensim.models import FastText

    FastText([["salt", "soup"]], vector_size=4, min_count=1, workers=1, bucket=10).save(str(path))


def npy(path: Path) -> None:
    np.save(path, vectors())


OPTIONS: dict[str, tuple[str, Write, str]] = {  # the options, the file, what is wrong with them
    "names in binary": ("--header", lambda path: path.write_bytes(binary()), "is binary, not text, so --header"),
    "no names in binary": ("--no-header", lambda path: path.write_bytes(binary()), "is binary, not text, so --no-h"),
    "names in an array": ("--no-header --words words.txt", npy, "is npy, not text, so --no-header has no effect"),
    "names in KeyedVectors": ("--header", keyed_vectors, "is native, not text, so --header has no effect"),
    "names below counts": (
        "--header",
        lambda path: path.write_bytes(text(header=True)),
        "has a first line of counts, so --header has no effect; remove --header",
    ),
    "names below counts that are asked for": (
        "--no-header --input-format word2vec",
        lambda path: path.write_bytes(text(header=True)),
        "has a first line of counts, so --no-header has no effect",
    ),
    "n-grams of text": (
        "--no-subwords",
        lambda path: path.write_bytes(text(header=False)),
        "has no n-grams of fastText, so --no-subwords has no effect; remove --no-subwords",
    ),
    "n-grams of binary": ("--subwords", lambda path: path.write_bytes(binary()), "so --subwords has no effect"),
    "n-grams of KeyedVectors": ("--no-subwords", keyed_vectors, "so --no-subwords has no effect"),
    "n-grams of an array": ("--subwords --words words.txt", npy, "so --subwords has no effect"),
    "words for gensim": (
        "--words words.txt --reader gensim",
        lambda path: path.write_text("0.1 0.2\n0.3 0.4\n"),
        "gensim takes the words from the file of the vectors, not from --words; remove --reader",
    ),
    "names for gensim": (
        "--reader gensim",
        lambda path: path.write_text("word 0 1\nsalt 0.1 0.2\nsoup 0.3 0.4\n"),
        "gensim reads other words from this layout; remove --reader",
    ),
    "names for gensim that are asked for": (
        "--reader gensim --header",
        lambda path: path.write_text("salt 0 1\nsoup 0.3 0.4\n"),
        "gensim reads other words from this layout; remove --reader",
    ),
}


@pytest.mark.parametrize("case", OPTIONS)
def test_an_option_that_has_no_effect_is_an_error_that_says_why(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options, write, said = OPTIONS[case]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "words.txt").write_text("\n".join(WORDS) + "\n")
    write(Path("some.npy") if write is npy else Path("some"))
    outcome = add("some.npy" if write is npy else "some", *options.split())
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert said in outcome.err
    assert ask("models", "info", "some").status == 3


@pytest.mark.parametrize("option", ["--subwords", "--no-subwords"])
def test_n_grams_are_kept_or_left_out_as_asked(option: str, tmp_path: Path) -> None:
    fasttext_model(tmp_path / "some.model")
    assert add(str(tmp_path / "some.model"), option).status == 0
    assert (embcli.open_space("some").subwords is None) == (option == "--no-subwords")


@pytest.mark.parametrize(
    "options", [["--no-header"], ["--words", "words.txt"], ["--input-format", "glove"], ["--reader", "gensim"]]
)
def test_the_same_file_read_with_other_options_is_another_source(
    options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("words.txt").write_text("salt\nsoup\n")
    Path("some.txt").write_text("1 0.1 0.2\n2 0.3 0.4\n")
    for first, second in ((options, []), ([], options)):
        assert add("some.txt", *first, "--force").status == 0
        assert "it was already added" in add("some.txt", *first).err
        outcome = add("some.txt", *second)
        assert (outcome.status, outcome.out) == (2, "")
        assert "read with other options, already exists" in outcome.err


def test_a_file_of_words_that_changed_is_another_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("words.txt").write_text("salt\nsoup\n")
    Path("some.txt").write_text("0.1 0.2\n0.3 0.4\n")
    assert add("some.txt", "--words", "words.txt").status == 0
    Path("words.txt").write_text("salt\npepper\n")
    assert add("some.txt", "--words", "words.txt").status == 2
    assert add("some.txt", "--words", "words.txt", "--force").status == 0
    assert list(embcli.open_space("some").vocabulary) == ["salt", "pepper"]
