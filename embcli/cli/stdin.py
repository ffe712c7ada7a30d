"""Input from stdin: questions in blocks as they arrive, and words."""

import os
import re
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from select import select
from typing import NamedTuple

from embcli.errors import BadFile, InputOutputProblem, UsageProblem

READ_AT_ONCE = 1 << 16  # bytes
LONGEST_QUESTION = 1 << 20  # bytes
FULL_BLOCK = 1024  # the most lines of a block


class Line(NamedTuple):
    """A question as written. number: from 1. problem: why the line cannot be read."""

    number: int
    text: str
    problem: str = ""


Lines = list[Line]


# Whether the lines of stdin are those of a running program, so that its commands cannot read them.
_is_taken: ContextVar[bool] = ContextVar("is_taken", default=False)


@contextmanager
def without_stdin() -> Iterator[None]:
    """Within the block, a command cannot read stdin, which is the script itself, or the keys of a speaker."""
    usual, sys.stdin = sys.stdin, None
    token = _is_taken.set(True)
    try:
        yield
    finally:
        sys.stdin = usual
        _is_taken.reset(token)


def _no_stdin(what: str) -> UsageProblem:
    if _is_taken.get():
        return UsageProblem(f"{what} are not read from stdin here", "write each question on a line of its own")
    return UsageProblem(f"cannot read {what}: stdin is closed")


def blocks_of_lines(at_once: int = FULL_BLOCK, *, with_empty: bool = False) -> Iterator[Lines]:
    """The available lines in blocks of up to `at_once`, and an empty block before each read that may wait.

    with_empty: whether empty lines are returned.

    So each line of a slow writer is answered at once, and all pending answers are written before waiting.
    """
    if sys.stdin is None:
        raise _no_stdin("questions")
    rest, number, ended = b"", 0, False
    ready: deque[Line] = deque()
    while not ended or ready:
        while not ended and len(ready) < at_once and (not ready or _more_is_there()):
            if not _more_is_there():
                yield []
            piece = sys.stdin.buffer.read1(READ_AT_ONCE)  # type: ignore[union-attr]
            *whole, rest = (rest + piece).split(b"\n")
            if not piece:
                whole, ended = [rest], True
            for line in whole:
                number += 1
                read = _read_line(number, line)
                if read.text or (with_empty and not read.problem):
                    ready.append(read)
            rest = rest[:LONGEST_QUESTION]  # bounds the memory of a line that is too long
        yield [ready.popleft() for _ in range(min(len(ready), at_once))]


def read_words(arguments: Iterable[str], *, is_used: bool = False) -> list[str]:
    """Words from arguments: `-` stands for the lines of stdin, and `"-"` in quotes for the word `-`.

    is_used: whether the questions are read from stdin. Raises UsageProblem.
    """
    from embcli.queries.arguments import join_quoted, refuse_signs
    from embcli.queries.expression import unquote

    words: list[str] = []
    given = join_quoted([*arguments])
    refuse_signs(given)
    for place, argument in enumerate(given, start=1):
        if argument != "-":
            words.append(unquote(argument))
        elif is_used:
            raise UsageProblem("words and questions cannot both come from stdin", "for the word itself, write '\"-\"'")
        elif place < len(given):
            raise UsageProblem(
                '"-" reads words from stdin and must come last',
                "to subtract, quote the expression; for the word itself, write '\"-\"'",
            )
        else:
            words += _lines_of_stdin()
    return words


def read_candidates(source: str, *, is_used: bool) -> tuple[str, ...]:
    """Candidate words: `a,b,c`, the path of a file with one word per line, or `-` for such lines on stdin."""
    lines = _read_lines(source, "words: a,b,c", is_used=is_used)
    return tuple(word.strip() for word in source.split(",") if word.strip()) if lines is None else lines


def read_pairs(source: str, *, is_used: bool) -> str:
    """Pairs of words: `puppy:puppies,cat:cats`, the path of a file with one pair per line, or `-` for stdin.

    The words of a line may also be separated by a comma, a tab or blanks.
    """
    lines = _read_lines(source, "pairs: puppy:puppies", is_used=is_used)
    return source if lines is None else ",".join(":".join(re.split(r"[:,\s]+", line, maxsplit=1)) for line in lines)


def _read_lines(source: str, other: str, *, is_used: bool) -> tuple[str, ...] | None:
    """The lines of stdin (`-`) or of a file, without blank ones; None if the text is no path."""
    if source == "-":
        return tuple(read_words(["-"], is_used=is_used))
    path = Path(source)
    if not _is_file(path):
        if "," not in source and (os.sep in source or re.search(r"\.(txt|csv|tsv|lst|words)$", source)):
            raise InputOutputProblem(f"there is no file {source}", f"check the path, or give {other}")
        return None
    try:
        lines = path.read_bytes().decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise BadFile(f"{path} is not UTF-8", "convert it to UTF-8") from None
    except OSError as error:
        raise InputOutputProblem(f"cannot read {path}: {error.strerror}", "check the path") from error
    return tuple(word for line in lines if (word := line.strip()))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a text longer than any name of a file
        return False


def _read_line(number: int, line: bytes) -> Line:
    """Decode a line; `problem` says why a line cannot be read."""
    problem = ""
    if len(line) >= LONGEST_QUESTION:
        line, problem = line[:100], f"is longer than {LONGEST_QUESTION:,} bytes"
    text = line.decode("utf-8-sig" if number == 1 else "utf-8", "replace").strip()
    if not problem and "\N{REPLACEMENT CHARACTER}" in text:
        problem = "is not UTF-8"
    return Line(number, text, problem)


def _more_is_there() -> bool:
    """Whether stdin can be read without waiting; False where select does not support it (Windows)."""
    try:
        return bool(select([sys.stdin], [], [], 0)[0])
    except (OSError, ValueError):
        return False


def _lines_of_stdin() -> list[str]:
    if sys.stdin is None:
        raise _no_stdin("words")
    lines = []
    for number, line in enumerate(sys.stdin.buffer, start=1):
        try:
            word = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
        except UnicodeDecodeError:
            raise BadFile(f"line {number} of stdin is not UTF-8", "convert it to UTF-8") from None
        if word:
            lines.append(word)
    return lines
