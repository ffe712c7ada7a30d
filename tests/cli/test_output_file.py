"""The option `-o FILE`: the answer in a file that is whole or absent, and nothing on stdout."""

import json
import os
import shlex
import stat
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from process import add_store, ask, settle, share

from embcli.cli.command import PICTURE_FILES, TABLE_FILES
from embcli.cli.main import build_app
from embcli.cli.output_file import whole_file
from embcli.errors import InputOutputProblem
from embcli.plot.vega import PICTURE_SUFFIXES

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def at_work(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, home)
    monkeypatch.chdir(tmp_path)


def write(command: str, file: str) -> bytes:
    """The file that a command writes, silently."""
    outcome = ask(*shlex.split(command), "-o", file)
    assert outcome == (0, "", "")
    return Path(file).read_bytes()


def texts(svg: bytes) -> list[str]:
    return [one.text or "" for one in ElementTree.fromstring(svg).iter(f"{SVG}text")]


COMMANDS = (
    "analogy king - man + woman", "neighbors tower", "project 'cats - cat' puppy puppies", "softmax king queen apple",
    "softmax --logits a=1,b=2", "similarity king queen", "odd breakfast cereal dinner king", "lookup king",
    "shapes gpt-3", "models", "models list", "models info glove", "models catalog",
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_writes_its_table(command: str) -> None:
    printed = ask(*shlex.split(command)).out
    assert write(command, "table.txt").decode().split() == printed.split()
    words = [word for word in " ".join(texts(write(command, "table.svg"))).split() if word[0].isalnum()]
    assert [word for word in words if word not in printed.split()] == []
    assert b"<pre>" in write(command, "table.html")


def test_all_commands_with_formats_have_the_option() -> None:
    group = build_app([])
    from typer.main import get_command

    def commands(found: object) -> list[object]:
        inner = getattr(found, "commands", {}).values()
        return [found, *(one for command in inner for one in commands(command))]

    for command in commands(get_command(group)):
        options = [option for parameter in command.params for option in parameter.opts]  # type: ignore[attr-defined]
        assert ("--output" in options) == ("--theme" in options) == ("--jsonl" in options)


def test_several_models_stand_side_by_side(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = share(home, tmp_path / "home")
    add_store(folder, "small", {"king": [1, 0], "queen": [1, 1], "man": [0, 1]})
    monkeypatch.setenv("EMBCLI_HOME", str(folder))
    drawn = texts(write("neighbors king -m glove -m small", "both.svg"))
    assert {"glove", "small", "prince", "queen"} <= set(drawn)


@pytest.mark.parametrize(
    ("command", "message", "hint"),
    [
        ("analogy king - man + woman -o x", '"x" has no known suffix', ".svg, .html or .txt"),
        ("analogy king - man + woman -o x.png", '"x.png" has no known suffix', ".svg, .html or .txt"),
        ("plot king queen -o x.csv", '"x.csv" has no known suffix', ".svg, .png, .pdf, .html, .json or .txt"),
        ("analogy king - man + woman -o x.svg --format csv", "-o and --format csv contradict each other", "> FILE"),
        ("plot king queen -o x.svg --plain", "-o and --format plain contradict each other", "> FILE"),
        ("analogy king - man + woman --theme dark", "--theme applies only to -o", "add -o FILE"),
        ("analogy king - man + woman -o x.svg --theme blue", 'unknown theme "blue"', "light or dark"),
        ("analogy king - man + woman -o x.txt --theme dark", "--theme does not apply to .txt", "remove it"),
        ("analogy king - man + woman -o x.svg -o y.svg", "--output is given 2 times", "once"),
        ("analogy - -o x.svg", "-o writes the answer of one question", "as arguments"),
    ],
)
def test_what_cannot_be_written_is_refused_in_one_line(command: str, message: str, hint: str) -> None:
    outcome = ask(*shlex.split(command), stdin=b"king - man + woman\n")
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert message in outcome.err
    assert hint in outcome.err
    assert [*Path().iterdir()] == []


def test_json_and_a_file_contradict_each_other_as_a_json_error() -> None:
    outcome = ask("analogy", "king", "--json", "-o", "x.svg")
    assert outcome.error["code"] == "usage"
    assert [*Path().iterdir()] == []


def test_an_unknown_word_writes_no_file() -> None:
    assert ask("analogy", "kinnng - man + woman", "-o", "x.svg").status == 3
    assert [*Path().iterdir()] == []


def test_a_missed_answer_is_written_and_exits_with_1() -> None:
    assert ask("analogy", "king - man + woman", "--expect", "cat", "-o", "x.svg").status == 1
    assert "cat" in " ".join(texts(Path("x.svg").read_bytes()))


@pytest.mark.parametrize("file", ["missing/x.svg", "folder.svg"])
def test_a_file_that_cannot_be_written_exits_with_4(file: str) -> None:
    Path("folder.svg").mkdir()
    outcome = ask("analogy", "king - man + woman", "-o", file)
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (4, "", 1)
    assert outcome.err.startswith(f"embcli: {file}: ")
    assert [path.name for path in Path().rglob("*")] == ["folder.svg"]


def test_a_file_is_replaced_as_a_whole_and_a_link_is_followed() -> None:
    Path("old.svg").write_text("old")
    Path("link.svg").symlink_to("old.svg")
    write("lookup king", "link.svg")
    assert Path("link.svg").is_symlink()
    assert texts(Path("old.svg").read_bytes())
    with pytest.raises(TypeError), whole_file(Path("old.svg")) as file:
        file.writelines([b"half", "of it"])
    assert texts(Path("old.svg").read_bytes())
    assert sorted(path.name for path in Path().iterdir()) == ["link.svg", "old.svg"]


def test_a_new_file_has_the_permissions_of_the_user() -> None:
    write("lookup king", "new.svg")
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(Path("new.svg").stat().st_mode) == 0o666 & ~mask


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_exits_with_4_and_leaves_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputOutputProblem, match="No space left"), whole_file(Path("x.svg")) as file:
        file.write(b"<svg/>")
    assert [*Path().iterdir()] == []


def test_on_a_terminal_a_note_names_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    import embcli.cli.session

    notes: list[str] = []
    monkeypatch.setattr(embcli.cli.session, "note", notes.append)
    monkeypatch.setattr("embcli.cli.output_file.sys", _Terminal)
    assert ask("lookup", "king", "-o", "king.svg").status == 0
    size = Path("king.svg").stat().st_size
    assert notes == [f"king.svg: {size / 1000:,.0f} kB"]


class _Terminal:
    """A `sys` whose stderr is a terminal."""

    class stderr:  # noqa: N801
        isatty = staticmethod(lambda: True)


def test_plot_writes_what_its_suffix_says() -> None:
    assert set(PICTURE_FILES) == {*PICTURE_SUFFIXES, "txt"}
    assert set(TABLE_FILES) < set(PICTURE_FILES)
    command = "plot --arrows man:woman,king:queen"
    assert {"man", "woman", "king", "queen"} <= set(texts(write(command, "x.svg")))
    assert write(command, "x.PNG")[:4] == b"\x89PNG"
    assert write(command, "x.pdf")[:4] == b"%PDF"
    assert json.loads(write(command, "x.json"))["$schema"].startswith("https://vega.github.io/schema/vega/")
    assert b"<h1>man woman king queen</h1>" in write(command, "x.html")
    assert write(command, "x.txt").decode().split("\n")[0] == ask(*command.split()).out.split("\n")[0]


@pytest.mark.parametrize(
    ("command", "word"),
    [
        ("--project 'cats - cat' puppy puppies", "puppies +1.85"),
        ("--softmax king queen apple -T 0,1", "T = 0"),
        ("--softmax Snape=3.4,Sprout=-2.3", "Snape"),
        ("--heatmap king queen man", "0.78"),
    ],
)
def test_plot_writes_the_pictures_of_other_commands(command: str, word: str) -> None:
    assert word in texts(write(f"plot {command}", "x.svg"))


def test_the_theme_of_a_picture_is_the_one_that_is_given() -> None:
    dark = write("plot king queen man --theme dark", "x.svg")
    assert dark != write("plot king queen man", "x.svg")


def test_without_vl_convert_a_picture_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    outcome = ask("plot", "king", "queen", "-o", "x.svg")
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err == "embcli: a .svg file needs vl-convert; run: pip install 'embcli[talk]'\n"
    assert [*Path().iterdir()] == []


@pytest.mark.slow  # makes a layer dictionary
def test_the_words_of_transformers_are_texts(transformers_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBCLI_HOME", str(transformers_home))
    drawn = texts(write('plot --pattern "a biopsy of the mole" --focus mole -m smollm2', "x.svg"))
    assert {"biopsy", "mole"} <= set(drawn)
    drawn = texts(write("plot --axes 'king - man' 'queen - man' --arrows king:queen,man:woman -m smollm2", "y.svg"))
    assert "king - man" in drawn
    assert not any("Ġ" in text for text in drawn)
    drawn = texts(write("plot --layers 'American shrew mole' 'a biopsy of the mole' --focus mole -m smollm2", "z.svg"))
    assert "texts 1, 2" in drawn
