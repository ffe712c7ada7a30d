"""The records of `tokens`."""

from typing import NamedTuple

from embcli.results.display import displayed
from embcli.results.model_card import ModelCard


class TextQuery(NamedTuple):
    """A text, as a model reads it. context: its context size."""

    text: str
    context: int


class TextToken(NamedTuple):
    """A token of a text: its position (from 0), its id, and the token as the file spells it."""

    position: int
    id: int
    token: str


@displayed
class Tokens(NamedTuple):
    """The record of `tokens`."""

    schema: str
    model: ModelCard
    query: TextQuery
    results: tuple[TextToken, ...]
