"""The records of `analogy` and `neighbors`."""

from collections.abc import Mapping
from typing import NamedTuple

from embcli.results.display import displayed
from embcli.results.model_card import ModelCard
from embcli.results.numbers import Score
from embcli.results.words import RareWord, WeightedWord


class RankingQuery(NamedTuple):
    """A question for the words nearest to an expression, as interpreted."""

    expression: str
    method: str
    metric: str
    raw: bool
    k: int
    terms: tuple[WeightedWord, ...]
    exclude_inputs: bool
    top: int | None
    resolved: Mapping[str, str]
    rare: tuple[RareWord, ...] | None = None
    skipped: tuple[str, ...] | None = None
    among: int | None = None


class Answer(NamedTuple):
    """A word, its score (a distance for `euclidean`) and its rank.

    In `inputs` the rank is the one with the inputs included; None if `top` excludes the word, or if it is not known
    (`Ranking.least_ranks`).
    """

    rank: int | None
    word: str
    score: Score


class Expected(NamedTuple):
    """The ranks of the word of `--expect`, with the inputs excluded and included."""

    word: str
    rank: int | None
    rank_with_inputs: int | None
    score: Score


@displayed
class Ranking(NamedTuple):
    """The record of `analogy` and `neighbors`.

    least_ranks: lower bounds of the ranks, with the inputs included, of words that a server does not return.
    """

    schema: str
    model: ModelCard
    query: RankingQuery
    results: tuple[Answer, ...]
    inputs: tuple[Answer, ...]
    expected: Expected | None = None
    least_ranks: Mapping[str, int] | None = None

    @property
    def missed(self) -> bool:
        """Whether an expected word is not the first answer."""
        if self.expected is None:
            return False
        return (self.expected.rank if self.query.exclude_inputs else self.expected.rank_with_inputs) != 1
