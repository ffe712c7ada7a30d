"""A matrix of a safetensors file as word vectors: of a static embedder, or one chosen by its name.

Its words are in a file of their own, or they are the tokens of the tokenizer in the same folder.
"""

from collections.abc import Iterator
from pathlib import Path

from embcli.errors import BadFile, UsageProblem
from embcli.models.checkpoints import reporting
from embcli.readers import Block, ReportRows, Source
from embcli.readers.words import with_words
from embcli.store.read import open_store
from embcli.store.write import write_store
from embcli.transformer.dequantize import BLOCKS
from embcli.transformer.embedding import distinct_tokens
from embcli.transformer.safetensors import open_safetensors
from embcli.transformer.tensor_file import TensorFile, shown
from embcli.transformer.tokenizer import Tokenizer, from_folder
from embcli.vectors.arithmetic import Float32Array

# The only tensor of a static embedder, such as those of model2vec and sentence-transformers.
STATIC = ("embeddings", "embedding.weight")
LISTED_TENSORS = 6
TENSOR_ROWS_AT_ONCE = 4096


def static_embedder(folder: Path) -> Path | None:
    """The file of a static embedder in a folder, whose only tensor is a matrix of embeddings; else None."""
    file = folder / "model.safetensors"
    if not folder.is_dir() or not file.is_file():
        return None
    return file if _is_static(open_safetensors(file)) else None


def add_tensor(
    path: Path,
    tensor: str | None,
    words: Path | None,
    store: Path,
    origin: str,
    *,
    replace: bool,
    report: ReportRows | None,
) -> tuple[str, ...] | None:
    """Write a matrix of a safetensors file as a store; returns notes, or None if the name is taken.

    Raises BadFile for a file without such a matrix, UsageProblem if it is not chosen or its words are not given.
    """
    file = open_safetensors(path)
    name = _chosen(file, tensor)
    facts = {
        "tensor": name, "source_sha256": file.header_sha256,
        "options": f"tensor={name}" + (f", words={words.name}" if words else ""),
    }  # fmt: skip
    if store.exists() and not replace:
        known = open_store(store).metadata
        same = {key: known.get(key) for key in facts} == facts and known.get("source_mtime_ns") == str(file.mtime_ns)
        return ("it was already added",) if same else None
    rows, notes = file.tensors[name].shape[0], list[str]()
    if words is not None:
        blocks = with_words((([], rows) for rows in _rows(file, name)), words, notes)
    else:
        tokenizer = _tokenizer_beside(path)
        known_words = distinct_tokens(tokenizer.tokens(rows))
        blocks = _with_tokens(_rows(file, name), known_words)
        facts["tokens"] = tokenizer.spelling
    from embcli.models.build import store_metadata

    metadata = store_metadata(origin, file.size, file.mtime_ns, Source("safetensors", rows, iter(()), [], None))
    write_store(store, reporting(blocks, rows, report), metadata | facts, replace=replace)
    return tuple(notes)


def _is_static(file: TensorFile) -> bool:
    return len(file.tensors) == 1 and next(iter(file.tensors)) in STATIC


def _chosen(file: TensorFile, name: str | None) -> str:
    matrices = [each for each, tensor in file.tensors.items() if len(tensor.shape) == 2 and tensor.dtype in BLOCKS]
    if name is None and _is_static(file):
        return matrices[0]
    listed = ", ".join(
        f"{shown(each)} [{' × '.join(map(str, file.tensors[each].shape))}]" for each in matrices[:LISTED_TENSORS]
    )
    more = f" and {len(matrices) - LISTED_TENSORS} more" if len(matrices) > LISTED_TENSORS else ""
    if name is None:
        raise UsageProblem(f"{file.path} has the matrices {listed}{more}", "choose one with --tensor NAME")
    if name not in matrices:
        raise BadFile(f'{file.path} has no matrix of floats "{shown(name)}"', f"its matrices are {listed}{more}")
    return name


def _tokenizer_beside(path: Path) -> Tokenizer:
    try:
        return from_folder(path.parent)
    except BadFile:
        raise UsageProblem(f"{path} contains vectors without words", "give one word per line: --words FILE") from None


def _rows(file: TensorFile, name: str) -> Iterator[Float32Array]:
    for start in range(0, file.tensors[name].shape[0], TENSOR_ROWS_AT_ONCE):
        yield file.read(name, slice(start, start + TENSOR_ROWS_AT_ONCE))


def _with_tokens(blocks: Iterator[Float32Array], words: list[bytes]) -> Iterator[Block]:
    start = 0
    for rows in blocks:
        yield words[start : start + len(rows)], rows
        start += len(rows)
