"""Help: groups, examples, no truncation; former names of options."""

import re
from pathlib import Path

import pytest
from process import add_store, ask, settle
from reference import commands

from embcli.cli.command import first_line

KING = {"king": [3.0, 1.0], "queen": [3.0, 2.0], "man": [1.0, 3.0], "woman": [1.0, 4.0], "of": [0.5, 0.1]}
COMMANDS = dict(commands())
EXAMPLES = {path: command.help.partition("Example: ")[2] for path, command in COMMANDS.items()}


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, tmp_path, EMBCLI_MODEL="kings")
    add_store(tmp_path, "kings", KING)
    monkeypatch.chdir(tmp_path)


def test_the_main_help_has_groups_an_example_a_command_and_what_holds_for_all() -> None:
    out = ask("--help").out
    for group in ("Ask:", "Evaluate:", "Models:", "For scripts:", "Environment:", "Exit status:", "Documentation:"):
        assert f"\n{group}\n" in out
    for name in ("EMBCLI_HOME", "EMBCLI_MODEL", "NO_COLOR", "man embcli"):
        assert name in out
    assert re.findall(r"^  (\d+) ", out, re.M) == ["0", "1", "2", "3", "4", "5", "130"]
    for path, example in EXAMPLES.items():
        if " " not in path:
            assert f"$ {example.strip()}\n" in out
    assert ask().out == out


@pytest.mark.parametrize("columns", ["40", "80", "200"])
@pytest.mark.parametrize("path", ["", *COMMANDS])
def test_no_help_is_cut(path: str, columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    out = ask(*path.split(), "--help").out
    for listed in (inner for inner in COMMANDS if inner.rpartition(" ")[0] == path):
        assert first_line(COMMANDS[listed]) in " ".join(out.split()), "a line of a listing is cut"
    if columns != "40":  # where an example may be longer
        assert max(map(len, out.splitlines())) <= int(columns)


@pytest.mark.parametrize("path", COMMANDS)
def test_help_of_a_command_is_that_of_its_own_option_and_has_an_example_of_it(path: str) -> None:
    assert ask("help", *path.split()).out == ask(*path.split(), "--help").out
    assert EXAMPLES[path].startswith(f"embcli {path.split()[0]} ")
    assert not COMMANDS[path].help.partition("\n")[0].endswith(",")


NOT_OF_GLOVE = ("models", "evaluate", "tokens", "predict", "context", "attend")


@pytest.mark.parametrize("path", [path for path in EXAMPLES if not path.startswith(NOT_OF_GLOVE)])
def test_the_example_of_a_command_is_answered_by_glove(path: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBCLI_HOME", str(home))
    monkeypatch.delenv("EMBCLI_MODEL")
    arguments = [part.strip('"') for part in re.findall(r'"[^"]*"|\S+', EXAMPLES[path])]
    assert ask(*arguments[1:]).status == 0


def test_help_without_a_command_is_the_main_help_and_of_an_unknown_one_an_error() -> None:
    assert ask("help").out == ask("--help").out
    assert ask("help", "nn").out == ask("nn", "--help").out
    status, out, err = ask("help", "nope")
    assert (status, out) == (2, "")
    assert "nope" in err


def test_what_stands_for_stdin_is_explained_wherever_it_is_accepted() -> None:
    for path in ("analogy", "neighbors", "project", "softmax", "similarity", "odd", "lookup"):
        out = ask(path, "--help").out
        assert re.search(r"- (alone )?reads\s+questions\s+from", out), path
        assert "jsonl for questions from stdin" in " ".join(out.split()), path
    for path in ("models", "models info", "evaluate analogies", "evaluate similarity"):
        assert "questions from stdin" not in " ".join(ask(*path.split(), "--help").out.split())


# --- Former names -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spelling", [["--top", "4"], ["--top=4"]])
def test_top_means_vocab_and_a_small_one_is_explained(spelling: list[str]) -> None:
    former, present = ask("nn", "king", *spelling), ask("nn", "king", "--vocab", "4")
    assert (former.status, former.out) == (0, present.out)
    assert former.err == "embcli: note: searching the first 4 words; for 4 answers use -k 4\n"
    assert present.err == ""
    assert "--top" not in ask("nn", "--help").out


def test_top_is_explained_where_there_is_no_count_and_not_where_it_is_large() -> None:
    Path("rated.txt").write_text("king queen 5\nman woman 4\nking man 1\n")
    status, _, err = ask("evaluate", "similarity", "rated.txt", "--top", "4")
    assert (status, err) == (0, "embcli: note: searching the first 4 words\n")
    assert ask("nn", "king", "--top", "101").err == ""
    assert ask("project", "king - man", "--scan", "1", "--top", "101").err == ""


def test_a_word_called_top_is_a_word() -> None:
    outcome = ask("nn", "king", "--expect", "--top", "--vocab", "4")
    assert '"--top" is not in the vocabulary' in outcome.err


def test_both_names_of_an_option_are_one_option_given_twice() -> None:
    status, _, err = ask("nn", "king", "--top", "3", "--vocab", "4")
    assert status == 2
    assert "--vocab is given 2 times" in err


# --- Formats of files and of answers -------------------------------------------------------------------------------


def test_what_is_added_and_exported_is_reported_in_any_format() -> None:
    Path("two.txt").write_text("salt 0.5 0.25\nsoup 0.5 1\n")
    added = ask("models", "add", "two.txt", "--input-format", "glove", "--format", "csv")
    assert added.out.splitlines()[0].startswith("name,words,dim,")
    assert added.out.splitlines()[1].startswith("two,2,2,4,")
    exported = ask("models", "export", "two", "two.w2v", "--as", "binary", "--jsonl")
    assert exported.answer["results"][0]["name"] == "two"
    assert Path("two.w2v").read_bytes().startswith(b"2 2\nsalt ")
    status, _, err = ask("models", "add", "two.txt", "--format", "glove", "--name", "other")
    assert status == 2
    assert "'glove' is not one of 'table', 'json'" in err
