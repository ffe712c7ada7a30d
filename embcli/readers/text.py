"""Vectors as text: the formats of word2vec and fastText with a header of counts, the format of GloVe without.

A row is a line of a word and its numbers, separated by a space or a tab. Words may contain spaces (GloVe 840B has
`. . .`), so the numbers are counted from the right. Every line must contain a word and the same number of finite
numbers, and end with a line feed: a last line without one was probably truncated inside its last number, which no
other check detects.

Numbers are read as 64-bit floats and rounded to 32 bits, as in gensim. Large files are parsed by worker processes.
"""

import csv
import re
from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from embcli.errors import BadFile, UsageProblem
from embcli.readers import BOM, LONGEST_WORD, Block, ReadOptions, Source, counted
from embcli.readers.columns import NUMBERS_ALONE
from embcli.readers.decimals import parse_decimals
from embcli.readers.layout import SAMPLE, Layout, Problem, counted_layout, find_layout
from embcli.readers.source_file import SourceFile
from embcli.readers.words import with_words
from embcli.workers import Workers, processors

BYTES_AT_ONCE = 1 << 21
LONGEST_LINE = 1 << 22
MOST_NUMBERS = 1_000_000  # a row
# Below this size, starting other processes takes longer than the parsing.
BYTES_WORTH_PROCESSES = 1 << 23
HEADER = re.compile(rb"\s*(\d{1,18})[ \t]+(\d{1,9})\s*")
EXAMPLE = "every line must contain a word and its numbers"
UNENDED = "if it is complete, add one"
# What is looked at to find format and layout: enough for a header and a line of some thousand numbers.
LOOK = 1 << 16
AS_SHOWN = ReadOptions()


class Chunk(NamedTuple):
    """Whole lines of a file, the first of them with its number. is_counted: whether a line of counts says how many
    numbers a row has.
    """

    lines: bytes
    first: int
    layout: Layout
    is_counted: bool = False


ParsedRows = tuple[bytes, npt.NDArray[np.float32]]  # words, joined by line feeds, and vectors


def read(opened: SourceFile, *, has_counts: bool, options: ReadOptions = AS_SHOWN) -> Source:
    """The rows of a text file, with or without a first line of counts. Raises BadFile with the file and the line."""
    stream, first_line, notes = opened.stream, 1, []
    if stream.peek(3).startswith(BOM):  # type: ignore[attr-defined]
        stream.read(len(BOM))
        notes.append("its byte order mark was skipped")
    rows = dim = None
    if has_counts:
        line = stream.readline(LONGEST_LINE)
        match = HEADER.fullmatch(line)
        if match is None:
            raise _bad(opened, Problem(1, "this is not a header of two counts, rows and numbers"))
        rows, dim = int(match[1]), int(match[2])
        first_line = 2
        size = opened.plain_size()
        if rows < 1 or not 1 <= dim <= MOST_NUMBERS or (size is not None and rows * (2 * dim + 2) > size):
            size_of_header = f"{counted(rows, 'row')} of {counted(dim, 'number')}"
            text = f"the header declares {size_of_header}, but the file is too small for them"
            raise _bad(opened, Problem(1, text))
    layout = _layout(opened, first_line, dim, options)
    notes += layout.found
    blocks = _blocks(opened, first_line, rows, layout, notes, options.limit)
    return Source("text", rows, with_words(blocks, options.words, notes) if options.words else blocks, notes)


def _layout(opened: SourceFile, line: int, dim: int | None, options: ReadOptions) -> Layout:
    """The layout of the lines that come next; below a line of counts, a word and numbers with blanks between."""
    look: bytes = opened.stream.peek(LOOK)[:LOOK]  # type: ignore[attr-defined]
    *whole, last = look.replace(b"\r\n", b"\n").split(b"\n")
    whole = whole[:SAMPLE] or [last]
    for number, text in enumerate(whole, start=line):
        if not text.strip(b" \t"):
            if number == line or any(after.strip(b" \t") for after in whole[number - line :]):
                raise _bad(opened, Problem(number, "the line is empty"))
            whole = whole[: number - line]
            break
    lines = [text.decode("utf-8", "replace") for text in whole]
    if line == 1 and len(lines) == 1 and HEADER.fullmatch(whole[0]):
        raise _bad(opened, Problem(1, "the file is empty but for two counts"))
    try:
        if dim is not None:
            return counted_layout(lines, dim, has_words=options.words is None)
        any_word = options.format_name == "glove"
        found = find_layout(lines, header=options.header, has_words=options.words is None, any_word=any_word)
    except UsageProblem as error:
        raise BadFile(f"{opened.path}: {error.message}", error.hint) from None
    if isinstance(found, Problem):
        raise _bad(opened, found._replace(line=line + found.line - 1))
    return found


def parse(chunk: Chunk) -> ParsedRows | Problem:
    """The words and vectors of a chunk, or the first problem in it."""
    lines = chunk.lines.replace(b"\r\n", b"\n")
    is_plain = chunk.layout.is_plain
    if is_plain and chunk.layout.separator == "\t":  # unless a field has blanks, or none is empty
        is_plain = b" " not in lines and b"\t\t" not in lines
    if is_plain:
        lines = lines.replace(b"\t", b" ")
    if b"\r" in lines:
        return Problem(
            chunk.first + lines[: lines.index(b"\r")].count(b"\n"), "there is a carriage return inside the line"
        )
    split = (_split_plain if is_plain else _split_fields)(lines, chunk)
    if isinstance(split, Problem):
        return split
    words, numbers = split
    dim = chunk.layout.dim
    vectors = parse_decimals(b" ".join(numbers), len(words) * dim)
    blob = b"\n".join(words)
    if vectors is None or not _is_text(blob) or max(map(len, words)) > LONGEST_WORD:
        return _first_problem(words, numbers, chunk)
    return blob, vectors.reshape(len(words), dim)


def _split_plain(lines: bytes, chunk: Chunk) -> tuple[list[bytes], list[bytes]] | Problem:
    """The words and the numbers of lines whose columns are separated by one or more blanks."""
    if b"  " in lines:
        lines = re.sub(rb" {2,}", b" ", lines)
    if b" \n" in lines or b"\n " in lines or lines.startswith(b" "):
        lines = b"\n".join([line.strip(b" ") for line in lines.split(b"\n")])
    pairs = [line.partition(b" ") for line in lines[:-1].split(b"\n")]
    words = [pair[0] for pair in pairs]
    numbers = [pair[2] for pair in pairs]
    gaps = chunk.layout.dim - 1
    for i, text in enumerate(numbers):
        if text.count(b" ") != gaps or not words[i] or not text:
            split = _split_from_the_right(words[i] + b" " + text, chunk.first + i, chunk)
            if isinstance(split, Problem):
                return split
            words[i], numbers[i] = split
    return words, numbers


def _split_fields(lines: bytes, chunk: Chunk) -> tuple[list[bytes], list[bytes]] | Problem:
    """The words and the numbers of lines in any other layout."""
    layout = chunk.layout
    words, numbers = [], []
    for number, raw in enumerate(lines[:-1].split(b"\n"), start=chunk.first):
        try:
            fields = layout.fields(raw.decode())
        except UnicodeDecodeError:
            return Problem(number, "the line is not UTF-8")
        except csv.Error as error:
            return Problem(number, f"its quotes do not match ({error})")
        found = len(fields) - layout.before
        if not raw.strip():
            return Problem(number, "the line is empty")
        if found < layout.dim or (found > layout.dim and not layout.has_blanks_in_words):
            return Problem(number, f"{counted(max(found, 0), 'number')} instead of {layout.dim}")
        text = " ".join(fields[-layout.dim :])
        numbers.append((text.replace(",", ".") if layout.has_comma else text).encode())
        if layout.word is not None:
            last = len(fields) - layout.dim if layout.has_blanks_in_words else layout.word + 1
            words.append(" ".join(fields[layout.word : last]).encode())
            if not words[-1]:
                return Problem(number, "the line has no word")
        else:
            words.append(b"")
    return words, numbers


def _is_text(words: bytes) -> bool:
    try:
        words.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in words


def _split_from_the_right(line: bytes, number: int, chunk: Chunk) -> tuple[bytes, bytes] | Problem:
    """The word and the numbers of a line whose word may hold spaces."""
    dim = chunk.layout.dim
    parts = line.strip(b" ").split(b" ")
    found = len(parts) - 1
    if line.strip(b" ") == b"":
        return Problem(number, "the line is empty")
    if found < dim:
        return Problem(number, f"{counted(found, 'number')} instead of {dim}")
    # A number before the others shows a row that is too long; but below a line of counts, which says how long rows are,
    # a whole number ends the word: `windows 95 0.1 0.2`.
    extra = [part for part in parts[1:-dim] if is_number(part)] if found > dim else []
    if extra and not (chunk.is_counted and all(part.isdigit() for part in extra)):
        return Problem(number, f"{counted(sum(map(is_number, parts[1:])), 'number')} instead of {dim}")
    return b" ".join(parts[:-dim]), b" ".join(parts[-dim:])


def _first_problem(words: list[bytes], numbers: list[bytes], chunk: Chunk) -> Problem:
    for i, (word, text) in enumerate(zip(words, numbers, strict=True)):
        line = chunk.first + i
        if len(word) > LONGEST_WORD:
            return Problem(line, f"the word has {len(word):,} bytes, more than {LONGEST_WORD:,}")
        if not _is_text(word):
            return Problem(line, "the word holds a NUL byte" if b"\0" in word else "the word is not UTF-8")
        if parse_decimals(text, chunk.layout.dim) is None:
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


def _bad(opened: SourceFile, problem: Problem) -> BadFile:
    return BadFile(f"{opened.path}, line {problem.line}: {problem.text}", EXAMPLE)


def _blocks(
    opened: SourceFile, line: int, rows: int | None, layout: Layout, notes: list[str], limit: int | None
) -> Iterator[Block]:
    seen, odd, are_numbers, has_fractions = 0, set[str](), layout.are_numbers, False
    for _ in range(layout.skipped):
        opened.stream.readline(LONGEST_LINE)
        line += 1
    chunks = _chunks(opened, line, layout, rows is not None, odd)
    for result in _parsed(opened, chunks if limit is None else _limited(chunks, limit)):
        if isinstance(result, Problem):
            raise _bad(opened, result)
        blob, vectors = result
        words = blob.split(b"\n")
        seen += len(words)
        if are_numbers:
            are_numbers = all(map(is_number, words))
            has_fractions = has_fractions or not all(word.strip(b"+-").isdigit() for word in words)
        if rows is not None and seen > rows:
            raise _bad(opened, Problem(line + rows, f"the header declares {counted(rows, 'row')}, but there are more"))
        yield words, vectors
    if limit is not None and seen == limit:
        return
    if rows is not None and seen < rows:
        raise _bad(
            opened,
            Problem(line + seen, f"the file ends after {seen} of the {counted(rows, 'row')} that its header declares"),
        )
    if are_numbers and has_fractions:
        message, hint = NUMBERS_ALONE
        raise BadFile(f"{opened.path}: {message}", hint)
    opened.check_unchanged()
    notes.extend(sorted(odd))


def _chunks(opened: SourceFile, line: int, layout: Layout, is_counted: bool, odd: set[str]) -> Iterator[Chunk]:
    """The file in chunks of whole lines, without the blank lines at its end."""
    blank = b"\r\n" + layout.separator.strip(" ").encode()  # a line without fields
    rest = b""
    while piece := opened.stream.read(BYTES_AT_ONCE):
        data = rest + piece
        last = len(data[: data.rfind(b"\n") + 1].rstrip(blank))  # end of the text of the last complete line
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
        yield Chunk(lines, line, layout, is_counted)
        line += lines.count(b"\n")
    if rest.strip(blank):
        if not _has_fixed_decimals(opened, layout):
            raise _bad(
                opened, Problem(line, f"the last line has no line feed, so the file may be truncated; {UNENDED}")
            )
        odd.add(
            "its last line has no line feed, but its last number is complete: it has as many decimals as those above"
        )
        yield Chunk(rest.rstrip(b"\r") + b"\n", line, layout, is_counted)
        return
    if rest:
        odd.add("blank lines at its end were skipped")


def _limited(chunks: Iterator[Chunk], limit: int) -> Iterator[Chunk]:
    """The chunks up to a number of lines."""
    for chunk in chunks:
        count = chunk.lines.count(b"\n")
        if count >= limit:
            yield chunk._replace(lines=b"".join(chunk.lines.splitlines(keepends=True)[:limit]))
            return
        yield chunk
        limit -= count


def _has_fixed_decimals(opened: SourceFile, layout: Layout) -> bool:
    """Whether the last column has one number of decimals in all lines, the last one too: a cut would show there.

    A number in scientific notation has its exponent after them.
    """
    mark = b"," if layout.has_comma else rb"\."
    pattern = re.compile(mark + rb"(\d+(?:[eE][+-]?\d+)?)\"?[ \t]*\r?$")
    decimals = set[int]()
    with closing(SourceFile(opened.path)) as again:
        lines = matched = 0
        while line := again.stream.readline(LONGEST_LINE):
            lines += 1
            found = pattern.search(line.removesuffix(b"\n"))
            if found is None and lines > 1:  # the first line may have counts, or names
                return False
            if found is not None:
                matched += 1
                decimals.add(len(found[1]))
    return len(decimals) == 1 and matched > 1


def _parsed(opened: SourceFile, chunks: Iterator[Chunk]) -> Iterator[ParsedRows | Problem]:
    """The parsed chunks, in order; workers parse large files."""
    count = processors()
    if opened.size < BYTES_WORTH_PROCESSES or count == 1:
        yield from map(parse, chunks)
        return
    with Workers(parse, count) as workers:
        yield from workers.map(chunks)
