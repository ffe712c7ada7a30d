"""Words that are spelled like an unknown word."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from embcli.errors import DamagedStore
from embcli.vectors.arithmetic import BytesArray, IntArray

# Only the most frequent words are compared, which bounds the time on any vocabulary (400,000 words take about 80 ms).
ROWS = 500_000
EDITS = 2
# So many of the nearest words are ranked by their letters.
RANKED = 300

LetterArray = np.ndarray[Any, np.dtype[np.unsignedinteger[Any]]]


def words_spelled_like(word: str, words: BytesArray, offsets: IntArray, limit: int) -> list[str]:
    """Up to `limit` words within EDITS edits of a word, the nearest first.

    Edits are insertions, deletions and replacements of letters, and swaps of adjacent ones (the optimal string
    alignment distance). Equally near words are ranked by how many letters of `word` they lack (`womn`: woman before
    won), and then by row.
    """
    offsets = offsets[: ROWS + 1]
    if offsets[0] < 0 or offsets[-1] > len(words) or (offsets[1:] <= offsets[:-1]).any():
        raise DamagedStore("the offsets of the words are invalid")
    wanted = set(word)
    ranked = []
    for distance, row in nearest_rows([*map(ord, word)], *_letters(words[: offsets[-1]], offsets)):
        other = bytes(words[offsets[row] : offsets[row + 1]]).decode()
        ranked.append((distance, len(wanted - set(other)), row, other))
    return [other for *_, other in sorted(ranked)[:limit]]


def nearest_rows(wanted: Sequence[int], letters_of_words: LetterArray, offsets: IntArray) -> list[tuple[int, int]]:
    """(distance, row) of the words within EDITS edits of the letters `wanted`, sorted; at most RANKED.

    All words of similar length are compared at once: one numpy operation fills a cell of Damerau's dynamic programme
    (1964) for every word. Cells farther than the distance from the diagonal are skipped (Ukkonen 1985), so the work
    is length × 5 such operations.
    """
    reach = min(EDITS, max(len(wanted) - 1, 0))  # "a" is not a misspelling of "the"
    lengths = np.diff(offsets)
    rows = np.flatnonzero(np.abs(lengths - len(wanted)) <= reach)
    if not len(rows) or not reach:
        return []
    lengths = lengths[rows]
    width = len(wanted) + reach
    starts = offsets[rows]
    letters = np.zeros((width, len(rows)), letters_of_words.dtype)  # letters[j]: the j-th letter of each word, or 0
    for column in range(width):
        inside = lengths > column
        letters[column, inside] = letters_of_words[starts[inside] + column]

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
    best_first = np.argsort(result, kind="stable")[:RANKED]
    return [(int(result[i]), int(rows[i])) for i in best_first if result[i] <= reach]


def _letters(words: BytesArray, offsets: IntArray) -> tuple[LetterArray, IntArray]:
    """The letters of words end to end, and where each word begins: bytes if all are ASCII, else code points."""
    begins = (words & 0xC0) != 0x80  # in UTF-8 the bytes 10xxxxxx continue a letter
    if begins.all():
        return words, offsets
    try:
        text = words.tobytes().decode()
    except UnicodeDecodeError:
        raise DamagedStore("a word of the vocabulary is not UTF-8") from None
    starts = np.concatenate([[0], np.cumsum(begins)])
    return np.frombuffer(text.encode("utf-32-le"), np.uint32), starts[offsets]
