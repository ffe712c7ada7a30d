"""Records as tables for people, in 80 columns, plain when piped or NO_COLOR is set."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from embcli import results
from embcli.render.printable import printable

METHOD_NAMES = {"3cosadd": "3CosAdd", "3cosmul": "3CosMul", "pairdirection": "PairDirection"}
SIGNS = {
    "similar": "dot > 0: similar",
    "perpendicular": "dot = 0: perpendicular",
    "opposite": "dot < 0: opposite",
}
BAR = 24
LINE = 15  # half of a number line
FIRST_NUMBERS = 4


def table(record: Any) -> str:
    """A record as text for the terminal on stdout; 80 columns wide in a pipe."""
    console = Console(markup=False, emoji=False, highlight=False)
    with console.capture() as capture:
        for part in VIEWS[type(record)](record, Pen(console)):
            console.print(part)
    return "\n".join(line.rstrip() for line in capture.get().split("\n"))


class Pen:
    """Draws bars and number lines, in ASCII where the terminal has no more than that."""

    def __init__(self, console: Console) -> None:
        fancy = console.encoding.startswith("utf")
        self.full, self.parts = ("█", " ▏▎▍▌▋▊▉") if fancy else ("#", " ")
        self.zero, self.line, self.dot, self.minus = ("│", "━", "●", "−") if fancy else ("|", "=", "o", "-")
        self.times, self.separator = ("×", " · ") if fancy else ("x", " | ")

    def bar(self, value: float, whole: float, width: int = BAR) -> str:
        """A bar as long as value / whole of the width; nothing for what is not positive."""
        eighths = round(max(0.0, min(1.0, value / whole if whole else 0.0)) * width * len(self.parts))
        full, rest = divmod(eighths, len(self.parts))
        return self.full * full + (self.parts[rest].strip())

    def number_line(self, value: float, reach: float) -> Text:
        """A mark at `value` on a line from -reach to reach, joined to the zero in the middle."""
        steps = round(value / reach * LINE) if reach else 0
        left = " " * LINE if steps >= 0 else " " * (LINE + steps) + self.dot + self.line * (-steps - 1)
        right = "" if steps <= 0 else self.line * (steps - 1) + self.dot
        middle = self.dot if steps == 0 else self.zero
        return Text.assemble((left, "red"), middle, (right, "green"))

    def model(self, card: results.ModelCard) -> str:
        """Which model answered."""
        return f"{printable(card.name)}, {card.words:,} words {self.times} {card.dim}"


def _word(word: str, style: str = "bold") -> Text:
    return Text(printable(word), style=style, overflow="fold")


def _title(pen: Pen, headline: str, *facts: str | None) -> Text:
    return Text.assemble((printable(headline), "bold"), "  ", (pen.separator.join(f for f in facts if f), "dim"))


def _table(*columns: tuple[str, str]) -> Table:
    """Columns as (heading, justification)."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="dim")
    for heading, justify in columns:
        made.add_column(heading, justify=justify, overflow="fold", no_wrap=heading not in ("word", "a", "b", "vector"))  # type: ignore[arg-type]
    return made


def _resolved(resolved: Mapping[str, str]) -> list[RenderableType]:
    if not resolved:
        return []
    readings = ", ".join(f'"{printable(typed)}" as {printable(used)}' for typed, used in resolved.items())
    return [Text(f"read {readings}", style="yellow")]


def _ranking(ranking: results.Ranking, pen: Pen) -> list[RenderableType]:
    query = ranking.query
    distance = query.metric == "euclidean"
    heading = "distance" if distance else query.metric if query.method == "3cosadd" else "score"
    shown = _table(("rank", "right"), ("word", "left"), (heading, "right"), ("", "left"))
    barred = {answer.word for answer in ranking.inputs} if query.exclude_inputs else set()
    everything = [*ranking.results, *(answer for answer in ranking.inputs if query.exclude_inputs)]
    everything.sort(key=lambda answer: answer.score if distance else -answer.score)
    whole = 1.0 if query.metric == "cosine" else max((abs(answer.score) for answer in everything), default=1.0)
    for answer in everything:
        if answer.word in barred:
            place = "-" if answer.rank is None else f"({answer.rank:,})"
            shown.add_row(
                Text(place, style="dim"), _word(answer.word, "dim"), Text(_score(answer.score), style="dim"),
                Text("input, may not answer" if answer.rank else "input, not searched", style="dim italic"),
            )  # fmt: skip
        else:
            bar = Text(pen.bar(answer.score, whole), style="cyan")
            shown.add_row(str(answer.rank), _word(answer.word), _score(answer.score), bar)
    top = f"top {query.top:,}" if query.top else None
    parts: list[RenderableType] = [
        _title(pen, query.expression),
        Text(
            pen.separator.join(
                fact
                for fact in (
                    METHOD_NAMES[query.method] if len(query.terms) > 1 else None,
                    "distance" if distance else query.metric,
                    "plain vectors" if query.raw else "unit vectors",
                    top,
                    pen.model(ranking.model),
                )
                if fact
            ),
            style="dim",
        ),
        *_resolved(query.resolved),
        Text(),
        shown,
    ]
    if ranking.expected is not None:
        parts += [Text(), _expected(ranking.expected)]
    return parts


def _expected(expected: results.Expected) -> Text:
    def place(rank: int | None) -> str:
        return "no rank" if rank is None else f"rank {rank:,}"

    style = "bold green" if expected.rank == 1 else "bold red"
    facts = f"{place(expected.rank)}; with the inputs allowed, {place(expected.rank_with_inputs)}"
    return Text.assemble("expected ", (printable(expected.word), style), f": {facts}, score {_score(expected.score)}")


def _projections(projections: results.Projections, pen: Pen) -> list[RenderableType]:
    query = projections.query
    facts = (
        f"direction of norm {query.norm:.4f}",
        f"top {query.top:,}" if query.top else None,
        pen.model(projections.model),
    )
    parts: list[RenderableType] = [
        _title(pen, query.expression),
        Text(pen.separator.join(f for f in facts if f), style="dim"),
    ]
    parts += _resolved(query.resolved)
    dots = [abs(p.dot) for p in projections.results]
    dots += [abs(dot) for pair in projections.pairs or () for dot in (pair.low_dot, pair.high_dot)]
    reach = max(dots, default=0.0)
    line = f"{pen.minus}{' ' * (LINE - 1)}0{' ' * (LINE - 1)}+"
    if projections.results:
        shown = _table(("word", "left"), ("dot", "right"), ("scalar", "right"), ("cosine", "right"), (line, "left"))
        for p in projections.results:
            numbers = (f"{p.dot:+.4f}", f"{p.scalar:+.4f}", f"{p.cosine:+.4f}")
            shown.add_row(_word(p.word), *numbers, pen.number_line(p.dot, reach))
        parts += [Text(), shown]
    if projections.pairs is not None:
        shown = _table(("low", "left"), ("dot", "right"), ("high", "left"), ("dot", "right"), ("", "left"))
        for pair in projections.pairs:
            verdict = Text("in order", style="green") if pair.ordered else Text("out of order", style="bold red")
            shown.add_row(_word(pair.low), f"{pair.low_dot:+.4f}", _word(pair.high), f"{pair.high_dot:+.4f}", verdict)
        share = f"{sum(p.ordered for p in projections.pairs)} of {len(projections.pairs)} pairs in order"
        parts += [Text(), shown, Text(), Text(f"{share} ({projections.separation:.1%}), AUC {projections.auc:.4f}")]
    return parts


def _distribution(distribution: results.Distribution, pen: Pen) -> list[RenderableType]:
    query = distribution.query
    shown = _table(("word", "left"), ("logit", "right"))
    width = max(4, min(BAR, 48 // len(query.temperatures) - 8))
    for temperature in query.temperatures:
        shown.add_column(f"T = {temperature:g}", justify="left", no_wrap=True)
    for candidate in distribution.results:
        columns = [Text.assemble(f"{p:.4f} ", (pen.bar(p, 1.0, width), "cyan")) for p in candidate.probabilities]
        shown.add_row(_word(candidate.word), _score(candidate.logit), *columns)
    shown.add_section()
    shown.add_row(
        Text("entropy", style="dim"), "", *(Text(f"{bits:.4f} bits", style="dim") for bits in distribution.entropy)
    )
    measure = {"dot": "softmax of dot products", "cosine": "softmax of cosines", None: "softmax"}[query.metric]
    candidates = f"{query.candidates:,} candidates"
    model = pen.model(distribution.model) if distribution.model else None
    facts = pen.separator.join(fact for fact in (measure, candidates, model) if fact)
    return [
        _title(pen, query.expression or "given logits"),
        Text(facts, style="dim"),
        *_resolved(query.resolved),
        Text(),
        shown,
    ]


def _similarities(similarities: results.Similarities, pen: Pen) -> list[RenderableType]:
    measures = (("cosine", "right"), ("angle", "right"), ("dot", "right"), ("euclidean", "right"))
    shown = _table(("a", "left"), ("b", "left"), *measures, ("", "left"))
    for s in similarities.results:
        numbers = (f"{s.cosine:+.4f}", f"{s.angle:.2f}°", f"{s.dot:+.4f}", f"{s.euclidean:.4f}")
        shown.add_row(_word(s.a), _word(s.b), *numbers, SIGNS[s.sign])
    return [Text(pen.model(similarities.model), style="dim"), *_resolved(similarities.query.resolved), Text(), shown]


def _odd(odd: results.OddOneOut, pen: Pen) -> list[RenderableType]:
    shown = _table(("word", "left"), ("cosine", "right"), ("", "left"))
    for member in odd.results:
        if member.word == odd.odd:
            shown.add_row(_word(member.word, "bold red"), _score(member.score), Text("does not belong", style="red"))
        else:
            shown.add_row(_word(member.word), _score(member.score), Text(pen.bar(member.score, 1.0), style="cyan"))
    facts = ("cosine with the mean of the unit vectors", pen.model(odd.model))
    return [Text(pen.separator.join(facts), style="dim"), *_resolved(odd.query.resolved), Text(), shown]


def _lookup(lookup: results.Lookup, pen: Pen) -> list[RenderableType]:
    shown = _table(("word", "left"), ("row", "right"), ("rank", "right"), ("norm", "right"), ("vector", "left"))
    for entry in lookup.results:
        numbers = " ".join(f"{x:+.4f}" for x in entry.vector[:FIRST_NUMBERS])
        more = len(entry.vector) - FIRST_NUMBERS
        numbers += f" … {more} more" if more > 0 else ""
        shown.add_row(_word(entry.word), f"{entry.row:,}", f"{entry.frequency_rank:,}", f"{entry.norm:.4f}", numbers)
    card, row = lookup.model, lookup.results[0].row
    lesson = (
        f"The one-hot vector of row {row:,} ({card.words:,} numbers, a single 1) times the embedding matrix "
        f"[{card.words:,} {pen.times} {card.dim}] is row {row:,} of the matrix: to multiply is to look up."
    )
    return [Text(pen.model(card), style="dim"), *_resolved(lookup.query.resolved), Text(), shown, Text(), Text(lesson)]


def _models(models: results.Models, pen: Pen) -> list[RenderableType]:
    if not models.results:
        return [Text("no models are installed; run: pip install 'embcli[glove]', or: embcli models add FILE")]
    sizes = ((f"words {pen.times} dim", "right"), ("parameters", "right"), ("on disk", "right"))
    shown = _table(("", "left"), ("model", "left"), *sizes, ("status", "left"))
    for m in models.results:
        size = "" if m.bytes is None else f"{m.bytes / 1e6:,.1f} MB"
        known = m.status != "damaged"
        shown.add_row(
            Text("*" if m.default else "", style="green"),
            _word(m.name),
            f"{m.words:,} {pen.times} {m.dim}" if known else "",
            f"{m.parameters:,}" if known else "",
            size,
            Text(m.status + (", default" if m.default else ""), style="" if known else "bold red"),
        )
    return [shown]


def _score(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 1e6 else f"{value:.4e}"


VIEWS: dict[type, Callable[[Any, Pen], Sequence[RenderableType]]] = {
    results.Ranking: _ranking,
    results.Projections: _projections,
    results.Distribution: _distribution,
    results.Similarities: _similarities,
    results.OddOneOut: _odd,
    results.Lookup: _lookup,
    results.Models: _models,
}
