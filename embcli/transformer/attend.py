"""What attention reads: the pattern of a head, step by step, and what the head adds to the residual stream."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from embcli.errors import UsageProblem
from embcli.results.attend import Attended, AttentionQuery, HeadChange, ReadingHead, ReadToken, Value
from embcli.results.model_card import ModelCard
from embcli.transformer.forward import Attention, BlockParameters, Step, head_change, head_values, softmax_rows
from embcli.transformer.model import Text, Transformer
from embcli.transformer.tokens import find_focus, focus_warnings, listed
from embcli.vectors.arithmetic import Float32Array

LISTED_HEADS = 3  # for each visible token


class AttendQuestion(NamedTuple):
    """A question for what a focus reads: with one head's pattern, or, without `head`, the heads that read most."""

    text: str
    focus: str
    layer: int | None = None
    head: int | None = None
    temperature: float = 1.0
    truncate: bool = False


def answer(model: Transformer, question: AttendQuestion) -> Attended:
    """The pattern of one head, or the heads that read most from each visible token. Raises UsageProblem.

    The weights of a head are softmax(q · k / √head_dim / T) over the tokens that the focus can read. Layers and heads
    are counted from 0; the layer is the index of the block, which reads the residual stream of the same number.
    """
    config = model.config
    for name, number, count in (("layer", question.layer, config.blocks), ("head", question.head, config.heads)):
        if number is not None and not 0 <= number < count:
            raise UsageProblem(f"there is no {name} {number}: {model.name} has {count}", f"count from 0 to {count - 1}")
    if question.head is not None and question.layer is None:
        raise UsageProblem("--head needs a layer", f"for example --layer 0 --head {question.head}")
    if not question.temperature > 0:
        raise UsageProblem("the temperature of attention must be more than 0", "for example -T 2")
    if question.temperature != 1 and question.head is None:
        raise UsageProblem("-T scales the softmax of one head", "add --layer L --head H")
    text = model.read(question.text, truncate=question.truncate)
    found = find_focus(model, text, question.focus)
    focus, warnings = found.last, focus_warnings(model, text, question.focus, found)
    steps = list(model.steps(text))
    query = AttentionQuery(
        question.text,
        question.focus,
        focus,
        question.layer,
        question.head,
        question.temperature,
        text.truncated or None,
    )
    if question.head is None:
        heads = _reading_heads(model, text, steps, focus, question.layer)
        best = _most_telling(heads, focus)
        layer, head = best.layer, best.head
    else:
        heads, layer, head = None, int(question.layer or 0), question.head
    step = steps[layer]
    block = model.checkpoint.block(layer)
    change = _change(step, block, head, focus) if question.temperature == 1 else None
    scores, dots = step.attention.scores[head], _dots(steps[0].before, focus)
    scaled = scores / np.float32(question.temperature)
    pattern = softmax_rows(scaled)  # [query, key]
    tokens = listed(model, text.ids)
    results = tuple(
        ReadToken(
            token.position,
            token.token,
            float(pattern[focus, i]),
            bool(np.isfinite(scores[focus, i])),
            _finite(scores[focus, i] * np.sqrt(config.head_dim)),
            _finite(scaled[focus, i]),
            float(dots[i]),
        )
        for i, token in enumerate(tokens)
    )
    return Attended(
        "embcli.attend/1", ModelCard.of(model), query, results, layer, head,
        tuple(tuple(float(x) for x in row) for row in pattern), heads, change,
        _values(step.attention, block, head, results), warnings=warnings or None,
    )  # fmt: skip


def _finite(number: np.floating) -> float | None:
    return float(number) if np.isfinite(number) else None


def _dots(x: Float32Array, focus: int) -> Float32Array:
    """E · E: the dot products of the embeddings (layer 0) with that of the focus [n]."""
    return np.asarray(x @ x[focus])


def _reading_heads(
    model: Transformer, text: Text, steps: list[Step], focus: int, layer: int | None
) -> tuple[ReadingHead, ...]:
    """For each visible token the heads whose focus reads it most.

    Beside each weight stand the head's mean weights on the previous token and on token 0, over all queries: a head that
    always reads the previous token says nothing of this text, and most heads rest on token 0.
    """
    layers = range(len(steps)) if layer is None else [layer]
    found = []
    tokens = listed(model, text.ids)
    patterns = np.stack([steps[i].attention.pattern for i in layers])  # [layers, heads, query, key]
    count = len(text.ids)
    previous = patterns[:, :, np.arange(1, count), np.arange(count - 1)].mean(axis=-1) if count > 1 else None
    first = patterns[:, :, 1:, 0].mean(axis=-1) if count > 1 else patterns[:, :, :, 0].mean(axis=-1)
    for key in range(count if not model.is_causal else focus + 1):
        weights = patterns[:, :, focus, key]
        for place in np.argsort(-weights, axis=None, kind="stable")[:LISTED_HEADS]:
            i, head = divmod(int(place), weights.shape[1])
            found.append(
                ReadingHead(
                    key, tokens[key].token, layers[i], head, float(weights[i, head]),
                    0.0 if previous is None else float(previous[i, head]), float(first[i, head]),
                )
            )  # fmt: skip
    return tuple(found)


def _most_telling(heads: tuple[ReadingHead, ...], focus: int) -> ReadingHead:
    """The head that reads most from another token than token 0, beyond what it reads from any previous token."""
    others = [one for one in heads if one.position not in (0, focus)] or list(heads)
    return max(others, key=lambda one: one.weight - (one.mean_previous if one.position == focus - 1 else 0))


def _values(attended: Attention, block: BlockParameters, head: int, tokens: Sequence[ReadToken]) -> tuple[Value, ...]:
    """The values of the tokens that the focus can read, and what each of them adds to it by its weight."""
    values, outputs = head_values(attended, block, head)  # [m, head_dim], [m, d]
    return tuple(
        Value(
            token.position,
            token.token,
            tuple(float(x) for x in value),
            float(np.linalg.norm(value)),
            float(np.linalg.norm(output)),
            float(np.linalg.norm(token.weight * output)),
        )
        for token, value, output in zip(tokens, values, outputs, strict=True)
        if token.visible
    )


def _change(step: Step, block: BlockParameters, head: int, focus: int) -> HeadChange:
    """What a head, all heads and the MLP add to the focus; and that the heads' changes add up to the block's."""
    changes = [head_change(step.attention, block, each)[focus] for each in range(len(step.attention.pattern))]
    together = np.sum(changes, axis=0) + block.get("b_O", np.float32(0))
    whole = step.attention.change[focus]
    error = float(np.abs(together - whole).max() / max(float(np.abs(whole).max()), 1e-30))
    of_head, attention, mlp, before = (
        float(np.linalg.norm(x)) for x in (changes[head], whole, step.mlp[focus], step.before[focus])
    )
    return HeadChange(of_head, attention, mlp, before, error, tuple(float(x) for x in changes[head]))
