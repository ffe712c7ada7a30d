"""The single-file store: format, opening by mmap, verification. `write.py` writes it.

A model is one file in the safetensors format (github.com/huggingface/safetensors: 8 bytes of header length,
little-endian; a JSON header padded with spaces; the tensors without gaps):

    vectors  F32 [rows, dim]   as in the source
    norms    F32 [rows]        ‖v‖, summed in float64
    order    I32 [rows]        rows sorted by the bytes of their word
    offsets  I64 [rows + 1]    where each word begins in `words`
    ngrams   F32 [buckets, dim]  vectors of character n-grams, in models of fastText only
    words    U8  [bytes]       UTF-8, row order
    crc32    U32 [MiBs]        CRC-32 of each MiB of the tensors before it

`__metadata__` contains strings: format, source, source_size, source_mtime_ns, source_sha256, reader,
sorted_by_frequency (true, false or unknown), created, duplicates, and header_crc32, the CRC-32 of the header with its
own digits set to 0; where they apply, source_path, options and limit.
"""

import json
import math
import mmap
import os
import re
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from embcli.errors import DamagedStore

FORMAT = "embcli/1"
SUFFIX = ".safetensors"
MEBIBYTE = 1 << 20
PAGE = 4096  # the tensors begin at a page boundary, so that the mapped vectors are aligned
NO_CRC = "0" * 8
CRC_FIELD = re.compile(rb'"header_crc32":"([0-9a-f]{8})"')
DTYPES: dict[str, np.dtype[Any]] = {
    "F32": np.dtype("<f4"),
    "I64": np.dtype("<i8"),
    "I32": np.dtype("<i4"),
    "U8": np.dtype("u1"),
    "U32": np.dtype("<u4"),
}
# In the order in which they lie in the file.
TENSORS = {
    "vectors": "F32",
    "norms": "F32",
    "order": "I32",
    "offsets": "I64",
    "ngrams": "F32",
    "words": "U8",
    "crc32": "U32",
}
OPTIONAL = {"ngrams"}

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
            start, header = _read_header(file, size)
            places = _check(header, size - start)
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise DamagedStore(f"{path} is damaged, or is not a store of embcli: {error}", repair_hint(path)) from error
    arrays: dict[str, Any] = dict.fromkeys(OPTIONAL)
    arrays |= {name: _view(mapped, start, place) for name, place in places.items() if name != "crc32"}
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
        crc, written = _header_crcs(raw)
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


def repair_hint(path: Path) -> str:
    """The hint for the repair of a damaged store."""
    remove = f"run: embcli models remove {path.stem}"
    return f"{remove} (the next use rebuilds it)" if path.stem == "glove" else f"{remove}, then add it again"


def layout(shapes: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """The header's entries for tensors without gaps, in the order of TENSORS."""
    entries, start = {}, 0
    for name, dtype in TENSORS.items():
        if name not in shapes:
            continue
        end = start + math.prod(shapes[name]) * DTYPES[dtype].itemsize
        entries[name] = {"dtype": dtype, "shape": list(shapes[name]), "data_offsets": [start, end]}
        start = end
    return entries


def encode_header(entries: Mapping[str, Any], metadata: Mapping[str, str]) -> bytes:
    """The JSON header with its checksum, without padding."""
    facts = {"format": FORMAT, **metadata, "header_crc32": NO_CRC}
    raw = json.dumps({"__metadata__": facts, **entries}, separators=(",", ":")).encode()
    crc, _ = _header_crcs(raw)
    return CRC_FIELD.sub(f'"header_crc32":"{crc}"'.encode(), raw, count=1)


def _header_crcs(raw: bytes) -> tuple[str, str]:
    """The computed and the stored checksum of a header.

    The checksum is computed with its own digits set to 0 and without the padding, which is added afterwards. JSON
    escapes quotes inside strings, so no other text of the header matches CRC_FIELD.
    """
    written = CRC_FIELD.search(raw)
    zeroed = CRC_FIELD.sub(f'"header_crc32":"{NO_CRC}"'.encode(), raw.rstrip(b" "), count=1)
    return f"{zlib.crc32(zeroed):08x}", written[1].decode() if written else ""


def _read_header(file: BinaryIO, size: int) -> tuple[int, dict[str, Any]]:
    """The offset of the tensors, and the header."""
    first = file.read(8)
    length = struct.unpack("<Q", first)[0] if len(first) == 8 else 0
    if not 0 < length <= min(size - 8, 100 * MEBIBYTE):
        raise ValueError("it has no header")
    header = json.loads(file.read(length))
    if header["__metadata__"]["format"] != FORMAT:
        raise ValueError(f"its format is not {FORMAT}")
    return 8 + length, header


def _check(header: Mapping[str, Any], size: int) -> dict[str, tuple[str, list[int], int]]:
    """The dtype, shape and offset of every tensor, checked for consistency and against the file's size."""
    rows, dim = header["vectors"]["shape"]
    (words,) = header["words"]["shape"]
    if not all(isinstance(n, int) and n > 0 for n in (rows, dim, words)):
        raise ValueError("its sizes are invalid")
    shapes: dict[str, Sequence[int]] = {
        "vectors": [rows, dim],
        "norms": [rows],
        "order": [rows],
        "offsets": [rows + 1],
        "words": [words],
    }
    if "ngrams" in header:
        (buckets, width) = header["ngrams"]["shape"]
        if width != dim or not isinstance(buckets, int) or buckets < 1:
            raise ValueError("its sizes make no sense")
        shapes["ngrams"] = [buckets, dim]
    checked = sum(math.prod(shape) * DTYPES[TENSORS[name]].itemsize for name, shape in shapes.items())
    expected = layout({**shapes, "crc32": [-(-checked // MEBIBYTE)]})
    if {name: entry for name, entry in header.items() if name != "__metadata__"} != expected:
        raise ValueError("its header contradicts itself")
    end = expected["crc32"]["data_offsets"][1]
    if size != end:
        raise ValueError(f"it has {size} bytes of data instead of {end}")
    return {name: (entry["dtype"], entry["shape"], entry["data_offsets"][0]) for name, entry in expected.items()}


def _view(mapped: mmap.mmap, start: int, place: tuple[str, list[int], int]) -> Array:
    dtype, shape, offset = place
    return np.frombuffer(mapped, DTYPES[dtype], math.prod(shape), start + offset).reshape(shape)
