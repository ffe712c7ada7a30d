"""Files as other programs write them every day, and what is reported about them."""

import gzip
import io
import tarfile
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from process import Outcome, ask, settle

from embcli.models.open import StoredSpace, open_space
from embcli.readers import ReadOptions, sniffing
from embcli.readers.source_file import SourceFile

ROWS = b"salt 0.1 0.2\npepper 0.3 0.4\n"
SALT, PEPPER = [0.1, 0.2], [0.3, 0.4]


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, tmp_path / "home")
    monkeypatch.chdir(tmp_path)


def read(name: str, data: bytes | str, **options: Any) -> tuple[dict[str, list[float]], list[str]]:
    """The rows of a file, rounded, and the notes about it."""
    Path(name).write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_path(name, **options)


def read_path(name: str, **options: Any) -> tuple[dict[str, list[float]], list[str]]:
    with closing(SourceFile(Path(name))) as opened:
        source = sniffing.read(opened, ReadOptions(**options))
        rows = {
            word.decode(): np.round(vector.astype(float), 6).tolist()
            for words, vectors in source.blocks
            for word, vector in zip(words, vectors, strict=True)
        }
    return rows, source.notes


def add(name: str, data: bytes | str, *options: str) -> Outcome:
    Path(name).write_bytes(data if isinstance(data, bytes) else data.encode())
    return ask("models", "add", name, *options)


def refused(outcome: Outcome, *says: str) -> None:
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    for text in says:
        assert text in outcome.err


# --- Blanks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        "salt       0.10 -0.20 0.30\npepper     0.10 -0.20 0.30\nsoup       0.10 -0.20 0.30\n",
        "salt\t 0.10\t-0.20  0.30 \npepper 0.10 -0.20 0.30\nsoup 0.10 -0.20 0.30\t\n",
        "  salt  0.10 -0.20  0.30\npepper  0.10 -0.20  0.30\n  soup  0.10 -0.20  0.30\n",
        "3 3\nsalt   0.10 -0.20 0.30\npepper 0.10 -0.20 0.30\n  soup 0.10 -0.20 0.30\n",
    ],
    ids=["padded", "tabs and blanks", "right", "counted"],
)
def test_a_run_of_blanks_is_one_separator_and_no_word_begins_or_ends_with_one(data: str) -> None:
    rows, _ = read("v.txt", data)
    assert rows == {word: [0.1, -0.2, 0.3] for word in ("salt", "pepper", "soup")}


def test_numbers_may_be_aligned() -> None:
    assert read("v.txt", "salt  0.10 -0.20\npepper -0.20  0.10\n")[0] == {"salt": [0.1, -0.2], "pepper": [-0.2, 0.1]}


# --- Column names and row numbers ----------------------------------------------------------------------------------

NAMES = "its first line has the names of the columns and was skipped"
INDEX = "its first column counts the rows and was skipped"
COMMAS = "its columns are separated by commas"


@pytest.mark.parametrize(
    ("data", "notes"),
    [
        ("word 0 1\nsalt 0.1 0.2\npepper 0.3 0.4\n", [NAMES]),
        ("0 1\nsalt 0.1 0.2\npepper 0.3 0.4\n", [NAMES]),
        ("token\tx\ty\nsalt\t0.1\t0.2\npepper\t0.3\t0.4\n", [NAMES]),
        ("0 salt 0.1 0.2\n1 pepper 0.3 0.4\n", [INDEX]),
        ("1\tsalt\t0.1\t0.2\n2\tpepper\t0.3\t0.4\n", [INDEX]),
        (",word,0,1\n0,salt,0.1,0.2\n1,pepper,0.3,0.4\n", [COMMAS, NAMES, INDEX]),
        (",0,1\nsalt,0.1,0.2\npepper,0.3,0.4\n", [COMMAS, NAMES]),
        ('"V1" "V2"\n"salt" 0.1 0.2\n"pepper" 0.3 0.4\n', ["its words stand in quotes, which were left out", NAMES]),
    ],
    ids=["pandas", "shifted", "names", "index", "index from 1", "pandas CSV", "pandas CSV by word", "R"],
)
def test_column_names_and_row_numbers_are_recognised_skipped_and_reported(data: str, notes: list[str]) -> None:
    rows, said = read("v.txt", data)
    assert rows == {"salt": SALT, "pepper": PEPPER}
    assert [note for note in said if note != "its columns are separated by tabs"] == notes


def test_a_first_line_that_may_be_a_vector_is_refused_and_an_option_decides() -> None:
    data = "salt 0 1 2\npepper 0.1 0.2 0.3\n"
    refused(add("v.txt", data), "v.txt", "line 1", "--no-header or --header")
    assert set(read("v.txt", data, header=False)[0]) == {"salt", "pepper"}
    assert set(read("v.txt", data, header=True)[0]) == {"pepper"}
    assert add("v.txt", data, "--no-header").status == 0
    assert add("v.txt", data, "--header", "--name", "other").status == 0


def test_a_toy_space_of_two_dimensions_has_no_header() -> None:
    assert read("v.txt", "king 0 1\nqueen 1 1\n")[0] == {"king": [0, 1], "queen": [1, 1]}


def test_a_row_that_breaks_the_layout_names_its_line() -> None:
    refused(add("v.csv", "salt,0.1,0.2\npepper,0.2\nsoup,0.4,0.5\n"), "v.csv, line 2", "1 number instead of 2")
    refused(
        add("w.txt", "7 salt 0.1 0.2\n3 pepper 0.3 0.4\n"), "w.txt", '2 columns ("7 salt")', "delete all but the words"
    )


# --- CSV ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        "salt,0.1,0.2\npepper,0.3,0.4\n",
        "salt, 0.1, 0.2\npepper, 0.3, 0.4\n",
        "\ufeffsalt;0,1;0,2\r\npepper;0,3;0,4\r\n",
        'salt,"0,1","0,2"\npepper,"0,3","0,4"\n',
        '"salt","0.1","0.2"\n"pepper","0.3","0.4"\n',
        "salt;0.1;0.2\npepper;0.3;0.4\n",
        "salt\t0,1\t0,2\npepper\t0,3\t0,4\n",
        "salt 0,1 0,2\npepper 0,3 0,4\n",
    ],
)
def test_commas_semicolons_quotes_and_decimal_commas_are_read(data: str) -> None:
    rows, notes = read("v.csv", data)
    assert rows == {"salt": SALT, "pepper": PEPPER}
    assert notes


def test_a_quoted_word_keeps_its_comma() -> None:
    assert read("v.csv", '"salt, sea",0.1,0.2\npepper,0.3,0.4\n')[0] == {"salt, sea": SALT, "pepper": PEPPER}


def test_words_that_are_commas_semicolons_and_quotes_make_no_csv() -> None:
    words = [",", ";", '"', "1,000", "a;b"]
    rows, notes = read("v.txt", "".join(f"{word} 0.1 0.2\n" for word in words))
    assert (list(rows), notes) == (words, [])


def test_a_column_that_is_no_number_is_named() -> None:
    refused(add("v.txt", "salt,a,0.2\npepper,b,0.4\n"), "v.txt", '2 columns ("salt a")')


# --- Vectors without words -----------------------------------------------------------------------------------------

NUMBERS = "0.1\t0.2\n0.3\t0.4\n"


def test_fractions_are_no_words_and_whole_numbers_are_ids() -> None:
    refused(add("vectors.tsv", NUMBERS), "vectors.tsv", "--words FILE")
    refused(add("saved.txt", "1.000000000000000056e-01 2.0e-01\n3.0e-01 4.0e-01\n"), "--words FILE")
    assert read("n.txt", "2 2\n1 0.1 0.2\n7 0.3 0.4\n")[0] == {"1": SALT, "7": PEPPER}
    assert read("n.txt", "1 0.1 0.2\n7 0.3 0.4\n")[0] == {"1": SALT, "7": PEPPER}


@pytest.mark.parametrize(
    ("words", "note"),
    [
        ("salt\npepper\n", None),
        ("salt 3\npepper 1000\n", "the counts in words.txt were left out"),
        ("salt\t3\npepper\t1000\n", "of words.txt, the first column was read"),
        ("word\tcount\nsalt\t3\npepper\t2\n", "without its first line"),
        ("Word\tPart of speech\nsalt\tnoun\npepper\tnoun\n", "without its first line"),
        ("word count\nsalt 3\npepper 2\n", "the counts in words.txt were left out"),
        ("\ufeffsalt\r\npepper\r\n\r\n", None),
    ],
)
@pytest.mark.parametrize("matrix", ["text", "csv", "npy", "npz"])
def test_words_come_from_a_file_of_their_own(words: str, note: str | None, matrix: str) -> None:
    Path("words.txt").write_bytes(words.encode())
    if matrix in ("npy", "npz"):
        array = np.array([SALT, PEPPER], np.float32)
        np.save("v.npy", array) if matrix == "npy" else np.savez_compressed("v.npz", array)
        rows, notes = read_path(f"v.{matrix}", words=Path("words.txt"))
    else:
        rows, notes = read("v.txt", NUMBERS.replace("\t", "," if matrix == "csv" else "\t"), words=Path("words.txt"))
    assert rows == {"salt": SALT, "pepper": PEPPER}
    assert note is None or any(note in said for said in notes)


def test_words_that_end_in_a_number_keep_it_where_not_all_do() -> None:
    assert set(read("v.txt", NUMBERS, words=write("w.txt", "windows 95\npepper\n"))[0]) == {"windows 95", "pepper"}


@pytest.mark.parametrize("words", ["salt\n", "salt\npepper\nsoup\n"])
def test_as_many_words_as_vectors_are_needed(words: str) -> None:
    refused(add("v.tsv", NUMBERS, "--words", str(write("w.txt", words))), "w.txt", "word for each row")


def write(name: str, text: str) -> Path:
    Path(name).write_text(text)
    return Path(name)


# --- Numbers ------------------------------------------------------------------------------------------------------


def test_zero_vectors_load_with_a_note() -> None:
    outcome = add("v.txt", "<pad> 0 0\n<unk> 0 0\n<s> 0 0\nsalt 0.1 0.2\n")
    assert outcome.status == 0
    assert "3 vectors are zero" in outcome.err
    refused(add("w.txt", "<pad> 0 0\n"), "all vectors are zero")


def test_float16_is_not_rounded_and_float64_is() -> None:
    words = write("w.txt", "salt\npepper\n")
    np.save("v.npy", np.array([SALT, PEPPER], np.float16))
    assert read_path("v.npy", words=words)[1] == []
    np.save("v.npy", np.array([SALT, PEPPER], np.float64))
    assert read_path("v.npy", words=words)[1] == ["its numbers were rounded to 32 bits"]


def test_an_npz_holds_one_matrix_and_may_hold_its_words() -> None:
    array = np.array([SALT, PEPPER], np.float32)
    np.savez("v.npz", vectors=array, words=np.array(["salt", "pépper"]))
    assert read_path("v.npz") == ({"salt": SALT, "pépper": PEPPER}, ["its words are the array words"])
    np.savez_compressed("two.npz", a=array, b=array)
    refused(ask("models", "add", "two.npz"), "one array of floats", "a, b")
    np.savez("alone.npz", array)
    refused(ask("models", "add", "alone.npz"), "--words FILE")
    np.savez("o.npz", np.array([{}], object))
    refused(ask("models", "add", "o.npz"), "o.npz")


# --- The end of a text, and its beginning ---------------------------------------------------------------------------


def test_a_last_line_that_does_not_end_is_whole_where_all_numbers_have_as_many_decimals() -> None:
    rows, notes = read("v.txt", "salt 0.10 0.20\npepper 0.30 0.40\nsoup 0.50 0.60")
    assert rows["soup"] == [0.5, 0.6]
    assert "its last line has no line feed" in notes[0]
    with gzip.open("v.txt.gz", "wb") as out:
        out.write(b"2 2\nsalt 0.10 0.20\npepper 0.30 0.40")
    assert read_path("v.txt.gz")[0] == {"salt": SALT, "pepper": PEPPER}


@pytest.mark.parametrize(
    "data",
    [
        "salt 0.10 0.20\npepper 0.30 0.40\nsoup 0.50 0.6",
        "salt 0.10 0.2\npepper 0.30 0.40\nsoup 0.50 0.60",
        "salt 1 2\npepper 3 4\nsoup 5 6",
        "salt,1,2\npepper,3,4\nsoup,5,6",
    ],
)
def test_a_last_line_that_may_be_cut_is_refused(data: str) -> None:
    refused(add("v.txt", data), "v.txt, line 3", "no line feed")


def test_below_counts_a_word_may_end_in_a_whole_number() -> None:
    assert read("v.txt", "2 2\nwindows 95 0.1 0.2\nsalt 0.3 0.4\n")[0] == {"windows 95": SALT, "salt": PEPPER}
    refused(add("v.txt", "windows 95 0.1 0.2\nsalt 0.3 0.4\n"), "line 2")


def test_a_limit_reads_the_first_rows_and_no_further() -> None:
    data = b"salt 0.1 0.2\npepper 0.3 0.4\n" + b"broken\n" * 10
    assert add("v.txt", data, "--limit", "2").status == 0
    assert len(open_space("v")) == 2
    assert "already added" in ask("models", "add", "v.txt", "--limit", "2").err
    refused(ask("models", "add", "v.txt", "--limit", "1"), "from another source")
    refused(ask("models", "add", "v.txt", "--name", "all"), "line 3")


# --- Archives -----------------------------------------------------------------------------------------------------


def archive(name: str, files: dict[str, bytes]) -> str:
    if ".tar" in name:
        packing: Any = f"w:{name.rpartition('.tar')[2].strip('.')}"
        with tarfile.open(name, packing) as tar:
            for member, data in files.items():
                info = tarfile.TarInfo(member)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    else:
        with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as packed:
            for member, data in files.items():
                packed.writestr(member, data)
    return name


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a.tar.bz2", "a.tar.xz"])
def test_the_only_file_of_vectors_of_an_archive_is_read_and_of_several_the_named_one(name: str) -> None:
    other = b"salt 1.5 2.5\n"
    one = archive(name, {"README": b"x", "meta.json": b"{}", "__MACOSX/._v.txt": b"\0", "d/v.txt": ROWS})
    assert read_path(one) == ({"salt": SALT, "pepper": PEPPER}, ["of the files in it, d/v.txt was read"])
    two = archive(f"two{name}", {"g.50d.txt": ROWS, "g.100d.txt": other})
    refused(ask("models", "add", two), "g.50d.txt, g.100d.txt", f"{two}/g.50d.txt")
    assert read_path(f"{two}/g.100d.txt") == ({"salt": [1.5, 2.5]}, [])
    assert ask("models", "add", f"{two}/g.50d.txt").out.count("g.50d") == 1
    refused(ask("models", "add", f"{two}/none.txt"), "no file none.txt")
    assert ask("nn", "salt", "-m", f"./{two}/g.50d.txt", "-k", "1", "--json").answer["results"][0]["word"] == "pepper"
    refused(ask("models", "add", archive(f"no{name}", {"README": b"x"})), "no file of vectors", "README")


def test_a_path_into_what_is_no_archive_is_no_file() -> None:
    Path("v.txt").write_bytes(ROWS)
    assert ask("models", "add", "v.txt/w.txt").status == 4


# --- Looking after models ------------------------------------------------------------------------------------------


def test_a_model_gets_another_name_and_stays_the_default() -> None:
    add("v.tsv", ROWS.replace(b" ", b"\t"))
    ask("models", "default", "v")
    assert ask("models", "rename", "v", "soup", "--json").answer["results"][0]["name"] == "soup"
    assert ask("models", "default", "--json").answer["results"][0]["name"] == "soup"
    add("v.tsv", ROWS)
    refused(ask("models", "rename", "v", "soup"), '"soup" already')
    assert ask("models", "rename", "none", "x").status == 3


def test_several_models_are_removed_or_none() -> None:
    for name in ("a", "b", "c"):
        add(f"{name}.csv", ROWS.replace(b" ", b","))
    assert ask("models", "remove", "a", "none", "--yes").status == 3
    removed = ask("models", "remove", "a", "b", "--json").answer
    assert [entry["name"] for entry in removed["results"]] == ["a", "b"]
    assert [entry["name"] for entry in ask("models", "--json").answer["results"] if entry["name"] != "glove"] == ["c"]


@pytest.mark.parametrize("typed", ["move", "remov", "removes", "removx"])
def test_no_suggestion_leads_to_a_command_that_deletes(typed: str) -> None:
    status, _, err = ask("models", typed, "x")
    assert status == 2
    assert "remove" not in err.replace(typed, "")


def test_a_name_like_one_of_the_catalogue_gets_a_suggestion() -> None:
    err = ask("models", "add", "word2vec-google-news").err
    assert "did you mean word2vec-google-news-300?" in err


def test_the_store_of_a_limited_file_opens() -> None:
    add("v.txt", ROWS, "--limit", "1")
    space = open_space("v")
    assert isinstance(space, StoredSpace)
    assert space.metadata["limit"] == "1"


@pytest.mark.parametrize(("typed", "status", "left"), [("n\n", 1, True), ("y\n", 0, False), ("", 130, True)])
def test_on_a_terminal_a_question_comes_before_deleting(
    typed: str, status: int, left: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    add("v.txt", ROWS)
    monkeypatch.setattr("embcli.cli.models.is_terminal", lambda: True)
    outcome = ask("models", "remove", "v", stdin=typed.encode())
    assert outcome.status == status
    assert "Delete v? [y/N]" in outcome.err
    assert (ask("models", "info", "v").status == 0) is left
    add("v.txt", ROWS)
    assert "Delete" not in ask("models", "remove", "v", "--yes").err
