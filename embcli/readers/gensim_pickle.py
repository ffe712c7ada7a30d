"""gensim's native files, `.kv` and `.model`: the words and vectors from their pickles.

All versions of gensim since 0.12 use one of a few layouts; arrays in separate files (`.vectors.npy`, `.syn0.npy`) are
memory-mapped. `safe_pickle.py` reads the pickles without running code.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from embcli.errors import BadFile, InputOutputProblem
from embcli.readers import ROWS_AT_ONCE, Block, Ngrams, Source, safe_pickle
from embcli.readers.npy import open_array
from embcli.readers.safe_pickle import Box
from embcli.readers.source_file import SourceFile

PICKLE = b"\x80"  # first byte of a pickle of protocol 2 or later, the only ones that gensim writes
# A pickle contains the words and, if small, the vectors, so no model has a larger one.
LARGEST_PICKLE = 1 << 32
LONGEST_NGRAM = 100  # characters
GENSIM_HINT = "export it with gensim: save_word2vec_format(…, binary=True)"


def read(opened: SourceFile) -> Source:
    """The rows of a gensim file. Raises BadFile for other files, and for pickles that would run code."""
    if opened.size > LARGEST_PICKLE:
        raise BadFile(f"{opened.path} is too large for a file of gensim", GENSIM_HINT)
    try:
        saved = safe_pickle.load(opened)
        if opened.stream.read(1):  # read to the end, where compressed data have their checksum
            raise BadFile(f"{opened.path}: there is data after the end of the pickle", GENSIM_HINT)
    except (BadFile, InputOutputProblem):
        raise
    except Exception as error:  # a malicious pickle can raise any error
        raise BadFile(f"{opened.path} is damaged, or not a model saved by gensim: {error}", GENSIM_HINT) from error
    model = saved.attributes if isinstance(saved, Box) else {}
    keyed = model.get("wv") or model.get("kv") or saved  # kv: Poincaré embeddings
    attributes = keyed.attributes if isinstance(keyed, Box) else {}
    if "index_to_key" not in attributes and "index2word" not in attributes:
        attributes = {**model, **attributes}  # before gensim 1.0 they were attributes of the model
    words = next(
        (found for name in ("index_to_key", "index2word") if (found := attributes.get(name)) is not None), None
    )
    vectors, ngrams = _vectors(opened.path, attributes, model)
    if not isinstance(words, list) or not isinstance(vectors, np.ndarray) or vectors.ndim != 2:
        raise BadFile(f"{opened.path} contains no word vectors", GENSIM_HINT)
    if vectors.dtype.kind != "f" or vectors.dtype.itemsize > 8 or len(words) != len(vectors) or 0 in vectors.shape:
        shape = f"a {vectors.dtype} array {list(vectors.shape)}"
        raise BadFile(f"{opened.path} has {len(words)} words for {shape}", GENSIM_HINT)
    notes = ["its numbers were rounded to 32 bits"] if vectors.dtype.itemsize > 4 else []
    if any(isinstance(word, int) for word in words):
        notes.append("its keys that are numbers became words")
    blocks = _blocks(opened, words, vectors)
    return Source("native", len(words), blocks, notes, _is_sorted(attributes, len(words)), ngrams)


def _is_sorted(attributes: Mapping[str, Any], rows: int) -> bool | None:
    """Whether the counts that gensim 4 stores with the words are descending; None without counts."""
    expandos = attributes.get("expandos")
    counts = expandos.get("count") if isinstance(expandos, dict) else None
    if not isinstance(counts, np.ndarray) or counts.shape != (rows,) or counts.dtype.kind not in "iuf":
        return None
    return bool((counts[1:] <= counts[:-1]).all())


def _vectors(path: Path, attributes: Mapping[str, Any], model: Mapping[str, Any]) -> tuple[Any, Ngrams | None]:
    """The matrix and the n-grams; gensim 4 saves of a FastText model only what the matrix is composed from."""
    vectors = _array(path, ("vectors", "syn0"), attributes, model)
    has_rows = vectors is not None
    if not has_rows:
        vectors = _array(path, ("vectors_vocab",), attributes, model)
    # Before gensim 3.8 the hash of n-grams was another one; until gensim 4 buckets without n-grams were left out.
    is_usual = attributes.get("compatible_hash") is True and "hash2index" not in attributes
    if vectors is None or not is_usual:
        return (vectors if has_rows else None), None
    min_n, max_n, bucket = (attributes.get(name) for name in ("min_n", "max_n", "bucket"))
    buckets = _array(path, ("vectors_ngrams",), attributes, model)
    if not isinstance(buckets, np.ndarray) or bucket == 0:
        return vectors, None
    fits = all(type(n) is int and 0 < n <= LONGEST_NGRAM for n in (min_n, max_n)) and len(buckets) == bucket
    fits = fits and buckets.ndim == 2 and buckets.dtype == np.float32
    if not fits or buckets.shape[1:] != vectors.shape[1:] or not np.isfinite(buckets).all():
        raise BadFile(f"{path} has n-grams that do not fit its vectors", GENSIM_HINT)
    return vectors, Ngrams(int(min_n or 0), int(max_n or 0), buckets, has_rows)


def _array(path: Path, names: Sequence[str], attributes: Mapping[str, Any], model: Mapping[str, Any]) -> Any:
    """An array by one of its names, inside the pickle or in a file of its own beside it."""
    for name in names:
        if attributes.get(name) is not None:
            return attributes[name]
    for name in names:
        for beside in (path.with_name(f"{path.name}.{name}.npy"), path.with_name(f"{path.name}.wv.{name}.npy")):
            if beside.is_file():
                with closing(SourceFile(beside)) as apart:
                    return open_array(apart)
    for source in (attributes, model):
        listed = source.get("__numpys")
        missing = [name for name in names if isinstance(listed, list) and name in listed]
        if missing:
            raise BadFile(f"{path}.{missing[0]}.npy is missing", "copy it beside the file; gensim saved both")
    return None


def _blocks(opened: SourceFile, words: list[Any], vectors: Any) -> Iterator[Block]:
    for first in range(0, len(words), ROWS_AT_ONCE):
        block = []
        for row, word in enumerate(words[first : first + ROWS_AT_ONCE], start=first + 1):
            word = str(word) if type(word) is int else word  # tags of documents
            if not isinstance(word, str) or not word or "\0" in word:
                raise BadFile(f"{opened.path}, row {row}: the word is missing or not text", GENSIM_HINT)
            try:
                block.append(word.encode())
            except UnicodeEncodeError:
                raise BadFile(f"{opened.path}, row {row}: the word is not UTF-8", GENSIM_HINT) from None
        with np.errstate(over="ignore"):
            part = np.ascontiguousarray(vectors[first : first + ROWS_AT_ONCE]).astype("<f4")
        wrong = np.flatnonzero(~np.isfinite(part).all(axis=1))
        if len(wrong):
            raise BadFile(f"{opened.path}, row {first + int(wrong[0]) + 1}: a number is not finite", GENSIM_HINT)
        yield block, part
    opened.check_unchanged()
