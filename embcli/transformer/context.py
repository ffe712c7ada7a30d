"""What a token means in its context, layer by layer: its neighbours in the layer dictionary, how texts change it."""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np

from embcli.errors import UsageProblem
from embcli.queries.softmax import softmax
from embcli.results.context import ContextQuery, Contexts, GainedToken, LayerCosine, LayerMeaning, VisibleToken
from embcli.results.model_card import ModelCard
from embcli.results.words import WordAndCosine
from embcli.transformer.dictionary import WORDS, LayerDictionary, Report, open_dictionary
from embcli.transformer.model import TextRun, Transformer
from embcli.transformer.tokens import Focus, find_focus, focus_warnings
from embcli.vectors.arithmetic import Float32Array

GAINED = 5  # tokens that gain most, for each text
LIKELY = 0.001  # least probability of such a token: the gains of rare ones are noise
LEAST_GAIN = 0.1  # of log p


class ContextQuestion(NamedTuple):
    """A question for what a focus means in one text or several; `dictionary`: how many words to compare with."""

    texts: tuple[str, ...]
    focus: str
    layers: tuple[int, ...] | None = None
    dictionary: int = WORDS
    k: int = 5
    truncate: bool = False


def answer(
    model: Transformer, question: ContextQuestion, folder: Path, report: Report | None = None
) -> tuple[Contexts, list[TextRun]]:
    """The meanings of a focus, and the runs of the texts. folder: of the layer dictionaries. Raises UsageProblem.

    Cosines are of vectors minus the mean word of their layer: plain ones are large for any two words (0.6 at layer 8 of
    SmolLM2, 0.77 at layer 29). Neighbours below the noise of the layer are left out.
    """
    _check(model, question)
    runs = [model.run(text, truncate=question.truncate) for text in question.texts]
    places = [find_focus(model, run.text, question.focus) for run in runs]
    positions = [place.last for place in places]
    if question.dictionary:
        known: LayerDictionary | None = open_dictionary(model, folder, question.dictionary, report)
    else:
        known = None
    layers = question.layers or tuple(range(model.config.blocks + 1))
    results = tuple(
        _meaning(number, layer, run.residual[layer][position], known, question.k)
        for number, (run, position) in enumerate(zip(runs, positions, strict=True))
        for layer in layers
    )
    comparisons = tuple(
        _comparison(a, b, layer, runs[a].residual[layer][positions[a]], runs[b].residual[layer][positions[b]], known)
        for a, b in combinations(range(len(runs)), 2)
        for layer in layers
    )
    tokens = tuple(
        tuple(
            VisibleToken(number, model.tokenizer.token(number), not model.is_causal or place <= position)
            for place, number in enumerate(run.text.ids)
        )
        for run, position in zip(runs, positions, strict=True)
    )
    query = ContextQuery(
        question.texts,
        question.focus,
        tuple(positions),
        layers,
        0 if known is None else len(known.words),
        question.k,
        model.is_causal,
        tuple(run.text.truncated for run in runs) if any(run.text.truncated for run in runs) else None,
    )
    found = Contexts(
        "embcli.context/1", ModelCard.of(model), query, results, tokens, comparisons,
        tuple(_warnings(model, runs, places, question.focus)), _gained(model, runs, positions),
    )  # fmt: skip
    return found, runs


def write_vectors(path: Path, runs: Sequence[TextRun]) -> None:
    """Write the residual streams of texts to a .npz file: `text_0` [layers, n, d], `ids_0` [n], and so on."""
    arrays = {}
    for number, run in enumerate(runs):
        arrays[f"text_{number}"] = np.stack(run.residual)
        arrays[f"ids_{number}"] = np.array(run.text.ids)
    with path.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


def _check(model: Transformer, question: ContextQuestion) -> None:
    if not question.texts:
        raise UsageProblem("there is no text", 'for example "The American shrew mole" --focus mole')
    last = model.config.blocks
    wrong = next((layer for layer in question.layers or () if not 0 <= layer <= last), None)
    if wrong is not None:
        raise UsageProblem(f"there is no layer {wrong}: {model.name} has the layers 0 to {last}", "count from 0")
    if question.dictionary < 0 or question.dictionary == 1:
        raise UsageProblem(f"a dictionary of {question.dictionary} words", "give 2 or more, or 0 for none")


def _meaning(text: int, layer: int, vector: Float32Array, known: LayerDictionary | None, k: int) -> LayerMeaning:
    norm = float(np.linalg.norm(vector))
    if known is None:
        return LayerMeaning(text, layer, norm, (), None)
    cosines, noise = known.cosines(layer, vector), float(known.noise[layer])
    best = np.argsort(-cosines, kind="stable")[:k]
    near = tuple(WordAndCosine(known.words[i], float(cosines[i])) for i in best if cosines[i] > noise)
    return LayerMeaning(text, layer, norm, near, noise)


def _comparison(
    a: int, b: int, layer: int, first: Float32Array, second: Float32Array, known: LayerDictionary | None
) -> LayerCosine:
    raw = _cosine(first, second)
    if known is None:
        return LayerCosine(a, b, layer, raw, None, None)
    mean = known.mean[layer]
    return LayerCosine(a, b, layer, raw, _cosine(first - mean, second - mean), float(known.baseline[layer]))


def _cosine(a: Float32Array, b: Float32Array) -> float:
    length = float(np.linalg.norm(a)) * float(np.linalg.norm(b))
    return float(np.clip(float(a @ b) / length, -1, 1)) if length else 0.0


def _gained(model: Transformer, runs: Sequence[TextRun], positions: Sequence[int]) -> tuple[GainedToken, ...] | None:
    """The tokens whose log p after the focus is most above its mean over the texts; None without an unembedding."""
    if len(runs) < 2 or not model.checkpoint.has_unembedding:
        return None
    last = np.stack([run.residual[-1][position] for run, position in zip(runs, positions, strict=True)])
    p = np.stack([softmax(row) for row in model.logits(last).astype(np.float64)])
    log_p = np.log(np.maximum(p, 1e-30))
    gains = np.where(p >= LIKELY, log_p - log_p.mean(axis=0), 0)
    return tuple(
        GainedToken(number, model.tokenizer.token(int(i)), float(row[i]), float(p[number, i]))
        for number, row in enumerate(gains)
        for i in np.argsort(-row, kind="stable")[:GAINED]
        if row[i] > LEAST_GAIN
    )


def _warnings(model: Transformer, runs: Sequence[TextRun], places: Sequence[Focus], focus: str) -> list[str]:
    """What a reader of the answer should know."""
    warnings = [
        f"text {number}: {warning}"
        for number, (run, place) in enumerate(zip(runs, places, strict=True), start=1)
        for warning in focus_warnings(model, run.text, focus, place)
    ]
    if model.is_causal:
        for a, b in combinations(range(len(runs)), 2):
            if runs[a].text.ids[: places[a].last + 1] == runs[b].text.ids[: places[b].last + 1]:
                warnings.append(
                    f"texts {a + 1} and {b + 1} are the same up to the focus, and a causal model sees nothing after "
                    "it; put what differs before the focus"
                )
    return warnings
