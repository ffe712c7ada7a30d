"""The records of `softmax`."""

from collections.abc import Mapping
from typing import NamedTuple

from embcli.results.display import displayed
from embcli.results.model_card import ModelCard
from embcli.results.numbers import Score, Share
from embcli.results.words import RareWord, WeightedWord


class SoftmaxQuery(NamedTuple):
    """A question for probabilities; expression and metric are None for given logits."""

    expression: str | None
    metric: str | None
    temperatures: tuple[Score, ...]
    candidates: int
    terms: tuple[WeightedWord, ...]
    resolved: Mapping[str, str]
    rare: tuple[RareWord, ...] | None = None
    skipped: tuple[str, ...] | None = None


class Candidate(NamedTuple):
    """A candidate, its logit, and its probability at each temperature."""

    word: str
    logit: Score
    probabilities: tuple[Share, ...]


@displayed
class Distribution(NamedTuple):
    """The record of `softmax`. entropy: in bits, over all candidates, one for each temperature."""

    schema: str
    model: ModelCard | None
    query: SoftmaxQuery
    results: tuple[Candidate, ...]
    entropy: tuple[Share, ...]
