"""Records of transformers with the text of their tokens, for people: " king" for Ġking. JSON keeps the spelling."""

from typing import Any

from embcli.render.printable import printable
from embcli.results.spelling import text_of_token

# Fields that hold a token.
TOKEN_FIELDS = {"word", "token", "a", "b", "low", "high", "odd", "instead", "start", "end"}


def readable(record: Any) -> Any:
    """The record with texts in place of tokens, if its model is a transformer; else the record itself."""
    spelling = getattr(getattr(record, "model", None), "tokens", None)
    return record if spelling is None else _readable(record, spelling)


def printed(value: Any) -> Any:
    """A record whose texts contain nothing that a terminal, XML or a reader's eye would take for something else.

    printed(("a\x1bb", 1.0))  # ('a\\x1bb', 1.0)
    """
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printed(name): printed(item) for name, item in value.items()}
    if not isinstance(value, tuple):
        return value
    items = map(printed, value)
    return type(value)(*items) if hasattr(value, "_fields") else tuple(items)


def shown_token(token: str, spelling: str | None) -> str:
    """A token as text; without a spelling, as it is."""
    return token if spelling is None else text_of_token(token, spelling)


def shown_expression(expression: str, spelling: str | None) -> str:
    """An expression with the texts of its tokens; without a spelling, as it is."""
    if spelling is None:
        return expression
    return " ".join(text_of_token(part, spelling).strip() or part for part in expression.split(" "))


def _readable(value: Any, spelling: str) -> Any:
    if not isinstance(value, tuple):
        return value
    if not hasattr(value, "_fields"):
        return tuple(_readable(item, spelling) for item in value)
    changed = {name: _field(name, field, spelling) for name, field in zip(value._fields, value, strict=True)}
    return value._replace(**changed)  # type: ignore[attr-defined]


def _field(name: str, value: Any, spelling: str) -> Any:
    if name in TOKEN_FIELDS and isinstance(value, str):
        # A token has no blanks, so a text with some is an expression.
        text = shown_expression(value, spelling) if " " in value else text_of_token(value, spelling)
        return text if text.strip(" ") else f"'{text}'"  # blanks alone would not be seen
    if name == "expression" and isinstance(value, str):
        return shown_expression(value, spelling)
    if name == "axes" and value:
        return tuple(one._replace(name=shown_expression(one.name, spelling)) for one in value)
    if name == "matrix" and value:
        return value._replace(words=tuple(_field("word", word, spelling) for word in value.words))
    if name == "resolved" and value:
        return {typed: _quoted(text_of_token(used, spelling)) for typed, used in value.items()}
    return _readable(value, spelling)


def _quoted(text: str) -> str:
    return f'"{text}"' if text != text.strip() else text
