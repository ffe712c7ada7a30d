"""Vectors in a NumPy .npy file, and their words in a text file with one word per line."""

import math
import os
import warnings
import zipfile
from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from embcli.errors import BadFile
from embcli.readers import ROWS_AT_ONCE, Block, Source
from embcli.readers.decompress import LARGEST_RATIO, RATIO_FREE
from embcli.readers.source_file import SourceFile
from embcli.readers.words import with_words
from embcli.store.read import Array

MAGIC = b"\x93NUMPY"
LONGEST_NPY_HEADER = 10_000


def read(opened: SourceFile, words_file: str | os.PathLike[str] | None) -> Source:
    """The rows of the array, each with the word of its line. Raises BadFile if their numbers differ."""
    if words_file is None:
        raise BadFile(
            f"{opened.path} contains vectors without words", "give a file with one word per line: --words FILE"
        )
    array = open_array(opened)
    notes = ["its numbers were rounded to 32 bits"] if array.dtype.itemsize > 4 else []
    return Source("npy", len(array), with_words(_blocks(opened, array), words_file, notes), notes, None)


def open_array(opened: SourceFile) -> Array:
    """The array of a .npy file, memory-mapped: floats [rows, dim], of exactly the file's size. Raises BadFile."""
    if opened.compression:
        raise BadFile(f"{opened.path} is compressed", "decompress it first")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            shape, by_columns, dtype = _header(opened.stream)
    except (
        Exception
    ) as error:  # numpy evaluates the header as a Python literal, which can raise any error of the parser
        raise BadFile(f"{opened.path} has a damaged .npy header: {str(error)[:80]!r}", "save it again") from error
    if len(shape) != 2 or min(shape) < 1 or dtype.kind != "f" or dtype.itemsize > 8:
        raise BadFile(f"{opened.path} contains {dtype} numbers of shape {shape}", "save a float array [rows, dim]")
    if shape[0] * shape[1] * dtype.itemsize != opened.size - opened.stream.tell():
        raise BadFile(
            f"{opened.path} does not have the size that its header declares by the shape {shape}", "save it again"
        )
    return np.memmap(opened.path, dtype, "r", opened.stream.tell(), shape, "F" if by_columns else "C")


def read_npz(opened: SourceFile, words_file: str | os.PathLike[str] | None) -> Source:
    """The rows of the one matrix of a .npz, with the words of a file, or of the one array of texts beside it."""
    with zipfile.ZipFile(opened.file) as archive:
        arrays = {info.filename: _npz_header(opened, archive, info) for info in archive.infolist()}
    matrices = [name for name, (shape, _, dtype) in arrays.items() if len(shape) == 2 and dtype.kind == "f"]
    texts = [name for name, (shape, _, dtype) in arrays.items() if len(shape) == 1 and dtype.kind in "US"]
    if len(matrices) != 1:
        found = ", ".join(name.removesuffix(".npy") for name in matrices) or "none"
        raise BadFile(f"{opened.path} must hold one array of floats [rows, dim]; it holds {found}", "save only that")
    shape, _, dtype = arrays[matrices[0]]
    if min(shape) < 1 or dtype.itemsize > 8:
        raise BadFile(f"{opened.path} holds {dtype} numbers of shape {shape}", "save a float array [rows, dim]")
    notes = ["its numbers were rounded to 32 bits"] if dtype.itemsize > 4 else []
    array = _npz_array(opened, matrices[0])
    if words_file is not None:
        return Source("npz", len(array), with_words(_blocks(opened, array), words_file, notes), notes, None)
    if len(texts) != 1 or arrays[texts[0]][0] != shape[:1]:
        raise BadFile(f"{opened.path} holds no array of {shape[0]} words", "name a file of words with --words FILE")
    notes.append(f"its words are the array {texts[0].removesuffix('.npy')}")
    words = [str(word) if isinstance(word, str) else word for word in _npz_array(opened, texts[0]).tolist()]
    encoded = [word.encode("utf-8", "surrogatepass") if isinstance(word, str) else word for word in words]
    blocks = (
        (encoded[first : first + len(vectors)], vectors)
        for first, (_, vectors) in zip(range(0, len(encoded), ROWS_AT_ONCE), _blocks(opened, array), strict=True)
    )
    return Source("npz", len(array), blocks, notes, None)


def _npz_header(
    opened: SourceFile, archive: zipfile.ZipFile, info: zipfile.ZipInfo
) -> tuple[tuple[int, ...], bool, Any]:
    """The shape, the order and the dtype of an array; BadFile for what is not as large as it says, or too large."""
    if info.file_size > max(RATIO_FREE, LARGEST_RATIO * opened.size):
        raise BadFile(f"{opened.path} grows more than {LARGEST_RATIO} times when decompressed", "it is not vectors")
    try:
        with warnings.catch_warnings(), archive.open(info) as stream:
            warnings.simplefilter("error")
            shape, by_columns, dtype = _header(stream)
            size = info.file_size - stream.tell()
    except Exception as error:  # as for a .npy
        raise BadFile(f"{opened.path}: {info.filename} is damaged: {str(error)[:80]!r}", "save it again") from error
    if math.prod(shape) * dtype.itemsize != size or dtype.hasobject:
        raise BadFile(f"{opened.path}: {info.filename} does not have the size that its header says", "save it again")
    return shape, by_columns, dtype


def _npz_array(opened: SourceFile, name: str) -> Array:
    """An array of a .npz, in memory. BadFile when it is damaged."""
    try:
        with np.load(opened.path, allow_pickle=False) as saved:
            return np.asarray(saved[name.removesuffix(".npy")])
    except Exception as error:
        raise BadFile(f"{opened.path}: {name} is damaged: {str(error)[:80]!r}", "save it again") from error


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, Any]:
    major, _ = np.lib.format.read_magic(stream)
    start = stream.tell()
    length = int.from_bytes(stream.read(2 if major == 1 else 4), "little")
    if length > LONGEST_NPY_HEADER:
        raise ValueError(f"its length is {length:,} bytes")
    stream.seek(start)
    if major == 1:
        return np.lib.format.read_array_header_1_0(stream)
    return np.lib.format.read_array_header_2_0(stream)


def _blocks(opened: SourceFile, array: Array) -> Iterator[Block]:
    for first in range(0, len(array), ROWS_AT_ONCE):
        with np.errstate(over="ignore"):
            vectors = np.ascontiguousarray(array[first : first + ROWS_AT_ONCE]).astype("<f4")
        wrong = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
        if len(wrong):
            raise BadFile(
                f"{opened.path}, row {first + int(wrong[0]) + 1}: a number is not finite", "correct the array"
            )
        yield [], vectors
    opened.check_unchanged()
