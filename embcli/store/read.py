"""Open a store by mmap; verify its checksums. `header.py` describes the format."""

import json
import math
import mmap
import os
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from embcli.errors import DamagedStore
from embcli.store.codes import Codes
from embcli.store.header import MEBIBYTE, OPTIONAL, TENSORS, check_header, header_crcs, read_header

DTYPES: dict[str, np.dtype[Any]] = {
    "F32": np.dtype("<f4"),
    "I64": np.dtype("<i8"),
    "I32": np.dtype("<i4"),
    "I8": np.dtype("i1"),
    "U8": np.dtype("u1"),
    "U32": np.dtype("<u4"),
}

Array = np.ndarray[Any, np.dtype[Any]]
Block = tuple[Sequence[bytes], np.ndarray[Any, np.dtype[np.float32]]]


# Device, inode and header checksum of a store, which distinguish a file from its replacement.
Identity = tuple[int, int, str]


class Store(NamedTuple):
    """An open store: its arrays, which are views of one read-only mapping, its metadata, and its file identity."""

    vectors: np.ndarray[Any, np.dtype[np.float32]]
    norms: np.ndarray[Any, np.dtype[np.float32]]
    order: np.ndarray[Any, np.dtype[np.int32]]
    offsets: np.ndarray[Any, np.dtype[np.int64]]
    words: np.ndarray[Any, np.dtype[np.uint8]]
    ngrams: np.ndarray[Any, np.dtype[np.float32]] | None
    int8: Codes | None
    metadata: Mapping[str, str]
    identity: Identity


def open_store(path: Path) -> Store:
    """Map a store into memory. Only the header is read, so the cost does not grow with the vocabulary.

    Raises FileNotFoundError; DamagedStore for a file that is truncated, has a damaged structure, or is not a store.
    """
    with path.open("rb") as file:
        stat = os.fstat(file.fileno())
        size = stat.st_size
        try:
            start, header = read_header(file, size)
            places = check_header(header, size - start)
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise DamagedStore(f"{path} is damaged, or is not a store of embcli: {error}", repair_hint(path)) from error
    arrays: dict[str, Any] = dict.fromkeys(OPTIONAL)
    arrays |= {name: _view(mapped, start, place) for name, place in places.items() if name != "crc32"}
    codes = Codes(arrays.pop("codes"), arrays.pop("code_scales"), arrays.pop("code_errors"))
    arrays["int8"] = None if codes.codes is None else codes
    metadata = header["__metadata__"]
    return Store(**arrays, metadata=metadata, identity=(stat.st_dev, stat.st_ino, metadata.get("header_crc32", "")))


def verify(path: Path, tensors: Sequence[str] = (), identity: Identity | None = None) -> None:
    """Read a store and compare its checksums. Raises DamagedStore at the first MiB that differs.

    CRC-32 detects every single flipped bit; the header has its own checksum. tensors: if given, only the MiBs that
    contain them are read. identity: the expected file; raises FileNotFoundError if the file was replaced.
    """
    store = open_store(path)  # checks the structure
    with path.open("rb") as file:
        stat = os.fstat(file.fileno())
        if (stat.st_dev, stat.st_ino) != store.identity[:2] or identity not in (None, store.identity):
            raise FileNotFoundError(f"{path} was replaced")
        length = int.from_bytes(file.read(8), "little")
        raw = file.read(length)
        crc, written = header_crcs(raw)
        if crc != written:
            raise DamagedStore(f"the header of {path} is damaged", repair_hint(path))
        places = {name: entry["data_offsets"] for name, entry in json.loads(raw).items() if name in TENSORS}
        start, end = places["crc32"]
        file.seek(8 + length + start)
        expected = np.frombuffer(file.read(end - start), "<u4")
        for number, crc in enumerate(expected):
            first, last = number * MEBIBYTE, min((number + 1) * MEBIBYTE, start)
            if tensors and not any(places[name][0] < last and first < places[name][1] for name in tensors):
                continue
            file.seek(8 + length + first)
            if zlib.crc32(file.read(last - first)) != crc:
                raise DamagedStore(f"{path} is damaged in MiB {number + 1} of {len(expected)}", repair_hint(path))


def expect(array: Array, *, scattered: bool) -> None:
    """Prepare the system for reads of scattered rows of a store's array, or, as usual, of whole stretches of it.

    A fault in a file that is not in the page cache reads far ahead, by default, which is a waste for scattered rows: at
    8 MiB ahead, as some systems have it, a hundred rows would read 800 MiB. Other arrays are not affected.
    """
    mapped, start = _mapping(array)
    if mapped is not None:
        first = start // mmap.PAGESIZE * mmap.PAGESIZE
        mapped.madvise(mmap.MADV_RANDOM if scattered else mmap.MADV_NORMAL, first, start + array.nbytes - first)


def prefetch(array: Array, rows: Sequence[int]) -> None:
    """Ask the system to read some rows of a store's array all at once, as a disk takes long for one after another."""
    mapped, start = _mapping(array)
    if mapped is not None:
        width = array.strides[0]
        for row in rows:
            at = start + row * width
            first = at // mmap.PAGESIZE * mmap.PAGESIZE
            mapped.madvise(mmap.MADV_WILLNEED, first, at + width - first)


def _mapping(array: Array) -> tuple[mmap.mmap | None, int]:
    """The mapped file that an array is a view of, and where the array begins in it; None for other arrays."""
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, memoryview):
        base = base.obj
    if not isinstance(base, mmap.mmap) or not hasattr(base, "madvise"):
        return None, 0
    return base, array.ctypes.data - np.frombuffer(base, np.uint8).ctypes.data


def repair_hint(path: Path) -> str:
    """The hint for the repair of a damaged store."""
    remove = f"run: embcli models remove {path.stem}"
    return f"{remove} (the next use rebuilds it)" if path.stem == "glove" else f"{remove}, then add it again"


def _view(mapped: mmap.mmap, start: int, place: tuple[str, list[int], int]) -> Array:
    dtype, shape, offset = place
    return np.frombuffer(mapped, DTYPES[dtype], math.prod(shape), start + offset).reshape(shape)
