"""Places for vectors in two dimensions: principal components, two given directions, and t-SNE."""

from typing import NamedTuple

import numpy as np

from embcli.errors import DamagedStore, UsageProblem
from embcli.vectors.arithmetic import (
    NO_STEP,
    Float32Array,
    Float64Array,
    dot_products,
    lengths,
    unit_cosines,
    unit_rows,
)

# Rows whose float64 copies are in memory at once: 26 MB at 400 dimensions.
COVARIANCE_ROWS = 8192
# t-SNE: the usual perplexity of L. van der Maaten and G. Hinton, Visualizing Data using t-SNE, JMLR 9, 2008; a third of
# the points for fewer of them, since a point must have three times as many others. The width of the first coordinate at
# the start is that of scikit-learn; a hundredth of it is noise, which separates equal vectors, as in openTSNE.
USUAL_PERPLEXITY, OTHERS_PER_PERPLEXITY = 30.0, 3
START_WIDTH, NOISE = 1e-4, 1e-2
LEAST_FOR_TSNE = 3


class Components(NamedTuple):
    """Two principal components. mean: [dim]. axes: unit vectors [2, dim]. explained: shares of the variance.

    The second axis is the zero vector if the vectors vary along one line only.
    """

    mean: Float64Array
    axes: Float64Array
    explained: tuple[float, float]

    def places(self, vectors: Float64Array) -> Float64Array:
        """The coordinates of vectors [rows, dim] on the axes [rows, 2]: (V − mean) · axesᵀ."""
        return np.asarray((vectors - self.mean) @ self.axes.T)


class TwoDirections(NamedTuple):
    """Two directions of unit length [2, dim], and the angle in degrees between those that were given."""

    axes: Float64Array
    angle: float


def principal_components(vectors: Float64Array) -> Components:
    """The first two principal components of vectors [rows, dim], by the singular value decomposition.

    V − mean = U S Wᵀ; the axes are the first rows of Wᵀ, and S² / Σ S² are the shares of the variance (K. Pearson, On
    lines and planes of closest fit, 1901). The largest coordinate of each axis is positive, as in scikit-learn, since
    the decomposition leaves the sign open. Raises UsageProblem if all vectors are equal.

        principal_components(np.array([[0.0, 0.0], [2.0, 0.0], [4.0, 0.0]])).axes  # [[1, 0], [0, 0]]
    """
    mean = vectors.mean(axis=0)
    _, singular, axes = np.linalg.svd(vectors - mean, full_matrices=False)
    # Rounding errors of equal coordinates are not variance (the tolerance of numpy's matrix_rank).
    noise = max(vectors.shape) * np.finfo(np.float64).eps
    if not singular[0] > noise * np.abs(vectors).max():
        count = len(vectors)
        raise UsageProblem(
            "one point has no principal components" if count == 1 else f"the {count} vectors are equal",
            "name more words, or give two directions with --axes",
        )
    return _components(mean, axes, np.where(singular > noise * singular[0], singular, 0) ** 2)


def components_of_all(vectors: Float32Array) -> Components:
    """The same for all rows of a matrix [rows, dim], by the eigenvectors of its covariance [dim, dim].

    C = Σ (v − mean)ᵀ (v − mean), summed in float64 over blocks of rows, so that a matrix larger than memory is read
    twice and never copied. Raises DamagedStore, UsageProblem.

        components_of_all(glove.vectors).explained  # (0.054174…, 0.044134…)
    """
    blocks = range(0, len(vectors), COVARIANCE_ROWS)
    mean = np.zeros(vectors.shape[1])
    for first in blocks:
        mean += vectors[first : first + COVARIANCE_ROWS].sum(axis=0, dtype=np.float64)
    mean /= len(vectors)
    if not np.isfinite(mean).all():
        raise DamagedStore("the vectors contain non-finite numbers")
    scatter = np.zeros((vectors.shape[1],) * 2)
    for first in blocks:
        centred = vectors[first : first + COVARIANCE_ROWS] - mean
        scatter += centred.T @ centred
    variances, axes = np.linalg.eigh(scatter)  # in ascending order
    if not variances[-1] > 0:
        raise UsageProblem("all vectors of the vocabulary are equal", "give two directions with --axes")
    return _components(mean, axes.T[::-1], np.maximum(variances[::-1], 0))


def two_directions(first: Float64Array, second: Float64Array, *, oblique: bool = False) -> TwoDirections:
    """Two directions as unit vectors, the second made perpendicular to the first unless `oblique` (Gram-Schmidt).

    û₁ = d₁ / ‖d₁‖, û₂ = (d₂ − (d₂ · û₁) û₁) / ‖…‖. Raises UsageProblem if they are parallel.

        two_directions(np.array([2.0, 0.0]), np.array([1.0, 1.0]))  # axes [[1, 0], [0, 1]], angle 45
    """
    units = unit_rows(np.stack([first, second]))
    cosine = unit_cosines(units[:1], units[1])[0]
    rest = units[1] - cosine * units[0]
    if not lengths(rest[None])[0] > NO_STEP:
        raise UsageProblem("the two directions of --axes are parallel", "give two different directions")
    # Twice, because the first difference of nearly parallel directions keeps a part of the first (Kahan's "twice is
    # enough": B. N. Parlett, The Symmetric Eigenvalue Problem, 1998, section 6.9).
    rest = unit_rows(rest[None])
    rest = unit_rows(rest - dot_products(rest, units[0])[:, None] * units[0])
    angle = float(np.degrees(np.arccos(cosine)))
    return TwoDirections(units if oblique else np.stack([units[0], rest[0]]), angle)


def usual_perplexity(points: int) -> float:
    """The perplexity of t-SNE for so many points: 30, or a third of the others for fewer than 91 points."""
    return min(USUAL_PERPLEXITY, max(1.0, (points - 1) // OTHERS_PER_PERPLEXITY))


def tsne(vectors: Float64Array, *, perplexity: float, seed: int) -> Float64Array:
    """Places of vectors [rows, dim] by t-SNE [rows, 2], of scikit-learn, which keeps near ones near.

    Distances of far ones, sizes of clusters, and the axes mean nothing (M. Wattenberg et al., How to use t-SNE
    effectively, Distill, 2016). It starts at the principal components with a little noise, which the seed decides.
    Raises UsageProblem if scikit-learn is not installed, or for a perplexity that is not below the number of points.

        tsne(glove.float64([691, 2060, 36]), perplexity=1, seed=0).shape  # (3, 2)
    """
    count = len(vectors)
    if count < LEAST_FOR_TSNE:
        raise UsageProblem(f"t-SNE requires {LEAST_FOR_TSNE} points or more", "name more words, or use --method pca")
    if not 0 < perplexity < count:
        raise UsageProblem(
            f"the perplexity must be more than 0 and less than the number of points, not {perplexity:g}",
            f"there are {count} points: for example --perplexity {usual_perplexity(count):g}",
        )
    try:
        from sklearn.manifold import TSNE
    except ImportError:
        raise UsageProblem("t-SNE needs scikit-learn", "run: pip install 'embcli[talk]'") from None
    start = principal_components(vectors).places(vectors)
    start /= start[:, 0].std()
    start = START_WIDTH * (start + NOISE * np.random.default_rng(seed).standard_normal(start.shape))
    method = TSNE(perplexity=perplexity, random_state=seed, init=start.astype(np.float32), n_jobs=1)
    return np.asarray(method.fit_transform(vectors), np.float64)


def _components(mean: Float64Array, axes: Float64Array, variances: Float64Array) -> Components:
    """The first two of the axes [n, dim] with their variances [n], in descending order; zero if there is no second."""
    two = np.zeros((2, len(mean)))
    shares = (variances / variances.sum())[:2]
    for place, axis in enumerate(axes[: np.count_nonzero(shares)]):
        two[place] = axis * np.sign(axis[np.abs(axis).argmax()])
    return Components(mean, two, (float(shares[0]), float(shares[1]) if len(shares) > 1 else 0.0))
