"""SmolLM2 and MiniLM give the figures that other programs gave (transformers, llama.cpp), to three decimals."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import gguf
import numpy as np
import pytest
from process import ask, environment, settle

from embcli.models.checkpoints import open_transformer
from embcli.transformer.dictionary import LayerDictionary, open_dictionary
from embcli.transformer.model import Transformer

pytestmark = pytest.mark.slow
FRANCE = "The capital of France is"


@pytest.fixture(autouse=True)
def at_home(transformers_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, transformers_home)


@pytest.fixture
def smollm2(at_home: None) -> Transformer:
    return open_transformer("smollm2")


@pytest.fixture
def dictionary(smollm2: Transformer, transformers_home: Path) -> LayerDictionary:
    return open_dictionary(smollm2, transformers_home / "dictionaries")


def test_the_next_word_after_the_capital_of_france_is(at_home: None) -> None:
    answer = ask(*shlex.split(f"predict '{FRANCE}' -m smollm2 -k 5 -T 0.5,0.7,1,1.5,2 --lens --json")).answer
    assert [token["id"] for token in answer["tokens"]] == [504, 3575, 282, 4649, 314]
    assert [one["token"] for one in answer["results"]] == ["ĠParis", "Ġthe", "ĠLondon", "ĠLe", "ĠNew"]
    assert [one["logit"] for one in answer["results"]] == pytest.approx(
        [17.371, 14.889, 13.245, 13.009, 12.952], abs=6e-4
    )
    assert answer["results"][0]["probabilities"] == pytest.approx([0.992, 0.955, 0.773, 0.244, 0.052], abs=6e-4)
    assert answer["entropy"] == pytest.approx([0.076, 0.394, 2.137, 8.756, 12.460], abs=6e-4)
    assert answer["tied"] is True
    ranks = [row["rank_of_answer"] for row in answer["lens"]]
    assert (min(ranks[:24]), max(ranks[:24])) == (2005, 5012)
    assert ranks[24:] == [396, 92, 113, 34, 7, 3, 1]


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        ("analogy king - man + woman", [("Ġqueen", 0.728), ("ĠQueen", 0.641)]),
        ("analogy Paris - France + Germany", [("ĠBerlin", 0.652)]),
    ],
)
def test_the_embedding_answers_analogies(question: str, answers: list[tuple[str, float]]) -> None:
    results = ask(*question.split(), "-m", "smollm2", "-k", str(len(answers)), "--json").answer["results"]
    assert [one["word"] for one in results] == [word for word, _ in answers]
    assert [one["score"] for one in results] == pytest.approx([score for _, score in answers], abs=6e-4)


def test_the_senses_of_mole_part_layer_by_layer(smollm2: Transformer, dictionary: LayerDictionary) -> None:
    runs = [smollm2.run(text) for text in ("The American shrew mole", "In chemistry, the mass of one mole")]
    cosines = {}
    for layer in (0, 4, 8, 12, 20, 29, 30):
        first, second = (run.residual[layer][-1] for run in runs)
        cosines[layer] = float(first @ second / np.linalg.norm(first) / np.linalg.norm(second))
    assert list(cosines.values()) == pytest.approx([1, 0.920, 0.732, 0.754, 0.735, 0.786, 0.537], abs=6e-4)
    assert dictionary.baseline[8] == pytest.approx(0.60, abs=0.01)
    assert dictionary.baseline[29] == pytest.approx(0.77, abs=0.01)
    for run, near in zip(
        runs,
        (
            [("mole", 0.798), ("mice", 0.431), ("mammals", 0.415)],
            [("mole", 0.715), ("molecules", 0.376), ("molecule", 0.372)],
        ),
        strict=True,
    ):
        found = dictionary.cosines(8, run.residual[8][-1])
        best = np.argsort(-found)[:3]
        assert [dictionary.words[i] for i in best] == [word for word, _ in near]
        assert found[best].tolist() == pytest.approx([cosine for _, cosine in near], abs=1.1e-3)


def test_a_causal_model_does_not_see_what_follows_and_says_so() -> None:
    command = "context 'The bank of the river' 'The bank lent money' --focus bank -m smollm2 --dictionary 0 --json"
    answer = ask(*shlex.split(command)).answer
    assert {row["cosine"] for row in answer["comparisons"]} == {1.0}
    assert "a causal model sees nothing after it" in answer["warnings"][0]


def test_token_0_is_a_sink_and_heads_have_habits(smollm2: Transformer) -> None:
    run = smollm2.run("Take a biopsy of the mole")
    assert run.pattern[10][1][5, 2] == pytest.approx(0.793, abs=6e-4)
    for layer in range(15, 26):
        norms = np.linalg.norm(run.residual[layer], axis=1)
        assert norms[0] == pytest.approx(24_500, rel=0.05)
        assert 100 < norms[1:].min() < norms[1:].max() < 500
    heads = ask(*shlex.split("attend 'The American shrew mole' --focus mole -m smollm2 --layer 16 --json")).answer[
        "heads"
    ]
    shrew = next(head for head in heads if head["position"] == 2 and head["head"] == 0)
    assert shrew["weight"] == pytest.approx(0.95, abs=0.01)


def test_minilm_sees_both_sides() -> None:
    command = "context 'american shrew mole' 'one mole of carbon dioxide' --focus mole -m minilm --dictionary 0 --json"
    answer = ask(*shlex.split(command)).answer
    cosines = [row["cosine"] for row in answer["comparisons"]]
    assert cosines == pytest.approx([0.965, 0.907, 0.877, 0.826, 0.815, 0.827, 0.664], abs=6e-4)
    error = ask("predict", "a [MASK]", "-m", "minilm")
    assert (error.status, error.err.count("\n")) == (2, 1)


def test_the_numbers_of_parameters() -> None:
    assert ask("shapes", "smollm2", "--json").answer["parameters"] == 134_515_008
    assert ask("shapes", "minilm", "--json").answer["parameters"] == 22_713_216


def test_all_log_probabilities_are_those_of_llama_cpp(smollm2: Transformer, tmp_path: Path) -> None:
    """llama.cpp on a copy in float32, as it rounds activations of Q4_1; no flash attention, a cache in float32."""
    if not os.environ.get("CI"):
        pytest.importorskip("xllamacpp")
    copy = _float32_copy(Path(smollm2.checkpoint.path), tmp_path / "f32.gguf")
    program = f"""
import json
import xllamacpp as xlc
parameters = xlc.CommonParams()
parameters.model.path = {str(copy)!r}
parameters.n_ctx, parameters.n_parallel, parameters.n_predict = 64, 1, 1
parameters.flash_attn_type = xlc.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
parameters.cache_type_k = parameters.cache_type_v = xlc.ggml_type.GGML_TYPE_F32
parameters.warmup = False
server = xlc.Server(parameters)
answer = server.handle_completions({{"prompt": {FRANCE!r}, "n_predict": 1, "n_probs": 49152, "temperature": 1.0,
                                     "cache_prompt": False}})
found = answer["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
json.dump({{one["id"]: one["logprob"] for one in found}}, open({str(tmp_path / "out.json")!r}, "w"))
"""
    subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, env=environment(tmp_path), timeout=300
    )
    theirs = {int(token): value for token, value in json.loads((tmp_path / "out.json").read_text()).items()}
    *_, last = smollm2.steps(smollm2.read(FRANCE))
    z = smollm2.logits(last.after[-1:])[0].astype(np.float64)
    ours = z - z.max() - np.log(np.exp(z - z.max()).sum())
    assert len(theirs) == 49152
    assert max(abs(ours[token] - value) for token, value in theirs.items()) < 2e-4


def _float32_copy(source: Path, target: Path) -> Path:
    """A GGUF file with the same numbers as float32."""
    read = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(target, "llama")
    for name, field in read.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        kind, value = field.types[0], field.contents()
        inner = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(name, value, kind, inner)
    for tensor in read.tensors:
        numbers = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        writer.add_tensor(tensor.name, numbers.reshape(tensor.shape[::-1]))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target
