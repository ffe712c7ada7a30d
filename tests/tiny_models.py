"""The tiny models of `make_models.py`, what transformers computes of them, and the same models as GGUF files."""

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from embcli.transformer.checkpoint import Checkpoint

MODELS = Path(__file__).parent / "transformer" / "models"
FAMILIES = ("llama", "mistral", "qwen2", "qwen3", "gpt2", "bert", "encoder")
Array = np.ndarray[Any, Any]


def expected(name: str) -> dict[str, Array]:
    with np.load(MODELS / name / "expected.npz") as read:
        return dict(read)


def opened(name: str) -> Checkpoint:
    return Checkpoint(MODELS / name)


class Doubled(Checkpoint):
    """A checkpoint whose parameters are float64, so that rounding does not hide a mistake in a formula."""

    def read(self, name: str) -> Any:
        return super().read(name).astype(np.float64)

    def rows(self, name: str, start: int, stop: int) -> Any:
        return super().rows(name, start, stop).astype(np.float64)


# The names of our parameters in GGUF files, as llama.cpp's converter writes them.
OUTSIDE = {
    "W_E": "token_embd.weight", "W_pos": "position_embd.weight", "W_type": "token_types.weight",
    "norm_E": "token_embd_norm.weight", "bias_E": "token_embd_norm.bias", "final_norm": "output_norm.weight",
    "final_bias": "output_norm.bias", "W_U": "output.weight",
}  # fmt: skip
INSIDE = {
    "norm_1": "attn_norm.weight", "bias_1": "attn_norm.bias", "norm_2": "ffn_norm.weight", "bias_2": "ffn_norm.bias",
    "W_Q": "attn_q.weight", "W_K": "attn_k.weight", "W_V": "attn_v.weight", "b_Q": "attn_q.bias",
    "b_K": "attn_k.bias", "b_V": "attn_v.bias", "W_O": "attn_output.weight", "b_O": "attn_output.bias",
    "q_norm": "attn_q_norm.weight", "k_norm": "attn_k_norm.weight", "W_gate": "ffn_gate.weight",
    "W_in": "ffn_up.weight", "b_in": "ffn_up.bias", "W_out": "ffn_down.weight", "b_out": "ffn_down.bias",
    "W_QKV": "attn_qkv.weight", "b_QKV": "attn_qkv.bias",
}  # fmt: skip
OF_BERT = {
    "norm_1": "attn_output_norm.weight", "bias_1": "attn_output_norm.bias", "norm_2": "layer_output_norm.weight",
    "bias_2": "layer_output_norm.bias",
}  # fmt: skip


def write_gguf(name: str, path: Path, **changes: Any) -> Path:
    """A tiny model as a GGUF file in float32, by the library `gguf`. changes: of the metadata; None omits a key."""
    model = opened(name)
    c, kind = model.config, "llama" if name == "mistral" else model.config.kind
    facts: dict[str, Any] = {
        "block_count": c.blocks, "embedding_length": c.d, "feed_forward_length": c.mlp, "context_length": c.context,
        "attention.head_count": c.heads, "attention.head_count_kv": c.key_heads,
        f"attention.layer_norm{'_rms' if c.family == 'llama' else ''}_epsilon": c.epsilon,
    }  # fmt: skip
    if c.family == "llama":
        facts |= {"rope.freq_base": c.theta, "attention.key_length": c.head_dim, "attention.value_length": c.head_dim}
    writer = gguf.GGUFWriter(path, kind)
    for key, value in (facts | changes).items():
        add: dict[type, Any] = {int: writer.add_uint32, float: writer.add_float32, str: writer.add_string}
        if value is not None:
            add[type(value)](f"{kind}.{key}", value)
    _add_tokenizer(writer, name)
    for ours in model.places:
        short = ours.rpartition(".")[2]
        if ours.startswith("blocks."):
            theirs = (OF_BERT | {} if c.family == "bert" else {}).get(short) or INSIDE[short]
            theirs = f"blk.{ours.split('.')[1]}.{theirs}"
        elif ours in OUTSIDE:
            theirs = OUTSIDE[ours]
        else:
            continue  # the head of BERT, which GGUF files do not have
        numbers = np.ascontiguousarray(model.read(ours))
        if kind == "llama" and short in ("W_Q", "W_K"):  # llama.cpp rotates neighbouring numbers
            heads = c.heads if short == "W_Q" else c.key_heads
            numbers = numbers.reshape(heads, 2, -1, c.d).swapaxes(1, 2).reshape(numbers.shape)
        writer.add_tensor(theirs, np.ascontiguousarray(numbers))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_tokenizer(writer: Any, name: str) -> None:
    folder = MODELS / name
    if (folder / "vocab.txt").exists():
        pieces = (folder / "vocab.txt").read_text().split()
        special = {piece for piece in pieces if piece.startswith("[")}
        tokens = [piece if piece in special else piece[2:] if piece[:2] == "##" else f"▁{piece}" for piece in pieces]
        writer.add_tokenizer_model("bert")
        writer.add_token_list(tokens)
        writer.add_token_types([3 if piece in special else 1 for piece in pieces])
        return
    read = json.loads((folder / "tokenizer.json").read_text())
    tokens = sorted(read["model"]["vocab"], key=read["model"]["vocab"].__getitem__)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([3 if token.startswith("<|") else 1 for token in tokens])
    writer.add_token_merges([" ".join(merge) for merge in read["model"]["merges"]])
    writer.add_eos_token_id(0)
