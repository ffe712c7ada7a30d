"""`VectorSpace`: a matrix of word vectors, its vocabulary, and expressions evaluated in it.

Notation used throughout: V is the matrix [rows, dim], v one of its rows, q a query vector [dim],
‖v‖ the Euclidean norm, and v̂ = v / ‖v‖. A zero vector has no direction; its cosine with anything is 0.
"""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from embcli.errors import DamagedStore, UnknownWord, UsageProblem
from embcli.vectors.arithmetic import Float32Array, Float64Array, Rows, lengths, row_norms, unit_rows, weighted_sum
from embcli.vectors.spellings import one_edit_away
from embcli.vectors.subwords import Subwords
from embcli.vectors.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

# The range of query lengths; others come from extreme weights and would over- or underflow in float32.
SAFE_QUERY = (1e-30, 1e30)


# A word is rare beside another that comes so many times as early; by Zipf's law it is so many times as frequent.
RARER = 100
# Rows before this one are never rare; shorter words have too many neighbours.
RARE_ROW, LEAST_LETTERS = 1000, 4
# What is reported to stand for a word outside the vocabulary.
FROM_NGRAMS = "its n-grams"


class OutsideVectors:
    """Vectors that are not rows of the matrix, each with a row number after those of the matrix.

    These are words whose vectors come from their n-grams, which are composed when they are needed, and expressions.
    """

    def __init__(self, first: int) -> None:
        self._first = first
        self._rows: dict[str, int] = {}
        self._labels: list[str] = []
        self._vectors: dict[int, Float64Array] = {}

    def row(self, label: str, vector: Float64Array | None = None) -> int:
        """The row of a word or an expression; a new one for a new label. vector: that of an expression."""
        if label not in self._rows:
            self._rows[label] = self._first + len(self._labels)
            self._labels.append(label)
            if vector is not None:
                self._vectors[self._rows[label]] = vector
        return self._rows[label]

    def label(self, row: int) -> str:
        """The word or the expression of a row."""
        return self._labels[row - self._first]

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


class VectorSpace:
    """Words as vectors: `vectors` float32 [rows, dim], `norms` float32 [rows], `vocabulary`, `name`."""

    def __init__(self, vectors: Float32Array, norms: Float32Array, vocabulary: Vocabulary, name: str = "") -> None:
        self.vectors = vectors
        self.norms = norms
        self.vocabulary = vocabulary
        self.name = name
        self.subwords: Subwords | None = None
        self._outside = OutsideVectors(len(vectors))
        self._frequent: dict[str, int] | None = None  # the rows of the most frequent words, once they are needed

    @classmethod
    def from_words(cls, words: Sequence[str], vectors: "ArrayLike", name: str = "") -> "VectorSpace":
        """A space in memory from words and an array [rows, dim], such as the small spaces of tests.

        len(VectorSpace.from_words(["king", "queen"], [[1, 0], [1, 1]]))  # 2
        """
        matrix = np.array(vectors, np.float32)
        if matrix.ndim != 2 or len(matrix) != len(words):
            raise UsageProblem(f"{len(words)} words require an array [{len(words)}, dim], not {list(matrix.shape)}")
        if not np.isfinite(matrix).all():
            raise UsageProblem("the vectors contain non-finite numbers")
        if len(set(words)) < len(words) or not all(words):
            raise UsageProblem("the words must be distinct and not empty")
        return cls(matrix, row_norms(matrix), Vocabulary.from_words(words), name)

    @property
    def is_sorted_by_frequency(self) -> bool | None:
        """Whether the rows are sorted by word frequency; None if unknown."""
        return None

    def __len__(self) -> int:
        return len(self.vectors)

    @property
    def dim(self) -> int:
        """The number of dimensions."""
        return int(self.vectors.shape[1])

    def resolve(self, text: str) -> tuple[int, str]:
        """The row and the word that a typed word stands for (`Vocabulary.resolve`), or UnknownWord.

        With subwords, a word outside the vocabulary gets a row of its own after those of the matrix.
        """
        try:
            return self.vocabulary.resolve(text)
        except UnknownWord as error:
            if self.subwords is not None and self.subwords.vector(text) is not None:
                return self._outside.row(text), text
            raise UnknownWord(error.word, error.suggestions, self.name, error.expression) from None

    def resolve_all(self, words: Iterable[str], *, skip_unknown: bool = False) -> "Resolution":
        """The rows of words. Raises UnknownWord for all unknown ones; with `skip_unknown`, only if none is known."""
        rows: list[int] = []
        kept: list[str] = []
        resolved: dict[str, str] = {}
        rare: dict[str, tuple[int, str]] = {}
        unknown: list[UnknownWord] = []
        for word in words:
            try:
                row, used = self.resolve(word)
            except UnknownWord as error:
                unknown.append(error)
                continue
            rows.append(row)
            kept.append(word)
            if row >= len(self):
                resolved[word] = FROM_NGRAMS
            elif used != word:
                resolved[word] = used
            instead = self._instead(word, row, used)
            if instead is not None:
                rare[used] = row, instead
        if unknown and not (skip_unknown and kept):
            raise UnknownWord.joined(unknown)
        skipped = tuple(dict.fromkeys(error.word for error in unknown))
        return Resolution(rows, tuple(kept), resolved, rare, skipped if skip_unknown else None)

    def _instead(self, typed: str, row: int, used: str) -> str | None:
        """What may be meant in place of a rare word: the parts of a phrase, or a frequent word one letter away."""
        if row < RARE_ROW or row >= len(self) or not self.is_sorted_by_frequency:
            return None
        if used == typed:
            if row <= len(self) // 2 or len(typed) < LEAST_LETTERS or not typed.isalpha():
                return None
            if self._frequent is None:
                self._frequent = {word: row for row, word in enumerate(self.vocabulary.first(len(self) // RARER))}
            near = {self._frequent[word]: word for word in one_edit_away(typed) if word in self._frequent}
            return near[min(near)] if near and min(near) < row // RARER else None
        parts = [self.vocabulary.find(part) for part in re.split(r"[ _-]+", used)]
        known = [part for part in parts if part is not None]
        if len(known) < 2 or len(known) < len(parts) or row <= RARER * max(known):
            return None
        return " + ".join(self.vocabulary[part] for part in known)

    def word(self, row: int) -> str:
        """The word of a row, also of one outside the vocabulary; the expression of a row from `add_expression`."""
        return self.vocabulary[row] if row < len(self) else self._outside.label(row)

    def add_expression(self, label: str, vector: Float64Array) -> int:
        """A row number for the vector [dim] of an expression, so that it can stand where a word can."""
        return self._outside.row(label, vector)

    def combine(self, terms: Sequence[tuple[str, float]], *, unit: bool) -> Combination:
        """Σ weight · v over (word, weight) terms, with v̂ in place of v if `unit`.

        Raises UnknownWord; UsageProblem if the sum is the zero vector, which has no direction, or outside the range of
        float32.
        """
        found = self.resolve_all(word for word, _ in terms)
        rows = found.rows
        weights = np.array([weight for _, weight in terms])
        vectors = unit_rows(self.float64(rows)) if unit else self.float64(rows)
        with np.errstate(over="ignore"):
            vector = weighted_sum(vectors, weights)
            length = float(weighted_sum(np.abs(vectors), np.abs(weights)).sum())
        if not length < SAFE_QUERY[1]:
            raise UsageProblem("the weights of the expression are too large", "use weights nearer to 1")
        # Terms that cancel exactly leave rounding errors in floating point, so "zero" is relative to their lengths.
        if 0 < length < SAFE_QUERY[0]:
            raise UsageProblem("the weights of the expression are too small", "use weights nearer to 1")
        if not lengths(vector[None])[0] > 1e-12 * length:
            raise UsageProblem("the expression is the zero vector, which points nowhere", "change a word or a weight")
        used = tuple((self.word(row), weight) for row, (_, weight) in zip(rows, terms, strict=True))
        return Combination(vector, used, tuple(rows), found)

    def float64(self, rows: Rows | Sequence[int]) -> Float64Array:
        """The vectors of some rows in float64 [len(rows), dim]. DamagedStore for numbers that are not finite."""
        wanted = np.asarray(rows, np.intp)
        is_outside = wanted >= len(self)
        if is_outside.any():
            vectors = self.vectors[np.where(is_outside, 0, wanted)].astype(np.float64)
            for place in np.flatnonzero(is_outside).tolist():
                vectors[place] = self._outside_vector(int(wanted[place]))
        else:
            vectors = self.vectors[wanted].astype(np.float64)
        if not np.isfinite(vectors).all():
            raise DamagedStore("the vectors contain non-finite numbers")
        return vectors

    def _outside_vector(self, row: int) -> Float64Array | Float32Array:
        vector = self._outside.vector(row)
        if vector is not None:
            return vector
        assert self.subwords is not None
        composed = self.subwords.vector(self._outside.label(row))
        assert composed is not None
        return composed
