"""Sort words by their bytes, many at once."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

# Bytes of a word that are compared as numbers.
KEY_BYTES = 24


def sort_words(
    words: Sequence[bytes],
) -> tuple[np.ndarray[Any, np.dtype[np.intp]], np.ndarray[Any, np.dtype[np.bool_]]]:
    """Where the words stand in the order of their bytes, equal ones as they came; which repeat the one before.

    Words are compared as three numbers of 8 bytes, which numpy sorts at once; only those that agree in all 24
    are compared as words. (A shorter word is filled up with NUL, which no word holds.)
    """
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    starts = np.cumsum(lengths) - lengths
    data = np.frombuffer(b"".join(words) + bytes(KEY_BYTES), np.uint8)
    keys = [np.zeros(len(words), np.uint64) for _ in range(KEY_BYTES // 8)]
    for at in range(KEY_BYTES):
        key = keys[at // 8]
        key <<= np.uint64(8)
        key |= np.where(lengths > at, data[starts + at], 0).astype(np.uint64)
    places = np.lexsort(keys[::-1])
    same = np.ones(len(words), bool)  # as the one before, in all keys
    for key in keys:
        same[1:] &= key[places[1:]] == key[places[:-1]]
    same[:1] = False
    again = np.zeros(len(words), bool)
    for begin in (np.flatnonzero(same & ~np.roll(same, 1)) - 1).tolist():
        end = begin + 1
        while end < len(words) and same[end]:
            end += 1
        run = sorted(places[begin:end].tolist(), key=words.__getitem__)
        places[begin:end] = run
        again[begin + 1 : end] = [words[i] == words[j] for i, j in pairwise(run)]
    return places, again
