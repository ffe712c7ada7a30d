"""The tables of `project`."""

from collections.abc import Callable
from typing import Any

from rich.text import Text

from embcli.render.drawing import Column, Grid, Parts, Pen, cosine, digits, headline, lengths, word
from embcli.results.project import Pair, Projections


def _projections(projections: Projections, pen: Pen) -> Parts:
    query = projections.query
    facts = (f"direction of norm {digits(query.norm)}", *projection_facts(projections), pen.model(projections.model))
    parts: Parts = [*headline(pen, query.expression, facts, query)]
    if projections.results:
        # A scan is sorted by cosine, so it draws cosines; otherwise dot products are drawn.
        reach = 1.0 if query.scan else max(abs(one.dot) for one in projections.results)
        numbers = (
            Column("dot", right=True),
            Column("scalar", right=True, rank=2),
            Column("cosine", right=True, rank=1),
        )
        shown = Grid(Column("word", words=True), *numbers, Column(pen.scale()))
        dots, scalars = (
            lengths([getattr(one, name) for one in projections.results], "+") for name in ("dot", "scalar")
        )
        for one, dot, scalar in zip(projections.results, dots, scalars, strict=True):
            line = pen.number_line(one.cosine if query.scan else one.dot, reach)
            shown.add(word(one.word), dot, scalar, cosine(one.cosine, "+"), line)
        parts.append(shown)
    if projections.pairs is not None:
        shown = Grid(
            Column("low", words=True), Column("dot", right=True, rank=1), Column("high", words=True),
            Column("dot", right=True, rank=1), Column(""),
        )  # fmt: skip
        lows, highs = (
            lengths([getattr(one, name) for one in projections.pairs], "+") for name in ("low_dot", "high_dot")
        )
        for pair, low, high in zip(projections.pairs, lows, highs, strict=True):
            verdict = order_of(pair)
            shown.add(word(pair.low), low, word(pair.high), high, verdict)
        share = f"{sum(pair.ordered for pair in projections.pairs)} of {len(projections.pairs)} pairs in order"
        parts += [
            *([Text()] if projections.results else []),
            shown,
            Text(),
            Text(f"{share} ({projections.separation:.1%}), AUC {projections.auc:.4f}"),
        ]
    return parts


def projection_facts(projections: Projections) -> tuple[str | None, ...]:
    """The settings of a question, for the heading of its answer."""
    top = projections.query.top
    return (f"first {top:,} words" if top else None,)


def order_of(pair: Pair) -> Text:
    """Whether a pair is in order, in words."""
    if pair.low_dot == pair.high_dot:
        return Text("equal", style="bold red")
    return Text("in order", style="green") if pair.ordered else Text("out of order", style="bold red")


VIEWS: dict[type, Callable[[Any, Pen], Parts]] = {Projections: _projections}
