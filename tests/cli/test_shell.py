"""Scripts for the shell on stdin: answers, JSON, errors, settings, and what a line means."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from process import Outcome, add_store, ask, environment, read_json, settle
from toy import SIGNS, vector

from embcli.cli.directives import answer_line
from embcli.cli.interpreter import Interpreter, overall
from embcli.cli.script import read_script
from embcli.models.names import data_dir

ANALOGY = "embcli.analogy/1"


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data dir with the toy space, as `toy` and as `glove`, the default model."""
    home = tmp_path / "home"
    for name in ("toy", "glove"):
        add_store(home, name, {word: vector(word) for word in SIGNS})
    settle(monkeypatch, home)
    monkeypatch.chdir(tmp_path)
    return home


def play(script: str, *options: str) -> Outcome:
    return ask("shell", *options, stdin=script.encode())


def records(outcome: Outcome) -> list[Any]:
    """The records of a script, one a line."""
    return [read_json(line) for line in outcome.out.splitlines(keepends=True)]


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("king - man + woman", "analogy king - man + woman"),
        ("king", "neighbors king"),
        ("man:king::woman:?", "analogy man:king::woman:?"),
        ("2*king -k 2", "neighbors 2*king -k 2"),
        ("-k 2 king", "neighbors -k 2 king"),
        ("embcli nn king -k 3", "nn king -k 3"),
        ("$ embcli odd king queen cat", "odd king queen cat"),
        ("similarity 'king - man' queen", "similarity 'king - man' queen"),
        ("  # a note", ""),
        ("", ""),
    ],
)
def test_a_line_gives_the_answer_of_its_command(line: str, command: str) -> None:
    assert play(line).out.rstrip("\n") == (ask(*shlex.split(command)).out.rstrip("\n") if command else "")


@pytest.mark.parametrize("command", ["project", "odd", "help", "models"])
def test_the_name_of_a_command_is_the_command_and_in_quotes_the_word(command: str, at_home: Path) -> None:
    add_store(at_home, "glove", {command: [1.0, 0], "king": [0.6, 0.8]})
    quoted, asked = play(f'"{command}"', "--json"), play(f":ask {command}", "--json")
    assert quoted.answer["results"][0]["word"] == "king"
    assert asked.answer == quoted.answer
    assert play(command, "--json").out != quoted.out


@pytest.mark.parametrize(
    "line",
    ["kingg", "king +", "analogy", "nn king -k 0", "nn king --metrc dot", "odd king", "modls add x", "king man woman",
     "lookup king -m nope", "evaluate analogies nowhere.txt", "king-man", "project 'cat - cats' king --json --plain"],
)  # fmt: skip
def test_an_error_is_that_of_the_command_and_the_script_goes_on(line: str) -> None:
    is_command = line.split()[0] in Interpreter().program.commands
    bare = ["nn"] if line in ("kingg", "king-man") else ["analogy"] if line == "king +" else []
    wanted = ask(*([] if is_command else bare), *shlex.split(line))
    assert wanted.status > 1
    found = play(f"{line}\ncat -k 1")
    assert (found.status, found.err) == (wanted.status, wanted.err)
    assert found.out.startswith("cat\n")


def test_the_status_of_a_script_is_that_of_its_first_error() -> None:
    assert play("king\n").status == 0
    assert play("king --expect queen\nanalogy king --expect man").status == 1
    assert play("king --expect queen\nkingg\nnn king -k 0").status == 3
    assert overall([0, 1, 2, 3]) == 2


def test_json_is_one_record_a_line_and_so_are_errors() -> None:
    found = play("king - man + woman\nkinggg\nit's\nlookup cat\n:k 1\n:model toy glove\nqueen\n", "--json")
    answers, errors = records(found), [read_json(line)["error"] for line in found.err.splitlines(keepends=True)]
    assert [one["schema"] for one in answers] == [ANALOGY, "embcli.lookup/1", *["embcli.neighbors/1"] * 2]
    assert [one["model"]["name"] for one in answers] == ["glove", "glove", "toy", "glove"]
    assert [error["code"] for error in errors] == ["unknown_word", "usage"]
    assert found.status == 3


@pytest.mark.parametrize("line", ["help", "schema analogy"])
def test_what_answers_in_text_is_refused_in_json(line: str) -> None:
    found = play(f"{line}\nking -k 1", "--json")
    assert len(records(found)) == 1
    assert read_json(found.err)["error"]["message"] == f"{line.split()[0]} answers in text, not in JSON"


def test_settings_apply_to_the_commands_that_have_them() -> None:
    script = ":k 1\n:set metric dot\n:set vocab 4\nking\nlookup king\nsimilarity king queen\n:unset metric\nking"
    first, lookup, _, last = records(play(script, "--json"))
    assert (first["query"]["k"], first["query"]["metric"], first["query"]["top"]) == (1, "dot", 4)
    assert lookup["schema"] == "embcli.lookup/1"
    assert last["query"]["metric"] == "cosine"


def test_a_line_that_gives_an_option_wins_over_the_setting() -> None:
    [found] = records(play(":set metric dot\n:k 5\nking --metric euclidean -k 1", "--json"))
    assert (found["query"]["metric"], found["query"]["k"]) == ("euclidean", 1)
    assert play(":set format json\nking --plain -k 1").out.startswith("king\ncosine, unit vectors")


QUESTIONS = [
    "king - man + woman", "king", "project 'cats - cat' king queen", "project 'cats - cat' --pairs king:queen",
    "softmax king queen man", "softmax --logits a=1,b=2", "similarity king queen", "similarity king queen man --matrix",
    "odd king queen cat", "lookup king", "attend man king queen --focus queen", "neighbors king --among queen,man",
    "models", "models info toy", "shapes gpt-2", "plot king queen man cat", "plot --heatmap king queen man",
    "plot --arrows man:woman,king:queen", "plot --neighbors king", "plot --analogy 'king - man + woman'",
    "plot --axes 'woman - man' 'queen - woman' king cat", "plot --project 'cats - cat' king queen",
    "plot --softmax king queen man", "plot --softmax a=1,b=2", "plot --pattern 'man king queen' --focus queen",
    "analogy king - man + woman --metric dot", "analogy king - man + woman --method 3cosmul",
    "neighbors king --vocab 9", "neighbors king -o king.svg", "plot king queen man -o three.txt", "king --format csv",
    "analogy king - man + woman -m toy",
]  # fmt: skip


# Directives that people leave set while they ask other things.
SETTINGS = (
    ":k 3", ":set metric dot", ":set vocab 9", ":set raw", ":set include-inputs", ":set skip-unknown",
    ":set temperature 2", ":set format jsonl", ":set tokens 3", ":set seed 2", ":set head 1", ":set method 3cosmul",
    ":set sort", ":set among king,man", ":set pieces mean\n:unset pieces", ":model toy\n:k 2\n:set raw",
)  # fmt: skip


def errors_of(outcome: Outcome) -> list[str]:
    """What stands on stderr beside notes."""
    return [line for line in outcome.err.splitlines() if not line.startswith("embcli: note: ")]


@pytest.mark.parametrize("directive", SETTINGS)
def test_a_setting_makes_no_error_of_a_question_that_was_none(directive: str) -> None:
    found = play("\n".join([directive, *QUESTIONS]))
    assert (found.status, errors_of(found)) == (0, [])


# A value for each option that takes one; the values of the others are their choices.
VALUES = {
    "T": "0.5", "temperature": "0.5,1", "among": "king,man", "batch": "2", "coordinates": "2", "dictionary": "9",
    "focus": "queen", "head": "1", "k": "3", "layer": "0", "layers": "0", "perplexity": "2", "pieces": "mean",
    "seed": "3", "sequence": "9", "tokens": "3", "vocab": "9",
}  # fmt: skip


def directives() -> list[str]:
    """`:set` of every option, with every value that it has, but `words`: some answers have none, and say so."""
    settings, program = Interpreter().settings, []
    for name in settings.option_names():
        values = settings.values_of(name) or [VALUES.get(name, "")]
        program += [f":set {name} {value}".rstrip() for value in values if value != "words"]
    return [
        *program,
        ":set T 0.5,1",
        ":set T 0",
        ":set method tsne\n:set seed 3\n:set perplexity 2\n:set fit vocabulary",
    ]


@pytest.mark.parametrize("directive", directives())
def test_no_option_that_can_be_set_makes_an_error_of_a_question(directive: str) -> None:
    found = play("\n".join([directive, *QUESTIONS]))
    assert (found.status, errors_of(found)) == (0, [])


def test_a_setting_applies_where_it_has_an_effect_and_nowhere_else() -> None:
    interpreter = Interpreter()
    for name, value in (("k", "5"), ("T", "0.5"), ("seed", "3"), ("vocab", "9"), ("fit", "vocabulary"), ("layer", "0")):
        interpreter.settings.set(name, value)
    assert interpreter.commands("plot --neighbors king --method tsne") == [
        ["plot", "-k", "5", "--seed", "3", "--neighbors", "king", "--method", "tsne"]
    ]
    assert interpreter.commands("plot --softmax king queen") == [
        ["plot", "--temperature", "0.5", "--softmax", "king", "queen"]
    ]
    assert interpreter.commands("plot --heatmap king queen") == [["plot", "--heatmap", "king", "queen"]]
    assert interpreter.commands("plot king queen") == [["plot", "--fit", "vocabulary", "king", "queen"]]
    attend = "attend 'man king' --focus king"
    assert interpreter.commands(attend)[0][1:3] == ["--temperature", "0.5"]  # word vectors have one head


@pytest.mark.parametrize("name", ["theme dark", "-o a.svg", "--output=a.svg", "expect king", "scan 3", "heatmap"])
def test_what_belongs_to_one_question_is_not_set_for_all(name: str) -> None:
    found = play(f":set {name}\nking -k 1")
    option = name.partition(" ")[0].partition("=")[0]
    assert found.err == f"embcli: {option} is a part of one question, so it is not set for all; write it on that line\n"
    assert found.out.startswith("king\n")
    assert not Path("a.svg").exists()


def test_a_value_may_follow_an_equals_sign() -> None:
    [found] = records(play(":set --metric=dot\nking", "--json"))
    assert found["query"]["metric"] == "dot"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (":nope", 'there is no ":nope"; :help lists them'),
        (":modl toy", 'there is no ":modl"; did you mean :model?'),
        (":set metrc dot", 'no command has an option "metrc"; did you mean metric?'),
        (":set metric", "--metric needs a value"),
        (":set metric dott", "'dott' is not one of"),
        (":set raw yes", '--raw takes no value, so "yes" has no meaning'),
        (":set metric dot cosine", "metric gets 2 values; give one"),
        (":set model toy", "models are not set as options; write :model NAME"),
        (":k 0", "Invalid value for '-k': 0 is less than 1"),
        (":k", "-k needs a value"),
        (":unset metric", '"metric" is not set; set: nothing'),
        (":unset", ":unset needs the name of an option"),
        (":model nope", 'there is no model "nope"; installed: glove, toy'),
        (":model toy toy", "a model is named twice; name different models"),
        (":ask", ":ask needs a word or an expression; for example :ask project"),
        (":save", ":save needs the name of one file; for example :save talk.demo"),
        (":save x.demo", "no question was answered yet, so there is nothing to save"),
        ("it's", "a quotation mark is not closed: it's; close it; for the sign itself, write \\'"),
        ("king | sort", "| joins programs in a shell, which this is not"),
        ("king > file", "> joins programs in a shell, which this is not"),
        ("shell", "shell cannot run here; leave this program, and run: embcli shell"),
        ("analogy -", "questions are not read from stdin here; write each question on a line of its own"),
        ('analogy -- "-"', "questions are not read from stdin here"),
        ("odd king -", "words are not read from stdin here"),
    ],
)
def test_a_bad_line_is_explained_in_one_line(line: str, message: str) -> None:
    found = play(f"{line}\n:k 1\nking")
    assert message in found.err
    assert found.err.count("\n") == 1
    assert found.status in (2, 3)
    assert "15 words" in found.out


def test_a_line_that_is_no_utf_8_is_reported_with_its_number() -> None:
    found = ask("shell", stdin=b"king -k 1\n\xff\xfe\nqueen -k 1\n")
    assert found.err == "embcli: line 2 of stdin is not UTF-8; write one question per line, in UTF-8\n"
    assert found.out.count("15 words") == 2
    assert found.status == 2


def test_head_and_tail_shorten_an_answer() -> None:
    whole = ask("nn", "king").out.splitlines()
    assert play("nn king | head -n 2").out.splitlines() == [*whole[:2], ""]
    assert play("nn king|tail -3").out.splitlines() == [*whole[-3:], ""]


def test_words_that_are_one_in_the_model_are_suggested_in_quotes(at_home: Path) -> None:
    assert "in quotes" not in play("king queen prince cat").err
    add_store(at_home, "glove", {"new-york": [1.0, 0], "new": [0.6, 0.8], "york": [0, 1.0]})
    assert play("new york").err == 'embcli: there is no command "new"; did you mean "new york", in quotes?\n'
    assert play('"new york"').status == 0


def test_quit_ends_a_script() -> None:
    found = play("king -k 1\n:quit\nkingg")
    assert (found.status, found.err) == (0, "")


def test_a_script_leaves_no_history_and_prints_answers_only() -> None:
    found = play(":k 1\n:model toy\nking")
    assert found.err == ""
    assert found.out.startswith("king\n")
    assert not (data_dir() / "history").exists()


def test_each_line_of_a_slow_writer_is_answered_at_once(at_home: Path) -> None:
    program = subprocess.Popen(
        [sys.executable, "-m", "embcli", "shell", "--json"], env=environment(at_home),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with program:
        assert program.stdin is not None
        assert program.stdout is not None
        for word in ("king", "queen"):
            program.stdin.write(f"{word}\n")
            program.stdin.flush()
            assert json.loads(program.stdout.readline())["query"]["expression"] == word
        program.stdin.close()
        assert program.wait() == 0


def test_a_model_that_is_replaced_between_two_lines_is_noticed(at_home: Path) -> None:
    program = subprocess.Popen(
        [sys.executable, "-m", "embcli", "shell", "--json"], env=environment(at_home),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with program:
        assert program.stdin is not None
        assert program.stdout is not None
        for words in (15, 2):
            program.stdin.write("king -k 1\n")
            program.stdin.flush()
            assert json.loads(program.stdout.readline())["model"]["words"] == words
            add_store(at_home, "glove", {"king": [1.0, 0], "queen": [0, 1.0]})
        program.stdin.close()


def test_a_session_is_saved_as_a_script_that_gives_the_same_answers() -> None:
    script = ":k 2\n# Who is queen?\nking - man + woman\nkingg\nnn cat | head -n 5\n'new york'\n:save my.demo\n"
    first = play(script)
    saved = Path("my.demo").read_text()
    assert saved == (
        "#!/bin/sh\n# A session of embcli shell\n\n# Who is queen?\nembcli analogy -k 2 king - man + woman\n\n"
        "embcli nn -k 2 cat | head -n 5\n"
    )
    again = ask("shell", stdin=saved.encode())
    assert again.out == first.out
    assert subprocess.run(["sh", "-n", "my.demo"], check=False).returncode == 0


def test_notes_stand_in_a_saved_session_where_they_were_typed() -> None:
    play(
        "# Kings\nnn king\n# Below the king.\n# And more.\nkingg\n\n# Before the cat\nnn cat\n"
        "nn queen\n\n# End\n:save a.demo"
    )
    assert Path("a.demo").read_text().partition("\n\n")[2] == (
        "# Kings\nembcli nn king\n# Below the king.\n# And more.\n\n# Before the cat\nembcli nn cat\n\n"
        "embcli nn queen\n\n# End\n"
    )
    first, second, *_ = read_script(Path("a.demo").read_text()).steps
    assert first.shown == ("Below the king.", "And more.")
    assert second.note == ("Before the cat",)


def test_saving_replaces_what_this_session_saved_and_nothing_else() -> None:
    refused = "embcli: {} exists, and was not written by this session; choose another name\n"
    Path("mine.txt").write_text("precious\n")
    assert play("king\n:save mine.txt").err == refused.format("mine.txt")
    assert Path("mine.txt").read_text() == "precious\n"
    assert play("king\n:save a.demo\nqueen\n:save a.demo").err == ""
    saved = Path("a.demo").read_text()
    assert "queen" in saved
    assert play("cat\n:save a.demo").err == refused.format("a.demo")
    assert Path("a.demo").read_text() == saved
    assert play(f"queen\n:save nowhere{os.sep}a.demo").status == 4
    assert sorted(path.name for path in Path().glob("*a.demo*")) == ["a.demo"]


def test_a_saved_session_that_was_edited_is_never_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    interpreter = Interpreter()
    for line in ("king -k 1", ":save a.demo"):
        assert answer_line(interpreter, line) == 0
    edited = Path("a.demo").read_text() + "# An hour of work\n"
    Path("a.demo").write_text(edited)
    assert answer_line(interpreter, ":save a.demo") == 2
    assert Path("a.demo").read_text() == edited


def test_help_lists_the_directives_and_that_of_a_command_is_its_help() -> None:
    assert ":model NAME..." in play(":help").err
    assert play("?").err == play(":help").err
    assert play(":help odd").out.rstrip() == play("help odd").out.rstrip() == ask("odd", "--help").out.rstrip()


def test_a_word_of_a_file_never_becomes_terminal_control(at_home: Path) -> None:
    add_store(at_home, "glove", {"king": [1.0, 0], "\x1b[2Jqueen": [0.9, 0.1]})
    assert "\x1b" not in play("king").out
    assert "\x1b" not in play(":model \x1b[2J\n:\x1b[2J\nnn \x1b[2J").err
