"""Records as CSV (RFC 4180), TSV and Markdown: one line for each of `results`, the JSON's keys as columns.

A list becomes a column for each of its numbers. In CSV and TSV a word that a spreadsheet would take for a
formula (it begins with = + - @, a tab or a carriage return) gets an apostrophe in front, which spreadsheets
take for "this is text"; numbers are left alone. Control characters are escaped, as everywhere.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from embcli.render.printable import printable
from embcli.results import as_json

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def delimited(record: Any, form: str) -> str:
    """A record's rows as `csv`, `tsv` or `markdown`, with a header."""
    rows = list(rows_of(record))
    return table(list(rows[0]) if rows else [], rows, form)


def table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], form: str, *, header: bool = True) -> str:
    """Rows as `csv`, `tsv` or `markdown`; a row's missing columns are left empty."""
    if form == "markdown":
        return _markdown(columns, rows, header=header)
    lines = [list(columns)] if header and columns else []
    lines += [[_cell(row.get(column), form) for column in columns] for row in rows]
    if form == "tsv":  # has no quoting; what would break a row is escaped
        return "".join("\t".join(line) + "\n" for line in lines)
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(lines)
    return out.getvalue()


def rows_of(record: Any) -> Iterator[dict[str, Any]]:
    """Each of `results` as a flat row; of a record that has only pairs, the pairs."""
    fields = as_json(record)
    for result in fields["results"] or fields.get("pairs") or ():
        yield dict(_flat(result, fields["query"]))


def _flat(result: Mapping[str, Any], query: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in result.items():
        if not isinstance(value, list):
            yield name, value
        elif name == "probabilities":
            yield from (
                (f"probability_T{str(t).removesuffix('.0')}", p)
                for t, p in zip(query["temperatures"], value, strict=True)
            )
        else:
            yield from ((f"{name}_{i}", number) for i, number in enumerate(value))


def _cell(value: Any, form: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    value = f"'{value}" if value.startswith(FORMULA) else value
    return printable(value)


def _markdown(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], *, header: bool) -> str:
    lines = []
    if header and columns:
        right = [rows and isinstance(rows[0].get(column), int | float) for column in columns]
        lines = [_line(columns), _line("---:" if number else "---" for number in right)]
    lines += [_line(_markdown_cell(row.get(column)) for column in columns) for row in rows]
    return "".join(lines)


def _line(cells: Any) -> str:
    return f"| {' | '.join(cells)} |\n"


def _markdown_cell(value: Any) -> str:
    if not isinstance(value, str):
        return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    text = printable(value)
    for special in "\\`*_[]<>|":
        text = text.replace(special, f"\\{special}")
    return text
