"""One head of attention on word vectors, with the identity for W_Q, W_K and W_V: what dot products alone would read.

weights = softmax(x_focus · x_j / √d / T) over the words of the text, and the new vector of the focus is Σ weight · x_j.
A trained head has matrices of its own; without them this is only a weighted average of the text.
"""

from typing import NamedTuple

import numpy as np

from embcli.errors import UsageProblem
from embcli.queries.analogy import find_neighbors
from embcli.queries.softmax import softmax
from embcli.queries.words import resolve_words
from embcli.results.attend import Attended, AttentionQuery, ReadToken
from embcli.results.model_card import ModelCard
from embcli.results.words import WordAndCosine
from embcli.vectors.arithmetic import Float64Array
from embcli.vectors.space import VectorSpace

SHOWN_NEIGHBORS = 8


class AttentionQuestion(NamedTuple):
    """A question for what the focus reads in a text of known words."""

    text: str
    focus: str
    temperature: float = 1.0


def attend(space: VectorSpace, text: str, focus: str, *, temperature: float = 1.0) -> Attended:
    """What a word of a text reads with one head whose matrices are the identity, and its neighbours before and after.

    Raises UnknownWord; UsageProblem if the focus is not in the text, or for a temperature that is not positive.

        attend(glove, "american shrew mole", "mole").results[2].weight  # that of mole itself
    """
    words = text.split()
    if focus.startswith("#") and focus[1:].isdigit() and focus not in words and int(focus[1:]) < len(words):
        place = int(focus[1:])
    elif focus in words:
        place = len(words) - 1 - words[::-1].index(focus)
    else:
        raise UsageProblem(f'"{focus}" is not a word of the text', f"its words are {', '.join(words) or 'missing'}")
    if not temperature > 0:
        raise UsageProblem("the temperature of attention must be more than 0", "for example -T 2")
    found = resolve_words(space, words)
    x = space.float64(found.rows)  # [n, d]
    dots = x @ x.T
    scaled = dots / np.sqrt(space.dim) / temperature
    pattern = np.stack([softmax(row) for row in scaled])  # [query, key]
    results = tuple(
        ReadToken(i, space.word(row), float(pattern[place, i]), True, float(dots[place, i]), float(scaled[place, i]),
                  float(dots[place, i]))
        for i, row in enumerate(found.rows)
    )  # fmt: skip
    own = {space.word(row) for row in found.rows}
    query = AttentionQuery(text, focus, place, None, None, temperature, None, found.resolved or None)
    return Attended(
        "embcli.attend/1", ModelCard.of(space), query, results, None, None,
        tuple(tuple(float(w) for w in row) for row in pattern),
        before=_neighbors(space, x[place], own), after=_neighbors(space, pattern[place] @ x, own),
    )  # fmt: skip


def _neighbors(space: VectorSpace, vector: Float64Array, own: set[str]) -> tuple[WordAndCosine, ...]:
    """The nearest words to a vector, without those of the text."""
    ranking = find_neighbors(space, vector, k=SHOWN_NEIGHBORS + len(own))
    near = [WordAndCosine(answer.word, answer.score) for answer in ranking.results if answer.word not in own]
    return tuple(near[:SHOWN_NEIGHBORS])
