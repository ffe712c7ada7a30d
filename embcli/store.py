"""The single-file store: write atomically, open by mmap.

One model is one file in the safetensors format (github.com/huggingface/safetensors: 8 bytes of header
length, little-endian; a JSON header padded with spaces; the tensors, end to end):

    vectors  F32 [rows, dim]   as in the source
    norms    F32 [rows]        ‖v‖, added up in float64
    order    I32 [rows]        rows sorted by the bytes of their word
    offsets  I64 [rows + 1]    where each word begins in `words`
    words    U8  [bytes]       UTF-8, row order
    crc32    U32 [MiBs]        CRC-32 of each MiB of the tensors before it

The room for the header is reserved first, so vectors stream straight to disk. The file grows under a
temporary name and takes its own by `os.replace` once it is synced: a crash leaves the old model, the
new one, or none.
"""

import json
import math
import mmap
import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from embcli.errors import BadFile, DamagedStore, InputOutputProblem

FORMAT = "embcli/1"
SUFFIX = ".safetensors"
MEBIBYTE = 1 << 20
PAGE = 4096  # the tensors begin on a page, so that every kernel maps the vectors well aligned
# The digits of the shapes and offsets are not known when the room is reserved; they fit in this.
HEADER_ROOM = 1024
DTYPES: dict[str, np.dtype[Any]] = {
    "F32": np.dtype("<f4"),
    "I64": np.dtype("<i8"),
    "I32": np.dtype("<i4"),
    "U8": np.dtype("u1"),
    "U32": np.dtype("<u4"),
}
TENSORS = {"vectors": "F32", "norms": "F32", "order": "I32", "offsets": "I64", "words": "U8", "crc32": "U32"}

Array = np.ndarray[Any, np.dtype[Any]]
Block = tuple[Sequence[bytes], np.ndarray[Any, np.dtype[np.float32]]]


class Store(NamedTuple):
    """An open store: its arrays, all views of one read-only mapping, and its metadata."""

    vectors: np.ndarray[Any, np.dtype[np.float32]]
    norms: np.ndarray[Any, np.dtype[np.float32]]
    order: np.ndarray[Any, np.dtype[np.int32]]
    offsets: np.ndarray[Any, np.dtype[np.int64]]
    words: np.ndarray[Any, np.dtype[np.uint8]]
    metadata: Mapping[str, str]


def open_store(path: Path) -> Store:
    """Map a store into memory. The cost does not grow with the vocabulary: only the header is read.

    FileNotFoundError; DamagedStore for a file that is truncated, altered in its structure, or not ours.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        try:
            start, header = _read_header(file, size)
            places = _check(header, size - start)
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedStore(f"{path} is damaged, or is not a store of embcli: {error}") from error
    arrays = {name: _view(mapped, start, places[name]) for name in TENSORS if name != "crc32"}
    return Store(**arrays, metadata=header["__metadata__"])


def write_store(path: Path, blocks: Iterable[Block], metadata: Mapping[str, str]) -> int:
    """Write a store from blocks of (words, vectors [n, dim]), atomically; returns how many rows it has.

    Words must be UTF-8, not empty, and differ from each other. BadFile for words or vectors that cannot
    be a model, InputOutputProblem when the disk is full; then nothing is left behind.
    """
    with _replacing(path) as file:
        room = -(-(HEADER_ROOM + len(_encode_header({}, metadata))) // PAGE) * PAGE
        file.write(bytes(room))
        writer = _Checked(file)
        words: list[bytes] = []
        norms: list[np.ndarray[Any, np.dtype[np.float32]]] = []
        dim = 0
        for block_words, vectors in blocks:
            squares = np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)
            if not np.isfinite(squares).all():
                bad = len(words) + int(np.flatnonzero(~np.isfinite(squares))[0])
                raise BadFile(f"row {bad + 1} holds a number that is not finite", "every number must be finite")
            words += block_words
            norms.append(np.sqrt(squares).astype("<f4"))
            dim = vectors.shape[1]
            writer.write(np.ascontiguousarray(vectors, "<f4"))
        if not words or not dim:
            raise BadFile("there are no vectors in the source")
        order = _sorted_rows(words)
        offsets = np.zeros(len(words) + 1, "<i8")
        np.cumsum(np.fromiter(map(len, words), np.int64, len(words)), out=offsets[1:])
        for array in (np.concatenate(norms), order, offsets, np.frombuffer(b"".join(words), np.uint8)):
            writer.write(array)
        crcs = writer.finish()
        shapes = {
            "vectors": [len(words), dim],
            "norms": [len(words)],
            "order": [len(words)],
            "offsets": [len(words) + 1],
            "words": [int(offsets[-1])],
            "crc32": [len(crcs)],
        }
        file.write(crcs.tobytes())
        header = _encode_header(_layout(shapes), metadata)
        file.seek(0)
        file.write(struct.pack("<Q", room - 8) + header.ljust(room - 8))
    return len(words)


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """A new file that becomes `path` when all went well, synced to disk first; else it is removed."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise InputOutputProblem(
            f"cannot write {path}: {error.strerror or error}", "make room, or choose another place with EMBCLI_HOME"
        ) from error
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class _Checked:
    """Writes arrays and keeps the CRC-32 of each MiB of what was written."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.crcs: list[int] = []
        self.crc = 0
        self.filled = 0

    def write(self, array: Array) -> None:
        data = memoryview(array.reshape(-1).view(np.uint8).data)
        self.file.write(data)
        while len(data):
            part = data[: MEBIBYTE - self.filled]
            self.crc = zlib.crc32(part, self.crc)
            self.filled += len(part)
            data = data[len(part) :]
            if self.filled == MEBIBYTE:
                self._close_block()

    def finish(self) -> np.ndarray[Any, np.dtype[np.uint32]]:
        if self.filled:
            self._close_block()
        return np.array(self.crcs, "<u4")

    def _close_block(self) -> None:
        self.crcs.append(self.crc)
        self.crc = self.filled = 0


def _sorted_rows(words: Sequence[bytes]) -> np.ndarray[Any, np.dtype[np.int32]]:
    order = sorted(range(len(words)), key=words.__getitem__)
    for before, after in pairwise(order):
        if words[before] == words[after]:
            raise BadFile(f"the word of row {before + 1} stands again in row {after + 1}")
    return np.array(order, "<i4")


def _layout(shapes: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """The header's entries for tensors that lie end to end in the order of TENSORS."""
    entries, start = {}, 0
    for name, dtype in TENSORS.items():
        end = start + math.prod(shapes[name]) * DTYPES[dtype].itemsize
        entries[name] = {"dtype": dtype, "shape": list(shapes[name]), "data_offsets": [start, end]}
        start = end
    return entries


def _encode_header(entries: Mapping[str, Any], metadata: Mapping[str, str]) -> bytes:
    return json.dumps({"__metadata__": {"format": FORMAT, **metadata}, **entries}, separators=(",", ":")).encode()


def _read_header(file: BinaryIO, size: int) -> tuple[int, dict[str, Any]]:
    """Where the tensors begin, and the header."""
    first = file.read(8)
    length = struct.unpack("<Q", first)[0] if len(first) == 8 else 0
    if not 0 < length <= min(size - 8, 100 * MEBIBYTE):
        raise ValueError("it has no header")
    header = json.loads(file.read(length))
    if header["__metadata__"]["format"] != FORMAT:
        raise ValueError(f"its format is not {FORMAT}")
    return 8 + length, header


def _check(header: Mapping[str, Any], size: int) -> dict[str, tuple[str, list[int], int]]:
    """The dtype, shape and offset of every tensor, checked against each other and the file's size."""
    rows, dim = header["vectors"]["shape"]
    (words,) = header["words"]["shape"]
    if not all(isinstance(n, int) and n > 0 for n in (rows, dim, words)):
        raise ValueError("its sizes make no sense")
    shapes: dict[str, Sequence[int]] = {
        "vectors": [rows, dim],
        "norms": [rows],
        "order": [rows],
        "offsets": [rows + 1],
        "words": [words],
    }
    checked = sum(math.prod(shape) * DTYPES[TENSORS[name]].itemsize for name, shape in shapes.items())
    layout = _layout({**shapes, "crc32": [-(-checked // MEBIBYTE)]})
    if {name: header.get(name) for name in TENSORS} != layout or len(header) != len(TENSORS) + 1:
        raise ValueError("its header contradicts itself")
    expected = layout["crc32"]["data_offsets"][1]
    if size != expected:
        raise ValueError(f"it has {size} bytes of data instead of {expected}")
    return {name: (entry["dtype"], entry["shape"], entry["data_offsets"][0]) for name, entry in layout.items()}


def _view(mapped: mmap.mmap, start: int, place: tuple[str, list[int], int]) -> Array:
    dtype, shape, offset = place
    return np.frombuffer(mapped, DTYPES[dtype], math.prod(shape), start + offset).reshape(shape)
