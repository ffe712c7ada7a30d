"""Make the tiny random models of the tests, and what transformers computes of them; the results are committed.

    pip install torch==2.13.0 transformers==5.24.0 tokenizers==0.23.3
    python tests/transformer/make_models.py

Each folder has a checkpoint in float32 and `expected.npz`: the tokens of a text, and, computed in float64, the hidden
states [blocks + 1, n, d] (the last one after the final norm), the attention [blocks, heads, n, n] and the logits
[n, vocabulary]. Heads share keys where the family can, and norms and biases are perturbed: with their initial ones and
zeros, mistakes would not show.
"""

import json
from pathlib import Path

import numpy as np
import tokenizers
import torch
import transformers

HERE = Path(__file__).parent / "models"
TEXT = "the king and the queen saw a mole in the garden"
CORPUS = [
    TEXT, "the man and the woman saw the mole and the king", "a prince in a palace and a princess in a garden",
    "the queen sat on the throne in the palace", "one mole of carbon dioxide in the air", "take a biopsy of the mole",
    "the american shrew mole in the garden", "the capital of france is paris", "the cat and the cats in the garden",
]  # fmt: skip
VOCABULARY = 160
SIZES = {"vocab_size": VOCABULARY, "num_hidden_layers": 3, "hidden_size": 32, "num_attention_heads": 4,
         "intermediate_size": 40, "max_position_embeddings": 48, "initializer_range": 0.2}  # fmt: skip
LLAMA = {**SIZES, "num_key_value_heads": 2, "rms_norm_eps": 1e-5, "bos_token_id": 0, "eos_token_id": 0}
MODELS = {
    "llama": (transformers.LlamaConfig, transformers.LlamaForCausalLM, {**LLAMA, "rope_theta": 5000.0}),
    "mistral": (transformers.MistralConfig, transformers.MistralForCausalLM, {**LLAMA, "sliding_window": 32}),
    "qwen2": (transformers.Qwen2Config, transformers.Qwen2ForCausalLM, {**LLAMA, "tie_word_embeddings": True}),
    "qwen3": (transformers.Qwen3Config, transformers.Qwen3ForCausalLM, {**LLAMA, "head_dim": 16}),
    "gpt2": (
        transformers.GPT2Config,
        transformers.GPT2LMHeadModel,
        {"vocab_size": VOCABULARY, "n_positions": 48, "n_embd": 32, "n_layer": 3, "n_head": 4, "n_inner": 40,
         "initializer_range": 0.2, "bos_token_id": 0, "eos_token_id": 0},
    ),
    "bert": (transformers.BertConfig, transformers.BertForMaskedLM, SIZES),
    "encoder": (transformers.BertConfig, transformers.BertModel, SIZES),  # without a head, as MiniLM
}  # fmt: skip


def byte_level_tokenizer() -> tokenizers.Tokenizer:
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=["<|endoftext|>"], show_progress=False
    )
    made.train_from_iterator(CORPUS, trainer)
    return made


def word_pieces() -> list[str]:
    words = sorted({word for line in CORPUS for word in line.split()})
    letters = sorted({letter for word in words for letter in word})
    return ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words, *letters, *(f"##{letter}" for letter in letters)]


def make(name: str) -> None:
    config_class, model_class, settings = MODELS[name]
    torch.manual_seed(len(name))
    model = model_class(config_class(**settings)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 1:
                parameter.add_(0.2 * torch.randn_like(parameter))
    folder = HERE / name
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    if name in ("bert", "encoder"):
        (folder / "vocab.txt").write_text("\n".join(word_pieces()) + "\n")
        ids = [2, *(word_pieces().index(word) for word in TEXT.split()), 3]
    else:
        tokenizer = byte_level_tokenizer()
        tokenizer.save(str(folder / "tokenizer.json"))
        ids = tokenizer.encode(TEXT).ids
    reference = model_class.from_pretrained(folder, attn_implementation="eager").double().eval()
    with torch.no_grad():
        found = reference(torch.tensor([ids]), output_hidden_states=True, output_attentions=True)
    expected = {
        "ids": np.array(ids, np.int32),
        "hidden": np.stack([hidden[0].numpy() for hidden in found.hidden_states]),
        "attention": np.stack([attention[0].numpy() for attention in found.attentions]),
    }
    if "logits" in found:
        expected["logits"] = found.logits[0].numpy()
    np.savez_compressed(folder / "expected.npz", **expected)  # type: ignore[arg-type]
    config = json.loads((folder / "config.json").read_text())
    print(name, config["transformers_version"], sum(path.stat().st_size for path in folder.iterdir()) // 1000, "kB")


for each in MODELS:
    make(each)
