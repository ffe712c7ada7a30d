"""Write a store: stream vectors to disk, sort the words, publish the file atomically.

Vectors are written directly to the new file. Words, their lengths and the norms are spooled to unnamed files, because
they follow the vectors in the store. Memory is bounded for any number of rows: rows are processed in chunks, and words
are sorted by ranges.

The new file has a temporary name, one per model, and its writer locks it until its process ends. After a sync,
`os.replace` gives it its final name. A crash leaves the old model, the new one, or none; the next import tidies up.
"""

import os
import shutil
import tempfile
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import chain, compress, islice, pairwise
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from embcli.errors import BadFile, InputOutputProblem
from embcli.store.header import MEBIBYTE, PAGE, encode_header, layout
from embcli.store.read import Array, Block
from embcli.store.sort_words import sort_words

try:
    import fcntl
except ImportError:  # Windows: writers of one model do not exclude each other, but publishing is still atomic
    fcntl = None  # type: ignore[assignment]

# Reserved bytes for the shapes and offsets in the header, whose digits are not known in advance.
HEADER_ROOM = 1024
ROWS_COPIED_AT_ONCE = 1 << 16
# Words sorted per call, which Ctrl-C cannot interrupt: a third of a second.
SORTED_AT_ONCE = 1 << 19
# Bytes written between syncs, so that no sync takes long.
SYNCED_AT_ONCE = 1 << 27
# If more than ABSURD_SHARE of the norms are outside this range, the format or byte order is wrong.
SANE_NORMS = (1e-6, 1e6)
ABSURD_SHARE = 0.01


class Written(NamedTuple):
    """What a new store holds: rows; how many duplicates were skipped; how many vectors are zero."""

    rows: int
    duplicates: int
    zeros: int


def write_store(
    path: Path,
    blocks: Iterable[Block],
    metadata: Mapping[str, str],
    *,
    ngrams: Array | None = None,
    late: Callable[[], Mapping[str, str]] = dict,
    replace: bool = True,
) -> Written | None:
    """Write a store atomically from blocks of (words, vectors [n, dim]); the first of duplicate words is kept.

    late: returns metadata that are known only after all blocks have been read. Returns None if not `replace` and the
    model exists, for example because another process has published it. Raises BadFile for invalid vectors,
    InputOutputProblem if the disk is full; then no file remains.
    """
    with _publishing(path, replace) as file:
        if file is None:
            return None
        with _Spool(path.parent, metadata.get("source") or "the source") as rows:
            room = -(-(HEADER_ROOM + len(encode_header({}, metadata))) // PAGE) * PAGE
            file.seek(room)
            rows.stream(blocks, file)
            rows.check_norms()
            dropped = rows.sort()
            kept = rows.count - len(dropped)
            if len(dropped):
                _drop_rows(file, room, rows.count, 4 * rows.dim, dropped)
            file.seek(room + 4 * rows.dim * kept)
            rows.append_to(file, dropped, ngrams)
            end = file.tell()
            file.truncate(end)
            crcs = _checksums(file, room, end)
            file.write(crcs.tobytes())
            shapes = {"vectors": [kept, rows.dim], "norms": [kept], "order": [kept], "offsets": [kept + 1]}
            if ngrams is not None:
                shapes["ngrams"] = [len(ngrams), rows.dim]
            before = layout(shapes)["ngrams" if ngrams is not None else "offsets"]["data_offsets"][1]
            shapes |= {"words": [end - room - before], "crc32": [len(crcs)]}
            facts = {**metadata, **late(), "duplicates": str(len(dropped))}
            header = encode_header(layout(shapes), facts)
            file.seek(0)
            file.write((room - 8).to_bytes(8, "little") + header.ljust(room - 8))
            return Written(kept, len(dropped), rows.zeros)


class _Spool:
    """The words, lengths, norms and order of the rows, in unnamed files in the store's folder."""

    def __init__(self, folder: Path, source: str) -> None:
        self.folder = folder
        self.source = source
        self.count = self.dim = self.zeros = 0

    def __enter__(self) -> "_Spool":
        with ExitStack() as stack:
            self.words, self.lengths, self.norms, self.order = (
                stack.enter_context(tempfile.TemporaryFile(dir=self.folder, prefix=".", suffix=".tmp"))
                for _ in range(4)
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
            file.write(np.ascontiguousarray(vectors, "<f4").tobytes())
            self.count += len(words)
            self.dim = vectors.shape[1]
            if file.tell() - synced > SYNCED_AT_ONCE:
                os.fdatasync(file.fileno()) if hasattr(os, "fdatasync") else os.fsync(file.fileno())
                synced = file.tell()
        if not self.count or not self.dim:
            raise BadFile(f"{self.source} contains no vectors", "check that it is the right file")

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
        """Write norms, order, offsets, n-grams and words after the vectors, without the dropped rows."""
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


@contextmanager
def _publishing(path: Path, replace: bool) -> Iterator[IO[bytes] | None]:
    """A new file that is synced and renamed to `path` on success, and removed on failure.

    None if `path` exists and must not be replaced.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(temporary) as file:
            try:
                if not replace and path.exists():
                    yield None
                    return
                for other in path.parent.glob(".*.tmp"):  # left by killed writers of other models
                    if other != temporary:
                        _clear_away(other)
                file.truncate(0)
                yield file
                file.flush()
                os.fsync(file.fileno())
                os.replace(temporary, path)
            finally:
                # After publishing, the temporary name may belong to the next writer's file.
                if _is_named(file, temporary):
                    temporary.unlink()
        if hasattr(os, "O_DIRECTORY"):
            folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
    except OSError as error:
        raise InputOutputProblem(
            f"cannot write {path}: {error.strerror or error}",
            "free disk space, or choose another folder with EMBCLI_HOME",
        ) from error


@contextmanager
def _locked(temporary: Path) -> Iterator[IO[bytes]]:
    """The temporary file, open and locked; waits for another writer of the same model."""
    try:
        while True:
            with os.fdopen(os.open(temporary, os.O_RDWR | os.O_CREAT, 0o644), "r+b") as file:
                if fcntl is not None:
                    fcntl.flock(file, fcntl.LOCK_EX)
                # Otherwise the previous writer has published or removed the opened file: open a new one.
                if _is_named(file, temporary):
                    yield file
                    return
    except BaseException:
        _clear_away(temporary)  # left by an error or Ctrl-C between opening and locking
        raise


def _is_named(file: IO[bytes], path: Path) -> bool:
    """Whether `path` is still the name of the open file. While it is locked, only its writer can rename it."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _clear_away(path: Path) -> None:
    """Remove a temporary file that no writer has locked."""
    if fcntl is None:
        return
    with suppress(OSError), path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is_named(file, path):
            path.unlink()


def _drop_rows(file: IO[bytes], start: int, rows: int, width: int, dropped: Array) -> None:
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


def _checksums(file: IO[bytes], start: int, end: int) -> Array:
    """CRC-32 of each MiB from start to end; the file position is `end` afterwards."""
    file.seek(start)
    return np.array([zlib.crc32(file.read(min(MEBIBYTE, end - at))) for at in range(start, end, MEBIBYTE)], "<u4")
