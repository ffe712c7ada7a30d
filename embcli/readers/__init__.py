"""Readers of vector files, one module per format: they yield blocks of (words, vectors) and reject broken files."""

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

from embcli.store.read import Array
from embcli.store.read import Block as Block

# Progress callback: (rows done, fraction of the source that has been read).
ReportRows = Callable[[int, float], None]
BOM = b"\xef\xbb\xbf"
LONGEST_WORD = 10_000  # bytes
# Rows that readers of arrays hand on together.
ROWS_AT_ONCE = 1 << 12


class ReadOptions(NamedTuple):
    """How to read a file: its format, if not as its content shows; who reads it; a file of words for vectors without.

    subwords: whether fastText's n-grams are kept; by default those that there are. header: whether the first line of a
    text names the columns, if not as it shows. limit: how many rows to read. tensor: the matrix of a safetensors file.
    """

    format_name: str | None = None
    reader: str = "embcli"
    words: str | os.PathLike[str] | None = None
    subwords: bool | None = None
    header: bool | None = None
    limit: int | None = None
    tensor: str | None = None


class Ngrams(NamedTuple):
    """The character n-grams of a fastText model: their lengths, and the vectors [buckets, dim] of their buckets.

    are_in_rows: whether the rows of the source include them already, or are to be composed (`vectors/subwords.py`).
    """

    min_n: int
    max_n: int
    vectors: Array
    are_in_rows: bool


class Source(NamedTuple):
    """The result of opening a file with a reader.

    reader: its name, for the store's header. rows: how many to expect, for the progress bar; None when the
    file does not say. blocks: the rows, read as they are asked for. notes: what is odd about the file, for
    the user; complete when the blocks have been read. sorted_by_frequency: whether the most frequent word comes
    first, as in the files that word2vec, GloVe and fastText write; None when nobody knows. ngrams: those of fastText.
    """

    reader: str
    rows: int | None
    blocks: Iterator[Block]
    notes: list[str]
    sorted_by_frequency: bool | None = True
    ngrams: Ngrams | None = None


def counted(number: int, noun: str) -> str:
    """A number and its noun: `counted(2, "row")` is "2 rows"."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
