"""fastText's own `.bin`: its words, their vectors, and the vectors of its character n-grams.

The layout is that of fastText's FastText::loadModel, little-endian:

    magic, version   i32 i32   not in files from before 2017, which begin with dim
    arguments        12 i32, f64   as in `Arguments`
    dictionary       i32 i32 i32 i64 [i64]   entries, words, labels, tokens, pruned buckets (new files)
    entries          bytes, NUL, i64, i8   the word, its count, its type; the words come first
    pruned           i32 i32 each
    input matrix     [bool] i64 i64, f32 …   quantised (new files); rows and columns; words, then buckets
    output matrix    likewise

A word's vector is the mean of its row and those of its n-grams (`vectors/subwords.py`). The matrix is mapped, so large
files need little memory. Bojanowski, Grave, Joulin and Mikolov, TACL 2017.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import IO, Any, NamedTuple

import numpy as np

from embcli.errors import BadFile
from embcli.readers import LONGEST_WORD, ROWS_AT_ONCE, Block, Ngrams, ReadOptions, Source, counted
from embcli.readers.source_file import SourceFile
from embcli.store.read import Array

FASTTEXT_MAGIC = struct.pack("<i", 793712314)  # FASTTEXT_FILEFORMAT_MAGIC_INT32 of fastText's fasttext.cc
VERSIONS = (11, 12)
NUMBERS_AT_ONCE = 1 << 18


class Arguments(NamedTuple):
    """What the model was trained with."""

    dim: int
    ws: int
    epoch: int
    min_count: int
    neg: int
    word_ngrams: int
    loss: int
    model: int
    bucket: int
    min_n: int
    max_n: int
    lr_update_rate: int
    t: float

    def are_plausible(self) -> bool:
        """Whether this is what fastText writes, and not the beginning of another binary file."""
        return (
            0 < self.dim <= 100_000
            and self.loss in (1, 2, 3, 4)
            and self.model in (1, 2, 3)
            and 0 <= self.min_n <= 1000
            and 0 <= self.max_n <= 1000
            and min(self.ws, self.epoch, self.min_count, self.neg, self.word_ngrams, self.bucket) >= 0
        )


ARGUMENTS = struct.Struct("<12id")


def is_fasttext(look: bytes) -> bool:
    """Whether the first bytes are those of a fastText model, also of one from before the magic number."""
    if look.startswith(FASTTEXT_MAGIC):
        return True
    return len(look) >= ARGUMENTS.size and Arguments(*ARGUMENTS.unpack_from(look)).are_plausible()


def read(opened: SourceFile, options: ReadOptions) -> Source:
    """The rows of a fastText `.bin` and, unless the options leave them out, its n-grams. BadFile for a damaged one.

    Every part of the file is checked before the first row is given.
    """
    if opened.compression:
        raise BadFile(f"{opened.path} is compressed", "decompress it first")
    walk = _Walk(opened)
    is_new = opened.stream.peek(4).startswith(FASTTEXT_MAGIC)  # type: ignore[attr-defined]
    if is_new:
        _, version = walk.take("<ii")
        if version not in VERSIONS:
            raise walk.problem(f"its version is {version}, not 11 or 12")
    arguments = Arguments(*walk.take("<12id"))
    if not arguments.are_plausible():
        raise walk.problem("its arguments are not those of a model")
    words = walk.words(is_new)
    matrix = walk.matrix(arguments.dim, is_new)
    walk.matrix(arguments.dim, is_new)
    if opened.stream.tell() != opened.size:
        raise walk.problem("there are data after its end")
    if len(matrix) < len(words):
        raise walk.problem(f"it has {counted(len(matrix), 'row')} for {counted(len(words), 'word')}")
    buckets = matrix[len(words) :]
    has_ngrams = arguments.max_n > 0 and arguments.bucket > 0
    if has_ngrams and len(buckets) != arguments.bucket:
        raise walk.problem(f"it has {len(buckets)} n-grams instead of {arguments.bucket}")
    ngrams = Ngrams(arguments.min_n, arguments.max_n, buckets, are_in_rows=False) if has_ngrams else None
    return Source("fasttext", len(words), _blocks(opened, words, matrix), [], True, ngrams)


def _blocks(opened: SourceFile, words: Sequence[bytes], matrix: Array) -> Iterator[Block]:
    for first in range(0, len(words), ROWS_AT_ONCE):
        block = words[first : first + ROWS_AT_ONCE]
        yield block, np.array(matrix[first : first + len(block)], np.float32)
    opened.check_unchanged()


class _Walk:
    """The parts of the file, one after the other."""

    def __init__(self, opened: SourceFile) -> None:
        self.opened = opened
        self.file: IO[bytes] = opened.stream

    def take(self, layout: str) -> tuple[Any, ...]:
        """Some numbers."""
        data = self.file.read(struct.calcsize(layout))
        if len(data) < struct.calcsize(layout):
            raise self.problem("the file is truncated")
        return struct.unpack(layout, data)

    def words(self, is_new: bool) -> list[bytes]:
        """The words of the dictionary, without the labels of a classifier."""
        entries, count, labels, _ = self.take("<iiiq")
        pruned = self.take("<q")[0] if is_new else 0
        if count < 1 or labels < 0 or entries != count + labels or entries * 10 > self.opened.size:
            raise self.problem(f"a dictionary of {entries} entries does not fit into it")
        words = []
        for number in range(1, entries + 1):
            word = self._word(number)
            *_, kind = self.take("<qb")
            if kind == 0:
                words.append(word)
        if len(words) != count:
            raise self.problem(f"it has {counted(len(words), 'word')} instead of {count:,}")
        for _ in range(max(pruned, 0)):
            self.take("<ii")
        return words

    def _word(self, number: int) -> bytes:
        """The bytes up to the next NUL."""
        word = b""
        while len(word) <= LONGEST_WORD:
            look: bytes = self.file.peek(64)  # type: ignore[attr-defined]
            end = look.find(b"\0")
            if not look:
                break
            word += self.file.read(end if end >= 0 else len(look))
            if end < 0:
                continue
            self.file.read(1)
            try:
                word.decode()
            except UnicodeDecodeError:
                raise self.problem(f"word {number} is not UTF-8") from None
            return word
        raise self.problem(f"word {number} does not end")

    def matrix(self, dim: int, is_new: bool) -> Array:
        """A matrix of finite numbers, mapped."""
        if is_new and self.take("<?")[0]:
            raise self.problem("it is quantised; only models that are not can be read")
        rows, columns = self.take("<qq")
        start = self.file.tell()
        if columns != dim or rows < 0 or start + 4 * rows * columns > self.opened.size:
            raise self.problem(
                f"a matrix of {counted(rows, 'row')} of {counted(columns, 'number')} does not fit into it"
            )
        count = rows * columns
        while count:
            part = np.frombuffer(self.file.read(4 * min(count, NUMBERS_AT_ONCE)), "<f4")
            if not len(part) or not np.isfinite(part).all():
                raise self.problem("a number is not finite")
            count -= len(part)
        if not rows:
            return np.zeros((0, dim), np.float32)
        return np.memmap(self.opened.path, "<f4", "r", start, (rows, columns))

    def problem(self, text: str) -> BadFile:
        """The error for what is wrong with the file."""
        return BadFile(
            f"{self.opened.path} is not a whole fastText model: {text}", "download it again, or add its .vec file"
        )
