"""Records and errors as JSON: ASCII, numbers rounded by their types, never NaN."""

import json
import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, get_args

from embcli.errors import EmbcliError, ExpressionSyntaxError, UnknownWord

PLAIN_TYPES = frozenset({str, int, bool, type(None)})
Rounding = Callable[[float], float]


def dumps(record: Any, **place: Any) -> str:
    """A record as one JSON object on one line. place: further fields, such as the line of the question."""
    return json.dumps(as_json(record) | place, ensure_ascii=True, allow_nan=False) + "\n"


def dumps_error(error: EmbcliError, **place: Any) -> str:
    """An error as one JSON object on one line. place: further fields, such as the question and its line."""
    fields: dict[str, Any] = {
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
        "suggestions": list(error.suggestions),
    }
    if isinstance(error, UnknownWord) and len(error.unknown) > 1:
        fields["unknown"] = [
            {"word": word, "suggestions": list(suggested)} for word, suggested in error.unknown.items()
        ]
    if isinstance(error, ExpressionSyntaxError):
        fields |= {"source": error.source, "position": error.position}
    return json.dumps({"error": fields | place}, ensure_ascii=True) + "\n"


def as_json(value: Any) -> Any:
    """A record as JSON objects and lists, with numbers rounded by their types, never NaN.

    as_json(find_neighbors(glove, "tower", k=1))["results"]  # [{'rank': 1, 'word': 'towers', 'score': 0.877096}]
    """
    return _as_json(value, _as_given)


def _as_json(value: Any, rounded: Rounding) -> Any:
    kind = type(value)
    if kind in PLAIN_TYPES:  # the most frequent case
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("a result must be a finite number")
        return rounded(float(value)) + 0.0  # + 0.0 turns -0.0 into 0.0
    if isinstance(value, tuple):
        if not hasattr(kind, "_fields"):
            return [_as_json(item, rounded) for item in value]
        record: Any = kind
        extras = record._field_defaults
        return {
            name: _as_json(field, how)
            for (name, how), field in zip(_rounding(record), value, strict=True)
            if field is not None or name not in extras
        }
    if isinstance(value, Mapping):
        return {key: _as_json(item, rounded) for key, item in value.items()}
    return value


def _as_given(value: float) -> float:
    return value


@cache
def _rounding(record: Any) -> tuple[tuple[str, Rounding], ...]:
    """The fields of a record with the rounding of their numbers."""
    return tuple((name, _rounding_of(hint) or _as_given) for name, hint in record.__annotations__.items())


def _rounding_of(hint: Any) -> Rounding | None:
    """The rounding of `Share` and the other types, also within `Share | None` and `tuple[Share, ...]`."""
    for metadata in getattr(hint, "__metadata__", ()):
        return metadata  # type: ignore[no-any-return]
    return next((found for inner in get_args(hint) if (found := _rounding_of(inner))), None)
