"""Sort words by their bytes, many at once."""

from itertools import pairwise

import numpy as np

from embcli.store.read import Array

# Bytes of a word that are compared as numbers.
KEY_BYTES = 24


def sort_words(data: bytes, lengths: Array) -> tuple[Array, Array]:
    """Where words stand in the order of their bytes, equal ones as they came; which repeat the one before.

    data: the words, end to end. lengths: int64 [n]. Words are compared as three numbers of 8 bytes, which numpy
    sorts at once; only those that agree in all 24 are compared as words. (A shorter word is filled up with
    NUL, which no word holds.)
    """
    count = len(lengths)
    starts = np.cumsum(lengths) - lengths
    characters = np.frombuffer(data + bytes(KEY_BYTES), np.uint8)
    keys = [np.zeros(count, np.uint64) for _ in range(KEY_BYTES // 8)]
    for at in range(KEY_BYTES):
        key = keys[at // 8]
        key <<= np.uint64(8)
        key |= np.where(lengths > at, characters[starts + at], 0).astype(np.uint64)
    places = np.lexsort(keys[::-1])
    same = np.ones(count, bool)  # as the one before, in all keys
    for key in keys:
        same[1:] &= key[places[1:]] == key[places[:-1]]
    same[:1] = False

    def word(row: int) -> bytes:
        return data[starts[row] : starts[row] + lengths[row]]

    again = np.zeros(count, bool)
    for begin in (np.flatnonzero(same & ~np.roll(same, 1)) - 1).tolist():
        end = begin + 1
        while end < count and same[end]:
            end += 1
        run = sorted(places[begin:end].tolist(), key=word)
        places[begin:end] = run
        again[begin + 1 : end] = [word(i) == word(j) for i, j in pairwise(run)]
    return places, again
