"""Records and errors as JSON: ASCII, numbers as their types say, never NaN."""

import json
import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, get_args

from embcli.errors import EmbcliError, ExpressionSyntaxError

PLAIN_TYPES = frozenset({str, int, bool, type(None)})
Rounding = Callable[[float], float]


def dumps(record: Any) -> str:
    """A record as one JSON object on one line."""
    return json.dumps(as_json(record), ensure_ascii=True, allow_nan=False) + "\n"


def dumps_error(error: EmbcliError, **place: Any) -> str:
    """An error as one JSON object on one line; `place` says of which question it is."""
    fields: dict[str, Any] = {
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
        "suggestions": list(error.suggestions),
    }
    if isinstance(error, ExpressionSyntaxError):
        fields |= {"source": error.source, "position": error.position}
    return json.dumps({"error": fields | place}, ensure_ascii=True) + "\n"


def as_json(value: Any) -> Any:
    """A record as what JSON can hold: objects, lists, numbers rounded as their types say, never NaN."""
    return _as_json(value, _as_given)


def _as_json(value: Any, rounded: Rounding) -> Any:
    kind = type(value)
    if kind in PLAIN_TYPES:  # by far the most
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
    """Each field of a record, and how its numbers are rounded."""
    return tuple((name, _rounding_of(hint) or _as_given) for name, hint in record.__annotations__.items())


def _rounding_of(hint: Any) -> Rounding | None:
    """What `Share` and the others say, also within `Share | None` and `tuple[Share, ...]`."""
    for metadata in getattr(hint, "__metadata__", ()):
        return metadata  # type: ignore[no-any-return]
    return next((found for inner in get_args(hint) if (found := _rounding_of(inner))), None)
