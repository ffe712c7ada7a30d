"""The records of `lookup`."""

from typing import NamedTuple

from embcli.results.display import displayed, shortened
from embcli.results.model_card import ModelCard
from embcli.results.numbers import Coordinate, Length, Share
from embcli.results.words import WordsQuery


class LargeCoordinate(NamedTuple):
    """A coordinate of a vector: its dimension from 0, its value, and its fraction of the squared length."""

    dimension: int
    value: Coordinate
    share: Share


@shortened
class Entry(NamedTuple):
    """A row of the embedding matrix. row: from 0; None for a vector of no row. frequency_rank: from 1, if known."""

    word: str
    row: int | None
    frequency_rank: int | None
    norm: Length
    vector: tuple[Coordinate, ...]
    coordinates: tuple[LargeCoordinate, ...] | None = None


@displayed
class Lookup(NamedTuple):
    """The record of `lookup`."""

    schema: str
    model: ModelCard
    query: WordsQuery
    results: tuple[Entry, ...]
