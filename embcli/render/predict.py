"""The tables of `predict`. Tokens are shown as text: `render` has replaced their spelling."""

from collections.abc import Callable, Sequence
from typing import Any

from rich.text import Text

from embcli.render.attend import numbers_of
from embcli.render.drawing import BAR, GAP, Column, Grid, Parts, Pen, digits, headline, lengths, longest_of, word
from embcli.render.printable import cell_width, printable
from embcli.render.tokens import number_of_tokens
from embcli.results.predict import LensRow, Prediction


def _prediction(answer: Prediction, pen: Pen) -> Parts:
    query = answer.query
    facts = (
        *target_of(answer),
        number_of_tokens(len(answer.tokens)),
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
        parts.append(Text(f"   {number_of_tokens(len(sample.tokens))}, log p {log_p}{at}"))
    rows = answer.rows
    numbers = [f"{numbers_of(row)} {pen.and_so_on}" for row in (rows.embedding, rows.unembedding)]
    is_tied = "W_U is W_E (tied)" if answer.tied else "W_U is not W_E (untied)"
    token = printable(rows.token)
    token = token if token.startswith("' ") else f"'{token}'"
    parts += [Text(), Text(f"{is_tied}: row of {token} in W_E {numbers[0]}, in W_U {numbers[1]}")]
    return parts


def target_of(answer: Prediction) -> tuple[str | None, ...]:
    """The token that is predicted, for the heading of the answer."""
    return ("token at [MASK]" if answer.query.masked else "next token",)


def _probabilities(answer: Prediction, pen: Pen) -> Parts:
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


def _lens(rows: Sequence[LensRow], pen: Pen) -> Parts:
    shown = Grid(
        Column("layer", right=True), Column("first token", words=True), Column("probability", right=True, rank=1),
        Column("answer's rank", right=True), Column(""),
    )  # fmt: skip
    for row in rows:
        rank = f"{row.rank_of_answer:,}"
        shown.add(str(row.layer), word(row.token), f"{row.probability:.4f}", rank, pen.bar(row.probability, 1.0))
    note = "the final norm and the unembedding, applied to each layer; the last row is the answer"
    return [Text("logit lens", style="bold"), Text(note), Text(), shown]


VIEWS: dict[type, Callable[[Any, Pen], Parts]] = {Prediction: _prediction}
