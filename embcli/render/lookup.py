"""The tables of `lookup`."""

from collections.abc import Callable
from typing import Any

from rich.text import Text

from embcli.render.drawing import Column, Flexible, Grid, Parts, Pen, digits, headline, lengths, word
from embcli.render.printable import cell_width, printable
from embcli.results.lookup import Entry, LargeCoordinate, Lookup

FIRST_NUMBERS = 3


def _lookup(lookup: Lookup, pen: Pen) -> Parts:
    known = any(entry.frequency_rank is not None for entry in lookup.results)
    rank = [Column("frequency rank", right=True, rank=2)] if known else []
    shown = Grid(
        Column("word", words=True), Column("row", right=True), *rank, Column("norm", right=True, rank=1),
        Column("vector"),
    )  # fmt: skip
    norms = lengths([entry.norm for entry in lookup.results])
    for entry, norm in zip(lookup.results, norms, strict=True):
        ranks = ["-" if entry.frequency_rank is None else f"{entry.frequency_rank:,}"] if known else []
        row = "-" if entry.row is None else f"{entry.row:,}"
        shown.add(word(entry.word), row, *ranks, norm, _numbers(entry.vector, pen))
    card, parts = lookup.model, [*headline(pen, "", (pen.model(lookup.model),), lookup.query), shown]
    for entry in lookup.results:
        if entry.coordinates is not None:
            parts += [Text(), *_coordinates(entry, entry.coordinates, pen)]
    first = next((entry.row for entry in lookup.results if entry.row is not None and entry.row < card.words), None)
    if first is None or any(entry.coordinates is not None for entry in lookup.results):
        return parts
    lesson = (
        f"The one-hot vector of row {first:,} ({card.words:,} numbers, a single 1) times the embedding matrix "
        f"[{card.words:,} {pen.times} {card.dim}] is row {first:,} of the matrix: to multiply is to look up."
    )
    return [*parts, Text(), Text(lesson)]


def _numbers(vector: tuple[float, ...], pen: Pen) -> Flexible:
    """As many of the first numbers of a vector as fit, at least one, and how many more there are."""
    numbers = [digits(x, "+") for x in vector]

    def text_of(count: int) -> str:
        more = len(numbers) - count
        return " ".join(numbers[:count]) + (f" {pen.ellipsis} {more:,} more" if more else "")

    # Longer vectors than a wide terminal holds need not be measured in full.
    most = min(len(numbers), max(1, pen.width // len("+0.1234 ")))

    def draw(width: int) -> Text:
        count = next((n for n in range(most, 1, -1) if cell_width(text_of(n)) <= width), 1)
        return Text(text_of(count))

    return Flexible(cell_width(text_of(1)), cell_width(text_of(most)), draw, words=text_of(min(FIRST_NUMBERS, most)))


def _coordinates(entry: Entry, coordinates: tuple[LargeCoordinate, ...], pen: Pen) -> Parts:
    """The largest coordinates of a vector with their shares of its squared length."""
    columns = (
        Column("dimension", right=True),
        Column("coordinate", right=True),
        Column("share", right=True),
        Column(""),
    )
    shown = Grid(*columns)
    values = lengths([one.value for one in coordinates], "+")
    for one, value in zip(coordinates, values, strict=True):
        shown.add(str(one.dimension), value, f"{one.share:.2%}", pen.bar(one.share, 1.0))
    total = sum(one.share for one in coordinates)
    title = f"largest coordinates of {printable(entry.word)}: {total:.1%} of its squared length"
    return [Text(title), Text(), shown]


VIEWS: dict[type, Callable[[Any, Pen], Parts]] = {Lookup: _lookup}
