"""The header of a GGUF file: its metadata and where its tensors lie
(github.com/ggml-org/ggml/blob/master/docs/gguf.md).

    GGUF, version (uint32: 2 or 3), number of tensors, number of metadata entries (uint64)
    entries: key (string), type (uint32), value; an array is a type (uint32), a count (uint64) and its values
    tensors: name (string), number of axes (uint32), sizes (uint64, columns first), type (uint32), offset (uint64)
    padding to the alignment, then the tensors; offsets are relative to this place

A string is a length (uint64) and bytes of UTF-8. All is little-endian. The `gguf` package takes 2 s for a file with
49,152 tokens, because it makes numpy arrays of every value; a plain walk takes 40 ms.
"""

import struct
from pathlib import Path
from typing import Any, NamedTuple

from embcli.errors import BadFile
from embcli.transformer.dequantize import BLOCKS
from embcli.transformer.tensor_file import LONGEST_HEADER, MOST_AXES, Tensor, TensorFile, byte_size, open_mapped, shown

GGUF_MAGIC = b"GGUF"
GGUF_VERSIONS = (2, 3)
ALIGNMENT = 32  # where `general.alignment` does not say otherwise
# The types of values in metadata, as `struct` names them; those without a size are strings, arrays and truth values.
UINT8, BOOL, STRING, ARRAY = 0, 7, 8, 9
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 10: "Q", 11: "q", 12: "d"}
# The types of tensors by their numbers in the file: name, elements and bytes of a block.
TENSOR_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 12: "Q4_K", 13: "Q5_K", 14: "Q6_K",
    28: "F64", 30: "BF16",
}  # fmt: skip
# Other types, which embcli does not read: their name, elements and bytes of a block.
OTHER_TYPES = {
    9: ("Q8_1", 32, 40), 10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110), 15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66), 17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82), 23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4), 27: ("I64", 1, 8), 29: ("IQ1_M", 256, 56),
    34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66), 39: ("MXFP4", 32, 17),
}  # fmt: skip


class GgufArray(NamedTuple):
    """An array in the metadata that has not been read: the type of its values, their number, and where they begin."""

    kind: int
    length: int
    start: int


def open_gguf(path: Path) -> TensorFile:
    """Open a GGUF file; arrays of its metadata are read by `read_array`. Raises BadFile, InputOutputProblem."""
    opened = open_mapped(path)
    header = _Header(path, opened.mapped, min(opened.size, LONGEST_HEADER))
    if header.take(4) != GGUF_MAGIC:
        raise BadFile(f"{path} is not a GGUF file", "see: embcli models add --help")
    version = header.number("I")
    if version not in GGUF_VERSIONS:
        order = "big-endian" if version in (v << 24 for v in GGUF_VERSIONS) else f"of version {version}"
        raise BadFile(f"{path} is a GGUF file {order}; versions 2 and 3 are read", "convert the model again")
    tensor_count, entry_count = header.number("Q"), header.number("Q")
    header.check_count(tensor_count, 4 + 8 + 8 + 8, "tensors")
    header.check_count(entry_count, 8 + 4 + 1, "metadata entries")
    metadata: dict[str, Any] = {}
    for _ in range(entry_count):
        key = header.string()
        if key in metadata:
            raise header.damaged(f'the key "{shown(key)}" occurs twice')
        metadata[key] = header.value(header.number("I"))
    alignment = metadata.get("general.alignment", ALIGNMENT)
    if not isinstance(alignment, int) or alignment < 1 or alignment & (alignment - 1):
        raise header.damaged("its alignment is not a power of two")
    places: dict[str, tuple[str, tuple[int, ...], int, int]] = {}
    for _ in range(tensor_count):
        name = header.string()
        if name in places:
            raise header.damaged(f'the tensor "{shown(name)}" occurs twice')
        places[name] = header.tensor(name, alignment)
    data = -(-header.place // alignment) * alignment
    tensors = {name: Tensor(dtype, shape, data + offset, size) for name, (dtype, shape, offset, size) in places.items()}
    return opened.finish(tensors, metadata, min(header.place, opened.size))


def read_array(file: TensorFile, key: str) -> list[Any] | None:
    """The values of an array of the metadata; None if there is none by this key. Raises BadFile."""
    array = file.metadata.get(key)
    if not isinstance(array, GgufArray):
        return None
    return _Header(file.path, file.mapped, file.size, array.start).values(array.kind, array.length)


class _Header:
    """A place in the header, which moves on as values are read. No read passes the limit."""

    def __init__(self, path: Path, mapped: Any, limit: int, place: int = 0) -> None:
        self.path, self.mapped, self.limit, self.place = path, mapped, limit, place

    def damaged(self, what: str) -> BadFile:
        return BadFile(f"{self.path}: {what} (byte {self.place:,})", "the file is damaged; download or copy it again")

    def check_count(self, count: int, least: int, what: str) -> None:
        """Raise BadFile if so many things, of at least so many bytes each, cannot be in the rest of the file."""
        if count * least > self.limit - self.place:
            raise self.damaged(f"it declares {count:,} {what}, more than fit into its header")

    def take(self, count: int) -> bytes:
        if count > self.limit - self.place:
            raise self.damaged("its header is truncated")
        self.place += count
        return self.mapped[self.place - count : self.place]  # type: ignore[no-any-return]

    def number(self, code: str) -> Any:
        return struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))[0]

    def string(self) -> str:
        length = self.number("Q")
        self.check_count(length, 1, "bytes of a text")
        try:
            return self.take(length).decode()
        except UnicodeDecodeError:
            raise self.damaged("a text of its header is not UTF-8") from None

    def value(self, kind: int) -> Any:
        """A value of the metadata; arrays are checked and skipped."""
        if kind == STRING:
            return self.string()
        if kind == BOOL:
            return self.number("B") != 0
        if kind in SCALARS:
            return self.number(SCALARS[kind])
        if kind != ARRAY:
            raise self.damaged(f"metadata of an unknown type ({kind})")
        kind, count = self.number("I"), self.number("Q")
        array = GgufArray(kind, count, self.place)
        self.skip(kind, count)
        return array

    def skip(self, kind: int, count: int) -> None:
        """Move beyond the values of an array."""
        if kind == STRING:
            self.check_count(count, 8, "texts")
            self.place = _after_strings(self, count)
            return
        size = 1 if kind == BOOL else struct.calcsize("<" + SCALARS[kind]) if kind in SCALARS else 0
        if not size:
            raise self.damaged("an array of arrays" if kind == ARRAY else f"metadata of an unknown type ({kind})")
        self.check_count(count, size, "numbers")
        self.place += count * size

    def values(self, kind: int, count: int) -> list[Any]:
        """The values of an array, which `skip` has checked."""
        if kind == STRING:
            return _strings(self, count)
        code = "?" if kind == BOOL else SCALARS[kind]
        return list(struct.unpack(f"<{count}{code}", self.take(struct.calcsize(f"<{count}{code}"))))

    def tensor(self, name: str, alignment: int) -> tuple[str, tuple[int, ...], int, int]:
        """The type, shape (rows first), offset and bytes of a tensor."""
        axes = self.number("I")
        if not 1 <= axes <= MOST_AXES:
            raise self.damaged(f'the tensor "{shown(name)}" has {axes:,} axes')
        shape = tuple(self.number("Q") for _ in range(axes))[::-1]
        if not all(shape):
            raise self.damaged(f'the tensor "{shown(name)}" is empty')
        kind, offset = self.number("I"), self.number("Q")
        if kind in TENSOR_TYPES:
            dtype = TENSOR_TYPES[kind]
            elements, size = BLOCKS[dtype]
        elif kind in OTHER_TYPES:
            dtype, elements, size = OTHER_TYPES[kind]
        else:
            raise self.damaged(f'the tensor "{shown(name)}" has an unknown type ({kind})')
        if offset % alignment:
            raise self.damaged(f'the tensor "{shown(name)}" does not begin at a multiple of {alignment} bytes')
        return dtype, shape, offset, byte_size(self.path, name, dtype, shape, elements, size)


def _strings(header: _Header, count: int) -> list[str]:
    """So many texts, which `_after_strings` has checked."""
    place, mapped, unpack, texts = header.place, header.mapped, struct.Struct("<Q").unpack_from, []
    try:
        for _ in range(count):
            start = place + 8
            place = start + unpack(mapped, place)[0]
            texts.append(mapped[start:place].decode())
    except UnicodeDecodeError:
        header.place = place
        raise header.damaged("a text of its header is not UTF-8") from None
    return texts


def _after_strings(header: _Header, count: int) -> int:
    """The place after so many texts. A loop with local names, as there are 100,000 of them."""
    place, limit, mapped, unpack = header.place, header.limit, header.mapped, struct.Struct("<Q").unpack_from
    for _ in range(count):
        if place + 8 > limit:
            raise header.damaged("its header is truncated")
        place += 8 + unpack(mapped, place)[0]
    if place > limit:
        raise header.damaged("its header is truncated")
    return place
