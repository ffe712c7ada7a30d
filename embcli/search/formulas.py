"""Scores of many questions for a slice of rows: lower and upper bounds in float32, exact scores in float64.

A formula has n questions. Their scores are functions of the products of a row with some vectors, `basis` [w, dim]:
P = basis · V̂ᵀ [w, rows] (basis · Vᵀ for lengths) is one matrix product. From P, `bounds` computes two arrays
[questions, rows], which bound the image of the score, a monotonic function of the score that is cheaper to compute.

Questions with the same heads and tails share the products (`shared_terms.py`).
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from embcli.search.local import Slice
from embcli.search.shared_terms import SharedTerms, Terms
from embcli.vectors.arithmetic import (
    COSINE_BLUR,
    NO_STEP,
    UNIT,
    Float32Array,
    Float64Array,
    FloatArray,
    Rows,
    dot_products,
    lengths,
    round_cosines,
    unit_cosines,
    unit_rows,
    weighted_sum,
)
from embcli.vectors.space import VectorSpace

EPSILON = 1e-6
# Relative error of a few rounding steps in float32.
ROUNDINGS = 8 * UNIT
# Keeps 1 / distance finite; shorter distances than its root are undecided and scored in float64.
SHORTEST_SQUARE = 1e-12

# Below this mean length of runs, copying heads and tails is faster than one numpy call per run.
SHORT_RUN = 4

Prepared = tuple[Any, ...]


class Formula(Protocol):
    """The scores of n questions."""

    basis: Float64Array  # [w, dim]
    is_unit: bool  # whether the products are with unit rows

    def prepare(self, products: Slice) -> Prepared:
        """Intermediate results for a slice of rows that all questions share."""

    def bounds(self, prepared: Prepared, first: int, last: int) -> tuple[Float32Array, Float32Array]:
        """Lower and upper bounds [last - first, rows] of the images of some questions' scores."""

    def margin(self, error: float) -> Float64Array:
        """The largest distance [n] of an image outside its bounds, for products with an error up to `error`."""

    def image(self, scores: Float64Array) -> Float64Array:
        """The bounded quantity for scores [n, m]."""

    def blur(self, images: Float64Array, questions: slice) -> Float64Array:
        """The largest distance of two images [questions, m] whose scores print the same."""

    def exact(self, questions: Rows, rows: Rows) -> Float64Array:
        """The exact score of each question, given by its number, for the row beside it."""

    def rounded(self, scores: Float64Array) -> Float64Array:
        """Scores rounded as they are printed and compared."""


class _CosineFormula:
    """Base of formulas whose scores are functions of cosines: image = scale · score."""

    is_unit = True
    scale: Float64Array  # [n]

    def image(self, scores: Float64Array) -> Float64Array:
        """The scaled scores."""
        return scores * self.scale[:, None]

    def margin(self, error: float) -> Float64Array:
        """Zero by default."""
        return np.zeros(len(self.scale))

    def blur(self, images: Float64Array, questions: slice) -> Float64Array:
        """Constant for all images of a question."""
        return np.broadcast_to(COSINE_BLUR * self.scale[questions, None], images.shape)

    def rounded(self, scores: Float64Array) -> Float64Array:
        """Round to 6 decimals."""
        return round_cosines(scores)


class Cosines(_CosineFormula):
    """cos(v, q) for independent vectors q [n, dim]."""

    def __init__(self, space: VectorSpace, queries: Float64Array) -> None:
        self._space = space
        self.basis = unit_rows(queries)
        self.scale = np.ones(len(queries))

    def prepare(self, products: Slice) -> Prepared:
        """The products; they are the scores."""
        return (products.values,)

    def bounds(self, prepared: Prepared, first: int, last: int) -> tuple[Float32Array, Float32Array]:
        """The scores as both bounds; `margin` is their error."""
        return prepared[0][first:last], prepared[0][first:last]

    def margin(self, error: float) -> Float64Array:
        """The error of the products."""
        return np.full(len(self.basis), error)

    def exact(self, questions: Rows, rows: Rows) -> Float64Array:
        """cos(v, q) in float64."""
        return unit_cosines(unit_rows(self._space.float64(rows)), self.basis[questions])


class SumsOfCosines(_CosineFormula):
    """cos(v, h + t̂) = (v̂ · h + cos(v, t)) / ‖h + t̂‖ for heads h and tails t: 3CosAdd over unit vectors.

    terms: the terms of each question, with the tail last and of weight 1. vectors [n, dim]: the sums of the questions.
    """

    def __init__(self, space: VectorSpace, terms: Sequence[Terms], vectors: Float64Array) -> None:
        self._space = space
        self._shared = SharedTerms(terms)
        tails = unit_rows(space.float64(self._shared.tails))
        heads = np.stack([_head(space, head) for head in self._shared.heads])
        self.basis = np.concatenate([heads, tails])
        self.directions = unit_rows(vectors)
        self.scale = lengths(vectors)
        self._reach = 1 + lengths(heads)[self._shared.head_of]

    def prepare(self, products: Slice) -> Prepared:
        """The products of the heads and of the tails."""
        count = len(self._shared.heads)
        return products.values[:count], products.values[count:]

    def bounds(self, prepared: Prepared, first: int, last: int) -> tuple[Float32Array, Float32Array]:
        """The sums as both bounds; `margin` is their error."""
        heads, tails = prepared
        runs = self._shared.runs(first, last)
        if len(runs) * SHORT_RUN > last - first:
            sums = tails[self._shared.tail_of[first:last]]
            sums += heads[self._shared.head_of[first:last]]
            return sums, sums
        sums = np.empty((last - first, heads.shape[1]), np.float32)
        for run in runs:
            np.add(tails[run.tails], heads[run.head], out=sums[run.questions])
        return sums, sums

    def margin(self, error: float) -> Float64Array:
        """The error of the tail's product plus that of the head's, which is proportional to the head's length."""
        return error * self._reach

    def exact(self, questions: Rows, rows: Rows) -> Float64Array:
        """cos(v, q) in float64."""
        return unit_cosines(unit_rows(self._space.float64(rows)), self.directions[questions])


class ProductsOfCosines(_CosineFormula):
    """3CosMul: Π s(v, p)^w / (Π s(v, n)^w + ε), s = (1 + cos) / 2, over positive terms p and negative terms n.

    It increases with every positive similarity and decreases with every negative one, so the bounds of the cosines
    give its bounds. terms: the terms of each question, with a positive one last.
    """

    def __init__(self, space: VectorSpace, terms: Sequence[Terms]) -> None:
        self._space = space
        self._shared = SharedTerms(terms)
        self._rows = list(dict.fromkeys(row for question in terms for row, _ in question))
        place = {row: i for i, row in enumerate(self._rows)}
        self.basis = unit_rows(space.float64(self._rows))
        self.scale = np.ones(len(terms))
        self._heads = [[(place[row], weight) for row, weight in head] for head in self._shared.heads]
        self._tails = [place[row] for row in self._shared.tails]
        self._tail_weights = np.array([question[-1][1] for question in terms])
        longest = max(len(question) for question in terms)
        # Padded with weight 0, which gives a factor of 1.
        self.places = np.zeros((len(terms), longest), np.intp)
        self.weights = np.zeros((len(terms), longest))
        for number, question in enumerate(terms):
            for j, (row, weight) in enumerate(question):
                self.places[number, j], self.weights[number, j] = place[row], weight

    def prepare(self, products: Slice) -> Prepared:
        """Lower and upper bounds of the heads' quotients and of the tails' similarities."""
        values = products.values
        error = products.error / 2 + ROUNDINGS
        middle = (1 + values) / 2
        low = np.maximum(middle - np.float32(error), 0)
        high = np.clip(middle + np.float32(error), 0, 1)
        quotients = np.empty((2, len(self._heads), values.shape[1]), np.float32)
        for number, head in enumerate(self._heads):
            for quotient, above, below, sign in ((quotients[0], low, high, -1), (quotients[1], high, low, 1)):
                numerator = denominator = np.ones(values.shape[1], np.float32)
                for place, weight in head:
                    if weight > 0:
                        numerator = numerator * _power(above[place], weight, sign)
                    elif weight < 0:
                        denominator = denominator * _power(below[place], -weight, -sign)
                quotient[number] = numerator / (denominator + np.float32(EPSILON))
        return quotients[0], quotients[1], low[self._tails], high[self._tails]

    def bounds(self, prepared: Prepared, first: int, last: int) -> tuple[Float32Array, Float32Array]:
        """The products of the lower bounds, and of the upper bounds."""
        *heads, low, high = prepared
        shape = last - first, low.shape[1]
        lower, upper = np.empty(shape, np.float32), np.empty(shape, np.float32)
        for run in self._shared.runs(first, last):
            weight = float(self._tail_weights[first + run.questions.start])
            np.multiply(_power(low[run.tails], weight, -1), heads[0][run.head], out=lower[run.questions])
            np.multiply(_power(high[run.tails], weight, 1), heads[1][run.head], out=upper[run.questions])
        return lower, upper

    def exact(self, questions: Rows, rows: Rows) -> Float64Array:
        """3CosMul in float64."""
        units = unit_rows(self._space.float64(rows))
        numerator, denominator = np.ones(len(rows)), np.ones(len(rows))
        for j in range(self.places.shape[1]):
            weights = self.weights[questions, j]
            similarities = (1 + unit_cosines(units, self.basis[self.places[questions, j]])) / 2
            # The exponent 1 is exact; other powers may differ in the last bit between machines.
            similarities = np.where(np.abs(weights) == 1, similarities, similarities ** np.abs(weights))
            numerator *= np.where(weights > 0, similarities, 1)
            denominator *= np.where(weights < 0, similarities, 1)
        return numerator / (denominator + EPSILON)


class PairDirections(_CosineFormula):
    """cos(v̂ - ĉ, d) with d = b̂ - â, for questions b - a + c.

    ‖v̂ - ĉ‖² = 1 + ‖ĉ‖² - 2 v̂ · ĉ, so two products per row are enough: (v̂ · d - ĉ · d) / ‖v̂ - ĉ‖. ‖ĉ‖ is 1, or 0
    for the zero vector.
    """

    def __init__(self, space: VectorSpace, terms: Sequence[Terms]) -> None:
        self._space = space
        self.shared = SharedTerms(terms)
        self.tails = unit_rows(space.float64(self.shared.tails))
        self.heads = unit_rows(np.stack([_head(space, head) for head in self.shared.heads]))
        self.basis = np.concatenate([self.heads, self.tails])
        self.scale = np.ones(len(terms))
        # ĉ · d of each question.
        self.foot = dot_products(self.tails[self.shared.tail_of], self.heads[self.shared.head_of])

    def prepare(self, products: Slice) -> Prepared:
        """Cosines with the heads, their error, bounds of 1 / distance from the tails, and undecided rows.

        A row whose cosines are all 0 is perpendicular to the basis or a zero vector; float64 decides.
        """
        heads, tails = products.values[: len(self.heads)], products.values[len(self.heads) :]
        squares = (1 + lengths(self.tails)[:, None] ** 2).astype(np.float32) - 2 * tails
        error = np.float32(2 * products.error + 2 * ROUNDINGS)
        nearest = np.float32(1 + ROUNDINGS) / np.sqrt(np.maximum(squares - error, np.float32(SHORTEST_SQUARE)))
        farthest = np.float32(1 - ROUNDINGS) / np.sqrt(np.maximum(squares + error, np.float32(SHORTEST_SQUARE)))
        rise_error = np.float32(products.error + NO_STEP * np.sqrt(self._space.dim))
        return heads, rise_error, np.asarray(farthest), np.asarray(nearest), ~products.values.any(axis=0)

    def bounds(self, prepared: Prepared, first: int, last: int) -> tuple[Float32Array, Float32Array]:
        """Bounds of the component of v̂ - ĉ along d, divided by the distance from ĉ."""
        heads, error, farthest, nearest, is_unclear = prepared
        shape = last - first, heads.shape[1]
        lower, upper = np.empty(shape, np.float32), np.empty(shape, np.float32)
        for run in self.shared.runs(first, last):
            foot = self.foot[first:last][run.questions, None].astype(np.float32)
            rise = heads[run.head] - foot
            for bound, end, choose in ((lower, rise - error, np.minimum), (upper, rise + error, np.maximum)):
                choose(end * farthest[run.tails], end * nearest[run.tails], out=bound[run.questions])
        lower[:, is_unclear], upper[:, is_unclear] = -1, 1
        return lower, upper

    def exact(self, questions: Rows, rows: Rows) -> Float64Array:
        """cos(v̂ - ĉ, d) in float64; 0 for a zero vector, and where v̂ - ĉ is only rounding error."""
        units = unit_rows(self._space.float64(rows))
        steps = units - self.tails[self.shared.tail_of[questions]]
        steps[(np.abs(steps).max(axis=1) < NO_STEP) | ~units.any(axis=1)] = 0
        return unit_cosines(unit_rows(steps), self.heads[self.shared.head_of[questions]])


class LikelyCosines(_CosineFormula):
    """P(v) · cos(v, c), P(v) = 1 / (1 + exp(-w · v̂ - b)): LRCos, for tails c [n], each with its class (w, b).

    Drozd, Gladkova and Matsuoka, Word Embeddings, Analogies, and Machine Learning, COLING 2016.
    """

    def __init__(
        self, space: VectorSpace, tails: Sequence[int], weights: Float64Array, intercepts: Float64Array
    ) -> None:
        self._space = space
        self._tails = unit_rows(space.float64(tails))
        self._weights, self._intercepts = weights, intercepts
        self._steepness = lengths(weights)
        self.basis = np.concatenate([self._tails, unit_rows(weights)])
        self.scale = np.ones(len(tails))

    def prepare(self, products: Slice) -> Prepared:
        """Cosines with the tails and with the class weights."""
        return products.values[: len(self._tails)], products.values[len(self._tails) :], products.error

    def bounds(self, prepared: Prepared, first: int, last: int) -> tuple[Float32Array, Float32Array]:
        """Products of the bounds of the probability and of the cosine."""
        near, along, error = prepared[0][first:last], prepared[1][first:last], np.float32(prepared[2])
        steepness = self._steepness[first:last, None].astype(np.float32)
        intercepts = self._intercepts[first:last, None].astype(np.float32)
        low, high = (_likelihood(steepness * (along + step) + intercepts) for step in (-error, error))
        below, above = near - error, near + error
        return np.minimum(below * low, below * high), np.maximum(above * low, above * high)

    def margin(self, error: float) -> Float64Array:
        """The rounding errors of the probability and of the product."""
        return np.full(len(self.scale), 4 * ROUNDINGS)

    def exact(self, questions: Rows, rows: Rows) -> Float64Array:
        """LRCos in float64."""
        units = unit_rows(self._space.float64(rows))
        along = dot_products(units, self._weights[questions]) + self._intercepts[questions]
        return np.asarray(_likelihood(along) * unit_cosines(units, self._tails[questions]))


def _head(space: VectorSpace, terms: Terms) -> Float64Array:
    """Σ weight · v̂ [dim]; the zero vector without terms."""
    units = unit_rows(space.float64([row for row, _ in terms]))
    return weighted_sum(units, np.array([weight for _, weight in terms]))


def _likelihood(logits: FloatArray) -> FloatArray:
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + np.exp(-logits)))


def _power(similarity: Float32Array, weight: float, sign: int) -> Float32Array:
    """A lower (sign -1) or upper (sign 1) bound of s^w from the same bound of s, including rounding errors."""
    with np.errstate(under="ignore"):
        power = similarity if weight == 1 else (similarity.astype(np.float64) ** weight).astype(np.float32)
        return np.asarray(power * np.float32(1 + sign * ROUNDINGS))
