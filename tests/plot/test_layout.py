"""Places in two dimensions, worked out by hand; principal components equal those of scikit-learn."""

import math
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from embcli.errors import DamagedStore, UsageProblem
from embcli.plot import layout
from embcli.plot.layout import components_of_all, principal_components, tsne, two_directions, usual_perplexity

# Four vectors around (1, 2, 3): the variance along the first axis is 4 times that along the second.
CROSS = np.array([[3.0, 2, 3], [-1.0, 2, 3], [1.0, 3, 3], [1.0, 1, 3]])


def test_principal_components_of_a_cross_are_its_bars() -> None:
    found = principal_components(CROSS)
    assert found.mean.tolist() == [1, 2, 3]
    assert np.abs(found.axes - [[1, 0, 0], [0, 1, 0]]).max() < 1e-12
    assert found.explained == pytest.approx((0.8, 0.2))
    assert np.abs(found.places(CROSS) - [[2, 0], [-2, 0], [0, 1], [0, -1]]).max() < 1e-12


def test_the_largest_coordinate_of_an_axis_is_positive() -> None:
    for signs in ([1, 1, 1], [-1, 1, 1], [1, -1, -1]):
        axes = principal_components(CROSS * signs).axes
        assert all(axis[np.abs(axis).argmax()] > 0 for axis in axes)


def test_vectors_on_a_line_have_no_second_component() -> None:
    line = np.outer([0.1, 0.2, 0.3, 0.7], [1.0, 1.0, 1.0])
    found = principal_components(line)
    assert found.explained == (1, 0)
    assert found.axes[1].tolist() == [0, 0, 0]
    assert found.places(line)[:, 1].tolist() == [0, 0, 0, 0]


def test_a_single_dimension_has_one_component() -> None:
    assert principal_components(np.array([[1.0], [3.0]])).places(np.array([[1.0], [3.0]])).tolist() == [[-1, 0], [1, 0]]


@pytest.mark.parametrize("vectors", [[[0.1, 0.2]], [[0.1, 0.2]] * 3, [[0.0, 0.0]] * 2])
def test_equal_vectors_have_no_components(vectors: list[list[float]]) -> None:
    with pytest.raises(UsageProblem, match=r"one point has no principal components|vectors are equal"):
        principal_components(np.array(vectors))


@given(arrays(np.float64, (7, 5), elements=st.floats(-10, 10, width=32)))
def test_principal_components_are_those_of_scikit_learn(vectors: np.ndarray) -> None:
    from sklearn.decomposition import PCA

    spread = np.linalg.svd(vectors - vectors.mean(axis=0), compute_uv=False)
    if spread[0] < 1e-3 or min(-np.diff(spread[:3])) < 1e-3 * spread[0]:
        return  # equal variances have no axes of their own
    theirs = PCA(2, svd_solver="full").fit(vectors)
    ours = principal_components(vectors)
    assert np.abs(ours.explained - theirs.explained_variance_ratio_).max() < 1e-9
    signs = np.sign((ours.axes * theirs.components_).sum(axis=1, keepdims=True))
    assert np.abs(ours.places(vectors) - theirs.transform(vectors) * signs.T).max() < 1e-6


def test_components_of_all_rows_are_the_same_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = (np.random.default_rng(3).standard_normal((1000, 6)) * [5, 3, 1, 1, 1, 1]).astype(np.float32)
    monkeypatch.setattr(layout, "COVARIANCE_ROWS", 64)
    ours, whole = components_of_all(vectors), principal_components(vectors.astype(np.float64))
    assert np.abs(ours.axes - whole.axes).max() < 1e-6
    assert ours.explained == pytest.approx(whole.explained)
    assert np.abs(ours.mean - whole.mean).max() < 1e-6


def test_a_matrix_with_a_missing_number_is_damaged() -> None:
    with pytest.raises(DamagedStore, match="non-finite"):
        components_of_all(np.array([[1.0, np.nan], [1.0, 2.0]], np.float32))


def test_a_vocabulary_of_equal_vectors_has_no_components() -> None:
    with pytest.raises(UsageProblem, match="all vectors of the vocabulary are equal"):
        components_of_all(np.ones((3, 2), np.float32))


def test_the_second_direction_is_made_perpendicular_to_the_first() -> None:
    # Gram-Schmidt: (1, 1) minus its part along (1, 0) is (0, 1); the angle between the given ones is 45°.
    found = two_directions(np.array([2.0, 0.0]), np.array([3.0, 3.0]))
    assert np.abs(found.axes - [[1, 0], [0, 1]]).max() < 1e-12
    assert found.angle == pytest.approx(45)


def test_oblique_directions_stay_as_they_are() -> None:
    found = two_directions(np.array([2.0, 0.0]), np.array([3.0, 3.0]), oblique=True)
    assert np.abs(found.axes - [[1, 0], [math.sqrt(0.5), math.sqrt(0.5)]]).max() < 1e-12


def test_nearly_parallel_directions_become_perpendicular_too() -> None:
    found = two_directions(np.array([1.0, 1.0, 1.0]), np.array([1.0, 1.0, 1.0 + 1e-5]))
    assert abs(found.axes[0] @ found.axes[1]) < 1e-12


@pytest.mark.parametrize("second", [[3.0, 6.0], [-0.5, -1.0]])
def test_parallel_directions_are_refused(second: list[float]) -> None:
    with pytest.raises(UsageProblem, match="are parallel"):
        two_directions(np.array([1.0, 2.0]), np.array(second))


def test_tsne_keeps_near_ones_near_and_is_the_same_for_the_same_seed() -> None:
    chance = np.random.default_rng(5)
    groups = np.concatenate([chance.standard_normal((10, 8)), chance.standard_normal((10, 8)) + 20])
    places = tsne(groups, perplexity=5, seed=1)
    assert places.tolist() == tsne(groups, perplexity=5, seed=1).tolist()
    assert places.tolist() != tsne(groups, perplexity=5, seed=2).tolist()
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    assert (apart.argmin(axis=1)[:10] < 10).all()
    assert (apart.argmin(axis=1)[10:] >= 10).all()


@pytest.mark.parametrize("perplexity", [0, -1, 4, 30])
def test_a_perplexity_that_the_points_do_not_allow_is_refused(perplexity: float) -> None:
    with pytest.raises(UsageProblem, match="less than the number of points"):
        tsne(CROSS, perplexity=perplexity, seed=0)


def test_the_usual_perplexity_is_allowed_for_any_number_of_points() -> None:
    assert [usual_perplexity(points) for points in (3, 4, 12, 31, 91, 5000)] == [1, 1, 3, 10, 30, 30]


def test_two_points_are_too_few_for_tsne() -> None:
    with pytest.raises(UsageProblem, match="3 points or more"):
        tsne(CROSS[:2], perplexity=1, seed=0)


def test_without_scikit_learn_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.manifold", None)
    with pytest.raises(UsageProblem, match="t-SNE needs scikit-learn") as error:
        tsne(CROSS, perplexity=1, seed=0)
    assert error.value.hint == "run: pip install 'embcli[talk]'"
