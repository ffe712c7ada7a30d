"""Write a model for other tools: word2vec's text and binary formats, and gensim's native format."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from embcli.errors import InputOutputProblem, UsageProblem
from embcli.readers import ROWS_AT_ONCE
from embcli.readers.layout import Layout, Problem
from embcli.readers.text import Chunk, parse
from embcli.vectors.arithmetic import Float32Array
from embcli.vectors.space import VectorSpace

EXPORT_FORMATS = ("word2vec", "binary", "kv")
FORMAT_OF_SUFFIX = {".txt": "word2vec", ".vec": "word2vec", ".bin": "binary", ".kv": "kv"}
# Words that the text format supports without a check: no spaces and no control characters.
PLAIN_WORD = re.compile(r"[^\s\x00-\x1f]{1,1000}")


def export(
    space: VectorSpace, file: str | os.PathLike[str], format_name: str | None = None, *, force: bool = False
) -> str:
    """Write a space to a file, atomically; returns the format.

    `force` replaces an existing file, but only a regular file. Text has the fewest digits that read back as the same 32
    bits. For a large matrix, gensim's `.kv` has a second file. Raises UsageProblem, InputOutputProblem.
    """
    file = Path(file)
    format_name = format_name or FORMAT_OF_SUFFIX.get(file.suffix)
    if format_name not in EXPORT_FORMATS:
        raise UsageProblem(f"the suffix of {file.name} does not determine a format", "use --as word2vec, binary or kv")
    file = file.resolve()  # the target of a link
    if file.exists() and not (force and file.is_file()):
        kind = "exists" if file.is_file() else "is not a regular file"
        raise UsageProblem(f"{file} {kind}", "choose another name, or replace a file with --force")
    try:
        if format_name == "kv":
            space.to_gensim().save(str(file))
            return format_name
        temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
        try:
            with temporary.open("wb") as out:
                _write(space, out, text=format_name == "word2vec")
            temporary.replace(file)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise InputOutputProblem(f"cannot write {file}: {error.strerror or error}", "choose another path") from error
    return format_name


def _write(space: VectorSpace, out: IO[bytes], *, text: bool) -> None:
    out.write(f"{len(space)} {space.dim}\n".encode())
    for words, vectors in blocks_of(space):
        if text:
            for word in words:
                _check_text(word)
            lines = (f"{word} {' '.join(map(str, row))}\n" for word, row in zip(words, vectors, strict=True))
            out.write("".join(lines).encode())
        else:
            for word in words:
                if min(word) <= " ":  # a space ends a word, and the reader rejects control characters
                    raise UsageProblem(
                        f'word2vec\'s binary format cannot contain the word "{word}"', "use --as word2vec or kv"
                    )
            out.write(b"".join(word.encode() + b" " + row.tobytes() for word, row in zip(words, vectors, strict=True)))


def _check_text(word: str) -> None:
    """Raise UsageProblem for a word that the text reader would reject, or read as another word."""
    if PLAIN_WORD.fullmatch(word):
        return
    read = parse(Chunk(f"{word} 0.5\n".encode(), 1, Layout(1)))
    if isinstance(read, Problem) or read[0] != word.encode():
        raise UsageProblem(f'word2vec\'s text format cannot contain the word "{word}"', "use --as kv")


def blocks_of(space: VectorSpace) -> Iterator[tuple[list[str], Float32Array]]:
    """The words and vectors of a space, by blocks of rows."""
    for first in range(0, len(space), ROWS_AT_ONCE):
        rows = slice(first, first + ROWS_AT_ONCE)
        yield space.vocabulary[rows], space.vectors[rows]
