"""Words in a file of their own, for vectors without words: one a line, perhaps with other columns after it.

Those are left out: everything after the first tab, where every line has one (the metadata of the Embedding Projector),
and a count after a blank, where every line has one (`salt 1000`).
"""

import os
import re
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from embcli.errors import BadFile
from embcli.readers import BOM, LONGEST_WORD, Block
from embcli.readers.layout import WORD_COLUMNS
from embcli.readers.source_file import SourceFile

COUNT = re.compile(rb"(.*\S)[ ]+\d+(?:\.\d+)?")
LONGEST_WORD_LINE = LONGEST_WORD + 10_000


def with_words(blocks: Iterator[Block], words_file: str | os.PathLike[str], notes: list[str]) -> Iterator[Block]:
    """Rows, each with the word of its line. BadFile when there are more or fewer rows than words."""
    rows = 0
    with closing(_words(Path(words_file), notes)) as words:
        for _, vectors in blocks:
            block = list(islice(words, len(vectors)))
            rows += len(vectors)
            if len(block) < len(vectors):
                found = rows - len(vectors) + len(block)
                raise BadFile(f"{words_file} has {found} words, but there are more vectors", "give a word for each row")
            yield block, vectors
        if next(words, None) is not None:
            raise BadFile(f"{words_file} has more than {rows} words, one for each vector", "give a word for each row")


def _words(path: Path, notes: list[str]) -> Generator[bytes]:
    """The words of a file; BadFile for a line that is no word."""
    separator, has_names = _columns(path, notes)
    with closing(SourceFile(path)) as opened:
        for number, line in enumerate(_lines(opened), start=1):
            if number == 1 and has_names:
                continue
            word = line
            if separator == b"\t":
                word = line.partition(b"\t")[0]
            elif separator == b" ":
                match = COUNT.fullmatch(line)
                word = match[1] if match else line
            word = word.strip(b" ")
            try:
                word.decode()
            except UnicodeDecodeError:
                raise BadFile(f"{path}, line {number}: the word is not UTF-8", "convert it to UTF-8") from None
            if not word or b"\0" in word or len(word) > LONGEST_WORD:
                raise BadFile(f"{path}, line {number}: this is not a word", "give one word a line")
            yield word
        opened.check_unchanged()


def _columns(path: Path, notes: list[str]) -> tuple[bytes, bool]:
    """What separates the word from other columns, if all lines have them; whether the first line has their names."""
    with closing(SourceFile(path)) as opened:
        first = next(_lines(opened), b"")
        has_tabs, has_counts, are_numbers, more = b"\t" in first, True, True, False
        for line in _lines(opened):
            more = True
            has_tabs = has_tabs and b"\t" in line
            has_counts = has_counts and COUNT.fullmatch(line) is not None
            are_numbers = are_numbers and re.fullmatch(rb"[\d.]+", line.rpartition(b"\t")[2]) is not None
    if has_tabs and more:
        names = [name.strip().lower() for name in first.decode("utf-8", "replace").split("\t")]
        is_named = names[0] in WORD_COLUMNS or (are_numbers and re.fullmatch(r"[\d.]+", names[-1]) is None)
        notes.append(f"of {path.name}, the first column was read" + (" without its first line, the names" * is_named))
        return b"\t", is_named
    if (
        has_counts
        and (more or COUNT.fullmatch(first))
        and (COUNT.fullmatch(first) or first.split(b" ")[0].lower() == b"word")
    ):
        notes.append(f"the counts in {path.name} were left out")
        return b" ", COUNT.fullmatch(first) is None
    return b"", False


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
