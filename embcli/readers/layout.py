"""How a text of vectors is laid out: separator, decimal mark, names of columns, the column of words.

The first lines show it. It is reported, and it holds for every line of the file: a line of another layout is an error.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from embcli.errors import UsageProblem
from embcli.readers.columns import (
    INDEX_NAMES,
    WORD_NAMES,
    IsNumber,
    find_names,
    number_reader,
    refuse_numbers_alone,
    run_of_numbers,
    word_column,
)

# Lines that decide about the layout.
SAMPLE = 20
MARKS = {"\t": "tabs", ",": "commas", ";": "semicolons"}
# A word in quotes, between blanks, tabs and the ends of the line.
QUOTED_WORD = re.compile(r'(?:^|[ \t])"(?:[^"]|"")*"(?:[ \t]|$)')
# Separators in the order in which they are tried, with whether quotes and decimal commas count.
LAYOUTS = {
    "\t": ((True, False), (True, True), (False, False), (False, True)),
    ";": ((True, True), (True, False)),
    ",": ((True, False), (True, True)),
    " ": ((True, False), (True, True), (False, False), (False, True)),
}


class Problem(NamedTuple):
    """An error in a line."""

    line: int
    text: str


class Layout(NamedTuple):
    """The layout of a text.

    separator: a blank stands for a run of blanks and tabs. is_quoted: whether quotes around a field are left out.
    has_comma: whether numbers have decimal commas. skipped: lines before the first row. before: columns before the
    numbers. word: which of them has the words; None when the file has none. are_numbers: whether all words in the
    sample are numbers. found: what is worth reporting.
    """

    dim: int
    separator: str = " "
    is_quoted: bool = False
    has_comma: bool = False
    skipped: int = 0
    before: int = 1
    word: int | None = 0
    are_numbers: bool = False
    found: tuple[str, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether a line is a word and numbers with blanks or tabs between, as word2vec and GloVe write them."""
        return self.separator in " \t" and not (self.is_quoted or self.has_comma) and (self.before, self.word) == (1, 0)

    @property
    def has_blanks_in_words(self) -> bool:
        """Whether blanks separate columns and stand in words, too, so that numbers are counted from the right."""
        return self.separator == " " and not self.is_quoted and self.word is not None

    def fields(self, line: str) -> list[str]:
        """The columns of a line, without empty ones at its end. csv.Error for quotes that are not closed."""
        if self.separator == " " and not self.is_quoted:
            return re.split(r"[ \t]+", line.strip(" \t"))
        if self.is_quoted:
            fields = next(csv.reader([line], delimiter=self.separator, skipinitialspace=True, strict=True), [])
        else:
            fields = line.split(self.separator)
        while fields and not fields[-1].strip(" \t"):
            fields.pop()
        return [field.strip(" \t") for field in fields]


def find_layout(
    lines: Sequence[str], *, header: bool | None, has_words: bool, any_word: bool = False
) -> Layout | Problem:
    """The layout of a text by its first lines; or what is wrong with one of them, numbered from 1.

    header: whether the first line has the names of the columns; None when the line itself shows it. has_words: whether
    lines begin with words. any_word: whether words may be fractions, too. UsageProblem where the lines do not show how
    they are meant.
    """
    start = _lines_before(lines)
    lines = lines[start:]
    found: Layout | Problem | UsageProblem | None = None
    for separator, variants in LAYOUTS.items():
        found = None
        for is_quoted, has_comma in variants:
            layout = Layout(0, separator, is_quoted, has_comma, start, word=0 if has_words else None)
            fitted: Layout | Problem | UsageProblem | None
            try:
                fitted = _fitted(layout, lines, header)
            except UsageProblem as error:
                fitted = error
            if isinstance(fitted, Layout):
                return fitted if any_word else _checked(fitted, lines, start)
            found = found or fitted
        if found and _is_certain(separator, lines):
            break
    if isinstance(found, UsageProblem):
        raise found
    if isinstance(found, Problem):
        return found._replace(line=found.line + start)
    return Problem(start + 1, "the line has a word but no numbers" if has_words else "the line has no numbers")


def counted_layout(lines: Sequence[str], dim: int, *, has_words: bool) -> Layout:
    """The layout below a line of counts: a word, which may hold blanks, and `dim` numbers with blanks between them.

    UsageProblem when all lines have other columns, too.
    """
    layout = Layout(dim, word=0 if has_words else None, before=int(has_words))
    rows = [_fields(layout, line) for line in lines]
    if not has_words and all(len(row) > dim for row in rows):
        raise UsageProblem("its lines have their own words", "leave out --words")
    if has_words and len(rows) > 1 and all(len(row) > dim + 1 for row in rows):
        found = word_column(rows, min(map(len, rows)) - dim, None, has_words)
        layout = layout._replace(before=found.before, word=found.word, found=found.notes)
    with_comma = number_reader(has_comma=True)
    if all(any("," in field for field in row[-dim:]) and all(map(with_comma, row[-dim:])) for row in rows):
        layout = layout._replace(has_comma=True, found=(*layout.found, "its numbers have decimal commas"))
    return layout


def _lines_before(lines: Sequence[str]) -> int:
    """How many lines come before names and rows: `sep=;` of Excel, and comments, which end in no number."""
    is_number = number_reader(has_comma=False)
    start = 0
    while start < len(lines) - 1:
        line = lines[start]
        is_comment = line.startswith("#") and not is_number((line.split() or [""])[-1])
        if not is_comment and not re.fullmatch(r"sep=[,;\t]", line):
            break
        start += 1
    return start


def _is_certain(separator: str, lines: Sequence[str]) -> bool:
    """Whether the lines have this separator for sure, so that no other one is tried."""
    if separator == "\t":
        return all(line.count("\t") > 1 for line in lines)
    return separator != " " and all(line.count(separator) > len(line.split()) - 1 for line in lines)


def _fitted(layout: Layout, lines: Sequence[str], header: bool | None) -> Layout | Problem | None:
    """The layout with what the lines show; None for lines of another layout, a problem for some that are like it."""
    if layout.separator != " " and not all(layout.separator in line for line in lines):
        return None
    if layout.separator in " \t" and layout.is_quoted != all(map(QUOTED_WORD.search, lines[1:] or lines)):
        return None
    rows = [_fields(layout, line) for line in lines]
    is_number = number_reader(layout.has_comma)
    names = find_names(rows, is_number, header, has_words=layout.word is not None)
    body = rows if names is None else rows[1:]
    while body and not body[-1]:  # lines of nothing but separators at the end of a sheet
        body = body[:-1]
    if not body or not all(body):
        return None
    fitted = (_fit_blanks if layout.has_blanks_in_words else _fit_columns)(layout, body, names, is_number)
    if not isinstance(fitted, Layout):
        return fitted
    if layout.has_comma and not any("," in field for row in body for field in row[-fitted.dim :]):
        return None
    found: list[str] = []
    if layout.separator in ",;":
        found.append(f"its columns are separated by {MARKS[layout.separator]}")
    elif layout.is_quoted:
        found.append("its words stand in quotes, which were left out")
    if layout.has_comma:
        found.append("its numbers have decimal commas")
    if layout.skipped:
        found.append(f"before its rows, {layout.skipped} line{'s' * (layout.skipped > 1)} of comments were skipped")
    if names is not None:
        found.append("its first line has the names of the columns and was skipped")
    return fitted._replace(found=(*found, *fitted.found), skipped=layout.skipped + (names is not None))


def _fit_columns(
    layout: Layout, rows: list[list[str]], names: list[str] | None, is_number: IsNumber
) -> Layout | Problem | None:
    """The layout of rows that all have the same number of columns."""
    has_words = layout.word is not None
    width = _most_common(map(len, rows))
    dim = _most_common(min(run_of_numbers(row, is_number), width - has_words) for row in rows if len(row) == width)
    first = 1 if names is None else 2
    if names is not None and len(names) == width - 1 and names[0].lower() not in WORD_NAMES:
        names = ["", *names]  # R does not name the column of words
        dim = width - 1
    if names is not None and len(names) != width:
        return Problem(1, f"the line names {len(names)} columns, but the lines below have {width}")
    if dim < 1:
        return Problem(first, f'"{rows[0][-1][:40]}" is not a number')
    before = width - dim
    fit = [len(row) == width and all(map(is_number, row[before:])) for row in rows]
    # One bad line does not hide the layout, and is an error of its own.
    if sum(fit) < max(1, len(fit) - 1):
        number = fit.index(False)
        wrong = next((field for field in rows[number][before:] if not is_number(field)), None)
        text = f'"{wrong[:40]}" is not a number' if wrong is not None else f"{len(rows[number])} columns, not {width}"
        return Problem(first + number, text)
    found = word_column([row for row, fits in zip(rows, fit, strict=True) if fits], before, names, has_words)
    return layout._replace(dim=width - found.before, before=found.before, word=found.word, found=found.notes)


def _fit_blanks(
    layout: Layout, rows: list[list[str]], names: list[str] | None, is_number: IsNumber
) -> Layout | Problem | None:
    """The layout of rows in which blanks separate numbers, and may stand in words."""
    dims = [min(run_of_numbers(row, is_number), len(row) - 1) for row in rows]
    dim = _most_common([d for d in dims if d] or [0])
    if names is not None:
        called = [name.lower() in WORD_NAMES | INDEX_NAMES for name in names]
        dim = len(names) - (called.index(False) if False in called else len(names))
        if dim == len(names) and len(names) == len(rows[0]):
            dim -= 1  # the column of words has a name of its own
        if dim >= len(rows[0]):
            return Problem(1, f"the line names {dim} columns of numbers, but the next line has {len(rows[0]) - 1}")
    if not dim:
        return None
    short = next((i for i, d in enumerate(dims) if d < dim), None) if names is not None else None
    if short is not None and len(rows[short]) > dim:
        wrong = next(field for field in reversed(rows[short]) if not is_number(field))
        return Problem(short + 2, f'"{wrong[:40]}" is not a number')
    width = min(map(len, rows))
    if width - dim < 2 or len(rows) == 1:
        return layout._replace(dim=dim)
    if names is not None and len(names) != width - (names[0].lower() not in WORD_NAMES):
        return Problem(1, f"the line names {len(names)} columns, but the lines below have {width}")
    found = word_column(rows, width - dim, names, True)
    return layout._replace(dim=dim, before=found.before, word=found.word, found=found.notes)


def _checked(layout: Layout, lines: Sequence[str], start: int) -> Layout:
    """The layout, after a check that its words are no numbers of a matrix without words."""
    if layout.word is None:
        return layout
    rows = [_fields(layout, line) for line in lines[layout.skipped - start :]]
    words = [row[layout.word] for row in rows if len(row) > layout.word]
    return layout._replace(are_numbers=refuse_numbers_alone(words, number_reader(layout.has_comma)))


def _fields(layout: Layout, line: str) -> list[str]:
    """The columns of a line; one, the whole line, when its quotes do not match."""
    try:
        return layout.fields(line)
    except csv.Error:
        return [line]


def _most_common(numbers: Iterable[int]) -> int:
    """The most frequent number, of several the first."""
    return Counter(numbers).most_common(1)[0][0]
