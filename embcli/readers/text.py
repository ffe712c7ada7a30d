"""Vectors as text: the formats of word2vec and fastText with a header of counts, the format of GloVe without.

A row is a line of a word and its numbers, separated by a space or a tab. Words may contain spaces (GloVe 840B has
`. . .`), so the numbers are counted from the right. Every line must contain a word and the same number of finite
numbers, and end with a line feed: a last line without one was probably truncated inside its last number, which no
other check detects.

Numbers are read as 64-bit floats and rounded to 32 bits, as in gensim. Large files are parsed by worker processes.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from embcli.errors import BadFile
from embcli.readers import Block, Source
from embcli.readers.decimals import parse_decimals
from embcli.readers.source_file import SourceFile
from embcli.workers import WorkerLost, Workers, processors

BOM = b"\xef\xbb\xbf"
BYTES_AT_ONCE = 1 << 21
LONGEST_LINE = 1 << 22
LONGEST_WORD = 10_000
MOST_NUMBERS = 1_000_000  # per row
# Below this size, starting workers takes longer than parsing.
BYTES_WORTH_PROCESSES = 1 << 23
HEADER = re.compile(rb"\s*(\d{1,18})[ \t]+(\d{1,9})\s*")
EXAMPLE = "every line must contain a word and its numbers"


class Problem(NamedTuple):
    """An error in a line."""

    line: int
    text: str


class Chunk(NamedTuple):
    """Complete lines of a file. first: the number of the first line. dim: the expected numbers per line."""

    lines: bytes
    first: int
    dim: int


ParsedRows = tuple[bytes, npt.NDArray[np.float32]]  # words, joined by line feeds, and vectors


def read(opened: SourceFile, *, header: bool) -> Source:
    """The rows of a text file, with or without a header. Raises BadFile with the file and the line."""
    stream, first_line, notes = opened.stream, 1, []
    if stream.peek(3).startswith(BOM):  # type: ignore[attr-defined]
        stream.read(len(BOM))
        notes.append("its byte order mark was skipped")
    rows = dim = None
    if header:
        line = stream.readline(LONGEST_LINE)
        match = HEADER.fullmatch(line)
        if match is None:
            raise _bad(opened, Problem(1, "this is not a header of two counts, rows and numbers"))
        rows, dim = int(match[1]), int(match[2])
        first_line = 2
        size = opened.plain_size()
        if rows < 1 or not 1 <= dim <= MOST_NUMBERS or (size is not None and rows * (2 * dim + 2) > size):
            raise _bad(
                opened,
                Problem(1, f"the header declares {rows} rows of {dim} numbers, but the file is too small for them"),
            )
    return Source("text", rows, _blocks(opened, first_line, rows, dim, notes), notes)


def parse(chunk: Chunk) -> ParsedRows | Problem:
    """The words and vectors of a chunk, or the first problem in it."""
    lines = chunk.lines
    for odd, plain in ((b"\t", b" "), (b"\r\n", b"\n")):
        if odd in lines:
            lines = lines.replace(odd, plain)
    if b" \n" in lines:  # fastText writes a space at the end of lines
        lines = b"\n".join([line.rstrip(b" ") for line in lines.split(b"\n")])
    if b"\r" in lines:
        return Problem(
            chunk.first + lines[: lines.index(b"\r")].count(b"\n"), "there is a carriage return inside the line"
        )
    pairs = [line.partition(b" ") for line in lines[:-1].split(b"\n")]
    words = [pair[0] for pair in pairs]
    numbers = [pair[2] for pair in pairs]
    gaps = chunk.dim - 1
    for i, text in enumerate(numbers):
        if text.count(b" ") != gaps or not words[i] or not text:
            split = _split_from_the_right(words[i] + b" " + text, chunk.first + i, chunk.dim)
            if isinstance(split, Problem):
                return split
            words[i], numbers[i] = split
    together = b" ".join(numbers)
    vectors = parse_decimals(together, len(words) * chunk.dim)
    blob = b"\n".join(words)
    if vectors is None or not _is_text(blob) or max(map(len, words)) > LONGEST_WORD:
        return _first_problem(words, numbers, chunk)
    return blob, vectors.reshape(len(words), chunk.dim)


def _is_text(words: bytes) -> bool:
    try:
        words.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in words


def _split_from_the_right(line: bytes, number: int, dim: int) -> tuple[bytes, bytes] | Problem:
    """The word and the numbers of a line whose word may contain spaces."""
    parts = line.strip(b" ").split(b" ")
    found = len(parts) - 1
    if line.strip(b" ") == b"":
        return Problem(number, "the line is empty")
    if line.startswith(b" "):
        return Problem(number, "the line has no word")
    if found < dim:
        return Problem(number, f"{_count(found, 'number')} instead of {dim}")
    if found > dim and any(map(is_number, parts[1:-dim])):  # no part of a word with spaces may be a number
        return Problem(number, f"{_count(sum(map(is_number, parts[1:])), 'number')} instead of {dim}")
    return b" ".join(parts[:-dim]), b" ".join(parts[-dim:])


def _first_problem(words: list[bytes], numbers: list[bytes], chunk: Chunk) -> Problem:
    for i, (word, text) in enumerate(zip(words, numbers, strict=True)):
        line = chunk.first + i
        if len(word) > LONGEST_WORD:
            return Problem(line, f"the word has {len(word):,} bytes, more than {LONGEST_WORD:,}")
        if not _is_text(word):
            return Problem(line, "the word contains a NUL byte" if b"\0" in word else "the word is not UTF-8")
        if parse_decimals(text, chunk.dim) is None:
            wrong = next((part for part in text.split(b" ") if parse_decimals(part, 1) is None), text)
            what = "too large or not finite" if is_number(wrong) else "not a number"
            return Problem(line, f'"{wrong[:40].decode("utf-8", "backslashreplace")}" is {what}')
    return Problem(chunk.first, "the numbers cannot be read")


def is_number(text: bytes) -> bool:
    """Whether Python parses this as a number, including infinities and NaN."""
    try:
        float(text)
    except ValueError:
        return False
    return b"_" not in text


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _bad(opened: SourceFile, problem: Problem) -> BadFile:
    return BadFile(f"{opened.path}, line {problem.line}: {problem.text}", EXAMPLE)


def _blocks(opened: SourceFile, line: int, rows: int | None, dim: int | None, notes: list[str]) -> Iterator[Block]:
    seen, odd = 0, set[str]()
    for result in _parsed(opened, _chunks(opened, line, dim, odd)):
        if isinstance(result, Problem):
            raise _bad(opened, result)
        blob, vectors = result
        words = blob.split(b"\n")
        seen += len(words)
        if rows is not None and seen > rows:
            raise _bad(opened, Problem(line + rows, f"the header declares {rows} rows, but there are more"))
        yield words, vectors
    if rows is not None and seen < rows:
        raise _bad(
            opened, Problem(line + seen, f"the file ends after {seen} of the {rows} rows that its header declares")
        )
    opened.check_unchanged()
    notes.extend(sorted(odd))


def _chunks(opened: SourceFile, line: int, dim: int | None, odd: set[str]) -> Iterator[Chunk]:
    """The file in chunks of complete lines, without blank lines at the end."""
    rest = b""
    while piece := opened.stream.read(BYTES_AT_ONCE):
        data = rest + piece
        last = len(data[: data.rfind(b"\n") + 1].rstrip(b"\r\n"))  # end of the text of the last complete line
        cut = data.find(b"\n", last) + 1 if last else 0
        lines, rest = data[:cut], data[cut:]
        if len(rest) > LONGEST_LINE:
            text = (
                "the line is empty"
                if rest.startswith((b"\n", b"\r"))
                else f"the line has more than {LONGEST_LINE:,} bytes"
            )
            raise _bad(opened, Problem(line + lines.count(b"\n"), text))
        if not lines:
            continue
        if b"\r\n" in lines:
            odd.add("its lines end with CRLF")
        if b"\t" in lines:
            odd.add("its columns are separated by tabs")
        dim = dim or _dim_of(opened, lines, line)
        yield Chunk(lines, line, dim)
        line += lines.count(b"\n")
    if rest.strip(b"\r\n"):
        raise _bad(
            opened,
            Problem(line, "the last line has no line feed, so the file may be truncated; if it is complete, add one"),
        )
    if rest:
        odd.add("blank lines at its end were skipped")


def _dim_of(opened: SourceFile, lines: bytes, line: int) -> int:
    """The numbers per row, by majority of the first ten lines, whose words may contain spaces."""
    dims = []
    for text in lines.split(b"\n", 10)[:10]:
        parts = text.split()
        run = next((i for i, part in enumerate(reversed(parts)) if not is_number(part)), len(parts))
        if parts:
            dims.append(min(run, len(parts) - 1))
    # By majority, so that a single short row is reported as an error instead of all others.
    dim = max(dims, key=dims.count, default=0)
    if not dim:
        raise _bad(opened, Problem(line, "the line has a word but no numbers"))
    return dim


def _parsed(opened: SourceFile, chunks: Iterator[Chunk]) -> Iterator[ParsedRows | Problem]:
    """The parsed chunks, in order; workers parse large files."""
    count = processors()
    if opened.size < BYTES_WORTH_PROCESSES or count == 1:
        yield from map(parse, chunks)
        return
    try:
        with Workers(parse, count) as workers:
            yield from workers.map(chunks)
    except WorkerLost as error:
        raise BadFile(
            f"{opened.path}: a worker process was killed (out of memory?)", "close other programs, then try again"
        ) from error
