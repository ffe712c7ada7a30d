"""Every JSON that a command prints is valid under the schema that `embcli schema` prints for it."""

import json
import shlex
from pathlib import Path

import jsonschema
import pytest
from process import ask, settle
from tiny_models import MODELS

from embcli.results.schemas import RECORDS

LLAMA = shlex.quote(str(MODELS / "llama"))
ANSWERS = {
    "analogy": ["analogy king - man + woman --expect queen", "analogy King - man --vocab 400 --method 3cosmul"],
    "neighbors": ["nn tower --metric euclidean -k 2", "neighbors 2*king --raw --include-inputs"],
    "project": [
        "project 'cats - cat' puppy Puppies --sort",
        "project 'cats - cat' --scan 2",
        "project 'cats - cat' --pairs puppy:puppies",
    ],
    "softmax": ["softmax king queen throne -T 1 -T 0", "softmax king --all -k 2", "softmax --logits a=1,b=2"],
    "similarity groups": ["similarity --groups royal:king,queen,Prince animal:cat,cats"],
    "similarity": [
        "similarity king queen",
        "similarity king:queen man:Woman",
        "similarity king queen 'man - woman' --matrix",
    ],
    "odd": ["odd king queen cabbage"],
    "lookup": ["lookup king Queen", "lookup 'king - queen' --coordinates 2"],
    "plot": [
        "plot king Queen man 'aunt - uncle' --arrows king:queen,man:woman",
        "plot --neighbors tower -k 3",
        "plot --analogy 'king - man + woman' --axes 'woman - man' 'queen - woman'",
        "plot --groups 'fruit:apple,pear animal:cat,dog' --vocab 3 --method tsne --skip-unknown",
    ],
    "tokens": [f"tokens the king -m {LLAMA}"],
    "predict": [
        f"predict the king -m {LLAMA} -T 0.5,1 --lens -k 3",
        f"predict the king -m {LLAMA} --sample 2 --tokens 3 --candidates the,mole",
    ],
    "context": [f"context 'the king and the mole' 'a queen, a mole' --focus mole --dictionary 9 -m {LLAMA}"],
    "attend": [
        f"attend the king and the mole --focus mole -m {LLAMA}",
        f"attend the king and the mole --focus mole --layer 1 --head 2 -T 2 -m {LLAMA}",
        "attend american shrew mole --focus mole",
    ],
    "shapes": ["shapes", f"shapes {LLAMA}", "shapes bert-base --batch 4"],
    "evaluate analogies": [
        "evaluate analogies some.txt",
        "evaluate analogies some.txt --section gram-plural",
        "evaluate analogies some.txt --method 3cosmul --method pairdirection --vocab 9000 --case-sensitive",
        "evaluate analogies pairs.txt --method lrcos --method 3cosavg --baseline random --vocab 9000",
    ],
    "evaluate similarity": [
        "evaluate similarity some.tsv",
        "evaluate similarity flat.tsv --baseline random --case-sensitive --vocab 9000",
    ],
    "demo": ["demo two.demo --step 1", "demo two.demo --step 2", "demo two.demo --step 3"],
    "demos": ["demo"],
    "models": ["models", "models verify glove", "models default"],
    "models info": ["models info glove"],
    "models catalog": ["models catalog"],
    "error": ["nn qqqzzzq", "nn 'king +'", "nn king -m nope", "odd king", "evaluate analogies nowhere.txt"],
}
# Some questions are covered and correct, some wrong, some not in the vocabulary.
FILES = {
    "some.txt": ": capitals\nAthens Greece Oslo Norway\nKinggg Greece Oslo Norway\n: gram-plural\ncat cats dog dogs\n",
    "pairs.txt": "cat cats\ndog hounds/dogs\nkinggg kings\nhouse houses\n",
    "two.demo": "# One\nnn king -k 1\n\nnn kinggg\n\n# the end\n",
    "some.tsv": "tiger\tcat\t7\ntiger\ttiger\t10\nking\tcabbage\t0\nking\tkinggg\t9\n",
    "flat.tsv": "tiger\tcat\t7\ndog\tcat\t7\n",
}
DETAILS = "evaluate details"  # a line of a file, which no command prints


@pytest.fixture(autouse=True)
def at_home(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, home)
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).write_text(text)


def test_every_record_has_answers_to_check() -> None:
    assert {*ANSWERS, DETAILS} == {*RECORDS, "error"}


@pytest.mark.parametrize("command", ANSWERS)
def test_what_a_command_prints_is_valid_under_its_schema(command: str) -> None:
    schema = json.loads(ask("schema", *command.split()).out)
    jsonschema.Draft202012Validator.check_schema(schema)
    for question in ANSWERS[command]:
        outcome = ask(*shlex.split(question), "--json")
        answer = json.loads(outcome.err if command == "error" else outcome.out)
        jsonschema.validate(answer, schema)
        # The schema is not trivial: an answer without one of its keys is invalid.
        inner = answer["error"] if command == "error" else answer
        inner.pop({"error": "message", "demo": "answer"}.get(command, "results"))
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(answer, schema)


def test_every_key_of_every_answer_is_in_its_schema() -> None:
    for command in RECORDS.keys() - {DETAILS}:
        schema = json.loads(ask("schema", *command.split()).out)
        for question in ANSWERS[command]:
            answer = json.loads(ask(*shlex.split(question), "--json").out)
            assert set(answer) <= set(schema["properties"])
            if command == "demo":  # a step has one answer instead of results
                continue
            items = schema["properties"]["results"]["items"]
            assert all(
                set(items["required"]) <= set(result) <= set(items["properties"]) for result in answer["results"]
            )


def test_each_line_of_details_is_valid_under_its_schema() -> None:
    schema = json.loads(ask("schema", *DETAILS.split()).out)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert ask("evaluate", "analogies", "some.txt", "--details", "details.jsonl").status == 0
    lines = [json.loads(line) for line in Path("details.jsonl").read_text("ascii").splitlines()]
    assert [line["covered"] for line in lines] == [True, False, True]
    for line in lines:
        jsonschema.validate(line, schema)
        assert list(line) == list(schema["properties"]) == schema["required"]
        for key in schema["required"]:
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate({name: value for name, value in line.items() if name != key}, schema)


def test_a_schema_that_does_not_exist_is_refused_with_those_that_do() -> None:
    outcome = ask("schema", "analogies")
    assert (outcome.status, outcome.out) == (2, "")
    assert "analogy" in outcome.err
