"""Words that are spelled like an unknown word."""

import numpy as np

from embcli.vectors.arithmetic import BytesArray, IntArray

# Only the most frequent words are compared, which bounds the time on any vocabulary (400,000 words take about 40 ms).
ROWS = 500_000
DISTANCE = 2


def rows_spelled_like(wanted: bytes, words: BytesArray, offsets: IntArray, limit: int) -> list[int]:
    """Rows whose word is within DISTANCE edits of `wanted`, by distance and then by row.

    All words of similar length are compared at once: one numpy operation fills a cell of Damerau's dynamic programme
    (1964) for every word. Cells farther than the distance from the diagonal are skipped (Ukkonen 1985), so the work
    is length × 5 such operations.
    """
    offsets = offsets[: ROWS + 1]
    reach = min(DISTANCE, max(len(wanted) - 1, 0))  # "a" is not a misspelling of "the"
    lengths = np.diff(offsets)
    rows = np.flatnonzero(np.abs(lengths - len(wanted)) <= reach)
    if not len(rows) or not reach:
        return []
    lengths = lengths[rows]
    width = len(wanted) + reach
    starts = offsets[rows]
    letters = np.zeros((width, len(rows)), np.uint8)  # letters[j]: the j-th byte of each word, or 0
    for column in range(width):
        inside = lengths > column
        letters[column, inside] = words[starts[inside] + column]

    far = np.uint8(reach + 1)
    unreachable = np.full(len(rows), far, np.uint8)
    previous: dict[int, BytesArray] = {}
    current = {j: np.full(len(rows), j, np.uint8) for j in range(min(reach, width) + 1)}
    result = unreachable.copy()
    for i, letter in enumerate(wanted, start=1):
        before, previous, current = previous, current, {}
        for j in range(max(i - reach, 0), min(i + reach, width) + 1):
            if j == 0:
                current[0] = np.full(len(rows), i, np.uint8)
                continue
            best = previous.get(j - 1, unreachable) + (letters[j - 1] != letter)
            best = np.minimum(best, previous.get(j, unreachable) + np.uint8(1))
            best = np.minimum(best, current.get(j - 1, unreachable) + np.uint8(1))
            if i > 1 and j > 1:
                swapped = (letters[j - 2] == letter) & (letters[j - 1] == wanted[i - 2])
                best = np.where(swapped, np.minimum(best, before.get(j - 2, unreachable) + np.uint8(1)), best)
            current[j] = np.minimum(best, far)
    for j, distances in current.items():
        result = np.where(lengths == j, distances, result)
    best_first = np.argsort(result, kind="stable")[:limit]
    return [int(rows[i]) for i in best_first if result[i] <= reach]
