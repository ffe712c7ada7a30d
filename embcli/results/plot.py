"""The record of `plot`: words at their places in a picture with two axes."""

from collections.abc import Mapping
from typing import NamedTuple

from embcli.results.display import displayed
from embcli.results.model_card import ModelCard
from embcli.results.numbers import Length, Share
from embcli.results.words import RareWord

# What words without a group are called, beside words with one.
OTHERS = "others"


class PlotQuery(NamedTuple):
    """What is drawn, and how its places were computed.

    words: those named, as typed. method: pca, tsne or axes. fit: what the principal components are of, `words` or
    `vocabulary` (pca only). expression: the word or expression whose neighbours or analogy are drawn, if any; k: how
    many. top: how many of the most frequent words are drawn. unit: whether the vectors were scaled to unit length, as
    the terms of a query are. perplexity, seed: of t-SNE only. orthogonal: whether the second of two given axes was made
    perpendicular to the first. angle: between two given axes in degrees, before that.
    """

    words: tuple[str, ...]
    method: str
    fit: str | None = None
    expression: str | None = None
    k: int | None = None
    top: int | None = None
    unit: bool | None = None
    perplexity: Length | None = None
    seed: int | None = None
    orthogonal: bool | None = None
    angle: Share | None = None
    resolved: Mapping[str, str] | None = None
    rare: tuple[RareWord, ...] | None = None
    skipped: tuple[str, ...] | None = None


class Point(NamedTuple):
    """A word at its place. group: its name, for the colour. cosine: to the query; None without one."""

    word: str
    x: Length
    y: Length
    group: str | None
    cosine: Share | None = None


class Axis(NamedTuple):
    """An axis: its name (PC1, an expression, t-SNE 1), and the share of the variance that it explains (pca only)."""

    name: str
    explained: Share | None


class Arrow(NamedTuple):
    """An arrow from one word to another. cosine: of its difference, in the whole space, with the first one."""

    start: str
    end: str
    cosine: Share


@displayed
class Plot(NamedTuple):
    """The record of `plot`."""

    schema: str
    model: ModelCard
    query: PlotQuery
    results: tuple[Point, ...]
    axes: tuple[Axis, ...]
    arrows: tuple[Arrow, ...] = ()
