"""Records as tables for people, in 80 columns, plain when piped or NO_COLOR is set."""

import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from embcli import results
from embcli.render.printable import cell_width, printable

SIGNS = "dot product: + similar directions, 0 perpendicular, - opposite directions"
BAR = 24
LINE = 15  # half of a number line
FIRST_NUMBERS = 3
FOLDED = 8  # words are not folded to less than this
GAP = 3  # between columns
# Columns of words: they are folded when they are long; numbers are not.
TEXTS = {"word", "low", "high", "a", "b", "vector", "model", "licence", "section"}


def table(record: Any) -> str:
    """A record as text for the terminal on stdout; 80 columns wide in a pipe."""
    piped = not os.isatty(1)
    console = Console(
        markup=False,
        emoji=False,
        highlight=False,
        color_system=None if os.environ.get("NO_COLOR") else "auto",
        width=80 if piped and "COLUMNS" not in os.environ else None,
    )
    view = VIEWS.get(type(record))
    if view is None:
        from embcli.render.evaluations import VIEWS as OTHERS  # which draws with what is here

        view = OTHERS[type(record)]
    with console.capture() as capture:
        for part in view(record, Pen(console)):
            # A number that is cut is a wrong number: rather let the lines be longer than the terminal.
            room, console.width = console.width, max(console.width, _least_width(part))
            console.print(part)
            console.width = room
    return "\n".join(line.rstrip() for line in capture.get().split("\n"))


def _least_width(part: RenderableType) -> int:
    """How wide a table must be for its numbers to stand whole."""
    if not isinstance(part, Table):
        return 0
    widths = [
        max((cell_width(line) for cell in [column.header, *column.cells] for line in str(cell).split("\n")), default=0)
        for column in part.columns
    ]
    least = [
        width if column.no_wrap else min(width, FOLDED) for width, column in zip(widths, part.columns, strict=True)
    ]
    return sum(least) + GAP * (len(least) - 1)


class Pen:
    """Draws bars and number lines, in ASCII where the terminal has no more than that."""

    def __init__(self, console: Console) -> None:
        fancy = console.encoding.startswith("utf")
        self.full, self.parts = ("█", " ▏▎▍▌▋▊▉") if fancy else ("#", " ")
        self.zero, self.line, self.dot, self.minus = ("│", "━", "●", "−") if fancy else ("|", "=", "o", "-")
        self.times, self.separator = ("×", " · ") if fancy else ("x", " | ")
        # Bars and lines give way to words and numbers in a narrow terminal.
        self.room = max(0, min(BAR, console.width - 50))
        self.width = console.width
        self.half = max(0, min(LINE, (console.width - 48) // 2))
        self.degree, self.ellipsis = ("°", "…") if fancy else (" deg", "...")

    def bar(self, value: float, whole: float, width: int | None = None) -> str:
        """A bar as long as value / whole of the width; nothing for what is not positive."""
        width = self.room if width is None else width
        eighths = round(max(0.0, min(1.0, value / whole if whole else 0.0)) * width * len(self.parts))
        full, rest = divmod(eighths, len(self.parts))
        return self.full * full + (self.parts[rest].strip())

    def number_line(self, value: float, reach: float) -> Text:
        """A mark at `value` on a line from -reach to reach, joined to the zero in the middle."""
        steps = round(value / reach * self.half) if reach else 0
        left = " " * self.half if steps >= 0 else " " * (self.half + steps) + self.dot + self.line * (-steps - 1)
        right = "" if steps <= 0 else self.line * (steps - 1) + self.dot
        middle = self.dot if steps == 0 else self.zero
        return Text.assemble((left, "red"), middle, (right, "green"))

    def model(self, card: results.ModelCard) -> str:
        """Which model answered."""
        return f"{printable(card.name)}, {card.words:,} words {self.times} {card.dim}"


def _word(word: str, style: str = "bold") -> Text:
    return Text(printable(word), style=style, overflow="fold")


def headline(
    pen: Pen, title: str, facts: Iterable[str | None], resolved: Mapping[str, str] | None = None
) -> list[RenderableType]:
    """What was asked, in bold; facts about it, dim; which words were read as others."""
    parts: list[RenderableType] = [Text(printable(title), style="bold")] if title else []
    parts.append(Text(pen.separator.join(fact for fact in facts if fact), style="dim"))
    if resolved:
        readings = ", ".join(f'"{printable(typed)}" as {printable(used)}' for typed, used in resolved.items())
        parts.append(Text(f"read {readings}", style="yellow"))
    return [*parts, Text()]


def columns_of(*columns: tuple[str, str]) -> Table:
    """Columns as (heading, justification)."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="dim")
    for heading, justify in columns:
        made.add_column(heading, justify=justify, overflow="fold", no_wrap=heading not in TEXTS)  # type: ignore[arg-type]
    return made


def _ranking(ranking: results.Ranking, pen: Pen) -> list[RenderableType]:
    query = ranking.query
    heading = "score" if query.method != "3cosadd" else "distance" if query.metric == "euclidean" else query.metric
    shown = columns_of(("rank", "right"), ("word", "left"), (heading, "right"), ("", "left"))
    whole = 1.0 if query.metric == "cosine" else max((abs(answer.score) for answer in ranking.results), default=1.0)
    for answer, barred in _merged(ranking):
        if barred:
            place = "-" if answer.rank is None else f"({answer.rank:,})"
            mark = "input, not searched" if answer.rank is None else "input, may not answer"
            mark = mark if pen.room else "input"
            texts = (place, _word(answer.word, "dim"), _number(answer.score), Text(mark, style="italic"))
            shown.add_row(*texts, style="dim")
        else:
            # A bar is good news; a distance is not, so it has none.
            bar = "" if query.metric == "euclidean" else pen.bar(answer.score, whole)
            shown.add_row(str(answer.rank), _word(answer.word), _number(answer.score), Text(bar, style="cyan"))
    facts = (
        _method(query) if len(query.terms) > 1 else None,
        "distance" if query.metric == "euclidean" else query.metric,
        "plain vectors" if query.raw else "unit vectors",
        f"top {query.top:,}" if query.top else None,
        pen.model(ranking.model),
    )
    parts: list[RenderableType] = [*headline(pen, query.expression, facts, query.resolved), shown]
    if ranking.expected is not None:
        parts += [Text(), _expected(ranking, ranking.expected)]
    return parts


def _merged(ranking: results.Ranking) -> list[tuple[results.Answer, bool]]:
    """Answers, and barred inputs where they would have stood, in order; True marks the barred."""
    barred = [answer for answer in ranking.inputs if ranking.query.exclude_inputs]
    waiting = sorted(barred, key=lambda answer: math.inf if answer.rank is None else answer.rank, reverse=True)
    merged: list[tuple[results.Answer, bool]] = []
    for answer in ranking.results:
        while waiting and waiting[-1].rank is not None and waiting[-1].rank <= len(merged) + 1:
            merged.append((waiting.pop(), True))
        merged.append((answer, False))
    return merged + [(answer, True) for answer in reversed(waiting)]


def _method(query: results.RankingQuery) -> str:
    names = {"3cosadd": "3CosAdd", "3cosmul": "3CosMul", "pairdirection": "PairDirection"}
    return names[query.method] if query.metric == "cosine" and not query.raw else "vector sum"


def _expected(ranking: results.Ranking, expected: results.Expected) -> Text:
    barred = any(answer.word == expected.word for answer in ranking.inputs)
    why = "no rank, as an input" if barred and expected.rank_with_inputs else f"no rank in the top {ranking.query.top}"
    rank, with_inputs = (
        why if rank is None else f"rank {rank:,}" for rank in (expected.rank, expected.rank_with_inputs)
    )
    style = "bold red" if ranking.missed else "bold green"
    facts = f": {rank}; with the inputs allowed, {with_inputs}; score {_number(expected.score)}"
    return Text.assemble("expected ", (printable(expected.word), style), facts)


def _projections(projections: results.Projections, pen: Pen) -> list[RenderableType]:
    query = projections.query
    facts = (
        f"direction of norm {query.norm:.4f}",
        f"top {query.top:,}" if query.top else None,
        pen.model(projections.model),
    )
    parts = headline(pen, query.expression, facts, query.resolved)
    dots = [abs(p.dot) for p in projections.results]
    dots += [abs(dot) for pair in projections.pairs or () for dot in (pair.low_dot, pair.high_dot)]
    # A scan is by cosine, so cosines are drawn; else the dot products.
    reach = 1.0 if query.scan else max(dots, default=0.0)
    space = " " * max(0, pen.half - 1)
    line = f"{pen.minus}{space}0{space}+"
    if projections.results:
        shown = columns_of(("word", "left"), ("dot", "right"), ("scalar", "right"), ("cosine", "right"), (line, "left"))
        for p in projections.results:
            numbers = (_number(p.dot, "+"), _number(p.scalar, "+"), _number(p.cosine, "+"))
            shown.add_row(_word(p.word), *numbers, pen.number_line(p.cosine if query.scan else p.dot, reach))
        parts.append(shown)
    if projections.pairs is not None:
        shown = columns_of(("low", "left"), ("dot", "right"), ("high", "left"), ("dot", "right"), ("", "left"))
        for pair in projections.pairs:
            verdict = Text("in order", style="green") if pair.ordered else Text("out of order", style="bold red")
            shown.add_row(
                _word(pair.low), _number(pair.low_dot, "+"), _word(pair.high), _number(pair.high_dot, "+"), verdict
            )
        share = f"{sum(p.ordered for p in projections.pairs)} of {len(projections.pairs)} pairs in order"
        parts += [
            *([Text()] if projections.results else []),
            shown,
            Text(),
            Text(f"{share} ({projections.separation:.1%}), AUC {projections.auc:.4f}"),
        ]
    return parts


def _distribution(distribution: results.Distribution, pen: Pen) -> list[RenderableType]:
    query = distribution.query
    shown = columns_of(("word", "left"), ("logit", "right"))
    count = len(query.temperatures)
    # With many temperatures there is room for numbers only.
    width, label, unit = (
        (min(pen.room, 2 * pen.room // count - 8), "entropy", " bits") if count <= 4 else (0, "bits", "")
    )
    for temperature in query.temperatures:
        shown.add_column(f"T = {temperature:g}", justify="left", no_wrap=True)
    for candidate in distribution.results:
        columns = [Text.assemble(f"{p:.4f} ", (pen.bar(p, 1.0, width), "cyan")) for p in candidate.probabilities]
        shown.add_row(_word(candidate.word), _number(candidate.logit), *columns)
    shown.add_section()
    shown.add_row(
        Text(label, style="dim"), "", *(Text(f"{bits:.4f}{unit}", style="dim") for bits in distribution.entropy)
    )
    measure = {"dot": "softmax of dot products", "cosine": "softmax of cosines", None: "softmax"}[query.metric]
    candidates = f"{query.candidates:,} candidates"
    model = pen.model(distribution.model) if distribution.model else None
    facts = (measure, candidates, model)
    return [*headline(pen, query.expression or "given logits", facts, query.resolved), shown]


def _similarities(similarities: results.Similarities, pen: Pen) -> list[RenderableType]:
    measures = (("cosine", "right"), ("angle", "right"), ("dot", "right"), ("euclidean", "right"))
    shown = columns_of(("a", "left"), ("b", "left"), *measures)
    for s in similarities.results:
        numbers = (_number(s.cosine, "+"), f"{s.angle:.2f}{pen.degree}", _number(s.dot, "+"), f"{s.euclidean:.4f}")
        shown.add_row(_word(s.a), _word(s.b), *numbers)
    parts = headline(pen, "", (pen.model(similarities.model),), similarities.query.resolved)
    return [*parts, shown, Text(), Text(SIGNS, style="dim")]


def _odd(odd: results.OddOneOut, pen: Pen) -> list[RenderableType]:
    shown = columns_of(("word", "left"), ("cosine", "right"), ("", "left"))
    for member in odd.results:
        if member.word == odd.odd:
            shown.add_row(_word(member.word, "bold red"), _number(member.score), Text("does not belong", style="red"))
        else:
            shown.add_row(_word(member.word), _number(member.score), Text(pen.bar(member.score, 1.0), style="cyan"))
    facts = ("cosine with the mean of the unit vectors", pen.model(odd.model))
    return [*headline(pen, "", facts, odd.query.resolved), shown]


def _lookup(lookup: results.Lookup, pen: Pen) -> list[RenderableType]:
    shown = columns_of(
        ("word", "left"), ("row", "right"), ("frequency rank", "right"), ("norm", "right"), ("vector", "left")
    )
    for entry in lookup.results:
        numbers = " ".join(_number(x, "+") for x in entry.vector[:FIRST_NUMBERS])
        more = len(entry.vector) - FIRST_NUMBERS
        numbers += f" {pen.ellipsis} {more} more" if more > 0 else ""
        shown.add_row(_word(entry.word), f"{entry.row:,}", f"{entry.frequency_rank:,}", f"{entry.norm:.4f}", numbers)
    card, row = lookup.model, lookup.results[0].row
    lesson = (
        f"The one-hot vector of row {row:,} ({card.words:,} numbers, a single 1) times the embedding matrix "
        f"[{card.words:,} {pen.times} {card.dim}] is row {row:,} of the matrix: to multiply is to look up."
    )
    return [*headline(pen, "", (pen.model(card),), lookup.query.resolved), shown, Text(), Text(lesson)]


def _models(models: results.Models, pen: Pen) -> list[RenderableType]:
    if not models.results and models.query.action == "list":
        return [Text("no models are installed; run: pip install 'embcli[glove]', or: embcli models add FILE")]
    sizes = ((f"words {pen.times} dim", "right"), ("parameters", "right"), ("on disk", "right"))
    shown = columns_of(("", "left"), ("model", "left"), *sizes, ("status", "left"))
    for m in models.results:
        known = m.status != "damaged"
        shown.add_row(
            Text("*" if m.default else "", style="green"),
            _word(m.name),
            f"{m.words:,} {pen.times} {m.dim}" if known else "",
            f"{m.parameters:,}" if known else "",
            _size(m.bytes),
            Text(m.status + (", default" if m.default else ""), style="" if known else "bold red"),
        )
    return [shown]


def _model_info(infos: results.ModelInfos, pen: Pen) -> list[RenderableType]:
    (info,) = infos.results
    shown = Table(box=None, show_header=False, pad_edge=False)
    shown.add_column(style="dim")
    shown.add_column(overflow="fold")
    source = f"{info.source} ({info.source_size:,} bytes)" if info.source_size else info.source
    facts = (
        ("words", f"{info.words:,}"),
        ("dimensions", f"{info.dim:,}"),
        ("parameters", f"{info.parameters:,} = {info.words:,} {pen.times} {info.dim:,}"),
        ("norms", f"{info.norm_min:.4f} to {info.norm_max:.4f}, half of them below {info.norm_median:.4f}"),
        ("source", source),
        ("SHA-256", info.source_sha256),
        ("read by", f"{info.reader}, {info.duplicates:,} duplicate words dropped"),
        ("created", info.created),
        ("store", f"{info.path} ({info.bytes:,} bytes)"),
    )
    for name, fact in facts:
        shown.add_row(name, printable(fact))
    return [*headline(pen, info.name, ("the default model" if info.default else "a model",)), shown]


def _catalog(catalog: results.Catalog, pen: Pen) -> list[RenderableType]:
    shown = columns_of(
        ("model", "left"), (f"words {pen.times} dim", "right"), ("download", "right"), ("licence", "left")
    )
    for entry in catalog.results:
        size = f"{entry.bytes / 1e6:,.0f} MB"
        shown.add_row(_word(entry.name), f"{entry.words:,} {pen.times} {entry.dim}", size, _word(entry.license, "dim"))
    return [shown, Text(), Text("to add one: embcli models add NAME", style="dim")]


def _number(value: float, sign: str = "") -> str:
    """Four decimals, or powers of ten where a column would burst; never a negative zero."""
    value = round(value, 4) + 0.0
    return f"{value:{sign}.4f}" if abs(value) < 1e6 else f"{value:{sign}.3e}"


def _size(count: int | None) -> str:
    if count is None:
        return "-"
    return f"{count / 1e6:,.1f} MB" if count >= 100_000 else f"{count / 1e3:,.1f} kB"


VIEWS: dict[type, Callable[[Any, Pen], Sequence[RenderableType]]] = {
    results.Ranking: _ranking,
    results.Projections: _projections,
    results.Distribution: _distribution,
    results.Similarities: _similarities,
    results.OddOneOut: _odd,
    results.Lookup: _lookup,
    results.Models: _models,
    results.ModelInfos: _model_info,
    results.Catalog: _catalog,
}
