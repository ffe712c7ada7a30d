"""The configuration of a transformer: its sizes and settings, from `config.json` or the metadata of a GGUF file.

A setting that is not known to be harmless is an error: a model with RoPE scaling or a mixture of experts would
otherwise be computed wrongly, and look right.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from embcli.errors import BadFile
from embcli.transformer.tensor_file import shown


class Configuration(NamedTuple):
    """The sizes and settings of a transformer.

    kind: the model type, such as llama. family: the names of its tensors and its formulas: llama, gpt2 or bert. d: the
    length of a vector of the residual stream. key_heads: how many heads of keys and values there are, which several
    heads share. context: the largest number of tokens. theta: the base of the rotations of RoPE, or None for positions
    that are learned. is_tied: whether W_U is W_E, and is_biased: whether attention has biases; None if the tensors
    decide.
    """

    kind: str
    family: str
    blocks: int
    d: int
    heads: int
    key_heads: int
    head_dim: int
    mlp: int
    vocabulary: int | None
    context: int
    epsilon: float
    activation: str
    theta: float | None
    is_tied: bool | None
    is_biased: bool | None = None


FAMILIES = {
    "llama": "llama", "mistral": "llama", "qwen2": "llama", "qwen3": "llama", "gpt2": "gpt2", "bert": "bert",
}  # fmt: skip
SUPPORTED = "supported are Llama, Mistral, Qwen2, Qwen3, SmolLM, GPT-2 and BERT"
LARGEST = 1 << 24  # of any size in a configuration

# Keys of config.json by model family: the field of `Configuration`, and what it is if the key is missing.
REQUIRED = object()
KEYS: dict[str, dict[str, tuple[str, Any]]] = {
    "llama": {
        "num_hidden_layers": ("blocks", REQUIRED), "hidden_size": ("d", REQUIRED),
        "num_attention_heads": ("heads", REQUIRED), "num_key_value_heads": ("key_heads", None),
        "head_dim": ("head_dim", None), "intermediate_size": ("mlp", REQUIRED), "vocab_size": ("vocabulary", None),
        "max_position_embeddings": ("context", REQUIRED), "rms_norm_eps": ("epsilon", 1e-6),
        "hidden_act": ("activation", "silu"), "rope_theta": ("theta", None), "tie_word_embeddings": ("is_tied", None),
        "attention_bias": ("is_biased", None),
    },
    "gpt2": {
        "n_layer": ("blocks", REQUIRED), "n_embd": ("d", REQUIRED), "n_head": ("heads", REQUIRED),
        "n_inner": ("mlp", None), "vocab_size": ("vocabulary", None), "n_positions": ("context", REQUIRED),
        "layer_norm_epsilon": ("epsilon", 1e-5), "activation_function": ("activation", "gelu_new"),
        "tie_word_embeddings": ("is_tied", True),
    },
    "bert": {
        "num_hidden_layers": ("blocks", REQUIRED), "hidden_size": ("d", REQUIRED),
        "num_attention_heads": ("heads", REQUIRED), "intermediate_size": ("mlp", REQUIRED),
        "vocab_size": ("vocabulary", None), "max_position_embeddings": ("context", REQUIRED),
        "layer_norm_eps": ("epsilon", 1e-12), "hidden_act": ("activation", "gelu"),
        "tie_word_embeddings": ("is_tied", True),
    },
}  # fmt: skip
# Keys that change nothing of the forward pass, for all families.
HARMLESS = {
    "_name_or_path", "architectures", "attention_dropout", "attention_probs_dropout_prob", "attn_pdrop",
    "bos_token_id", "chunk_size_feed_forward", "classifier_dropout", "dtype", "embd_pdrop", "eos_token_id",
    "finetuning_task", "gradient_checkpointing", "hidden_dropout_prob", "id2label", "initializer_range",
    "is_llama_config", "label2id", "layer_norm_bias", "max_window_layers", "model_type", "n_ctx",
    "output_attentions", "output_hidden_states", "output_past", "pad_token_id", "problem_type",
    "reorder_and_upcast_attn", "resid_pdrop", "return_dict", "sep_token_id", "summary_activation",
    "summary_first_dropout",
    "summary_proj_to_labels", "summary_type", "summary_use_proj", "task_specific_params", "torch_dtype",
    "transformers.js_config", "transformers_version", "type_vocab_size", "unk_token_id", "use_bfloat16", "use_cache",
    "cls_token_id", "mask_token_id", "directionality", "pooler_fc_size", "pooler_num_attention_heads",
    "pooler_num_fc_layers", "pooler_size_per_head", "pooler_type", "prefix", "n_special", "predict_special_tokens",
}  # fmt: skip
# Keys whose given values change nothing; any other value is an error.
HARMLESS_VALUES: dict[str, tuple[Any, ...]] = {
    "add_cross_attention": (False,), "is_decoder": (False,), "is_encoder_decoder": (False,), "mlp_bias": (False,),
    "pretraining_tp": (1,), "position_embedding_type": ("absolute",), "rope_interleaved": (False,),
    "scale_attn_by_inverse_layer_idx": (False,), "scale_attn_weights": (True,), "use_sliding_window": (False,),
    "use_mrope": (False,), "partial_rotary_factor": (1, 1.0), "qk_layernorm": (False,), "tie_encoder_decoder": (False,),
    "pruned_heads": ({},), "torchscript": (False,),
}  # fmt: skip
ACTIVATIONS = {
    "silu": "silu", "swish": "silu", "gelu": "gelu", "gelu_new": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_fast": "gelu_tanh", "relu": "relu",
}  # fmt: skip
DEFAULT_THETA = 10_000.0


def from_config(read: Mapping[str, Any], path: Path) -> Configuration:
    """The configuration of a `config.json`. Raises BadFile for a setting that is unknown or not supported."""
    kind = read.get("model_type")
    if not isinstance(kind, str) or kind not in FAMILIES:
        raise BadFile(f'{path}: the model type "{shown(str(kind))}" is not supported', SUPPORTED)
    family = FAMILIES[kind]
    found = dict(KEYS[family].values())
    window = None
    for key, value in read.items():
        if value is None:  # not set
            continue
        if key in KEYS[family]:
            found[KEYS[family][key][0]] = value
        elif key in ("rope_scaling", "rope_parameters"):
            found["theta"] = _theta(value, key, path) or found["theta"]
        elif key == "sliding_window":
            window = value if read.get("use_sliding_window", kind == "mistral") else None
        elif key == "layer_types":
            if not isinstance(value, list) or set(map(str, value)) - {"full_attention"}:
                raise _unknown(path, key, value)
        elif key not in HARMLESS and not any(value is one or value == one for one in HARMLESS_VALUES.get(key, ())):
            raise _unknown(path, key, value)
    missing = next((key for key, (field, _) in KEYS[family].items() if found[field] is REQUIRED), None)
    if missing is not None:
        raise BadFile(f'{path} has no "{missing}"', "download or copy it again")
    parameters = read.get("rope_parameters")
    bases = {base for base in (read.get("rope_theta"), (parameters or {}).get("rope_theta")) if base is not None}
    if len(bases) > 1:
        raise BadFile(f"{path} has two values of rope_theta: {', '.join(map(str, bases))}", "remove the wrong one")
    if window is not None:  # within the window, every token sees all before it
        found["context"] = min(_size(path, "max_position_embeddings", found["context"]), _size(path, "window", window))
    return _checked(kind, family, found, path)


# Metadata of a GGUF file after the name of its architecture: the field, and what it is if the key is missing.
GGUF_KEYS: dict[str, tuple[str, Any]] = {
    "block_count": ("blocks", REQUIRED), "embedding_length": ("d", REQUIRED), "feed_forward_length": ("mlp", REQUIRED),
    "attention.head_count": ("heads", REQUIRED), "attention.head_count_kv": ("key_heads", None),
    "attention.key_length": ("head_dim", None), "vocab_size": ("vocabulary", None),
    "context_length": ("context", REQUIRED), "attention.layer_norm_rms_epsilon": ("epsilon", None),
    "attention.layer_norm_epsilon": ("epsilon", None),
    "rope.freq_base": ("theta", None),
}  # fmt: skip
GGUF_HARMLESS = {
    "rope.dimension_count", "attention.value_length", "attention.causal", "pooling_type", "rope.scaling.type",
    "rope.scaling.factor", "attention.sliding_window", "tensor_data_layout",
}  # fmt: skip
EPSILONS = {"llama": 1e-6, "gpt2": 1e-5, "bert": 1e-12}
GGUF_ACTIVATIONS = {"llama": "silu", "gpt2": "gelu_new", "bert": "gelu"}


def from_gguf(metadata: Mapping[str, Any], path: Path) -> Configuration:
    """The configuration in the metadata of a GGUF file. Raises BadFile for one that is unknown or not supported."""
    kind = metadata.get("general.architecture")
    if not isinstance(kind, str) or kind not in FAMILIES:
        raise BadFile(f'{path}: the architecture "{shown(str(kind))}" is not supported', SUPPORTED)
    family = FAMILIES[kind]
    found: dict[str, Any] = dict(GGUF_KEYS.values())
    for key, value in metadata.items():
        name = key.removeprefix(f"{kind}.")
        if name == key:
            if key.partition(".")[0] not in ("general", "tokenizer", "quantize", "split"):
                raise _unknown(path, key, value)
        elif name in GGUF_KEYS:
            found[GGUF_KEYS[name][0]] = value
        elif name not in GGUF_HARMLESS:
            raise _unknown(path, key, value)
    missing = next((key for key, (field, _) in GGUF_KEYS.items() if found[field] is REQUIRED), None)
    if missing is not None:
        raise BadFile(f'{path} has no "{kind}.{missing}"', "convert the model again")
    if metadata.get("split.count", 1) != 1:
        raise BadFile(f"{path} is one of {metadata['split.count']} parts", "merge them: llama-gguf-split --merge")
    _check_gguf(kind, metadata, found, path)
    window = metadata.get(f"{kind}.attention.sliding_window")
    if window:
        found["context"] = min(_size(path, "context_length", found["context"]), _size(path, "window", window))
    found["epsilon"] = EPSILONS[family] if found["epsilon"] is None else found["epsilon"]
    return _checked(kind, family, {**found, "activation": GGUF_ACTIVATIONS[family], "is_tied": None}, path)


def _check_gguf(kind: str, metadata: Mapping[str, Any], found: Mapping[str, Any], path: Path) -> None:
    """Raise BadFile for settings of a GGUF file that change the forward pass."""
    head_dim = found["head_dim"]
    if head_dim is None and isinstance(found["heads"], int) and found["heads"] > 0:
        head_dim = found["d"] // found["heads"]
    usual: dict[str, Any] = {
        "rope.dimension_count": head_dim, "attention.value_length": head_dim, "attention.causal": kind != "bert",
        "rope.scaling.type": "none", "rope.scaling.factor": 1.0,
    }  # fmt: skip
    for name, expected in usual.items():
        value = metadata.get(f"{kind}.{name}", expected)
        if value != expected:
            raise _unknown(path, f"{kind}.{name}", value)


def _checked(kind: str, family: str, found: dict[str, Any], path: Path) -> Configuration:
    """The configuration with the sizes that follow from others. Raises BadFile for sizes that do not fit together."""
    for field in ("blocks", "d", "heads", "key_heads", "head_dim", "mlp", "vocabulary", "context"):
        if found.get(field) is not None:
            _size(path, field, found[field])
    found.setdefault("key_heads", None)
    found["key_heads"] = found["key_heads"] or found["heads"]
    found["mlp"] = found["mlp"] or 4 * found["d"]
    head_dim = found.get("head_dim") or found["d"] // found["heads"]
    if found["heads"] % found["key_heads"] or (not found.get("head_dim") and found["d"] % found["heads"]):
        raise BadFile(f"{path}: its numbers of heads do not fit together", "download or copy it again")
    if family == "llama" and head_dim % 2:
        raise BadFile(f"{path}: RoPE needs heads of an even length, not {head_dim}", "download or copy it again")
    activation = ACTIVATIONS.get(str(found["activation"]))
    if activation is None:
        raise BadFile(f'{path}: the activation "{shown(str(found["activation"]))}" is not supported', SUPPORTED)
    theta = found.get("theta") or DEFAULT_THETA
    for name, number in (("epsilon", found["epsilon"]), ("rope_theta", theta)):
        if not isinstance(number, int | float) or not 0 <= number < float("inf"):
            raise BadFile(f"{path}: {name} is {shown(repr(number))}", "download or copy it again")
    for name, field in (("tie_word_embeddings", "is_tied"), ("attention_bias", "is_biased")):
        if found.get(field) not in (True, False, None):
            raise BadFile(f"{path}: {name} is {shown(repr(found[field]))}", "download or copy it again")
    return Configuration(
        kind, family, found["blocks"], found["d"], found["heads"], found["key_heads"], head_dim, found["mlp"],
        found["vocabulary"], found["context"], float(found["epsilon"]), activation,
        float(theta) if family == "llama" else None, found["is_tied"],
        found.get("is_biased") if kind in ("llama", "qwen3") else None,  # the others do not read the setting
    )  # fmt: skip


def _theta(value: Any, key: str, path: Path) -> Any:
    """The base of the rotations in `rope_parameters`; an error for any scaling."""
    if not isinstance(value, Mapping):
        raise _unknown(path, key, value)
    kinds = {value.get("rope_type", "default"), value.get("type", "default")}
    if kinds != {"default"} or set(value) - {"rope_type", "type", "rope_theta"}:
        raise _unknown(path, key, dict(value))
    return value.get("rope_theta")


def _size(path: Path, name: str, value: Any) -> int:
    if type(value) is not int or not 1 <= value <= LARGEST:
        raise BadFile(f"{path}: {name} is {shown(repr(value))}, not a positive integer", "download or copy it again")
    return value


def _unknown(path: Path, key: str, value: Any) -> BadFile:
    return BadFile(
        f'{path}: the setting "{shown(key)}" ({shown(str(value))}) is not supported, and could change the answers',
        SUPPORTED,
    )
