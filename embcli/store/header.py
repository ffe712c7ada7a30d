"""The single-file store: its format and its header. `read.py` opens it, `write.py` writes it.

A model is one file in the safetensors format (github.com/huggingface/safetensors: 8 bytes of header length,
little-endian; a JSON header padded with spaces; the tensors without gaps):

    vectors  F32 [rows, dim]   as in the source
    norms    F32 [rows]        ‖v‖, summed in float64
    order    I32 [rows]        rows sorted by the bytes of their word
    offsets  I64 [rows + 1]    where each word begins in `words`
    ngrams   F32 [buckets, dim]  vectors of character n-grams, in models of fastText only
    code_scales, code_errors  F32 [rows]  and
    codes    I8  [rows, dim]   the int8 companion (`codes.py`), in models of which a search gains by it
    words    U8  [bytes]       UTF-8, row order
    crc32    U32 [MiBs]        CRC-32 of each MiB of the tensors before it

`__metadata__` contains strings: format, source, source_size, source_mtime_ns, source_sha256, reader,
sorted_by_frequency (true, false or unknown), created, duplicates, and header_crc32, the CRC-32 of the header with its
own digits set to 0; where they apply, source_path, options and limit.

numpy is not imported here: the completion of words opens a store without it.
"""

import json
import math
import re
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

FORMAT = "embcli/1"
SUFFIX = ".safetensors"
MEBIBYTE = 1 << 20
PAGE = 4096  # the tensors begin at a page boundary, so that the mapped vectors are aligned
NO_CRC = "0" * 8
CRC_FIELD = re.compile(rb'"header_crc32":"([0-9a-f]{8})"')
# Sizes of the types of the elements of tensors.
ITEM_BYTES = {"F32": 4, "I64": 8, "I32": 4, "I8": 1, "U8": 1, "U32": 4}
# In the order in which they lie in the file.
TENSORS = {
    "vectors": "F32",
    "norms": "F32",
    "order": "I32",
    "offsets": "I64",
    "ngrams": "F32",
    "code_scales": "F32",
    "code_errors": "F32",
    "codes": "I8",
    "words": "U8",
    "crc32": "U32",
}
OPTIONAL = {"ngrams", "code_scales", "code_errors", "codes"}


def layout(shapes: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """The header's entries for tensors without gaps, in the order of TENSORS."""
    entries, start = {}, 0
    for name, dtype in TENSORS.items():
        if name not in shapes:
            continue
        end = start + math.prod(shapes[name]) * ITEM_BYTES[dtype]
        entries[name] = {"dtype": dtype, "shape": list(shapes[name]), "data_offsets": [start, end]}
        start = end
    return entries


def encode_header(entries: Mapping[str, Any], metadata: Mapping[str, str]) -> bytes:
    """The JSON header with its checksum, without padding."""
    facts = {"format": FORMAT, **metadata, "header_crc32": NO_CRC}
    raw = json.dumps({"__metadata__": facts, **entries}, separators=(",", ":")).encode()
    crc, _ = header_crcs(raw)
    return CRC_FIELD.sub(f'"header_crc32":"{crc}"'.encode(), raw, count=1)


def header_crcs(raw: bytes) -> tuple[str, str]:
    """The computed and the stored checksum of a header.

    The checksum is computed with its own digits set to 0 and without the padding, which is added afterwards. JSON
    escapes quotes inside strings, so no other text of the header matches CRC_FIELD.
    """
    written = CRC_FIELD.search(raw)
    zeroed = CRC_FIELD.sub(f'"header_crc32":"{NO_CRC}"'.encode(), raw.rstrip(b" "), count=1)
    return f"{zlib.crc32(zeroed):08x}", written[1].decode() if written else ""


def read_header(file: BinaryIO, size: int) -> tuple[int, dict[str, Any]]:
    """The offset of the tensors, and the header. Raises ValueError, KeyError or TypeError if it is damaged."""
    first = file.read(8)
    length = struct.unpack("<Q", first)[0] if len(first) == 8 else 0
    if not 0 < length <= min(size - 8, 100 * MEBIBYTE):
        raise ValueError("it has no header")
    header = json.loads(file.read(length))
    if header["__metadata__"]["format"] != FORMAT:
        raise ValueError(f"its format is not {FORMAT}")
    return 8 + length, header


def check_header(header: Mapping[str, Any], size: int) -> dict[str, tuple[str, list[int], int]]:
    """The dtype, shape and offset of every tensor, checked for consistency and against the file's size.

    Raises ValueError, KeyError or TypeError.
    """
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
    if "codes" in header:
        shapes |= {"code_scales": [rows], "code_errors": [rows], "codes": [rows, dim]}
    checked = sum(math.prod(shape) * ITEM_BYTES[TENSORS[name]] for name, shape in shapes.items())
    expected = layout({**shapes, "crc32": [-(-checked // MEBIBYTE)]})
    if {name: entry for name, entry in header.items() if name != "__metadata__"} != expected:
        raise ValueError("its header contradicts itself")
    end = expected["crc32"]["data_offsets"][1]
    if size != end:
        raise ValueError(f"it has {size} bytes of data instead of {end}")
    return {name: (entry["dtype"], entry["shape"], entry["data_offsets"][0]) for name, entry in expected.items()}
