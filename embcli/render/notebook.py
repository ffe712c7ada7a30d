"""Records at a Python prompt, as the command's table, and in a notebook, as an HTML table with the columns of CSV.

The HTML has no colours and no style sheet, so that it suits light and dark notebooks. All texts are escaped, and
MathJax is kept from reading dollar signs in words.
"""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from embcli.render import table
from embcli.render.as_json import as_json
from embcli.render.delimited import left_out, rows_and_facts
from embcli.render.printable import printable
from embcli.results.evaluations import Correlations, Evaluation
from embcli.results.plot import Plot
from embcli.results.similarity import OddOneOut

# Results that are shown of a record; more would fill the screen.
SHOWN_RESULTS = 50
# Records that are shown whole, because their last results are the most important: totals, and the odd word.
SHOWN_WHOLE = (Evaluation, Correlations, OddOneOut)
SEPARATOR = " · "
# Fields of a question that stand elsewhere: in the heading, in the rows, or in what is left out of the rows.
SHOWN_ELSEWHERE = {"expression", "terms", "resolved", "rare", "skipped", "among"}
# Classes of elements in which MathJax, versions 2 and 3, does not look for formulas.
NO_MATH = "tex2jax_ignore mathjax_ignore"


def as_text(record: Any) -> str:
    """A record as the table of its command, without colours and without the last line feed."""
    shown, hidden = (record, 0) if isinstance(record, Plot) else _shortened(record)  # a picture holds all points
    text = table(shown, coloured=False).rstrip("\n")
    return f"{text}\n\n... {hidden:,} more in results" if hidden else text


def as_html(record: Any) -> str:
    """A record as a heading, a table and the facts beside it. Every value of the rows of CSV is in it.

    as_html(find_neighbors(glove, "tower", k=1))  # '<div class="tex2jax_ignore …"><p><strong>tower</strong>…'
    """
    shown, hidden = _shortened(record)
    fields = as_json(shown)
    rows, beside = rows_and_facts(fields)
    facts = {name: value for name, value in beside.items() if value not in (None, "")}
    parts = [f'<div class="{NO_MATH}" style="overflow-x: auto">', _heading(fields)]
    if rows:
        heads = "".join(f"<th{_align(rows[0][name])}>{_text(name)}</th>" for name in rows[0])
        parts.append(f"<table><thead><tr>{heads}</tr></thead><tbody>")
        parts += [f"<tr>{''.join(_cell(row.get(name)) for name in rows[0])}</tr>" for row in rows]
        parts.append("</tbody></table>")
    if hidden:
        parts.append(f"<p>… {hidden:,} more in results</p>")
    if facts:
        parts.append(f"<p>{SEPARATOR.join(f'{_text(name)}: {_text(value)}' for name, value in facts.items())}</p>")
    parts += [f"<p>{_text(name)}: {_text(text)}</p>" for name, text in left_out(shown).items()]
    return "\n".join([*parts, "</div>"])


def _shortened(record: Any) -> tuple[Any, int]:
    """The record with at most SHOWN_RESULTS results, and how many are not shown."""
    hidden = 0 if isinstance(record, SHOWN_WHOLE) else max(0, len(record.results) - SHOWN_RESULTS)
    return (record._replace(results=record.results[:SHOWN_RESULTS]) if hidden else record), hidden


def _heading(fields: Mapping[str, Any]) -> str:
    title = fields["query"].get("expression")
    lines = [f"<strong>{_text(title)}</strong>"] if title else []
    return f"<p>{'<br>'.join([*lines, _text(SEPARATOR.join(_settings(fields)))])}</p>"


def _settings(fields: Mapping[str, Any]) -> Iterator[str]:
    """The models and the settings of a question, without those that are not set."""
    for card in fields.get("models") or [fields["model"]]:
        if card is not None:
            yield f"{card['name']} ({card['words']:,} words × {card['dim']})"
    for name, value in fields["query"].items():
        if name in SHOWN_ELSEWHERE or value is None or value is False:
            continue
        yield f"{name} {', '.join(map(str, value))}" if isinstance(value, list) else f"{name} {_plain(value)}"


def _cell(value: Any) -> str:
    return f"<td{_align(value)}>{_text(value)}</td>"


def _align(value: Any) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f' style="text-align: {"right" if is_number else "left"}"'


def _text(value: Any) -> str:
    return escape(printable(_plain(value)))


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
