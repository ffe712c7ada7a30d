"""Vectors in a NumPy .npy file, and their words in a text file with one word per line."""

import warnings
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np

from embcli.errors import BadFile
from embcli.readers import ROWS_AT_ONCE, Block, Source
from embcli.readers.source_file import SourceFile
from embcli.readers.text import BOM, LONGEST_WORD
from embcli.store.read import Array

MAGIC = b"\x93NUMPY"
LONGEST_NPY_HEADER = 10_000


def read(opened: SourceFile, words_file: Path | None) -> Source:
    """The rows of the array, each with the word of its line. Raises BadFile if their numbers differ."""
    if words_file is None:
        raise BadFile(
            f"{opened.path} contains vectors without words", "give a file with one word per line: --words FILE"
        )
    array = open_array(opened)
    notes = ["its numbers were rounded to 32 bits"] if array.dtype.itemsize != 4 else []
    return Source("npy", len(array), _blocks(opened, words_file, array), notes, None)


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


def _blocks(opened: SourceFile, words_file: Path, array: Array) -> Iterator[Block]:
    with closing(SourceFile(words_file)) as words:
        lines = _words(words)
        for first in range(0, len(array), ROWS_AT_ONCE):
            with np.errstate(over="ignore"):
                vectors = np.ascontiguousarray(array[first : first + ROWS_AT_ONCE]).astype("<f4")
            wrong = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
            if len(wrong):
                raise BadFile(
                    f"{opened.path}, row {first + int(wrong[0]) + 1}: a number is not finite", "correct the array"
                )
            block = list(islice(lines, len(vectors)))
            if len(block) < len(vectors):
                count = first + len(block)
                raise BadFile(f"{words.path} has {count} words for {len(array)} vectors", "give one word for each row")
            yield block, vectors
        if next(lines, None) is not None:
            raise BadFile(
                f"{words.path} has more than {len(array)} words, one for each vector", "give one word for each row"
            )
        opened.check_unchanged()


def _words(words: SourceFile) -> Iterator[bytes]:
    number = 0
    while line := words.stream.readline(LONGEST_WORD + 2):
        word = line.rstrip(b"\r\n")
        if number == 0:
            word = word.removeprefix(BOM)
        number += 1
        try:
            word.decode()
        except UnicodeDecodeError:
            raise BadFile(f"{words.path}, line {number}: the word is not UTF-8", "convert it to UTF-8") from None
        if not word or b"\0" in word or len(word) > LONGEST_WORD:
            raise BadFile(f"{words.path}, line {number}: this is not a word", "give one word per line")
        yield word
