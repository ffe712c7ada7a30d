"""Words are data: any word is shown completely, and the terminal never interprets it."""

from pathlib import Path

import pytest
from process import ACTIVE, Outcome, add_store, ask, read_json, settle, stands_in
from rich.cells import cell_len

GREEK = "".join(chr(ord("α") + i * i % 17) for i in range(500))
WIDE = "漢字仮名交じり文" * 9

# A word, and its form on the terminal.
HOSTILE = {
    "parents[at]coxnews.com": "parents[at]coxnews.com",
    "[/]": "[/]",
    "[bold red]": "[bold red]",
    "[link=http://x]y[/link]": "[link=http://x]y[/link]",
    ":woman:": ":woman:",
    "a:b": "a:b",
    "10:30": "10:30",
    "\x1b[31mred\x1b[0m": r"\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07": r"\x1b]0;title\x07",
    "c1\x9b31m": r"c1\x9b31m",
    "del\x7f": r"del\x7f",
    "two\nlines\r\n": r"two\nlines\r\n",
    "ta\tb": r"ta\tb",
    "\u202eexe.txt\u2066": r"\u202eexe.txt\u2066",
    "\u2028\ufeffmark": r"\u2028\ufeffmark",
    "漢字": "漢字",
    "👩\u200d🚀": "👩\u200d🚀",
    "=1+1": "=1+1",
    "-": "-",
    "--json": "--json",
    '"': '"',
    "\\": "\\",
    "(": "(",
    "2*x": "2*x",
    "3.5": "3.5",
    "*": "*",
    "…": "…",
}
# Words too long for a line are shown in pieces.
LONG = {"greek": GREEK, "wide": WIDE}


@pytest.fixture(scope="module")
def hostile_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    words = ["king", "queen", "zero", *HOSTILE, *LONG.values()]
    vectors = {word: [float(i % 7 - 3), float(i * i % 11 - 5), 1.0 + i % 3] for i, word in enumerate(words)}
    # Enough other rows that one zero vector does not indicate a damaged file.
    fillers = {f"filler{i}": [-1.0, -float(i), -2.0] for i in range(100)}
    add_store(folder, "hostile", vectors | {"zero": [0.0, 0.0, 0.0]} | fillers)
    return folder


@pytest.fixture(autouse=True)
def at_home(hostile_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, hostile_home, EMBCLI_MODEL="hostile")


def quoted(word: str) -> str:
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


QUESTIONS = {
    "analogy": ["analogy", "king", "-", "{0}", "+", "queen"],
    "neighbors": ["neighbors", "{0}", "-k", "99", "--include-inputs"],
    "expected": ["nn", "king", "--expect", "{raw}"],
    "project": ["project", "{0} - king", "{0}", "queen"],
    "pairs": ["project", "king - queen", "--pairs", "king:{0},{0}:queen"],
    "softmax": ["softmax", "{0} + king", "{0}", "queen"],
    "similarity": ["similarity", "{0}", "queen"],
    "compared": ["similarity", "king:{0}", "{0}:queen"],
    "odd": ["odd", "king", "{0}", "queen"],
    "lookup": ["lookup", "{0}"],
}


def ask_about(question: str, word: str, *options: str) -> Outcome:
    return ask(*(part.format(quoted(word), raw=word) for part in QUESTIONS[question]), *options)


def assert_harmless(text: str) -> None:
    assert not ACTIVE.search(text), ascii(text)


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("word", HOSTILE, ids=ascii)
def test_a_strange_word_is_answered_about_and_shown_as_itself_or_escaped(word: str, question: str) -> None:
    table, as_json = ask_about(question, word), ask_about(question, word, "--json")

    assert table.status == as_json.status
    assert table.status in ({0, 1} if question == "expected" else {0})
    assert (table.err, as_json.err) == ("", "")
    assert_harmless(table.out)
    assert stands_in(table.out, HOSTILE[word])
    assert word in _strings(read_json(as_json.out) | {"query": None})


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("word", LONG.values(), ids=LONG)
def test_a_word_longer_than_the_line_is_shown_in_pieces_and_whole(word: str, question: str) -> None:
    table = ask_about(question, word)

    assert max(map(cell_len, table.out.splitlines())) <= 80
    assert stands_in(table.out, word)
    assert word in _strings(read_json(ask_about(question, word, "--json").out) | {"query": None})


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("word", [*HOSTILE, *LONG.values()], ids=lambda word: ascii(word)[:40])
def test_an_unknown_strange_word_is_named_in_one_harmless_line(word: str, question: str) -> None:
    unknown = word + "zz"
    told, coded = ask_about(question, unknown), ask_about(question, unknown, "--json")

    assert (told.status, told.out) == (3, "")
    assert told.err.startswith("embcli: ")
    assert told.err.count("\n") == 1
    assert_harmless(told.err)
    assert HOSTILE.get(word, word) + "zz" in told.err
    assert coded.status == 3
    assert f'"{unknown}" is not in the vocabulary' in coded.error["message"]
    assert len(word) < 3 or word in coded.error["suggestions"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["\x1b[31mcommand"],
        ["nn", "--\x1b[31moption"],
        ["nn", "king", "--format", "\x1b[31m\u202e"],
        ["nn", "king", "-m", "\x1b[31m\u202e"],
        ["nn", "king", "-k", "\x9b31m"],
        ["nn", "king + \u202e \x1b[31m )"],
        ["nn", "\udcff"],
        ["project", "king", "queen", "--pairs", "\x1b[31m"],
        ["softmax", "--logits", "\x1b[31m"],
        ["models", "add", "./\x1b[31m\u202e"],
        ["models", "add", "king.txt", "--name", "\x1b[31m\u202e"],
    ],
    ids=ascii,
)
def test_what_was_typed_is_quoted_in_an_error_without_acting_on_the_terminal(arguments: list[str]) -> None:
    told, coded = ask(*arguments), ask(*arguments, "--json")
    assert told.status > 1
    assert (told.out, told.err[:8]) == ("", "embcli: ")
    assert_harmless(told.err)
    assert coded.error["message"]


def test_names_of_logits_are_words_too() -> None:
    logits = "=1=3,[/]=2,\x1b[31m=1"
    table = ask("softmax", "--logits", logits)
    assert_harmless(table.out)
    for shown in ("=1 ", "[/]", r"\x1b[31m"):
        assert shown in table.out
    answer = ask("softmax", "--logits", logits, "--json").answer
    assert [result["word"] for result in answer["results"]] == ["=1", "[/]", "\x1b[31m"]


def test_a_word_that_begins_with_a_dash_follows_two_dashes() -> None:
    for command in ("lookup", "nn"):
        outcome = ask(command, "--json", "--", "--json")
        assert outcome == ask(command, quoted("--json"), "--json")
        assert outcome.status == 0


def test_a_word_of_stdin_is_taken_as_it_stands() -> None:
    outcome = ask("project", "king", "-", "--json", stdin=b'-\n--json\n"\n[/]\n')
    assert [result["word"] for result in outcome.answer["results"]] == ["-", "--json", '"', "[/]"]


def test_a_word_without_length_or_direction_gives_numbers_and_no_nan() -> None:
    similarity = ask("similarity", "zero", "king", "zero", "--json").answer["results"]
    assert [(s["cosine"], s["angle"], s["sign"]) for s in similarity] == [(0.0, 90.0, "perpendicular")] * 2
    assert ask("project", "king", "zero", "--json").answer["results"] == [
        {"word": "zero", "dot": 0.0, "scalar": 0.0, "cosine": 0.0}
    ]
    ranked = ask("nn", "king", "-k", "999", "--json").answer["results"]
    assert [answer["score"] for answer in ranked if answer["word"] == "zero"] == [0.0]
    assert ask("odd", "zero", "king", "queen", "--json").answer["odd"] == "zero"
    assert ask("nn", "zero").status == 2


def _strings(value: object) -> set[str]:
    """All strings of a JSON value that are not keys."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return set().union(*map(_strings, value))
    return {value} if isinstance(value, str) else set()
