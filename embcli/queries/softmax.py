"""Softmax with temperature, which turns logits into probabilities.

p_i = exp(z_i / T) / Σ_j exp(z_j / T), with logits z. The exponentials are evaluated as exp((z_i - max z) / T),
which is at most 1 and never overflows. T = 0 gives the arg max, whose ties share the probability equally.
Entropy: -Σ p log₂ p, in bits.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from embcli.errors import UsageProblem
from embcli.queries import directions
from embcli.queries.expression import Expression
from embcli.queries.questions import SoftmaxQuestion
from embcli.queries.words import reported, resolve_words, split_at_commas
from embcli.results.model_card import ModelCard
from embcli.results.softmax import Candidate, Distribution, SoftmaxQuery
from embcli.results.words import WeightedWord
from embcli.search.scores import cosines, dots
from embcli.vectors.arithmetic import COSINE_BLUR, LENGTH_BLUR, Float64Array, round_cosines, round_lengths
from embcli.vectors.space import VectorSpace

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

LOGIT_METRICS = ("dot", "cosine")
# A number after an equals sign, followed by more text.
SECOND_LOGIT = re.compile(r"=\s*[-+\N{MINUS SIGN}]?\.?\d[\d.eE+-]*\s*[\s;|]\s*\S")
SHOWN = 10  # default number of answers from the whole vocabulary


def softmax(logits: "ArrayLike", temperature: float = 1.0) -> Float64Array:
    """Probabilities of logits [n] at a temperature ≥ 0; they add up to 1. Raises UsageProblem.

    softmax([1, 2, 3])  # [0.09003057 0.24472847 0.66524096]
    """
    z = np.asarray(logits, np.float64)
    _check_temperature(temperature)
    if not len(z) or not np.isfinite(z).all():
        raise UsageProblem("softmax requires one or more finite logits")
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        below = z - z.max()  # -inf on overflow, whose exponential is 0
        weights = (below == 0).astype(np.float64) if temperature == 0 else np.exp(below / temperature)
    return np.asarray(weights / weights.sum())


def entropy(probabilities: Float64Array) -> float:
    """-Σ p log₂ p in bits, with 0 log 0 = 0: entropy(np.array([0.5, 0.5])) = 1.0."""
    p = probabilities[probabilities > 0]
    return float(abs((p * np.log2(p)).sum()))


def weigh_candidates(
    space: VectorSpace,
    expression: "str | Expression | ArrayLike",
    words: Sequence[str] = (),
    *,
    metric: str = "dot",
    temperatures: Sequence[float] = (1.0,),
    everything: bool = False,
    k: int | None = None,
    skip_unknown: bool = False,
) -> Distribution:
    """Probabilities of candidate words as answers to an expression or a vector [dim], the most probable first.

    A logit is the dot product of the candidate's vector and the query's, as in the unembedding of a language model,
    or their cosine. With `everything`, all words of the vocabulary are candidates, and the k most probable (10) are
    returned with their probabilities among all. Raises UnknownWord, UsageProblem.

        weigh_candidates(glove, "king", ["queen", "throne"]).results[0].word  # 'throne'
    """
    asked = directions.as_asked(expression)
    return answer(space, SoftmaxQuestion(asked, tuple(words), tuple(temperatures), metric, everything, k, skip_unknown))


def answer(space: VectorSpace | None, question: SoftmaxQuestion) -> Distribution:
    """The same as `weigh_candidates`, or with given logits as `weigh_logits`, for a question given as a record."""
    expression, words, temperatures, metric, everything, k, skip_unknown, given = question
    if given is not None:
        if expression or words or everything or k is not None:
            raise UsageProblem("logits exclude an expression and candidates", "give one or the other")
        return weigh_logits(parse_logits(given) if isinstance(given, str) else given, temperatures)
    assert space is not None
    words = tuple(split_at_commas(space, words))
    if metric not in LOGIT_METRICS:
        raise UsageProblem(f'unknown metric "{metric}" for softmax', f"use one of {', '.join(LOGIT_METRICS)}")
    if everything == bool(words):
        raise UsageProblem("softmax requires candidates", "name words after the expression, or use --all (not both)")
    if k is not None and not everything:
        raise UsageProblem("k applies only to the whole vocabulary", "add --all, or remove k")
    if k is not None and k < 1:
        raise UsageProblem(f"k must be at least 1, not {k}", "for example k=10")
    if everything and space.is_remote:
        raise UsageProblem(
            f"--all needs the logits of all {len(space):,} words, which are on a server", "name the candidates"
        )
    asked = directions.read(expression)
    if not skip_unknown:  # all unknown words are reported at once
        resolve_words(space, [*directions.words_of(asked), *words])
    combined = directions.combine(space, asked, unit=metric == "cosine")
    found = resolve_words(space, words, skip_unknown=skip_unknown)
    candidates = np.arange(len(space)) if everything else np.array(list(dict.fromkeys(found.rows)), np.intp)
    query = SoftmaxQuery(
        expression=directions.describe(combined),
        metric=metric,
        temperatures=tuple(float(t) for t in temperatures),
        candidates=len(candidates),
        terms=tuple(WeightedWord(*term) for term in combined.terms),
        **reported(combined.found.joined(found)),
    )
    logits = (dots if metric == "dot" else cosines)(space, combined.vector, candidates)
    shown = (k or SHOWN) if everything else len(candidates)
    results, bits = _answers(logits, _printed_near_the_top(logits, metric, shown), query.temperatures, shown)
    return Distribution(
        schema="embcli.softmax/1",
        model=ModelCard.of(space),
        query=query,
        results=tuple(Candidate(space.word(int(candidates[i])), logit, p) for i, logit, p in results),
        entropy=bits,
    )


def weigh_logits(logits: Mapping[str, float], temperatures: Sequence[float] = (1.0,)) -> Distribution:
    """Probabilities of given logits, the most probable first, without a model. Raises UsageProblem.

    weigh_logits({"yes": 1.0, "no": 0.0}).results[0].probabilities  # (0.7310585786300049,)
    """
    names = list(logits)
    wrong = [name for name, logit in logits.items() if not name or not math.isfinite(logit)]
    if not names or wrong:
        raise UsageProblem(
            f'"{wrong[0]}" has no finite logit' if wrong else "there are no logits", 'for example {"yes": 2.5}'
        )
    query = SoftmaxQuery(None, None, tuple(float(t) for t in temperatures), len(names), (), {})
    given = np.array(list(logits.values()), np.float64)
    results, bits = _answers(given, given, query.temperatures, len(names))
    return Distribution(
        schema="embcli.softmax/1",
        model=None,
        query=query,
        results=tuple(Candidate(names[i], logit, p) for i, logit, p in results),
        entropy=bits,
    )


def parse_temperatures(sources: Sequence[str]) -> list[float]:
    """The temperatures of lists such as `0,1,2`, without duplicates. Raises UsageProblem."""
    temperatures = []
    for part in [part.strip() for source in sources for part in source.split(",")]:
        if not is_number(part):
            raise UsageProblem(f'"{part}" is not a temperature', "for example -T 0,0.5,1, without blanks")
        temperatures.append(float(part))
        _check_temperature(temperatures[-1])
    return list(dict.fromkeys(temperatures))


def is_number(text: str) -> bool:
    """Whether a text is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text  # which Python allows between digits


def parse_logits(source: str) -> dict[str, float]:
    """The names and numbers of `Snape=3.4,Trelawney=2.5`. Raises UsageProblem."""
    logits: dict[str, float] = {}
    for part in source.split(","):
        name, equals, number = part.rpartition("=")
        name = name.strip()
        if SECOND_LOGIT.search(name):  # Snape=3.4 Trelawney=2.5 is not one name
            raise UsageProblem(f'"{part.strip()}" contains more than one logit', "write Snape=3.4,Trelawney=2.5")
        number = number.strip().replace("\N{MINUS SIGN}", "-")
        value = float(number) if is_number(number) else math.nan
        if not equals or not name or not math.isfinite(value):
            raise UsageProblem(f'"{part.strip()}" is not a logit', "for example Snape=3.4,Trelawney=2.5")
        if name in logits:
            raise UsageProblem(f'the logit of "{name}" is given twice', "give each name once")
        logits[name] = value
    return logits


def _answers(
    logits: Float64Array, printed: Float64Array, temperatures: Sequence[float], count: int
) -> tuple[list[tuple[int, float, tuple[float, ...]]], tuple[float, ...]]:
    """(index, printed logit, probabilities) of the `count` largest logits, and the entropies in bits.

    Printed logits are compared; ties are in the given order, and share the probability at temperature 0.
    """
    if not temperatures:
        raise UsageProblem("softmax requires a temperature", "for example 1")
    columns = [softmax(logits if temperature else printed, temperature) for temperature in temperatures]
    order = np.argsort(-printed, kind="stable")[:count].tolist()
    results = [(i, float(printed[i]), tuple(float(column[i]) for column in columns)) for i in order]
    return results, tuple(entropy(column) for column in columns)


def _printed_near_the_top(logits: Float64Array, metric: str, count: int) -> Float64Array:
    """The logits, with those that may be among the `count` largest rounded as printed."""
    if not np.isfinite(logits).all():
        raise UsageProblem("softmax requires finite logits", "the vectors are too long")
    last = np.partition(logits, -count)[-count] if count < len(logits) else logits.min()
    blur, rounded = (LENGTH_BLUR * abs(last), round_lengths) if metric == "dot" else (COSINE_BLUR, round_cosines)
    near = np.flatnonzero(logits >= last - blur)
    printed = logits.copy()
    printed[near] = rounded(logits[near])
    return printed


def _check_temperature(temperature: float) -> None:
    if not (math.isfinite(temperature) and temperature >= 0):
        raise UsageProblem(f"a temperature must be a finite number, 0 or more, not {temperature}", "for example 0.5")
