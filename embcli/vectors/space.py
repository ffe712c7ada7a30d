"""`VectorSpace`: a matrix of word vectors, its vocabulary, and expressions evaluated in it.

Notation used throughout: V is the matrix [rows, dim], v one of its rows, q a query vector [dim],
‖v‖ the Euclidean norm, and v̂ = v / ‖v‖. A zero vector has no direction; its cosine with anything is 0.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from embcli.errors import DamagedStore, UnknownWord, UsageProblem
from embcli.vectors.arithmetic import (
    Float32Array,
    Float64Array,
    IntArray,
    Rows,
    lengths,
    row_norms,
    unit_rows,
    weighted_sum,
)
from embcli.vectors.combinations import Combination, OutsideVectors, Resolution
from embcli.vectors.vocabulary import Vocabulary, is_utf8

if TYPE_CHECKING:
    from gensim.models import KeyedVectors
    from numpy.typing import ArrayLike

    from embcli.store.codes import Codes
    from embcli.vectors.milvus import ServerIndex
    from embcli.vectors.subwords import Subwords

# The range of query lengths; others come from extreme weights and would over- or underflow in float32.
SAFE_QUERY = (1e-30, 1e30)
# The range of the largest coordinate of a given vector: that of float32.
SAFE_COORDINATE = (2.0**-149, 2.0**128)

# A word is rare beside another that comes so many times as early; by Zipf's law it is so many times as frequent.
RARER = 100
# Rows before this one are never rare; shorter words have too many neighbours.
RARE_ROW, LEAST_LETTERS = 1000, 4
# What is reported to stand for a word outside the vocabulary.
FROM_NGRAMS = "its n-grams"


class VectorSpace:
    """Words as vectors: `vectors` float32 [rows, dim], `norms` float32 [rows], `vocabulary`, `name`.

    Like a read-only dictionary of words and vectors: `space["king"]` is a row, `"king" in space` says whether there is
    one, `len(space)` is the number of words, and iteration gives the words in row order. origin: where the vectors are
    from. counts: how often each word occurs in the corpus, int64 [rows], if known. int8: the companion of the vectors
    that a search may read first, if there is one.

        VectorSpace.from_words(["king", "queen"], [[1, 0], [1, 1]])["queen"]  # [1. 1.]
    """

    is_remote, has_row_numbers = False, True  # whether the vectors are on a server, perhaps without row numbers
    index: "ServerIndex | None" = None  # the index that searches them there
    average_pieces = False  # whether a word of several tokens is the mean of their vectors, or else an error

    def __init__(self, vectors: Float32Array, norms: Float32Array, vocabulary: Vocabulary, name: str = "") -> None:
        self.vectors = vectors
        self.norms = norms
        self.vocabulary = vocabulary
        self.name = name
        self.origin = "memory"
        # How the words are spelled, if they are the tokens of a transformer (`results/spelling.py`).
        self.spelling: str | None = None
        self.counts: IntArray | None = None
        self._is_sorted: bool | None = None
        self.subwords: Subwords | None = None
        self.int8: Codes | None = None
        self._outside = OutsideVectors(len(vectors))
        self._rows_of_frequent: dict[str, int] | None = None  # of the most frequent words, once they are needed

    @classmethod
    def from_words(cls, words: Sequence[str], vectors: "ArrayLike", name: str = "") -> "VectorSpace":
        """A space in memory from words and an array [rows, dim], such as the small spaces of tests.

        len(VectorSpace.from_words(["king", "queen"], [[1, 0], [1, 1]]))  # 2
        """
        for word in words:
            if not isinstance(word, str) or not is_utf8(word):
                raise UsageProblem(f"the words must be strings of Unicode characters, not {word!r:.60}")
        matrix = np.array(vectors, np.float32)
        matrix.setflags(write=False)  # the norms would be those of other vectors
        if matrix.ndim != 2 or len(matrix) != len(words):
            raise UsageProblem(f"{len(words)} words require an array [{len(words)}, dim], not {list(matrix.shape)}")
        if not np.isfinite(matrix).all():
            raise UsageProblem("the vectors contain non-finite numbers")
        if len(set(words)) < len(words) or not all(words):
            raise UsageProblem("the words must be distinct and not empty")
        return cls(matrix, row_norms(matrix), Vocabulary.from_words(words), name)

    @classmethod
    def from_gensim(cls, keyed: "KeyedVectors", name: str = "gensim") -> "VectorSpace":
        """A space in memory with the words and vectors of a gensim KeyedVectors, or of a model that has one as `wv`.

        The vectors are copied as float32, so that further training does not change the space. The counts of the words
        are kept, and so are the n-grams of FastTextKeyedVectors. Raises UsageProblem for other objects, or if a key is
        not a string.

            VectorSpace.from_gensim(space.to_gensim()).vectors.tobytes() == space.vectors.tobytes()  # True
        """
        from embcli.vectors.gensim import contents

        words, vectors, counts, subwords = contents(keyed)
        space = cls.from_words(words, vectors, name)
        space.origin, space.counts, space.subwords = "gensim", counts, subwords
        space._is_sorted = None if counts is None else bool((counts[1:] <= counts[:-1]).all())
        return space

    def to_gensim(self) -> "KeyedVectors":
        """A gensim KeyedVectors with the same vectors, in the same memory, read-only; only the words are copied.

        The counts of the words are its attribute `count`, if they are known. It has no n-grams, because gensim's
        FastTextKeyedVectors need more than the vectors of the words to be saved.

            space.to_gensim().most_similar(positive=["king", "woman"], negative=["man"])
        """
        from embcli.vectors.gensim import keyed_vectors

        return keyed_vectors(self.vectors, self.norms, self.vocabulary.first(None), self.counts)

    @property
    def is_sorted_by_frequency(self) -> bool | None:
        """Whether the rows are sorted by word frequency; None if unknown."""
        return self._is_sorted

    def __repr__(self) -> str:
        return f"<VectorSpace {self.name!r}: {len(self):,} words × {self.dim}, from {self.origin!r}>"

    def __len__(self) -> int:
        return len(self.vectors)

    def __iter__(self) -> Iterator[str]:
        return iter(self.vocabulary)

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self.find(word) is not None

    def __getitem__(self, words: str | Iterable[str]) -> Float32Array:
        """The vector of a word, a read-only view [dim]; of a list of words, a new array [words, dim].

        The word must be spelled as in the vocabulary: no other case or spelling is tried, because an array cannot
        report what was used. Raises UnknownWord, which is a KeyError, for all unknown words; TypeError for numbers.

            space["king"].shape, space[["king", "queen"]].shape  # ((50,), (2, 50))
        """
        if isinstance(words, str):
            return self._vectors_of([words])[0]
        if not isinstance(words, Iterable) or isinstance(words, bytes):
            raise TypeError("a space is indexed by a word or a list of words; rows are in its attribute vectors")
        vectors = self._vectors_of(words)
        return np.stack(vectors) if vectors else np.empty((0, self.dim), np.float32)

    def _vectors_of(self, words: Iterable[str]) -> list[Float32Array]:
        vectors: list[Float32Array] = []
        unknown: list[UnknownWord] = []
        for word in words:
            if not isinstance(word, str):
                raise TypeError(f"a space is indexed by words, not by {type(word).__name__}")
            vector = self.find(word)
            if vector is None:
                unknown.append(UnknownWord(word, self.vocabulary.suggest(word), self.name))
            else:
                vectors.append(vector)
        if unknown:
            raise UnknownWord.joined(unknown)
        return vectors

    def find(self, word: str) -> Float32Array | None:
        """The vector [dim] of exactly this word, read-only, or None.

        With subwords, the vector of a word outside the vocabulary is that of its n-grams, as in gensim.
        """
        row = self.vocabulary.find(word)
        if row is not None:
            vector: Float32Array = self.vectors[row]
        elif self.subwords is not None and (composed := self.subwords.vector(word)) is not None:
            vector = composed
        else:
            return None
        vector.setflags(write=False)
        return vector

    @property
    def dim(self) -> int:
        """The number of dimensions."""
        return int(self.vectors.shape[1])

    def has_row(self, row: int) -> bool:
        """Whether a row number is that of a row of the matrix, not of a word or expression outside it."""
        return row < self._outside.first

    def searched(self, top: int | None) -> int:
        """The number of rows of a search that `top` restricts to the first ones."""
        return len(self) if top is None else min(top, len(self))

    def prefetch(self, words: Iterable[str]) -> None:
        """Announce that these words are looked up next, so that a space on a server asks for all of them at once."""

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
        words = list(words)
        self.prefetch(words)
        for word in words:
            try:
                row, used = self.resolve(word)
            except UnknownWord as error:
                unknown.append(error)
                continue
            rows.append(row)
            kept.append(word)
            if not self.has_row(row):
                resolved[word] = FROM_NGRAMS if used == word else used
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
        if row < RARE_ROW or not self.has_row(row) or not self.is_sorted_by_frequency:
            return None
        if used == typed:
            if row <= len(self) // 2 or len(typed) < LEAST_LETTERS or not typed.isalpha():
                return None
            from embcli.vectors.spellings import one_edit_away

            near = self._frequent(one_edit_away(typed))
            return near[min(near)] if near and min(near) < row // RARER else None
        parts = [self.vocabulary.find(part) for part in re.split(r"[ _-]+", used)]
        known = [part for part in parts if part is not None]
        if len(known) < 2 or len(known) < len(parts) or row <= RARER * max(known):
            return None
        return " + ".join(self.vocabulary[part] for part in known)

    def _frequent(self, words: Iterable[str]) -> dict[int, str]:
        """Those of some words that are among the most frequent ones, by row."""
        if self._rows_of_frequent is None:
            self._rows_of_frequent = {word: row for row, word in enumerate(self.vocabulary.first(len(self) // RARER))}
        return {self._rows_of_frequent[word]: word for word in words if word in self._rows_of_frequent}

    def word(self, row: int) -> str:
        """The word of a row, also of one outside the vocabulary; the expression of a row from `add_expression`."""
        return self.vocabulary[row] if self.has_row(row) else self._outside.label(row)

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
        if 0 < length < SAFE_QUERY[0]:
            raise UsageProblem("the weights of the expression are too small", "use weights nearer to 1")
        # Terms that cancel exactly leave rounding errors in floating point, so "zero" is relative to their lengths.
        if not lengths(vector[None])[0] > 1e-12 * length:
            raise UsageProblem("the expression is the zero vector, which points nowhere", "change a word or a weight")
        used = tuple((self.word(row), weight) for row, (_, weight) in zip(rows, terms, strict=True))
        return Combination(vector, used, tuple(rows), found)

    def combine_numbers(self, numbers: Float64Array, *, unit: bool) -> Combination:
        """A given vector [dim] as an expression without words, scaled to unit length if `unit`.

        Raises UsageProblem for another shape, for numbers that are not finite or outside the range of float32, and for
        the zero vector, as `combine` does.
        """
        if numbers.shape != (self.dim,):
            raise UsageProblem(
                f"the vector has the shape {list(numbers.shape)}, not [{self.dim}]",
                f"give one vector of {self.dim} numbers",
            )
        if not np.isfinite(numbers).all():
            raise UsageProblem("the vector contains non-finite numbers", "remove NaN and infinity")
        largest = float(np.abs(numbers).max())
        if largest == 0:
            raise UsageProblem("the vector is the zero vector, which points nowhere", "give another vector")
        is_safe = SAFE_COORDINATE[0] <= largest < SAFE_COORDINATE[1]
        if not is_safe or not (unit or SAFE_QUERY[0] <= float(np.abs(numbers).sum()) < SAFE_QUERY[1]):
            raise UsageProblem("the numbers of the vector are too large or too small", "scale the vector")
        vector = unit_rows(numbers[None])[0] if unit else numbers
        return Combination(vector, (), (), Resolution([], (), {}, {}))

    def float64(self, rows: Rows | Sequence[int]) -> Float64Array:
        """The vectors of some rows in float64 [len(rows), dim]. DamagedStore for numbers that are not finite."""
        wanted = np.asarray(rows, np.intp)
        is_outside = wanted >= self._outside.first
        if is_outside.any():
            vectors = np.empty((len(wanted), self.dim))
            vectors[~is_outside] = self._float32(wanted[~is_outside])
            for place in np.flatnonzero(is_outside).tolist():
                vectors[place] = self._outside_vector(int(wanted[place]))
        else:
            vectors = self._float32(wanted).astype(np.float64)
        if not np.isfinite(vectors).all():
            raise DamagedStore("the vectors contain non-finite numbers")
        return vectors

    def _float32(self, rows: Rows) -> Float32Array:
        return np.asarray(self.vectors[rows])

    def _outside_vector(self, row: int) -> Float64Array | Float32Array:
        vector = self._outside.vector(row)
        if vector is not None:
            return vector
        assert self.subwords is not None
        composed = self.subwords.vector(self._outside.label(row))
        assert composed is not None
        return composed
