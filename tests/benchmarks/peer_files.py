"""The same vectors in the formats that the compared tools read fastest, and a large synthetic store."""

import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt

from embcli.models.export import export
from embcli.models.open import StoredSpace
from embcli.store.write import write_store

Vectors = npt.NDArray[np.float32]
CLUSTERS = 3000
# Fraction of a row's length that comes from its cluster, which gives neighbours about as near as in GloVe.
SHARED = 0.7


def write_peer_files(space: StoredSpace, folder: Path) -> None:
    """gensim's .kv and word2vec text, fastText's .bin; finalfusion's .fifu and reach's format if installed."""
    export(space, folder / "glove.txt", "word2vec")
    space.to_gensim().save(str(folder / "glove.kv"))
    words, vectors = list(space.vocabulary), np.array(space.vectors)
    _write_fasttext(words, vectors, folder / "glove.bin")
    with suppress(ImportError):
        from finalfusion import Embeddings
        from finalfusion.norms import Norms
        from finalfusion.storage import NdArray
        from finalfusion.vocab import SimpleVocab

        units, norms = vectors / space.norms[:, None], Norms(np.array(space.norms))
        Embeddings(NdArray(units), SimpleVocab(words), norms=norms).write(str(folder / "glove.fifu"))
    with suppress(ImportError):
        from reach import Reach

        Reach(vectors, words).save_fast_format(str(folder / "glove.reach"))


def _write_fasttext(words: list[str], vectors: Vectors, file: Path) -> None:
    """A fastText model of whole words (no subwords): https://github.com/facebookresearch/fastText, src/fasttext.cc."""
    rows, dim = vectors.shape
    with file.open("wb") as out:
        out.write(struct.pack("<ii", 793712314, 12))
        # dim, ws, epoch, minCount, neg, wordNgrams, loss (ns), model (skip-gram), bucket, minn, maxn, lrUpdateRate, t
        out.write(struct.pack("<12id", dim, 5, 5, 1, 5, 1, 2, 2, 0, 0, 0, 100, 1e-4))
        out.write(struct.pack("<iiiqq", rows, rows, 0, rows, -1))
        for place, word in enumerate(words):
            out.write(word.encode() + b"\0" + struct.pack("<qb", rows - place, 0))
        for _ in ("input", "output"):
            out.write(struct.pack("<?qq", False, rows, dim))
            out.write(vectors.tobytes())


def write_large_store(path: Path, rows: int, dim: int) -> None:
    """A store of clustered vectors: the spectrum follows a power law, and lengths decrease with the rank."""
    write_store(path, _clustered(rows, dim), {})


def _clustered(rows: int, dim: int) -> Iterator[tuple[list[bytes], Vectors]]:
    numbers = np.random.default_rng(7)
    # The spectrum of word vectors decreases slowly; here as in GloVe, approximately as 1 / √place.
    spread = (np.arange(1, dim + 1) ** -0.5).astype(np.float32)
    rotation = np.linalg.qr(numbers.standard_normal((dim, dim)))[0].astype(np.float32)
    centers = numbers.standard_normal((CLUSTERS, dim), np.float32) * spread
    for first in range(0, rows, 20_000):
        count = min(20_000, rows - first)
        own = numbers.standard_normal((count, dim), np.float32) * spread
        mixed = SHARED * centers[numbers.integers(0, CLUSTERS, count)] + (1 - SHARED**2) ** 0.5 * own
        lengths = (1 + 5 / np.log2(2 + first + np.arange(count))).astype(np.float32)
        yield [f"w{row}".encode() for row in range(first, first + count)], (mixed @ rotation) * lengths[:, None]
