"""Demos: every step as the audience sees it, JSON, single steps, pauses, and the scripts of speakers."""

import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from process import Outcome, add_store, ask, read_json, settle, share
from screen import CTRL_C, RIGHT, Screen
from toy import SIGNS, vector

from embcli.cli.interpreter import Interpreter
from embcli.cli.player import DEMOS
from embcli.cli.script import read_script, read_script_file
from embcli.models.add import add_random_like
from embcli.results.schemas import schema_of

NAMES = sorted(path.stem for path in DEMOS.glob("*.demo"))
HEIGHT, WIDTH = 24, 80
DEMO = """\
#!/bin/sh
# Kings and queens

:k 2

# Who is near the king?
embcli neighbors king
# His queen, and others.

kingg
: pause
king - man + woman --expect man
"""


@pytest.fixture
def toy_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data dir with the toy space as glove, and a demo in the working directory."""
    add_store(tmp_path / "home", "glove", {word: vector(word) for word in SIGNS})
    settle(monkeypatch, tmp_path / "home")
    monkeypatch.chdir(tmp_path)
    Path("my.demo").write_text(DEMO)
    return tmp_path / "home"


@pytest.fixture(scope="module")
def demo_home(transformers_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data dir with the models of all demos."""
    folder = share(transformers_home, tmp_path_factory.mktemp("demos") / "home", "-m smollm2")
    with pytest.MonkeyPatch.context() as patch:
        settle(patch, folder)
        add_random_like("glove")
    return folder


def steps_of(outcome: Outcome) -> list[Any]:
    return [read_json(line) for line in outcome.out.splitlines(keepends=True)]


def test_the_list_has_a_title_and_the_number_of_steps_of_each_demo(toy_home: Path) -> None:
    assert NAMES == ["embedding", "honesty", "transformer"]
    listed = ask("demo", "--json").answer
    jsonschema.validate(listed, schema_of("demos"))
    for one in listed["results"]:
        script = read_script_file(DEMOS / f"{one['name']}.demo")
        assert (one["title"], one["steps"]) == (script.title, len(script.steps))
        assert all(step.command and step.note for step in script.steps)
    table = ask("demo")
    assert table.status == 0
    assert all(name in table.out for name in NAMES)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_step_fits_a_screen_and_answers_what_its_command_answers(
    name: str, demo_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(monkeypatch, demo_home)
    script = read_script_file(DEMOS / f"{name}.demo")
    records, shown = steps_of(ask("demo", name, "--json")), ask("demo", name)
    assert (shown.status, shown.err) == (0, "")
    screens = re.split(rf"^(?=\d+/{len(script.steps)}  )", shown.out, flags=re.M)[1:]
    assert [one["step"] for one in records] == [*range(1, len(script.steps) + 1)]
    for record, screen, step in zip(records, screens, script.steps, strict=True):
        jsonschema.validate(record, schema_of("demo"))
        assert record["status"] == (1 if "--expect" in step.command else 0), record
        assert record["note"] == "\n".join((*step.note, *step.shown))
        assert f"$ {record['command']}" in screen
        # A line that is longer than the screen is wide takes two lines of it. One line is for the keys.
        lines = sum(max(1, -(-len(line) // WIDTH)) for line in screen.rstrip("\n").split("\n"))
        assert lines < HEIGHT, f"step {record['step']} has {lines} lines:\n{screen}"
        # The decimals of the note below are those of the answer.
        answer = screen.partition("\n\n")[2].rpartition("\n\n")[0].rpartition("\n\n")[0]
        decimals = set(re.findall(r"\d*\.\d+", " ".join(step.shown)))
        assert {number for number in decimals if number not in answer} <= OF_THE_LESSONS, record["step"]


# Decimals of notes that are those of the lessons, or rounded.
OF_THE_LESSONS = {"1.85", "4.04", "1.80", "2.3", ".60", ".40", "2.954", "1.492"}


def test_a_step_prints_the_place_the_note_the_command_the_answer_and_what_it_shows(toy_home: Path) -> None:
    found = ask("demo", "my.demo", "--step", "1")
    wanted = ask("neighbors", "-k", "2", "king").out
    assert found.out == (
        f"1/3  Who is near the king?\n$ embcli neighbors -k 2 king\n\n{wanted}\nHis queen, and others.\n\n"
    )


def test_a_step_that_fails_shows_its_error_and_the_demo_goes_on(toy_home: Path) -> None:
    found = ask("demo", "my.demo")
    assert found.err == ask("nn", "kingg").err
    assert found.status == 3
    assert "3/3" in found.out
    assert "expected man" in found.out


def test_settings_are_checked_before_the_first_step_and_reported_with_file_and_line(toy_home: Path) -> None:
    Path("late.demo").write_text("king\n\n# A note\nnn \\\n  queen\n:set metric dott\nqueen\n")
    found = ask("demo", "late.demo")
    assert (found.status, found.out) == (2, "")
    assert found.err.startswith("embcli: line 6 of late.demo: ")
    assert "'dott' is not one of" in found.err
    assert ask("demo", "late.demo", "--step", "1", "--json").error["message"].startswith("line 6 of late.demo: ")


def test_ask_is_a_question_of_a_demo_with_its_notes_and_settings(toy_home: Path) -> None:
    add_store(toy_home, "glove", {"project": [1.0, 0], "king": [0.6, 0.8]})
    Path("ask.demo").write_text(":k 1\n# A word\n:ask project\n# and not a command\n\n:ask\n")
    found = ask("demo", "ask.demo")
    assert found.out.startswith("1/2  A word\n$ embcli neighbors -k 1 project\n\nproject\n")
    assert "and not a command" in found.out
    assert found.err == "embcli: :ask needs a word or an expression; for example :ask project\n"
    first, _ = steps_of(ask("demo", "ask.demo", "--json"))
    assert first["answer"]["results"][0]["word"] == "king"


def test_a_pause_may_have_a_reason() -> None:
    first, second = read_script("king\n\n:pause for questions\nqueen\n").steps
    assert (first.pauses, second.pauses) == (False, True)


@pytest.mark.parametrize("line", ["nope x", "king > x", "it's", "demo honesty", "kingg"])
def test_a_blank_line_stands_between_an_error_and_the_next_step(line: str, toy_home: Path) -> None:
    Path("bad.demo").write_text(f"{line}\n# below\n\n{line}\n\nking\n")
    found = ask("demo", "bad.demo")
    assert found.status > 1
    assert "below\n\n2/3" in found.out
    assert "\n\n3/3" in found.out.partition("2/3")[2].partition("$ ")[2].partition("\n")[2]


def test_json_is_one_record_a_step_with_the_record_of_the_command(toy_home: Path) -> None:
    outcome = ask("demo", "my.demo", "--json")
    first, second, third = steps_of(outcome)
    assert first["answer"] == ask("neighbors", "king", "-k", "2", "--json").answer
    assert first["command"] == "embcli neighbors -k 2 king"
    assert second["answer"] == json.loads(ask("neighbors", "kingg", "--json").err)
    assert third["status"] == 1
    assert (outcome.status, outcome.err) == (3, "")
    assert steps_of(ask("demo", "my.demo", "--step", "3", "--jsonl")) == [third]


def test_several_models_give_several_answers_in_a_step(toy_home: Path) -> None:
    add_store(toy_home, "other", {"king": [1.0, 0], "duke": [1.0, 0.2]})
    Path("two.demo").write_text("king -m glove -m other -k 1\n\nhelp\n")
    first, second = steps_of(ask("demo", f".{os.sep}two.demo", "--json"))
    assert [one["model"]["name"] for one in first["answer"]] == ["glove", "other"]
    assert second["answer"]["error"]["message"] == "help answers in text, not in JSON"


def test_the_answer_no_is_no_error_of_a_demo(toy_home: Path) -> None:
    Path("no.txt").write_text("nn king --expect cat\n")
    assert ask("demo", "no.txt").status == 0


def test_plain_is_that_of_the_commands(toy_home: Path) -> None:
    assert "rank 1, word" in ask("demo", "my.demo", "--step", "1", "--plain").out


@pytest.mark.parametrize("name", ["csv", "tsv", "markdown", "words"])
def test_formats_of_rows_alone_are_refused_since_a_demo_has_notes(name: str, toy_home: Path) -> None:
    found = ask("demo", "my.demo", "--format", name)
    assert (found.status, found.out) == (2, "")
    assert found.err == (
        f"embcli: a demo has notes and commands beside its answers, which {name} cannot hold; "
        "use table, plain, json or jsonl\n"
    )
    assert ask("demo", "--format", "csv").status == 0  # the list has rows alone


@pytest.mark.parametrize("arguments", ["demo my.demo -o my.svg", "shell -o my.svg"])
def test_a_program_of_many_answers_writes_no_file(arguments: str, toy_home: Path) -> None:
    found = ask(*arguments.split(), stdin=b"king\nqueen\n")
    assert (found.status, found.out) == (2, "")
    assert found.err.startswith("embcli: -o writes one answer, and a ")
    assert found.err.count("\n") == 1
    assert not Path("my.svg").exists()


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ("nope", 2, 'there is no demo "nope"; demos: embedding, honesty, transformer; for a file, write ./nope'),
        ("embeddi", 2, "did you mean embedding?"),
        ("./nope.demo", 4, "cannot read nope.demo: No such file or directory"),
        ("my.demo --step 4", 2, "my.demo has no step 4; its last one is 3"),
        ("my.demo --step 0", 2, "--step"),
        ("my.demo --pause", 2, "--pause needs a terminal"),
        ("my.demo --pause --json", 2, "--pause waits for a person, and JSON is for programs"),
        ("--step 1", 2, "--pause and --step need a demo"),
        ("binary.demo", 2, "binary.demo is not UTF-8"),
        ("empty.demo", 2, "empty.demo has no commands"),
        ("quits.demo", 2, ":quit has no meaning in a demo; these have: :model, :k, :set, :unset, :ask, :pause"),
        ("wrong.demo", 2, "--metric needs a value"),
    ],
)
def test_bad_input_is_explained_in_one_line(arguments: str, status: int, message: str, toy_home: Path) -> None:
    Path("binary.demo").write_bytes(b"king\n\xff\xfe\n")
    Path("empty.demo").write_text("# only notes\n\n# and more\n")
    Path("wrong.demo").write_text(":set metric\nking\n")
    Path("quits.demo").write_text(":quit\nking\n")
    found = ask("demo", *arguments.split())
    assert message in found.err
    assert found.err.count("\n") == 1
    assert (found.status, found.out) == (status, "")


def test_a_demo_without_its_models_says_what_adds_them_and_ends(toy_home: Path) -> None:
    found = ask("demo", "honesty")
    assert (found.status, found.out) == (3, "")
    assert found.err.endswith("to add it: embcli models add random --like glove\n")
    assert ask("demo", "honesty", "--json").error["code"] == "unknown_model"
    assert ask("demo", "transformer").err.endswith("to add it: embcli models add smollm2\n")


def test_a_demo_of_the_default_model_names_no_model(toy_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_store(toy_home, "other", {"king": [1.0, 0], "duke": [1.0, 0.2]})
    Path("a.demo").write_text(":model glove\nking -k 1\n")
    assert "$ embcli neighbors king -k 1\n" in ask("demo", "a.demo").out
    monkeypatch.setenv("EMBCLI_MODEL", "other")
    assert "$ embcli neighbors -m glove king -k 1\n" in ask("demo", "a.demo").out


def test_pauses_wait_for_a_key_on_a_fresh_screen(toy_home: Path) -> None:
    with Screen("demo", "my.demo", "--pause", home=toy_home) as screen:
        screen.wait_for("space: next, q: quit")
        assert screen.text.startswith("1/3")
        screen.press("x ")  # x is no key of a demo
        screen.wait_for(lambda one: one.text.startswith("2/3") and "space: next" in one.text)
        assert "kingg" in screen.text
        assert "Who is near" not in screen.text
        screen.press(RIGHT)  # of a remote control
        screen.wait_for("3/3")
        assert screen.wait() == 3


@pytest.mark.parametrize(("key", "status"), [("q", 0), (CTRL_C, 130)])
def test_q_quits_and_ctrl_c_interrupts(key: str, status: int, toy_home: Path) -> None:
    with Screen("demo", "my.demo", "--pause", home=toy_home) as screen:
        screen.wait_for("space: next, q: quit").press(key)
        assert screen.wait() == status
        assert "2/3" not in screen.text


def test_a_pause_of_the_script_waits_on_a_terminal_also_without_the_option(toy_home: Path) -> None:
    with Screen("demo", "my.demo", home=toy_home, lines=60) as screen:
        screen.wait_for("space: next, q: quit")
        assert "2/3" in screen.text
        assert "3/3" not in screen.text
        screen.press(" ")
        assert screen.wait() == 3


def test_a_word_never_becomes_terminal_control(toy_home: Path) -> None:
    Path("bad.demo").write_text("# \x1b[2J note\nnn \x1b[2Jking\n# \x1b[31m\n")
    found = ask("demo", "bad.demo")
    assert "\x1b" not in found.out + found.err


def test_a_script_has_a_title_steps_notes_directives_and_pauses() -> None:
    script = read_script(DEMO)
    assert script.title == "Kings and queens"
    first, second, third = script.steps
    assert first == (
        "embcli neighbors king", ("Who is near the king?",), ("His queen, and others.",), (":k 2",), False
    )  # fmt: skip
    assert (second.command, second.pauses) == ("kingg", False)
    assert (third.command, third.pauses) == ("king - man + woman --expect man", True)


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("nn king\nnn queen\n", ["nn king", "nn queen"]),
        ("nn \\\n  king \\\n  -k 2", ["nn king -k 2"]),
        ("\ufeffnn king\r\n\r\nnn queen\r\n", ["nn king", "nn queen"]),
        ("# a note \\\nnn king", ["nn king"]),
        ("", []),
    ],
)
def test_lines_of_a_script_are_joined_and_split_into_steps(text: str, commands: list[str], tmp_path: Path) -> None:
    steps = read_script(text.removeprefix("\ufeff")).steps
    assert [step.command for step in steps if step.command] == commands


def test_demos_are_valid_scripts_of_a_posix_shell_and_of_the_shell(toy_home: Path) -> None:
    for name in NAMES:
        text = (DEMOS / f"{name}.demo").read_text()
        assert text.startswith("#!/bin/sh\n")
        for step in read_script(text).steps:
            assert step.command.startswith("embcli ")
            assert Interpreter().commands(step.command.partition(" | ")[0])
