"""Sort words by their bytes, many at once."""

from itertools import pairwise

import numpy as np

from embcli.store.read import Array

# Leading bytes of a word that are compared as integers.
KEY_BYTES = 24


def sort_words(data: bytes, lengths: Array) -> tuple[Array, Array]:
    """The stable order of words by their bytes, and a mask of those that equal their predecessor in this order.

    data: the concatenated words. lengths: int64 [n]. Words are compared as three integers of 8 bytes, which numpy sorts
    at once; only words with the same first 24 bytes are compared as bytes. Shorter words are padded with NUL, which no
    word contains.
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
    same = np.ones(count, bool)  # all keys equal those of the predecessor
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
