"""No input is silently ignored or misread, and the working directory does not choose the model."""

import json
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from process import LIMIT, add_store, ask, environment, settle, share

import embcli
from embcli.errors import InputOutputProblem, UsageProblem
from embcli.models.open import StoredSpace
from embcli.results.schemas import RECORDS, schema_of
from embcli.vectors.space import VectorSpace

KING = {"king": [3.0, 1.0], "queen": [3.0, 2.0], "man": [1.0, 3.0], "2": [2.0, 1.0]}


@pytest.fixture
def at_home(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder; the models `glove` and `kings`."""
    mine = share(home, tmp_path / "home")
    add_store(mine, "kings", KING)
    settle(monkeypatch, mine)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return mine


# --- Options ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("lookup king -m glove -m kings", "2 models are named (glove, kings)"),
        ("-m glove lookup king -m kings", "2 models are named (glove, kings)"),
        ("nn king -m kings -m kings", "a model is named twice"),
        ("nn king -k 3 -k 4", "-k is given 2 times"),
        ("analogy king - man + woman --metric dot --metric cosine", "--metric is given 2 times"),
        ("nn king --format csv --format tsv", "--format is given 2 times"),
        ("nn king --json --format csv", "--json and --format csv contradict each other"),
        ("nn king --jsonl --format table", "--jsonl and --format table contradict each other"),
        ("models --json --jsonl", "--json and --jsonl contradict each other"),
        ("project king queen --vocab 5", "add --scan N, or remove --vocab"),
        ("project king --pairs man:queen --sort", "no words to sort"),
        ("softmax king queen -k 3", "add --all, or remove k"),
        ("softmax --logits a=1,b=2 -m glove", "--logits excludes -m"),
        ("softmax --logits a=1,b=2 --metric dot", "--logits excludes --metric"),
        ("softmax --logits a=1,b=2 -k 1", "--logits excludes -k"),
        ("softmax --logits a=1,b=2 --all", "--logits excludes --all"),
        ("softmax - --logits a=1,b=2", "--logits excludes the expression"),
        ("softmax king queen -T 1 5", "5 is not a word of kings, but looks like a temperature"),
        ("softmax king queen -T 1,x", '"x" is not a temperature'),
        ("softmax king queen -T 1,-2", "0 or more"),
        ("similarity king -", "must stand alone"),
        ("softmax --logits a=1;b=2", "contains more than one logit"),
        ("softmax --logits a=1_000,b=2", '"a=1_000" is not a logit'),
        ("models add v.npy --words w.txt --reader gensim", "remove --reader"),
        ("-m glove schema analogy", "embcli schema uses no model"),
        ("-m glove models list", "embcli models list uses no model"),
    ],
)
def test_what_would_be_ignored_is_an_error_that_says_what_to_write(at_home: Path, command: str, said: str) -> None:
    np.save("v.npy", np.eye(2, dtype=np.float32))
    Path("w.txt").write_text("king\nqueen\n")
    arguments = command.split() + (["-m", "kings"] if "-T 1" in command else [])
    status, out, err = ask(*arguments)
    message = json.loads(err)["error"] if err.startswith("{") else {"message": err, "hint": ""}
    assert (status, out) == (2, "")
    assert said in f"{message['message']}; {message['hint']}"
    assert err.count("\n") == 1


def test_logits_with_spaces_between_are_not_one_name(at_home: Path) -> None:
    status, out, err = ask("softmax", "--logits", "Snape=3.4 Trelawney=2.5")
    assert (status, out) == (2, "")
    assert "write Snape=3.4,Trelawney=2.5" in err
    assert ask("softmax", "--logits", "Severus Snape=3.4,a=b=2.5").status == 0


def test_given_logits_are_compared_in_full(at_home: Path) -> None:
    answer = ask("softmax", "--logits", "a=1000000001,b=1000000002", "-T", "0,1", "--json")
    results = json.loads(answer.out)["results"]
    assert [(one["word"], one["logit"], one["probabilities"]) for one in results] == [
        ("b", 1000000002.0, [1.0, 0.731059]),
        ("a", 1000000001.0, [0.0, 0.268941]),
    ]


def test_an_empty_name_is_no_name(at_home: Path) -> None:
    status, out, err = ask("nn", "king", "-m", "")
    assert (status, out) == (2, "")
    assert "name of the model is empty" in err


def test_a_field_that_a_json_question_gives_twice_is_an_error(at_home: Path) -> None:
    outcome = ask("nn", "-", "-m", "kings", stdin=b'{"expression": "king", "k": 1, "k": 2}\n')
    assert outcome.status == 2
    assert json.loads(outcome.out)["error"]["message"] == 'the field "k" is given twice'


@pytest.mark.parametrize("temperatures", [["-T", "1,2,5"], ["-T", "1", "-T", "2,5"], ["-T", " 1, 2 ,5", "-T", "2"]])
def test_temperatures_stand_with_commas_or_repeated(at_home: Path, temperatures: list[str]) -> None:
    answer = ask("softmax", "king", "queen", "man", *temperatures, "--json").answer
    assert answer["query"]["temperatures"] == [1.0, 2.0, 5.0]


def test_a_number_that_is_a_word_is_taken_with_a_note(at_home: Path) -> None:
    status, out, err = ask("softmax", "king", "queen", "-m", "kings", "-T", "1", "2", "--format", "csv")
    assert status == 0
    assert [line.split(",")[1] for line in out.splitlines()] == ["word", "queen", "2"]
    assert err == "embcli: note: 2 read as words; for several temperatures, write -T 1,2,5\n"


@pytest.mark.parametrize(
    "command",
    ["nn king", "analogy king - man + queen", "lookup king", "similarity king queen", "models info", "models verify",
     "evaluate analogies some.txt", "evaluate similarity some.tsv"],
)  # fmt: skip
def test_a_model_before_the_command_is_the_model_of_the_command(at_home: Path, command: str) -> None:
    Path("some.txt").write_text("king queen man man\n")
    Path("some.tsv").write_text("king\tqueen\t3\n")
    before = ask("-m", "kings", *command.split(), "--json").answer
    assert ask(f"--model=kings {command} --json".split()[0], *command.split(), "--json").answer == before
    assert (before["model"] or before["results"][0])["name"] == "kings"


# --- Models -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_what_lies_in_the_working_directory_does_not_choose_the_model(at_home: Path, kind: str) -> None:
    if kind == "folder":
        Path("glove").mkdir()
    else:
        Path("glove").write_text("king 1 2\nqueen 2 1\n")
    assert ask("nn", "king", "--json").answer["model"]["words"] == 400_000
    assert ask("nn", "king", "-m", "glove", "--json").answer["model"]["words"] == 400_000
    Path("kings").write_text("king 1 2\nqueen 2 1\n")
    assert ask("nn", "king", "-m", "kings", "--json").answer["model"]["words"] == 4


def test_a_name_with_a_known_suffix_is_a_path_if_no_model_is_called_so(at_home: Path) -> None:
    Path("vectors.txt").write_text("king 1 2\nqueen 2 1\n")
    assert ask("nn", "king", "-m", "vectors.txt", "--json").answer["model"]["words"] == 2
    add_store(at_home, "vectors.txt", KING)
    assert ask("nn", "king", "-m", "vectors.txt", "--json").answer["model"]["words"] == 4
    assert ask("nn", "king", "-m", "./vectors.txt", "--json").answer["model"]["words"] == 2


@pytest.mark.parametrize("name", ["glove", "kings"])
def test_a_path_never_replaces_the_model_of_its_name(at_home: Path, name: str) -> None:
    before = ask("nn", "king", "-m", name, "--json").answer
    Path(name).write_text("king 1 2\nqueen 2 1\n")
    for command in ("nn king -m", "models info", "models verify", "models default"):
        assert ask(*command.split(), f"./{name}").status == 0
    assert ask("nn", "king", "-m", f"./{name}", "--json").answer["model"]["words"] == 2
    assert ask("nn", "king", "-m", name, "--json").answer == before
    assert ask("models", "remove", f"./{name}").status == 0
    assert ask("nn", "king", "-m", name, "--json").answer == before


def test_a_file_without_a_suffix_needs_a_separator(at_home: Path) -> None:
    Path("vectors").write_text("king 1 2\nqueen 2 1\n")
    status, _, err = ask("nn", "king", "-m", "vectors")
    assert status == 3
    assert f"for the file of that name, write {os.path.join('.', 'vectors')}" in err


def test_a_file_does_not_become_the_default_model_by_its_name(at_home: Path) -> None:
    Path("glove.txt").write_text("king 1 2\nqueen 2 1\n")
    status, out, err = ask("models", "add", "glove.txt")
    assert (status, out) == (2, "")
    assert "confirm with --name glove" in err
    assert ask("models", "add", "glove.txt", "--name", "mine").status == 0


def test_a_path_whose_file_is_gone_is_an_error_and_its_model_can_be_removed(at_home: Path) -> None:
    Path("vectors.txt").write_text("king 1 2\nqueen 2 1\n")
    name = ask("nn", "king", "-m", "./vectors.txt", "--json").answer["model"]["name"]
    assert ask("models", "verify", "./vectors.txt", "--json").answer["results"][0]["name"] == name
    assert ask("models", "default", "./vectors.txt").status == 0
    assert ask("nn", "king", "--json").answer["model"]["name"] == name
    Path("vectors.txt").unlink()
    for command in ("nn king -m ./vectors.txt", "models info ./vectors.txt", "models verify ./vectors.txt"):
        status, out, err = ask(*command.split())
        assert (status, out) == (4, "")
        assert "there is no file vectors.txt" in err
    assert ask("models", "remove", "./vectors.txt", "--json").answer["results"][0]["name"] == name
    assert ask("models", "remove", "./vectors.txt").status == 3


def replace(home: Path, name: str) -> None:
    """Replace a model by another one with the same words in another order."""
    (home / "models" / f"{name}.safetensors").unlink()
    add_store(home, name, dict(reversed(KING.items())))


def test_another_process_answers_from_the_file_that_this_one_opened(at_home: Path) -> None:
    space = embcli.open_space("kings")
    copied = pickle.loads(pickle.dumps(space))
    assert isinstance(copied, StoredSpace)
    assert list(copied.vocabulary) == list(KING)
    replace(at_home, "kings")
    with pytest.raises(InputOutputProblem, match="kings changed while it was in use"):
        pickle.loads(pickle.dumps(space))
    with pytest.raises(InputOutputProblem, match="kings changed while it was in use"):
        space.verify()
    (at_home / "models" / "kings.safetensors").unlink()
    with pytest.raises(InputOutputProblem, match="kings changed while it was in use"):
        pickle.loads(pickle.dumps(space))


def test_a_batch_whose_model_is_replaced_answers_from_one_model_or_says_so(at_home: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "embcli", "nn", "-", "-m", "kings", "-k", "1"], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(at_home),
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(b"king\n")
        process.stdin.flush()
        first = process.stdout.readline()
        replace(at_home, "kings")
        out, err = process.communicate(b"king\n" * 5000, LIMIT)
    assert {re.sub(rb'"line": \d+', b'"line": 1', line) for line in out.splitlines(keepends=True)} <= {first}
    if process.returncode:
        assert (process.returncode, out.count(b"\n") < 5000) == (4, True)
        assert err == b"embcli: the model kings changed while it was in use; run the command again\n"
    else:  # with one processor there are no workers
        assert (out.count(b"\n"), err) == (5000, b"")


# --- Pipes --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
@pytest.mark.parametrize(
    "command",
    ["analogy - --format tsv", "nn - --jsonl", "nn - --format table", "lookup -", "similarity - --format csv"],
)
def test_a_reader_that_closes_the_pipe_ends_a_batch_quietly(at_home: Path, tmp_path: Path, command: str) -> None:
    questions = tmp_path / "questions"
    questions.write_text("king queen\n" * 3000 if command.startswith("sim") else "king\n" * 3000)
    script = f"'{sys.executable}' -m embcli {command} -m kings < '{questions}' | head -3; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", script], env=environment(at_home), capture_output=True, timeout=LIMIT, check=True
    )
    assert done.stdout.splitlines()[-1] in (b"0", b"141")
    assert done.stderr == b""


# --- Words for things ---------------------------------------------------------------------------------------------


def test_a_frequency_rank_is_given_where_rows_are_known_to_be_sorted(at_home: Path) -> None:
    np.save("v.npy", np.eye(2, dtype=np.float32))
    Path("words.txt").write_text("king\nqueen\n")
    Path("v.txt").write_text("king 1 0\nqueen 0 1\n")
    assert ask("models", "add", "v.npy", "--words", "words.txt", "--name", "unknown").status == 0
    assert ask("models", "add", "v.txt", "--name", "sorted").status == 0
    for model, rank in (("unknown", None), ("sorted", 2), ("glove", 1322)):
        entry = ask("lookup", "queen", "-m", model, "--json").answer["results"][0]
        assert entry["frequency_rank"] == (entry["row"] + 1 if rank else None)
    assert "frequency" not in ask("lookup", "queen", "-m", "unknown").out
    assert "frequency rank" in ask("lookup", "queen", "-m", "sorted").out


def test_only_an_analogy_is_headed_3cosadd(at_home: Path) -> None:
    assert "3CosAdd" in ask("analogy", "king - man + queen", "-m", "kings").out
    assert "vector sum" in ask("nn", "king + queen", "-m", "kings").out
    assert "3CosAdd" not in ask("nn", "king + queen", "-m", "kings").out
    assert "3CosMul" in ask("analogy", "king", "--method", "3cosmul", "-m", "kings").out


def test_an_included_input_that_is_expected_has_its_rank(at_home: Path) -> None:
    out = ask("nn", "king", "--expect", "king", "--include-inputs", "-m", "kings").out
    assert "expected king: rank 1; with the inputs excluded, no rank" in out


def test_a_vector_too_long_for_32_bits_is_refused(at_home: Path) -> None:
    Path("long.txt").write_text("king 1 2\nqueen 3e38 3e38\n" + "".join(f"w{i} 1 {i}\n" for i in range(1, 300)))
    status, out, err = ask("models", "add", "long.txt")
    assert (status, out) == (2, "")
    assert "long.txt, row 2: the vector is too long for 32 bits" in err


def test_a_model_called_random_stands_beside_the_random_baseline(at_home: Path) -> None:
    Path("some.txt").write_text("king queen man 2\n")
    add_store(at_home, "random", KING)
    out = ask("evaluate", "analogies", "some.txt", "-m", "random", "--baseline", "random").out
    assert "random-baseline" in out
    answer = ask("evaluate", "analogies", "some.txt", "-m", "random", "--baseline", "random", "--json").answer
    assert [card["name"] for card in answer["models"]] == ["random", "random-baseline"]


def test_models_of_one_name_are_refused() -> None:
    spaces = [VectorSpace.from_words(list(KING), list(KING.values()), "same") for _ in range(2)]
    with pytest.raises(UsageProblem, match='two models are named "same"'):
        embcli.evaluate_similarity(spaces, {})


@pytest.mark.parametrize("word", [" king", "king ", "a  b", "new 95 york", "tab\tbed", "line\rreturn", "\ufeffking"])
def test_text_export_refuses_what_its_own_reader_would_misread(at_home: Path, word: str) -> None:
    add_store(at_home, "odd", {"plain": [1, 2], word: [2, 1]})
    status, _, err = ask("models", "export", "odd", "odd.txt")
    if status == 0:
        assert ask("models", "add", "odd.txt", "--name", "again").status == 0
        assert list(embcli.open_space("again").vocabulary) == ["plain", word]
    else:
        assert (status, Path("odd.txt").exists()) == (2, False)
        assert "cannot contain the word" in err


def test_a_schema_name_stands_for_one_shape() -> None:
    names = [name for _, name in RECORDS.values()]
    assert len(names) == len(set(names)) == len(RECORDS)
    for command in ("evaluate analogies", "evaluate similarity"):
        assert schema_of(command)["title"] == f"embcli.{command.replace(' ', '-')}/1"
        assert "embcli.evaluate/1" in schema_of(command)["description"]


@pytest.mark.slow
def test_many_pairs_are_asked_as_they_are_made(tmp_path: Path) -> None:
    # 400 pairs make 159,600 questions: as objects they would take 100 MB.
    words = [f"w{i}" for i in range(800)]
    chance = np.random.default_rng(1)
    space = VectorSpace.from_words(words, chance.standard_normal((800, 4)), "some")
    file = tmp_path / "pairs.txt"
    file.write_text("".join(f"{a} {b}\n" for a, b in zip(words[::2], words[1::2], strict=True)))
    program = f"""
import resource, sys
import numpy as np
import embcli
from pathlib import Path
space = embcli.VectorSpace.from_words({words!r}, np.random.default_rng(1).standard_normal((800, 4)), "some")
sections = embcli.read_analogies(Path({str(file)!r}))
embcli.evaluate_analogies([space], sections[:1], methods=["3cosavg"])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
done = []
row = embcli.evaluate_analogies([space], sections, report=lambda count, share: done.append(count)).results[0]
print(row.asked, row.covered, len(done) > 50, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    outcome = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=LIMIT, check=True)
    asked, covered, streamed, kilobytes = outcome.stdout.split()
    assert (asked, covered, streamed) == ("159600", "159600", "True")
    assert int(kilobytes) < 60_000
    assert len(space) == 800
