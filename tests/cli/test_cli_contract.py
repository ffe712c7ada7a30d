"""The interface for scripts: the keys of the JSON, the exit statuses, the form of an error."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from process import Outcome, add_store, ask, read_json, settle, share
from rich.cells import cell_len

import embcli
from embcli.vectors.space import VectorSpace


@pytest.fixture(autouse=True)
def at_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, home)


class Shape(NamedTuple):
    """A command line, and the keys of its answer."""

    command: str
    schema: str
    beside: set[str]
    query: set[str]
    results: set[str]


RANKING = {"expression", "method", "metric", "raw", "k", "terms", "exclude_inputs", "top", "resolved"}
PROJECTION = {"expression", "terms", "norm", "sort", "scan", "top", "resolved"}
SOFTMAX = {"expression", "metric", "temperatures", "candidates", "terms", "resolved"}
WORDS = {"words", "resolved"}
PLOT = {"words", "method", "fit", "resolved"}
ANSWER = {"rank", "word", "score"}
PROJECTED = {"word", "dot", "scalar", "cosine"}
WEIGHED = {"word", "logit", "probabilities"}
COMPARED = {"a", "b", "cosine", "angle", "dot", "euclidean", "sign"}
MODEL = {"name", "words", "dim", "parameters", "bytes", "default", "status", "source"}

SHAPES = [
    Shape("analogy king - man + woman", "analogy", {"inputs"}, RANKING, ANSWER),
    Shape("analogy man king woman --expect queen", "analogy", {"inputs", "expected"}, RANKING, ANSWER),
    Shape("neighbors tower --metric euclidean", "neighbors", {"inputs"}, RANKING, ANSWER),
    Shape("nn tower", "neighbors", {"inputs"}, RANKING, ANSWER),
    Shape("project 'cats - cat' puppies one", "project", set(), PROJECTION, PROJECTED),
    Shape("project 'cats - cat' --scan 3", "project", set(), PROJECTION, PROJECTED),
    Shape("project 'cats - cat' --pairs dog:dogs", "project", {"pairs", "separation", "auc"}, PROJECTION, PROJECTED),
    Shape("softmax king queen apple", "softmax", {"entropy"}, SOFTMAX, WEIGHED),
    Shape("softmax king --all -T 0 -T 0.5 -T 10", "softmax", {"entropy"}, SOFTMAX, WEIGHED),
    Shape("softmax --logits Snape=3.4,Sprout=-2.3 -T 1 -T 2", "softmax", {"entropy"}, SOFTMAX, WEIGHED),
    Shape("similarity king queen man", "similarity", set(), WORDS, COMPARED),
    Shape("similarity king:queen man:woman", "similarity", set(), WORDS, COMPARED),
    Shape("odd breakfast cereal dinner king", "odd", {"odd"}, WORDS, {"word", "score"}),
    Shape("lookup king queen", "lookup", set(), WORDS, {"word", "row", "frequency_rank", "norm", "vector"}),
    Shape("plot king queen man", "plot", {"axes", "arrows"}, PLOT, {"word", "x", "y", "group"}),
    Shape("plot --arrows king:queen,man:woman", "plot", {"axes", "arrows"}, PLOT, {"word", "x", "y", "group"}),
    Shape("models", "models", set(), {"action", "name"}, MODEL),
    Shape("models list", "models", set(), {"action", "name"}, MODEL),
]
NESTED = {
    "inputs": ANSWER,
    "expected": {"word", "rank", "rank_with_inputs", "score"},
    "pairs": {"low", "high", "low_dot", "high_dot", "ordered"},
    "terms": {"word", "weight"},
    "axes": {"name", "explained"},
    "arrows": {"start", "end", "cosine"},
}


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.command)
def test_json_has_the_keys_of_the_contract_and_no_others(shape: Shape) -> None:
    answer = ask(*shlex.split(shape.command), "--json").answer

    assert answer["schema"] == f"embcli.{shape.schema}/1"
    assert set(answer) == {"schema", "model", "query", "results"} | shape.beside
    assert set(answer["query"]) == shape.query
    assert all(set(result) == shape.results for result in answer["results"])
    assert answer["results"] or shape.beside >= {"pairs"}
    for name, value in {**answer["query"], **answer}.items():
        for record in value if isinstance(value, list) else [value]:
            assert set(record) == NESTED[name] if name in NESTED else True
    asks_no_model = shape.schema == "models" or "--logits" in shape.command
    assert answer["model"] == (None if asks_no_model else {"name": "glove", "words": 400_000, "dim": 50})


@pytest.mark.parametrize("spelling", [["--json"], ["--format", "json"], ["--format=json"]])
def test_every_spelling_of_json_is_the_same(spelling: list[str]) -> None:
    assert ask("odd", *spelling, "king", "queen", "apple") == ask("odd", "king", "queen", "apple", "--json")
    assert read_json(ask("odd", "kinggg", *spelling).err)["error"]["code"] == "unknown_word"


Function = Callable[[VectorSpace], Any]
ANALOGY = "king - man + woman"
PLUMBING: list[tuple[str, Function]] = [
    (f"analogy {ANALOGY} --raw", lambda s: embcli.solve_analogy(s, ANALOGY, raw=True)),
    (f"analogy {ANALOGY} -k 3 --vocab 900", lambda s: embcli.solve_analogy(s, ANALOGY, k=3, top=900)),
    (f"analogy {ANALOGY} --include-inputs", lambda s: embcli.solve_analogy(s, ANALOGY, include_inputs=True)),
    (f"analogy {ANALOGY} --method 3cosmul", lambda s: embcli.solve_analogy(s, ANALOGY, method="3cosmul")),
    (f"analogy {ANALOGY} --method pairdirection", lambda s: embcli.solve_analogy(s, ANALOGY, method="pairdirection")),
    (f"analogy {ANALOGY} --metric dot", lambda s: embcli.solve_analogy(s, ANALOGY, metric="dot")),
    ("nn tower -k 3 --vocab 900", lambda s: embcli.find_neighbors(s, "tower", k=3, top=900)),
    ("nn tower + gate --raw", lambda s: embcli.find_neighbors(s, "tower + gate", raw=True)),
    ("nn tower --metric euclidean", lambda s: embcli.find_neighbors(s, "tower", metric="euclidean")),
    ("nn tower --include-inputs", lambda s: embcli.find_neighbors(s, "tower", include_inputs=True)),
    ("nn tower --expect towers", lambda s: embcli.find_neighbors(s, "tower", expect="towers")),
    ("project 'cats - cat' one two --sort", lambda s: embcli.project(s, "cats - cat", ["one", "two"], sort=True)),
    ("project 'cats - cat' --scan 2 --vocab 900", lambda s: embcli.project(s, "cats - cat", scan=2, top=900)),
    (
        "project 'cats - cat' one --pairs dog:dogs,men:man",
        lambda s: embcli.project(s, "cats - cat", ["one"], pairs=[("dog", "dogs"), ("men", "man")]),
    ),
    (
        "softmax king queen man --metric cosine -T 0.5 -T 2",
        lambda s: embcli.weigh_candidates(s, "king", ["queen", "man"], metric="cosine", temperatures=[0.5, 2.0]),
    ),
    ("softmax king --all -k 3", lambda s: embcli.weigh_candidates(s, "king", everything=True, k=3)),
    ("softmax --logits a=1,b=-2.5 -T 2", lambda s: embcli.weigh_logits({"a": 1.0, "b": -2.5}, [2.0])),
    ("similarity king queen man", lambda s: embcli.compare_words(s, [("king", "queen"), ("king", "man")])),
    ("similarity king:queen man:woman", lambda s: embcli.compare_words(s, [("king", "queen"), ("man", "woman")])),
]


@pytest.mark.parametrize(("command", "function"), PLUMBING, ids=[command for command, _ in PLUMBING])
def test_a_command_answers_what_its_function_answers(command: str, function: Function, glove: VectorSpace) -> None:
    assert ask(*shlex.split(command), "--json").answer == embcli.as_json(function(glove))


@pytest.mark.parametrize(
    "arguments",
    [
        ["king - man + woman"],
        ["man", "king", "woman"],
        ["man:king::woman:?"],
        ["2*king", "-", "(man - woman)", "-", "king"],
    ],
    ids=" ".join,
)
def test_an_analogy_may_be_spelled_in_several_ways(arguments: list[str]) -> None:
    def best(outcome: Outcome) -> Any:
        return [(result["word"], result["score"]) for result in outcome.answer["results"]]

    assert best(ask("analogy", *arguments, "--json")) == best(ask("analogy", *ANALOGY.split(), "--json"))


def test_words_come_from_stdin_too_one_a_line() -> None:
    piped = ask("project", "cats - cat", "dogs", "-", "--json", stdin="one\r\n\n  café \ntwo".encode())
    assert piped == ask("project", "cats - cat", "dogs", "one", "café", "two", "--json")


@pytest.mark.parametrize(
    ("options", "status", "rank", "rank_with_inputs"),
    [
        ("--expect queen", 0, 1, 2),
        ("--expect Prince", 1, 3, 4),
        ("--expect king", 1, None, 1),
        ("--expect king --include-inputs", 0, None, 1),
        ("--expect queen --include-inputs", 1, 1, 2),
        ("--expect monarch --vocab 10", 1, None, None),
    ],
)
def test_an_expected_word_has_two_ranks_and_a_miss_is_status_1(
    options: str, status: int, rank: int | None, rank_with_inputs: int | None
) -> None:
    as_json = ask("analogy", *ANALOGY.split(), *options.split(), "--json")
    as_table = ask("analogy", *ANALOGY.split(), *options.split())

    assert (as_json.status, as_json.err) == (as_table.status, as_table.err) == (status, "")
    expected = read_json(as_json.out)["expected"]
    assert (expected["rank"], expected["rank_with_inputs"]) == (rank, rank_with_inputs)
    shown = [line for line in as_table.out.splitlines() if line.startswith("expected ")]
    assert len(shown) == 1
    for place in (rank, rank_with_inputs):
        assert ("no rank" if place is None else f"rank {place}") in shown[0]


def read_as(command: str, **readings: str) -> Any:
    return pytest.param(shlex.split(command), {k.replace("_", " "): v for k, v in readings.items()}, id=command)


@pytest.mark.parametrize(
    ("arguments", "readings"),
    [
        read_as("analogy King - man + WOMAN", King="king", WOMAN="woman"),
        read_as("analogy Man:King::woman:?", King="king", Man="man"),
        read_as("nn Tower --expect TOWERS", Tower="tower", TOWERS="towers"),
        read_as("project 'CATS - cat' Puppies --pairs Dog:dogs", CATS="cats", Puppies="puppies", Dog="dog"),
        read_as("softmax King Queen man", King="king", Queen="queen"),
        read_as("similarity King queen MAN", King="king", MAN="man"),
        read_as("similarity King:queen", King="king"),
        read_as("odd Breakfast dinner KING", Breakfast="breakfast", KING="king"),
        read_as("lookup KING", KING="king"),
        read_as("lookup 'New York' queen", New_York="new-york"),
        read_as("nn king + 'new york'", new_york="new-york"),
        read_as("""project 'cats - "New York"' one""", New_York="new-york"),
    ],
)
def test_a_word_read_otherwise_than_typed_is_reported(arguments: list[str], readings: dict[str, str]) -> None:
    assert ask(*arguments, "--json").answer["query"]["resolved"] == readings

    table = ask(*arguments).out
    caption = [line for line in table.splitlines() if line.startswith("read ")]
    assert len(caption) == 1
    assert sorted(caption[0].removeprefix("read ").split(", ")) == sorted(f'"{k}" as {v}' for k, v in readings.items())


def test_a_word_that_is_there_as_typed_is_not_read_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_store(tmp_path, "cased", {"paris": [1, 0], "Paris": [0, 1], "new york": [1, 1], "new_york": [1, 2]})
    settle(monkeypatch, tmp_path, EMBCLI_MODEL="cased")
    answer = ask("lookup", "Paris", "PARIS", "new york", "New-York", "--json").answer
    assert [result["row"] for result in answer["results"]] == [1, 0, 2, 3]
    assert answer["query"]["resolved"] == {"PARIS": "paris", "New-York": "new_york"}


def refused(command: str, status: int, code: str) -> Any:
    return pytest.param(shlex.split(command), status, code, id=command)


@pytest.fixture(scope="module")
def broken(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data dir with glove and damaged models; beside it, a pickle."""
    folder = share(home, tmp_path_factory.mktemp("broken") / "home")
    whole = add_store(folder, "whole", {"king": [1, 2], "queen": [3, 4]}).read_bytes()
    for name, data in {"empty": b"", "cut": whole[:-1], "longer": whole + b"\0", "noise": b"\x93NUMPY" * 999}.items():
        (folder / "models" / f"{name}.safetensors").write_bytes(data)
    (folder / "evil.kv").write_bytes(b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x0btouch owned!\x85R.")
    return folder


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        refused("frobnicate", 2, "usage"),
        refused("analogy", 2, "usage"),
        refused("nn king -k 0", 2, "usage"),
        refused("nn king --vocab 0", 2, "usage"),
        refused("nn king --format xml", 2, "usage"),
        refused("nn king --metric manhattan", 2, "usage"),
        refused("nn 'king - king'", 2, "usage"),
        refused("nn '1e300*king'", 2, "usage"),
        refused("nn king -m ../whole", 4, "io"),
        refused("project 'cats - cat'", 2, "usage"),
        refused("project 'cats - cat' one --scan 3", 2, "usage"),
        refused("softmax king queen -T -1", 2, "usage"),
        refused("softmax king queen -T nan", 2, "usage"),
        refused("softmax king queen -T inf", 2, "usage"),
        refused("softmax king", 2, "usage"),
        refused("softmax king queen --logits a=1", 2, "usage"),
        refused("softmax --logits a=nan", 2, "usage"),
        refused("softmax --logits a=1,a=2", 2, "usage"),
        refused("similarity king", 2, "usage"),
        refused("similarity king:queen man", 2, "usage"),
        refused("odd king queen King", 2, "usage"),
        refused("analogy king - man +", 2, "syntax"),
        refused("project 'cats - cat' --pairs dog", 2, "syntax"),
        refused("models add evil.kv", 2, "bad_file"),
        refused("lookup kinggg", 3, "unknown_word"),
        refused("lookup ''", 3, "unknown_word"),
        refused("nn king --expect kinggg", 3, "unknown_word"),
        refused("nn king -m nope", 3, "unknown_model"),
        refused("models add ./missing.txt", 4, "io"),
        refused("models add /nonexistent/vectors.txt", 4, "io"),
        refused("models add .", 2, "bad_file"),
        refused("nn king -m empty", 5, "damaged_store"),
        refused("nn king -m cut", 5, "damaged_store"),
        refused("nn king -m longer", 5, "damaged_store"),
        refused("nn king -m noise", 5, "damaged_store"),
    ],
)
def test_an_error_is_a_line_or_a_json_object_on_stderr_and_nothing_on_stdout(
    broken: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], status: int, code: str
) -> None:
    settle(monkeypatch, broken)
    monkeypatch.chdir(broken)
    told, coded = ask(*arguments), ask(*arguments, "--json")

    assert (told.status, told.out) == (status, "")
    lines = told.err.splitlines()
    assert lines[0].startswith("embcli: ")
    assert len(lines) == (3 if code == "syntax" else 1)

    assert coded.status == status
    more = {"source", "position"} if code == "syntax" else set()
    assert set(coded.error) == {"code", "message", "hint", "suggestions"} | more
    assert coded.error["code"] == code
    assert told.err.startswith(f"embcli: {coded.error['message']}")
    assert coded.error["hint"] in lines[0]
    assert not (broken / "owned!").exists()


def test_an_unknown_word_comes_with_the_nearest_spellings() -> None:
    error = ask("nn", "queeen", "--json").error
    assert error["suggestions"][0] == "queen"
    assert len(error["suggestions"]) <= 5
    assert '"queeen"' in error["message"]
    assert "queen" in ask("nn", "queeen").err.partition("; ")[2]


def test_an_unknown_model_comes_with_those_there_are() -> None:
    assert "glove" in ask("nn", "king", "-m", "glvoe").err.partition("; ")[2]


def test_a_file_in_the_way_of_the_data_dir_is_an_input_output_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "vectors.txt").write_bytes(b"2 2\nking 1 2\nqueen 3 4\n")
    settle(monkeypatch, tmp_path / "file")
    for command in (["nn", "king"], ["models", "add", str(tmp_path / "vectors.txt")]):
        told, coded = ask(*command), ask(*command, "--json")
        assert (told.status, told.out, told.err.count("\n")) == (4, "", 1)
        assert told.err.startswith("embcli: ")
        assert (coded.status, coded.error["code"]) == (4, "io")


@pytest.mark.parametrize(
    ("arguments", "source", "position"),
    [
        (["analogy", "king - man + woman )"], "king - man + woman )", 19),
        (["analogy", "king", "-", "man", "+", ")"], "king - man + )", 13),
        (["analogy", "king queen"], "king queen", 5),
        (["analogy", 'king + "new york'], 'king + "new york', 7),
        (["nn", "king / 0"], "king / 0", 7),
        (["nn", "2 * (king - man"], "2 * (king - man", 15),
        (["nn", ""], "", 0),
        (["analogy", "man:king::woman"], "man:king::woman", 8),
        (["softmax", "king -", "queen"], "king -", 6),
        (["project", "cats - cat", "--pairs", "dog:dogs,,a:b"], "dog:dogs,,a:b", 9),
        (["nn", "猫 + 犬 )"], "猫 + 犬 )", 6),
        (["nn", "\x1b[1m + )"], "\x1b[1m + )", 7),
    ],
)
def test_a_syntax_error_has_a_caret_under_the_place(arguments: list[str], source: str, position: int) -> None:
    error = ask(*arguments, "--json").error
    assert (error["source"], error["position"]) == (source, position)

    _, shown, caret = ask(*arguments).err.split("\n")[:3]
    before = shown[: len(shown) - len(source[position:])]
    assert shown.endswith(source[position:])
    assert caret == " " * cell_len(before) + "^"


@pytest.mark.parametrize("rows", [2, 3])
@pytest.mark.parametrize("dim", [2, 3])
def test_a_model_of_any_shape_answers(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int, dim: int
) -> None:
    # With odd numbers of both, the store's 64-bit offsets are aligned to 4 bytes only.
    mine = share(home, tmp_path / "home")
    add_store(mine, "odd", {f"w{i}": [float(i)] * (dim - 1) + [1.0] for i in range(rows)})
    settle(monkeypatch, mine, EMBCLI_MODEL="odd")
    assert [result["word"] for result in ask("nn", "w0", "-k", "1", "--json").answer["results"]] == ["w1"]
    assert ask("lookup", "w1", "--json").answer["results"][0]["row"] == 1
