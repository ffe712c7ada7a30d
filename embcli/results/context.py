"""The records of `context`."""

from typing import NamedTuple

from embcli.results.display import displayed
from embcli.results.model_card import ModelCard
from embcli.results.numbers import Length, Share
from embcli.results.words import WordAndCosine


class ContextQuery(NamedTuple):
    """A question for what a token means at each layer.

    focus: as typed. positions: of the focus in each text. dictionary: how many words the layers were compared with.
    truncated: how many of the oldest tokens of each text were dropped; None if no text was too long.
    """

    texts: tuple[str, ...]
    focus: str
    positions: tuple[int, ...]
    layers: tuple[int, ...]
    dictionary: int
    k: int
    causal: bool
    truncated: tuple[int, ...] | None = None


class LayerMeaning(NamedTuple):
    """The focus at a layer: its norm, and the words of the layer dictionary that are nearer than noise.

    noise: the 99.9th percentile of the cosines of random pairs of dictionary words at this layer; None without one.
    """

    text: int
    layer: int
    norm: Length
    neighbors: tuple[WordAndCosine, ...]
    noise: Share | None


class VisibleToken(NamedTuple):
    """A token of a text, and whether the focus can read it."""

    id: int
    token: str
    visible: bool


class LayerCosine(NamedTuple):
    """How similar the focus is in two texts at a layer.

    cosine: of the vectors. centered: of the vectors minus the layer's mean. baseline: the mean cosine of random words.
    Without a layer dictionary the last two are None.
    """

    a: int
    b: int
    layer: int
    cosine: Share
    centered: Share | None
    baseline: Share | None


class GainedToken(NamedTuple):
    """A likely token whose log p after a text is more than its mean after all texts.

    gain: the difference of natural logarithms. probability: after this text.
    """

    text: int
    token: str
    gain: Length
    probability: Share


@displayed
class Contexts(NamedTuple):
    """The record of `context`."""

    schema: str
    model: ModelCard
    query: ContextQuery
    results: tuple[LayerMeaning, ...]
    tokens: tuple[tuple[VisibleToken, ...], ...]
    comparisons: tuple[LayerCosine, ...]
    warnings: tuple[str, ...]
    gained: tuple[GainedToken, ...] | None = None
