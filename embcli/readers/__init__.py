"""Readers of vector files, one module per format: they yield blocks of (words, vectors) and reject broken files."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from embcli.store.read import Block as Block

# Progress callback: (rows done, fraction of the source that has been read).
ReportRows = Callable[[int, float], None]
# Rows per block of the readers of arrays.
ROWS_AT_ONCE = 1 << 12


class ReadOptions(NamedTuple):
    """Options of reading a file: its format, if not detected from the content; the reader; the words of a .npy file."""

    format_name: str | None = None
    reader: str = "embcli"
    words: Path | None = None


class Source(NamedTuple):
    """The result of opening a file with a reader.

    reader: its name, for the store's header. rows: the number of rows, for the progress bar; None if the file does not
    declare it. blocks: the rows, read lazily. notes: irregularities of the file, for the user; complete after the
    blocks have been read. sorted_by_frequency: whether the most frequent word comes first, as in the files that
    word2vec, GloVe and fastText write; None if unknown.
    """

    reader: str
    rows: int | None
    blocks: Iterator[Block]
    notes: list[str]
    sorted_by_frequency: bool | None = True
