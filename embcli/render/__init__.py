"""Views of records and errors: a table for people; JSON, CSV and others for programs. Only tables load rich."""

from typing import Any


def render(record: Any, form: str) -> str:
    """A record as text that ends in a newline; `form` is table, json, jsonl, csv, tsv or markdown."""
    if form in ("json", "jsonl"):
        from embcli.render.as_json import dumps

        return dumps(record)
    if form == "table":
        from embcli.render.tables import table

        return table(record)
    from embcli.render.delimited import delimited

    return delimited(record, form)
