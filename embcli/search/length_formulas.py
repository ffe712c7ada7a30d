"""Formulas of scores that grow with the lengths of vectors: dot products and Euclidean distances."""

import numpy as np

from embcli.search.formulas import ROUNDINGS, Prepared
from embcli.search.local import SAFE_NORMS, Slice
from embcli.vectors.arithmetic import (
    LENGTH_BLUR,
    Float32Array,
    Float64Array,
    Rows,
    dot_products,
    lengths,
    round_lengths,
    unit_rows,
)
from embcli.vectors.space import VectorSpace


class _LengthFormula:
    """What formulas have in common whose scores grow with ‖v‖, for vectors q [n, dim]; q̂ = q / ‖q‖ is multiplied."""

    is_unit = False

    def __init__(self, space: VectorSpace, queries: Float64Array) -> None:
        self._space, self._queries = space, queries
        self._lengths = lengths(queries)
        self.basis = unit_rows(queries)

    def margin(self, error: float) -> Float64Array:
        """None: the error of a row's product grows with ‖v‖, so it is in the bounds."""
        return np.zeros(len(self.basis))

    def rounded(self, scores: Float64Array) -> Float64Array:
        """At 9 significant digits."""
        return round_lengths(scores)


class Dots(_LengthFormula):
    """v · q; the image is v · q̂."""

    def prepare(self, products: Slice) -> Prepared:
        """The products from below and from above; of rows that float32 cannot measure, nothing is known."""
        error, upper = np.float32(products.error) * products.norms, products.values
        lower = upper - error
        upper += error  # the products themselves are not needed any more
        lower[:, products.unsafe], upper[:, products.unsafe] = -np.inf, np.inf
        return lower, upper

    def bounds(self, prepared: Prepared, first: int, last: int) -> tuple[Float32Array, Float32Array]:
        """Those that are prepared."""
        lower, upper = prepared
        return lower[first:last], upper[first:last]

    def image(self, scores: Float64Array) -> Float64Array:
        """v · q / ‖q‖."""
        return scores / self._lengths[:, None]

    def blur(self, images: Float64Array, questions: slice) -> Float64Array:
        """A unit in the ninth digit."""
        return LENGTH_BLUR * np.abs(images)

    def exact(self, questions: Rows, rows: Rows) -> Float64Array:
        """v · q in float64."""
        return dot_products(self._space.float64(rows), self._queries[questions])


class Distances(_LengthFormula):
    """-‖v - q‖, the Euclidean distance with its sign turned.

    The image is 1 - ‖v - q‖² / ‖q‖² = 2 r cos(v, q) - r², with r = ‖v‖ / ‖q‖; no root needs to be taken.
    """

    def prepare(self, products: Slice) -> Prepared:
        """Products and norms, columns that float32 cannot measure, and the error of a product relative to the norm."""
        return products.values, products.norms, products.unsafe, products.error

    def bounds(self, prepared: Prepared, first: int, last: int) -> tuple[Float32Array, Float32Array]:
        """The image from below and from above; of rows that are far too long beside q, nothing is known."""
        values, norms, unsafe, error = prepared
        inverse = (1 / self._lengths[first:last, None]).astype(np.float32)
        with np.errstate(over="ignore", invalid="ignore"):
            ratio = norms * inverse
            middle = ratio * ratio
            margin = ratio * (np.float32(2 * error) + np.float32(2 * ROUNDINGS) * ratio)
            np.subtract(2 * values[first:last] * inverse, middle, out=middle)
            lower, upper = middle - margin, middle + margin
        is_far = ~(ratio < np.float32(SAFE_NORMS[1]))
        lower[is_far], upper[is_far] = -np.inf, np.inf
        lower[:, unsafe], upper[:, unsafe] = -np.inf, np.inf
        return lower, upper

    def image(self, scores: Float64Array) -> Float64Array:
        """1 - (distance / ‖q‖)²."""
        return 1 - np.square(scores / self._lengths[:, None])

    def blur(self, images: Float64Array, questions: slice) -> Float64Array:
        """A unit in the ninth digit of the distance, whose square moves by twice as much, and some room."""
        return 3 * LENGTH_BLUR * np.abs(1 - images)

    def exact(self, questions: Rows, rows: Rows) -> Float64Array:
        """-‖v - q‖ in float64."""
        return -lengths(self._space.float64(rows) - self._queries[questions])
