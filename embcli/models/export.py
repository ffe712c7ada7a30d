"""Write a model for other tools: word2vec's text and binary formats, and gensim's own."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from embcli.errors import InputOutputProblem, UsageProblem
from embcli.models.open import StoredSpace
from embcli.readers import ROWS_AT_ONCE
from embcli.readers.layout import Layout
from embcli.readers.text import Chunk, Problem, parse

EXPORT_FORMATS = ("word2vec", "binary", "kv")
FORMAT_OF_SUFFIX = {".txt": "word2vec", ".vec": "word2vec", ".bin": "binary", ".kv": "kv"}
# A word that text surely holds: one run of characters that separate nothing.
PLAIN_WORD = re.compile(r"[^\s\x00-\x1f]{1,1000}")


def export(space: StoredSpace, file: Path, format_name: str | None = None, *, force: bool = False) -> str:
    """Write a model to a file; returns the format. The file appears whole or not at all.

    A file that is there is replaced only with `force`, and nothing but a plain file ever is.

    Text spells each number with the fewest digits that read back as the same 32 bits. gensim's `.kv` keeps
    a large matrix in a second file beside it, as gensim does. UsageProblem, InputOutputProblem.
    """
    format_name = format_name or FORMAT_OF_SUFFIX.get(file.suffix)
    if format_name not in EXPORT_FORMATS:
        raise UsageProblem(
            f"the name {file.name} does not say in which format to write", "use --as word2vec, binary or kv"
        )
    file = file.resolve()  # of a link, what it leads to
    if file.exists() and not (force and file.is_file()):
        kind = "is there already" if file.is_file() else "is not a plain file"
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
        raise InputOutputProblem(f"cannot write {file}: {error.strerror or error}", "choose another place") from error
    return format_name


def _write(space: StoredSpace, out: IO[bytes], *, text: bool) -> None:
    out.write(f"{len(space)} {space.dim}\n".encode())
    for words, vectors in _blocks(space):
        if text:
            for word in words:
                _check_text(word)
            lines = (f"{word} {' '.join(map(str, row))}\n" for word, row in zip(words, vectors, strict=True))
            out.write("".join(lines).encode())
        else:
            for word in words:
                if min(word) <= " ":  # a space ends a word there, and control characters show a file read out of step
                    raise UsageProblem(
                        f'word2vec\'s binary format cannot hold the word "{word}"', "use --as word2vec or kv"
                    )
            out.write(b"".join(word.encode() + b" " + row.tobytes() for word, row in zip(words, vectors, strict=True)))


def _check_text(word: str) -> None:
    """UsageProblem for a word that the reader of text would refuse, or take for another one."""
    if PLAIN_WORD.fullmatch(word):
        return
    read = parse(Chunk(f"{word} 0.5\n".encode(), 1, Layout(1)))
    if isinstance(read, Problem) or read[0] != word.encode():
        raise UsageProblem(f'word2vec\'s text format cannot hold the word "{word}"', "use --as kv")


def _blocks(space: StoredSpace) -> Iterator[tuple[list[str], np.ndarray]]:
    for first in range(0, len(space), ROWS_AT_ONCE):
        rows = slice(first, first + ROWS_AT_ONCE)
        yield space.vocabulary[rows], space.vectors[rows]
