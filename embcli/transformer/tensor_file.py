"""A mapped file of named tensors, whatever its format: `safetensors.py` and `gguf.py` open such files."""

import hashlib
import math
import mmap
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from embcli.errors import BadFile, InputOutputProblem
from embcli.transformer.dequantize import BLOCKS, dequantize
from embcli.vectors.arithmetic import Float32Array

# The longest header, with metadata, that is read: a vocabulary of 256,000 tokens takes 10 MiB.
LONGEST_HEADER = 100 << 20
MOST_AXES = 4


class Tensor(NamedTuple):
    """A tensor in a file: the type of its numbers, its shape (rows first), and its `size` bytes from `start` on."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    size: int


class TensorFile(NamedTuple):
    """An open file of tensors. metadata: what its header says beside them; header_sha256: of all of the header."""

    path: Path
    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, Any]
    mapped: mmap.mmap
    size: int
    mtime_ns: int
    header_sha256: str

    def read(self, name: str, rows: slice = slice(None)) -> Float32Array:
        """A tensor, or some rows of it, as float32. Raises BadFile for a type of numbers that is not supported.

        Numbers that are float32 in the file are a view of the mapped memory; others are computed into a new array.
        """
        tensor = self.tensors[name]
        if tensor.dtype not in BLOCKS:
            raise BadFile(
                f'{self.path}: the tensor "{name}" has numbers of the type {tensor.dtype}, which is not supported',
                f"supported: {', '.join(BLOCKS)}",
            )
        columns = math.prod(tensor.shape[1:])
        first, last, _ = rows.indices(tensor.shape[0])
        elements, size = BLOCKS[tensor.dtype]
        if columns % elements and (first, last) != (0, tensor.shape[0]):
            raise BadFile(f'{self.path}: the rows of the tensor "{name}" do not begin with a block', "convert it again")
        start = tensor.start + first * columns // elements * size
        count = max(0, last - first) * columns // elements * size
        raw = np.frombuffer(self.mapped, np.uint8, count, start)
        return dequantize(tensor.dtype, raw).reshape(max(0, last - first), *tensor.shape[1:])


class Opened(NamedTuple):
    """A file that is being opened, for a reader of headers."""

    path: Path
    file: BinaryIO
    mapped: mmap.mmap
    size: int
    mtime_ns: int

    def finish(self, tensors: Mapping[str, Tensor], metadata: Mapping[str, Any], header_bytes: int) -> TensorFile:
        """The open file of tensors, after a check that they do not overlap. Raises BadFile."""
        end, before = header_bytes, ""
        for name, tensor in sorted(tensors.items(), key=lambda item: (item[1].start, item[1].size)):
            if tensor.start < end and tensor.size:
                other = f'the tensor "{before}"' if before else "the header"
                raise BadFile(f'{self.path}: the tensor "{shown(name)}" overlaps {other}', "convert the model again")
            if tensor.start + tensor.size > self.size:
                missing = tensor.start + tensor.size - self.size
                raise BadFile(
                    f'{self.path}: the tensor "{shown(name)}" ends {missing:,} bytes after the file',
                    "the file is truncated; download or copy it again",
                )
            if tensor.size:
                end, before = tensor.start + tensor.size, shown(name)
        digest = hashlib.sha256(memoryview(self.mapped)[:header_bytes]).hexdigest()
        return TensorFile(self.path, tensors, metadata, self.mapped, self.size, self.mtime_ns, digest)


def open_mapped(path: Path) -> Opened:
    """Map a file. Raises BadFile if it is empty; InputOutputProblem if it cannot be read."""
    try:
        file = path.open("rb")
        with file:
            stat = os.fstat(file.fileno())
            if not stat.st_size:
                raise BadFile(f"{path} is empty", "download or copy it again")
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise InputOutputProblem(f"cannot read {path}: {error.strerror or error}", "check the path") from error
    return Opened(path, file, mapped, stat.st_size, stat.st_mtime_ns)


def byte_size(path: Path, name: str, dtype: str, shape: tuple[int, ...], elements: int, size: int) -> int:
    """The bytes of a tensor whose blocks have so many elements and bytes. Raises BadFile for a partial block."""
    count = math.prod(shape)
    if (shape[-1] if shape else 1) % elements:
        raise BadFile(
            f'{path}: the rows of the tensor "{shown(name)}" are no whole blocks of {elements} numbers ({dtype})',
            "convert the model again",
        )
    return count // elements * size


def shown(text: str) -> str:
    """A name from a file, shortened for a message."""
    return text if len(text) <= 60 else text[:57] + "..."
