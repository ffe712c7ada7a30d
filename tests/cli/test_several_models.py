"""`-m a -m b` asks every model the same question; what one lacks is shown as missing there."""

import csv
import json
import shlex
from pathlib import Path

import pytest
from process import Outcome, add_store, ask, settle, share

TOY: dict[str, list[float]] = {"king": [3, 1], "queen": [3, 2], "man": [1, 0], "woman": [1, 1], "cat": [0, 1]}
# The same, rotated by 90 degrees, without cat.
TURNED: dict[str, list[float]] = {"king": [1, -3], "queen": [2, -3], "man": [0, -1], "woman": [1, -1]}
QUESTIONS = {
    "analogy": "king - man + woman -k 1",
    "neighbors": "king -k 2",
    "project": "'woman - man' king queen cat",
    "similarity": "king:queen man:cat",
    "odd": "king queen man cat",
    "softmax": "king queen man cat -T 1,2",
}


@pytest.fixture(autouse=True)
def at_home(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    share(home, tmp_path / "home")
    settle(monkeypatch, tmp_path / "home")
    for name, words in (("toy", TOY), ("turned", TURNED)):
        add_store(tmp_path / "home", name, words)


def asked(command: str, *more: str) -> Outcome:
    return ask(command, *shlex.split(QUESTIONS[command]), "-m", "toy", "-m", "turned", *more)


@pytest.mark.parametrize("command", QUESTIONS)
def test_one_record_a_model_is_what_the_model_says_alone(command: str) -> None:
    both = [json.loads(line) for line in asked(command, "--jsonl").out.splitlines()]
    toy = ask(command, *shlex.split(QUESTIONS[command]), "-m", "toy", "--json").answer
    turned = ask(command, *shlex.split(QUESTIONS[command]), "-m", "turned", "--json")
    assert both[0] == toy
    if turned.status == 0:
        assert both[1] == turned.answer
    else:
        assert turned.status == 3
        assert both[1]["query"]["skipped"] == ["cat"]
    assert [one["model"]["name"] for one in both] == ["toy", "turned"]


@pytest.mark.parametrize("command", QUESTIONS)
@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_a_table_has_the_answers_of_all_models(command: str, columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    outcome = asked(command)
    assert (outcome.status, outcome.err) == (0, "")
    for line in asked(command, "--jsonl").out.splitlines():
        record = json.loads(line)
        for result in record["results"]:
            for name, value in result.items():
                if name in ("word", "a", "b"):
                    assert value in outcome.out
                if name == "cosine":
                    assert f"{value:+.4f}" in outcome.out
    assert ("missing" in outcome.out) is (command in ("project", "similarity", "softmax"))
    assert max(map(len, outcome.out.splitlines())) <= int(columns)


def test_a_model_that_lacks_a_word_of_the_expression_is_shown_as_missing() -> None:
    outcome = ask("nn", "cat", "-m", "toy", "-m", "turned", "-k", "1")
    assert outcome.status == 0
    assert 'turned: "cat" is not in the vocabulary of turned' in outcome.out
    assert "missing" in outcome.out
    answer, error = map(json.loads, ask("nn", "cat", "-m", "toy", "-m", "turned", "--jsonl").out.splitlines())
    assert answer["model"]["name"] == "toy"
    assert (error["error"]["code"], error["error"]["model"]) == ("unknown_word", "turned")


def test_a_word_that_no_model_has_is_an_error() -> None:
    outcome = ask("nn", "qqqzzzq", "-m", "toy", "-m", "turned")
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (3, "", 1)


def test_rows_of_csv_name_their_model() -> None:
    rows = list(csv.DictReader(asked("similarity", "--format", "csv").out.splitlines()))
    assert [(row["a"], row["b"], row["model"]) for row in rows] == [
        ("king", "queen", "toy"), ("man", "cat", "toy"), ("king", "queen", "turned"),
    ]  # fmt: skip


def test_expected_words_are_reported_for_each_model_and_missed_if_one_misses() -> None:
    for expect, status in (("queen", 0), ("cat", 1)):
        outcome = ask("nn", "king", "--expect", expect, "-m", "toy", "-m", "turned")
        assert outcome.status == status
        assert outcome.out.count(f"  {expect}  ") >= 1


def test_a_batch_asks_all_models_and_a_line_may_name_its_own() -> None:
    lines = b'king\n\n{"expression": "queen", "model": "turned", "id": "q"}\n{"expression": "cat", "id": 7}\n'
    outcome = ask("nn", "-", "-k", "1", "-m", "toy", "-m", "turned", stdin=lines)
    records = [json.loads(line) for line in outcome.out.splitlines()]
    assert outcome.status == 0  # one model answers each question
    errors = [record.get("error", record) for record in records]
    assert [record["line"] for record in errors] == [1, 1, 3, 4, 4]
    assert [record.get("id") for record in errors] == [None, None, "q", 7, 7]
    assert [record.get("model", {}).get("name") for record in records] == ["toy", "turned", "turned", "toy", None]
    assert errors[-1]["model"] == "turned"


def test_a_line_may_name_a_model_that_is_not_on_the_command_line() -> None:
    lines = b'{"expression": "king", "model": "turned"}\n{"expression": "king", "model": "nosuch", "id": 1}\nking\n'
    outcome = ask("nn", "-", "-k", "1", "-m", "toy", stdin=lines)
    one, error, other = map(json.loads, outcome.out.splitlines())
    assert outcome.status == 3
    assert (one["model"]["name"], other["model"]["name"]) == ("turned", "toy")
    assert (error["error"]["code"], error["error"]["id"], error["error"]["line"]) == ("unknown_model", 1, 2)


@pytest.mark.parametrize("identity", ['"a"', "7", "0"])
def test_an_error_has_the_id_of_its_question(identity: str) -> None:
    for fields in ('"expression": "qqqzzzq"', '"expressio": "king"', '"expression": 3', '"k": 2'):
        outcome = ask("nn", "-", "-m", "toy", stdin=f'{{{fields}, "id": {identity}}}\n'.encode())
        error = json.loads(outcome.out)["error"]
        assert error["id"] == json.loads(identity)
    assert "it must be a string or an integer" in ask("nn", "-", stdin=b'{"expression": "king", "id": []}\n').out


def test_logits_are_given_in_lines() -> None:
    lines = b'{"logits": {"yes": 2, "no": 1}}\n{"logits": "yes=2,no=1"}\n{"logits": {"yes": "x"}}\n{"logits": {}}\n'
    outcome = ask("softmax", "-", "-T", "1,2", "-m", "toy", stdin=lines)
    first, second, *errors = map(json.loads, outcome.out.splitlines())
    alone = ask("softmax", "--logits", "yes=2,no=1", "-T", "1,2", "--json").answer
    assert {**first, "line": None} == {**second, "line": None} == {**alone, "line": None}
    assert [error["error"]["code"] for error in errors] == ["usage", "usage"]
    both = ask("softmax", "-", "king", "-m", "toy", stdin=b'{"logits": "a=1", "expression": "king"}\n')
    assert "exclude" in json.loads(both.out)["error"]["message"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nn king -k 2 -m toy", ["queen", "man"]),
        ("analogy king - man + woman -k 1 -m toy", ["queen"]),
        ("project woman king cat queen -m toy --sort", ["queen", "king", "cat"]),
        ("softmax king queen man -m toy", ["queen", "man"]),
        ("odd king queen man cat -m toy", ["cat"]),
        ("lookup king cat -m toy", ["king", "cat"]),
        ("models", ["glove", "toy", "turned"]),
    ],
)
def test_the_answering_words_alone(line: str, words: list[str]) -> None:
    outcome = ask(*shlex.split(line), "--format", "words")
    assert (outcome.status, outcome.out.splitlines(), outcome.err) == (0, words, "")


def test_words_of_a_batch_stay_aligned_with_their_questions() -> None:
    outcome = ask("nn", "-", "-k", "1", "-m", "toy", "--format", "words", stdin=b"king\nqqqzzzq\nqueen\n")
    assert (outcome.status, outcome.out.splitlines()) == (3, ["queen", "", "woman"])
    assert outcome.err == 'embcli: line 2: "qqqzzzq" is not in the vocabulary of toy\n'
    assert ask("similarity", "king", "queen", "-m", "toy", "--format", "words").status == 2


@pytest.mark.parametrize("form", ["csv", "tsv"])
def test_the_names_of_the_columns_can_be_left_out(form: str) -> None:
    for line in ("nn king -m toy", "evaluate analogies questions.txt -m toy"):
        Path("questions.txt").write_text("king queen man woman\n")
        whole = ask(*line.split(), "--format", form).out.splitlines(keepends=True)
        assert ask(*line.split(), "--format", form, "--no-header").out == "".join(whole[1:])
    assert "--no-header applies only to CSV and TSV" in ask("nn", "king", "--no-header").err
    Path("questions.txt").unlink()
