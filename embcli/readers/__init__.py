"""Readers of vector files, one file a format: blocks of (words, vectors) out, broken files refused."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from embcli.store.read import Block as Block

# Called with the rows done, and the share of the source that has been read.
ReportRows = Callable[[int, float], None]
# Rows that readers of arrays hand on together.
ROWS_AT_ONCE = 1 << 12


class ReadOptions(NamedTuple):
    """How to read a file: its format, if not as its content shows; who reads it; the words of a .npy."""

    format_name: str | None = None
    reader: str = "embcli"
    words: Path | None = None


class Source(NamedTuple):
    """What a reader made of a file.

    reader: its name, for the store's header. rows: how many to expect, for the progress bar; None when the
    file does not say. blocks: the rows, read as they are asked for. notes: what is odd about the file, for
    the user; complete when the blocks have been read. sorted_by_frequency: whether the most frequent word comes
    first, as in the files that word2vec, GloVe and fastText write; None when nobody knows.
    """

    reader: str
    rows: int | None
    blocks: Iterator[Block]
    notes: list[str]
    sorted_by_frequency: bool | None = True
