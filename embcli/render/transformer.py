"""The tables of the commands that ask transformers. Tokens are shown as text: `render` has replaced their spelling."""

from collections.abc import Sequence
from typing import Any

from rich.text import Text

from embcli.render.attend import attended, numbers_of
from embcli.render.drawing import (
    BAR,
    GAP,
    Cell,
    Column,
    Grid,
    Parts,
    Pen,
    digits,
    headline,
    lengths,
    longest_of,
    word,
)
from embcli.render.printable import cell_width, printable
from embcli.results import transformer as records


def _tokens(answer: records.Tokens, pen: Pen) -> Parts:
    count, context = len(answer.results), answer.query.context
    facts = (_tokens_of(count), f"context size {context:,}", pen.model(answer.model))
    shown = Grid(Column("position", right=True), Column("id", right=True), Column("token", words=True))
    for one in answer.results:
        shown.add(str(one.position), str(one.id), word(one.token))
    parts: Parts = [*headline(pen, answer.query.text, facts), shown]
    if count > context:
        parts += [Text(), Text(f"{count - context:,} more tokens than the context size", style="bold red")]
    return parts


def _tokens_of(count: int) -> str:
    return f"{count:,} token" + ("" if count == 1 else "s")


def _prediction(answer: records.Prediction, pen: Pen) -> Parts:
    query = answer.query
    facts = (
        "token at [MASK]" if query.masked else "next token",
        _tokens_of(len(answer.tokens)),
        f"the oldest {query.truncated:,} dropped" if query.truncated else None,
        pen.model(answer.model),
    )
    parts: Parts = [*headline(pen, query.text, facts)]
    parts += _probabilities(answer, pen)
    if answer.lens is not None:
        parts += [Text(), *_lens(answer.lens, pen)]
    for number, sample in enumerate(answer.samples or ()):
        parts += [
            Text(),
            Text.assemble((f"{number + 1}  ", "bold"), printable(query.text), (printable(sample.text), "cyan")),
        ]
        at = "" if query.temperatures[0] == 1 else f" at T = {query.temperatures[0]:g}"
        log_p = digits(sample.log_probability, "+")
        parts.append(Text(f"   {_tokens_of(len(sample.tokens))}, log p {log_p}{at}"))
    rows = answer.rows
    numbers = [f"{numbers_of(row)} {pen.and_so_on}" for row in (rows.embedding, rows.unembedding)]
    is_tied = "W_U is W_E (tied)" if answer.tied else "W_U is not W_E (untied)"
    token = printable(rows.token)
    token = token if token.startswith("' ") else f"'{token}'"
    parts += [Text(), Text(f"{is_tied}: row of {token} in W_E {numbers[0]}, in W_U {numbers[1]}")]
    return parts


def _probabilities(answer: records.Prediction, pen: Pen) -> Parts:
    """The tokens with their logits, and their probabilities by temperature; as many side by side as fit."""
    query = answer.query
    numbers = lengths([one.logit for one in answer.results], "+")
    headings = [f"T = {temperature:g}" for temperature in query.temperatures]
    words = max(cell_width(printable(one.token)) for one in answer.results)
    room = pen.width - len("rank") - min(max(words, len("entropy (bits)")), 2 * BAR) - max(map(len, numbers)) - 2 * GAP
    at_once = max(1, room // (max(map(len, ["0.1234", *headings])) + GAP))
    parts: Parts = []
    for first in range(0, len(headings), at_once):
        part = slice(first, first + at_once)
        shown = Grid(
            Column("rank", right=True, rank=2), Column("token", words=True), Column("logit", right=True, rank=1),
            *(Column(heading) for heading in headings[part]),
        )  # fmt: skip
        for one, number in zip(answer.results, numbers, strict=True):
            bars = [pen.bar(p, 1.0, f"{p:.4f} ") for p in one.probabilities]
            cells = bars if at_once >= len(headings) else [f"{p:.4f}" for p in one.probabilities]
            shown.add(f"{one.rank:,}", word(one.token), number, *cells[part])
        shown.add_summary(
            "", longest_of("entropy (bits)", "entropy"), "", *(f"{bits:.4f}" for bits in answer.entropy[part])
        )
        parts += [*([Text()] if first else []), shown]
    return parts


def _lens(rows: Sequence[records.LensRow], pen: Pen) -> Parts:
    shown = Grid(
        Column("layer", right=True), Column("first token", words=True), Column("probability", right=True, rank=1),
        Column("answer's rank", right=True), Column(""),
    )  # fmt: skip
    for row in rows:
        rank = f"{row.rank_of_answer:,}"
        shown.add(str(row.layer), word(row.token), f"{row.probability:.4f}", rank, pen.bar(row.probability, 1.0))
    note = "the final norm and the unembedding, applied to each layer; the last row is the answer"
    return [Text("logit lens", style="bold"), Text(note), Text(), shown]


def _contexts(answer: records.Contexts, pen: Pen) -> Parts:
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


def text_with_focus(number: int, tokens: Sequence[records.VisibleToken], position: int, *, are_pieces: bool) -> Text:
    """A text with the focus in bold, and the tokens that it cannot see in parentheses."""
    shown = Text(f"{number + 1}  ", style="bold")
    for place, token in enumerate(tokens):
        style = "bold cyan" if place == position else "" if token.visible else "italic"
        text = printable(token.token)
        if are_pieces:  # which have no blanks of their own
            text = text.removeprefix("##") if text.startswith("##") else f" {text}"
        shown.append(text if token.visible else f" ({text.strip()})", style=style)
    return shown


def _meanings(rows: Sequence[records.LayerMeaning]) -> Grid:
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


def _comparisons(rows: Sequence[records.LayerCosine], pen: Pen) -> Grid:
    is_known = rows[0].centered is not None
    known_columns = [Column("centred", right=True), Column("random words", right=True, rank=1)] if is_known else []
    shown = Grid(Column("texts"), Column("layer", right=True), Column("cosine", right=True), *known_columns, Column(""))
    for row in rows:
        known = [] if row.centered is None or row.baseline is None else [f"{row.centered:.3f}", f"{row.baseline:.3f}"]
        length = row.cosine if row.centered is None else row.centered
        shown.add(f"{row.a + 1}, {row.b + 1}", str(row.layer), f"{row.cosine:.3f}", *known, pen.bar(length, 1.0))
    return shown


def _gained(answer: records.Contexts) -> Parts:
    """The tokens that each text makes more probable."""
    title = "next tokens that each text makes more probable than the others: p (gain of log p)"
    lines: Parts = [Text(title, style="bold")]
    for number in range(len(answer.query.texts)):
        gained = [one for one in answer.gained or () if one.text == number]
        listed = ", ".join(f"{printable(one.token.strip())} {one.probability:.3f} ({one.gain:+.2f})" for one in gained)
        lines.append(Text(f"{number + 1}  {listed or 'none'}"))
    return lines


def _shapes(answer: records.Shapes, pen: Pen) -> Parts:
    query = answer.query
    shown = Grid(
        Column("part", rank=2), Column("matrix"), Column("rows × columns", right=True),
        Column("count", right=True, rank=1),
        Column("parameters", right=True), Column("share", right=True, rank=1), Column(""),
    )  # fmt: skip
    before = ""
    for one in answer.results:
        size = f"{one.rows:,} {pen.times} {one.columns:,}"
        shown.add(
            one.part if one.part != before or pen.in_words else "", one.name, size,
            f"{one.count:,}", f"{one.parameters:,}",
            f"{100 * one.share:.2f}%", pen.bar(one.share, 1.0),
        )  # fmt: skip
        before = one.part
    shown.add_summary("", "all", "", "", f"{answer.parameters:,}", "", "")
    parts: Parts = [
        *headline(pen, query.name, (f"family {query.family}", pen.model(answer.model) if answer.model else None)),
        shown,
        Text(),
    ]
    parts.append(Text(f"a head: {answer.per_head:,} parameters; a block: {answer.per_block:,}"))
    if query.leaves_out:
        parts.append(Text(f"as in the film; left out: {query.leaves_out}"))
    products = Grid(Column("product"), Column("one sequence"), Column(f"batch of {query.batch:,}", rank=1))
    for product in answer.products:
        products.add(product.product, _shape(product.sequence, pen), _shape(product.batch, pen))
    return [*parts, Text(), products]


def _shape(sizes: Sequence[int], pen: Pen) -> str:
    return f" {pen.times} ".join(f"{size:,}" for size in sizes)


VIEWS: dict[type, Any] = {
    records.Tokens: _tokens,
    records.Prediction: _prediction,
    records.Contexts: _contexts,
    records.Attended: attended,
    records.Shapes: _shapes,
}
