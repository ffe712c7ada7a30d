"""The command plot: what it reads, its formats, its pictures of other records, and its errors."""

import json
from pathlib import Path

import pytest
from process import Outcome, add_store, ask, settle
from tiny_models import MODELS

from embcli.cli.main import build_app
from embcli.cli.pictures import OF_ALL, OF_POINTS, OPTIONS_OF

LLAMA = str(MODELS / "llama")
TEXT = "the king and the queen saw a mole"
FOUR: dict[str, list[float]] = {"east": [4, 0], "west": [-4, 0], "north": [0, 2], "south": [0, -2], "new york": [3, 1]}


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    add_store(home, "small", FOUR)
    (home / "default").write_text("small\n")
    settle(monkeypatch, home)
    monkeypatch.chdir(tmp_path)


def drawn(*arguments: str, stdin: bytes = b"") -> dict[str, str | None]:
    """The words that are drawn, with their groups."""
    answer = ask("plot", *arguments, "--json", stdin=stdin).answer
    return {one["word"]: one["group"] for one in answer["results"]}


# --- Which words ------------------------------------------------------------------------------------------------------


def test_words_come_from_arguments_and_from_stdin() -> None:
    assert list(drawn("east", "-", stdin=b"north\nnew york\n\nwest\n")) == ["east", "north", "new york", "west"]
    assert list(drawn("-", stdin=b"north\neast\n")) == ["north", "east"]


def test_groups_are_named_on_the_command_line() -> None:
    found = drawn("--groups", 'side:east,west pole: north , "new york"', "south")
    assert found == {"south": None, "east": "side", "west": "side", "north": "pole", "new york": "pole"}


@pytest.mark.parametrize(
    "text", ['word,kind\r\neast,a\r\n"new york",b\r\nnorth,\r\n', "kind,word\na,east\nb,new york\n\n,north\n"]
)
def test_a_column_of_a_table_is_the_group(text: str) -> None:
    Path("words.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert drawn("--words", "words.csv", "--color-by", "kind") == {"north": None, "east": "a", "new york": "b"}
    assert drawn("--words", "words.csv") == dict.fromkeys(["east", "new york", "north"])


def test_a_tab_separated_table_has_no_quotes() -> None:
    Path("words.tsv").write_text('any\tkind\neast\t"a"\nwest\t"a"\n')
    assert drawn("--words", "words.tsv", "--color-by", "kind") == {"east": '"a"', "west": '"a"'}


def test_a_plain_file_has_a_word_a_line() -> None:
    Path("words.txt").write_text("east\nnew york\n\nnorth\n")
    assert list(drawn("--words", "words.txt", "west")) == ["west", "east", "new york", "north"]


@pytest.mark.parametrize(
    ("name", "text", "options", "status", "message"),
    [
        ("w.csv", "word,kind\neast\n", [], 2, "w.csv, line 2: expected 2 columns, found 1"),
        ("w.csv", "word,kind\n,a\n", [], 2, "w.csv, line 2: the word is missing"),
        ("w.csv", 'word,kind\n"east,a\n', [], 2, "w.csv, line"),
        ("w.csv", "word,kind\n", [], 2, "w.csv has no words"),
        ("w.csv", "", [], 2, "w.csv has no words"),
        ("w.csv", "word,kind\neast,a\n", ["--color-by", "sort"], 2, 'no column "sort"; its columns are word, kind'),
        ("w.txt", "east\nwest\n", ["--color-by", "kind"], 2, "w.txt has no columns"),
        ("w.csv", "word\neaast\nwwest\n", [], 3, '"eaast" and "wwest" are not in the vocabulary'),
    ],
)  # fmt: skip
def test_a_broken_file_is_one_line_that_says_where(
    name: str, text: str, options: list[str], status: int, message: str
) -> None:
    Path(name).write_text(text)
    found = ask("plot", "--words", name, *options)
    assert (found.status, found.out, found.err.count("\n")) == (status, "", 1)
    assert message in found.err


def test_a_file_that_is_missing_or_not_text_is_an_error() -> None:
    assert ask("plot", "--words", "none.csv").status == 4
    Path("w.csv").write_bytes(b"word\n\xff\xfe\n")
    assert "w.csv is not UTF-8" in ask("plot", "--words", "w.csv").err


def test_pairs_of_arrows_come_from_a_file_too() -> None:
    Path("pairs.txt").write_text("south:north\nwest east\n")
    answer = ask("plot", "--arrows", "pairs.txt", "--json").answer
    assert [(one["start"], one["end"]) for one in answer["arrows"]] == [("south", "north"), ("west", "east")]
    assert answer["arrows"][1]["cosine"] == 0


# --- Formats ----------------------------------------------------------------------------------------------------------


def test_json_has_coordinates_and_axes() -> None:
    answer = ask("plot", "east", "west", "north", "south", "--json").answer
    assert answer["schema"] == "embcli.plot/1"
    assert answer["results"][0] == {"word": "east", "x": 4.0, "y": 0.0, "group": None}
    assert answer["axes"] == [{"name": "PC1", "explained": 0.8}, {"name": "PC2", "explained": 0.2}]
    assert answer["query"] == {
        "words": ["east", "west", "north", "south"], "method": "pca", "fit": "words", "resolved": {},
    }  # fmt: skip


def test_csv_has_a_row_a_point_and_says_what_it_leaves_out() -> None:
    found = ask("plot", "--arrows", "west:east,south:north", "--format", "csv")
    assert found.out.splitlines()[:2] == [
        "question,word,x,y,group,resolved,error,line,id,model", ",west,-4.0,0.0,,,,,,small",
    ]  # fmt: skip
    assert "csv omits axes (--format json includes them): PC1 0.8 of the variance, PC2 0.2 of the variance" in found.err
    assert "csv omits cosines of the arrows" in found.err
    neighbors = ask("plot", "--neighbors", "east", "-k", "2", "--format", "csv").out
    assert neighbors.splitlines()[0] == "question,word,x,y,group,cosine,resolved,error,line,id,model"
    assert ask("plot", "east", "west", "--format", "words").out == "east\nwest\n"


# --- Pictures of other records ----------------------------------------------------------------------------------------


def same(picture: list[str], command: list[str]) -> None:
    """Whether a picture has the record of a command."""
    assert ask("plot", *picture, "--json").answer == ask(*command, "--json").answer
    assert ask("plot", *picture, "--plain").out == ask(*command, "--plain").out
    assert ask("plot", *picture).status == 0


def test_a_picture_has_the_record_of_its_command() -> None:
    same(["--project", "east - west", "north", "new york"], ["project", "east - west", "north", "new york"])
    same(["--softmax", "a=1,b=2", "-T", "0,2"], ["softmax", "--logits", "a=1,b=2", "-T", "0,2"])
    same(["--softmax", "east", "north", "west"], ["softmax", "east", "north", "west"])
    same(["--heatmap", "east", "north", "new york"], ["similarity", "--matrix", "east", "north", "new york"])
    attend = [TEXT, "--focus", "mole", "-m", LLAMA]
    same(["--pattern", *attend], ["attend", *attend])
    same(["--pattern", *attend, "--layer", "1", "--head", "0"], ["attend", *attend, "--layer", "1", "--head", "0"])
    same(["--pattern", "east north west", "--focus", "west"], ["attend", "east north west", "--focus", "west"])


def test_senses_by_layer_have_the_record_of_context() -> None:
    given = [TEXT, "a mole of the garden", "the mole saw", "--focus", "mole", "-m", LLAMA]
    picture, record = ask("plot", "--layers", *given, "--json").answer, ask("context", *given, "--json").answer
    assert picture == record
    plain = ask("plot", "--layers", *given, "--dictionary", "0")
    assert "cosine, by layer" in plain.out
    assert "minus the mean" not in plain.out
    out = ask("plot", "--layers", *given).out
    assert "cosine minus the mean of the layer, by layer" in out
    assert "● texts 1, 2   ○ texts 1, 3   ■ texts 2, 3" in out
    assert "layer →" in out


def test_bars_of_probabilities_are_those_of_softmax() -> None:
    given = ["Snape=3.4,Trelawney=2.5", "-T", "0,1"]
    assert ask("plot", "--softmax", *given).out == ask("softmax", "--logits", *given).out


def test_a_number_line_shows_the_dot_products_with_their_sign() -> None:
    out = ask("plot", "--project", "east - west", "north", "new york", "west").out
    assert "west -32.00" in out
    assert "new york +24.00" in out
    assert "north +0.00" in out


def test_a_heatmap_shows_numbers_where_they_fit_and_signs_below_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    out = ask("plot", "--heatmap", "east", "west", "north").out
    assert "-1.00" in out
    assert "−− -1.00" in out
    monkeypatch.setenv("COLUMNS", "24")
    assert "1.00" not in ask("plot", "--heatmap", "east", "west", "north").out


def test_a_pattern_names_the_head_that_was_chosen() -> None:
    given = ["plot", "--pattern", TEXT, "--focus", "mole", "-m", LLAMA]
    assert "the head that tells most of the focus" in ask(*given).out
    assert "tells most" not in ask(*given, "--layer", "1", "--head", "0").out


# --- Errors -----------------------------------------------------------------------------------------------------------


def refused(*arguments: str) -> Outcome:
    found = ask("plot", *arguments)
    assert (found.status, found.out, found.err.count("\n")) == (2, "", 1), found
    return found


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--project", "east", "--heatmap", "west"], "--project and --heatmap are two pictures"),
        (["--project", "east", "west", "--method", "tsne"], "--project does not use --method"),
        (["--heatmap", "east", "west", "-T", "1"], "--heatmap does not use -T"),
        (["east", "west", "--focus", "east"], "--focus has no effect on points; add --pattern or --layers"),
        (["east", "west", "-T", "1"], "-T has no effect on points; add --softmax"),
        (["east", "west", "--force"], "--force applies only to --export-projector"),
        (["east", "west", "--color-by", "kind"], "--color-by names a column of --words FILE"),
        (["--project", "east"], "--project needs words"),
        (["--softmax", "east"], "--softmax needs words"),
        (["--softmax", "a=1,b=2", "east"], "logits exclude words"),
        (["--softmax", "a=1,b=x"], '"b=x" is not a logit'),
        (["--softmax", "a=1,b=nan"], '"b=nan" is not a logit'),
        (["--softmax", "a=1,b=2", "-m", "small"], "logits exclude -m"),
        (["--heatmap"], "--heatmap needs words"),
        (["--heatmap", "east"], "a matrix requires two different words"),
        (["--pattern", "east west"], "--pattern needs --focus"),
        (["--pattern", "--focus", "east"], "--pattern needs a text"),
        (["--layers", "east west", "--focus", "east", "-m", LLAMA], "--layers compares two texts or more"),
        (["east", "west", "-m", "small", "-m", "other"], "2 models are named"),
        (["east", "-", "west"], '"-"'),
        (["--neighbors", "east", "--vocab", "3"], "--vocab draws the most frequent words"),
        (["--axes", "east", "2*east", "west"], "the two directions of --axes are parallel"),
    ],
)
def test_what_has_no_effect_or_is_missing_is_refused(arguments: list[str], message: str) -> None:
    assert message in refused(*arguments).err


@pytest.mark.parametrize("source", ["fruit", "fruit:", ":apple", "fruit:apple pear", "fruit:a,,b", 'fruit:"a'])
def test_a_mistake_in_groups_is_marked(source: str) -> None:
    found = ask("plot", "--groups", source)
    assert (found.status, found.out) == (2, "")
    assert "a group is a name, a colon, and words with commas between" in found.err
    assert found.err.splitlines()[2].strip() == "^"


def test_every_option_belongs_to_a_picture() -> None:
    import typer

    command = typer.main.get_command(build_app(["plot"])).commands["plot"]  # type: ignore[attr-defined]
    known = OF_ALL | OF_POINTS | OPTIONS_OF.keys() | set().union(*OPTIONS_OF.values())
    assert {parameter.name for parameter in command.params if parameter.name != "help"} - {"plain"} == known


def test_the_projector_gets_its_files_beside_the_picture() -> None:
    found = ask("plot", "east", "west", "north", "--export-projector", "here", "--json")
    assert [one["word"] for one in json.loads(found.out)["results"]] == ["east", "west", "north"]
    assert found.err == "embcli: note: written: here/vectors.tsv and metadata.tsv: 3 by 2 numbers\n"
    assert Path("here/vectors.tsv").read_text().splitlines()[0] == "4.0\t0.0"
    again = refused("east", "west", "north", "--export-projector", "here")
    assert "here/vectors.tsv exists; choose another folder, or replace the files with --force" in again.err
    assert ask("plot", "east", "west", "--export-projector", "here", "--force").status == 0
    assert Path("here/metadata.tsv").read_text() == "east\nwest\n"
