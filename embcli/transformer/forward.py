"""The forward pass of a transformer, as the lessons tell it.

A text is n tokens. Each token's row of the embedding matrix W_E starts its residual stream, a vector of d numbers.
Every block adds to it: attention moves information between tokens, the MLP transforms each token by itself. At the end
the unembedding W_U turns the last vector into a logit for each token of the vocabulary.

    layer 0        x = W_E[id]                                 (+ positions, in GPT-2 and BERT)
    layer i + 1    x = x + attention(norm_1(x));  x = x + mlp(norm_2(x))       Llama and GPT-2
                   x = norm_1(x + attention(x));  x = norm_2(x + mlp(x))       BERT
    logits         W_U final_norm(x)

One head of attention, with queries, keys and values of head_dim numbers (Vaswani et al. 2017,
arxiv.org/abs/1706.03762):

    q = W_Q x,  k = W_K x,  v = W_V x,  pattern = softmax(q · k / √head_dim),  change = W_O (pattern v)

Matrices are [out, in], so that a row vector x is mapped by x @ W.T. Shapes stand at the tensors.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from embcli.transformer.checkpoint import Checkpoint
from embcli.transformer.configuration import Configuration
from embcli.vectors.arithmetic import Float32Array, IntArray

BlockParameters = Mapping[str, Float32Array]
Visible = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


class Attention(NamedTuple):
    """What the heads of a block compute for a text of n tokens, of which m are visible in all.

    q, k, v: [heads, n or m, head_dim]; scores and pattern: [heads, n, m], -inf and 0 where a token is not visible;
    mixed: the sums of values [heads, n, head_dim]; change: what all heads together add [n, d].
    """

    q: Float32Array
    k: Float32Array
    v: Float32Array
    scores: Float32Array
    pattern: Float32Array
    mixed: Float32Array
    change: Float32Array


class Step(NamedTuple):
    """A block's work: the residual stream before and after it, its attention, the change of its MLP, [n, d] each."""

    before: Float32Array
    attention: Attention
    mlp: Float32Array
    after: Float32Array


# From this size on, scipy is faster, although its import takes a tenth of a second.
FEW_NUMBERS = 200_000

Past = list[tuple[Float32Array, Float32Array]]  # of each block, keys and values of the tokens before


def forward(
    model: Checkpoint,
    ids: IntArray,
    *,
    positions: IntArray | None = None,
    visible: Visible | None = None,
    past: Past | None = None,
    blocks: Sequence[BlockParameters] | None = None,
) -> Iterator[Step]:
    """The steps of the forward pass over the tokens `ids` [n], one a block.

    positions: of the tokens [n], by default 0, 1, … after the past. visible: which tokens each may read [n, m]; by
    default all before it and itself, or all in BERT. past: keys and values of earlier tokens; it is extended. blocks:
    parameters that were read before; without them, each block is read for its step and dropped.
    """
    config = model.config
    before = past[0][0].shape[1] if past else 0
    if positions is None:
        positions = before + np.arange(len(ids))
    if visible is None:
        visible = visible_tokens(len(ids), before, causal=config.family != "bert")
    x = embed(model, ids, positions)  # [n, d]
    for number in range(config.blocks):
        block = model.block(number) if blocks is None else blocks[number]
        earlier = past[number] if past and number < len(past) else None
        attended = attention(norm(x, block, "norm_1", "bias_1", config) if is_norm_first(config) else x,
                             block, config, positions, visible, earlier)  # fmt: skip
        if past is not None:
            past[number : number + 1] = [(attended.k, attended.v)]
        if is_norm_first(config):
            middle = x + attended.change
            change = mlp(norm(middle, block, "norm_2", "bias_2", config), block, config)
            after = middle + change
        else:
            middle = norm(x + attended.change, block, "norm_1", "bias_1", config)
            change = mlp(middle, block, config)
            after = norm(middle + change, block, "norm_2", "bias_2", config)
        yield Step(x, attended, change, after)
        x = after


def embed(model: Checkpoint, ids: IntArray, positions: IntArray) -> Float32Array:
    """Layer 0 of the residual stream [n, d]: rows of W_E, with what marks positions added in GPT-2 and BERT."""
    x = np.concatenate([model.rows("W_E", int(i), int(i) + 1) for i in ids])
    if "W_pos" in model:
        x = x + model.read("W_pos")[positions]
    if "W_type" in model:  # the first of two segments
        x = x + model.read("W_type")[0]
        block = {name: model.read(name) for name in ("norm_E", "bias_E")}
        x = norm(x, block, "norm_E", "bias_E", model.config)
    return x


def attention(
    x: Float32Array,
    block: BlockParameters,
    config: Configuration,
    positions: IntArray,
    visible: Visible,
    past: tuple[Float32Array, Float32Array] | None = None,
) -> Attention:
    """All heads of a block for vectors x [n, d]."""
    q = _heads(x, block, "Q", config.heads)  # [heads, n, head_dim]
    k = _heads(x, block, "K", config.key_heads)  # [key_heads, n, head_dim]
    v = _heads(x, block, "V", config.key_heads)
    if "q_norm" in block:
        q, k = (root_mean_square(each, block[name], config.epsilon) for each, name in ((q, "q_norm"), (k, "k_norm")))
    if config.theta is not None:
        q, k = rotate(q, positions, config.theta), rotate(k, positions, config.theta)
    if past is not None:
        k, v = (np.concatenate(pair, axis=1) for pair in zip(past, (k, v), strict=True))
    shared = config.heads // config.key_heads  # so many heads share keys and values
    keys, values = np.repeat(k, shared, axis=0), np.repeat(v, shared, axis=0)  # [heads, m, head_dim]
    scores = q @ keys.swapaxes(1, 2) / np.float32(math.sqrt(config.head_dim))  # [heads, n, m]
    scores = np.where(visible, scores, np.float32(-np.inf))
    pattern = softmax_rows(scores)
    mixed = pattern @ values  # [heads, n, head_dim]
    joined = mixed.swapaxes(0, 1).reshape(len(x), -1)  # [n, heads · head_dim]
    return Attention(q, k, v, scores, pattern, mixed, _linear(joined, block, "W_O", "b_O"))


def head_change(attended: Attention, block: BlockParameters, head: int) -> Float32Array:
    """What one head adds to the residual stream [n, d]: W_O's columns of this head times its sums of values."""
    head_dim = attended.mixed.shape[2]
    columns = block["W_O"][:, head * head_dim : (head + 1) * head_dim]  # [d, head_dim]
    return np.asarray(attended.mixed[head] @ columns.T)


def head_values(attended: Attention, block: BlockParameters, head: int) -> tuple[Float32Array, Float32Array]:
    """One head's values v = W_V x of all m visible tokens [m, head_dim], and W_O v, what each proposes [m, d].

    What the head adds to a token is the sum of these, times the weights of its row of the pattern.
    """
    shared = len(attended.pattern) // len(attended.v)  # heads that share values
    values = attended.v[head // shared]
    head_dim = values.shape[1]
    return values, np.asarray(values @ block["W_O"][:, head * head_dim : (head + 1) * head_dim].T)


def mlp(x: Float32Array, block: BlockParameters, config: Configuration) -> Float32Array:
    """The MLP of a block [n, d]: W_out f(W_in x), or W_out (f(W_gate x) * W_in x) in Llama."""
    hidden = _linear(x, block, "W_in", "b_in")  # [n, mlp]
    if "W_gate" in block:
        hidden = ACTIVATION_FUNCTIONS[config.activation](x @ block["W_gate"].T) * hidden
    else:
        hidden = ACTIVATION_FUNCTIONS[config.activation](hidden)
    return _linear(hidden, block, "W_out", "b_out")


def logits(model: Checkpoint, x: Float32Array) -> Float32Array:
    """The unembedding of final vectors x [n, d]: a logit for each token of the vocabulary [n, vocabulary].

    W_U is W_E in models whose matrices are tied.
    """
    config, x = model.config, final_norm(model, x)
    if config.family == "bert":
        head = {name: model.read(name) for name in ("W_head", "b_head", "norm_head", "bias_head")}
        x = ACTIVATION_FUNCTIONS[config.activation](_linear(x, head, "W_head", "b_head"))
        x = norm(x, head, "norm_head", "bias_head", config)
    name = "W_U" if "W_U" in model else "W_E"
    found = np.empty((len(x), model.shape(name)[0]), np.float32)
    for start, rows in model.row_blocks(name):
        found[:, start : start + len(rows)] = x @ rows.T
    return found + model.read("b_U") if "b_U" in model else found


def final_norm(model: Checkpoint, x: Float32Array) -> Float32Array:
    """The norm between the last layer and the unembedding [n, d]; BERT has none here."""
    if "final_norm" not in model:
        return x
    weights = {name: model.read(name) for name in ("final_norm", "final_bias") if name in model}
    return norm(x, weights, "final_norm", "final_bias", model.config)


def visible_tokens(count: int, before: int = 0, *, causal: bool) -> Visible:
    """Which of before + count tokens each of the last `count` may read [count, before + count].

    visible_tokens(2, causal=True)  # [[True, False], [True, True]]
    """
    shape = (count, before + count)
    return np.tri(*shape, k=before, dtype=bool) if causal else np.ones(shape, bool)


def is_norm_first(config: Configuration) -> bool:
    """Whether the norms stand before attention and MLP, as in Llama and GPT-2, or after the sum, as in BERT."""
    return config.family != "bert"


def norm(x: Float32Array, block: BlockParameters, weight: str, bias: str, config: Configuration) -> Float32Array:
    """RMSNorm, or LayerNorm where the block has a bias: x scaled to numbers of size 1, times a learned weight."""
    if bias not in block:
        return root_mean_square(x, block[weight], config.epsilon)
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred * centred).mean(axis=-1, keepdims=True)
    return np.asarray(centred / np.sqrt(variance + np.float32(config.epsilon)) * block[weight] + block[bias])


def root_mean_square(x: Float32Array, weight: Float32Array, epsilon: float) -> Float32Array:
    """RMSNorm: x / √(mean(x²) + ε) · weight (Zhang and Sennrich 2019, arxiv.org/abs/1910.07467)."""
    return np.asarray(x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + np.float32(epsilon)) * weight)


def rotate(x: Float32Array, positions: IntArray, theta: float) -> Float32Array:
    """RoPE (Su et al. 2021, arxiv.org/abs/2104.09864): pairs of numbers of x [heads, n, head_dim] turned by their
    position.

    Number i and number i + head_dim / 2 are a pair, turned by position / theta^(2i / head_dim) radians, so that q · k
    depends on the distance of two tokens.
    """
    half = x.shape[-1] // 2
    frequencies = theta ** (-np.arange(half, dtype=np.float64) / half)
    angles = positions[:, None] * frequencies  # [n, head_dim / 2]
    cos, sin = np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)
    first, second = x[..., :half], x[..., half:]
    return np.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1)


def softmax_rows(scores: Float32Array) -> Float32Array:
    """exp(z) / Σ exp(z) along the last axis; -inf becomes 0."""
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def silu(x: Float32Array) -> Float32Array:
    """x · sigmoid(x), also called swish."""
    with np.errstate(over="ignore"):  # exp(-x) of a very negative x is infinite, and the result is -0
        return np.asarray(x / (1 + np.exp(-x)))


def gelu(x: Float32Array) -> Float32Array:
    """x · Φ(x), with the distribution function Φ of the normal distribution (Hendrycks and Gimpel 2016)."""
    scaled = x * np.float32(math.sqrt(0.5))
    if x.size < FEW_NUMBERS:
        phi = np.fromiter(map(math.erf, scaled.reshape(-1)), np.float32, x.size).reshape(x.shape)
    else:
        from scipy.special import erf

        phi = erf(scaled)
    return np.asarray(np.float32(0.5) * x * (1 + phi))


def gelu_tanh(x: Float32Array) -> Float32Array:
    """The approximation of GELU by tanh that GPT-2 was trained with."""
    inner = np.float32(math.sqrt(2 / math.pi)) * (x + np.float32(0.044715) * x * x * x)
    return np.asarray(np.float32(0.5) * x * (1 + np.tanh(inner)))


def relu(x: Float32Array) -> Float32Array:
    """max(x, 0)."""
    return np.maximum(x, np.float32(0))


ACTIVATION_FUNCTIONS = {"silu": silu, "gelu": gelu, "gelu_tanh": gelu_tanh, "relu": relu}


def _linear(x: Float32Array, block: BlockParameters, weight: str, bias: str) -> Float32Array:
    """W x + b for each row of x [n, in]: [n, out]."""
    mapped = x @ block[weight].T
    return mapped + block[bias] if bias in block else np.asarray(mapped)


def _heads(x: Float32Array, block: BlockParameters, kind: str, heads: int) -> Float32Array:
    """Queries, keys or values (`kind` Q, K or V) of each head [heads, n, head_dim]."""
    mapped = _linear(x, block, f"W_{kind}", f"b_{kind}")  # [n, heads · head_dim]
    return mapped.reshape(len(x), heads, -1).swapaxes(0, 1)
