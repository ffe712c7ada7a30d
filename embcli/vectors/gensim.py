"""gensim's KeyedVectors from a space, and their contents for a space. gensim is imported inside the function."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from embcli.errors import UsageProblem
from embcli.vectors.arithmetic import Float32Array, IntArray
from embcli.vectors.subwords import Subwords

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

# The attribute in which gensim keeps how often each word occurs.
COUNT_ATTRIBUTE = "count"


class KeyedContents(NamedTuple):
    """The words of a KeyedVectors, their vectors [rows, dim], their counts [rows] if known, its n-grams if any."""

    words: list[str]
    vectors: Any
    counts: IntArray | None
    subwords: Subwords | None


def contents(keyed: Any) -> KeyedContents:
    """The contents of a KeyedVectors, or of a model whose attribute `wv` is one. Raises UsageProblem."""
    keyed = getattr(keyed, "wv", keyed)
    words, vectors = getattr(keyed, "index_to_key", None), getattr(keyed, "vectors", None)
    if not isinstance(words, list) or not isinstance(vectors, np.ndarray):
        raise UsageProblem(
            f"this is not a KeyedVectors of gensim 4, but {type(keyed).__name__}", "give the attribute wv of a model"
        )
    counts = keyed.expandos.get(COUNT_ATTRIBUTE)
    if not isinstance(counts, np.ndarray) or counts.shape != (len(words),) or counts.dtype.kind not in "iu":
        counts = None
    ngrams = getattr(keyed, "vectors_ngrams", None)
    if ngrams is None or not keyed.bucket:
        return KeyedContents(words, vectors, _copy(counts), None)
    if not np.isfinite(ngrams).all():
        raise UsageProblem("the vectors of the n-grams contain non-finite numbers")
    subwords = Subwords(keyed.min_n, keyed.max_n, np.array(ngrams, np.float32))
    return KeyedContents(words, vectors, _copy(counts), subwords)


def keyed_vectors(
    vectors: Float32Array, norms: Float32Array, words: Sequence[str], counts: IntArray | None = None
) -> "KeyedVectors":
    """A KeyedVectors that shares the arrays, read-only: vectors float32 [rows, dim], norms and counts [rows].

    keyed_vectors(space.vectors, space.norms, ["king", "queen"])["queen"]
    """
    from gensim.models import KeyedVectors

    keyed = KeyedVectors(vectors.shape[1])
    keyed.index_to_key = list(words)
    keyed.key_to_index = {word: row for row, word in enumerate(words)}
    keyed.vectors, keyed.norms = vectors.view(), norms.view()
    for array in (keyed.vectors, keyed.norms):
        array.setflags(write=False)  # numbers changed by gensim would not change the norms
    if counts is not None:
        keyed.expandos[COUNT_ATTRIBUTE] = counts.copy()
    return keyed


def _copy(counts: IntArray | None) -> IntArray | None:
    return None if counts is None else counts.astype(np.int64)
