"""Output formats of records and errors: tables, JSON, CSV, TSV and Markdown. Only tables load rich."""

from typing import Any


def render(record: Any, format_name: str) -> str:
    """A record as text that ends in a newline; `format_name` is table, json, jsonl, csv, tsv or markdown."""
    if format_name in ("json", "jsonl"):
        from embcli.render.as_json import dumps

        return dumps(record)
    if format_name == "table":
        return table(record)
    from embcli.render.delimited import delimited

    return delimited(record, format_name)


def table(record: Any, *, plain: bool = False) -> str:
    """A record as text for the terminal, without colours if `plain`.

    The module in `render/` has the name of the record's module in `results/`.
    """
    from importlib import import_module

    from embcli.render.drawing import print_parts

    module = import_module(f"embcli.render.{type(record).__module__.rpartition('.')[2]}")
    view = module.VIEWS[type(record)]
    return print_parts(lambda pen: view(record, pen), plain=plain)
