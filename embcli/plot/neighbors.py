"""The nearest of some vectors to each of them, by cosine."""

import numpy as np

# Rows of cosines at once: 512 × 5,000 in float32 are 10 MB.
ROWS_OF_COSINES = 512


def nearest_points(vectors: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """For each of n vectors [n, dim], the indices of its `count` nearest others, nearest first, and their cosines.

    cos(a, b) = (a · b) / (‖a‖ ‖b‖), in float32; a zero vector has the cosine 0 with all. Both arrays have the shape
    [n, min(count, n - 1)]. They are for showing: near ties may stand in another order than those of `neighbors`.

        nearest_points(np.array([[1, 0], [1, 1], [0, 1]]), 1)[0]  # [[1], [0], [1]]
    """
    given = np.asarray(vectors, np.float32)
    norms = np.linalg.norm(given, axis=1, keepdims=True)
    units = np.divide(given, norms, out=np.zeros_like(given), where=norms > 0)
    count = min(count, len(units) - 1)
    indices = np.empty((len(units), count), np.int64)
    cosines = np.empty((len(units), count), np.float32)
    for first in range(0, len(units), ROWS_OF_COSINES):
        block = units[first : first + ROWS_OF_COSINES] @ units.T  # [rows, n]
        rows = np.arange(len(block))[:, None]
        block[rows[:, 0], first + rows[:, 0]] = -np.inf  # not its own neighbour
        some = np.argpartition(-block, count - 1, axis=1)[:, :count] if count else np.empty((len(block), 0), np.int64)
        best = some[rows, np.argsort(-block[rows, some], axis=1, kind="stable")]
        indices[first : first + ROWS_OF_COSINES], cosines[first : first + ROWS_OF_COSINES] = best, block[rows, best]
    return indices, np.clip(cosines, -1, 1)
