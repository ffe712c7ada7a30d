"""`--plain` says the facts of the table in words; tables use the width that there is, in colours for any background."""

import re
import shlex
from pathlib import Path

import pytest
from process import add_store, ask, settle
from test_tables import COURT, TABLES

LISTS = (
    "models",
    "models catalog",
    "lookup king queen",
    "similarity --matrix king queen",
    "lookup king --coordinates 1",
)
SIDE_BY_SIDE = (
    "analogy king - man + lady -m court -m small",
    "project 'queen - man' king serf -m court -m small",
    "softmax queen king man -m court -m small",
    "odd king queen man -m court -m small",
)
COMMANDS = (*TABLES, *LISTS, *SIDE_BY_SIDE)
DRAWN = re.compile(r"[▏▎▍▌▋▊▉█━─●│×·…°−]")
DECIMAL = re.compile(r"[-+]?\d+\.\d+")


@pytest.fixture(scope="module")
def court_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("court")
    add_store(folder, "court", COURT)
    add_store(folder, "small", {word: COURT[word] for word in ("king", "queen", "man")})
    return folder


@pytest.fixture(autouse=True)
def at_court(court_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, court_home, EMBCLI_MODEL="court", COLUMNS="160")


@pytest.mark.parametrize("command", COMMANDS)
def test_plain_has_the_facts_of_the_table_without_its_signs(command: str) -> None:
    table, plain = ask(*shlex.split(command)), ask(*shlex.split(command), "--plain")
    assert plain.status == table.status
    assert not DRAWN.search(plain.out)
    assert sorted(DECIMAL.findall(plain.out)) == sorted(DECIMAL.findall(table.out))
    assert "  " not in plain.out.replace("  (", " (")


def test_plain_names_each_number() -> None:
    assert ask(*shlex.split("analogy King - man + lady --raw -k 2 --expect serf --plain")).out == (
        "king - man + lady\n"
        "vector sum, cosine, plain vectors, court, 6 words by 2\n"
        'read "King" as king\n'
        "\n"
        "rank 1, word queen, cosine 1.0000\n"
        "rank 2, word throne, cosine 0.9487\n"
        "rank 3 with the inputs included, word lady, cosine 0.8944, input (excluded)\n"
        "rank 4 with the inputs included, word king, cosine 0.8000, input (excluded)\n"
        "rank 5 with the inputs included, word man, cosine 0.4472, input (excluded)\n"
        "\n"
        "expected serf: rank 3; with the inputs included, rank 6; cosine -0.9487\n"
    )


def test_a_summary_is_not_a_word_in_plain() -> None:
    lines = ask(*shlex.split("softmax queen king man -T 1 --plain")).out.splitlines()
    assert lines[-3:] == [
        "word king, logit 8.0000, T = 1 0.9975",
        "word man, logit 2.0000, T = 1 0.0025",
        "entropy (bits), T = 1 0.0250",
    ]


def test_plain_is_short_for_a_format() -> None:
    assert ask("nn", "king", "--plain").out == ask("nn", "king", "--format", "plain").out
    twice = ask("nn", "king", "--plain", "--format", "words")
    assert (twice.status, twice.err) == (2, "embcli: --format or --plain is given 2 times; give it once\n")


@pytest.mark.parametrize("columns", [40, 60, 80, 120, 200])
@pytest.mark.parametrize("command", [*TABLES, *SIDE_BY_SIDE, *LISTS[2:]])
def test_no_line_is_wider_than_the_terminal(command: str, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = ask(*shlex.split(command)).out.splitlines()
    assert max(map(len, lines)) <= columns


def test_a_wide_terminal_has_longer_bars_and_more_numbers(court_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_store(court_home, "long", {"a": [0.5 + i for i in range(40)], "b": [1.5] * 40})
    for command, sign in (("odd king queen serf", "█"), ("project 'queen - man' king", "━"), ("lookup a -m long", ".")):
        counts = []
        for columns in ("60", "120", "160", "200"):
            monkeypatch.setenv("COLUMNS", columns)
            counts.append(ask(*shlex.split(command)).out.count(sign))
        assert counts == sorted(set(counts)), command


@pytest.mark.parametrize("command", [*COMMANDS, "nn KING"])
def test_colours_are_legible_on_light_and_dark(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No yellow, white or black, which one of the two backgrounds hides, and no dim type."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    styles = {
        code for codes in re.findall(r"\x1b\[([\d;]*)m", ask(*shlex.split(command)).out) for code in codes.split(";")
    }
    assert styles
    assert styles <= {"0", "1", "3", "31", "32", "35", "36"}  # bold, italic, red, green, magenta, cyan


def test_a_dash_is_a_word_but_stands_for_no_value_where_there_is_none(
    court_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_store(court_home, "dashes", {"-": [1, 0], "a": [1, 1], "b": [0, 1]})
    out = ask("nn", "a", "-m", "dashes", "--plain").out
    assert "word -, cosine" in out
    assert "row" not in ask("lookup", "a - b", "-m", "dashes", "--plain").out.splitlines()[2]
