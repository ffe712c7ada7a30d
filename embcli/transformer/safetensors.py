"""Files in the safetensors format: 8 bytes of header length, a JSON header, the tensors (no code, no gaps).

The format is that of github.com/huggingface/safetensors. A model of several files has an index that names the file of
each tensor.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from embcli.errors import BadFile
from embcli.transformer.tensor_file import LONGEST_HEADER, MOST_AXES, Tensor, TensorFile, byte_size, open_mapped, shown

INDEX = "model.safetensors.index.json"
NUMBER_BYTES = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2,
    "U8": 1, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1, "C64": 8,
}  # fmt: skip
AGAIN = "download or copy it again"


def open_safetensors(path: Path) -> TensorFile:
    """Open a file; its header is checked as strictly as the format's own library does. Raises BadFile."""
    opened = open_mapped(path)
    length = int.from_bytes(opened.mapped[:8], "little")
    if opened.size < 8 or not 2 <= length <= min(opened.size - 8, LONGEST_HEADER):
        raise BadFile(f"{path} is not a safetensors file, or is truncated", AGAIN)
    header = read_json(opened.mapped[8 : 8 + length], path)
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise BadFile(f"{path}: its __metadata__ is not an object of texts", AGAIN)
    tensors = {name: _tensor(path, name, entry, 8 + length) for name, entry in header.items()}
    file = opened.finish(tensors, metadata, 8 + length)
    used = sum(tensor.size for tensor in tensors.values())
    if used != opened.size - 8 - length:
        raise BadFile(
            f"{path}: its tensors have {used:,} bytes, and the file has {opened.size - 8 - length:,} for them", AGAIN
        )
    return file


def open_shards(folder: Path) -> list[TensorFile]:
    """The files of a model: `model.safetensors`, or those that its index names. Raises BadFile, InputOutputProblem."""
    index = folder / INDEX
    if not index.exists():
        return [open_safetensors(folder / "model.safetensors")]
    listed = read_json_file(index).get("weight_map")
    if not isinstance(listed, dict) or not listed:
        raise BadFile(f'{index} has no "weight_map"', AGAIN)
    for name in listed.values():
        if not isinstance(name, str) or Path(name).name != name or not name.endswith(".safetensors"):
            raise BadFile(f"{index} names a file outside its folder: {str(name)[:60]!r}", AGAIN)
    files = {name: open_safetensors(folder / name) for name in sorted(set(listed.values()))}
    for tensor, name in listed.items():
        if tensor not in files[name].tensors:
            raise BadFile(f'{folder / name} does not have the tensor "{shown(tensor)}" that {INDEX} names', AGAIN)
    for name, file in files.items():
        foreign = next((tensor for tensor in file.tensors if listed.get(tensor) != name), None)
        if foreign is not None:
            raise BadFile(f'{folder / name} has the tensor "{shown(foreign)}", which {INDEX} does not name', AGAIN)
    return list(files.values())


def read_json(raw: bytes, path: Path) -> dict[str, Any]:
    """A JSON object of a file whose names occur once. Raises BadFile."""
    try:
        read = json.loads(raw, object_pairs_hook=_each_once, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise BadFile(f"{path} has no valid JSON: {shown(str(error))}", AGAIN) from error
    if not isinstance(read, dict):
        raise BadFile(f"{path} has no JSON object", AGAIN)
    return read


def read_json_file(path: Path) -> dict[str, Any]:
    """The JSON object of a file whose names occur once. Raises BadFile, InputOutputProblem."""
    opened = open_mapped(path)
    if opened.size > LONGEST_HEADER:
        raise BadFile(f"{path} has {opened.size:,} bytes, more than any such file", AGAIN)
    return read_json(opened.mapped[:], path)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        raise ValueError("a name occurs twice")
    return read


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _tensor(path: Path, name: str, entry: object, data: int) -> Tensor:
    """A tensor as its entry of the header declares it. Raises BadFile."""
    fields: Mapping[str, Any] = entry if isinstance(entry, Mapping) else {}
    dtype, shape, offsets = (fields.get(key) for key in ("dtype", "shape", "data_offsets"))
    if not isinstance(dtype, str) or dtype not in NUMBER_BYTES:
        raise BadFile(f'{path}: the tensor "{shown(name)}" has the unknown type {shown(str(dtype))}', AGAIN)
    if shape is None or offsets is None or not _are_sizes(shape, MOST_AXES) or not _are_sizes(offsets, 2):
        raise BadFile(f'{path}: the tensor "{shown(name)}" has an invalid shape or place', AGAIN)
    if len(offsets) != 2:
        raise BadFile(f'{path}: the tensor "{shown(name)}" has an invalid shape or place', AGAIN)
    size = byte_size(path, name, dtype, tuple(shape), 1, NUMBER_BYTES[dtype])
    if offsets[1] - offsets[0] != size:
        raise BadFile(
            f'{path}: the tensor "{shown(name)}" of {math.prod(shape):,} numbers has {offsets[1] - offsets[0]:,} bytes '
            f"instead of {size:,}",
            AGAIN,
        )
    return Tensor(dtype, tuple(shape), data + offsets[0], size)


def _are_sizes(numbers: Any, most: int) -> bool:
    return isinstance(numbers, list) and len(numbers) <= most and all(type(n) is int and n >= 0 for n in numbers)
