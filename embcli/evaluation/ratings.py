"""Files of word pairs with human ratings, in the layouts in which they are published.

Columns are separated by tabs, semicolons, commas or blanks, with or without quotes. `rating_columns.py` finds those of
the words and of the rating. So the original files of SimLex-999 (ten columns), SimVerb-3500, RareWords, WordSim-353
(raters beside the mean), SCWS and MEN load.
"""

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from embcli.errors import BadFile, UsageProblem
from embcli.evaluation.question_sets import RATING_SUFFIXES, as_path, files_of
from embcli.evaluation.rating_columns import (
    RATING_EXAMPLE,
    Columns,
    Table,
    find_columns,
    is_rating_name,
    named_words,
)
from embcli.evaluation.tables import Row, are_counted_names, common_width, number_in, numbered_lines, split_columns

MISSING = {"", "na", "n/a", "nan", "null", "none", "-", "?", ".", "inf", "-inf", "infinity"}
# Lines that decide about the separator.
SAMPLE_LINES = 50


class Rating(NamedTuple):
    """Two words and the human rating of their similarity."""

    a: str
    b: str
    score: float


class RatingFile(NamedTuple):
    """The ratings of a file; note: what was inferred, where that is not plain."""

    ratings: list[Rating]
    note: str


def read_ratings(path: str | os.PathLike[str], notes: list[str] | None = None) -> list[Rating]:
    """The pairs of a file with their ratings. Raises BadFile with the line.

    notes: receives which columns were taken, where that is not plain.

        read_ratings("wordsim353.tsv")[0]  # Rating(a='love', b='sex', score=6.77)
    """
    read = read_rating_file(as_path(path))
    if notes is not None and read.note:
        notes.append(read.note)
    return read.ratings


def read_rating_sets(path: str | os.PathLike[str], columns: str | None = None) -> dict[str, RatingFile]:
    """The ratings of a file, or of all text files of a folder, by name. Raises BadFile."""
    return {name: read_rating_file(file, columns) for file, name in files_of(as_path(path), RATING_SUFFIXES).items()}


def read_rating_file(path: Path, columns: str | None = None) -> RatingFile:
    """The ratings of a file. columns: `1,2,4` are the columns of the words and of the rating.

    Raises BadFile; UsageProblem for columns that are not three different ones.
    """
    given = _given(columns) if columns else None
    lines = [(number, line) for number, line in numbered_lines(path) if not line.startswith("#")]
    if not lines:
        raise BadFile(f"{path}: this file contains no pairs", "give two words and a number per line")
    separator = _separator([line for _, line in lines[:SAMPLE_LINES]])
    rows = [(number, _fields(path, number, line, separator)) for number, line in lines]
    names, note = _header(path, rows, given)
    body = rows if names is None else rows[1:]
    if not body:
        raise BadFile(f"{path}: this file contains no pairs", "give two words and a number per line")
    table = Table(path, names or [], body)
    chosen = given or find_columns(table)
    width = common_width(body)
    ratings = [_rating(table, number, fields, chosen, width) for number, fields in body]
    if chosen != Columns(0, 1, 2) or width != 3:
        note = _note(table, chosen, ratings[0]) + (f"; {note}" if note else "")
    return RatingFile(ratings, note)


def _separator(lines: Sequence[str]) -> str:
    """The separator: the first of tab, semicolon and comma that gives all lines as many columns, else blanks."""
    for separator in "\t;,":
        counts = {len(split_columns(line, separator)) for line in lines}
        if len(counts) == 1 and counts.pop() >= 3:
            return separator
    for separator in "\t;,":  # a line that lacks a column is an error of its own
        if sum(line.count(separator) >= 2 for line in lines) * 2 > len(lines):
            return separator
    return " "


def _fields(path: Path, number: int, line: str, separator: str) -> list[str]:
    try:
        return split_columns(line, separator)
    except csv.Error as error:
        raise BadFile(f"{path}, line {number}: {error}", RATING_EXAMPLE) from None


def _header(path: Path, rows: Sequence[Row], given: Columns | None) -> tuple[list[str] | None, str]:
    """The names of the columns if the first line has them, else None; with a note where that is not plain.

    The names stand where numbers do below. A number that cannot be read, or the mark of a missing one, is no name:
    `river stream NA` is an error.
    """
    (number, first), rest = rows[0], rows[1:]
    if not rest:
        is_header = len(first) > 2 and not any(_is_number_or_missing(field) for field in first)
        return (first, "") if is_header else (None, "")
    table = Table(path, [], rest)
    if not given and not table.numeric:
        return (first, "") if named_words(first) else (None, "")
    width = common_width(rest)
    names = first
    has_names = bool(given) and not any(_is_number_or_missing(field) for field in first)
    if len(first) == width - 1 and (has_names or _are_row_names(rest)):  # R names the rows, and not their column
        names = ["", *first]
    note = f"line {number} has the names of the columns: {', '.join(name for name in names if name)}"
    if are_counted_names(names):
        if width - len(table.numeric) < 2 and not given:
            raise BadFile(
                f"{path}, line {number}: this is a pair, or the numbers of the columns",
                "remove the line if it numbers the columns, else move it down",
            )
        return [""] * len(names), note
    numeric = [given.score] if given else table.numeric
    above = [names[column] for column in numeric if column < len(names) and names[column]]
    is_named = bool(named_words(names, table.numeric)) or any(is_rating_name(name) for name in above)
    some = [not _is_number_or_missing(name) for name in above]
    if not (all(some) if not is_named else any(some)) or not above:
        return None, ""
    return _fitted(path, names, rest, given), "" if is_named else note


def _fitted(path: Path, names: list[str], rest: Sequence[Row], given: Columns | None) -> list[str]:
    """The names, where they fit the columns: a line of more columns than names may have split a decimal comma."""
    odd = next(((number, one) for number, one in rest if any(one[len(names) :])), None)
    if odd and given:
        return [""] * len(odd[1])
    if odd:
        raise BadFile(
            f"{path}, line {odd[0]}: {len(odd[1])} columns, and names of {len(names)}",
            "quote decimal commas, or name the columns of the words and of the rating: --columns 1,2,3",
        )
    return names


def _is_number_or_missing(name: str) -> bool:
    return number_in(name) is not None or name.lstrip("+-")[:1].isdigit() or name.lower() in MISSING


def _are_row_names(rows: Sequence[Row]) -> bool:
    """Whether the first column has the names that R gives to rows: different whole numbers."""
    names = [fields[0] for _, fields in rows]
    return all(name.isdecimal() for name in names) and len(set(names)) == len(names)


def _given(columns: str) -> Columns:
    """`1,2,4` as columns. Raises UsageProblem."""
    numbers = columns.split(",")
    if len(numbers) != 3 or not all(number.strip().isdecimal() and int(number) for number in numbers):
        raise UsageProblem(f'"{columns}" does not name three columns', "for example --columns 1,2,4")
    if len({int(number) for number in numbers}) < 3:
        raise UsageProblem(f'"{columns}" names a column twice', "for example --columns 1,2,4")
    return Columns(*(int(number) - 1 for number in numbers))


def _rating(table: Table, number: int, fields: Sequence[str], columns: Columns, width: int) -> Rating:
    where, count = f"{table.path}, line {number}", len(fields)
    if max(columns) >= count:
        has = f"{count} column" + ("" if count == 1 else "s")
        raise BadFile(f"{where}: there is no column {max(columns) + 1} in {has}", RATING_EXAMPLE)
    if any(fields[width:]):
        raise BadFile(f"{where}: {count} columns instead of {width} as in other lines", RATING_EXAMPLE)
    if not fields[columns.a] or not fields[columns.b]:
        raise BadFile(f"{where}: this is not two words and a number", RATING_EXAMPLE)
    score = number_in(fields[columns.score], table.marks[columns.score])
    if score is None:
        raise BadFile(f'{where}: the rating "{fields[columns.score][:40]}" is not a number', RATING_EXAMPLE)
    return Rating(fields[columns.a], fields[columns.b], score)


def _note(table: Table, columns: Columns, first: Rating) -> str:
    a, b, score = (column + 1 for column in columns)
    name = f" ({table.names[columns.score]})" if table.names[columns.score] else ""
    return f"words from columns {a} and {b}, ratings from column {score}{name}: {first.a} {first.b} {first.score:g}"
