"""The layer dictionary: what common words look like at each layer, to say what a vector there means.

The rows of W_E are no dictionary for later layers: their neighbours of a hidden vector are noise from layer 1 on. So
each of the first common words of the vocabulary is read after a neutral prefix, and its vector at every layer is kept,
minus the mean of that layer. The file is in the safetensors format:

    vectors   F16 [layers, words, d]   vectors minus the mean of their layer
    mean      F32 [layers, d]
    baseline  F32 [layers]             mean cosine of random pairs of words, with the mean
    noise     F32 [layers]             99.9th percentile of the cosines of random pairs, without the mean
    ids       I32 [words]              tokens of the words
    crc32     U32 [layers + 1]         CRC-32 of each layer of `vectors`, and of the other tensors together
"""

import json
import os
import re
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from embcli.errors import BadFile, EmbcliError, InputOutputProblem, UsageProblem
from embcli.results.spelling import text_of_token
from embcli.transformer.forward import BlockParameters, Step, forward
from embcli.transformer.model import Transformer
from embcli.transformer.safetensors import open_safetensors
from embcli.transformer.tensor_file import TensorFile
from embcli.vectors.arithmetic import Float32Array, IntArray

PREFIX = "This is about the"
WORDS = 6000
WORD = re.compile(r"[a-z]{3,}")
WORDS_AT_ONCE = 256  # words that are read together
SAMPLED_WORDS = 450  # random words, whose 101,025 pairs give the noise
PERCENTILE = 99.9
Report = Callable[[int, float], None]  # words done, and their share of all


class LayerDictionary(NamedTuple):
    """An open layer dictionary. words: in the order of their tokens' ids; the arrays as in the file."""

    words: tuple[str, ...]
    vectors: np.ndarray[Any, np.dtype[np.float16]]
    mean: Float32Array
    baseline: Float32Array
    noise: Float32Array
    crc32: IntArray

    def cosines(self, layer: int, vector: Float32Array) -> Float32Array:
        """The cosines of a vector [d] with all words at a layer [words], all minus the layer's mean."""
        stored = self.vectors[layer]
        if zlib.crc32(stored.tobytes()) != self.crc32[layer]:
            raise BadFile(f"layer {layer} of the layer dictionary is damaged", "delete it; it is made again")
        rows, centred = stored.astype(np.float32), vector - self.mean[layer]
        lengths = np.maximum(_norms(rows) * np.linalg.norm(centred), np.float32(1e-30))
        return np.asarray(rows @ centred / lengths)


def open_dictionary(
    model: Transformer, folder: Path, count: int = WORDS, report: Report | None = None
) -> LayerDictionary:
    """The layer dictionary of a model with its first `count` common words; made at its first use.

    folder: of the dictionaries. One that belongs to other files, or is damaged, is made again. Raises
    InputOutputProblem, and UsageProblem for a vocabulary without such words.
    """
    path = folder / f"{model.name}-{count}.safetensors"
    facts = {"model": identity(model), "prefix": PREFIX, "count": str(count)}
    try:
        return _open(model, open_safetensors(path), facts)
    except (EmbcliError, KeyError, ValueError):
        ids = common_words(model, count)
        _write(path, _tensors(model, ids, report), facts)
    return _open(model, open_safetensors(path), facts)


def identity(model: Transformer) -> str:
    """The headers of a model's files, their sizes and times as text."""
    return json.dumps([[file.header_sha256, file.size, file.mtime_ns] for file in model.checkpoint.files])


def common_words(model: Transformer, count: int) -> IntArray:
    """The ids of the first `count` tokens that are a whole word of small letters, at least three of them."""
    spelling, found = model.spelling, []
    begins = "" if spelling == "pieces" else " "
    for number, token in enumerate(model.tokenizer.tokens(len(model))):
        text = text_of_token(token, spelling)
        if text.startswith(begins) and WORD.fullmatch(text.removeprefix(begins)):
            found.append(number)
            if len(found) == count:
                break
    if len(found) < 2:
        raise UsageProblem(f"the tokens of {model.name} have no words of small letters", "use --dictionary 0")
    return np.array(found, np.int32)


def _open(model: Transformer, file: TensorFile, facts: dict[str, str]) -> LayerDictionary:
    """Raises ValueError for a dictionary of another model, KeyError for a missing tensor, BadFile for a damaged one."""
    if {name: file.metadata.get(name) for name in facts} != facts:
        raise ValueError("the dictionary is of another model")
    place = file.tensors["vectors"]
    vectors = np.frombuffer(file.mapped, np.float16, place.size // 2, place.start).reshape(place.shape)
    ids, crc32 = (
        np.frombuffer(file.mapped, kind, file.tensors[name].shape[0], file.tensors[name].start)
        for name, kind in (("ids", np.int32), ("crc32", np.uint32))
    )
    mean, baseline, noise = (file.read(name) for name in ("mean", "baseline", "noise"))
    if _crc_of_small(ids, mean, baseline, noise) != crc32[-1]:
        raise BadFile(f"{file.path} is damaged", "delete it; it is made again")
    words = tuple(text_of_token(model.tokenizer.token(int(i)), model.spelling).strip() for i in ids)
    return LayerDictionary(words, vectors, mean, baseline, noise, crc32)


def _tensors(model: Transformer, ids: IntArray, report: Report | None) -> dict[str, np.ndarray[Any, Any]]:
    """All tensors of a dictionary with the words of these tokens."""
    layers = model.config.blocks + 1
    raw = np.empty((layers, len(ids), model.dim), np.float32)
    parts = np.array_split(np.arange(len(ids)), -(-len(ids) // WORDS_AT_ONCE))
    blocks = OneBlock(model)
    readings = [_layers(_read(model, ids[part], blocks)) for part in parts]
    for layer, of_parts in enumerate(zip(*readings, strict=True)):  # all parts before the next block is read
        for part, vectors in zip(parts, of_parts, strict=True):
            raw[layer, part] = vectors[-len(part) :] if model.is_causal else vectors
        if report is not None:
            report(len(ids), (layer + 1) / layers)
    mean = raw.mean(axis=1)
    some = np.random.default_rng(0).permutation(len(ids))[:SAMPLED_WORDS]
    baseline, noise = np.empty(layers, np.float32), np.empty(layers, np.float32)
    vectors = np.empty(raw.shape, np.float16)
    for layer in range(layers):
        baseline[layer] = _cosines_of_pairs(raw[layer, some]).mean()
        centred = raw[layer] - mean[layer]
        noise[layer] = np.percentile(_cosines_of_pairs(centred[some]), PERCENTILE)
        with np.errstate(over="ignore"):
            vectors[layer] = centred
        if not np.isfinite(vectors[layer]).all():
            raise UsageProblem(f"the vectors of {model.name} exceed 16 bits at layer {layer}", "use --dictionary 0")
    crc32 = [zlib.crc32(layer.tobytes()) for layer in vectors]
    crc32.append(_crc_of_small(ids, mean, baseline, noise))
    return {
        "vectors": vectors, "mean": mean, "baseline": baseline, "noise": noise, "ids": ids,
        "crc32": np.array(crc32, np.uint32),
    }  # fmt: skip


class OneBlock(Sequence[BlockParameters]):
    """The blocks of a model, of which the last one that was asked for stays in memory."""

    def __init__(self, model: Transformer) -> None:
        self.checkpoint = model.checkpoint
        self.number, self.block = -1, dict[str, Float32Array]()

    def __len__(self) -> int:
        return self.checkpoint.config.blocks

    def __getitem__(self, number: Any) -> Any:
        if number != self.number:
            self.block = {}  # frees the memory of the last one first
            self.number, self.block = number, self.checkpoint.block(number)
        return self.block


def _read(model: Transformer, ids: IntArray, blocks: Sequence[BlockParameters]) -> Iterator[Step]:
    """The forward pass of the prefix and each word by itself.

    A causal model reads the prefix once: the words share the position after it, and see it and themselves only. A model
    that sees both sides reads each text by itself, side by side behind a mask.
    """
    before = model.tokenizer.encode(PREFIX).ids
    if model.is_causal:
        count = len(before)
        visible = np.zeros((count + len(ids), count + len(ids)), bool)
        visible[:count, :count] = np.tri(count, dtype=bool)
        visible[count:, :count] = True
        visible[count:, count:] = np.eye(len(ids), dtype=bool)
        positions = np.concatenate([np.arange(count), np.full(len(ids), count)])
        yield from forward(
            model.checkpoint, np.array([*before, *ids]), positions=positions, visible=visible, blocks=blocks
        )
        return
    length = len(before) + 1
    texts = np.array([[*before[:-1], word, before[-1]] for word in ids])
    visible = np.kron(np.eye(len(ids), dtype=bool), np.ones((length, length), bool))
    positions = np.tile(np.arange(length), len(ids))
    for step in forward(model.checkpoint, texts.reshape(-1), positions=positions, visible=visible, blocks=blocks):
        words = slice(length - 2, None, length)
        yield step._replace(before=step.before[words], after=step.after[words])


def _layers(steps: Iterator[Step]) -> Iterator[Float32Array]:
    """The residual stream at every layer."""
    for step in steps:
        yield step.before
    yield step.after


def _cosines_of_pairs(vectors: Float32Array) -> Float32Array:
    """The cosines of all pairs of different rows."""
    units = vectors / np.maximum(_norms(vectors), np.float32(1e-30))[:, None]
    return np.asarray((units @ units.T)[np.triu_indices(len(units), 1)])


def _norms(vectors: Float32Array) -> Float32Array:
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", vectors, vectors)))


def _crc_of_small(*arrays: np.ndarray[Any, Any]) -> int:
    crc = 0
    for array in arrays:
        crc = zlib.crc32(np.ascontiguousarray(array).tobytes(), crc)
    return crc


def _write(path: Path, tensors: dict[str, np.ndarray[Any, Any]], metadata: dict[str, str]) -> None:
    """Write a safetensors file with another name first, so that no half of it is ever read."""
    names = {"float16": "F16", "float32": "F32", "int32": "I32", "uint32": "U32"}
    header: dict[str, Any] = {"__metadata__": metadata}
    start = 0
    for name, array in tensors.items():
        header[name] = {
            "dtype": names[array.dtype.name], "shape": list(array.shape), "data_offsets": [start, start + array.nbytes],
        }  # fmt: skip
        start += array.nbytes
    raw = json.dumps(header).encode()
    raw += b" " * (-len(raw) % 8)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".dictionary-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(len(raw).to_bytes(8, "little") + raw)
                for array in tensors.values():
                    file.write(np.ascontiguousarray(array).data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputOutputProblem(
            f"cannot write {path}: {error.strerror}", "free some space, or check the folder"
        ) from error
