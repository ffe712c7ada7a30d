"""The table of `tokens`. Tokens are shown as text: `render` has replaced their spelling."""

from collections.abc import Callable
from typing import Any

from rich.text import Text

from embcli.render.drawing import Column, Grid, Parts, Pen, headline, word
from embcli.results.tokens import Tokens


def _tokens(answer: Tokens, pen: Pen) -> Parts:
    count, context = len(answer.results), answer.query.context
    facts = (number_of_tokens(count), f"context size {context:,}", pen.model(answer.model))
    shown = Grid(Column("position", right=True), Column("id", right=True), Column("token", words=True))
    for one in answer.results:
        shown.add(str(one.position), str(one.id), word(one.token))
    parts: Parts = [*headline(pen, answer.query.text, facts), shown]
    if count > context:
        parts += [Text(), Text(f"{count - context:,} more tokens than the context size", style="bold red")]
    return parts


def number_of_tokens(count: int) -> str:
    """A number of tokens in words."""
    return f"{count:,} token" + ("" if count == 1 else "s")


VIEWS: dict[type, Callable[[Any, Pen], Parts]] = {Tokens: _tokens}
