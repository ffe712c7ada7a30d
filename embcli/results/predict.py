"""The records of `predict`."""

from typing import NamedTuple

from embcli.results.display import displayed
from embcli.results.model_card import ModelCard
from embcli.results.numbers import Coordinate, Length, Score, Share
from embcli.results.tokens import TextToken


class PredictionQuery(NamedTuple):
    """A question for the next token, or the one at a mask. position: of the vector that is unembedded, from 0."""

    text: str
    context: int
    temperatures: tuple[Score, ...]
    k: int
    position: int
    masked: bool
    truncated: int | None = None
    seed: int | None = None


class Predicted(NamedTuple):
    """A token that may come next: its rank among all tokens, its logit, and its probability at each temperature."""

    rank: int
    token: str
    id: int
    logit: Length
    probabilities: tuple[Share, ...]


class LensRow(NamedTuple):
    """What the unembedding makes of a layer: its first token with its probability, and the rank of the final answer."""

    layer: int
    token: str
    probability: Share
    rank_of_answer: int


class SharedRow(NamedTuple):
    """The first numbers of a token's row of W_E and of W_U, and whether all numbers of both matrices are equal."""

    token: str
    embedding: tuple[Coordinate, ...]
    unembedding: tuple[Coordinate, ...]


class Sample(NamedTuple):
    """A continuation drawn by its probabilities.

    log_probability: the natural logarithm of the probability of all its tokens together, at the question's temperature.
    """

    text: str
    tokens: tuple[TextToken, ...]
    log_probability: Length


@displayed
class Prediction(NamedTuple):
    """The record of `predict`. entropy: in bits, of all tokens, one for each temperature. tied: whether W_U is W_E."""

    schema: str
    model: ModelCard
    query: PredictionQuery
    results: tuple[Predicted, ...]
    entropy: tuple[Share, ...]
    tokens: tuple[TextToken, ...]
    tied: bool
    rows: SharedRow
    lens: tuple[LensRow, ...] | None = None
    samples: tuple[Sample, ...] | None = None
