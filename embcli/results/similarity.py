"""The records of `similarity` and `odd`."""

from typing import NamedTuple

from embcli.results.display import displayed, shortened
from embcli.results.model_card import ModelCard
from embcli.results.numbers import Length, Share
from embcli.results.words import WordsQuery


class Similarity(NamedTuple):
    """A comparison of two words. angle: in degrees. sign: the meaning of the sign of the cosine."""

    a: str
    b: str
    cosine: Share
    angle: Share
    dot: Length
    euclidean: Length
    sign: str


@shortened
class CosineMatrix(NamedTuple):
    """The cosines of words with each other, row by row."""

    words: tuple[str, ...]
    cosines: tuple[tuple[Share, ...], ...]


@displayed
class Similarities(NamedTuple):
    """The record of `similarity`."""

    schema: str
    model: ModelCard
    query: WordsQuery
    results: tuple[Similarity, ...]
    matrix: CosineMatrix | None = None


class GroupCosines(NamedTuple):
    """The cosines of the pairs of words of two groups; within a group, where both are the same."""

    a: str
    b: str
    pairs: int
    mean: Share
    min: Share
    max: Share


@displayed
class GroupSimilarities(NamedTuple):
    """The record of `similarity --groups`."""

    schema: str
    model: ModelCard
    query: WordsQuery
    results: tuple[GroupCosines, ...]


class Membership(NamedTuple):
    """A word and its cosine with the mean of the unit vectors of all words."""

    word: str
    score: Share


@displayed
class OddOneOut(NamedTuple):
    """The record of `odd`: the words by descending score, and the word that belongs least."""

    schema: str
    model: ModelCard
    query: WordsQuery
    results: tuple[Membership, ...]
    odd: str
