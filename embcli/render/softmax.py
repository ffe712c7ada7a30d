"""The tables of `softmax`."""

from collections.abc import Callable
from typing import Any

from rich.text import Text

from embcli.render.drawing import BAR, GAP, Column, Grid, Parts, Pen, cosine, headline, lengths, word
from embcli.render.printable import cell_width, printable
from embcli.results.softmax import Distribution


def softmax_table(distribution: Distribution, pen: Pen) -> Parts:
    """Logits and probabilities, a column for each temperature."""
    query = distribution.query
    facts = (*softmax_facts(distribution), pen.model(distribution.model) if distribution.model else None)
    parts: Parts = [*headline(pen, query.expression or "given logits", facts, query)]
    logits = [candidate.logit for candidate in distribution.results]
    numbers = [cosine(logit) for logit in logits] if query.metric == "cosine" else lengths(logits)
    # Columns of probabilities are at least as wide as `0.1234` or the heading; as many as fit are side by side.
    headings = [f"T = {temperature:g}" for temperature in query.temperatures]
    words = max(cell_width(printable(candidate.word)) for candidate in distribution.results)
    room = pen.width - min(max(words, len("entropy (bits)")), 2 * BAR) - max(map(len, [*numbers, "logit"])) - GAP
    at_once = max(1, room // (max(map(len, ["0.1234", *headings])) + GAP))
    for first in range(0, len(query.temperatures), at_once):
        part = slice(first, first + at_once)
        columns = [Column(heading) for heading in headings[part]]
        shown = Grid(Column("word", words=True), Column("logit", right=True), *columns)
        for candidate, number in zip(distribution.results, numbers, strict=True):
            probabilities = [f"{p:.4f}" for p in candidate.probabilities]
            # No bars in several tables: they could not be compared.
            bars = [pen.bar(p, 1.0, f"{p:.4f} ") for p in candidate.probabilities]
            cells = bars if at_once >= len(query.temperatures) else probabilities
            shown.add(word(candidate.word), number, *cells[part])
        shown.add_summary("entropy (bits)", "", *(f"{bits:.4f}" for bits in distribution.entropy[part]))
        parts += [*([Text()] if first else []), shown]
    return parts


def softmax_facts(distribution: Distribution) -> tuple[str | None, ...]:
    """The settings of a question, for the heading of its answer."""
    query = distribution.query
    measure = {"dot": "softmax of dot products", "cosine": "softmax of cosines", None: "softmax"}[query.metric]
    return measure, f"{query.candidates:,} candidates"


VIEWS: dict[type, Callable[[Any, Pen], Parts]] = {Distribution: softmax_table}
