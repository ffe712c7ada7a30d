"""The shell on a terminal: completion, history, Ctrl-C, Ctrl-D, paste, resize."""

import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from process import add_store, environment, share, start
from screen import CTRL_C, CTRL_D, ENTER, PASTE_BEGINS, PASTE_ENDS, RIGHT, TAB, UP, Screen
from toy import SIGNS, vector

from embcli.cli.prompt import HISTORY, PROMPT, fitting

READY = PROMPT.rstrip()

# The codes that set a colour of letters and of what is behind them.
COLOURS = {*range(30, 39), *range(40, 49), *range(90, 98), *range(100, 108)}


@pytest.fixture
def toy_home(tmp_path: Path) -> Path:
    """A data dir with the toy space, as `toy` and as `glove`, the default model."""
    for name in ("toy", "glove"):
        add_store(tmp_path / "home", name, {word: vector(word) for word in SIGNS})
    return tmp_path / "home"


@pytest.fixture
def screen(toy_home: Path) -> Iterator[Screen]:
    with Screen("shell", home=toy_home) as opened:
        yield ready(opened)


def ready(screen: Screen) -> Screen:
    """The screen once the prompt waits at an empty line."""
    return screen.wait_for(lambda one: one.last_line == READY)


def typed(screen: Screen, keys: str, shown: str) -> Screen:
    """The screen once the line of the cursor has a text after keys were typed."""
    screen.type(keys)
    return screen.wait_for(lambda one: one.last_line == f"{PROMPT}{shown}".rstrip())


def test_a_person_is_welcomed_with_the_model_and_how_to_begin(screen: Screen) -> None:
    assert "model: glove, 15 words × 5" in screen.text
    assert ":help" in screen.text


@pytest.mark.parametrize(
    ("keys", "completed"),
    [
        ("simil", "similarity"),
        ("king - wom", "king - wom"),  # woman, women: what they share, and a menu
        ("nn king --metr", "nn king --metric"),
        ("nn king --metric do", "nn king --metric dot"),
        ("nn king -m to", "nn king -m toy"),
        ("princes", "princess"),
        ('nn "princes', 'nn "princess'),
        ("embcli nn princes", "embcli nn princess"),
        (":mod", ":model"),
        (":model to", ":model toy"),
        (":set metr", ":set metric"),
        (":set metric eu", ":set metric euclidean"),
        (":ask princes", ":ask princess"),
        (":help simil", ":help similarity"),
        ("demo embeddi", "demo embedding"),
    ],
)
def test_tab_completes(keys: str, completed: str, screen: Screen) -> None:
    typed(screen, keys + TAB, completed)


def test_the_menu_lists_words_the_most_frequent_first(screen: Screen) -> None:
    screen.type(f"king - wom{TAB}")
    screen.wait_for("women")
    assert screen.text.index("woman\n") < screen.text.index("women")


def test_words_are_those_of_the_model_that_is_set(toy_home: Path) -> None:
    add_store(toy_home, "cities", {"paris": [1.0, 0], "rome": [0, 1.0]})
    with Screen("shell", "-m", "cities", home=toy_home) as screen:
        typed(ready(screen), f"par{TAB}", "paris")


def test_an_expression_is_answered_and_a_bad_line_does_not_end_the_shell(screen: Screen, toy_home: Path) -> None:
    screen.type(f"kingg{ENTER}")
    error = start(["nn", "kingg"], toy_home).err.strip()
    ready(screen.wait_for(error[:70]))
    screen.type(f"king - man + woman{ENTER}")
    ready(screen.wait_for("queen"))
    screen.type(f"it's{ENTER}")
    ready(screen.wait_for("a quotation mark is not closed"))
    screen.type(CTRL_D)
    assert screen.wait() == 0


def test_a_setting_is_confirmed_and_stands_in_the_bottom_line(screen: Screen) -> None:
    screen.type(f":k 2{ENTER}")
    ready(screen.wait_for("glove · -k 2"))
    screen.type(f":model toy{ENTER}")
    ready(screen.wait_for("toy · -k 2"))
    screen.type(f"king{ENTER}")
    ready(screen.wait_for("toy, 15 words × 5\n\nrank"))
    assert "\n   2 " in screen.text
    assert "\n   3 " not in screen.text


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        (40, "glove · -k 5 · --vocab 50000"),
        (28, "glove · -k 5 · --vocab 50000"),
        (27, "glove · -k 5 · …"),
        (15, "glove · …"),
        (5, "…"),
    ],
)
def test_the_bottom_line_ends_at_a_setting_that_fits(columns: int, shown: str) -> None:
    assert fitting(["glove", "-k 5", "--vocab 50000"], columns) == shown


def test_a_narrow_bottom_line_says_that_more_is_set(toy_home: Path) -> None:
    with Screen("shell", home=toy_home, columns=40) as screen:
        for line in (":k 2", ":set metric dot", ":set vocab 50000"):
            ready(screen).type(f"{line}{ENTER}")
            screen.wait_for(f"{line.rpartition(' ')[2]}  for")
        screen.wait_for("glove · -k 2 · --metric dot · …")


def test_exit_is_a_word_and_the_hint_says_how_to_leave(screen: Screen) -> None:
    screen.type(f"exit{ENTER}")
    ready(screen.wait_for('that was the word "exit"; to leave: :quit, or Ctrl-D'))


def test_history_lasts_over_sessions_in_a_file_that_only_the_user_can_read(toy_home: Path) -> None:
    with Screen("shell", home=toy_home) as first:
        ready(first).type(f"nn princess{ENTER}")
        ready(first.wait_for("15 words × 5\n\nrank")).type(CTRL_D)
        assert first.wait() == 0
    path = toy_home / HISTORY
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with Screen("shell", home=toy_home) as second:
        typed(ready(second), UP, "nn princess")
        typed(second, CTRL_C, "")
        second.type("nn pr")
        typed(second.wait_for("nn princess"), RIGHT, "nn princess")  # the suggestion is accepted


def test_a_history_that_cannot_be_written_is_reported_and_the_shell_goes_on(toy_home: Path) -> None:
    (toy_home / HISTORY).mkdir()
    with Screen("shell", home=toy_home) as screen:
        ready(screen.wait_for("what you type is not kept"))


def test_ctrl_c_clears_the_line(screen: Screen) -> None:
    typed(screen, "king - m", "king - m")
    typed(screen, CTRL_C, "")


@pytest.mark.slow
def test_ctrl_c_ends_an_answer_and_not_the_shell(home: Path, tmp_path: Path) -> None:
    with Screen("shell", home=share(home, tmp_path / "home")) as screen:
        ready(screen).type(f"evaluate analogies --method 3cosmul{ENTER}")
        screen.wait_for("asking").type(CTRL_C)
        ready(screen)
        assert "accuracy" not in screen.text
        screen.type(f"king -k 1{ENTER}")
        ready(screen.wait_for("prince"))


def test_the_lines_of_a_paste_are_answered_in_order(screen: Screen) -> None:
    screen.type(f"{PASTE_BEGINS}# pasted\nqueen -k 1\nkinggg\nembcli nn cat \\\n  -k 1{PASTE_ENDS}{ENTER}")
    ready(screen.wait_for("> embcli nn cat -k 1\ncat"))
    assert screen.text.index("> queen -k 1\nqueen") < screen.text.index("> kinggg\nembcli: ")


def test_an_answer_fits_the_terminal_after_it_was_resized(screen: Screen) -> None:
    screen.resize(40, 30)
    screen.type(f"lookup king{ENTER}")
    ready(screen.wait_for("norm"))
    assert all(len(line) <= 40 for line in screen.text.splitlines())
    screen.resize(120, 30)
    screen.type(f"project queen king prince{ENTER}")
    ready(screen.wait_for("direction of norm"))
    assert max(len(line) for line in screen.text.splitlines()) > 80


def test_without_colours_nothing_is_coloured(toy_home: Path) -> None:
    with Screen("shell", home=toy_home, NO_COLOR="1") as screen:
        ready(screen).type(f"king{ENTER}")
        ready(screen.wait_for("15 words × 5\n\nrank"))
        assert not COLOURS & {
            int(code) for codes in re.findall(rb"\x1b\[([0-9;]*)m", screen.output) for code in codes.split(b";") if code
        }


def test_a_model_that_is_replaced_between_two_lines_is_noticed(screen: Screen, toy_home: Path) -> None:
    screen.type(f"nn king -k 1{ENTER}")
    ready(screen.wait_for("15 words × 5\n\nrank"))
    add_store(toy_home, "glove", {"king": [1.0, 0], "emperor": [1.0, 0.1]})
    screen.type(f"nn king -k 1{ENTER}")
    ready(screen.wait_for("2 words × 2"))
    assert "emperor" in screen.text


def test_a_shell_without_the_extra_says_what_to_install(toy_home: Path, tmp_path: Path) -> None:
    (tmp_path / "prompt_toolkit.py").write_text("raise ModuleNotFoundError(name='prompt_toolkit')\n")
    path = f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    with Screen("shell", home=toy_home, columns=200, PYTHONPATH=path) as screen:
        assert screen.wait() == 2
        assert screen.text == (
            "embcli: a shell on a terminal needs prompt_toolkit; run: pip install 'embcli[talk]'; "
            "a script needs nothing: embcli shell < FILE"
        )
    script = subprocess.run(
        [sys.executable, "-m", "embcli", "shell"], input=b"king -k 1", env=environment(toy_home, PYTHONPATH=path),
        capture_output=True, check=True,
    )  # fmt: skip
    assert b"15 words" in script.stdout


def test_embcli_alone_on_a_terminal_suggests_the_shell(toy_home: Path) -> None:
    with Screen(home=toy_home, lines=200) as screen:
        assert screen.wait() == 0
        assert "embcli shell" in screen.text.splitlines()[-1]
    piped = start([], toy_home)
    assert piped.err == ""
