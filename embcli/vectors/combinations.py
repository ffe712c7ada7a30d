"""What typed words and expressions stand for in a space: rows, sums, and vectors that are not rows of its matrix."""

from typing import NamedTuple

from embcli.vectors.arithmetic import Float64Array


class OutsideVectors:
    """Vectors that are not rows of the matrix, each with a row number after those of the matrix.

    These are words whose vectors come from their n-grams, which are composed when they are needed, and expressions.
    first: the first such row number.
    """

    def __init__(self, first: int) -> None:
        self.first = first
        self._rows: dict[str, int] = {}
        self._labels: list[str] = []
        self._vectors: dict[int, Float64Array] = {}

    def row(self, label: str, vector: Float64Array | None = None) -> int:
        """The row of a word or an expression; a new one for a new label. vector: that of an expression."""
        if label not in self._rows:
            self._rows[label] = self.first + len(self._labels)
            self._labels.append(label)
            if vector is not None:
                self._vectors[self._rows[label]] = vector
        return self._rows[label]

    def label(self, row: int) -> str:
        """The word or the expression of a row."""
        return self._labels[row - self.first]

    def vector(self, row: int) -> Float64Array | None:
        """The vector of an expression; None for a word."""
        return self._vectors.get(row)


class Resolution(NamedTuple):
    """Typed words as rows.

    rows and words: of the known words, as typed. resolved: typed word → what was used in its place. rare: rare words →
    their row, and what may be meant instead. skipped: unknown words, if they may be skipped.
    """

    rows: list[int]
    words: tuple[str, ...]
    resolved: dict[str, str]
    rare: dict[str, tuple[int, str]]
    skipped: tuple[str, ...] | None = None

    def joined(self, *others: "Resolution") -> "Resolution":
        """Several resolutions as one."""
        result = self
        for other in others:
            skipped = result.skipped if other.skipped is None else (*(result.skipped or ()), *other.skipped)
            result = Resolution(
                [*result.rows, *other.rows],
                result.words + other.words,
                result.resolved | other.resolved,
                result.rare | other.rare,
                skipped,
            )
        return result


class Combination(NamedTuple):
    """An expression evaluated in a space.

    vector: float64 [dim], Σ weight · term. terms: the words found, with their weights. rows: the row of each term.
    found: how the words were resolved.
    """

    vector: Float64Array
    terms: tuple[tuple[str, float], ...]
    rows: tuple[int, ...]
    found: Resolution
