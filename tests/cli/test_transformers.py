"""The commands that look inside a transformer, on tiny models whose numbers transformers has computed."""

import json
import math
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from process import Outcome, ask, settle
from tiny_models import MODELS, expected, write_gguf

from embcli.models.checkpoints import open_transformer

TEXT = "the king and the queen saw a mole in the garden"


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, tmp_path / "home")
    monkeypatch.chdir(tmp_path)


def asked(*arguments: str, model: str = "llama", stdin: bytes = b"") -> Outcome:
    return ask(*arguments, "-m", str(MODELS / model), stdin=stdin)


# --- tokens -----------------------------------------------------------------------------------------------------------


def test_tokens_are_those_of_the_model_with_the_context_size() -> None:
    answer = asked("tokens", TEXT, "--json").answer
    assert [token["id"] for token in answer["results"]] == expected("llama")["ids"].tolist()
    assert [token["token"] for token in answer["results"]][:2] == ["the", "Ġking"]
    assert (answer["query"]["context"], answer["model"]["tokens"]) == (48, "bytes")


def test_tables_show_tokens_as_text_and_words_alone_without_the_blank() -> None:
    table = asked("tokens", "the king\nand").out
    assert "Ġ" not in table
    assert " king" in table
    assert "\\n" in table
    assert asked("tokens", "the king", "--format", "words").out == "the\nking\n"


def test_bert_puts_special_tokens_around_a_text() -> None:
    tokens = [token["token"] for token in asked("tokens", "the kings", "--json", model="bert").answer["results"]]
    assert tokens == ["[CLS]", "the", "king", "##s", "[SEP]"]


# --- predict ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["llama", "mistral", "qwen2", "qwen3", "gpt2"])
def test_predictions_are_those_of_transformers(model: str) -> None:
    answer = asked("predict", TEXT, "-T", "0.5,1,2", "-k", "160", "--json", model=model).answer
    logits = expected(model)["logits"][-1]
    assert [one["rank"] for one in answer["results"]] == list(range(1, 161))
    for one in answer["results"]:
        assert one["logit"] == pytest.approx(logits[one["id"]], abs=2e-5)
    for place, temperature in enumerate((0.5, 1, 2)):
        p = np.exp(logits / temperature - (logits / temperature).max())
        p /= p.sum()
        assert [one["probabilities"][place] for one in answer["results"]] == pytest.approx(sorted(p)[::-1], abs=2e-5)
        assert answer["entropy"][place] == pytest.approx(-(p * np.log2(p)).sum(), abs=1e-3)
    assert answer["tied"] is (model in ("qwen2", "gpt2"))


def test_a_masked_model_predicts_the_token_at_the_mask() -> None:
    answer = asked("predict", "the king and the [MASK]", "-k", "1", "--json", model="bert").answer
    assert (answer["query"]["masked"], answer["query"]["position"]) == (True, 5)
    for text in ("the king", "[MASK] and [MASK]"):
        error = asked("predict", text, model="bert")
        assert (error.status, error.err.count("\n")) == (2, 1)
        assert "fills one [MASK]" in error.err


def test_a_model_without_a_head_predicts_nothing() -> None:
    error = asked("predict", "the [MASK]", model="encoder")
    assert (error.status, error.out) == (2, "")
    assert "has no unembedding" in error.err


def test_the_last_row_of_the_lens_is_the_answer() -> None:
    answer = asked("predict", TEXT, "--lens", "-k", "1", "--json").answer
    first = answer["results"][0]
    assert [row["layer"] for row in answer["lens"]] == [0, 1, 2, 3]
    last = answer["lens"][-1]
    assert (last["token"], last["rank_of_answer"]) == (first["token"], 1)
    assert last["probability"] == pytest.approx(first["probabilities"][0])


def test_candidates_are_shown_with_their_ranks_among_all_tokens() -> None:
    everything = {one["token"]: one for one in asked("predict", TEXT, "-k", "160", "--json").answer["results"]}
    some = asked("predict", TEXT, "--candidates", "mole,the", "--json").answer["results"]
    assert some == sorted((everything["Ġmole"], everything["Ġthe"]), key=lambda one: one["rank"])
    error = asked("predict", TEXT, "--candidates", "bratwurst")
    assert error.status == 2
    assert '"bratwurst" is' in error.err
    assert "tokens" in error.err


def test_samples_follow_their_seed_and_their_probabilities() -> None:
    command = ("predict", "the king and the", "--sample", "3", "--tokens", "5", "--json")
    first, again = (asked(*command, "--seed", "7").answer["samples"] for _ in range(2))
    assert first == again
    assert first != asked(*command, "--seed", "8").answer["samples"]
    greedy = asked(*command, "-T", "0").answer["samples"]
    assert len({sample["text"] for sample in greedy}) == 1
    text = "the king and the"
    assert len(greedy[0]["tokens"]) == 5
    for token in greedy[0]["tokens"][:1]:  # the most probable one
        best = asked("predict", text, "-k", "1", "-T", "0", "--json").answer["results"][0]
        assert best["token"] == token["token"]
        text += token["token"].replace("Ġ", " ")
    drawn = asked("predict", "the king and the", "--sample", "1", "--tokens", "1", "--json").answer
    (token,) = drawn["samples"][0]["tokens"]
    known = asked("predict", "the king and the", "-k", "160", "--json").answer["results"]
    (probability,) = (one["probabilities"][0] for one in known if one["id"] == token["id"])
    assert drawn["samples"][0]["log_probability"] == pytest.approx(math.log(probability), abs=1e-3)


def test_a_text_longer_than_the_context_is_refused_or_truncated_and_said_so() -> None:
    long = " ".join(["the king and"] * 20)
    error = asked("predict", long)
    assert (error.status, error.out) == (2, "")
    assert "the text has 60 tokens" in error.err
    assert "it would forget the first 28" in asked("predict", long, model="mistral").err  # its window is 32
    answer = asked("predict", long, "--truncate", "--json").answer
    kept = " ".join(["the king and"] * 16)
    assert answer["query"]["truncated"] == 12
    assert "the oldest 12 dropped" in asked("predict", long, "--truncate").out
    assert len(answer["tokens"]) == 48
    same = asked("predict", " " + kept, "--json").answer
    assert [token["id"] for token in same["tokens"]] == [token["id"] for token in answer["tokens"]]
    assert same["results"] == answer["results"]


def test_predict_reads_a_text_a_line_and_compares_models() -> None:
    out = asked("predict", "-", "-k", "1", stdin=b"the king\n\nthe mole\n").out
    lines = [json.loads(line) for line in out.splitlines()]
    assert [(line["query"]["text"], line["line"]) for line in lines] == [("the king", 1), ("the mole", 3)]
    both = ask("predict", "the king", "-m", str(MODELS / "llama"), "-m", str(MODELS / "gpt2"))
    assert both.status == 0
    assert "llama" in both.out
    assert "gpt2" in both.out


# --- context ----------------------------------------------------------------------------------------------------------


def test_context_compares_a_word_in_two_texts_at_every_layer() -> None:
    texts = ("the king saw a mole", "one mole of carbon")
    answer = asked("context", *texts, "--focus", "mole", "--dictionary", "12", "--json").answer
    assert [row["layer"] for row in answer["results"]] == [0, 1, 2, 3] * 2
    cosines = [row["cosine"] for row in answer["comparisons"]]
    assert cosines[0] == pytest.approx(1)  # the same row of W_E
    assert max(cosines[1:]) < 0.999
    assert [[token["visible"] for token in text] for text in answer["tokens"]][1][:2] == [True, True]
    assert not answer["tokens"][1][-1]["visible"]
    for row in answer["results"]:
        assert all(near["cosine"] > row["noise"] for near in row["neighbors"])
    again = asked("context", *texts, "--focus", "mole", "--dictionary", "12", "--json").answer
    assert again == answer


def test_a_damaged_or_foreign_dictionary_is_made_again(tmp_path: Path) -> None:
    command = ("context", "the king saw a mole", "--focus", "mole", "--dictionary", "12", "--json")
    answer = asked(*command).answer
    (file,) = (tmp_path / "home" / "dictionaries").iterdir()
    content = bytearray(file.read_bytes())
    content[-3] ^= 1  # in the checksums
    file.write_bytes(content)
    assert asked(*command).answer == answer
    file.write_bytes(content[:-9])
    assert asked(*command).answer == answer


def test_context_warns_of_what_misleads() -> None:
    same = asked(
        "context", "the mole of the king", "the mole of carbon", "--focus", "mole", "--dictionary", "0", "--json"
    )
    assert "are the same up to the focus" in same.answer["warnings"][0]
    first = asked("context", "the mole of the king", "--focus", "#0", "--dictionary", "0", "--json").answer["warnings"]
    assert any("token 0" in warning for warning in first)
    several = asked("context", "the bratwurst", "--focus", "bratwurst", "--dictionary", "0", "--json").answer[
        "warnings"
    ]
    assert "tokens" in several[0]
    assert asked("context", "the mole of", "--focus", "mole", "--dictionary", "0", "--json").answer["warnings"] == []


def test_an_encoder_sees_both_sides() -> None:
    answer = asked(
        "context", "the mole of carbon", "the mole in the garden", "--focus", "mole", "--dictionary", "9", "--json",
        model="encoder",
    ).answer  # fmt: skip
    assert answer["query"]["causal"] is False
    assert answer["warnings"] == []
    assert all(token["visible"] for text in answer["tokens"] for token in text)
    assert answer["comparisons"][1]["cosine"] < 0.999


def test_vectors_are_written_as_the_residual_stream(tmp_path: Path) -> None:
    asked("context", TEXT, "--focus", "mole", "--dictionary", "0", "--vectors", "x.npz")
    with np.load("x.npz") as read:
        hidden = expected("llama")["hidden"]
        assert np.allclose(read["text_0"][:-1], hidden[:-1], atol=1e-5)
        assert read["ids_0"].tolist() == expected("llama")["ids"].tolist()


# --- attend -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["llama", "gpt2", "bert"])
def test_the_pattern_of_a_head_is_that_of_transformers(model: str) -> None:
    answer = asked("attend", TEXT, "--focus", "mole", "--layer", "2", "--head", "3", "--json", model=model).answer
    pattern = expected(model)["attention"][2, 3]
    assert np.allclose(answer["pattern"], pattern, atol=2e-6)
    focus = answer["query"]["position"]
    assert [one["weight"] for one in answer["results"]] == pytest.approx(pattern[focus].tolist(), abs=2e-6)
    for one in answer["results"]:
        assert one["visible"] is (one["position"] <= focus or model == "bert")
        if one["visible"]:
            assert one["scaled"] == pytest.approx(one["query_key"] / math.sqrt(8), rel=1e-5)
    assert answer["change"]["sum_error"] < 1e-5


def test_without_a_head_the_heads_that_read_most_are_listed_with_their_habits() -> None:
    answer = asked("attend", "the king saw a mole", "--focus", "mole", "--json").answer
    assert {head["position"] for head in answer["heads"]} == set(range(5))
    others = [head for head in answer["heads"] if head["position"] not in (0, 4)]
    best = max(others, key=lambda head: head["weight"] - head["mean_previous"] * (head["position"] == 3))
    assert (answer["layer"], answer["head"]) == (best["layer"], best["head"])


def test_temperature_scales_the_softmax() -> None:
    command = ("attend", "the king saw a mole", "--focus", "mole", "--layer", "0", "--head", "0", "--json")
    cold, warm = (asked(*command, "-T", t).answer["results"] for t in ("1", "4"))
    logs = [math.log(one["weight"] / cold[0]["weight"]) for one in cold]
    assert [4 * math.log(one["weight"] / warm[0]["weight"]) for one in warm] == pytest.approx(logs, abs=1e-3)


def test_attend_on_word_vectors_is_one_head_with_the_identity(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, home)
    answer = ask("attend", "river bank", "--focus", "bank", "-m", "glove", "--json").answer
    river, bank = answer["results"]
    expected_weight = 1 / (1 + math.exp(river["scaled"] - bank["scaled"]))
    assert bank["weight"] == pytest.approx(expected_weight, abs=1e-5)
    assert river["scaled"] == pytest.approx(river["dot"] / math.sqrt(50), rel=1e-6)
    assert len(answer["before"]) == len(answer["after"]) == 8
    assert "identity" in ask("attend", "river bank", "--focus", "bank", "-m", "glove").out
    assert "no blocks" in ask("attend", "river bank", "--focus", "bank", "-m", "glove", "--layer", "1").err


# --- shapes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("gpt-3", 175_181_291_520), ("gpt-2", 124_439_808), ("gpt-2-medium", 354_823_168),
        ("gpt-2-large", 774_030_080), ("gpt-2-xl", 1_557_611_200), ("bert-base", 109_482_240),
        ("bert-large", 335_141_888), ("llama-2-7b", 6_738_415_616),
    ],
)  # fmt: skip
def test_well_known_models_have_their_published_numbers_of_parameters(name: str, parameters: int) -> None:
    answer = ask("shapes", name, "--json").answer
    assert answer["parameters"] == parameters == sum(row["parameters"] for row in answer["results"])
    assert sum(row["share"] for row in answer["results"]) == pytest.approx(1, abs=1e-5)


def test_gpt_3_is_counted_as_in_the_film_and_in_full() -> None:
    answer = ask("shapes", "gpt-3", "--json").answer
    rows = {row["name"]: row for row in answer["results"]}
    assert (rows["W_E"]["rows"], rows["W_E"]["columns"]) == (12288, 50257)
    assert (rows["W_Q"]["rows"], rows["W_Q"]["columns"], rows["W_Q"]["count"]) == (128, 12288, 9216)
    assert answer["per_head"] == 6_291_456
    attention = sum(rows[name]["parameters"] for name in ("W_Q", "W_K", "value-down", "value-up"))
    assert attention == 57_982_058_496
    assert ask("shapes", "gpt-3", "--all", "--json").answer["parameters"] == 174_604_259_328
    assert "--all applies to gpt-3" in ask("shapes", "gpt-2", "--all").err


@pytest.mark.parametrize("model", ["llama", "gpt2", "bert", "encoder", "qwen3"])
def test_the_shapes_of_a_model_add_up_to_all_of_its_parameters(model: str) -> None:
    from safetensors.numpy import load_file

    tensors = load_file(MODELS / model / "model.safetensors")
    names = [name for name in tensors if not name.endswith("position_ids")]
    assert ask("shapes", str(MODELS / model), "--json").answer["parameters"] == sum(tensors[n].size for n in names)
    by_config = ask("shapes", str(MODELS / model / "config.json"), "--json").answer["parameters"]
    head = sum(tensors[name].size for name in names if name.startswith("cls"))
    pooler = 0 if any("pooler" in name for name in names) else 32 * 32 + 32
    extra = 2 * 16 * 3 if model == "qwen3" else 0
    if model in ("bert", "encoder"):
        assert by_config == sum(tensors[n].size for n in names) - head + pooler
    else:
        assert by_config == sum(tensors[n].size for n in names) - extra


# --- checkpoints as models --------------------------------------------------------------------------------------------


def test_a_folder_becomes_a_model_of_its_tokens_and_stays_where_it_is(tmp_path: Path) -> None:
    shutil.copytree(MODELS / "llama", "there")
    (added,) = ask("models", "add", "there", "--json").answer["results"]
    assert (added["name"], added["words"], added["dim"]) == ("there", 160, 32)
    ranking = ask("nn", "king", "-m", "there", "-k", "2", "--json").answer
    assert ranking["query"]["resolved"] == {"king": "Ġking"}
    assert ask("nn", "Ġking", "-m", "there", "-k", "2", "--json").answer["results"] == ranking["results"]
    assert ask("predict", "the king", "-m", "there", "-k", "1", "--json").answer["model"]["name"] == "there"
    assert ask("models", "add", "there").err == "embcli: note: it was already added\n"
    os.utime("there/model.safetensors", (1, 1))
    changed = ask("predict", "the king", "-m", "there")
    assert (changed.status, changed.err.count("\n")) == (4, 1)
    assert "changed; add it again: embcli models add PATH --name there --force" in changed.err
    shutil.rmtree("there")
    assert "is not there any more" in ask("predict", "the king", "-m", "there").err
    assert ask("nn", "king", "-m", "there").status == 0  # W_E is in the store


def test_a_gguf_file_and_a_zip_with_one_are_models(tmp_path: Path) -> None:
    import zipfile

    write_gguf("gpt2", tmp_path / "tiny.gguf")
    with zipfile.ZipFile("packed.whl", "w") as archive:
        archive.write("tiny.gguf", "package/tiny.gguf")
        archive.writestr("package/__init__.py", "raise SystemExit")
    ask("models", "add", "tiny.gguf")
    ask("models", "add", "packed.whl", "--name", "packed")
    answers = [
        ask("predict", TEXT, "-k", "5", "-m", name, "--json").answer["results"]
        for name in ("tiny", "packed", str(MODELS / "gpt2"))
    ]
    assert answers[0] == answers[1]
    assert [one["token"] for one in answers[0]] == [one["token"] for one in answers[2]]
    assert (tmp_path / "home" / "checkpoints" / "packed" / "tiny.gguf").exists()


def test_a_word_of_several_tokens_is_refused_with_its_pieces() -> None:
    ask("models", "add", str(MODELS / "llama"))
    error = ask("nn", "bratwurst", "-m", "llama")
    assert (error.status, error.err.count("\n")) == (3, 1)
    assert "several tokens:" in error.err
    assert "--pieces mean averages them" in error.err


def test_word_vectors_are_no_transformer(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, home)
    error = ask("predict", "the king", "-m", "glove")
    assert (error.status, error.err.count("\n")) == (2, 1)
    assert "glove is a model of word vectors, not a transformer" in error.err


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rope_scaling", {"type": "linear", "factor": 2.0}),
        ("rope_parameters", {"rope_type": "llama3", "rope_theta": 10000.0}),
        ("final_logit_softcapping", 30.0),
        ("num_experts", 8),
        ("hidden_act", "quick_gelu"),
        ("model_type", "gemma2"),
        ("model_type", ["llama"]),
        ("num_hidden_layers", 10**9),
        ("num_key_value_heads", 3),
        ("hidden_size", "32"),
        ("rms_norm_eps", -1),
        ("layer_types", ["full_attention", "sliding_attention", "full_attention"]),
        ("quantization_config", {"quant_method": "awq"}),
        ("vocab_size", 161),
        ("intermediate_size", 41),
    ],
)
def test_a_setting_that_would_change_the_answers_is_refused_in_one_line(key: str, value: object) -> None:
    shutil.copytree(MODELS / "llama", "there")
    config = json.loads(Path("there/config.json").read_text())
    Path("there/config.json").write_text(json.dumps(config | {key: value}))
    for command in (("models", "add", "there"), ("predict", "the king", "-m", "./there")):
        error = ask(*command)
        assert (error.status, error.out, error.err.count("\n")) == (2, "", 1), error.err
    assert not list(Path("home").glob("models/*"))


def test_a_long_pattern_is_shaded_and_a_longer_one_left_to_json(monkeypatch: pytest.MonkeyPatch) -> None:
    for times, columns, shown in ((3, "200", "0.0"), (8, "80", "░"), (8, "40", "do not fit")):
        text = "the king and the mole " * times + "the mole"
        monkeypatch.setenv("COLUMNS", columns)
        out = asked("attend", text, "--focus", "mole", "--layer", "1", "--head", "1").out
        assert shown in out.partition("pattern:")[2]
        assert max(map(len, out.splitlines())) <= int(columns)


def test_a_path_to_a_folder_is_read_again_only_when_it_changed(tmp_path: Path) -> None:
    shutil.copytree(MODELS / "llama", "there")
    assert ask("nn", "king", "-m", "./there", "-k", "1").status == 0
    (store,) = (tmp_path / "home" / "models").iterdir()
    made = store.stat().st_mtime_ns
    assert ask("nn", "king", "-m", "./there", "-k", "1").status == 0
    assert store.stat().st_mtime_ns == made
    os.utime("there/model.safetensors", (1, 1))
    assert ask("nn", "king", "-m", "./there", "-k", "1").status == 0
    assert store.stat().st_mtime_ns > made


def test_csv_keeps_the_token_and_the_id_of_the_caller_apart() -> None:
    out = asked("predict", "-", "-k", "1", "--format", "tsv", stdin=b'{"text": "the king", "id": "mine"}\n').out
    header, row = (line.split("\t") for line in out.splitlines())
    cells = dict(zip(header, row, strict=True))
    assert cells["id"] == "mine"
    assert cells["token_id"].isdigit()
    assert header.count("id") == 1


# --- Found by a hostile reviewer --------------------------------------------------------------------------------------


def test_an_unknown_word_of_random_vectors_is_unknown() -> None:
    ask("models", "add", str(MODELS / "llama"))
    ask("models", "add", "random", "--like", "llama")
    error = ask("nn", "bratwurst", "-m", "random-llama")
    assert (error.status, error.err.count("\n")) == (3, 1)
    assert "is not in the vocabulary of random-llama" in error.err


def test_a_path_is_not_discarded_for_random_vectors() -> None:
    error = ask("models", "add", str(MODELS / "llama"), "--like", "glove")
    assert (error.status, error.err.count("\n")) == (2, 1)
    assert "--like applies to random vectors alone" in error.err


def test_several_models_are_shown_with_all_temperatures_or_refused() -> None:
    both = ("-m", str(MODELS / "llama"), "-m", str(MODELS / "gpt2"))
    out = ask("predict", "the king", "-T", "0.5,2", *both).out
    assert out.count("T = 0.5") == out.count("T = 2") == 2
    assert "--lens and --sample show one model" in ask("predict", "the king", "--lens", *both).err
    error = ask("context", "the king", "--focus", "king", "--dictionary", "0", *both)
    assert (error.status, error.err.count("\n")) == (2, 1)
    assert "name one model" in error.err


def test_the_temperature_of_attention_changes_one_head_and_shows_no_change_of_the_model() -> None:
    assert "-T scales the softmax of one head" in asked("attend", "the king", "--focus", "king", "-T", "2").err
    answer = asked("attend", "the king", "--focus", "king", "-T", "2", "--layer", "0", "--head", "0", "--json").answer
    assert "change" not in answer


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["predict", "a", "--sample", "1", "--seed", "-3"], "-3 is less than 0"),
        (["tokens", "a\udcff"], "not UTF-8"),
        (["predict", "a", "--candidates", ","], "names no token"),
        (["context", "a b", "--focus", "", "--dictionary", "0"], "the focus is empty"),
        (["attend", "a b", "--focus", "zebra"], "is not in the text"),
    ],
)
def test_odd_arguments_get_one_line(arguments: list[str], reason: str) -> None:
    error = asked(*arguments)
    assert (error.status, error.out, error.err.count("\n")) == (2, "", 1)
    assert reason in error.err


def test_a_special_token_can_be_the_focus() -> None:
    answer = asked(
        "attend", "the king", "--focus", "[CLS]", "--layer", "0", "--head", "0", "--json", model="bert"
    ).answer
    assert answer["query"]["position"] == 0


@pytest.mark.parametrize("value", [np.nan, 1e38])
def test_weights_that_are_not_finite_or_overflow_are_named(value: float, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    folder = Path(shutil.copytree(MODELS / "llama", "there"))
    tensors = load_file(folder / "model.safetensors")
    tensors["model.layers.1.mlp.up_proj.weight"][:] = value
    save_file(tensors, folder / "model.safetensors")
    for command in (
        ("predict", "the king"),
        ("attend", "the king", "--focus", "king", "--layer", "1", "--head", "0", "--json"),
        ("context", "the king", "--focus", "king", "--dictionary", "0"),
    ):
        error = ask(*command, "-m", "./there")
        assert (error.status, error.out, error.err.count("\n")) == (2, "", 1)
        assert "the numbers of block 1 are not finite" in error.err


def test_two_bases_of_rope_are_refused() -> None:
    shutil.copytree(MODELS / "llama", "there")
    config = json.loads(Path("there/config.json").read_text())
    Path("there/config.json").write_text(json.dumps(config | {"rope_theta": 99}))
    assert "two values of rope_theta" in ask("predict", "the king", "-m", "./there").err


def test_the_values_of_the_tokens_add_up_to_the_change_of_the_head(tmp_path: Path) -> None:
    for model in ("llama", "gpt2", "bert"):  # llama's heads share values
        command = ("attend", TEXT, "--focus", "mole", "--layer", "2", "--head", "3", "--json")
        answer = asked(*command, model=model).answer
        block = open_transformer(MODELS / model).blocks[2]
        columns = block.W_O[:, 3 * 8 : 4 * 8]  # of head 3
        weights = [one["weight"] for one in answer["results"] if one["visible"]]
        outputs = [columns @ np.array(one["value"]) for one in answer["values"]]
        assert np.allclose(sum(np.multiply(weights, np.transpose(outputs)).T), answer["change"]["vector"], atol=2e-5)
        for weight, output, one in zip(weights, outputs, answer["values"], strict=True):
            assert one["norm"] == pytest.approx(np.linalg.norm(one["value"]), rel=1e-5)
            assert one["output"] == pytest.approx(np.linalg.norm(output), rel=1e-5)
            assert one["added"] == pytest.approx(weight * one["output"], abs=1e-5)


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("the king saw moles", "mole stands only inside a longer word"),
        ("the king saw a Mole", "mole is written Mole"),
        ("the mole saw a mole", "mole stands 2 times; the last one is shown"),
    ],
)
def test_a_focus_that_is_not_quite_what_was_typed_is_reported(text: str, warning: str) -> None:
    for command in (("attend",), ("context", "--dictionary", "0")):
        found = asked(*command, text, "--focus", "mole", "--json").answer["warnings"]
        assert any(warning in one for one in found), found
    assert warning in asked("attend", text, "--focus", "mole").out.replace("\n", " ")


def test_context_drops_the_oldest_tokens_when_asked() -> None:
    long = " ".join(["the king saw a mole and"] * 10)
    command = ("context", long, "the mole", "--focus", "mole", "--dictionary", "0", "--layers", "1")
    assert "--truncate" in asked(*command).err
    answer = asked(*command, "--truncate", "--json").answer
    dropped = 60 - 48
    assert answer["query"]["truncated"] == [dropped, 0]
    assert f"the oldest {dropped} of text 1 dropped" in asked(*command, "--truncate").out.replace("\n", " ")


def test_a_mask_that_was_dropped_is_named() -> None:
    error = asked("predict", "[MASK] " + "the king " * 40, "--truncate", model="bert")
    assert (error.status, error.err.count("\n")) == (2, 1)
    assert "[MASK] was dropped with the oldest" in error.err


def test_tokens_compares_models() -> None:
    command = ("tokens", "the kings saw", "-m", str(MODELS / "llama"), "-m", str(MODELS / "bert"))
    lines = [json.loads(line) for line in ask(*command, "--jsonl").out.splitlines()]
    assert [line["results"][1]["token"] for line in lines] == ["Ġking", "the"]
    out = ask(*command).out
    counts = [str(len(line["results"])) for line in lines]
    assert out.splitlines()[-1].split() == ["tokens", *counts]
    assert "[CLS]" in out


@pytest.mark.parametrize(
    ("model", "bias", "reason"),
    [("llama", True, "the tensor of blocks.0.b_Q is missing"), ("biased", False, "attention has no biases")],
)
def test_biases_must_be_where_the_settings_say(model: str, bias: bool, reason: str) -> None:
    from safetensors.numpy import load_file, save_file

    folder = Path(shutil.copytree(MODELS / "llama", model))
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"attention_bias": bias}))
    if not bias:
        tensors = load_file(folder / "model.safetensors")
        tensors["model.layers.0.self_attn.q_proj.bias"] = np.zeros(32, np.float32)
        save_file(tensors, folder / "model.safetensors")
    error = ask("predict", "the king", "-m", f"./{model}")
    assert (error.status, error.out, error.err.count("\n")) == (2, "", 1)
    assert reason in error.err


def test_an_archive_of_several_models_lists_them(tmp_path: Path) -> None:
    import zipfile

    write_gguf("gpt2", tmp_path / "tiny.gguf")
    with zipfile.ZipFile("packed.zip", "w") as archive:
        archive.write("tiny.gguf", "a/tiny.gguf")
        archive.write("tiny.gguf", "b/tiny.gguf")
    error = ask("models", "add", "packed.zip")
    assert (error.status, error.out, error.err.count("\n")) == (2, "", 1)
    assert "packed.zip holds 2 models: a/tiny.gguf, b/tiny.gguf" in error.err
    assert not list(Path("home").glob("models/*"))


def test_long_parts_that_csv_omits_are_shortened_in_the_note() -> None:
    answer = asked("attend", TEXT, "--focus", "mole", "--layer", "0", "--head", "0", "--format", "csv")
    notes = [line for line in answer.err.splitlines() if "omits values" in line]
    assert len(notes) == 1
    assert len(notes[0]) < 250
    assert "characters)" in notes[0]


def test_the_tokenizer_of_another_model_is_noticed() -> None:
    from safetensors.numpy import load_file, save_file

    folder = Path(shutil.copytree(MODELS / "gpt2", "smaller"))
    tensors = load_file(folder / "model.safetensors")
    name = next(name for name in tensors if name.endswith("wte.weight"))
    tensors[name] = np.resize(tensors[name], (2000, tensors[name].shape[1]))
    save_file(tensors, folder / "model.safetensors")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"vocab_size": 2000}))
    shutil.copytree(MODELS / "bert", "bare")
    (Path("bare") / "vocab.txt").unlink()
    config = json.loads(Path("bare/config.json").read_text())
    words = {f"w{number}": number for number in range(config["vocab_size"])}
    made: dict[str, Any] = {"version": "1.0", "added_tokens": [], "normalizer": None, "pre_tokenizer": {"type":
    "Whitespace"},
            "post_processor": None, "decoder": None, "truncation": None, "padding": None,
            "model": {"type": "WordLevel", "vocab": words, "unk_token": "w0"}}  # fmt: skip
    Path("bare/tokenizer.json").write_text(json.dumps(made))
    for name, reason in (("smaller", "tokens, but W_E has"), ("bare", "puts no special tokens such as [CLS]")):
        error = ask("models", "add", f"./{name}")
        assert (error.status, error.out, error.err.count("\n")) == (2, "", 1), error.err
        assert reason in error.err
