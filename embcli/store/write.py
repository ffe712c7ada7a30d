"""Write a store: stream vectors to disk, sort the words, publish the file atomically.

Vectors are written directly to the new file. Words, their lengths and the norms are spooled to unnamed files, because
they follow the vectors in the store. Memory is bounded for any number of rows: rows are processed in chunks, and words
are sorted by ranges.

The new file has a temporary name, one per model, and its writer locks it until its process ends. After a sync,
`os.replace` gives it its final name. A crash leaves the old model, the new one, or none; the next import tidies up.
"""

import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from embcli.errors import InputOutputProblem
from embcli.store.header import MEBIBYTE, PAGE, encode_header, layout
from embcli.store.read import Array, Block
from embcli.store.spool import Spool, drop_rows

try:
    import fcntl
except ImportError:  # Windows: writers of one model do not exclude each other, but publishing is still atomic
    fcntl = None  # type: ignore[assignment]

# Reserved bytes for the shapes and offsets in the header, whose digits are not known in advance.
HEADER_ROOM = 1024


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
    int8: bool | None = None,
    late: Callable[[], Mapping[str, str]] = dict,
    replace: bool = True,
) -> Written | None:
    """Write a store atomically from blocks of (words, vectors [n, dim]); the first of duplicate words is kept.

    int8: whether to add the companion; None adds it where a search gains by it (`codes.py`). late: returns metadata
    that are known only after all blocks have been read. Returns None if not `replace` and the model exists, for example
    because another process has published it. Raises BadFile for invalid vectors, InputOutputProblem for a full
    disk; then no file remains.
    """
    with _publishing(path, replace) as file:
        if file is None:
            return None
        with Spool(path.parent, metadata.get("source") or "the source", int8) as rows:
            room = -(-(HEADER_ROOM + len(encode_header({}, metadata))) // PAGE) * PAGE
            file.seek(room)
            rows.stream(blocks, file)
            rows.check_norms()
            dropped = rows.sort()
            kept = rows.count - len(dropped)
            if len(dropped):
                drop_rows(file, room, rows.count, 4 * rows.dim, dropped)
            file.seek(room + 4 * rows.dim * kept)
            rows.append_to(file, dropped, ngrams)
            end = file.tell()
            file.truncate(end)
            crcs = _checksums(file, room, end)
            file.write(crcs.tobytes())
            shapes = {"vectors": [kept, rows.dim], "norms": [kept], "order": [kept], "offsets": [kept + 1]}
            if ngrams is not None:
                shapes["ngrams"] = [len(ngrams), rows.dim]
            if rows.has_codes:
                shapes |= {"code_scales": [kept], "code_errors": [kept], "codes": [kept, rows.dim]}
            before = max(entry["data_offsets"][1] for entry in layout(shapes).values())
            shapes |= {"words": [end - room - before], "crc32": [len(crcs)]}
            facts = {**metadata, "duplicates": str(len(dropped)), **late()}
            header = encode_header(layout(shapes), facts)
            file.seek(0)
            file.write((room - 8).to_bytes(8, "little") + header.ljust(room - 8))
            return Written(kept, len(dropped), rows.zeros)


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


def _checksums(file: IO[bytes], start: int, end: int) -> Array:
    """CRC-32 of each MiB from start to end; the file position is `end` afterwards."""
    file.seek(start)
    return np.array([zlib.crc32(file.read(min(MEBIBYTE, end - at))) for at in range(start, end, MEBIBYTE)], "<u4")
