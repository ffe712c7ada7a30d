"""A check of the structure of a fastText `.bin` before gensim reads it: gensim never returns for a truncated one."""

import struct
from typing import IO, Any

import numpy as np

from embcli.errors import BadFile
from embcli.readers.source_file import SourceFile
from embcli.readers.text import LONGEST_WORD

FASTTEXT_MAGIC = struct.pack("<i", 793712314)  # FASTTEXT_FILEFORMAT_MAGIC_INT32 of fastText's fasttext.cc


def walk_fasttext(opened: SourceFile) -> None:
    """Check that all parts of a fastText `.bin` are complete, without data after the last one. Raises BadFile.

    The layout is that of fastText's FastText::loadModel: arguments, dictionary, input and output matrix.
    """
    file = opened.stream

    def take(format_name: str) -> tuple[Any, ...]:
        data = file.read(struct.calcsize(format_name))
        if len(data) < struct.calcsize(format_name):
            raise _bad_fasttext(opened, "it is truncated")
        return struct.unpack(format_name, data)

    _, version = take("<ii")
    if version not in (11, 12):
        raise _bad_fasttext(opened, f"its version is {version}, not 11 or 12")
    dim, *_, _ = take("<12id")
    size, words, labels, _, pruned = take("<iiiqq")
    if dim < 1 or words < 1 or labels < 0 or size != words + labels or size * 10 > opened.size:
        raise _bad_fasttext(opened, f"it is too small for {size} words and vectors of {dim} numbers")
    for entry in range(size):
        word = _word_of(file)
        if word is None:
            raise _bad_fasttext(opened, f"word {entry + 1} does not end")
        try:
            word.decode()
        except UnicodeDecodeError:
            raise _bad_fasttext(opened, f"word {entry + 1} is not UTF-8") from None
        take("<qb")
    for _ in range(max(pruned, 0)):
        take("<ii")
    for _ in range(2):
        (quantised,) = take("<?")
        if quantised:
            raise _bad_fasttext(opened, "it is quantised, which gensim cannot read")
        rows, columns = take("<qq")
        if columns != dim or rows < 0 or file.tell() + 4 * rows * columns > opened.size:
            raise _bad_fasttext(opened, f"it is too small for a matrix of {rows} rows of {columns} numbers")
        _check_finite(opened, rows * columns)
    if file.tell() != opened.size:
        raise _bad_fasttext(opened, "there is data after its end")


def _word_of(file: IO[bytes]) -> bytes | None:
    """The bytes up to the next NUL."""
    word = b""
    while len(word) <= LONGEST_WORD:
        seen: bytes = file.peek(64)  # type: ignore[attr-defined]
        end = seen.find(b"\0")
        if not seen:
            return None
        word += file.read(end if end >= 0 else len(seen))
        if end >= 0:
            file.read(1)
            return word
    return None


def _check_finite(opened: SourceFile, count: int) -> None:
    while count:
        part = np.frombuffer(opened.stream.read(4 * min(count, 1 << 18)), "<f4")
        if not len(part) or not np.isfinite(part).all():
            raise _bad_fasttext(opened, "a number is not finite")
        count -= len(part)


def _bad_fasttext(opened: SourceFile, problem: str) -> BadFile:
    return BadFile(f"{opened.path} is not a valid fastText model: {problem}", "download it again, or add its .vec file")
