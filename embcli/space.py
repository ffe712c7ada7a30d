"""`VectorSpace`: a matrix of word vectors, scores of a query against every word, exact top-k.

Notation used throughout: V is the matrix [rows, dim], v one of its rows, q a query vector [dim],
‖v‖ the Euclidean norm, and v̂ = v / ‖v‖. A zero vector has no direction; its cosine with anything is 0.

A matrix product in float32 is fast, but its last digits depend on the machine. So each score comes as
an interval that is sure to hold the true value; the few rows whose interval reaches the best are scored
again in float64 and compared at 6 decimals, equal scores in row order. The answer is that of scoring
every row in float64, on every machine.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from embcli.errors import DamagedStore, UnknownWord, UsageProblem
from embcli.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Float32Array = np.ndarray[Any, np.dtype[np.float32]]
Float64Array = np.ndarray[Any, np.dtype[np.float64]]
FloatArray = np.ndarray[Any, np.dtype[np.floating]]
Rows = np.ndarray[Any, np.dtype[np.integer]]

DECIMALS = 6
# Two numbers that are equal at DECIMALS decimals differ by at most this.
ROUNDING = 10.0**-DECIMALS
# Unit round-off of float32: a dot product of n terms, added in any order, errs by at most about
# n · UNIT · ‖a‖ · ‖b‖ (Higham, Accuracy and Stability of Numerical Algorithms, 2002, §3.1).
UNIT = 2.0**-24
# Room for the roundings around that product: of q to float32, the division, the shift by the margin.
SLACK = 16
# Two unit vectors nearer than this are the same direction, whatever their last digits say.
NO_STEP = 1e-7
# Norms outside this range may over- or underflow in float32; such rows are scored in float64.
SAFE_NORMS = (1e-15, 1e15)
# A longer or shorter query vector than this comes from absurd weights and would leave float32.
SAFE_QUERY = (1e-30, 1e30)
# Rows turned into float64 at a time, and rows whose best score stands for all of them in top-k.
CHUNK = 16_384
BLOCK = 1024


class Scores(NamedTuple):
    """Scores of rows 0 … n-1; a higher score is a better one.

    values: [n], approximate. margin: how far the true score may be from the value, one number for all
    rows or one for each. exact: rows → their true scores in float64.
    """

    values: FloatArray
    margin: float | Float64Array
    exact: Callable[[Rows], Float64Array]

    @classmethod
    def between(cls, lower: Float64Array, upper: Float64Array, exact: Callable[[Rows], Float64Array]) -> "Scores":
        """Scores of which each is known to lie between two ends."""
        return cls((lower + upper) / 2, (upper - lower) / 2, exact)

    def rounded(self, rows: Rows) -> Float64Array:
        """The true scores of `rows`, at the 6 decimals at which scores are compared and shown."""
        return np.round(self.exact(rows), DECIMALS) + 0.0  # + 0.0 turns -0.0 into 0.0

    def best(self, k: int) -> tuple[Rows, Float64Array]:
        """The k best rows, best first, ties in row order, and their rounded scores."""
        k = min(k, len(self.values))
        if k <= 0:
            return np.zeros(0, np.intp), np.zeros(0)
        survivors = np.flatnonzero(self.values >= self._just_below(self._floor(k) - self.margin))
        if len(survivors) < k:  # comparisons with NaN are false
            raise DamagedStore("the vectors hold numbers that are not finite")
        rounded = self.rounded(survivors)
        order = np.lexsort((survivors, -rounded))[:k]
        return survivors[order], rounded[order]

    def _just_below(self, value: float | Float64Array) -> FloatArray:
        """Below every number that equals `value` at 6 decimals, in the precision of the values."""
        kind = self.values.dtype
        return np.nextafter(np.asarray(value - 2 * ROUNDING, kind), np.asarray(-np.inf, kind))

    def _floor(self, k: int) -> float:
        """A score that at least k rows are sure to reach, and few more."""
        if isinstance(self.margin, float):  # the common case, without another array as long as the vocabulary
            return _floor_of_best(self.values, k) - self.margin
        return _floor_of_best(self.values - self.margin, k)

    def rank(self, row: int) -> tuple[int, float]:
        """The place of a row among all, counted from 1, and its rounded score."""
        score = float(self.rounded(np.array([row]))[0])
        may_be_better = self.values >= self._just_below(score - self.margin)
        surely_better = self.values > -self._just_below(-score - self.margin)
        undecided = np.flatnonzero(may_be_better & ~surely_better)
        rounded = self.rounded(undecided)
        better = (rounded > score) | ((rounded == score) & (undecided < row))
        return 1 + int(np.count_nonzero(surely_better)) + int(np.count_nonzero(better)), score


class Found(NamedTuple):
    """The k best rows with their scores, best first, and the rank and score of each wanted row.

    Scores are true ones at 6 decimals; equal scores stand in row order. The rank of a row that is not
    searched is None.
    """

    rows: Rows
    scores: Float64Array
    places: tuple[tuple[int | None, float], ...]


class Combination(NamedTuple):
    """An expression evaluated in a space.

    vector: float64 [dim], Σ weight · term. terms: the words as found, with their weights.
    rows: the row of each term. resolved: what was typed → the word used, where they differ.
    """

    vector: Float64Array
    terms: tuple[tuple[str, float], ...]
    rows: tuple[int, ...]
    resolved: dict[str, str]


class VectorSpace:
    """Words as vectors: `vectors` float32 [rows, dim], `norms` float32 [rows], `vocabulary`, `name`."""

    def __init__(self, vectors: Float32Array, norms: Float32Array, vocabulary: Vocabulary, name: str = "") -> None:
        self.vectors = vectors
        self.norms = norms
        self.vocabulary = vocabulary
        self.name = name

    @classmethod
    def from_words(cls, words: Sequence[str], vectors: "ArrayLike", name: str = "") -> "VectorSpace":
        """A space in memory from words and an array [rows, dim]: the toy spaces of tests and lessons."""
        matrix = np.array(vectors, np.float32)
        if matrix.ndim != 2 or len(matrix) != len(words):
            raise UsageProblem(f"{len(words)} words need an array [{len(words)}, dim], not {list(matrix.shape)}")
        if not np.isfinite(matrix).all():
            raise UsageProblem("the vectors hold numbers that are not finite")
        if len(set(words)) < len(words) or not all(words):
            raise UsageProblem("the words must not be empty, and must differ from each other")
        return cls(matrix, row_norms(matrix), Vocabulary.from_words(words), name)

    def __len__(self) -> int:
        return len(self.vectors)

    @property
    def dim(self) -> int:
        """How many numbers a vector has."""
        return int(self.vectors.shape[1])

    def resolve(self, text: str) -> tuple[int, str]:
        """The row and the word that a typed word stands for (`Vocabulary.resolve`), or UnknownWord."""
        try:
            return self.vocabulary.resolve(text)
        except UnknownWord as error:
            raise UnknownWord(error.word, error.suggestions, self.name) from None

    def resolve_all(self, words: Iterable[str]) -> tuple[list[int], dict[str, str]]:
        """The row of each word, and the word used where it differs from what was typed."""
        rows, resolved = [], {}
        for word in words:
            row, used = self.resolve(word)
            rows.append(row)
            if used != word:
                resolved[word] = used
        return rows, resolved

    def combine(self, terms: Sequence[tuple[str, float]], *, unit: bool) -> Combination:
        """Σ weight · v over (word, weight) terms, with v̂ in place of v when `unit`.

        UnknownWord for a word that is not there; UsageProblem when what remains is the zero vector,
        which points nowhere, or is too long for float32.
        """
        rows, resolved = self.resolve_all(word for word, _ in terms)
        weights = np.array([weight for _, weight in terms])
        vectors = unit_rows(self.float64(rows)) if unit else self.float64(rows)
        with np.errstate(over="ignore"):
            parts = weights[:, None] * vectors
            vector, length = parts.sum(axis=0), float(np.abs(parts).sum())
        if not length < SAFE_QUERY[1]:
            raise UsageProblem("the weights of the expression are too large", "use weights nearer to 1")
        # What cancels in exact arithmetic leaves some dust in floating point.
        if 0 < length < SAFE_QUERY[0]:
            raise UsageProblem("the weights of the expression are too small", "use weights nearer to 1")
        if not np.linalg.norm(vector) > 1e-12 * length:
            raise UsageProblem("the expression is the zero vector, which points nowhere", "change a word or a weight")
        used = tuple((resolved.get(word, word), weight) for word, weight in terms)
        return Combination(vector, used, tuple(rows), resolved)

    def float64(self, rows: Rows | Sequence[int]) -> Float64Array:
        """The vectors of some rows in float64 [len(rows), dim]. DamagedStore for numbers that are not finite."""
        vectors = self.vectors[np.asarray(rows, np.intp)]
        if not np.isfinite(vectors).all():
            raise DamagedStore("the vectors hold numbers that are not finite")
        return vectors.astype(np.float64)

    def exact_dots(self, q: Float64Array, rows: Rows | None = None) -> Float64Array:
        """v · q in float64, for some rows or for all of them."""
        rows = np.arange(len(self)) if rows is None else rows
        return self.by_chunks(rows, lambda vectors: (vectors * q).sum(axis=1))

    def exact_cosines(self, q: Float64Array, rows: Rows) -> Float64Array:
        """cos(v, q) = v · q / (‖v‖ ‖q‖) in float64."""
        direction = unit_rows(q[None])[0]
        return self.by_chunks(rows, lambda vectors: np.clip((unit_rows(vectors) * direction).sum(axis=1), -1, 1))

    def by_chunks(self, rows: Rows, score: Callable[[Float64Array], Float64Array]) -> Float64Array:
        """score(vectors of those rows in float64), a bounded number of rows at a time.

        A score must come out the same, to the last bit, whichever other rows are asked for: numpy's sums
        along rows do, BLAS's products do not.
        """
        parts = [score(self.float64(rows[i : i + CHUNK])) for i in range(0, len(rows), CHUNK)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def cosines(self, q: Float64Array, top: int | None = None) -> Scores:
        """cos(v, q) for the first `top` rows (all of them by default)."""
        values = self._product(unit_rows(q[None])[0], top)
        with np.errstate(divide="ignore", invalid="ignore"):
            values /= self.norms[:top]
        return self._bracketed(values, float32_margin(self.dim), lambda rows: self.exact_cosines(q, rows))

    def products(self, directions: Float32Array, first: int, last: int, out: Float32Array) -> None:
        """Write v̂ · d, for directions d [w, dim] and the rows from `first` to `last`, to out [w, last - first]."""
        vectors, norms = self.vectors[first:last], self.norms[first:last]
        unsafe = self._unsafe_rows[(self._unsafe_rows >= first) & (self._unsafe_rows < last)]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            if len(directions) > self.dim or len(unsafe):
                vectors = vectors / norms[:, None]
                vectors[unsafe - first] = unit_rows(self.float64(unsafe))
                np.matmul(directions, vectors.T, out=out)
            else:  # there are fewer products to divide than numbers in the vectors
                np.matmul(directions, vectors.T, out=out)
                out /= norms

    def dots(self, q: Float64Array, top: int | None = None) -> Scores:
        """v · q for the first `top` rows."""
        largest = float(self.norms[:top].max(initial=0.0)) * float(np.linalg.norm(q))
        if not largest < SAFE_QUERY[1]:  # out of float32's range
            rows = np.arange(len(self.norms[:top]))
            return Scores(self.exact_dots(q, rows), 0.0, lambda rows: self.exact_dots(q, rows))
        margin = float32_margin(self.dim) * largest
        return self._bracketed(self._product(q, top), margin, lambda rows: self.exact_dots(q, rows))

    def closeness(self, q: Float64Array, top: int | None = None) -> Scores:
        """-‖v - q‖, the Euclidean distance with its sign turned, for the first `top` rows.

        From ‖v - q‖² = ‖v‖² - 2 v·q + ‖q‖², whose rounding errors are bounded before the root is taken.
        """

        def exact(rows: Rows) -> Float64Array:
            return -self.by_chunks(rows, lambda vectors: np.sqrt(np.square(vectors - q).sum(axis=1)))

        dots = self.dots(q, top)
        if dots.values.dtype == np.float64:
            return Scores(exact(np.arange(len(dots.values))), 0.0, exact)
        squares = self.norms[:top].astype(np.float64) ** 2 + float(q @ q)
        rounding = SLACK * UNIT * squares  # the norms are kept in float32
        squares -= 2 * dots.values.astype(np.float64)
        error = 2 * dots.margin + rounding
        far, near = np.sqrt(np.maximum(squares + error, 0)), np.sqrt(np.maximum(squares - error, 0))
        return Scores.between(-far, -near, exact)

    def _product(self, q: Float64Array, top: int | None) -> Float32Array:
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(self.vectors[:top] @ q.astype(np.float32), np.float32)

    def _bracketed(self, values: Float32Array, margin: float, exact: Callable[[Rows], Float64Array]) -> Scores:
        unsafe = self._unsafe_rows[self._unsafe_rows < len(values)]
        if len(unsafe):
            with np.errstate(over="ignore"):
                values[unsafe] = exact(unsafe)
        return Scores(values, margin, exact)

    @cached_property
    def _unsafe_rows(self) -> Rows:
        low, high = SAFE_NORMS
        return np.flatnonzero((self.norms < low) | (self.norms > high))


def float32_margin(dim: int) -> float:
    """How far a cosine of `dim` numbers, reckoned in float32, may be from the true one."""
    return UNIT * (dim + SLACK)


def row_norms(matrix: Float32Array) -> Float32Array:
    """‖v‖ of each row [rows], added up in float64."""
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", matrix, matrix, dtype=np.float64)), np.float32)


def unit_rows(vectors: Float64Array) -> Float64Array:
    """v̂ = v / ‖v‖ for each row of a float64 array [rows, dim]; a zero row stays zero."""
    norms = np.sqrt(np.square(vectors).sum(axis=1, keepdims=True))
    return np.asarray(np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0))


def _floor_of_best(values: FloatArray, k: int) -> float:
    """A number that at least k of the values reach, and few more.

    The k-th best maximum of a block bounds the k-th best value from below, in one fast pass; among the
    values that reach it, the k-th best is then found exactly.
    """
    blocks = len(values) // BLOCK
    if blocks >= k:
        maxima = values[: blocks * BLOCK].reshape(blocks, BLOCK).max(axis=1)
        values = values[values >= np.partition(maxima, -k)[-k]]
    return float(np.partition(values, -k)[-k]) if len(values) >= k else np.nan
