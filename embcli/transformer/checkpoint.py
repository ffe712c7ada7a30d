"""Checkpoints: the files of a transformer where they lie, and its parameters by the names of `parameters.py`.

A checkpoint is a Hugging Face folder (`config.json`, `model.safetensors` or its shards, a tokenizer) or a GGUF file. It
is mapped, not copied: a parameter is read when it is used.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from embcli.errors import BadFile
from embcli.transformer import configuration
from embcli.transformer.configuration import Configuration
from embcli.transformer.gguf import open_gguf
from embcli.transformer.parameters import ATTENTION_BIASES, FAMILY, OPTIONAL_PARAMETERS, Family, Names, shape_of
from embcli.transformer.safetensors import open_shards, read_json_file
from embcli.transformer.tensor_file import TensorFile, shown
from embcli.vectors.arithmetic import Float32Array

# Rows of a large matrix that are read together.
MATRIX_ROWS_AT_ONCE = 4096


class Place(NamedTuple):
    """Where a parameter lies: the file, the name of its tensor there, and whether that is its transpose."""

    file: TensorFile
    tensor: str
    is_transposed: bool


class Checkpoint:
    """An open checkpoint. path: of its folder or file. config: its sizes and settings.

    places: where each parameter lies. beside: shapes of parameters without a part in the forward pass, by the names of
    their tensors.
    """

    def __init__(self, path: Path) -> None:
        """Open a checkpoint. Raises BadFile for one that is broken or not supported; InputOutputProblem."""
        self.path = path
        self.is_gguf = path.is_file()
        if self.is_gguf:
            self.files = [open_gguf(path)]
            self.config = configuration.from_gguf(self.files[0].metadata, path)
        else:
            self.config = configuration.from_config(read_json_file(path / "config.json"), path / "config.json")
            self.files = open_shards(path)
        family = FAMILY[self.config.family]
        self.places, self.beside = _find(self.files, self.config, family, is_gguf=self.is_gguf)
        self._check(family)

    @property
    def vocabulary(self) -> int:
        """The number of rows of W_E."""
        return self.shape("W_E")[0]

    @property
    def has_unembedding(self) -> bool:
        """Whether the model predicts tokens: by a W_U of its own, or by W_E."""
        if self.config.family == "bert":
            return "W_head" in self.places
        return "W_U" in self.places or self.config.is_tied is not False

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a parameter as [out, in]."""
        file, tensor, is_transposed = self.places[name]
        shape = file.tensors[tensor].shape
        return shape[::-1] if is_transposed else shape

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of all parameters; GPT-2's W_QKV as W_Q, W_K and W_V."""
        found: dict[str, tuple[int, ...]] = {}
        for name in self.places:
            prefix, dot, short = name.rpartition(".")
            rows, *columns = self.shape(name)
            if short in ("W_QKV", "b_QKV"):
                found |= {f"{prefix}{dot}{short[:2]}{letter}": (rows // 3, *columns) for letter in "QKV"}
            else:
                found[name] = (rows, *columns)
        return found

    def dtype(self, name: str) -> str:
        """The type of the numbers of a parameter in its file, such as F16 or Q4_1."""
        file, tensor, _ = self.places[name]
        return file.tensors[tensor].dtype

    def __contains__(self, name: str) -> bool:
        return name in self.places

    def read(self, name: str) -> Float32Array:
        """A parameter as float32, matrices as [out, in]; `blocks.3.W_Q` is W_Q of block 3. Raises KeyError, BadFile."""
        file, tensor, is_transposed = self.places[name]
        numbers = file.read(tensor)
        if self.is_gguf and self.config.kind == "llama" and name.endswith((".W_Q", ".W_K")):
            numbers = _unpermuted(numbers, self.config.head_dim)
        return numbers.T if is_transposed else numbers

    def rows(self, name: str, start: int, stop: int) -> Float32Array:
        """Some rows of a matrix [rows, columns] that is not transposed, such as W_E and W_U."""
        file, tensor, _ = self.places[name]
        return file.read(tensor, slice(start, stop))

    def row_blocks(self, name: str) -> Iterator[tuple[int, Float32Array]]:
        """All rows of a matrix in blocks, each with the number of its first row."""
        for start in range(0, self.shape(name)[0], MATRIX_ROWS_AT_ONCE):
            yield start, self.rows(name, start, min(start + MATRIX_ROWS_AT_ONCE, self.shape(name)[0]))

    def block(self, number: int) -> dict[str, Float32Array]:
        """The parameters of a block."""
        prefix = f"blocks.{number}."
        read = {name.removeprefix(prefix): self.read(name) for name in self.places if name.startswith(prefix)}
        if "W_QKV" in read:  # GPT-2 stores W_Q, W_K and W_V as one matrix
            read |= zip(("W_Q", "W_K", "W_V"), np.split(read.pop("W_QKV"), 3), strict=True)
            read |= zip(("b_Q", "b_K", "b_V"), np.split(read.pop("b_QKV"), 3), strict=True)
        return read

    def _check(self, family: Family) -> None:
        """Raise BadFile for a parameter that is missing, or of another shape than the configuration says."""
        config, where = self.config, self.path
        expected = [*family.outside, *(f"blocks.{i}.{name}" for i in range(config.blocks) for name in family.inside)]
        for name in expected:
            short = name.rpartition(".")[2]
            if name not in self.places:
                if short in OPTIONAL_PARAMETERS and not (config.is_biased and short in ATTENTION_BIASES):
                    continue
                raise BadFile(f"{where}: the tensor of {name} is missing", "download or convert the model again")
            declared, shape = shape_of(short, config), self.shape(name)
            if len(declared) != len(shape) or any(a not in (None, b) for a, b in zip(declared, shape, strict=True)):
                sizes = " × ".join("?" if size is None else f"{size:,}" for size in declared)
                raise BadFile(
                    f"{where}: {name} is {' × '.join(f'{size:,}' for size in shape)}, not {sizes} as its settings say",
                    "download or convert the model again",
                )
        biases = [name for name in self.places if name.rpartition(".")[2] in ATTENTION_BIASES]
        if biases and config.is_biased is False:
            raise BadFile(f"{where} has {biases[0]}, but its settings say that attention has no biases",
                          "download or convert the model again")  # fmt: skip
        if config.is_tied is False and "W_U" not in self.places and config.family != "bert":
            raise BadFile(f"{where}: the tensor of W_U is missing", "download or convert the model again")


def _find(
    files: list[TensorFile], config: Configuration, family: Family, *, is_gguf: bool
) -> tuple[dict[str, Place], dict[str, tuple[int, ...]]]:
    """Where each parameter lies, and parameters without a part. Raises BadFile for a tensor that is not known."""
    known = {_name(names, is_gguf): ours for ours, names in family.outside.items() if _name(names, is_gguf)}
    inside = {_name(names, is_gguf): ours for ours, names in family.inside.items()}
    block = re.compile(re.escape(_name(family.block, is_gguf)).replace(r"\{\}", r"(0|[1-9]\d{0,5})") + "(.+)")
    places: dict[str, Place] = {}
    beside: dict[str, tuple[int, ...]] = {}
    for file in files:
        for tensor in file.tensors:
            name = tensor if is_gguf else _plain_name(tensor, family)
            found = block.fullmatch(name)
            ours = known.get(name)
            if found is not None and found[2] in inside and int(found[1]) < config.blocks:
                ours = f"blocks.{found[1]}.{inside[found[2]]}"
            if ours is None and family.buffers and name.endswith(family.buffers):
                continue
            if ours is None and family.beside and name.endswith(family.beside):
                beside[name] = file.tensors[tensor].shape
                continue
            if ours is None:
                why = " (RoPE scaling)" if name.startswith("rope_freqs") else ""
                raise BadFile(
                    f'{file.path}: the tensor "{shown(tensor)}"{why} is not known, and could change the answers',
                    configuration.SUPPORTED,
                )
            if ours in places:
                raise BadFile(f"{file.path}: there are two tensors of {ours}", "download or convert the model again")
            is_transposed = not is_gguf and ours.rpartition(".")[2] in family.transposed
            places[ours] = Place(file, tensor, is_transposed)
    return places, beside


def _name(names: Names, is_gguf: bool) -> str:
    return names.gguf if is_gguf else names.folder


def _plain_name(tensor: str, family: Family) -> str:
    """The name of a tensor without the prefix of its model, and with today's names of the parts of a LayerNorm."""
    name = tensor.removeprefix(family.prefix)
    for former, present in ((".gamma", ".weight"), (".beta", ".bias")):
        if name.endswith(former):
            name = name.removesuffix(former) + present
    return name


def _unpermuted(matrix: Float32Array, head_dim: int) -> Float32Array:
    """W_Q or W_K of a Llama GGUF with the rows of each head in the order of the folder.

    GGUF stores the two halves of each head interleaved, because llama.cpp rotates neighbouring pairs of numbers; the
    folder's order rotates number i with number i + head_dim / 2.
    """
    rows, columns = matrix.shape
    halves = matrix.reshape(rows // head_dim, head_dim // 2, 2, columns)
    return np.ascontiguousarray(halves.swapaxes(1, 2)).reshape(rows, columns)
