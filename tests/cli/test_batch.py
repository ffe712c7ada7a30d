"""Questions from stdin: one record each, in order, equal to single questions; all formats."""

import csv
import io
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from process import LIMIT, Outcome, ask, environment, settle

from embcli.cli.analogy import ANALOGY
from embcli.cli.batch import Batch
from embcli.cli.lookup import LOOKUP
from embcli.cli.output import OutputFormat
from embcli.queries.questions import LookupQuestion, RankingQuestion
from embcli.workers import WorkerLost, Workers

COMMANDS = {
    "analogy": (["king - man + woman", "man king woman", "paris - france + italy", '"new york" - usa'], []),
    "neighbors": (["king", "new york", "2*king - queen", '"-"'], []),
    "similarity": (["king queen", "king queen man", "king:queen man:woman"], []),
    "odd": (["breakfast cereal dinner lunch", "king queen man cabbage"], []),
    "lookup": (["king", 'queen "new york"'], []),
    "project": (["cats - cat", "kings - king"], ["puppy", "puppies"]),
    "softmax": (["king", "queen - woman"], ["throne", "man", "cabbage"]),
}


@pytest.fixture(autouse=True)
def at_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, home)


def ask_stdin(lines: str, *arguments: str) -> Outcome:
    return ask(*arguments, stdin=lines.encode())


def arguments_of(command: str, question: str) -> list[str]:
    """The question as arguments, after the shell has removed the quotes around phrases."""
    if command in ("analogy", "neighbors", "project", "softmax"):
        return [question]
    return next(csv.reader([question], delimiter=" "))


def numbered(answer: str, line: int) -> str:
    """The answer to a single question as that of a line of a batch."""
    return answer.removesuffix("}\n") + f', "line": {line}}}\n'


@pytest.mark.parametrize("command", COMMANDS)
def test_a_batch_is_byte_for_byte_what_asking_one_at_a_time_gives(command: str) -> None:
    questions, words = COMMANDS[command]
    status, out, err = ask_stdin("\n".join(questions), command, "-", *words)
    alone = [
        numbered(ask(command, *arguments_of(command, question), *words, "--json").out, line)
        for line, question in enumerate(questions, start=1)
    ]
    assert (status, out, err) == (0, "".join(alone), "")


@pytest.mark.parametrize("form", ["csv", "tsv", "markdown"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_single_question_has_the_columns_of_a_batch(command: str, form: str) -> None:
    questions, words = COMMANDS[command]
    batch = ask_stdin(questions[0], command, "-", *words, "--format", form).out.splitlines()
    alone = ask(command, *arguments_of(command, questions[0]), *words, "--format", form).out.splitlines()
    assert alone[0] == batch[0]
    assert len(alone) == len(batch)


def test_hundreds_of_analogies_in_blocks_equal_those_asked_alone() -> None:
    words = ["king", "queen", "paris", "tokyo", "dog", "walked", "bigger", "euro", "seven"]
    questions = [f"{a} - {b} + {c}" for a in words for b in words for c in words if len({a, b, c}) == 3][:90]
    _, out, _ = ask_stdin("\n".join(questions), "analogy", "-", "-k", "3", "--vocab", "30000")
    lines = out.splitlines()
    for i in range(0, 90, 13):
        alone = ask("analogy", questions[i], "-k", "3", "--vocab", "30000", "--json").out
        assert lines[i] + "\n" == numbered(alone, i + 1)


def test_a_bad_question_has_an_error_in_its_place_and_the_first_gives_the_status() -> None:
    lines = 'king\nqqqzzzq\n\nking +\n{"expression": "queen", "k": 1}\n{"k": true, "expression": "x"}\n{oops\n[1]\n'
    status, out, err = ask_stdin(lines, "nn", "-", "-k", "2")
    records = [json.loads(line) for line in out.splitlines()]
    assert (status, err) == (3, "")
    codes = [record.get("error", {}).get("code") for record in records]
    assert codes == [None, "unknown_word", "syntax", None, "usage", "usage", "unknown_word"]
    assert [records[1]["error"][key] for key in ("question", "line")] == ["qqqzzzq", 2]
    assert [len(record["results"]) for record in (records[0], records[3])] == [2, 1]


def test_json_objects_set_the_fields_of_the_command() -> None:
    questions = [
        {"expression": "king - man + woman", "method": "3cosmul", "k": 2, "expect": "throne"},
        {"expression": "tower", "metric": "euclidean", "include_inputs": True},
    ]
    lines = "\n".join(json.dumps(question) for question in questions)
    status, out, _ = ask_stdin(lines, "analogy", "-", "-k", "3")
    mul, near = (json.loads(line) for line in out.splitlines())
    assert status == 1  # throne is not the answer
    assert (mul["query"]["method"], len(mul["results"]), mul["expected"]["rank"]) == ("3cosmul", 2, 2)
    assert (near["query"]["metric"], len(near["results"]), near["results"][0]["word"]) == ("euclidean", 3, "tower")

    line = json.dumps({"expression": "king", "words": ["queen", "throne"], "temperatures": [0, 2]})
    _, out, _ = ask_stdin(line, "softmax", "-")
    assert [len(result["probabilities"]) for result in json.loads(out)["results"]] == [2, 2]


def test_answers_come_before_the_last_question_is_written(home: Path) -> None:
    command = [sys.executable, "-m", "embcli", "nn", "-", "-k", "1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(home)) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for word, nearest in (("king", b"prince"), ("queen", b"princess")):
            process.stdin.write(f"{word}\n".encode())
            process.stdin.flush()
            assert nearest in process.stdout.readline()
        process.stdin.close()
        assert process.wait() == 0


BURST = 1500


def test_a_partner_that_waits_for_the_answers_to_a_burst_gets_all_of_them(home: Path) -> None:
    def expect(count: int) -> list[str]:
        assert process.stdout is not None
        return [json.loads(process.stdout.readline())["query"]["expression"] for _ in range(count)]

    command = [sys.executable, "-m", "embcli", "nn", "-", "-k", "1", "--vocab", "2000"]
    words = ["king", "queen", "paris", "dog", "river"]
    burst = [f"{words[i % 5]} + {2 + i}*water" for i in range(BURST)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(home)) as process:
        watch = threading.Timer(LIMIT, process.kill)  # withheld answers give an empty line instead of a hang
        watch.start()
        try:
            assert process.stdin is not None
            for lines in (["king"], burst, ["queen"], burst[:7]):  # more than a block at once, and less
                process.stdin.write("".join(f"{line}\n" for line in lines).encode())
                process.stdin.flush()
                assert expect(len(lines)) == lines
            process.stdin.close()
            assert process.wait() == 0
        finally:
            watch.cancel()


def many_questions() -> list[str]:
    """2,500 analogies, with some broken ones and empty lines."""
    words = ["king", "queen", "paris", "tokyo", "dog", "walked", "bigger", "euro", "seven", "water", "Rome", "she"]
    triples = [f"{a} - {b} + {c}" for a in words for b in words for c in words if len({a, b, c}) == 3]
    questions = (2 * triples)[:2500]
    questions[700], questions[1300] = "", "qqqzzzq - king"
    questions[1301], questions[2400] = "king +", '{"expression": "king", "k": 0}'
    return questions


def test_a_batch_that_processes_share_is_byte_for_byte_that_of_small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []

    class Counted(Workers[Any, Any]):
        def _start(self) -> None:
            started.append(self._count)
            super()._start()

    monkeypatch.setattr("embcli.cli.batch.Workers", Counted)
    monkeypatch.setattr("embcli.cli.batch.processors", lambda: 2)
    questions = many_questions()
    options = ["analogy", "-", "-k", "2", "--vocab", "5000"]
    shared = ask_stdin("\n".join(questions), *options)
    assert started == [2]
    assert (shared.status, shared.err) == (3, "")

    pieces = []
    for first in range(0, len(questions), 500):
        piece = "\n" * first + "\n".join(questions[first : first + 500])  # empty lines are counted but not answered
        pieces.append(ask_stdin(piece, *options))
    assert started == [2]  # only this process
    assert [piece.status for piece in pieces] == [0, 0, 3, 0, 2]
    assert shared.out == "".join(piece.out for piece in pieces)
    errors = [json.loads(line)["error"] for line in shared.out.splitlines() if line.startswith('{"error"')]
    assert [(error["code"], error["line"]) for error in errors] == [
        ("unknown_word", 1301),
        ("syntax", 1302),
        ("usage", 2401),
    ]


def test_a_shared_batch_in_csv_has_one_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embcli.cli.batch.processors", lambda: 2)
    status, out, _ = ask_stdin("king\n" * 2100, "nn", "-", "-k", "1", "--vocab", "100", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert (status, len(rows)) == (0, 2100)
    assert out.count("question") == 1


@pytest.mark.parametrize(
    ("rows", "dim", "lines"), [(400_000, 50, 1024), (3_000_000, 300, 128), (250_000, 300, 458), (1, 1, 1024)]
)
def test_blocks_have_fewer_lines_for_large_models_which_workers_then_share(rows: int, dim: int, lines: int) -> None:
    class Sized:
        def __init__(self, dim: int) -> None:
            self.dim = dim

        def __len__(self) -> int:
            return rows

    spaces = {"one": Sized(dim), "small": Sized(1)}
    assert Batch(ANALOGY, spaces, RankingQuestion("king"), OutputFormat("jsonl")).lines_at_once() == lines
    assert Batch(LOOKUP, spaces, LookupQuestion(("king",)), OutputFormat("jsonl")).lines_at_once() == 1024


def test_a_lost_process_ends_a_batch_with_one_line_and_whole_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    class Lost(Workers[Any, Any]):
        def take(self) -> Any:
            if not taken:
                taken.append(super().take())
                return taken[0]
            raise WorkerLost

    taken: list[Any] = []
    monkeypatch.setattr("embcli.cli.batch.Workers", Lost)
    monkeypatch.setattr("embcli.cli.batch.processors", lambda: 2)
    status, out, err = ask_stdin("king\n" * 2500, "nn", "-", "-k", "1", "--vocab", "100")
    assert (status, err.count("\n")) == (4, 1)
    assert "was killed" in err
    assert [json.loads(line)["query"]["expression"] for line in out.splitlines()] == ["king"] * 1024


@pytest.mark.slow
def test_head_ends_a_batch_quietly(home: Path) -> None:
    line = f"yes king | head -2000 | {sys.executable} -m embcli nn - -k 50 | head -1"
    done = subprocess.run(["sh", "-c", line], env=environment(home), capture_output=True, text=True, timeout=60)
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_a_line_that_is_not_utf8_has_its_error_in_its_place() -> None:
    outcome = ask("nn", "-", "-k", "1", stdin=b"king\n\xff\xfe\nqueen\n")
    assert outcome.status == 2
    codes = [json.loads(line).get("error", {}).get("code") for line in outcome.out.splitlines()]
    assert codes == [None, "bad_file", None]


def test_csv_repeats_the_question_and_opens_right_in_a_spreadsheet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "hostile.txt"
    file.write_text('=1+1 1 2\n"quoted",comma 2 1\n@x 1 1\n-x 3 1\n')
    settle(monkeypatch, tmp_path / "home", EMBCLI_MODEL="hostile")
    assert ask("models", "add", str(file)).status == 0
    status, out, _ = ask_stdin("@x\nnope\n", "nn", "-", "--format", "csv")
    assert status == 3
    assert out.count("\r\n") == out.count("\n") == 5
    rows = list(csv.DictReader(io.StringIO(out)))
    assert {row["word"] for row in rows} == {"'=1+1", '"quoted",comma', "'-x", ""}
    assert [row["question"] for row in rows] == ["'@x"] * 3 + ["nope"]
    assert "not in the vocabulary" in rows[-1]["error"]


@pytest.mark.parametrize("form", ["csv", "tsv", "markdown", "jsonl"])
def test_every_format_is_a_view_of_the_same_record(form: str) -> None:
    question = ["softmax", "king", "queen", "throne", "-T", "1", "-T", "2"]
    answer = ask(*question, "--json").answer
    out = ask(*question, "--format", form).out
    if form == "jsonl":
        assert json.loads(out) == answer
        return
    split = {"csv": ",", "tsv": "\t", "markdown": "|"}[form]
    rows = [[cell.strip() for cell in line.strip("|\r").split(split)] for line in out.splitlines()]
    rows = [row for row in rows if not row[0].startswith("---")]
    names = ["word", "logit", "probability_T1", "probability_T2", "entropy_T1", "entropy_T2", "resolved"]
    assert rows[0] == ["question", *names, "error", "line", "id", "model"]
    assert [[row[1], *map(float, row[2:7])] for row in rows[1:]] == [
        [result["word"], result["logit"], *result["probabilities"], *answer["entropy"]] for result in answer["results"]
    ]


def test_a_table_can_be_asked_for_too() -> None:
    _, out, _ = ask_stdin("king\nqqqzzzq\n", "nn", "-", "-k", "1", "--format", "table")
    assert "prince" in out
    assert "qqqzzzq" in out


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"x" * (1 << 20) + b"yz", "longer than"),
        (b'{"expression": ' + b"[" * 100_000, "not JSON"),
        (b'{"expression": "king", "k": ' + b"9" * 5000 + b"}", "not JSON"),
    ],
)
def test_a_monstrous_line_has_its_error_in_its_place(line: bytes, said: str) -> None:
    status, out, err = ask("neighbors", "-", "-k", "1", stdin=b"king\n" + line + b"\nqueen\n")
    answers = [json.loads(answer) for answer in out.splitlines()]
    assert (status, err, len(answers)) == (2, "", 3)
    assert said in answers[1]["error"]["message"]
    assert answers[1]["error"]["line"] == 2
    assert len(out) < 250_000
    assert [answer["query"]["expression"] for answer in (answers[0], answers[2])] == ["king", "queen"]


def test_an_answer_that_has_no_column_is_an_error_and_not_an_empty_row() -> None:
    questions = b'{"expression": "king", "temperatures": [3]}\nking\n'
    status, out, _ = ask("softmax", "-", "queen", "man", "--format", "csv", stdin=questions)
    header, first, *others = out.splitlines()
    assert status == 2
    assert header == "question,word,logit,probability_T1,entropy_T1,resolved,error,line,id,model"
    assert first.endswith(
        '"the header lacks columns of this answer: probability_T3, entropy_T3; '
        'set these options on the command line, or use --format jsonl",1,,'
    )
    assert len(others) == 2
