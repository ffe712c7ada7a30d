"""The records of the commands that ask transformers."""

from collections.abc import Mapping
from typing import NamedTuple

from embcli.results.display import displayed
from embcli.results.numbers import Coordinate, Length, Score, Share
from embcli.results.queries import ModelCard


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


class WordAndCosine(NamedTuple):
    """A word and its cosine."""

    word: str
    cosine: Share


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


class AttentionQuery(NamedTuple):
    """A question for what a token reads. position: of the focus. temperature: that of the softmax."""

    text: str
    focus: str
    position: int
    layer: int | None
    head: int | None
    temperature: Score
    truncated: int | None = None
    resolved: Mapping[str, str] | None = None


class ReadToken(NamedTuple):
    """A token that the focus reads: q · k, that divided by √head_dim and the temperature, and the weight.

    dot: the plain dot product of the two embeddings E · E.
    """

    position: int
    token: str
    weight: Share
    visible: bool
    query_key: Length | None
    scaled: Length | None
    dot: Length


class ReadingHead(NamedTuple):
    """A head that reads a visible token most: its weight, beside its mean weights on the previous token and token 0."""

    position: int
    token: str
    layer: int
    head: int
    weight: Share
    mean_previous: Share
    mean_first: Share


class Value(NamedTuple):
    """What a head proposes to the focus for a token: the token's value v = W_V x, mapped by W_O, times its weight.

    value: v [head_dim]. norm: of v. output: the norm of W_O v. added: that of weight · W_O v, which the head adds.
    """

    position: int
    token: str
    value: tuple[Coordinate, ...]
    norm: Length
    output: Length
    added: Length


class HeadChange(NamedTuple):
    """What is added to the focus: norms of the head's change, of all heads', of the MLP's, and the error of the sum.

    vector: the head's change itself [d], the sum of weight · W_O v over the tokens.
    """

    head: Length
    attention: Length
    mlp: Length
    before: Length
    sum_error: Length
    vector: tuple[Coordinate, ...] = ()


@displayed
class Attended(NamedTuple):
    """The record of `attend`. pattern: rows are queries, columns keys."""

    schema: str
    model: ModelCard
    query: AttentionQuery
    results: tuple[ReadToken, ...]
    layer: int | None
    head: int | None
    pattern: tuple[tuple[Share, ...], ...]
    heads: tuple[ReadingHead, ...] | None = None
    change: HeadChange | None = None
    values: tuple[Value, ...] | None = None
    before: tuple[WordAndCosine, ...] | None = None
    after: tuple[WordAndCosine, ...] | None = None
    warnings: tuple[str, ...] | None = None


class ShapesQuery(NamedTuple):
    """What is counted. leaves_out: what the count omits, in words."""

    name: str
    family: str
    batch: int
    sequence: int
    leaves_out: str | None = None


class Matrix(NamedTuple):
    """Matrices of one kind: rows × columns, how many there are, their parameters in all, and their share of all."""

    name: str
    rows: int
    columns: int
    count: int  # type: ignore[assignment]  # `tuple.count` is of no use here
    parameters: int
    share: Share
    part: str


class Product(NamedTuple):
    """The shapes of a product for one sequence and for a batch."""

    product: str
    sequence: tuple[int, ...]
    batch: tuple[int, ...]


@displayed
class Shapes(NamedTuple):
    """The record of `shapes`. parameters: in all; per_head, per_block: of one attention head, of one block."""

    schema: str
    model: ModelCard | None
    query: ShapesQuery
    results: tuple[Matrix, ...]
    parameters: int
    per_head: int
    per_block: int
    products: tuple[Product, ...]
