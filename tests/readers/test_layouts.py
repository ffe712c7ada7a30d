"""Columns, names and separators of texts: what is certain is read and reported, what is not is refused in one line."""

from pathlib import Path

import pytest
from process import settle
from test_everyday_files import PEPPER, SALT, add, read, refused

BOTH = {"salt": SALT, "pepper": PEPPER}
NAMES = "its first line has the names of the columns and was skipped"
QUOTES = "its words stand in quotes, which were left out"
INDEX = "its first column counts the rows and was skipped"
TABS = "its columns are separated by tabs"
MATRIX = "0.1 0.2\n0.3 0.4\n"


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, tmp_path / "home")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("data", "notes"),
    [
        ('"word"\t"a"\t"b"\n"salt"\t"0,1"\t"0,2"\n"pepper"\t"0,3"\t"0,4"\n', [QUOTES, NAMES, TABS]),
        ('word\ta\tb\n"salt"\t0.1\t0.2\n"pepper"\t0.3\t0.4\n', [QUOTES, NAMES, TABS]),
        ('"" "V1" "V2"\n"salt" 0.1 0.2\n"pepper" 0.3 0.4\n', [QUOTES, NAMES]),
        ('""\t"word"\t"a"\t"b"\n0\t"salt"\t0.1\t0.2\n1\t"pepper"\t0.3\t0.4\n', [QUOTES, NAMES, INDEX, TABS]),
        ('0 "salt" 0.1 0.2\n1 "pepper" 0.3 0.4\n', [QUOTES, INDEX]),
        ("\t0\t1\nsalt\t0,1\t0,2\npepper\t0,3\t0,4\n", [NAMES, TABS]),
        ("2 2\n0 salt 0.1 0.2\n1 pepper 0.3 0.4\n", [INDEX]),
        ("2 2\nsalt 0,1 0,2\npepper 0,3 0,4\n", []),
        ("sep=;\nword;a;b\nsalt;0,1;0,2\npepper;0,3;0,4\n", [NAMES]),
        ("word;a;b;;\nsalt;0,1;0,2;;\npepper;0,3;0,4;;\n;;;;\n", [NAMES, "blank lines at its end were skipped"]),
        ("salt,0.1,0.2,\npepper,0.3,0.4,\n", []),
        ("id,word,a,b\n17,salt,0.1,0.2\n5,pepper,0.3,0.4\n", [NAMES]),
        ("word\tpos\ta\tb\nsalt\tN\t0.1\t0.2\npepper\tV\t0.3\t0.4\n", [NAMES, TABS]),
        ("# made by hand\nsalt 0.1 0.2\npepper 0.3 0.4\n", []),
    ],
)
def test_a_layout_that_is_certain_is_read_and_reported(data: str, notes: list[str]) -> None:
    rows, said = read("v.txt", data)
    assert rows == BOTH
    assert [note for note in said if note in (NAMES, QUOTES, INDEX, TABS) or "blank lines" in note] == notes


def test_a_column_of_words_is_found_by_its_name_and_the_other_one_is_reported() -> None:
    assert (
        'its words are in the column "word"; the one beside it was skipped'
        in read("v.csv", "id,word,a,b\n17,salt,0.1,0.2\n5,pepper,0.3,0.4\n")[1]
    )


def test_words_between_tabs_keep_their_blanks() -> None:
    data = "word\tx\ty\nwindows 95\t0.1\t0.2\nwindows 98\t0.3\t0.4\n"
    assert read("v.tsv", data)[0] == {"windows 95": SALT, "windows 98": PEPPER}
    assert read("v.tsv", data.partition("\n")[2])[0] == {"windows 95": SALT, "windows 98": PEPPER}


BROKEN = ["NA", "\u22120.1", "1,000", "1,000.5", "1_000", "0x1p3", "1.0D+02"]


@pytest.mark.parametrize("broken", [*BROKEN, "1 000", ""])
@pytest.mark.parametrize("names", ["word\tx\ty\n", ""])
def test_a_column_that_is_no_number_never_joins_the_word_between_tabs(names: str, broken: str) -> None:
    refused(add("v.tsv", f"{names}salt\t{broken}\t0.2\npepper\t{broken}\t0.4\n"), "v.tsv", broken)


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("names", ["word x y\n", "2 2\n", ""])
def test_a_column_that_is_no_number_never_joins_the_word_between_blanks(names: str, broken: str) -> None:
    refused(add("v.txt", f"{names}salt {broken} 0.2\npepper {broken} 0.4\n"), "v.txt", broken)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ('"word" "a" "b"\n"salt" 0.1 0.2\n"pepper" 0.3 0.4 0.5\n', "line 3: 3 numbers instead of 2"),
        ('"V1" "V2"\n"salt" NA 0.2\n"pepper" 0.3 0.4\n', 'line 2: "NA" is not a number'),
        ("word x\nsalt 0.1 0.2\npepper 0.3 0.4\n", "line 1: the line names 2 columns, but the lines below have 3"),
        ("word,x\nsalt,0.1,0.2\npepper,0.3,0.4\n", "line 1: the line names 2 columns, but the lines below have 3"),
        ("word,x,y\nsalt,0.1,0.2\npepper,,0.2\n", 'line 3: "" is not a number'),
        ("salt\tN\t0.1\npepper\tV\t0.2\n", '2 columns ("salt N")'),
        ("2 2\nsalt\t1\t0.1\t0.2\npepper\t1\t0.3\t0.4\n", '2 columns ("salt 1")'),
        ("new york 0.1 0.2\nlos angeles 0.3 0.4\n", "join the parts of a word with _"),
        ('"a\\"b" 0.1 0.2\n"pepper" 0.3 0.4\n', "v.txt, line 1"),
        ("0 3\n", "v.txt, line 1: the file is empty but for two counts"),
    ],
)
def test_a_layout_that_is_not_certain_is_refused(data: str, says: str) -> None:
    refused(add("v.txt", data), "v.txt", says)


@pytest.mark.parametrize(
    "data",
    [
        "1 0.5 0.25\n0.5 0.1 0.3\n",
        "-1\t0.5\t0.25\n0.5\t0.1\t0.3\n",
        "1 0 0\n0.5 0.25 0\n0.5 0.5 1\n",
        "0,1\n0.25,0.5\n0.3,0.4\n",
        "0;1\n0,25;0,5\n0,3;0,4\n",
        "1 0.5\n" * 30 + "0.5 0.5\n",  # the fraction comes after the lines that decide about the layout
    ],
)
def test_numbers_without_words_are_refused_wherever_the_fraction_stands(data: str) -> None:
    refused(add("v.txt", data), "v.txt", "--words FILE", "--input-format glove")


def test_words_that_are_fractions_are_read_when_the_format_is_named() -> None:
    assert read("v.txt", "0.5 0.1 0.2\n1 0.3 0.4\n", format_name="glove")[0] == {"0.5": SALT, "1": PEPPER}


@pytest.mark.parametrize(
    "data", ["salt 0.1 0.2\npepper 0.3 0.4\n", "2 2\nsalt 0.1 0.2\npepper 0.3 0.4\n", "a,1.5,2\nb,3,4\n"]
)
@pytest.mark.parametrize("options", [[], ["--input-format", "glove"]])
def test_words_of_a_text_are_not_replaced(data: str, options: list[str]) -> None:
    Path("words.txt").write_text("x\ny\n")
    if not (options and data.startswith("2")):
        refused(add("v.txt", data, "--words", "words.txt", *options), "its lines have their own words", "--words")


def test_names_and_row_numbers_of_a_matrix_without_words() -> None:
    Path("words.txt").write_text("salt\npepper\nsoup\n")
    words = Path("words.txt")
    three = {**BOTH, "soup": [0.5, 0.6]}
    assert read("v.csv", ",0,1\n0,0.1,0.2\n1,0.3,0.4\n2,0.5,0.6\n", words=words)[0] == three
    assert read("v.csv", "0,1\n0.1,0.2\n0.3,0.4\n0.5,0.6\n", words=words, header=True)[0] == three
    assert read("v.txt", "# saved by NumPy\n0.1 0.2\n0.3 0.4\n0.5 0.6\n", words=words)[0] == three
    refused(add("v.csv", "0,1\n0.1,0.2\n0.3,0.4\n0.5,0.6\n", "--words", "words.txt"), "--no-header or --header")
    refused(add("v.csv", "0,0.1,0.2\n1,0.3,0.4\n2,0.5,0.6\n", "--words", "words.txt"), "counts the rows", "delete it")


@pytest.mark.parametrize(
    ("words", "note"),
    [
        ("salt,5\npepper,4\n", "the first column"),
        ("salt;5\npepper;4\n", "the first column"),
        ('"1","salt"\n"2","pepper"\n', "the second column"),
        ('"salt"\n"pepper"\n', "in quotes"),
        ("0\tsalt\n1\tpepper\n", "the second column"),
        ("index\tword\n0\tsalt\n1\tpepper\n", 'the column "word"'),
        (",word\n0,salt\n1,pepper\n", 'the column "word"'),
        ("word,freq\nsalt,5\npepper,4\n", "without its first line"),
        ("0 salt\n1 pepper\n", "the second column"),
    ],
)
def test_the_column_of_words_in_a_file_of_words(words: str, note: str) -> None:
    Path("words.txt").write_text(words)
    rows, notes = read("v.txt", MATRIX, words=Path("words.txt"))
    assert rows == BOTH
    assert any("words.txt" in said and note in said for said in notes)


def test_numbers_that_tell_words_apart_are_no_counts() -> None:
    Path("words.txt").write_text("windows 95\nwindows 98\n")
    assert read("v.txt", MATRIX, words=Path("words.txt")) == ({"windows 95": SALT, "windows 98": PEPPER}, [])


def test_a_file_of_words_that_is_json_or_has_a_name_in_its_first_line_is_refused() -> None:
    Path("words.txt").write_text('{"word": "salt"}\n{"word": "pepper"}\n')
    refused(add("v.txt", MATRIX, "--words", "words.txt"), "words.txt is JSON", "one word a line")
    Path("words.txt").write_text("word\nsalt\npepper\n")
    refused(add("v.txt", MATRIX, "--words", "words.txt"), "more than 2 words", "if its first line is a name, delete it")


def test_two_rows_show_that_a_last_line_without_its_end_is_complete() -> None:
    assert read("v.txt", "salt 0.100 0.200\npepper 0.300 0.400")[0] == BOTH
    refused(add("v.txt", "salt 0.100 0.200\npepper 0.300 0.40"), "line 2", "no line feed")
