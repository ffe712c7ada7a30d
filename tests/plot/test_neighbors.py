"""The nearest points of each point, against the cosines of all pairs."""

import numpy as np
import pytest

from embcli.plot.neighbors import ROWS_OF_COSINES, nearest_points


@pytest.mark.parametrize("count", [2, 11, ROWS_OF_COSINES + 3])
def test_the_nearest_are_those_of_all_pairs(count: int) -> None:
    vectors = np.random.default_rng(7).normal(size=(count, 5))
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = units @ units.T
    np.fill_diagonal(cosines, -np.inf)
    indices, found = nearest_points(vectors, 4)
    kept = min(4, count - 1)
    assert indices.shape == found.shape == (count, kept)
    assert np.allclose(found, -np.sort(-cosines, axis=1)[:, :kept], atol=1e-6)
    assert np.allclose(np.take_along_axis(cosines, indices, 1), found, atol=1e-6)


def test_a_zero_vector_has_the_cosine_0_and_a_lone_point_no_neighbours() -> None:
    indices, cosines = nearest_points(np.array([[1.0, 0.0], [0.0, 0.0], [2.0, 0.1]]), 2)
    assert indices[0].tolist() == [2, 1]
    assert cosines[1].tolist() == [0, 0]
    assert nearest_points(np.ones((1, 2)), 3)[0].shape == (1, 0)
