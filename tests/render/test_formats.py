"""Every field of every record is in every format, or listed here as an exception.

Each field of a record is filled with a distinct value, generated from the field's type, so that fields added later are
checked, too.
"""

import json
import types
from collections.abc import Iterator, Mapping
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest

from embcli.render import render
from embcli.render.as_json import as_json
from embcli.render.delimited import left_out
from embcli.results.schemas import RECORDS

# Fields whose values a view looks up in a table.
KNOWN = {
    "metric": "cosine",
    "method": "3cosadd",
    "methods": "3cosadd",
    "status": "ready",
    "action": "list",
    "fit": "words",
}
# Fields that the user has given; `resolved` is not among them.
ASKED = {
    "k", "top", "raw", "metric", "method", "methods", "expression", "terms", "exclude_inputs", "sort", "scan", "norm",
    "temperatures", "candidates", "words", "questions", "case_sensitive", "baseline", "confidence", "action", "name",
    "text", "texts", "focus", "layer", "layers", "head", "temperature", "dictionary", "seed", "batch", "sequence",
    "sections",
    "fit",
}  # fmt: skip
# Further fields that CSV, TSV and Markdown omit: the model, the matrix, whose cosines are in the rows, and facts about
# the model and the place of the focus.
NOT_IN_ROWS = (
    "schema",
    "model.",
    "models.",
    "matrix.",
    "query.context",
    "query.position",
    "query.family",
    *(f"query.{name}" for name in ASKED),
)
# Fields that tables omit. They show the sign as that of the cosine, the first three coordinates, and one figure of
# each kind for evaluations.
NOT_IN_TABLES = (
    "schema", "query.k", "query.terms", "query.words", "query.confidence", "query.action", "query.name",
    "query.baseline", "query.questions", "query.sort", "query.scan", "query.candidates", "query.temperatures",
    "results.sign", "results.vector.3", "results.source", "results.license_url",
    "results.correct", "results.accuracy_of_all", "results.accuracy_with_inputs_",
    "results.reciprocal_rank_with_inputs", "results.covered_by_model", "differences.against",
    "notes",  # are on stderr
    "model.tokens", "models.tokens", "results.id", "query.texts", "query.focus",
    "query.context", "query.position", "query.seed", "query.batch", "query.layer", "query.head",
    "tokens.id", "tokens.0.id", "tokens.position", "heads.position", "samples.tokens", "query.sequence",
    "least_ranks",  # are in place of the ranks of these words
    "models.index",  # is shown with the first model
    "query.temperature", "change.sum_error", "values.position", "values.value", "query.sections",
)  # fmt: skip
# Lines of a JSON file, and steps of a demo as JSON, which have no other format.
ONLY_JSON = ("evaluate details", "demo")


class Filler:
    """Generates distinct values of types."""

    def __init__(self) -> None:
        self.count = 16

    def fill(self, hint: Any, name: str) -> Any:
        self.count += 1
        if name in KNOWN:
            return (KNOWN[name],) if get_origin(hint) is tuple else KNOWN[name]
        if hasattr(hint, "_fields"):
            hints = get_type_hints(hint)
            return hint(**{field: self.fill(hints[field], field) for field in hint._fields})
        origin, inner = get_origin(hint), get_args(hint)
        if origin in (Union, types.UnionType):
            return self.fill(next(kind for kind in inner if kind is not type(None)), name)
        if origin is tuple:
            length = {"vector": 4, "temperatures": 2, "probabilities": 2, "entropy": 2, "terms": 2}.get(name, 1)
            return tuple(self.fill(inner[0], name) for _ in range(length))
        if origin is Mapping:
            return {f"typed{self.count}": f"used{self.count}"}
        return {str: f"word{self.count}", int: 1000 + self.count, float: self.count * 0.010203, bool: True}.get(hint)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every text and number of a JSON object with its path; numbers in lists are indexed."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from leaves(inner, path if isinstance(inner, dict) else f"{path}.{i}")
    elif not isinstance(value, bool) and value is not None:
        yield path, value


def spellings(value: Any) -> set[str]:
    """The forms of a text or a number in a table."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, int):
        return {str(value), f"{value:,}", f"{value / 1e6:,.0f} MB", f"{value / 1e3:,.1f} kB"}
    digits = f"{value:#.5g}".rstrip(".")
    return {digits, f"{value:.4f}", f"{value:.3f}", f"{value:.2f}", f"{100 * value:.1f}", f"{100 * value:+.1f}"}


def record_of(command: str) -> Any:
    record = Filler().fill(RECORDS[command][0], "")
    record = record._replace(schema=RECORDS[command][1])
    if command == "predict":  # the tokens of the text are its words
        return record._replace(tokens=(record.tokens[0]._replace(token="word"),))
    if command == "context":  # rows are those of the first text
        results = tuple(row._replace(text=0) for row in record.results)
        comparisons = tuple(row._replace(a=0, b=1) for row in record.comparisons)
        gained = tuple(row._replace(text=0) for row in record.gained)
        return record._replace(results=results, comparisons=comparisons, gained=gained)
    if command == "plot":  # arrows join points
        [point], [arrow] = record.results, record.arrows
        points = tuple(point._replace(word=name, x=place) for place, name in enumerate((arrow.start, arrow.end)))
        return record._replace(results=(point, *points), axes=record.axes * 2, arrows=(arrow, arrow))
    if command == "odd":  # the odd one is one of the words
        return record._replace(odd=record.results[0].word)
    if command.startswith("evaluate"):  # the rows are of the model; differences are shown of totals
        results = tuple(row._replace(model=record.model.name) for row in record.results)
        differences = tuple(one._replace(section="all") for one in record.differences)
        return record._replace(results=results, differences=differences, models=(record.model, *record.models))
    return record


@pytest.mark.parametrize("form", ["csv", "tsv", "markdown"])
@pytest.mark.parametrize("command", [command for command in RECORDS if command not in ONLY_JSON])
def test_rows_or_notes_hold_every_field(command: str, form: str) -> None:
    record = record_of(command)
    text = render(record, form).replace("\\", "") + json.dumps(left_out(record))
    for path, value in leaves(as_json(record)):
        if not path.startswith(NOT_IN_ROWS):
            assert str(value) in text, path


@pytest.mark.parametrize("command", [command for command in RECORDS if command not in ONLY_JSON])
def test_tables_hold_every_field(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    record = record_of(command)
    text = render(record, "table")
    if command == "evaluate analogies":  # one model is shown in full, several side by side
        text += render(record._replace(models=(record.model,)), "table")
    if command == "plot":  # the picture shows what its method computes, and words where the picture has marks
        for method in ("tsne", "axes"):
            text += render(record._replace(query=record.query._replace(method=method)), "table")
        text += render(record, "plain")
    if command == "similarity":  # a matrix of cosines is shown instead of the pairs
        text += render(record._replace(matrix=None), "table")
    for path, value in leaves(as_json(record)):
        if not path.startswith(NOT_IN_TABLES) and value not in KNOWN.values():
            assert any(spelling in text for spelling in spellings(value)), (path, value)


@pytest.mark.parametrize("command", ["evaluate analogies", "evaluate similarity"])
def test_intervals_that_have_no_room_are_named(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    record = record_of(command)
    monkeypatch.setenv("COLUMNS", "40")
    assert "intervals" in render(record, "table").replace("95 % confidence interval", "")
    monkeypatch.setenv("COLUMNS", "120")
    assert "not shown" not in render(record, "table")


@pytest.mark.parametrize("command", [command for command in RECORDS if command not in ONLY_JSON])
@pytest.mark.parametrize("columns", [40, 50, 60, 80])
def test_tables_fit_their_terminal(command: str, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert max(map(len, render(record_of(command), "table").splitlines())) <= columns
