"""The records of `project`."""

from collections.abc import Mapping
from typing import NamedTuple

from embcli.results.display import displayed
from embcli.results.model_card import ModelCard
from embcli.results.numbers import Length, Share
from embcli.results.words import RareWord, WeightedWord


class ProjectionQuery(NamedTuple):
    """A question for projections on a direction d. norm: ‖d‖."""

    expression: str
    terms: tuple[WeightedWord, ...]
    norm: Length
    sort: bool
    scan: int | None
    top: int | None
    resolved: Mapping[str, str]
    rare: tuple[RareWord, ...] | None = None
    skipped: tuple[str, ...] | None = None


class Projection(NamedTuple):
    """A word on a direction d: v · d, (v · d) / ‖d‖, and cos(v, d)."""

    word: str
    dot: Length
    scalar: Length
    cosine: Share


class Pair(NamedTuple):
    """Two words and their dot products with a direction. ordered: whether low_dot < high_dot."""

    low: str
    high: str
    low_dot: Length
    high_dot: Length
    ordered: bool


@displayed
class Projections(NamedTuple):
    """The record of `project`. separation: the share of ordered pairs. auc: that of all low × high combinations."""

    schema: str
    model: ModelCard
    query: ProjectionQuery
    results: tuple[Projection, ...]
    pairs: tuple[Pair, ...] | None = None
    separation: Share | None = None
    auc: Share | None = None
