"""What comes next: the unembedding of the last vector, a softmax with temperature, the logit lens, and samples."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from embcli.errors import UsageProblem
from embcli.queries.softmax import entropy, softmax
from embcli.results.model_card import ModelCard
from embcli.results.predict import LensRow, Predicted, Prediction, PredictionQuery, Sample, SharedRow
from embcli.results.tokens import TextToken
from embcli.transformer.forward import Past, forward
from embcli.transformer.model import Text, Transformer
from embcli.transformer.tokens import listed, token_id
from embcli.vectors.arithmetic import Float32Array, Float64Array

MASK = "[MASK]"
SHOWN_NUMBERS = 3  # of the rows of W_E and W_U
# Callback of a sample: the number of the sample, and the text that its next token adds.
Hear = Callable[[int, str], None]


class PredictQuestion(NamedTuple):
    """A question for the next token of a text, or for the one at its [MASK].

    candidates: tokens to show, instead of the k most probable. sample: how many continuations to draw, of `tokens`
    tokens each, with a seed.
    """

    text: str
    temperatures: tuple[float, ...] = (1.0,)
    k: int = 10
    candidates: tuple[str, ...] | None = None
    lens: bool = False
    sample: int | None = None
    seed: int = 0
    tokens: int = 20
    truncate: bool = False


def answer(model: Transformer, question: PredictQuestion, hear: Hear | None = None) -> Prediction:
    """The prediction for a question. Raises UsageProblem.

    p = softmax(W_U final_norm(x) / T), with x the last layer at the position that is asked for: the last one, or that
    of [MASK] in a masked model. Ranks order all tokens by their logits; ties go to the lower id.
    """
    _check(question)
    text = model.read(question.text, truncate=question.truncate)
    position = _position(model, text)
    residual = _residual(model, text, position) if question.lens else _last(model, text, position)
    logits = model.logits(residual).astype(np.float64)  # [layers, vocabulary]
    order = np.argsort(-logits[-1], kind="stable")
    ranks = np.empty(len(order), np.intp)
    ranks[order] = np.arange(1, len(order) + 1)
    if question.candidates:
        wanted = np.array(sorted({token_id(model, word) for word in question.candidates}, key=lambda i: int(ranks[i])))
    else:
        wanted = order[: question.k]
    probabilities = [softmax(logits[-1], temperature) for temperature in question.temperatures]
    results = tuple(
        Predicted(
            int(ranks[i]), model.tokenizer.token(int(i)), int(i), float(logits[-1, i]),
            tuple(float(p[i]) for p in probabilities),
        )
        for i in wanted
    )  # fmt: skip
    query = PredictionQuery(
        question.text, model.config.context, question.temperatures, question.k, position,
        not model.is_causal, text.truncated or None, question.seed if question.sample else None,
    )  # fmt: skip
    return Prediction(
        "embcli.predict/1",
        ModelCard.of(model),
        query,
        results,
        tuple(entropy(p) for p in probabilities),
        listed(model, text.ids),
        model.is_tied,
        _shared_row(model, int(order[0])),
        lens(model, logits, int(order[0])) if question.lens else None,
        samples(model, text, question, hear) if question.sample else None,
    )


def lens(model: Transformer, logits: Float64Array, answered: int) -> tuple[LensRow, ...]:
    """The logit lens: what the final norm and the unembedding make of each layer [layers, vocabulary].

    The last row is the answer itself (nostalgebraist 2020, "interpreting GPT: the logit lens").
    """
    rows = []
    for layer, row in enumerate(logits):
        best = int(row.argmax())
        rank = 1 + int((row > row[answered]).sum()) + int((row[:answered] == row[answered]).sum())
        rows.append(LensRow(layer, model.tokenizer.token(best), float(softmax(row)[best]), rank))
    return tuple(rows)


def samples(model: Transformer, text: Text, question: PredictQuestion, hear: Hear | None = None) -> tuple[Sample, ...]:
    """Continuations of a text, each token drawn by its probability; with a cache of keys and values.

    Drawing stops at the token that ends a text. Raises UsageProblem for masked models.
    """
    if not model.is_causal:
        raise UsageProblem(f"{model.name} fills masks and continues no text", "leave out --sample")
    temperature = question.temperatures[0]
    if len(text.ids) >= model.config.context:
        raise UsageProblem("the text fills the context size, so no token can follow", "shorten the text")
    random = np.random.default_rng(question.seed)
    blocks = [model.checkpoint.block(number) for number in range(model.config.blocks)]
    ends = model.end_tokens()
    first: Past = []
    beginning = [*forward(model.checkpoint, np.array(text.ids), past=first, blocks=blocks)][-1].after[-1:]
    drawn = []
    for number in range(question.sample or 0):
        past, x, ids, log_probability = [*first], beginning, list[int](), 0.0
        while len(ids) < min(question.tokens, model.config.context - len(text.ids)):
            p = softmax(model.logits(x)[0].astype(np.float64), temperature)
            token = int(random.choice(len(p), p=p))
            log_probability += float(np.log(p[token]))
            ids.append(token)
            if hear is not None:
                hear(number, _added_text(model, ids))
            if token in ends:
                break
            x = [*forward(model.checkpoint, np.array([token]), past=past, blocks=blocks)][-1].after
        tokens = tuple(TextToken(len(text.ids) + i, token, model.tokenizer.token(token)) for i, token in enumerate(ids))
        drawn.append(Sample(model.tokenizer.decode(ids), tokens, log_probability))
    return tuple(drawn)


def _added_text(model: Transformer, ids: Sequence[int]) -> str:
    """The text that the last token adds; empty while a character is not complete."""
    before, now = model.tokenizer.decode([*ids[:-1]]), model.tokenizer.decode([*ids])
    return (
        ""
        if now.endswith("\N{REPLACEMENT CHARACTER}")
        else now.removeprefix(before.rstrip("\N{REPLACEMENT CHARACTER}"))
    )


def _check(question: PredictQuestion) -> None:
    for name in ("k", "sample", "tokens"):
        number = getattr(question, name)
        if number is not None and number < 1:
            raise UsageProblem(f"{name} must be at least 1, not {number}", f"for example {name}=5")
    if question.sample and len(question.temperatures) > 1:
        raise UsageProblem("samples are drawn at one temperature", "give one -T")


def _position(model: Transformer, text: Text) -> int:
    """The position whose vector is unembedded. Raises UsageProblem for a masked model without one mask in the text."""
    if model.is_causal:
        return len(text.ids) - 1
    mask = model.tokenizer.id(MASK)
    places = [i for i, number in enumerate(text.ids) if number == mask]
    if not places and text.truncated and MASK in text.text:
        raise UsageProblem(f"{MASK} was dropped with the oldest {text.truncated:,} tokens", "shorten the text")
    if len(places) != 1 and model.checkpoint.has_unembedding:
        raise UsageProblem(
            f"{model.name} fills one {MASK}, and the text has {len(places)}", f'for example "Paris is in {MASK}."'
        )
    return places[0] if places else 0


def _last(model: Transformer, text: Text, position: int) -> Float32Array:
    *_, last = model.steps(text)
    return last.after[position : position + 1]


def _residual(model: Transformer, text: Text, position: int) -> Float32Array:
    """The vectors of a position at all layers [layers, d]."""
    layers = []
    for step in model.steps(text):
        layers.append(step.before[position])
    return np.stack([*layers, step.after[position]])


def _shared_row(model: Transformer, token: int) -> SharedRow:
    """The first numbers of a token's row of W_E and of W_U."""
    unembedding = "W_U" if "W_U" in model.checkpoint else "W_E"
    first, second = (
        tuple(float(x) for x in model.checkpoint.rows(name, token, token + 1)[0, :SHOWN_NUMBERS])
        for name in ("W_E", unembedding)
    )
    return SharedRow(model.tokenizer.token(token), first, second)
