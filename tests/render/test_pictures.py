"""Pictures in a terminal, as it shows them: within the window, no word over another, readable without colours."""

import re
from pathlib import Path

import pytest
from process import add_store, ask, settle, start
from screens import colours_of, screen_of

FOUR: dict[str, list[float]] = {
    "east": [4, 0],
    "west": [-4, 0],
    "north": [0, 2],
    "south": [0, -2],
    "centre": [0, 0.001],
}
TOWERS = ["plot", "--neighbors", "tower"]
# Commands that draw, on GloVe.
DRAWN = {
    "points": ["plot", "king", "queen", "man", "woman", "boy", "girl", "aunt", "uncle"],
    "neighbors": TOWERS,
    "analogy": ["plot", "--analogy", "king - man + woman"],
    "groups": ["plot", "--groups", "fruit:apple,pear,plum animal:cat,dog", "--arrows", "cat:dog,apple:pear"],
    "axes": ["plot", "--axes", "woman - man", "queen - woman", "king", "queen", "aunt", "uncle"],
    "vocabulary": ["plot", "--vocab", "300"],
    "number line": ["plot", "--project", "cats - cat", "puppy", "puppies", "one", "two", "three", "four", "cats"],
    "bars": ["plot", "--softmax", "Snape=3.4,Trelawney=2.5", "-T", "0,1,10"],
    "heatmap": ["plot", "--heatmap", "king", "queen", "man", "woman", "cabbage"],
    "pattern": ["plot", "--pattern", "the cat sat on the mat", "--focus", "sat"],
}


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A data dir with a model of five words around a point."""
    add_store(tmp_path, "small", FOUR)
    (tmp_path / "default").write_text("small\n")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("size", [(80, 24), (200, 50), (40, 24)])
@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_fits_its_window(name: str, size: tuple[int, int], home: Path) -> None:
    columns, lines = size
    screen = screen_of(DRAWN[name], home, columns=columns, lines=lines)
    assert not screen.history.top, "the picture has scrolled"
    assert screen.display[screen.cursor.y].rstrip() == "ready>"
    if name not in ("bars", "heatmap", "pattern"):  # the frame is as wide as the window
        frame = next(line for line in screen.display if "┌" in line)
        assert len(frame.rstrip()) == columns
        assert sum("┐" in line for line in screen.display) == sum("┘" in line for line in screen.display) == 1


@pytest.mark.slow
@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
@pytest.mark.parametrize("name", ["points", "neighbors", "analogy", "groups", "axes", "number line"])
def test_every_word_is_in_the_picture_or_in_the_list_of_those_without_room(
    name: str, size: tuple[int, int], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = screen_of(DRAWN[name], home, columns=size[0], lines=size[1])
    settle(monkeypatch, home)
    words = [one["word"] for one in ask(*DRAWN[name], "--json").answer["results"]]
    text = "\n".join(screen.display)
    for word in words:
        assert re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text), word


def test_points_stand_at_their_places_at_one_scale_for_both_axes(small: Path) -> None:
    screen = screen_of(["plot", *FOUR], small)
    rows = {name: next(y for y, line in enumerate(screen.display) if name in line) for name in FOUR}
    columns = {name: screen.display[rows[name]].index("●") for name in ("east", "north", "south")}
    west = screen.display[rows["west"]].index("●")
    east = screen.display[rows["east"]].rindex("●")
    # A cell is twice as high as wide: 8 units across are as long as 4 rows of cells for 2 columns each.
    assert (east - west) / (2 * (rows["south"] - rows["north"])) == pytest.approx(2, abs=0.15)
    assert columns["north"] == columns["south"]
    assert abs(2 * columns["north"] - east - west) <= 1


@pytest.mark.parametrize("kind", ["xterm-256color", "xterm-16color"])
def test_groups_differ_by_marks_and_where_there_are_colours_by_colour(small: Path, kind: str) -> None:
    arguments = ["plot", "--groups", "side:east,west pole:north,south", "centre"]
    coloured = screen_of(arguments, small, TERM=kind)
    plain = screen_of(arguments, small, NO_COLOR="1")
    assert coloured.display == plain.display
    assert colours_of(plain) == {"default"}
    assert {"cyan", "magenta", "green"} <= colours_of(coloured)
    text = "\n".join(plain.display)
    assert (text.count("●"), text.count("○"), text.count("■")) == (3, 3, 2)  # with the line that explains them


def test_arrows_are_drawn_and_compared(small: Path) -> None:
    screen = screen_of(["plot", "--arrows", "west:east,south:north"], small)
    text = "\n".join(screen.display)
    assert "cosine with west → east: south → north 0.0000" in text
    row = next(line for line in screen.display if "west" in line)
    assert re.search(r"west ●⠤*.*→●", row) or re.search(r"⠤+→● east", row)
    assert "↑" in text


def test_a_picture_is_ascii_where_the_encoding_is(small: Path) -> None:
    for arguments in (
        ["plot", "--arrows", "west:east,south:north,north:east"],
        ["plot", "--project", "east", "west", "north"],
        ["plot", "--groups", "a:east,west b:north"],
        ["plot", "--heatmap", *FOUR],
    ):
        outcome = start(arguments, small, PYTHONIOENCODING="ascii")
        assert (outcome.status, outcome.err) == (0, "")
        assert outcome.out.isascii()
        assert not re.search(r"\\[xuU]", outcome.out), "no character was escaped"


def test_wide_and_combining_characters_do_not_move_the_frame(tmp_path: Path) -> None:
    words: dict[str, list[float]] = {
        "塔楼": [1, 0],
        "e\u0301tage": [0, 1],
        "الباب": [1, 1],
        "नमस्ते": [2, 0.5],
        "tower": [3, 2],
    }
    add_store(tmp_path, "wide", words)
    screen = screen_of(["plot", *words, "-m", "wide"], tmp_path)
    right = {line.rstrip()[-1] for line in screen.display if line.strip().startswith(("│", "┤"))}
    assert right <= {"│", "┐", "┘"}
    for y, line in enumerate(screen.display):
        if line.lstrip().startswith("│"):
            assert screen.buffer[y][screen.columns - 1].data == "│"


def test_a_word_is_data_and_no_control(tmp_path: Path) -> None:
    words: dict[str, list[float]] = {
        "\x1b[31mred\x1b[0m": [1, 0],
        "[bold]x": [0, 1],
        "a\nb": [1, 1],
        "\u202eabc": [2, 0.5],
    }
    add_store(tmp_path, "hostile", words)
    for arguments in (["--vocab", "4"], ["--heatmap", *(f'"{word}"' for word in words)]):
        outcome = start(["plot", *arguments, "-m", "hostile"], tmp_path)
        assert outcome.status == 0
        assert "\x1b" not in outcome.out
        assert "\u202e" not in outcome.out
        assert "[bold]x" in outcome.out


def test_words_without_room_are_listed_as_many_as_a_line_holds(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, home)
    lines = ask("plot", "--vocab", "300").out.splitlines()
    assert re.fullmatch(r"no room for: the, .* and \d+ more", lines[-1])
    assert len(lines[-1]) <= 80
    assert len(lines) == 23


def test_the_lines_of_words_and_coordinates_are_complete(small: Path) -> None:
    out = start(["plot", *FOUR, "--plain"], small).out
    assert re.findall(r"^word (\w+), x ", out, re.M) == [*FOUR]
    assert "x PC1: 80.0% of the variance, y PC2: 20.0% of the variance" in out


def test_a_word_that_is_given_twice_stands_once_on_the_line(small: Path) -> None:
    drawn = start(["plot", "--project", "east - west", "north", "east", "north"], small).out
    assert drawn.count("north") == 1


def test_bars_that_have_no_room_beside_each_other_stand_below_each_other() -> None:
    drawn = ask("plot", "--softmax", "Snape=3.4,Trelawney=2.5", "-T", "0,0.1,0.5,1,2,10").out
    assert [line.split()[:3] for line in drawn.splitlines() if line.startswith("T = ")] == [
        ["T", "=", t] for t in ("0", "0.1", "0.5", "1", "2", "10")
    ]
    lengths = [line.count("█") for line in drawn.splitlines() if line.startswith("Snape")]
    assert len(lengths) == 6
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] > 3 * lengths[-1] / 2 > 0
