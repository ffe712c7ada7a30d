"""The columns of a text: which are numbers, what they are called, and which one has the words."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from embcli.errors import UsageProblem

# What the column of words is called.
WORD_NAMES = {"word", "words", "token", "tokens", "term", "terms", "lemma", "key", "entity", "label", "labels"} | {
    "name", "names", "vocab"
}  # fmt: skip
# What the column of row numbers is called, by pandas and by people.
INDEX_NAMES = {"", "index", "id", "unnamed: 0", "row"}
INTEGER = re.compile(r"[+-]?\d+")
# What stands in place of a number: nothing, a missing value, a number of another notation.
BROKEN_NUMBER = re.compile(r"|na|n/a|nan|none|null|-|[+\-\u2212]?[.,]?\d.*", re.IGNORECASE)
# From so many numbers on, 0 1 2 … is taken for names of columns rather than for a vector.
LONG_COUNT = 3

# A message and its hint.
NUMBERS_ALONE = (
    "its lines begin with numbers instead of words",
    "name a file of their words with --words FILE; if they are words, use --input-format glove",
)

IsNumber = Callable[[str], bool]
TextRows = Sequence[Sequence[str]]


class WordColumn(NamedTuple):
    """Where the words are: columns before the numbers, the one that has the words (None: none), and what to report."""

    before: int
    word: int | None
    notes: tuple[str, ...] = ()


def number_reader(has_comma: bool) -> IsNumber:
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


def run_of_numbers(row: Sequence[str], is_number: IsNumber) -> int:
    """How many numbers stand at the end of a row."""
    return next((i for i, field in enumerate(reversed(row)) if not is_number(field)), len(row))


def counts_rows(rows: TextRows, column: int) -> bool:
    """Whether a column counts the rows, from 0 or 1 on."""
    counted = [row[column] for row in rows]
    if not all(text.isdecimal() for text in counted):
        return False
    first = int(counted[0])
    return first in (0, 1) and [int(text) for text in counted] == list(range(first, first + len(rows)))


def find_names(rows: TextRows, is_number: IsNumber, header: bool | None, *, has_words: bool) -> list[str] | None:
    """The names of the columns, if the first row has them. UsageProblem where it may be a vector.

    header: whether the row has names, if it is known.
    """
    first = list(rows[0])
    if header is not None or len(rows) < 2:
        return first if header else None
    second = rows[1]
    width = min(run_of_numbers(second, is_number), len(second) - has_words)
    if not width or len(first) not in (len(second), len(second) - 1):
        return None
    names, before = first[len(first) - width :], first[: len(first) - width]
    has_index = not has_words and not before and names[0].lower() in INDEX_NAMES
    if has_index:
        names, width = names[1:], width - 1
    if not any(map(is_number, names)):
        return first
    if names not in (list(map(str, range(width))), list(map(str, range(1, width + 1)))):
        return None
    if has_index or (has_words and all(name.lower() in WORD_NAMES | INDEX_NAMES for name in before)):
        return first
    if width >= LONG_COUNT or (not has_words and width > 1):
        raise UsageProblem(
            f'line 1 ("{" ".join(first)[:40]}") is a vector, or the names of the columns',
            "use --no-header or --header",
        )
    return None


def word_column(rows: TextRows, before: int, names: Sequence[str] | None, has_words: bool) -> WordColumn:
    """Which of the columns before the numbers has the words. UsageProblem where that is not certain."""
    named = [name.lower() for name in names or ()]
    if not has_words:
        return _no_words(rows, before, named)
    if before == 1:
        return WordColumn(1, 0)
    if before == 2 and counts_rows(rows, 0):
        return WordColumn(2, 1, ("its first column counts the rows and was skipped",))
    called = [place for place, name in enumerate(named[:before]) if name in WORD_NAMES]
    if len(called) == 1:
        word = called[0]
        broken = next(
            (row[place] for place in range(word + 1, before) for row in rows if BROKEN_NUMBER.fullmatch(row[place])),
            None,
        )
        if broken is not None:
            raise UsageProblem(f'"{broken[:40]}" is not a number', "delete the column, or write numbers")
        note = f'its words are in the column "{named[word]}"; {before - 1} beside it were skipped'
        return WordColumn(before, word, (note.replace("1 beside it were", "the one beside it was"),))
    example = " ".join(rows[0][:before])
    raise UsageProblem(
        f'before the numbers its lines have {before} columns ("{example[:40]}")',
        "delete all but the words; join the parts of a word with _; write each number as 1000.5",
    )


def _no_words(rows: TextRows, before: int, named: Sequence[str]) -> WordColumn:
    """The columns of numbers that belong to words of another file."""
    if before:
        raise UsageProblem("its lines have their own words", "leave out --words")
    if len(rows) > 1 and counts_rows(rows, 0) and not all(INTEGER.fullmatch(field) for row in rows for field in row):
        if named and named[0] in INDEX_NAMES:
            return WordColumn(1, None, ("its first column counts the rows and was skipped",))
        if len(rows) >= LONG_COUNT:
            raise UsageProblem("its first column counts the rows", "delete it")
    return WordColumn(0, None)


def refuse_numbers_alone(words: Sequence[str], is_number: IsNumber) -> bool:
    """Whether all words are whole numbers, as the ids of node2vec are. UsageProblem if numbers, but some fractions."""
    if not all(map(is_number, words)):
        return False
    if not all(map(INTEGER.fullmatch, words)):
        raise UsageProblem(*NUMBERS_ALONE)
    return True
