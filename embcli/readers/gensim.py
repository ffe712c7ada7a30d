"""Everything that gensim reads or fetches: word2vec text and binary, GloVe text, gensim's own files,
and the models of its catalogue. The only module that imports gensim, and only inside functions.
"""

import logging
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from embcli.errors import BadFile, InputOutputProblem, UnknownModel
from embcli.readers import Block, Source

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

PICKLE = b"\x80"  # the first byte of a pickle of protocol 2 or later
BLOCK_ROWS = 1 << 14
NETWORK_TIMEOUT = 30.0  # seconds


def read(path: Path, *, trust_pickle: bool = False) -> Source:
    """Load a file with gensim, whole, and give it out in blocks.

    The format is sniffed from the content. BadFile for what gensim cannot load and for a pickle that is
    not trusted; InputOutputProblem when the file cannot be read.
    """
    import gensim.models

    kind = sniff(path)
    if kind == "native" and not trust_pickle:
        raise BadFile(
            f"{path} is a pickle, which can run any program when it is loaded",
            "if you trust its maker: --trust-pickle",
        )
    with _quiet():
        try:
            if kind == "native":
                loaded = gensim.models.KeyedVectors.load(str(path), mmap="r")
                vectors = getattr(loaded, "wv", loaded)
            else:
                vectors = gensim.models.KeyedVectors.load_word2vec_format(
                    str(path), binary=kind == "binary", no_header=kind == "glove"
                )
        except OSError as error:
            raise InputOutputProblem(f"cannot read {path}: {error.strerror or error}") from error
        except Exception as error:  # whatever a broken file makes gensim raise
            raise BadFile(f"gensim cannot load {path} as {kind}: {error}", "check that the file is whole") from error
    words = _checked_words(path, vectors)
    return Source(len(words), _blocks(words, vectors.vectors), {"source": str(path), "reader": f"gensim {kind}"})


def sniff(path: Path) -> str:
    """What gensim should take a file for: `native`, `word2vec`, `binary` or `glove`, by its content."""
    from smart_open import open as smart_open  # gensim's own; it undoes .gz, .bz2 and .xz

    try:
        with smart_open(str(path), "rb") as file:
            start = file.read(1 << 16)
    except OSError as error:
        raise InputOutputProblem(f"cannot read {path}: {error.strerror or error}") from error
    if start.startswith(PICKLE):
        return "native"
    first, _, rest = start.partition(b"\n")
    header = first.split()
    if len(header) != 2 or not all(part.isdigit() for part in header):
        return "glove"
    numbers = rest.partition(b"\n")[0].split()[1:]
    return "word2vec" if len(numbers) == int(header[1]) and all(map(_is_number, numbers)) else "binary"


def fetch(name: str) -> Path:
    """The file of a model in gensim's catalogue, downloaded with its checksum if it is not here yet.

    The release's own code is never run. UnknownModel for a name the catalogue does not have,
    InputOutputProblem without a network.
    """
    import gensim.downloader

    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(NETWORK_TIMEOUT)
    try:
        with _quiet():
            models = gensim.downloader.info()["models"]
            if name not in models:
                raise UnknownModel(
                    f'there is no file "{name}", and no model of that name in gensim\'s catalogue',
                    f"the catalogue has {', '.join(sorted(model for model in models if not model.startswith('_')))}",
                )
            return Path(gensim.downloader.load(name, return_path=True))
    except (OSError, ValueError) as error:
        raise InputOutputProblem(
            f'there is no file "{name}", and gensim\'s catalogue cannot be reached',
            "check the path, or the network connection",
        ) from error
    finally:
        socket.setdefaulttimeout(before)


def keyed_vectors(vectors: np.ndarray[Any, Any], norms: np.ndarray[Any, Any], words: Sequence[str]) -> "KeyedVectors":
    """A KeyedVectors over arrays as they are: vectors float32 [rows, dim], norms float32 [rows]."""
    from gensim.models import KeyedVectors

    keyed = KeyedVectors(vectors.shape[1])
    keyed.index_to_key = list(words)
    keyed.key_to_index = {word: row for row, word in enumerate(words)}
    keyed.vectors, keyed.norms = vectors, norms
    return keyed


def _checked_words(path: Path, vectors: Any) -> list[bytes]:
    words = getattr(vectors, "index_to_key", None)
    matrix = getattr(vectors, "vectors", None)
    if words is None or not isinstance(matrix, np.ndarray) or matrix.ndim != 2:
        raise BadFile(f"{path} holds no word vectors", "give a KeyedVectors, or a model that has them as .wv")
    if len(words) != len(matrix) or not all(isinstance(word, str) and word for word in words):
        raise BadFile(f"{path} has {len(matrix)} vectors, but not a word for each", "check that no word stands twice")
    return [word.encode("utf-8", "surrogatepass") for word in words]


def _blocks(words: Sequence[bytes], vectors: np.ndarray[Any, Any]) -> Iterator[Block]:
    for start in range(0, len(words), BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        yield words[rows], np.ascontiguousarray(vectors[rows], np.float32)


def _is_number(text: bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@contextmanager
def _quiet() -> Iterator[None]:
    """gensim's downloader draws on stdout, and its loggers print tracebacks: stdout is data here."""
    logger = logging.getLogger("gensim")
    handler = logging.NullHandler()
    logger.addHandler(handler)
    try:
        with redirect_stdout(sys.stderr if sys.stderr.isatty() else StringIO()):
            yield
    finally:
        logger.removeHandler(handler)
