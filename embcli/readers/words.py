"""Words in a file of their own, for vectors without words: one a line, perhaps among other columns.

Other columns are left out and reported: those of the metadata of the Embedding Projector (tabs) and of CSV, row
numbers, and counts after a blank (`salt 1000`).
"""

import csv
import os
import re
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from embcli.errors import BadFile
from embcli.readers import BOM, LONGEST_WORD, Block, counted
from embcli.readers.columns import WORD_NAMES
from embcli.readers.source_file import SourceFile

COUNTED = re.compile(r"(.*\S) +(\d+(?:\.\d+)?)")
NUMBERED = re.compile(r"(\d+) +(\S.*)")
COUNT = re.compile(r"[\d.]+")
LONGEST_WORD_LINE = LONGEST_WORD + 10_000


class WordsLayout(NamedTuple):
    """Where the words are in a file: separator of columns (none: the whole line), the column, whether names come first.

    With a blank as the separator, column 0 is what stands before the last blank, and column 1 what follows the first.
    """

    separator: str = ""
    column: int = 0
    has_names: bool = False


def with_words(blocks: Iterator[Block], words_file: str | os.PathLike[str], notes: list[str]) -> Iterator[Block]:
    """Rows, each with the word of its line. BadFile when there are more or fewer rows than words."""
    rows = 0
    with closing(_words(Path(words_file), notes)) as words:
        for _, vectors in blocks:
            block = list(islice(words, len(vectors)))
            rows += len(vectors)
            if len(block) < len(vectors):
                found = rows - len(vectors) + len(block)
                raise BadFile(
                    f"{words_file} has {counted(found, 'word')}, but there are more vectors", "give a word for each row"
                )
            yield block, vectors
        if next(words, None) is not None:
            raise BadFile(
                f"{words_file} has more than {counted(rows, 'word')}, one for each vector",
                "give a word for each row; if its first line is a name, delete it",
            )


def _words(path: Path, notes: list[str]) -> Generator[bytes]:
    """The words of a file; BadFile for a line that is no word."""
    columns = _columns(path, notes)
    with closing(SourceFile(path)) as opened:
        for number, line in enumerate(_lines(opened), start=1):
            if number == 1 and columns.has_names:
                continue
            try:
                fields = _fields(line.decode(), columns.separator)
            except UnicodeDecodeError:
                raise BadFile(f"{path}, line {number}: the word is not UTF-8", "convert it to UTF-8") from None
            word = fields[columns.column].strip(" ").encode()
            if not word or b"\0" in word or len(word) > LONGEST_WORD:
                raise BadFile(f"{path}, line {number}: this is not a word", "give one word a line")
            yield word
        opened.check_unchanged()


def _columns(path: Path, notes: list[str]) -> WordsLayout:
    """The column of the words, if all lines have several."""
    with closing(SourceFile(path)) as opened:
        if next(_lines(opened), b"").startswith(b'{"'):
            raise BadFile(f"{path} is JSON", "write one word a line")
    for separator in "\t;, ":
        rows: list[list[str]] = []
        with closing(SourceFile(path)) as opened:
            for line in _lines(opened):
                fields = _fields(line.decode("utf-8", "replace"), separator)
                if len(fields) < 2 or (rows and separator in ",;" and len(fields) != len(rows[0])):
                    break
                rows.append(fields)
            else:
                is_certain = separator in "\t " or (len(rows) > 1 and all(map(all, rows[1:])))  # a word may be a comma
                if rows and is_certain:
                    return _column_of(path, rows, separator, notes)
    with closing(SourceFile(path)) as opened:
        quoted = [len(line) > 2 and line[:1] == line[-1:] == b'"' for line in _lines(opened)]
    is_quoted = len(quoted) > 1 and all(quoted)
    if is_quoted:
        notes.append(f"the words in {path.name} stand in quotes, which were left out")
    return WordsLayout(separator="\n" if is_quoted else "")


def _column_of(path: Path, rows: list[list[str]], separator: str, notes: list[str]) -> WordsLayout:
    """The column of the words of rows that have several columns."""
    names = [name.strip().lower() for name in rows[0]]
    called = [place for place, name in enumerate(names) if name in WORD_NAMES]
    are_numbers = len(rows) > 1 and all(COUNT.fullmatch(row[-1].strip()) for row in rows[1:])
    has_names = (len(called) == 1 and not any(map(COUNT.fullmatch, names))) or (
        are_numbers and not COUNT.fullmatch(names[-1])
    )
    body = rows[has_names:]
    counted = [row[0].strip() for row in body]
    is_counted = counted in ([str(i) for i in range(first, first + len(body))] for first in (0, 1)) and len(body) > 1
    if separator == " " and not is_counted:
        return _counts(path, body, has_names, notes)
    column = called[0] if has_names and called else int(is_counted)
    place = f'the column "{names[column]}"' if has_names and called else f"the {'second' if column else 'first'} column"
    notes.append(f"of {path.name}, {place} was read{', without its first line, the names' * has_names}")
    return WordsLayout(separator, column, has_names)


def _counts(path: Path, rows: list[list[str]], has_names: bool, notes: list[str]) -> WordsLayout:
    """Whether what follows the last blank of each line is a count; words that are then equal show that it is not."""
    if not all(COUNT.fullmatch(row[-1]) for row in rows) or len({row[0] for row in rows}) < len(rows):
        return WordsLayout()
    notes.append(f"the counts in {path.name} were left out")
    return WordsLayout(" ", 0, has_names)


def _fields(line: str, separator: str) -> list[str]:
    """The columns of a line; one, the line, when it has no other, or quotes that do not match."""
    if separator == "\t":
        return line.split("\t")
    if separator == " ":
        found = COUNTED.fullmatch(line) or NUMBERED.fullmatch(line)
        return list(found.groups()) if found else line.split() if _are_names(line.split()) else [line]
    if not separator:
        return [line]
    try:
        return next(csv.reader([line], delimiter="," if separator == "\n" else separator, strict=True), [line])
    except csv.Error:
        return [line]


def _lines(opened: SourceFile) -> Iterator[bytes]:
    """The lines of a file without their ends, and without blank lines at its end."""
    is_first, blank = True, 0
    while line := opened.stream.readline(LONGEST_WORD_LINE):
        line = line.rstrip(b"\r\n")
        if is_first:
            line, is_first = line.removeprefix(BOM), False
        if not line.strip():
            blank += 1
            continue
        for _ in range(blank):
            yield b""
        blank = 0
        yield line


def _are_names(fields: list[str]) -> bool:
    """Whether these are the names of a column of words and one of counts."""
    return len(fields) == 2 and fields[0].lower() in WORD_NAMES
