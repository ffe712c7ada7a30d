"""Vectors in word2vec's binary format.

A header line of two counts, then for each row the word, a space, and little-endian float32 numbers, with or without a
line feed at the end.
"""

from collections.abc import Iterator

import numpy as np

from embcli.errors import BadFile
from embcli.readers import LONGEST_WORD, Block, Source, counted
from embcli.readers.source_file import SourceFile
from embcli.readers.text import BYTES_AT_ONCE, HEADER, MOST_NUMBERS

LONGEST_BINARY_HEADER = 100
LINE_FEED = 10
CONTROLS = bytes(range(0x20))
BINARY_HINT = "check that the file is complete and in word2vec's binary format"


def read(opened: SourceFile) -> Source:
    """The rows of a binary file. Raises BadFile with the file and the record (row)."""
    line = opened.stream.readline(LONGEST_BINARY_HEADER)
    match = HEADER.fullmatch(line)
    if match is None:
        raise BadFile(f"{opened.path}: the header is not two counts, rows and numbers", BINARY_HINT)
    rows, dim = int(match[1]), int(match[2])
    size = opened.plain_size()
    if rows < 1 or not 1 <= dim <= MOST_NUMBERS or (size is not None and rows * (4 * dim + 2) > size):
        declared = f"{counted(rows, 'row')} of {counted(dim, 'number')}"
        raise BadFile(
            f"{opened.path}: the header declares {declared}, but the file is too small for them",
            BINARY_HINT,
        )
    notes: list[str] = []
    return Source("binary", rows, _blocks(opened, rows, dim, notes), notes)


def _blocks(opened: SourceFile, rows: int, dim: int, notes: list[str]) -> Iterator[Block]:
    width, done, rest = 4 * dim, 0, b""
    ended: bool | None = None  # whether records end with a line feed, as the first one shows
    while done < rows:
        piece = opened.stream.read(max(BYTES_AT_ONCE, width))
        data = rest + piece
        words: list[bytes] = []
        numbers: list[bytes] = []
        position, size, row = 0, len(data), done
        while position < size and row < rows:
            feed = data[position] == LINE_FEED
            if row == 1:
                ended = feed
            elif row and feed != ended:
                raise _bad(opened, row - 1, "the record is a byte too short or too long")
            start = position + feed
            space = data.find(b" ", start, start + LONGEST_WORD + 1)
            end = space + 1 + width
            if space < 0 or end > size:
                if space < 0 and size > start + LONGEST_WORD:
                    raise _bad(opened, row, f"the word is longer than {LONGEST_WORD:,} bytes")
                break
            words.append(data[start:space])
            numbers.append(data[space + 1 : end])
            position = end
            row += 1
        rest = data[position:]
        if words:
            _check_words(opened, words, done)
            vectors = np.frombuffer(b"".join(numbers), "<f4").reshape(len(words), dim)
            wrong = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
            if len(wrong):
                raise _bad(opened, done + int(wrong[0]), "a number is not finite")
            yield words, vectors
            done += len(words)
        elif not piece:
            raise _bad(opened, done, f"the file ends here, but the header declares {counted(rows, 'row')}")
    rest += opened.stream.read(2)
    if rest not in (b"", b"\n"):
        raise _bad(opened, rows, f"the header declares {counted(rows, 'row')}, but more data follow")
    if ended and not rest:
        notes.append("it does not end with a line feed")
    opened.check_unchanged()


def _check_words(opened: SourceFile, words: list[bytes], first: int) -> None:
    """Check that words are text without control characters; at a wrong offset, they would be bytes of numbers."""
    if all(words) and _is_text(b" ".join(words)):
        return
    for i, word in enumerate(words):
        if not word:
            raise _bad(opened, first + i, "the word is empty")
        if not _is_text(word):
            raise _bad(opened, first + i, "the word is not UTF-8, or contains control characters")


def _is_text(word: bytes) -> bool:
    try:
        word.decode()
    except UnicodeDecodeError:
        return False
    return word.translate(None, CONTROLS) == word


def _bad(opened: SourceFile, row: int, problem: str) -> BadFile:
    return BadFile(f"{opened.path}, record {row + 1}: {problem}", BINARY_HINT)
