"""fastText's subwords: the vector of any word out of the vectors of its character n-grams.

A word in angle brackets, `<soup>`, has n-grams of `min_n` to `max_n` characters (of 3: `<so`, `sou`, `oup`, `up>`).
A hash maps each n-gram to a bucket, a row of a matrix. With g the vectors of the n-grams of a word:

- a word of the vocabulary has the vector (v + Σ g) / (number of n-grams + 1), with v its own row;
- any other word has Σ g / (number of n-grams).

Bojanowski, Grave, Joulin and Mikolov, Enriching Word Vectors with Subword Information, TACL 2017. The hash and the
order of the sums are gensim's, so the vectors are equal to gensim's, bit for bit.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from embcli.vectors.arithmetic import Float32Array, IntArray

# 32-bit FNV-1a (Fowler, Noll, Vo), as in fastText's Dictionary::hash.
FNV_BASIS, FNV_PRIME = np.uint32(2166136261), np.uint32(16777619)
# In UTF-8 the bytes 10xxxxxx continue a character.
CONTINUATION_MASK, CONTINUATION = 0xC0, 0x80
LONGEST_CHARACTER = 4  # bytes


class Subwords(NamedTuple):
    """The n-grams of a model: their lengths in characters, and the vectors [buckets, dim] of their buckets."""

    min_n: int
    max_n: int
    vectors: Float32Array

    def vector(self, word: str) -> Float32Array | None:
        """The vector [dim] of a word outside the vocabulary; None for a word without n-grams.

        gensim's `FastTextKeyedVectors.get_vector`.
        """
        buckets, _ = self.buckets([word.encode("utf-8", "surrogatepass")])
        if not len(buckets):
            return None
        total = np.zeros(self.vectors.shape[1], np.float32)
        for bucket in buckets.tolist():
            total += self.vectors[bucket]
        return np.divide(total, np.float32(len(buckets)), dtype=np.float32)

    def compose(self, words: Sequence[bytes], vectors: Float32Array) -> Float32Array:
        """The vectors of words of the vocabulary from their own rows [words, dim] and those of their n-grams.

        gensim's `FastTextKeyedVectors.adjust_vectors`.
        """
        buckets, counts = self.buckets(words)
        starts = np.cumsum(counts) - counts
        total = vectors.astype(np.float32)
        for place in range(int(counts.max(initial=0))):  # one n-gram of each word at a time, in order
            rows = np.flatnonzero(counts > place)
            total[rows] += self.vectors[buckets[starts[rows] + place]]
        return np.divide(total, (counts + 1)[:, None], dtype=np.float32)

    def buckets(self, words: Sequence[bytes]) -> tuple[IntArray, IntArray]:
        """The buckets of the n-grams of words, end to end in fastText's order, and how many each word has.

        An n-gram of one character is none if it is a bracket.
        """
        text = np.frombuffer(b"".join(b"<%b>" % word for word in words) + bytes(LONGEST_CHARACTER), np.uint8)
        sizes = np.array([len(word) + 2 for word in words], np.int64)
        ends = np.cumsum(sizes)
        begins_character = (text & CONTINUATION_MASK) != CONTINUATION
        starts = np.flatnonzero(begins_character[: ends[-1]] if len(words) else begins_character[:0])
        word_of = np.searchsorted(ends, starts, "right")
        first, last = (ends - sizes)[word_of], ends[word_of]
        hashes = np.full(len(starts), FNV_BASIS, np.uint32)
        position = starts.copy()
        found = np.zeros((len(starts), self.max_n), np.int64)
        is_ngram = np.zeros((len(starts), self.max_n), bool)
        for n in range(1, self.max_n + 1):
            is_inside = position < last
            for byte in range(LONGEST_CHARACTER):
                goes_on = is_inside & (position < last) & (~begins_character[position] if byte else True)
                # The bytes of a character are signed numbers in fastText.
                value = text[position].astype(np.int8).astype(np.int32).astype(np.uint32)
                with np.errstate(over="ignore"):
                    hashes = np.where(goes_on, (hashes ^ value) * FNV_PRIME, hashes)
                position = position + goes_on
            is_bracket = (n == 1) & ((starts == first) | (position == last))
            is_ngram[:, n - 1] = is_inside & (n >= self.min_n) & ~is_bracket
            found[:, n - 1] = hashes % np.uint32(max(1, len(self.vectors)))
        counts = np.bincount(word_of, is_ngram.sum(axis=1), len(words)).astype(np.int64)
        return found[is_ngram], counts
