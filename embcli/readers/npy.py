"""Vectors in a NumPy .npy file, and their words in a text file of one word a line."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from embcli.errors import BadFile
from embcli.readers import Block, Source
from embcli.readers.opening import Opened
from embcli.readers.text import BOM, LONGEST_WORD

MAGIC = b"\x93NUMPY"
ROWS_AT_ONCE = 1 << 12


def read(opened: Opened, words_file: Path | None) -> Source:
    """The rows of the array, each with the word of its line; BadFile when the two do not fit."""
    if words_file is None:
        raise BadFile(f"{opened.path} holds vectors without words", "name a file of one word a line with --words FILE")
    shape, dtype, by_columns = _header(opened)
    words = Opened(words_file)
    notes = ["its numbers were rounded to 32 bits"] if dtype != np.dtype("f4") else []
    return Source("npy", shape[0], _blocks(opened, words, shape, dtype, by_columns), notes)


def _header(opened: Opened) -> tuple[tuple[int, int], np.dtype, bool]:
    if opened.compression:
        raise BadFile(f"{opened.path} is compressed", "decompress it first")
    try:
        version = np.lib.format.read_magic(opened.stream)
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, by_columns, dtype = read_header(opened.stream)
    except (ValueError, EOFError, SyntaxError, TypeError) as error:
        raise BadFile(
            f"{opened.path} has a damaged .npy header: {str(error).splitlines()[0]}", "save it again"
        ) from error
    if len(shape) != 2 or min(shape) < 1 or dtype.kind != "f" or dtype.itemsize > 8:
        raise BadFile(f"{opened.path} holds {dtype} numbers of shape {shape}", "save a float array [rows, dim]")
    if shape[0] * shape[1] * dtype.itemsize != opened.size - opened.stream.tell():
        raise BadFile(f"{opened.path} does not have the size that its header promises for {shape}", "save it again")
    return shape, dtype, by_columns


def _blocks(
    opened: Opened, words: Opened, shape: tuple[int, int], dtype: np.dtype, by_columns: bool
) -> Iterator[Block]:
    array = np.memmap(opened.path, dtype, "r", opened.stream.tell(), shape, "F" if by_columns else "C")
    lines = _words(words)
    for first in range(0, shape[0], ROWS_AT_ONCE):
        with np.errstate(over="ignore"):
            vectors = np.ascontiguousarray(array[first : first + ROWS_AT_ONCE]).astype("<f4")
        wrong = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
        if len(wrong):
            raise BadFile(f"{opened.path}, row {first + int(wrong[0]) + 1}: a number is not finite", "mend the array")
        block = [word for word, _ in zip(lines, range(len(vectors)), strict=False)]
        if len(block) < len(vectors):
            raise BadFile(
                f"{words.path} has {first + len(block)} words for {shape[0]} vectors", "give a word for each row"
            )
        yield block, vectors
    if next(lines, None) is not None:
        raise BadFile(f"{words.path} has more than {shape[0]} words, one for each vector", "give a word for each row")
    opened.check_unchanged()


def _words(words: Opened) -> Iterator[bytes]:
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
            raise BadFile(f"{words.path}, line {number}: this is not a word", "give one word a line")
        yield word
    words.close()
