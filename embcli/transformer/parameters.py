"""The parameters of a transformer by their names in the lessons, and how each family and format names their tensors.

A linear map is stored as a matrix [out, in] with W x, as in the lessons: W_Q is 128 × 12,288 in GPT-3. Of a block:

    norm_1, norm_2      the weights of its norms; bias_1, bias_2 their biases, if the norm is a LayerNorm
    W_Q, W_K, W_V       queries, keys, values of all heads, one below the other; b_Q, b_K, b_V their biases
    W_O                 what the heads add to the residual stream (the lessons' value-up matrices side by side); b_O
    W_gate              of the gated MLP of Llama
    W_in, W_out         of the MLP; b_in, b_out
    q_norm, k_norm      of Qwen3, the norms of each query and key

Beside the blocks: W_E (embedding), W_pos and W_type (positions and segments), W_U (unembedding), final_norm, and for
the masked models W_head, b_head, norm_head, bias_head and b_U, the transformation before the unembedding.
"""

from collections.abc import Mapping
from typing import NamedTuple

from embcli.transformer.configuration import Configuration


class Names(NamedTuple):
    """Names of tensors in a Hugging Face folder and in a GGUF file; empty where the format has none."""

    folder: str
    gguf: str = ""


def _weight_and_bias(weight: str, bias: str, folder: str, gguf: str) -> dict[str, Names]:
    return {
        weight: Names(f"{folder}.weight", f"{gguf}.weight" if gguf else ""),
        bias: Names(f"{folder}.bias", f"{gguf}.bias" if gguf else ""),
    }


LLAMA_BLOCK = {
    "norm_1": Names("input_layernorm.weight", "attn_norm.weight"),
    **_weight_and_bias("W_Q", "b_Q", "self_attn.q_proj", "attn_q"),
    **_weight_and_bias("W_K", "b_K", "self_attn.k_proj", "attn_k"),
    **_weight_and_bias("W_V", "b_V", "self_attn.v_proj", "attn_v"),
    **_weight_and_bias("W_O", "b_O", "self_attn.o_proj", "attn_output"),
    "q_norm": Names("self_attn.q_norm.weight", "attn_q_norm.weight"),
    "k_norm": Names("self_attn.k_norm.weight", "attn_k_norm.weight"),
    "norm_2": Names("post_attention_layernorm.weight", "ffn_norm.weight"),
    "W_gate": Names("mlp.gate_proj.weight", "ffn_gate.weight"),
    "W_in": Names("mlp.up_proj.weight", "ffn_up.weight"),
    "W_out": Names("mlp.down_proj.weight", "ffn_down.weight"),
}
GPT2_BLOCK = {
    **_weight_and_bias("norm_1", "bias_1", "ln_1", "attn_norm"),
    **_weight_and_bias("W_QKV", "b_QKV", "attn.c_attn", "attn_qkv"),
    **_weight_and_bias("W_O", "b_O", "attn.c_proj", "attn_output"),
    **_weight_and_bias("norm_2", "bias_2", "ln_2", "ffn_norm"),
    **_weight_and_bias("W_in", "b_in", "mlp.c_fc", "ffn_up"),
    **_weight_and_bias("W_out", "b_out", "mlp.c_proj", "ffn_down"),
}
BERT_BLOCK = {
    **_weight_and_bias("W_Q", "b_Q", "attention.self.query", "attn_q"),
    **_weight_and_bias("W_K", "b_K", "attention.self.key", "attn_k"),
    **_weight_and_bias("W_V", "b_V", "attention.self.value", "attn_v"),
    **_weight_and_bias("W_O", "b_O", "attention.output.dense", "attn_output"),
    **_weight_and_bias("norm_1", "bias_1", "attention.output.LayerNorm", "attn_output_norm"),
    **_weight_and_bias("W_in", "b_in", "intermediate.dense", "ffn_up"),
    **_weight_and_bias("W_out", "b_out", "output.dense", "ffn_down"),
    **_weight_and_bias("norm_2", "bias_2", "output.LayerNorm", "layer_output_norm"),
}


class Family(NamedTuple):
    """The tensors of a family. prefix: what names may begin with; block: the path of block number {}.

    buffers: endings of names of tensors that are no parameters. beside: of parameters without a part in the forward
    pass, which are not read. transposed: parameters whose matrices the
    folders of the family store as [in, out].
    """

    prefix: str
    block: Names
    outside: Mapping[str, Names]
    inside: Mapping[str, Names]
    buffers: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    transposed: tuple[str, ...] = ()


FAMILY = {
    "llama": Family(
        "model.",
        Names("layers.{}.", "blk.{}."),
        {
            "W_E": Names("embed_tokens.weight", "token_embd.weight"),
            "final_norm": Names("norm.weight", "output_norm.weight"),
            "W_U": Names("lm_head.weight", "output.weight"),
        },
        LLAMA_BLOCK,
        buffers=("rotary_emb.inv_freq",),
    ),
    "gpt2": Family(
        "transformer.",
        Names("h.{}.", "blk.{}."),
        {
            "W_E": Names("wte.weight", "token_embd.weight"),
            "W_pos": Names("wpe.weight", "position_embd.weight"),
            **_weight_and_bias("final_norm", "final_bias", "ln_f", "output_norm"),
            "W_U": Names("lm_head.weight", "output.weight"),
        },
        GPT2_BLOCK,
        buffers=("attn.bias", "attn.masked_bias"),  # masks
        transposed=("W_QKV", "W_O", "W_in", "W_out"),
    ),
    "bert": Family(
        "bert.",
        Names("encoder.layer.{}.", "blk.{}."),
        {
            "W_E": Names("embeddings.word_embeddings.weight", "token_embd.weight"),
            "W_pos": Names("embeddings.position_embeddings.weight", "position_embd.weight"),
            "W_type": Names("embeddings.token_type_embeddings.weight", "token_types.weight"),
            **_weight_and_bias("norm_E", "bias_E", "embeddings.LayerNorm", "token_embd_norm"),
            **_weight_and_bias("W_head", "b_head", "cls.predictions.transform.dense", ""),
            **_weight_and_bias("norm_head", "bias_head", "cls.predictions.transform.LayerNorm", ""),
            "W_U": Names("cls.predictions.decoder.weight"),
            "b_U": Names("cls.predictions.bias"),
        },
        BERT_BLOCK,
        buffers=("embeddings.position_ids", "cls.predictions.decoder.bias"),  # the bias is b_U again
        beside=(
            "pooler.dense.weight", "pooler.dense.bias", "cls.seq_relationship.weight", "cls.seq_relationship.bias",
        ),
    ),
}  # fmt: skip


def shape_of(name: str, c: Configuration) -> tuple[int | None, ...]:
    """The shape of a parameter; None for a size that the tensor decides."""
    queries, keys = c.heads * c.head_dim, c.key_heads * c.head_dim
    shapes: dict[str, tuple[int | None, ...]] = {
        "W_E": (c.vocabulary, c.d), "W_U": (c.vocabulary, c.d), "W_pos": (c.context, c.d), "W_type": (None, c.d),
        "W_Q": (queries, c.d), "W_K": (keys, c.d), "W_V": (keys, c.d), "W_O": (c.d, queries), "W_QKV": (3 * c.d, c.d),
        "W_gate": (c.mlp, c.d), "W_in": (c.mlp, c.d), "W_out": (c.d, c.mlp), "W_head": (c.d, c.d),
        "b_Q": (queries,), "b_K": (keys,), "b_V": (keys,), "b_QKV": (3 * c.d,), "b_in": (c.mlp,),
        "q_norm": (c.head_dim,), "k_norm": (c.head_dim,), "b_U": (c.vocabulary,),
    }  # fmt: skip
    return shapes.get(name, (c.d,))


ATTENTION_BIASES = {"b_Q", "b_K", "b_V", "b_O"}
# Parameters that a model of the family may lack.
OPTIONAL_PARAMETERS = ATTENTION_BIASES | {
    "q_norm", "k_norm", "W_U", "W_head", "b_head", "norm_head", "bias_head", "b_U",
}  # fmt: skip
