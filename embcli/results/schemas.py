"""JSON Schemas (draft 2020-12) of the commands' output, generated from the records.

Fields that belong to an option are not required. Additional keys are allowed, because a later release may add keys
within a version.
"""

import types
from collections.abc import Mapping
from typing import Any, Union, get_args, get_origin, get_type_hints

from embcli.errors import UsageProblem
from embcli.results import demo, evaluations, models, plot
from embcli.results.analogy import Ranking
from embcli.results.attend import Attended
from embcli.results.context import Contexts
from embcli.results.lookup import Lookup
from embcli.results.predict import Prediction
from embcli.results.project import Projections
from embcli.results.shapes import Shapes
from embcli.results.similarity import GroupSimilarities, OddOneOut, Similarities
from embcli.results.softmax import Distribution
from embcli.results.tokens import Tokens

DIALECT = "https://json-schema.org/draft/2020-12/schema"
# The record of each command; subcommands with another record than their group have their own entries.
RECORDS: dict[str, tuple[type, str]] = {
    "analogy": (Ranking, "embcli.analogy/1"),
    "neighbors": (Ranking, "embcli.neighbors/1"),
    "project": (Projections, "embcli.project/1"),
    "softmax": (Distribution, "embcli.softmax/1"),
    "similarity": (Similarities, "embcli.similarity/1"),
    "similarity groups": (GroupSimilarities, "embcli.similarity-groups/1"),
    "odd": (OddOneOut, "embcli.odd/1"),
    "lookup": (Lookup, "embcli.lookup/1"),
    "tokens": (Tokens, "embcli.tokens/1"),
    "predict": (Prediction, "embcli.predict/1"),
    "context": (Contexts, "embcli.context/1"),
    "attend": (Attended, "embcli.attend/1"),
    "shapes": (Shapes, "embcli.shapes/1"),
    "plot": (plot.Plot, "embcli.plot/1"),
    "evaluate analogies": (evaluations.Evaluation, "embcli.evaluate-analogies/1"),
    "evaluate similarity": (evaluations.Correlations, "embcli.evaluate-similarity/1"),
    "evaluate details": (evaluations.Detail, "embcli.detail/1"),
    "demo": (demo.DemoStep, "embcli.demo/1"),
    "demos": (demo.Demos, "embcli.demos/1"),
    "models": (models.Models, "embcli.models/1"),
    "models info": (models.ModelInfos, "embcli.models-info/1"),
    "models catalog": (models.Catalog, "embcli.models-catalog/1"),
}
# Former names of schemas, when one name was used for several shapes.
FORMER_NAMES = {
    "embcli.evaluate-analogies/1": "embcli.evaluate/1",
    "embcli.evaluate-similarity/1": "embcli.evaluate/1",
    "embcli.models-info/1": "embcli.models/1",
    "embcli.models-catalog/1": "embcli.models/1",
}
# Commands that answer with the records of others.
SAME_AS = {"nn": "neighbors"} | {
    f"models {action}": "models" for action in ("list", "add", "verify", "default", "rename", "remove", "export")
}
# The modules of records that answer no line of a batch.
NOT_IN_BATCHES = {module.__name__ for module in (demo, evaluations, models, plot)}
# Of the answers and errors of a batch: the number of the line, and the caller's id.
OF_BATCHES: dict[str, Any] = {"line": {"type": "integer"}, "id": {"type": ["string", "integer"]}}
ERROR: dict[str, Any] = {
    "$schema": DIALECT,
    "title": "error",
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "hint", "suggestions"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "hint": {"type": "string"},
                "suggestions": {"type": "array", "items": {"type": "string"}},
                "unknown": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["word", "suggestions"],
                        "properties": {
                            "word": {"type": "string"},
                            "suggestions": {"type": "array", "items": {"type": "string"}},
                        },
                    },
                },
                "source": {"type": "string"},
                "position": {"type": "integer"},
                "question": {"type": "string"},
                "model": {"type": "string"},
                **OF_BATCHES,
            },
        }
    },
}
SIMPLE = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def schema_of(command: str) -> dict[str, Any]:
    """The schema of a command's output with --json, or of errors for `error`. Raises UsageProblem."""
    if command == "error":
        return ERROR
    command = SAME_AS.get(command, command)
    if command not in RECORDS:
        raise UsageProblem(f'there is no schema of "{command}"', f"use one of {', '.join([*RECORDS, 'error'])}")
    record, name = RECORDS[command]
    schema = _object(record)
    schema["properties"]["schema"] = {"const": name}
    if record.__module__ not in NOT_IN_BATCHES:
        schema["properties"] |= OF_BATCHES
    former = FORMER_NAMES.get(name)
    described = {"description": f"The former name of this schema is {former}."} if former else {}
    return {"$schema": DIALECT, "title": name, **described, **schema}


def schema_names() -> list[str]:
    """The names that `schema_of` knows."""
    return [*RECORDS, *SAME_AS, "error"]


def _object(record: Any) -> dict[str, Any]:
    hints, extras = get_type_hints(record), record._field_defaults
    return {
        "type": "object",
        "required": [name for name in record._fields if name not in extras],
        "properties": {name: _kind(hints[name]) for name in record._fields},
    }


def _kind(hint: Any) -> dict[str, Any]:
    if hint is Any:  # the record of any command
        return {}
    if hint in SIMPLE:
        return {"type": SIMPLE[hint]}
    if hasattr(hint, "_fields"):
        return _object(hint)
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return {"anyOf": [_kind(kind) for kind in inner]}
    if origin is tuple:
        return {"type": "array", "items": _kind(inner[0])}
    if origin is Mapping or (isinstance(origin, type) and issubclass(origin, Mapping)):
        return {"type": "object", "additionalProperties": _kind(inner[1])}
    raise TypeError(f"no JSON for {hint}")
