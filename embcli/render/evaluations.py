"""Evaluations as tables: percentages with 95 % intervals for one model and method, or several side by side."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rich.text import Text

from embcli.render.drawing import EXPENDABLE, GAP, Column, Flexible, Grid, Parts, Pen, headline, longest_of
from embcli.render.printable import printable
from embcli.results import evaluations
from embcli.results.evaluations import TOTALS

# Widths of columns: a pair of percentages, an unfolded section name, a coverage.
PAIR_WIDTH, SECTION_WIDTH, COVERED_WIDTH = 13, 28, 13
METHOD_NAMES = {
    "3cosadd": "3CosAdd",
    "3cosmul": "3CosMul",
    "pairdirection": "PairDirection",
    "3cosavg": "3CosAvg",
    "lrcos": "LRCos",
}
SCALE = "% of covered questions [95 % confidence interval]; inputs: inputs included"


def _analogies(evaluation: evaluations.Evaluation, pen: Pen) -> Parts:
    query = evaluation.query
    one = len(evaluation.models) == len(query.methods) == 1
    facts = (
        METHOD_NAMES[query.methods[0]] if len(query.methods) == 1 else None,
        *_settings(query.top, query.case_sensitive),
        *map(pen.model, evaluation.models),
    )
    parts: Parts = [*headline(pen, query.questions, facts)]
    if one:
        parts.append(_in_full(evaluation.results))
    elif len(evaluation.models) == 1:
        parts += _side_by_side(evaluation.results, "method", pen)
    else:
        for method in query.methods:
            if len(query.methods) > 1:
                parts += [Text(METHOD_NAMES[method], style="bold"), Text()]
            of_method = [row for row in evaluation.results if row.method == method]
            parts += [*_side_by_side(of_method, "model", pen), Text()]
        parts.pop()
    parts += [
        Text(),
        Text(
            SCALE if one else "accuracy / accuracy with the inputs included, in % of covered questions",
        ),
    ]
    if len({row.asked for row in evaluation.results if row.section == "all"}) > 1:
        parts.append(Text("3CosAvg and LRCos: one question per pair; other methods: one per two pairs"))
    differences = [one for one in evaluation.differences if one.section in TOTALS]
    return parts + _differences(differences, evaluation, percent=True)


def _in_full(rows: Sequence[evaluations.SectionScore]) -> Grid:
    partly = any(row.covered < row.asked for row in rows)
    of_all = [Column("of all", right=True, rank=2)] if partly else []
    shown = Grid(
        Column("section", words=True), Column("covered", right=True), Column("accuracy", right=True), *of_all,
        Column("inputs", right=True, rank=1), Column("MRR", right=True, rank=EXPENDABLE),
    )  # fmt: skip
    for row in rows:
        _divide(shown, row.section, rows)
        shown.add(
            printable(row.section),
            _coverage(row),
            _with_interval(row.accuracy, row.accuracy_low, row.accuracy_high, _percent),
            *([_percent(row.accuracy_of_all)] if partly else []),
            _percent(row.accuracy_with_inputs),
            "-" if row.reciprocal_rank is None else f"{row.reciprocal_rank:.3f}",
            style="bold" if row.section in TOTALS else "",
        )
    return shown


def _side_by_side(rows: Sequence[evaluations.SectionScore], by: str, pen: Pen) -> Parts:
    """A column for each model or method: accuracy / with inputs; as many side by side as fit the terminal."""
    figures: dict[str, dict[str, evaluations.SectionScore]] = {}
    for row in rows:
        figures.setdefault(row.section, {})[getattr(row, by)] = row
    names = list(dict.fromkeys(getattr(row, by) for row in rows))
    widest = max(PAIR_WIDTH, *(len(printable(name)) for name in names)) + GAP
    room = pen.width - min(SECTION_WIDTH, max(len(name) for name in figures)) - COVERED_WIDTH - GAP
    at_once = max(1, room // widest)
    parts: Parts = []
    for first in range(0, len(names), at_once):
        some = names[first : first + at_once]
        headings = [METHOD_NAMES.get(name, printable(name)) for name in some]
        figures_of = [Column(heading, right=True) for heading in headings]
        shown = Grid(Column("section", words=True), Column("covered", right=True), *figures_of)
        for section, cells in figures.items():
            _divide(shown, section, rows)
            asked = [cells[name] for name in some]
            shown.add(
                printable(section),
                ", ".join(dict.fromkeys(map(_coverage, asked))),
                *(f"{_percent(cell.accuracy)} / {_percent(cell.accuracy_with_inputs)}" for cell in asked),
                style="bold" if section in TOTALS else "",
            )
        parts += [shown, Text()]
    return parts[:-1]


def _correlations(correlations: evaluations.Correlations, pen: Pen) -> Parts:
    query = correlations.query
    several = len(correlations.models) > 1
    facts = (*_settings(query.top, query.case_sensitive), *map(pen.model, correlations.models))
    models = [Column("model", words=True)] if several else []
    shown = Grid(
        Column("section", words=True), *models, Column("covered", right=True), Column("Spearman", right=True),
        Column("Pearson", right=True, rank=1),
    )  # fmt: skip
    for row in correlations.results:
        shown.add(
            printable(row.section),
            *([printable(row.model)] if several else []),
            _coverage(row),
            _with_interval(row.spearman, row.spearman_low, row.spearman_high, _plain),
            _with_interval(row.pearson, row.pearson_low, row.pearson_high, _plain),
        )
    parts: Parts = [*headline(pen, "cosine and human ratings", facts), shown]
    parts += [Text(), Text("correlation [95 % confidence interval]")]
    return parts + _differences(correlations.differences, correlations, percent=False)


def _differences(differences: Sequence[evaluations.Difference], evaluation: Any, *, percent: bool) -> Parts:
    """The differences of the other models from the first, with their intervals."""
    if not differences:
        return []
    several = len(evaluation.query.methods) > 1 if percent else False
    methods = [Column("method")] if several else []
    shown = Grid(
        Column("section", words=True), Column("model", words=True), *methods, Column("figure", words=True),
        Column("difference", right=True),
    )  # fmt: skip
    for one in differences:
        shown.add(
            printable(one.section),
            printable(one.model),
            *([METHOD_NAMES[one.method or ""]] if several else []),
            one.figure.replace("accuracy_with_inputs", "with inputs"),
            _with_interval(one.difference, one.low, one.high, _points if percent else _signed),
        )
    title = Text(f"difference from {printable(evaluation.models[0].name)}, on the same questions", style="bold")
    return [Text(), title, Text(), shown]


def _divide(shown: Any, section: str, rows: Iterable[evaluations.SectionScore]) -> None:
    """Leave a line empty before the totals."""
    if section == next((row.section for row in rows if row.section in TOTALS), None) and shown.rows:
        shown.add_space()


def _settings(top: int | None, case_sensitive: bool) -> tuple[str | None, ...]:
    return f"first {top:,} words" if top else None, "case-sensitive" if case_sensitive else None


def _coverage(row: Any) -> str:
    return f"{row.covered:,}" if row.covered == row.asked else f"{row.covered:,}/{row.asked:,}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"


def _with_interval(
    value: float | None, low: float | None, high: float | None, write: Callable[[float], str]
) -> str | Flexible:
    """A figure with its interval, if it has one that fits the terminal."""
    if value is None:
        return "-"
    if low is None or high is None:
        return write(value)
    return longest_of(f"{write(value)} [{write(low)}, {write(high)}]", write(value), loss="intervals")


def _points(share: float) -> str:
    return f"{100 * share:+.1f}"


def _signed(value: float) -> str:
    return f"{value:+.3f}"


def _plain(value: float) -> str:
    return f"{value:.3f}"


VIEWS: dict[type, Callable[[Any, Pen], Parts]] = {
    evaluations.Evaluation: _analogies,
    evaluations.Correlations: _correlations,
}
