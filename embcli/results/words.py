"""Words in records: the terms of an expression, rare words, words with cosines."""

from collections.abc import Mapping
from typing import NamedTuple

from embcli.results.display import shortened
from embcli.results.numbers import Length, Share


class WeightedWord(NamedTuple):
    """A term of an expression, with the word found."""

    word: str
    weight: Length


class RareWord(NamedTuple):
    """A rare word that was used; row: from 0. instead: an expression or a word that may be meant."""

    word: str
    row: int
    instead: str


class WordAndCosine(NamedTuple):
    """A word and its cosine."""

    word: str
    cosine: Share


@shortened
class WordsQuery(NamedTuple):
    """The words of a question, as typed."""

    words: tuple[str, ...]
    resolved: Mapping[str, str]
    rare: tuple[RareWord, ...] | None = None
    skipped: tuple[str, ...] | None = None
