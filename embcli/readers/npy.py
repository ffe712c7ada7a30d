"""Vectors in a NumPy .npy file, and their words in a text file with one word per line."""

import math
import os
import pickle
import warnings
import zipfile
from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from embcli.errors import BadFile
from embcli.readers import ROWS_AT_ONCE, Block, Source, counted, safe_pickle
from embcli.readers.archive import check_readable, damage_reported
from embcli.readers.decompress import LARGEST_RATIO, RATIO_FREE
from embcli.readers.source_file import SourceFile
from embcli.readers.words import with_words
from embcli.store.read import Array

MAGIC = b"\x93NUMPY"
LONGEST_NPY_HEADER = 10_000
AS_TEXTS = "np.savez(file, words=words.astype(str), vectors=vectors)"

Header = tuple[tuple[int, ...], bool, Any]  # shape, whether it is stored by columns, dtype


def read(opened: SourceFile, words_file: str | os.PathLike[str] | None) -> Source:
    """The rows of the array, each with the word of its line. Raises BadFile if their numbers differ."""
    array = open_array(opened)
    if words_file is None:
        raise BadFile(
            f"{opened.path} contains vectors without words", "give a file with one word per line: --words FILE"
        )
    notes = ["its numbers were rounded to 32 bits"] if array.dtype.itemsize > 4 else []
    return Source("npy", len(array), with_words(_blocks(opened, array), words_file, notes), notes, None)


def open_array(opened: SourceFile) -> Array:
    """The array of a .npy file, memory-mapped: floats [rows, dim], of exactly the file's size. Raises BadFile."""
    if opened.compression:
        raise BadFile(f"{opened.path} is compressed", "decompress it first")
    if not opened.stream.peek(len(MAGIC)).startswith(MAGIC):  # type: ignore[attr-defined]
        raise BadFile(f"{opened.path} is not a .npy of NumPy", "save it with np.save")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            shape, by_columns, dtype = _header(opened.stream)
    except (
        Exception
    ) as error:  # numpy evaluates the header as a Python literal, which can raise any error of the parser
        raise BadFile(f"{opened.path} has a damaged .npy header: {str(error)[:80]!r}", "save it again") from error
    _check_matrix(f"{opened.path} contains", shape, dtype)
    if shape[0] * shape[1] * dtype.itemsize != opened.size - opened.stream.tell():
        raise BadFile(
            f"{opened.path} does not have the size that its header declares by the shape {shape}", "save it again"
        )
    return np.memmap(opened.path, dtype, "r", opened.stream.tell(), shape, "F" if by_columns else "C")


def open_compressed_array(opened: SourceFile, name: str) -> Array:
    """A matrix of a .npz by its name, in memory. Raises BadFile."""
    arrays = _npz_headers(opened)
    if f"{name}.npy" not in arrays:
        raise BadFile(f"{opened.path} contains no array {name}", "save it again")
    shape, _, dtype = arrays[f"{name}.npy"]
    _check_matrix(f"{opened.path} contains", shape, dtype)
    return _npz_array(opened, f"{name}.npy")


def _check_matrix(holder: str, shape: tuple[int, ...], dtype: Any) -> None:
    """Raise BadFile unless an array has the type and the shape of vectors."""
    if len(shape) == 2 and min(shape) > 0 and dtype.kind == "f" and dtype.itemsize <= 8:
        return
    kinds = {"U": "texts", "S": "texts", "O": "objects", "b": "truth values"}
    kind = kinds.get(dtype.kind, f"{dtype} numbers")
    raise BadFile(f"{holder} {kind} of shape {shape}", "save a float array [rows, dim]")


def read_npz(opened: SourceFile, words_file: str | os.PathLike[str] | None) -> Source:
    """The rows of the one matrix of a .npz, with the words of a file, or of the one array of texts beside it."""
    arrays = _npz_headers(opened)
    matrices = [name for name, (shape, _, dtype) in arrays.items() if len(shape) == 2 and dtype.kind == "f"]
    texts = [name for name, (shape, _, dtype) in arrays.items() if len(shape) == 1 and dtype.kind in "USO"]
    if len(matrices) != 1:
        found = ", ".join(name.removesuffix(".npy") for name in matrices) or "none"
        raise BadFile(f"{opened.path} must hold one array of floats [rows, dim]; it holds {found}", "save only that")
    shape, _, dtype = arrays[matrices[0]]
    _check_matrix(f"{opened.path} holds", shape, dtype)
    notes = ["its numbers were rounded to 32 bits"] if dtype.itemsize > 4 else []
    array = _npz_array(opened, matrices[0])
    if words_file is not None:
        return Source("npz", len(array), with_words(_blocks(opened, array), words_file, notes), notes, None)
    if len(texts) != 1 or arrays[texts[0]][0] != shape[:1]:
        words = counted(shape[0], "word")
        raise BadFile(f"{opened.path} holds no array of {words}", "name a file of words with --words FILE")
    notes.append(f"its words are the array {texts[0].removesuffix('.npy')}")
    encoded = _npz_words(opened, texts[0], arrays[texts[0]][2].hasobject)
    blocks = (
        (encoded[first : first + len(vectors)], vectors)
        for first, (_, vectors) in zip(range(0, len(encoded), ROWS_AT_ONCE), _blocks(opened, array), strict=True)
    )
    return Source("npz", len(array), blocks, notes, None)


def _npz_words(opened: SourceFile, name: str, are_objects: bool) -> list[bytes]:
    """The words of an array of texts, or of Python objects that are texts."""
    array = _npz_objects(opened, name) if are_objects else _npz_array(opened, name)
    words = array.tolist()
    if not all(isinstance(word, str | bytes) for word in words):
        raise BadFile(f"{opened.path}: {name} contains objects that are not texts", f"save it as text: {AS_TEXTS}")
    return [word.encode("utf-8", "surrogatepass") if isinstance(word, str) else word for word in words]


def _npz_headers(opened: SourceFile) -> dict[str, Header]:
    """The headers of the arrays of a .npz, by the names of their files. BadFile for what is not one."""
    if opened.compression != "npz":
        raise BadFile(f"{opened.path} is not a .npz of NumPy", "save it with np.savez")
    with damage_reported(opened.path, "npz"), zipfile.ZipFile(opened.file) as archive:
        return {info.filename: _npz_header(opened, archive, info) for info in archive.infolist()}


def _npz_header(opened: SourceFile, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Header:
    """The header of an array; BadFile for what is not as large as it says, or too large."""
    check_readable(opened.path, info)
    if info.file_size > max(RATIO_FREE, LARGEST_RATIO * opened.size):
        raise BadFile(f"{opened.path} grows more than {LARGEST_RATIO} times when decompressed", "it is not vectors")
    try:
        with warnings.catch_warnings(), archive.open(info) as stream:
            warnings.simplefilter("error")
            shape, by_columns, dtype = _header(stream)
            size = info.file_size - stream.tell()
    except Exception as error:  # as for a .npy
        raise BadFile(f"{opened.path}: {info.filename} is damaged: {str(error)[:80]!r}", "save it again") from error
    # An array of objects is a pickle, whose size the header does not say.
    if math.prod(shape) * dtype.itemsize != size and not dtype.hasobject:
        raise BadFile(f"{opened.path}: {info.filename} does not have the size that its header says", "save it again")
    return shape, by_columns, dtype


def _npz_array(opened: SourceFile, name: str) -> Array:
    """An array of a .npz, in memory. BadFile when it is damaged."""
    try:
        with np.load(opened.path, allow_pickle=False) as saved:
            return np.asarray(saved[name.removesuffix(".npy")])
    except Exception as error:
        raise BadFile(f"{opened.path}: {name} is damaged: {str(error)[:80]!r}", "save it again") from error


def _npz_objects(opened: SourceFile, name: str) -> Any:
    """An array of objects of a .npz, which is a pickle; no code of it is run. BadFile when it holds anything odd."""
    with damage_reported(opened.path, "npz"), zipfile.ZipFile(opened.file) as archive, archive.open(name) as stream:
        shape, _, _ = _header(stream)
        try:
            array = safe_pickle.load(stream, archive.getinfo(name).file_size)
        except pickle.UnpicklingError as error:
            message = f"{opened.path}: {name} is an array of objects that cannot be read: {error}"
            raise BadFile(message, f"save it as text: {AS_TEXTS}") from error
    if not isinstance(array, np.ndarray) or array.shape != shape or array.dtype != object:
        raise BadFile(f"{opened.path}: {name} does not contain what its header says", "save it again")
    return array


def _header(stream: IO[bytes]) -> Header:
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
