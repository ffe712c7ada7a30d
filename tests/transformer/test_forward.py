"""The forward pass computes what transformers computes, in every family, from folders and from GGUF files."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from tiny_models import FAMILIES, MODELS, Array, Doubled, expected, opened, write_gguf

from embcli.transformer.checkpoint import Checkpoint
from embcli.transformer.forward import (
    Past,
    Step,
    attention,
    final_norm,
    forward,
    head_change,
    is_norm_first,
    logits,
    mlp,
    norm,
    rotate,
    softmax_rows,
    visible_tokens,
)


def relative(found: Array, wanted: Array) -> float:
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())


def check(model: Checkpoint, wanted: dict[str, Array], limit: float) -> list[Step]:
    steps = list(forward(model, wanted["ids"]))
    for step, hidden, pattern in zip(steps, wanted["hidden"], wanted["attention"], strict=False):
        assert relative(step.before, hidden) < limit
        assert relative(step.attention.pattern, pattern) < limit
    assert relative(final_norm(model, steps[-1].after), wanted["hidden"][-1]) < limit
    if "logits" in wanted and model.has_unembedding:
        assert relative(logits(model, steps[-1].after), wanted["logits"]) < limit
    return steps


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_computes_what_transformers_computes(name: str) -> None:
    check(opened(name), expected(name), 2e-6)  # the rounding of float32


@pytest.mark.parametrize("name", FAMILIES)
def test_every_formula_is_that_of_transformers(name: str) -> None:
    check(Doubled(MODELS / name), expected(name), 1e-6)  # transformers rounds the angles of RoPE to float32


@pytest.mark.parametrize("name", FAMILIES)
def test_a_gguf_file_of_the_same_numbers_computes_the_same(name: str, tmp_path: Path) -> None:
    check(Checkpoint(write_gguf(name, tmp_path / "tiny.gguf")), expected(name), 2e-6)


@pytest.mark.parametrize("name", [name for name in FAMILIES if name not in ("bert", "encoder")])
def test_a_text_in_two_parts_with_a_cache_is_the_text_in_one(name: str) -> None:
    model, wanted = opened(name), expected(name)
    past: Past = []
    first = [*forward(model, wanted["ids"][:4], past=past)]
    second = [*forward(model, wanted["ids"][4:], past=past)]
    whole = np.concatenate([first[-1].after, second[-1].after])
    assert relative(final_norm(model, whole), wanted["hidden"][-1]) < 2e-6
    assert second[0].attention.pattern.shape[1:] == (len(wanted["ids"]) - 4, len(wanted["ids"]))


@pytest.mark.parametrize("name", FAMILIES)
def test_the_changes_of_the_heads_add_up_to_that_of_the_attention(name: str) -> None:
    model = opened(name)
    for number, step in enumerate(forward(model, expected(name)["ids"])):
        block = model.block(number)
        together = np.sum([head_change(step.attention, block, head) for head in range(model.config.heads)], axis=0)
        assert relative(together + block.get("b_O", 0), step.attention.change) < 1e-5


@pytest.mark.parametrize("name", FAMILIES)
def test_the_residual_stream_is_what_attention_and_mlp_add(name: str) -> None:
    model = opened(name)
    steps = list(forward(model, expected(name)["ids"]))
    assert all(step.after is after.before for step, after in pairwise(steps))
    for number, step in enumerate(steps):
        if is_norm_first(model.config):
            assert np.allclose(step.before + step.attention.change + step.mlp, step.after, rtol=1e-5, atol=1e-5)
        else:
            block = model.block(number)
            middle = norm(step.before + step.attention.change, block, "norm_1", "bias_1", model.config)
            assert np.allclose(mlp(middle, block, model.config), step.mlp, rtol=1e-5, atol=1e-5)


def test_a_masked_batch_of_words_is_each_word_by_itself() -> None:
    """The layer dictionary reads many words behind one prefix; each sees the prefix and itself."""
    model = opened("llama")
    prefix, words = [5, 9, 31], [40, 41, 77]
    count = len(prefix)
    visible = np.zeros((count + 3, count + 3), bool)
    visible[:count, :count] = np.tri(count)
    visible[count:, :count] = True
    visible[count:, count:] = np.eye(3)
    together = [*forward(model, np.array(prefix + words), positions=np.array([0, 1, 2, 3, 3, 3]), visible=visible)]
    for place, one in enumerate(words):
        alone = [*forward(model, np.array([*prefix, one]))]
        assert np.allclose(together[-1].after[count + place], alone[-1].after[-1], rtol=1e-4, atol=1e-5)


def test_a_causal_pattern_is_zero_after_the_query_and_sums_to_one() -> None:
    for step in forward(opened("qwen3"), expected("qwen3")["ids"]):
        pattern = step.attention.pattern
        assert np.allclose(pattern.sum(axis=-1), 1, atol=1e-6)
        assert (pattern[:, ~visible_tokens(pattern.shape[1], causal=True)] == 0).all()


def test_rotation_turns_pairs_by_their_position() -> None:
    """By hand: with head_dim 2 and theta 1, the pair (1, 0) at position p becomes (cos p, sin p)."""
    turned = rotate(np.array([[[1, 0], [1, 0]]], np.float32), np.array([0, 2]), 1.0)
    assert np.allclose(turned, [[[1, 0], [np.cos(2), np.sin(2)]]], atol=1e-7)


def test_attention_by_hand() -> None:
    """One head of length 1 with W = 1: q · k is the product of two numbers."""
    config = opened("llama").config._replace(heads=1, key_heads=1, head_dim=1, d=1, theta=None)
    block = {name: np.ones((1, 1), np.float32) for name in ("W_Q", "W_K", "W_V", "W_O")}
    x = np.array([[0], [np.log(3)]], np.float32)
    found = attention(x, block, config, np.arange(2), visible_tokens(2, causal=True))
    weight = 3 ** np.log(3) / (1 + 3 ** np.log(3))
    assert np.allclose(found.pattern[0], [[1, 0], [1 - weight, weight]])
    assert found.change[1, 0] == pytest.approx(weight * np.log(3))


def test_softmax_of_rows_ignores_what_is_not_visible() -> None:
    assert softmax_rows(np.array([[0, 0, -np.inf]], np.float32)).tolist() == [[0.5, 0.5, 0]]
