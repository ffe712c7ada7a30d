"""Random vectors with the words of another model: the state before training, as a control for every command.

normal    each number from the normal distribution with mean 0 and standard deviation 0.02, as GPT-2 begins
xavier    uniform in ±√(6 / (words + dim)) (Glorot and Bengio 2010)
uniform   uniform in ±0.5 / dim, as word2vec begins
"""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from embcli.errors import UsageProblem
from embcli.models.checkpoints import reporting
from embcli.models.open import StoredSpace
from embcli.readers import ROWS_AT_ONCE, Block, ReportRows, Source
from embcli.store.read import open_store
from embcli.store.write import write_store
from embcli.vectors.arithmetic import Float32Array

GPT2_DEVIATION = 0.02
INITS = ("normal", "xavier", "uniform")


def add_random(
    like: StoredSpace, path: Path, init: str, seed: int, *, replace: bool, report: ReportRows | None
) -> bool | None:
    """Write a store with the words of `like` and random vectors of its shape.

    True if it was written, False if the same was there already, None if there is another model of that name.
    """
    if init not in INITS:
        raise UsageProblem(f'unknown init "{init}"', f"use one of {', '.join(INITS)}")
    origin = f"random numbers ({init}, seed {seed}), like {like.name}"
    if path.exists() and not replace:
        return False if open_store(path).metadata.get("source") == origin else None
    from embcli.models.build import store_metadata

    metadata = store_metadata(origin, 0, 0, Source("random", len(like), iter(()), [], like.is_sorted_by_frequency))
    if like.spelling is not None:
        metadata["tokens"] = like.spelling
    write_store(path, reporting(_blocks(like, init, seed), len(like), report), metadata, replace=True)
    return True


def random_rows(count: int, words: int, dim: int, init: str, random: np.random.Generator) -> Float32Array:
    """So many rows [count, dim] of a matrix [words, dim]."""
    if init == "normal":
        return random.standard_normal((count, dim), np.float32) * np.float32(GPT2_DEVIATION)
    largest = math.sqrt(6 / (words + dim)) if init == "xavier" else 0.5 / dim
    return (2 * random.random((count, dim), np.float32) - 1) * np.float32(largest)


def _blocks(like: StoredSpace, init: str, seed: int) -> Iterator[Block]:
    random = np.random.default_rng(seed)
    words = like.vocabulary.first(None)
    for start in range(0, len(words), ROWS_AT_ONCE):
        some = [word.encode() for word in words[start : start + ROWS_AT_ONCE]]
        yield some, random_rows(len(some), len(words), like.dim, init, random)
