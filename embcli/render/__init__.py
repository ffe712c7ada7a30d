"""Views of records and errors: a table for people, JSON for programs. rich is loaded for tables only."""

from typing import Any

FORMATS = ("table", "json")


def render(record: Any, form: str) -> str:
    """A record as text that ends in a newline; `form` is one of FORMATS."""
    if form == "json":
        from embcli.render.as_json import dumps

        return dumps(record)
    from embcli.render.tables import table

    return table(record)
