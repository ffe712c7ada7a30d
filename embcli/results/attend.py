"""The records of `attend`."""

from collections.abc import Mapping
from typing import NamedTuple

from embcli.results.display import displayed
from embcli.results.model_card import ModelCard
from embcli.results.numbers import Coordinate, Length, Score, Share
from embcli.results.words import WordAndCosine


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
