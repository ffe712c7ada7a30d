"""What a store holds beside the vectors, in unnamed files while it is written, because it follows the vectors."""

import os
import shutil
import tempfile
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import chain, compress, islice, pairwise
from pathlib import Path
from typing import IO

import numpy as np

from embcli.errors import BadFile
from embcli.store.codes import LEAST_DIM, LEAST_NUMBERS, quantize
from embcli.store.read import Array, Block
from embcli.store.sort_words import sort_words

ROWS_COPIED_AT_ONCE = 1 << 16
# Words sorted per call, which Ctrl-C cannot interrupt: a third of a second.
SORTED_AT_ONCE = 1 << 19
# Bytes written between syncs, so that no sync takes long.
SYNCED_AT_ONCE = 1 << 27
# If more than ABSURD_SHARE of the norms are outside this range, the format or byte order is wrong.
SANE_NORMS = (1e-6, 1e6)
ABSURD_SHARE = 0.01


class Spool:
    """The words, lengths, norms, order and codes of the rows, in unnamed files in the store's folder.

    int8: whether there are codes; None for where a search gains by them.
    """

    def __init__(self, folder: Path, source: str, int8: bool | None) -> None:
        self.folder = folder
        self.source = source
        self.int8 = int8
        self.count = self.dim = self.zeros = 0

    def __enter__(self) -> "Spool":
        with ExitStack() as stack:
            self.words, self.lengths, self.norms, self.order, self.scales, self.errors, self.codes = (
                stack.enter_context(tempfile.TemporaryFile(dir=self.folder, prefix=".", suffix=".tmp"))
                for _ in range(7)
            )
            self.close = stack.pop_all().close
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def stream(self, blocks: Iterable[Block], file: IO[bytes]) -> None:
        """Write the vectors of all blocks to the file and spool the other data."""
        synced = 0
        for words, vectors in blocks:
            self._check(words, vectors)
            squares = np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)
            if not np.isfinite(squares).all():
                row = self.count + int(np.flatnonzero(~np.isfinite(squares))[0])
                raise BadFile(f"{self.source}, row {row + 1}: a number is not finite", "every number must be finite")
            norms = np.sqrt(squares)
            if norms.max(initial=0.0) > np.finfo(np.float32).max:
                row = self.count + int(norms.argmax())
                raise BadFile(f"{self.source}, row {row + 1}: the vector is too long for 32 bits", "check the numbers")
            self.zeros += int(np.count_nonzero(norms == 0))
            self.norms.write(norms.astype("<f4").tobytes())
            self.lengths.write(np.fromiter(map(len, words), "<i4", len(words)).tobytes())
            self.words.write(b"".join(words))
            vectors = np.ascontiguousarray(vectors, "<f4")
            file.write(vectors.data)
            self.count += len(words)
            self.dim = vectors.shape[1]
            if self.int8 or (self.int8 is None and self.dim >= LEAST_DIM):
                found = quantize(vectors, norms)
                self.codes.write(found.codes.data)
                self.scales.write(found.scales.data)
                self.errors.write(found.errors.data)
            if file.tell() - synced > SYNCED_AT_ONCE:
                os.fdatasync(file.fileno()) if hasattr(os, "fdatasync") else os.fsync(file.fileno())
                synced = file.tell()
        if not self.count or not self.dim:
            raise BadFile(f"{self.source} contains no vectors", "check that it is the right file")

    @property
    def has_codes(self) -> bool:
        """Whether the store gets codes."""
        is_worth_it = self.dim >= LEAST_DIM and self.count * self.dim >= LEAST_NUMBERS
        return is_worth_it if self.int8 is None else self.int8

    def _check(self, words: Sequence[bytes], vectors: Array) -> None:
        if vectors.ndim != 2 or len(words) != len(vectors) or self.dim not in (0, vectors.shape[1]):
            message = f"{self.source}: from row {self.count + 1} on, words and vectors do not match"
            raise BadFile(message, "check the source")
        try:
            b"\n".join(words).decode()
        except UnicodeDecodeError:
            raise BadFile(
                f"{self.source}: after row {self.count} a word is not UTF-8", "convert the source to UTF-8"
            ) from None
        if not all(words):
            raise BadFile(
                f"{self.source}: row {self.count + words.index(b'') + 1} has no word", "give every row a word"
            )

    def check_norms(self) -> None:
        """Raise BadFile for vectors whose norms show a wrong byte order or format."""
        low, high = SANE_NORMS
        absurd = sum(
            int(np.count_nonzero((part != 0) & ((part < low) | (part > high)))) for part in self.read(self.norms, "<f4")
        )
        if self.zeros == self.count:
            raise BadFile(f"{self.source}: all vectors are zero", "check that it is the right file")
        if absurd > ABSURD_SHARE * self.count:
            raise BadFile(
                f"{self.source}: {absurd:,} of {self.count:,} vectors have lengths outside {low:g} … {high:g}",
                "the file is in another format or byte order, or is damaged",
            )

    def sort(self) -> Array:
        """Write the order of the rows by the bytes of their words; returns the rows of duplicate words."""
        dropped = array("q")
        self.order.seek(0)
        for rows, data, lengths in self._ranges():
            places, again = sort_words(data, lengths)
            ordered = np.asarray(rows, np.int64)[places]
            dropped.frombytes(ordered[again].tobytes())
            self.order.write(ordered[~again].astype("<i4").tobytes())
        return np.sort(np.frombuffer(dropped, np.int64)) if dropped else np.zeros(0, np.int64)

    def append_to(self, file: IO[bytes], dropped: Array, ngrams: Array | None) -> None:
        """Write norms, order, offsets, n-grams, codes and words after the vectors, without the dropped rows."""
        for part, keep in self._kept(self.norms, "<f4", dropped):
            file.write(part[keep].tobytes())
        for rows in self.read(self.order, "<i4"):
            file.write((rows - np.searchsorted(dropped, rows)).astype("<i4").tobytes())
        end = 0
        file.write(bytes(8))
        for part, keep in self._kept(self.lengths, "<i4", dropped):
            ends = end + np.cumsum(part[keep], dtype=np.int64)
            end = int(ends[-1]) if len(ends) else end
            file.write(ends.astype("<i8").tobytes())
        if ngrams is not None:
            for first in range(0, len(ngrams), ROWS_COPIED_AT_ONCE):
                file.write(np.ascontiguousarray(ngrams[first : first + ROWS_COPIED_AT_ONCE], "<f4").tobytes())
        if self.has_codes:
            for spool in (self.scales, self.errors):
                for part, keep in self._kept(spool, "<f4", dropped):
                    file.write(part[keep].tobytes())
            for part, keep in self._kept(self.codes, f"{self.dim}i1", dropped):
                file.write(part[keep].tobytes())
        if not len(dropped):
            self.words.seek(0)
            shutil.copyfileobj(self.words, file)
            return
        first = 0
        for words in self._chunks_of_words():
            keep = _keep(first, len(words), dropped)
            file.write(b"".join(compress(words, keep)))
            first += len(words)

    def read(self, spool: IO[bytes], dtype: str) -> Iterator[Array]:
        """The numbers of a spool in chunks of bounded size."""
        spool.seek(0)
        size = np.dtype(dtype).itemsize * ROWS_COPIED_AT_ONCE
        while data := spool.read(size):
            yield np.frombuffer(data, dtype)

    def _kept(self, spool: IO[bytes], dtype: str, dropped: Array) -> Iterator[tuple[Array, Array]]:
        first = 0
        for part in self.read(spool, dtype):
            yield part, _keep(first, len(part), dropped)
            first += len(part)

    def _chunks_of_words(self) -> Iterator[list[bytes]]:
        self.words.seek(0)
        for lengths in self.read(self.lengths, "<i4"):
            ends = np.cumsum(lengths).tolist()
            data = self.words.read(ends[-1])
            yield list(map(data.__getitem__, map(slice, [0, *ends[:-1]], ends)))

    def _ranges(self) -> Iterator[tuple[Sequence[int], bytes, Array]]:
        """Rows, their concatenated words and the lengths, partitioned into ranges of the sorted words.

        A range has about SORTED_AT_ONCE words.
        """
        count = -(-self.count // SORTED_AT_ONCE)
        if count == 1:
            lengths = np.concatenate(list(self.read(self.lengths, "<i4"))).astype(np.int64)
            self.words.seek(0)
            yield range(self.count), self.words.read(), lengths
            return
        step = max(1, self.count // 10_000)
        sample = sorted(islice(chain.from_iterable(self._chunks_of_words()), 0, None, step))
        bounds: list[bytes | None] = [b"", *sorted({sample[len(sample) * i // count] for i in range(1, count)}), None]
        for first, last in pairwise(bounds):
            numbered = enumerate(chain.from_iterable(self._chunks_of_words()))
            found = [(row, word) for row, word in numbered if word >= (first or b"") and (last is None or word < last)]
            if found:
                words = [word for _, word in found]
                yield [row for row, _ in found], b"".join(words), np.array([len(word) for word in words], np.int64)


def drop_rows(file: IO[bytes], start: int, rows: int, width: int, dropped: Array) -> None:
    """Move rows of `width` bytes, from `start` on, to close the gaps of dropped rows."""
    target = start
    for first in range(0, rows, ROWS_COPIED_AT_ONCE):
        count = min(ROWS_COPIED_AT_ONCE, rows - first)
        file.seek(start + first * width)
        part = np.frombuffer(file.read(count * width), np.uint8).reshape(count, width)
        kept = part[_keep(first, count, dropped)]
        file.seek(target)
        file.write(kept.tobytes())
        target += kept.size


def _keep(first: int, count: int, dropped: Array) -> Array:
    """A mask of the kept rows among first … first + count - 1."""
    keep = np.ones(count, bool)
    inside = dropped[(dropped >= first) & (dropped < first + count)]
    keep[inside - first] = False
    return keep
