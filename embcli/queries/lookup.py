"""Read rows of the embedding matrix.

An embedding is a look-up: with x the one-hot vector [rows] of a word, x · V is the word's row of V. The product
multiplies all other rows by zero, so implementations read the row instead.
"""

from collections.abc import Sequence

import numpy as np

from embcli.errors import UsageProblem
from embcli.queries.words import reported, resolve_words, split_at_commas
from embcli.results.lookup import Entry, LargeCoordinate, Lookup
from embcli.results.model_card import ModelCard
from embcli.results.words import WordsQuery
from embcli.vectors.arithmetic import Float64Array, lengths
from embcli.vectors.space import VectorSpace


def look_up(
    space: VectorSpace, words: Sequence[str], *, skip_unknown: bool = False, coordinates: int | None = None
) -> Lookup:
    """The row, the norm and the vector of each word. Raises UnknownWord.

    look_up(glove, ["king"]).results[0].row  # 691
    """
    if not words:
        raise UsageProblem("there are no words to look up", "for example king")
    if coordinates is not None and coordinates < 1:
        raise UsageProblem(f"coordinates must be at least 1, not {coordinates}", "for example coordinates=10")
    words = split_at_commas(space, words)
    found = resolve_words(space, words, skip_unknown=skip_unknown)
    entries = []
    for row in found.rows:
        vector = space.float64([row])[0]
        norm = float(lengths(space.float64([row]))[0])
        in_matrix = row if space.has_row(row) and space.has_row_numbers else None
        rank = row + 1 if in_matrix is not None and space.is_sorted_by_frequency else None
        largest = None if coordinates is None else largest_coordinates(vector, coordinates)
        entries.append(Entry(space.word(row), in_matrix, rank, norm, tuple(float(x) for x in vector), largest))
    return Lookup(
        schema="embcli.lookup/1",
        model=ModelCard.of(space),
        query=WordsQuery(tuple(words), **reported(found)),
        results=tuple(entries),
    )


def largest_coordinates(vector: Float64Array, count: int) -> tuple[LargeCoordinate, ...]:
    """The coordinates [dim] that are largest in absolute value, with their shares vᵢ² / ‖v‖².

    largest_coordinates(np.array([3.0, 4.0]), 1)  # (LargeCoordinate(dimension=1, value=4.0, share=0.64),)
    """
    squares = vector**2
    total = float(squares.sum()) or 1.0
    order = np.argsort(-squares, kind="stable")[:count].tolist()
    return tuple(LargeCoordinate(i, float(vector[i]), float(squares[i]) / total) for i in order)
