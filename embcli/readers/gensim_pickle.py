"""gensim's native files, `.kv` and `.model`: the words and vectors from their pickles.

All versions of gensim since 0.12 use one of a few layouts; arrays in separate files (`.vectors.npy`, `.syn0.npy`) are
memory-mapped. Beside a `.gz` or `.bz2` gensim compresses them (`.vectors.npz`). `safe_pickle.py` reads the pickles
without running code.
"""

import pickle
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, NamedTuple

import numpy as np

from embcli.errors import BadFile
from embcli.readers import ROWS_AT_ONCE, Block, Ngrams, Source, counted, safe_pickle
from embcli.readers.npy import open_array, open_compressed_array
from embcli.readers.safe_pickle import Box
from embcli.readers.source_file import SourceFile

# How pickles begin: from protocol 2 on with a byte of their own; before, with an object, or a dict or a list.
PICKLE = re.compile(rb"\x80|c(?:copy_?reg\n_reconstructor|(?:numpy[\w.]*|collections)\n\w+)\n|\([dl]p\d+\n|[]}]q\x00")
# Beside files of these names gensim saves arrays compressed, each as `val` in a .npz.
COMPRESSED = (".gz", ".bz2")
# gensim's padding of `null_word=1` and `dm_concat=1`.
NULL_WORD = "\0"
# A pickle contains the words and, if small, the vectors, so no model has a larger one.
LARGEST_PICKLE = 1 << 32
LONGEST_NGRAM = 100  # characters
KEYS_HINT = "give every vector a key that is text, and save it again"
PICKLE_HINT = "save the words and vectors as text: each line a word and its numbers"
GENSIM_HINT = "export it with gensim: save_word2vec_format(…, binary=True)"


def read(opened: SourceFile) -> Source:
    """The rows of a gensim file. Raises BadFile for other files, and for pickles that would run code."""
    if opened.size > LARGEST_PICKLE:
        raise BadFile(f"{opened.path} is too large for a file of gensim", GENSIM_HINT)
    try:
        saved = safe_pickle.load(opened.stream, opened.largest_size())
    except pickle.UnpicklingError as error:
        raise BadFile(f"{opened.path} is damaged, or not a model saved by gensim: {error}", GENSIM_HINT) from error
    if opened.stream.read(1):  # read to the end, where compressed data have their checksum
        raise BadFile(f"{opened.path}: there is data after the end of the pickle", GENSIM_HINT)
    if not isinstance(saved, Box):
        kinds = {dict: "a dict", list: "a list", tuple: "a tuple", np.ndarray: "an array"}
        kind = kinds.get(type(saved), "a single value")
        raise BadFile(f"{opened.path} is a pickle of {kind}, not a model saved by gensim", PICKLE_HINT)
    model = saved.attributes
    part = next((name for name in ("wv", "kv") if model.get(name)), "")  # kv: Poincaré embeddings
    keyed = model[part] if part else saved
    attributes = keyed.attributes if isinstance(keyed, Box) else {}
    if "index_to_key" not in attributes and "index2word" not in attributes:
        attributes = {**model, **attributes}  # before gensim 1.0 they were attributes of the model
    words = next(
        (found for name in ("index_to_key", "index2word") if (found := attributes.get(name)) is not None), None
    )
    vectors, ngrams = _vectors(_Beside(opened, part), attributes, model)
    if not isinstance(words, list) or not isinstance(vectors, np.ndarray) or vectors.ndim != 2:
        raise BadFile(f"{opened.path} contains no word vectors", GENSIM_HINT)
    if vectors.dtype.kind != "f" or vectors.dtype.itemsize > 8 or len(words) != len(vectors) or 0 in vectors.shape:
        shape = f"a {vectors.dtype} array {list(vectors.shape)}"
        raise BadFile(f"{opened.path} has {counted(len(words), 'word')} for {shape}", GENSIM_HINT)
    notes = ["its numbers were rounded to 32 bits"] if vectors.dtype.itemsize > 4 else []
    if any(isinstance(word, int) for word in words):
        notes.append("its keys that are numbers became words")
    unfilled = words.count(None)
    if unfilled == len(words):
        raise BadFile(f"{opened.path} contains no words: none of its rows has been filled", "add vectors, and save it")
    if unfilled:
        rows_were = "1 row was" if unfilled == 1 else f"{unfilled:,} rows were"
        notes.append(f"{rows_were} left out: no word, and no vector but zero")
    if NULL_WORD in words:
        notes.append("its null word, which pads the context in training, was left out")
    rows = len(words) - unfilled - words.count(NULL_WORD)
    blocks = _blocks(opened, words, vectors)
    return Source("native", rows, blocks, notes, _is_sorted(attributes, len(words)), ngrams)


def _is_sorted(attributes: Mapping[str, Any], rows: int) -> bool | None:
    """Whether the counts that gensim 4 stores with the words are descending; None without counts."""
    expandos = attributes.get("expandos")
    counts = expandos.get("count") if isinstance(expandos, dict) else None
    if not isinstance(counts, np.ndarray) or counts.shape != (rows,) or counts.dtype.kind not in "iuf":
        return None
    return bool((counts[1:] <= counts[:-1]).all())


def _vectors(beside: "_Beside", attributes: Mapping[str, Any], model: Mapping[str, Any]) -> tuple[Any, Ngrams | None]:
    """The matrix and the n-grams; gensim 4 saves of a FastText model only what the matrix is composed from."""
    vectors = _array(beside, ("vectors", "syn0"), attributes, model)
    has_rows = vectors is not None
    if not has_rows:
        vectors = _array(beside, ("vectors_vocab",), attributes, model)
    # Before gensim 3.8 the hash of n-grams was another one; until gensim 4 buckets without n-grams were left out.
    is_usual = attributes.get("compatible_hash") is True and "hash2index" not in attributes
    if vectors is None or not is_usual:
        return (vectors if has_rows else None), None
    min_n, max_n, bucket = (attributes.get(name) for name in ("min_n", "max_n", "bucket"))
    buckets = _array(beside, ("vectors_ngrams",), attributes, model)
    if not isinstance(buckets, np.ndarray) or bucket == 0:
        return vectors, None
    fits = all(type(n) is int and 0 < n <= LONGEST_NGRAM for n in (min_n, max_n)) and len(buckets) == bucket
    fits = fits and buckets.ndim == 2 and buckets.dtype == np.float32
    if not fits or buckets.shape[1:] != vectors.shape[1:] or not np.isfinite(buckets).all():
        raise BadFile(f"{beside.opened.path} has n-grams that do not fit its vectors", GENSIM_HINT)
    return vectors, Ngrams(int(min_n or 0), int(max_n or 0), buckets, has_rows)


class _Beside(NamedTuple):
    """Where the arrays in separate files are: beside a file, named after it and the part of the model in it."""

    opened: SourceFile
    part: str

    def names(self, array: str) -> list[str]:
        """The names that the file of an array may have; the first one is that of gensim 4."""
        name, ending = self.opened.path.name, f"{array}.{'npz' if self.is_compressed else 'npy'}"
        return [f"{name}.{self.part}.{ending}"] * bool(self.part) + [f"{name}.{ending}"]

    @property
    def is_compressed(self) -> bool:
        """Whether gensim saves the arrays compressed, which depends on the name of the file."""
        return self.opened.path.name.endswith(COMPRESSED)


def _array(beside: _Beside, names: Sequence[str], attributes: Mapping[str, Any], model: Mapping[str, Any]) -> Any:
    """An array by one of its names, inside the pickle or in a file of its own beside it."""
    for name in names:
        if attributes.get(name) is not None:
            return attributes[name]
    path = beside.opened.path
    for name in names:
        for file in map(path.with_name, beside.names(name)):
            if file.is_file():
                with closing(SourceFile(file)) as apart:
                    return open_compressed_array(apart, "val") if beside.is_compressed else open_array(apart)
    for source in (attributes, model):
        listed = source.get("__numpys")
        missing = [name for name in names if isinstance(listed, list) and name in listed]
        if missing:
            place = "extract the archive" if beside.opened.member is not None else "copy it beside the file"
            file = path.with_name(beside.names(missing[0])[0])
            raise BadFile(f"{file} is missing", f"{place}; gensim saved both")
    return None


def _blocks(opened: SourceFile, words: list[Any], vectors: Any) -> Iterator[Block]:
    for first in range(0, len(words), ROWS_AT_ONCE):
        with np.errstate(over="ignore"):
            part = np.ascontiguousarray(vectors[first : first + ROWS_AT_ONCE]).astype("<f4")
        block = words[first : first + ROWS_AT_ONCE]
        kept = [row for row, word in enumerate(block) if word != NULL_WORD and (word is not None or part[row].any())]
        encoded = [_encoded(opened, first + row + 1, block[row]) for row in kept]
        wrong = np.flatnonzero(~np.isfinite(part).all(axis=1))
        if len(wrong):
            raise BadFile(f"{opened.path}, row {first + int(wrong[0]) + 1}: a number is not finite", GENSIM_HINT)
        if kept:
            yield encoded, part if len(kept) == len(part) else part[kept]
    opened.check_unchanged()


def _encoded(opened: SourceFile, row: int, word: Any) -> bytes:
    """A key as a word; whole numbers are tags of documents."""
    word = str(word) if type(word) is int else word
    if not isinstance(word, str) or not word or "\0" in word:
        kind = "is missing" if word is None else f"is not text (a {type(word).__name__})"
        if isinstance(word, str):
            kind = "contains a NUL" if word else "is empty"
        raise BadFile(f"{opened.path}, row {row}: the word {kind}", KEYS_HINT)
    try:
        return word.encode()
    except UnicodeEncodeError:
        raise BadFile(f"{opened.path}, row {row}: the word is not UTF-8", KEYS_HINT) from None
