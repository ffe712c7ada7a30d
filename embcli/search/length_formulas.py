"""Formulas of scores that depend on the lengths of vectors: dot products and Euclidean distances."""

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
    """Base of formulas whose scores depend on ‖v‖, for vectors q [n, dim]; the basis is q̂ = q / ‖q‖."""

    is_unit = False

    def __init__(self, space: VectorSpace, queries: Float64Array) -> None:
        self._space, self.queries = space, queries
        self._lengths = lengths(queries)
        self.basis = unit_rows(queries)

    def margin(self, error: float) -> Float64Array:
        """Zero: the error of a product is proportional to ‖v‖, so the bounds include it."""
        return np.zeros(len(self.basis))

    def rounded(self, scores: Float64Array) -> Float64Array:
        """Round to 9 significant digits."""
        return round_lengths(scores)


class Dots(_LengthFormula):
    """v · q; the image is v · q̂."""

    def prepare(self, products: Slice) -> Prepared:
        """Bounds of the products; rows outside the safe range of float32 have infinite bounds."""
        error, upper = np.float32(products.error) * products.norms, products.values
        lower = upper - error
        upper += error  # in place: the products are not used again
        lower[:, products.unsafe], upper[:, products.unsafe] = -np.inf, np.inf
        return lower, upper

    def bounds(self, prepared: Prepared, first: int, last: int) -> tuple[Float32Array, Float32Array]:
        """The prepared bounds."""
        lower, upper = prepared
        return lower[first:last], upper[first:last]

    def image(self, scores: Float64Array) -> Float64Array:
        """v · q / ‖q‖."""
        return scores / self._lengths[:, None]

    def blur(self, images: Float64Array, questions: slice) -> Float64Array:
        """One unit in the ninth digit."""
        return LENGTH_BLUR * np.abs(images)

    def exact(self, questions: Rows, rows: Rows) -> Float64Array:
        """v · q in float64."""
        return dot_products(self._space.float64(rows), self.queries[questions])


class Distances(_LengthFormula):
    """-‖v - q‖, the negative Euclidean distance.

    The image is 1 - ‖v - q‖² / ‖q‖² = 2 r cos(v, q) - r², with r = ‖v‖ / ‖q‖, which requires no square root.
    """

    def prepare(self, products: Slice) -> Prepared:
        """Products, norms, columns outside the safe range of float32, and the error of a product relative to ‖v‖."""
        return products.values, products.norms, products.unsafe, products.error

    def bounds(self, prepared: Prepared, first: int, last: int) -> tuple[Float32Array, Float32Array]:
        """Bounds of the image; rows outside the safe range, or far longer than q, have infinite bounds."""
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
        """One unit in the ninth digit of the distance, doubled by the square, with a margin."""
        return 3 * LENGTH_BLUR * np.abs(1 - images)

    def exact(self, questions: Rows, rows: Rows) -> Float64Array:
        """-‖v - q‖ in float64."""
        return -lengths(self._space.float64(rows) - self.queries[questions])
