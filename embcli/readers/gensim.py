"""What gensim does for embcli: download from its catalogue, read fastText's `.bin`, read text and binary on
request, and write its own files. The only module that imports gensim, and only inside functions.
"""

import logging
import socket
import struct
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from embcli.errors import BadFile, InputOutputProblem, UnknownModel
from embcli.readers import Block, Source
from embcli.readers.opening import Opened

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

FASTTEXT_MAGIC = struct.pack("<i", 793712314)  # FASTTEXT_FILEFORMAT_MAGIC_INT32 of fastText's fasttext.cc
ROWS_AT_ONCE = 1 << 12
NETWORK_TIMEOUT = 30.0  # seconds
LONGEST_WORD = 10_000


def read_fasttext(opened: Opened) -> Source:
    """The word vectors of a fastText `.bin`, each the mean of its word's and its n-grams' vectors.

    gensim loops for ever on a cut file, so its structure is walked first. BadFile when it does not add up.
    """
    from gensim.models.fasttext import load_facebook_vectors

    if opened.compression:
        raise BadFile(f"{opened.path} is compressed", "decompress it first")
    _walk_fasttext(opened)
    return _source("fasttext", opened, lambda path: load_facebook_vectors(path))


def read_plain(opened: Opened, form: str) -> Source:
    """Text or binary through `KeyedVectors.load_word2vec_format`, whole in memory."""
    from gensim.models import KeyedVectors

    return _source(
        f"gensim {form}",
        opened,
        lambda path: KeyedVectors.load_word2vec_format(path, binary=form == "binary", no_header=form == "glove"),
    )


def _source(reader: str, opened: Opened, load: Any) -> Source:
    with quiet():
        try:
            vectors = load(str(opened.path))
        except Exception as error:  # whatever a broken file makes gensim raise
            raise BadFile(f"gensim cannot load {opened.path}: {error}", "check that the file is whole") from error
    words = vectors.index_to_key
    if len(words) != len(vectors.vectors) or not all(isinstance(word, str) and word for word in words):
        raise BadFile(f"{opened.path} has {len(vectors.vectors)} vectors, but not a word for each", "check the file")
    return Source(reader, len(words), _blocks(opened, words, vectors.vectors), [])


def _blocks(opened: Opened, words: Sequence[str], vectors: Any) -> Iterator[Block]:
    for start in range(0, len(words), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        try:
            yield [word.encode() for word in words[rows]], np.ascontiguousarray(vectors[rows], np.float32)
        except UnicodeEncodeError as error:
            raise BadFile(f"{opened.path}: the word {error.object!r:.60} is not UTF-8", "convert the file") from None
    opened.check_unchanged()


def _walk_fasttext(opened: Opened) -> None:
    """Check that every part of a fastText `.bin` is there and that nothing is behind the last.

    The layout is that of fastText's FastText::loadModel: arguments, dictionary, input and output matrix.
    """
    file = opened.stream

    def take(form: str) -> tuple[Any, ...]:
        data = file.read(struct.calcsize(form))
        if len(data) < struct.calcsize(form):
            raise _bad_fasttext(opened, "the file is cut")
        return struct.unpack(form, data)

    _, version = take("<ii")
    if version not in (11, 12):
        raise _bad_fasttext(opened, f"its version is {version}, not 11 or 12")
    dim, *_, _ = take("<12id")
    size, words, labels, _, pruned = take("<iiiqq")
    if dim < 1 or words < 1 or labels < 0 or size != words + labels or size * 10 > opened.size:
        raise _bad_fasttext(opened, f"a dictionary of {size} entries and vectors of {dim} numbers do not fit it")
    for entry in range(size):
        word = _word_of(file)
        if word is None:
            raise _bad_fasttext(opened, f"word {entry + 1} does not end")
        try:
            word.decode()
        except UnicodeDecodeError:
            raise _bad_fasttext(opened, f"word {entry + 1} is not UTF-8") from None
        take("<qb")
    for _ in range(max(pruned, 0)):
        take("<ii")
    for _ in range(2):
        (quantised,) = take("<?")
        if quantised:
            raise _bad_fasttext(opened, "it is quantised, which gensim cannot read")
        rows, columns = take("<qq")
        if columns != dim or rows < 0 or file.tell() + 4 * rows * columns > opened.size:
            raise _bad_fasttext(opened, f"a matrix of {rows} rows of {columns} numbers does not fit it")
        _check_finite(opened, rows * columns)
    if file.tell() != opened.size:
        raise _bad_fasttext(opened, "there is something behind its end")


def _word_of(file: IO[bytes]) -> bytes | None:
    """The bytes up to the next NUL."""
    word = b""
    while len(word) <= LONGEST_WORD:
        seen: bytes = file.peek(64)  # type: ignore[attr-defined]
        end = seen.find(b"\0")
        if not seen:
            return None
        word += file.read(end if end >= 0 else len(seen))
        if end >= 0:
            file.read(1)
            return word
    return None


def _check_finite(opened: Opened, count: int) -> None:
    while count:
        part = np.frombuffer(opened.stream.read(4 * min(count, 1 << 18)), "<f4")
        if not len(part) or not np.isfinite(part).all():
            raise _bad_fasttext(opened, "a number is not finite")
        count -= len(part)


def _bad_fasttext(opened: Opened, problem: str) -> BadFile:
    return BadFile(f"{opened.path} is no whole fastText model: {problem}", "fetch it again, or add its .vec file")


def fetch(name: str, folder: Path) -> Path:
    """The file of a model in gensim's catalogue, downloaded into `folder` with its checksum; its code is not run.

    What an earlier download left half-finished is cleared away. UnknownModel for a name the catalogue does
    not have, InputOutputProblem without a network.
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
        for made in (folder, folder.parent):  # by gensim, for nothing
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
    """gensim stops at a `_tmp` folder that an interrupted download left, and takes an empty one for a model."""
    import shutil

    shutil.rmtree(target.with_name(f"{target.name}_tmp"), ignore_errors=True)
    if target.is_dir() and not any(path.suffix == ".gz" for path in target.iterdir()):
        shutil.rmtree(target, ignore_errors=True)


def keyed_vectors(vectors: Any, norms: Any, words: Sequence[str]) -> "KeyedVectors":
    """A KeyedVectors over arrays as they are: vectors float32 [rows, dim], norms float32 [rows]."""
    from gensim.models import KeyedVectors

    keyed = KeyedVectors(vectors.shape[1])
    keyed.index_to_key = list(words)
    keyed.key_to_index = {word: row for row, word in enumerate(words)}
    keyed.vectors, keyed.norms = vectors, norms
    return keyed


@contextmanager
def quiet() -> Iterator[None]:
    """gensim's downloader draws on stdout, and its loggers print tracebacks: stdout is data here."""
    logger = logging.getLogger("gensim")
    handler = logging.NullHandler()
    logger.addHandler(handler)
    try:
        with redirect_stdout(sys.stderr if sys.stderr.isatty() else StringIO()):
            yield
    finally:
        logger.removeHandler(handler)
