"""What gensim does for the readers: download from its catalogue, and read text and binary on request.

gensim is imported inside the functions. `vectors/gensim.py` passes spaces to gensim and back.
"""

import logging
import socket
import sys
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager, redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from embcli.errors import BadFile, InputOutputProblem, UnknownModel
from embcli.readers import ROWS_AT_ONCE, Block, Source
from embcli.readers.source_file import SourceFile

NETWORK_TIMEOUT = 30.0  # seconds


def read_plain(opened: SourceFile, format_name: str, expected: Set[bytes]) -> Source:
    """Read text or binary with `KeyedVectors.load_word2vec_format`, entirely into memory.

    Raises BadFile where gensim finds other words than those that embcli's reader found (expected): it knows neither
    names of columns nor quotes.
    """
    from gensim.models import KeyedVectors

    with quiet():
        try:
            vectors = KeyedVectors.load_word2vec_format(
                str(opened.path), binary=format_name == "binary", no_header=format_name == "glove"
            )
        except Exception as error:  # gensim raises many kinds of errors for broken files
            raise BadFile(f"gensim cannot load {opened.path}: {error}", "check that the file is complete") from error
    words = vectors.index_to_key
    if len(words) != len(vectors.vectors) or not all(isinstance(word, str) and word for word in words):
        raise BadFile(f"{opened.path}: the words do not match the {len(vectors.vectors)} vectors", "check the file")
    if {word.encode("utf-8", "surrogatepass") for word in words} != expected:
        raise BadFile(f"{opened.path}: gensim reads other words from this layout", "remove --reader")
    return Source(f"gensim {format_name}", len(words), _blocks(opened, words, vectors.vectors), [])


def _blocks(opened: SourceFile, words: Sequence[str], vectors: Any) -> Iterator[Block]:
    for start in range(0, len(words), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        try:
            yield [word.encode() for word in words[rows]], np.ascontiguousarray(vectors[rows], np.float32)
        except UnicodeEncodeError as error:
            raise BadFile(f"{opened.path}: the word {error.object!r:.60} is not UTF-8", "convert the file") from None
    opened.check_unchanged()


def fetch(name: str, folder: Path) -> Path:
    """Download a model of gensim's catalogue into `folder`, verify its checksum, and return its file.

    The model's code is not run. Remains of an interrupted download are removed. Raises UnknownModel for a name that is
    not in the catalogue, InputOutputProblem without a network.
    """
    import gensim.downloader

    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(NETWORK_TIMEOUT)
    gensim.downloader.BASE_DIR = str(folder)
    try:
        with quiet():
            known = gensim.downloader.info()["models"]
            if name not in known:
                raise UnknownModel(
                    f'there is no file "{name}", and no model of that name in gensim\'s catalogue',
                    "see: embcli models catalog",
                )
            _clear_half_finished(folder / name)
            return Path(gensim.downloader.load(name, return_path=True))
    except (OSError, ValueError) as error:
        for made in (folder, folder.parent):  # empty folders that gensim created
            with suppress(OSError):
                made.rmdir()
        raise InputOutputProblem(
            f'there is no file "{name}", and gensim\'s catalogue cannot be reached',
            "check the path, or the network connection",
        ) from error
    except UnknownModel:
        raise
    except Exception as error:  # gensim's downloader raises a bare Exception for a wrong checksum
        raise InputOutputProblem(f"the download of {name} failed: {error}", "try again") from error
    finally:
        socket.setdefaulttimeout(before)


def _clear_half_finished(target: Path) -> None:
    """Remove the remains of an interrupted download: gensim fails at a `_tmp` folder and accepts an empty one."""
    import shutil

    shutil.rmtree(target.with_name(f"{target.name}_tmp"), ignore_errors=True)
    if target.is_dir() and not any(path.suffix == ".gz" for path in target.iterdir()):
        shutil.rmtree(target, ignore_errors=True)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep gensim's progress bar off stdout, which is for data, and suppress the tracebacks of its loggers."""
    logger = logging.getLogger("gensim")
    handler = logging.NullHandler()
    logger.addHandler(handler)
    try:
        with redirect_stdout(sys.stderr if sys.stderr.isatty() else StringIO()):
            yield
    finally:
        logger.removeHandler(handler)
