"""Files of word pairs with human ratings, in the layouts in which they are published.

Columns are separated by tabs, semicolons, commas or blanks, with or without quotes. The words are the first two columns
of text. The rating is the column that the header names, else the first column of numbers after the words. So the
original files of SimLex-999 (ten columns), SimVerb-3500, RareWords, WordSim-353 (raters beside the mean) and MEN load.
"""

import csv
import math
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from embcli.errors import BadFile, UsageProblem
from embcli.evaluation.question_sets import RATING_SUFFIXES, as_path, files_of, numbered_lines

# Names of the column of ratings, the best first, as regular expressions.
RATING_NAMES = (
    r"simlex-?999", r"simverb.*", r"human.*mean.*", r"mean.*", r"(avg|average).*", r"(human|gold)[ _-]?(score|rating)?",
    r"score", r"rating", r"sim(ilarity)?", r"relatedness", r"judg.*",
)  # fmt: skip
MISSING = {"", "na", "n/a", "nan", "null", "none", "-", "?", ".", "inf", "-inf", "infinity"}
RATING_EXAMPLE = "for example: tiger cat 7.35"
# Lines that decide about the separator.
SAMPLE_LINES = 50


class Rating(NamedTuple):
    """Two words and the human rating of their similarity."""

    a: str
    b: str
    score: float


class Columns(NamedTuple):
    """The columns of the words and of the rating, from 0."""

    a: int
    b: int
    score: int


class RatingFile(NamedTuple):
    """The ratings of a file; note: which columns were taken, where that is not plain."""

    ratings: list[Rating]
    note: str


def read_ratings(path: str | os.PathLike[str], notes: list[str] | None = None) -> list[Rating]:
    """The pairs of a file with their ratings. Raises BadFile with the line.

    notes: receives which columns were taken, where that is not plain.
    """
    read = read_rating_file(as_path(path))
    if notes is not None and read.note:
        notes.append(read.note)
    return read.ratings


def read_rating_sets(path: str | os.PathLike[str], columns: str | None = None) -> dict[str, RatingFile]:
    """The ratings of a file, or of all text files of a folder, by name. Raises BadFile."""
    return {name: read_rating_file(file, columns) for file, name in files_of(as_path(path), RATING_SUFFIXES).items()}


def read_rating_file(path: Path, columns: str | None = None) -> RatingFile:
    """The ratings of a file. columns: `1,2,4` are the columns of the words and of the rating. Raises BadFile."""
    lines = [(number, line) for number, line in numbered_lines(path) if not line.startswith("#")]
    if not lines:
        raise BadFile(f"{path}: this file contains no pairs", "give two words and a number per line")
    separator = _separator([line for _, line in lines[:SAMPLE_LINES]])
    rows = [(number, _fields(path, number, line, separator)) for number, line in lines]
    has_comma = separator != "," and not any(re.search(r"\d\.\d", line) for _, line in lines)
    given = _given(columns) if columns else None
    header, body = rows[0][1], rows[1:]
    chosen = given or (_found(path, header, body, has_comma) if body else Columns(0, 1, 2))
    if not _is_header(header, chosen, has_comma):
        header, body = [], rows
        chosen = given or _found(path, header, body, has_comma)
    if not body:
        raise BadFile(f"{path}: this file contains no pairs", "give two words and a number per line")
    widths = [len(fields) for _, fields in body]
    width = min(set(widths), key=lambda one: (-widths.count(one), one))
    ratings = [_rating(path, number, fields, chosen, width, has_comma) for number, fields in body]
    is_plain = chosen == Columns(0, 1, 2) and len(rows[0][1]) == 3
    return RatingFile(ratings, "" if is_plain else _note(chosen, header, ratings[0]))


def _separator(lines: Sequence[str]) -> str:
    """The separator: the first of tab, semicolon and comma that gives all lines as many columns, else blanks."""
    for separator in "\t;,":
        counts = {len(next(csv.reader([line], delimiter=separator), [])) for line in lines}
        if len(counts) == 1 and counts.pop() >= 3:
            return separator
    for separator in "\t;,":  # a line that lacks a column is an error of its own
        if sum(line.count(separator) >= 2 for line in lines) * 2 > len(lines):
            return separator
    return " "


def _fields(path: Path, number: int, line: str, separator: str) -> list[str]:
    try:
        if separator == " ":
            line = re.sub(r"\s+", " ", line)
        return [field.strip() for field in next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])]
    except csv.Error as error:
        raise BadFile(f"{path}, line {number}: {error}", RATING_EXAMPLE) from None


def _number(text: str, has_comma: bool) -> float | None:
    try:
        value = float(text.replace(",", ".") if has_comma else text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None


def _is_header(first: Sequence[str], columns: Columns, has_comma: bool) -> bool:
    """Whether the first line has the names of the columns: a text, not a number, stands where ratings do below.

    A number that cannot be read, or the mark of a missing one, is no name: `river stream NA` is an error.
    """
    if columns.score >= len(first):
        return False
    name = first[columns.score]
    return _number(name, has_comma) is None and not name[:1].isdigit() and name.lower() not in MISSING


def _found(path: Path, header: Sequence[str], rows: Sequence[tuple[int, list[str]]], has_comma: bool) -> Columns:
    """The columns of the words and of the rating, by the header and by what the columns hold."""
    width = max((len(fields) for _, fields in rows), default=0)
    numbers = []
    for column in range(width):
        values = [fields[column] if column < len(fields) else "" for _, fields in rows]
        found = sum(_number(value, has_comma) is not None for value in values)
        numbers.append(found * 2 >= len(values))  # a few unreadable ratings are errors, and do not hide the column
    texts = [column for column in range(width) if not numbers[column]]
    if len(texts) < 2 and width >= 3 and not numbers[2]:
        texts = [0, 1]
    if len(texts) < 2:  # words may be numbers
        texts = [0, 1] if width >= 3 else texts
    if len(texts) < 2:
        raise BadFile(f"{path}, line {_odd_line(rows)}: this is not two words and a number", RATING_EXAMPLE)
    a, b = texts[:2]
    after = [column for column in range(width) if numbers[column] and column > b]
    names = [name.lower().strip() for name in header]
    for pattern in RATING_NAMES:
        named = [column for column in after if column < len(names) and re.fullmatch(pattern, names[column])]
        if named:
            return Columns(a, b, named[0])
    if not after:
        raise BadFile(f"{path}, line {_odd_line(rows)}: this is not two words and a number", RATING_EXAMPLE)
    return Columns(a, b, after[0])


def _odd_line(rows: Sequence[tuple[int, list[str]]]) -> int:
    """The number of the first line that has not three columns, else of the first line."""
    return next((number for number, fields in rows if len(fields) != 3), rows[0][0])


def _given(columns: str) -> Columns:
    """`1,2,4` as columns. Raises UsageProblem."""
    numbers = columns.split(",")
    if len(numbers) != 3 or not all(number.strip().isdecimal() and int(number) for number in numbers):
        raise UsageProblem(f'"{columns}" does not name three columns', "for example --columns 1,2,4")
    return Columns(*(int(number) - 1 for number in numbers))


def _rating(path: Path, number: int, fields: Sequence[str], columns: Columns, width: int, has_comma: bool) -> Rating:
    if max(columns) >= len(fields) or len(fields) > width or not fields[columns.a] or not fields[columns.b]:
        raise BadFile(f"{path}, line {number}: this is not two words and a number", RATING_EXAMPLE)
    score = _number(fields[columns.score], has_comma)
    if score is None:
        raise BadFile(
            f'{path}, line {number}: the rating "{fields[columns.score][:40]}" is not a number', RATING_EXAMPLE
        )
    return Rating(fields[columns.a], fields[columns.b], score)


def _note(columns: Columns, header: Sequence[str], first: Rating) -> str:
    a, b, score = (column + 1 for column in columns)
    name = f" ({header[columns.score]})" if columns.score < len(header) and header[columns.score] else ""
    return f"words from columns {a} and {b}, ratings from column {score}{name}: {first.a} {first.b} {first.score:g}"
