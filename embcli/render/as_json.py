"""Records and errors as JSON: ASCII, numbers as their types say, never NaN."""

import json
from typing import Any

from embcli.errors import EmbcliError, ExpressionSyntaxError
from embcli.results import as_json


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
