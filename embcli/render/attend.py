"""The tables of `attend`. Tokens are shown as text: `render` has replaced their spelling."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from rich.text import Text

from embcli.render.drawing import Column, Grid, Parts, Pen, cosine, digits, headline, lengths, word
from embcli.render.heat import shaded
from embcli.render.printable import printable
from embcli.results.attend import Attended, HeadChange, ReadingHead
from embcli.results.words import WordAndCosine

FIRST_OF_CHANGE = 4  # numbers shown of a head's change


def _attended(answer: Attended, pen: Pen) -> Parts:
    """What a token reads: the steps of a head, its pattern, and what it adds."""
    query = answer.query
    is_static = answer.layer is None
    parts: Parts = heading_of_attention(answer, pen)
    if answer.heads is not None:
        parts += [
            *_reading_heads(answer.heads, pen),
            Text(),
            Text(f"the one that tells most: {_head_of(answer)}"),
            Text(),
        ]
    shown = Grid(
        Column("position", right=True, rank=2), Column("token", words=True), Column("q·k" if not is_static else "x·x",
        right=True),
        Column("/ √d / T", right=True, rank=1), Column("weight", right=True), Column(""),
        *([] if is_static else [Column("E·E", right=True, rank=1)]),
    )  # fmt: skip
    for one in answer.results:
        name = word(one.token, "bold cyan" if one.position == query.position else "")
        product, scaled = (("masked", "") if one.query_key is None or one.scaled is None
                           else (digits(one.query_key, "+"), digits(one.scaled, "+")))  # fmt: skip
        dot = [] if is_static else [digits(one.dot, "+")]
        shown.add(str(one.position), name, product, scaled, f"{one.weight:.4f}", pen.bar(one.weight, 1.0), *dot)
    parts.append(shown)
    parts += [Text(), *pattern(answer, pen)]
    if answer.values:
        parts += [Text(), *_values(answer, pen)]
    if answer.change is not None:
        parts += [Text(), *_change(answer.change, pen)]
    if answer.before is not None and answer.after is not None:
        parts += [Text(), _before_and_after(answer.before, answer.after)]
        parts += [Text(), Text("a weighted average of the text: without trained matrices, attention means no more")]
    return parts


def heading_of_attention(answer: Attended, pen: Pen) -> Parts:
    """The text, the head, what is reported of the question, and the warnings."""
    query = answer.query
    facts = (
        _head_of(answer),
        f"T = {query.temperature:g}" if query.temperature != 1 else None,
        f"the oldest {query.truncated:,} dropped" if query.truncated else None,
        pen.model(answer.model),
    )
    warnings = [Text(f"warning: {printable(warning)}", style="bold red") for warning in answer.warnings or ()]
    return [*headline(pen, query.text, facts, _Reported(query.resolved)), *warnings]


def _head_of(answer: Attended) -> str:
    if answer.layer is None:
        return "one head, W_Q = W_K = W_V = identity"
    return f"block {answer.layer}, head {answer.head}"


class _Reported:
    """What a heading reports of the words of a question."""

    def __init__(self, resolved: Any) -> None:
        self.resolved, self.rare = resolved, None


def _reading_heads(heads: Sequence[ReadingHead], pen: Pen) -> Parts:
    shown = Grid(
        Column("token", words=True), Column("block", right=True), Column("head", right=True),
        Column("weight", right=True), Column("mean on previous", right=True, rank=1),
        Column("mean on token 0", right=True, rank=1),
    )  # fmt: skip
    before = -1
    for one in heads:
        name = word(one.token) if one.position != before or pen.in_words else ""
        before = one.position
        shown.add(
            name,
            str(one.layer),
            str(one.head),
            f"{one.weight:.3f}",
            f"{one.mean_previous:.3f}",
            f"{one.mean_first:.3f}",
        )
    note = "a head that always reads the previous token, or rests on token 0, says little of this text"
    return [Text("heads that read each token most", style="bold"), Text(note), Text(), shown]


def pattern(answer: Attended, pen: Pen) -> Parts:
    """The pattern: a row for each query, a column for each key."""
    if pen.in_words:
        return []
    visible = [[weight or None for weight in row] for row in answer.pattern]
    title = Text("pattern: rows are queries, columns keys", style="bold")
    return [title, Text(), *shaded([one.token for one in answer.results], visible, pen)]


def _values(answer: Attended, pen: Pen) -> Parts:
    """What the head proposes for each visible token, and how much of it the weights let through."""
    shown = Grid(
        Column("token", words=True), Column("norm of v", right=True, rank=1), Column("of W_O v", right=True),
        Column("times its weight", right=True), Column(""),
    )  # fmt: skip
    values = answer.values or ()
    columns = [lengths([getattr(one, name) for one in values]) for name in ("norm", "output", "added")]
    most = max(one.added for one in values)
    for one, *numbers in zip(values, *columns, strict=True):
        shown.add(word(one.token), *numbers, pen.bar(one.added, most))
    title = "what the head proposes: the values v = W_V x, mapped by W_O"
    return [Text(title, style="bold"), Text(), shown]


def _change(change: HeadChange, pen: Pen) -> Parts:
    sizes = (
        ("the focus before the block", change.before), ("what this head adds", change.head),
        ("what all heads add", change.attention), ("what the MLP adds", change.mlp),
    )  # fmt: skip
    shown = Grid(Column("change of the focus"), Column("norm", right=True))
    for (name, _), norm in zip(sizes, lengths([size for _, size in sizes]), strict=True):
        shown.add(name, norm)
    return [
        shown,
        Text(),
        Text(f"the head's change is {numbers_of(change.vector[:FIRST_OF_CHANGE])} {pen.and_so_on}"),
        Text(f"the heads' changes add up to the attention's, {_error_in_words(change.sum_error)}"),
    ]


def _error_in_words(error: float) -> str:
    """A relative error as a power of ten: below 1e-06."""
    return f"within {10.0 ** math.ceil(math.log10(max(error, 1e-6))):.0e}"


def _before_and_after(before: Sequence[WordAndCosine], after: Sequence[WordAndCosine]) -> Grid:
    shown = Grid(
        Column("neighbours before", words=True), Column("cosine", right=True), Column("after", words=True),
        Column("cosine", right=True),
    )  # fmt: skip
    for first, second in zip(before, after, strict=False):
        shown.add(word(first.word), cosine(first.cosine), word(second.word), cosine(second.cosine))
    return shown


def numbers_of(vector: Sequence[float]) -> str:
    """The numbers of a vector, with their signs."""
    return " ".join(digits(x, "+") for x in vector)


VIEWS: dict[type, Callable[[Any, Pen], Parts]] = {Attended: _attended}
