"""Read rows of the embedding matrix.

An embedding is a look-up: with x the one-hot vector [rows] of a word, x · V is the word's row of V. The product
multiplies all other rows by zero, so implementations read the row instead.
"""

from collections.abc import Sequence

from embcli.errors import UsageProblem
from embcli.queries.words import reported
from embcli.results.queries import Entry, Lookup, ModelCard, WordsQuery
from embcli.vectors.arithmetic import lengths
from embcli.vectors.space import VectorSpace


def look_up(space: VectorSpace, words: Sequence[str], *, skip_unknown: bool = False) -> Lookup:
    """The row, the norm and the vector of each word. Raises UnknownWord.

    look_up(glove, ["king"]).results[0].row  # 691
    """
    if not words:
        raise UsageProblem("there are no words to look up", "for example king")
    found = space.resolve_all(words, skip_unknown=skip_unknown)
    entries = []
    for row in found.rows:
        vector = space.float64([row])[0]
        norm = float(lengths(space.float64([row]))[0])
        in_matrix = row if row < len(space) else None
        rank = row + 1 if in_matrix is not None and space.is_sorted_by_frequency else None
        entries.append(Entry(space.word(row), in_matrix, rank, norm, tuple(float(x) for x in vector)))
    return Lookup(
        schema="embcli.lookup/1",
        model=ModelCard.of(space),
        query=WordsQuery(tuple(words), **reported(found)),
        results=tuple(entries),
    )
