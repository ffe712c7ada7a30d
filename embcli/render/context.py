"""The tables of `context`. Tokens are shown as text: `render` has replaced their spelling."""

from collections.abc import Callable, Sequence
from typing import Any

from rich.text import Text

from embcli.render.drawing import Cell, Column, Grid, Parts, Pen, headline, lengths
from embcli.render.printable import printable
from embcli.results.context import Contexts, LayerCosine, LayerMeaning, VisibleToken


def _contexts(answer: Contexts, pen: Pen) -> Parts:
    query = answer.query
    side = "sees what stands before it" if query.causal else "sees both sides"
    known = f"{query.dictionary:,} words a layer" if query.dictionary else None
    dropped = [
        f"the oldest {count:,} of text {number} dropped"
        for number, count in enumerate(query.truncated or (), start=1)
        if count
    ]
    parts: Parts = [*headline(pen, query.focus, (side, known, *dropped, pen.model(answer.model)))]
    for number, tokens in enumerate(answer.tokens):
        parts.append(
            text_with_focus(number, tokens, query.positions[number], are_pieces=answer.model.tokens == "pieces")
        )
    parts += [Text(f"warning: {printable(warning)}", style="bold red") for warning in answer.warnings]
    for number in range(len(query.texts)):
        title = [Text(f"text {number + 1}", style="bold")] if len(query.texts) > 1 else []
        parts += [Text(), *title, _meanings([row for row in answer.results if row.text == number])]
    if query.dictionary:
        note = "cosines minus the mean of the layer; words below its noise (99.9 % of random pairs) are left out"
        parts += [Text(), Text(note)]
    if answer.comparisons:
        parts += [Text(), _comparisons(answer.comparisons, pen)]
    if answer.gained:
        parts += [Text(), *_gained(answer)]
    return parts


def text_with_focus(number: int, tokens: Sequence[VisibleToken], position: int, *, are_pieces: bool) -> Text:
    """A text with the focus in bold, and the tokens that it cannot see in parentheses."""
    shown = Text(f"{number + 1}  ", style="bold")
    for place, token in enumerate(tokens):
        style = "bold cyan" if place == position else "" if token.visible else "italic"
        text = printable(token.token)
        if are_pieces:  # which have no blanks of their own
            text = text.removeprefix("##") if text.startswith("##") else f" {text}"
        shown.append(text if token.visible else f" ({text.strip()})", style=style)
    return shown


def _meanings(rows: Sequence[LayerMeaning]) -> Grid:
    columns = [
        Column("noise", right=True, rank=2),
        Column("nearest words of the layer", words=True),
    ]
    is_known = rows[0].noise is not None
    shown = Grid(Column("layer", right=True), Column("norm", right=True, rank=1), *(columns if is_known else []))
    for row, norm in zip(rows, lengths([row.norm for row in rows]), strict=True):
        near = ", ".join(f"{printable(one.word)} {one.cosine:.3f}" for one in row.neighbors)
        known: list[Cell] = [] if row.noise is None else [f"{row.noise:.3f}", Text(near or "none above the noise")]
        shown.add(str(row.layer), norm, *known)
    return shown


def _comparisons(rows: Sequence[LayerCosine], pen: Pen) -> Grid:
    is_known = rows[0].centered is not None
    known_columns = [Column("centred", right=True), Column("random words", right=True, rank=1)] if is_known else []
    shown = Grid(Column("texts"), Column("layer", right=True), Column("cosine", right=True), *known_columns, Column(""))
    for row in rows:
        known = [] if row.centered is None or row.baseline is None else [f"{row.centered:.3f}", f"{row.baseline:.3f}"]
        length = row.cosine if row.centered is None else row.centered
        shown.add(f"{row.a + 1}, {row.b + 1}", str(row.layer), f"{row.cosine:.3f}", *known, pen.bar(length, 1.0))
    return shown


def _gained(answer: Contexts) -> Parts:
    """The tokens that each text makes more probable."""
    title = "next tokens that each text makes more probable than the others: p (gain of log p)"
    lines: Parts = [Text(title, style="bold")]
    for number in range(len(answer.query.texts)):
        gained = [one for one in answer.gained or () if one.text == number]
        listed = ", ".join(f"{printable(one.token.strip())} {one.probability:.3f} ({one.gain:+.2f})" for one in gained)
        lines.append(Text(f"{number + 1}  {listed or 'none'}"))
    return lines


VIEWS: dict[type, Callable[[Any, Pen], Parts]] = {Contexts: _contexts}
