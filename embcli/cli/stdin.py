"""Everything that is read from stdin: questions in blocks as they come, and words."""

import sys
from collections import deque
from collections.abc import Iterable, Iterator
from select import select
from typing import NamedTuple

from embcli.errors import BadFile, UsageProblem

READ_AT_ONCE = 1 << 16  # bytes
LONGEST_QUESTION = 1 << 20  # bytes
FULL_BLOCK = 1024  # lines


class Line(NamedTuple):
    """A question as it was written. number: from 1. problem: why it cannot be read at all."""

    number: int
    text: str
    problem: str = ""


Lines = list[Line]


def blocks_of_lines() -> Iterator[Lines]:
    """The lines that stand ready, in blocks; an empty block before waiting for more.

    So a slow writer gets each answer at once, and one that waits for answers gets all of them.
    """
    if sys.stdin is None:
        raise UsageProblem("there is nothing to read questions from: stdin is closed")
    rest, number, ended = b"", 0, False
    ready: deque[Line] = deque()
    while not ended or ready:
        while not ended and len(ready) < FULL_BLOCK and (not ready or _more_is_there()):
            if not _more_is_there():
                yield []
            piece = sys.stdin.buffer.read1(READ_AT_ONCE)  # type: ignore[union-attr]
            *whole, rest = (rest + piece).split(b"\n")
            if not piece:
                whole, ended = [rest], True
            for line in whole:
                number += 1
                read = _read_line(number, line)
                if read.text:
                    ready.append(read)
            rest = rest[:LONGEST_QUESTION]  # of a line that is too long, no more is kept
        yield [ready.popleft() for _ in range(min(len(ready), FULL_BLOCK))]


def read_words(arguments: Iterable[str], *, is_used: bool = False) -> list[str]:
    """Words as arguments: `-` stands for the lines of stdin, and `"-"` in quotes for itself.

    is_used: whether stdin holds the questions already. UsageProblem.
    """
    from embcli.queries.expression import unquote

    words: list[str] = []
    for place, argument in enumerate(given := list(arguments), start=1):
        if argument != "-":
            words.append(unquote(argument))
        elif is_used:
            raise UsageProblem("stdin holds the questions, so it cannot hold the words", "the word itself is '\"-\"'")
        elif place < len(given):
            raise UsageProblem(
                '"-" stands for words from stdin, and stands last',
                "to subtract, put the expression in quotes; the word itself is '\"-\"'",
            )
        else:
            words += _lines_of_stdin()
    return words


def _read_line(number: int, line: bytes) -> Line:
    """A line as text; one that cannot be read gets its error in its place."""
    problem = ""
    if len(line) >= LONGEST_QUESTION:
        line, problem = line[:100], f"is longer than {LONGEST_QUESTION:,} bytes"
    text = line.decode("utf-8-sig" if number == 1 else "utf-8", "replace").strip()
    if not problem and "\N{REPLACEMENT CHARACTER}" in text:
        problem = "is not UTF-8"
    return Line(number, text, problem)


def _more_is_there() -> bool:
    """Whether stdin can be read without waiting; only POSIX can tell."""
    try:
        return bool(select([sys.stdin], [], [], 0)[0])
    except (OSError, ValueError):
        return False


def _lines_of_stdin() -> list[str]:
    if sys.stdin is None:
        raise UsageProblem("there is nothing to read words from: stdin is closed")
    lines = []
    for number, line in enumerate(sys.stdin.buffer, start=1):
        try:
            word = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
        except UnicodeDecodeError:
            raise BadFile(f"line {number} of stdin is not UTF-8", "convert it to UTF-8") from None
        if word:
            lines.append(word)
    return lines
