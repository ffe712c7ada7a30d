"""How a text of vectors is laid out: separator, decimal mark, column names, an index; found in its first lines.

The layout is reported, can be overridden, and holds for every line of the file: a line of another layout is an error.
"""

import csv
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from embcli.errors import UsageProblem

# Lines that decide about the layout.
SAMPLE = 20
# What the column of words is called, by pandas and by people.
WORD_COLUMNS = {"", "word", "words", "token", "tokens", "term", "terms", "name", "names", "label", "labels"} | {
    "key", "entity", "index", "id", "unnamed: 0", "lemma", "vocab"
}  # fmt: skip
INTEGER = re.compile(r"[+-]?\d+")
MARKS = {" ": "blanks", "\t": "tabs", ",": "commas", ";": "semicolons"}
# From so many numbers on, 0 1 2 … is taken for column names rather than for a vector.
LONG_COUNT = 3


class Layout(NamedTuple):
    """The layout of a text.

    separator: a blank stands for a run of blanks and tabs. has_comma: whether numbers have decimal commas. skipped:
    lines of column names before the first row. has_index: whether a column of row numbers comes before the word.
    has_words: whether lines begin with a word.
    """

    dim: int
    separator: str = " "
    is_quoted: bool = False
    has_comma: bool = False
    skipped: int = 0
    has_index: bool = False
    has_words: bool = True

    @property
    def is_plain(self) -> bool:
        """Whether a line is a word and numbers with blanks between, as word2vec and GloVe write them."""
        return self == Layout(self.dim, skipped=self.skipped)

    def fields(self, line: str) -> list[str]:
        """The columns of a line. csv.Error for quotes that are not closed."""
        if self.separator == " " and not self.is_quoted:
            return line.split()
        fields = next(csv.reader([line], delimiter=self.separator, skipinitialspace=True, strict=True), [])
        return [field.strip(" \t") for field in fields]

    def notes(self) -> list[str]:
        """What is worth reporting about the layout."""
        notes = []
        if self.separator not in " \t":
            notes.append(f"its columns are separated by {MARKS[self.separator]}")
        if self.is_quoted and self.separator in " \t":
            notes.append("its words stand in quotes, which were left out")
        if self.has_comma:
            notes.append("its numbers have decimal commas")
        if self.skipped:
            notes.append("its first line has the names of the columns and was skipped")
        if self.has_index:
            notes.append("its first column counts the rows and was skipped")
        return notes


def find_layout(lines: Sequence[str], *, header: bool | None, has_words: bool) -> Layout | str:
    """The layout of a text by its first lines; or what is wrong with line 1, when they show none.

    header: whether the first line has the names of the columns; None when the line itself shows it. UsageProblem where
    it shows neither, and for numbers without words.
    """
    for separator, is_quoted, has_comma in (
        (",", False, False),
        (",", True, True),
        (";", False, True),
        (";", False, False),
        ("\t", True, False),
        (" ", True, False),
        (" ", False, False),
        (" ", False, True),
    ):
        layout = Layout(0, separator, is_quoted, has_comma, has_words=has_words)
        found = _fitted(layout, lines, header)
        if found is not None:
            return found
    return "the line has a word but no numbers" if has_words else "the line has no numbers"


def number_reader(has_comma: bool) -> Callable[[str], bool]:
    """Whether a text is a number, as Python reads it, or with a decimal comma in place of the point."""

    def is_number(text: str) -> bool:
        if has_comma:
            if "." in text:
                return False
            text = text.replace(",", ".", 1)
        try:
            float(text)
        except ValueError:
            return False
        return "_" not in text and "," not in text

    return is_number


def _fitted(layout: Layout, lines: Sequence[str], header: bool | None) -> Layout | None:
    """The layout with what its first lines show, or None where they are laid out in another way."""
    if layout.separator != " " and not all(layout.separator in line for line in lines):
        return None
    try:
        rows = [layout.fields(line) for line in lines]
    except csv.Error:
        return None
    if layout.is_quoted and not _are_quoted(layout, lines):
        return None
    is_number = number_reader(layout.has_comma)
    names, rows = _split_names(rows, is_number, header)
    if not rows or not all(rows):
        return None
    has_index = layout.has_words and _has_index(rows, names, is_number)
    first = (1 if layout.has_words else 0) + has_index
    dims = [len(row) - first for row in rows]
    if layout.separator == " ":  # a word may hold blanks, and the last lines of the sample may be broken
        runs = [_run_of_numbers(row, is_number, first) for row in rows]
        found = [run for run in runs if run] or [0]
        dim = max(found, key=found.count)
        if not dim or (layout.has_comma and not any("," in field for row in rows for field in row[-dim:])):
            return None
    else:
        dim = dims[0]
        fit = [d == dim and all(map(is_number, row[first:])) for d, row in zip(dims, rows, strict=True)]
        # One bad line does not hide the layout, and is an error of its own; the first one decides.
        if dim < 1 or not fit[0] or sum(fit) < max(1, len(fit) - 1):
            return None
        if layout.has_comma and not any("," in field for row in rows for field in row[first:]):
            return None
    if layout.has_words and layout.separator == " " and not has_index:
        _refuse_numbered_words(rows, dim)
    if layout.has_words:
        _refuse_numbers_alone([row[has_index] for row in rows], is_number)
    return layout._replace(dim=dim, has_index=has_index, skipped=0 if names is None else 1)


def _split_names(
    rows: list[list[str]], is_number: Callable[[str], bool], header: bool | None
) -> tuple[list[str] | None, list[list[str]]]:
    """The names of the columns, if the first line has them, and the rows. UsageProblem where it may be a vector."""
    if header is not None:
        return (rows[0], rows[1:]) if header else (None, rows)
    if len(rows) < 2:
        return None, rows
    first, second = rows[:2]
    width = _run_of_numbers(second, is_number, 1)
    names, before = first[len(first) - width :], first[: len(first) - width]
    if not width or len(first) not in (len(second), len(second) - 1):
        return None, rows
    if not any(map(is_number, names)):
        return first, rows[1:]
    if names not in (list(map(str, range(width))), list(map(str, range(1, width + 1)))):
        return None, rows
    if all(name.lower() in WORD_COLUMNS for name in before):
        return first, rows[1:]
    if width >= LONG_COUNT:
        raise UsageProblem(
            f'line 1 ("{" ".join(first)[:40]}") is a vector, or the names of the columns', "use --no-header or --header"
        )
    return None, rows


def _has_index(rows: Sequence[Sequence[str]], names: Sequence[str] | None, is_number: Callable[[str], bool]) -> bool:
    """Whether the first column counts the rows, and words come second."""
    counted = [row[0] for row in rows]
    if not all(INTEGER.fullmatch(text) for text in counted) or not all(len(row) > 2 for row in rows):
        return False
    if all(is_number(row[1]) for row in rows):
        return False
    first = int(counted[0])
    return first in (0, 1) and [int(text) for text in counted] == list(range(first, first + len(rows)))


def _run_of_numbers(row: Sequence[str], is_number: Callable[[str], bool], first: int) -> int:
    """How many numbers stand at the end of a row, behind its first columns."""
    run = next((i for i, field in enumerate(reversed(row)) if not is_number(field)), len(row))
    return max(0, min(run, len(row) - first))


def _are_quoted(layout: Layout, lines: Sequence[str]) -> bool:
    """Whether quotes matter: for commas and semicolons always, for blanks and tabs when every word stands in them."""
    if layout.separator in ",;":
        return True
    return all(re.match(r'\s*"[^"]+"(\s|$)', line) for line in lines)


def _refuse_numbered_words(rows: Sequence[Sequence[str]], dim: int) -> None:
    """A whole number and a word at the front of every line may be a column of ids, or words of two parts."""
    if len(rows) > 1 and all(len(row) == dim + 2 and INTEGER.fullmatch(row[0]) for row in rows):
        raise UsageProblem(
            "its lines begin with a whole number and a word", "delete the first column, or join the two with _"
        )


def _refuse_numbers_alone(words: Sequence[str], is_number: Callable[[str], bool]) -> None:
    """Whole numbers may be words, the ids of node2vec, say; where all words are fractions, there are none."""
    if all(is_number(word) and not INTEGER.fullmatch(word) for word in words):
        raise UsageProblem(
            "its lines begin with numbers instead of words", "name a file of their words with --words FILE"
        )
