"""Records as CSV (RFC 4180), TSV and Markdown: one row for each of `results`, with the JSON keys as columns.

A list becomes one column per number. Other fields of the record that apply to all rows (the expected word, entropies,
the words resolved) become columns as well; `left_out` returns the fields that do not fit.

In CSV and TSV, a word that a spreadsheet would interpret as a formula (it begins with = + - @, a tab or a carriage
return) gets a leading apostrophe, which marks text in spreadsheets; numbers are unchanged. Control characters are
escaped, as in all formats.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from embcli.render.as_json import as_json
from embcli.render.printable import printable

# Fields of the answers of transformers that are the same for all rows, and too long for each of them.
OF_TRANSFORMERS = (
    "layer", "head", "tokens", "tied", "rows", "lens", "samples", "comparisons", "warnings", "gained", "pattern",
    "heads", "change", "values", "before", "after", "parameters", "per_head", "per_block", "products",
)  # fmt: skip
LONG_TEXT = 200  # characters of a part in a note
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def delimited(record: Any, format_name: str, *, has_header: bool = True) -> str:
    """A record's rows as `csv`, `tsv` or `markdown`, with a header unless not `has_header`."""
    rows = list(rows_of(record))
    return table(list(rows[0]) if rows else [], rows, format_name, header=has_header)


def table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], format_name: str, *, header: bool = True) -> str:
    """Rows as `csv`, `tsv` or `markdown`; missing columns are empty."""
    if format_name == "markdown":
        return _markdown(columns, rows, header=header)
    lines = [list(columns)] if header and columns else []
    lines += [[_cell(row.get(column), format_name) for column in columns] for row in rows]
    if format_name == "tsv":  # without quoting: `printable` has escaped tabs and line breaks
        return "".join("\t".join(line) + "\n" for line in lines)
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(lines)
    return out.getvalue()


def rows_of(record: Any) -> Iterator[dict[str, Any]]:
    """Each of `results` as a flat row with the fields that fit; the pairs, if a record has only pairs."""
    rows, beside = rows_and_facts(as_json(record))
    yield from ({**row, **beside} for row in rows)


def rows_and_facts(fields: Mapping[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The rows of a record given as JSON, and the facts beside them that are the same for all rows."""
    rows = []
    for result in fields["results"] or fields.get("pairs") or ():
        is_odd = {"odd": result["word"] == fields["odd"]} if "odd" in fields else {}
        rows.append({**dict(_flat(result, fields["query"])), **is_odd})
    return rows, dict(_beside(fields))


def left_out(record: Any) -> dict[str, str]:
    """The parts of a record that the rows omit, as name → text."""
    fields = as_json(record)
    missing = {}
    if fields.get("inputs"):
        places = [f"{one['word']} rank {one['rank']} score {one['score']}" for one in fields["inputs"]]
        missing["ranks of the inputs"] = ", ".join(places).replace("rank None", "without a rank")
    if fields.get("least_ranks"):
        missing["lower bounds of ranks"] = ", ".join(f"{word} {least}" for word, least in fields["least_ranks"].items())
    if (fields["model"] or {}).get("exact") is False:
        missing["index"] = f"{fields['model']['index_type']}, not exact"
    if fields.get("pairs") and fields["results"]:
        dots = [f"{one['low']} {one['low_dot']} {one['high']} {one['high_dot']}" for one in fields["pairs"]]
        missing["pairs"] = ", ".join(dots)
    if fields.get("differences"):
        missing["differences between the models"] = ", ".join(
            f"{one['section']} {one.get('method', '')} {one['figure']} {one['model']} - {one['against']} "
            f"{one['difference']} [{one['low']}, {one['high']}]"
            for one in fields["differences"]
        )
    for result in fields["results"]:
        if result.get("coordinates"):
            listed = [f"{one['dimension']} {one['value']} {one['share']}" for one in result["coordinates"]]
            missing[f"the largest coordinates of {result['word']}"] = ", ".join(listed)
    if fields.get("axes"):
        missing["axes"] = ", ".join(_described_axes(fields["axes"], fields["query"]))
    if fields.get("arrows"):
        listed = [f"{one['start']} {one['end']} {one['cosine']}" for one in fields["arrows"]]
        missing["cosines of the arrows"] = ", ".join(listed)
    if fields["query"].get("among"):
        missing["number of candidates"] = str(fields["query"]["among"])
    if fields["query"].get("rare"):
        rare = [f"{one['word']} row {one['row']} ({one['instead']}?)" for one in fields["query"]["rare"]]
        missing["rare words"] = ", ".join(rare)
    if fields["query"].get("skipped"):
        missing["skipped words"] = ", ".join(fields["query"]["skipped"])
    if fields.get("notes"):
        missing["notes"] = "; ".join(fields["notes"])
    if fields["query"].get("leaves_out"):
        missing["what the count leaves out"] = fields["query"]["leaves_out"]
    if fields["query"].get("truncated"):
        missing["number of dropped tokens"] = str(fields["query"]["truncated"])
    missing |= {name: _shortened(json.dumps(fields[name])) for name in OF_TRANSFORMERS if fields.get(name) is not None}
    return {name: text for name, text in missing.items() if text != "[]"}


def _described_axes(axes: Sequence[Mapping[str, Any]], query: Mapping[str, Any]) -> Iterator[str]:
    """The names of axes, and how the places on them were computed."""
    for axis in axes:
        explains = axis["explained"] is not None
        yield f"{axis['name']} {axis['explained']} of the variance" if explains else axis["name"]
    yield from (f"{name} {query[name]}" for name in ("angle", "perplexity", "seed") if name in query)
    described = {"orthogonal": "made perpendicular", "unit": "of vectors of unit length"}
    yield from (text for name, text in described.items() if query.get(name))


def _shortened(text: str) -> str:
    """The beginning of a text that is longer than a few lines, and its length."""
    return text if len(text) <= LONG_TEXT else f"{text[: LONG_TEXT // 2]} ... ({len(text):,} characters)"


def _beside(fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The fields beside `results` that are the same for all rows."""
    expected = fields.get("expected")
    if expected is not None:
        yield "expected", expected["word"]
        yield from ((f"expected_{name}", expected[name]) for name in ("rank", "rank_with_inputs", "score"))
    if "entropy" in fields:
        yield from zip(_of_temperatures("entropy", fields["query"]), fields["entropy"], strict=True)
    yield from ((name, fields[name]) for name in ("separation", "auc") if name in fields)
    if "resolved" in fields["query"]:
        yield "resolved", "; ".join(f"{typed}={used}" for typed, used in fields["query"]["resolved"].items())


def _of_temperatures(name: str, query: Mapping[str, Any]) -> list[str]:
    return [f"{name}_T{str(t).removesuffix('.0')}" for t in query["temperatures"]]


def _flat(result: Mapping[str, Any], query: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in result.items():
        if not isinstance(value, list):
            yield "token_id" if name == "id" else name, value  # `id` is the caller's
        elif name == "coordinates":
            continue
        elif value and isinstance(value[0], dict):
            yield from ((f"{key}_{i}", inner) for i, item in enumerate(value) for key, inner in item.items())
        elif name == "probabilities":
            yield from zip(_of_temperatures("probability", query), value, strict=True)
        else:
            yield from ((f"{name}_{i}", number) for i, number in enumerate(value))


def _cell(value: Any, format_name: str) -> str:
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
