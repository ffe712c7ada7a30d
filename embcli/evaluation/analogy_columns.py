"""Lines of analogies as words: separators, names of columns, numbers of rows, tags of relations.

A line that is no question is skipped only where that is certain, and reported. Words that a vocabulary may contain,
such as `country capital`, name columns only in the first line, and only if no other line has them.
"""

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from embcli.errors import BadFile
from embcli.evaluation.tables import Row, are_counted_names, are_row_numbers, common_width, number_in, split_columns

ANALOGY_EXAMPLE = "for example: Athens Greece Oslo Norway"
# The names in a header row: word1 word2 word3 word4 and the like.
COLUMN_NAME = re.compile(r"(word|term|item|col|column)[ _.-]?\d|(question|answer|expected|target)s?\d?", re.IGNORECASE)
COUNTED_NAME = re.compile(r"([^\W\d]+)[ _.-]?(\d)")
LETTERS = (["a", "b"], ["x", "y"], ["a", "b", "c", "d"], ["a", "a*", "b", "b*"], ["a", "a'", "b", "b'"])
# Names of what stands left and right in pairs. Names that may be a pair themselves (male female) are not among them.
LEFT_NAMES = {
    "country", "city", "capital", "state", "province", "name", "person", "word", "lemma", "base", "stem", "term",
    "singular", "noun", "adjective", "positive", "verb", "infinitive", "source", "query", "question", "pays", "land",
}  # fmt: skip
RIGHT_NAMES = {
    "country", "capital", "state", "county", "province", "language", "currency", "nationality", "occupation", "plural",
    "adverb", "comparative", "superlative", "participle", "gerund", "synonym", "synonyms", "antonym", "antonyms",
    "hypernym", "hypernyms", "hyponym", "hyponyms", "meronym", "meronyms", "derived", "inflected", "answer", "answers",
    "target", "targets", "capitale", "hauptstadt",
}  # fmt: skip
# Parts of speech of the Penn Treebank, and relations of them, as in MSR's questions: JJ_JJR.
TAG = r"(JJ[RS]?|NN(S|P|PS|POS)?|VB[DGNPZ]?|RB[RS]?)"
TAGS = re.compile(f"{TAG}(_{TAG})?")


def question_rows(path: Path, lines: Sequence[tuple[int, str]], has_section: bool, notes: list[str]) -> list[Row]:
    """The words of each question: two or four columns. Raises BadFile.

    lines: those of questions, with their numbers; has_section: whether the name of a section stands above the first.
    notes: receives what was skipped and what was inferred.
    """
    if not lines:
        return []
    rows = _split(path, lines, notes)
    rows = _without_header(path, rows, has_section, notes)
    rows = _without_extra_columns(path, rows, notes)
    width = len(rows[0][1]) if rows else 0
    for number, columns in rows:
        if len(columns) not in (2, 4) or len(columns) != width:
            wanted = "four words, or a word and its answers" if width not in (2, 4) else f"{width} columns as above"
            count = f"{len(columns)} column" + ("" if len(columns) == 1 else "s")
            raise BadFile(f"{path}, line {number}: {count} instead of {wanted}", _hint(rows, lines))
    return rows


def _hint(rows: Sequence[Row], lines: Sequence[tuple[int, str]]) -> str:
    """How to fix a wrong number of columns."""
    if any(len(columns) != 3 for _, columns in rows):
        return ANALOGY_EXAMPLE
    if all(re.search(r"[,;]", line) for _, line in lines):
        return "quote words that contain blanks, or separate words by tabs"
    return "the answers may be in another file: paste -d ' ' QUESTIONS ANSWERS"


def _split(path: Path, lines: Sequence[tuple[int, str]], notes: list[str]) -> list[Row]:
    """The columns of lines: at any separators, or at one that leaves blanks in the words where that is certain."""
    anywhere = [[column for column in re.split(r"[\t,;]\s*|\s+", line) if column] for _, line in lines]
    for separator in "\t;, ":
        try:
            columns = _at(separator, [line for _, line in lines])
        except csv.Error:
            continue
        if columns is None or columns == anywhere:
            continue
        if '"' not in lines[-1][1] and {len(one) for one in columns} == {2} and {len(one) for one in anywhere} == {4}:
            notes.append(f"{path.name}: lines are read as four words, not as two phrases: {' '.join(anywhere[0])}")
            break
        return [(number, one) for (number, _), one in zip(lines, columns, strict=True)]
    return [(number, one) for (number, _), one in zip(lines, anywhere, strict=True)]


def _at(separator: str, lines: Sequence[str]) -> list[list[str]] | None:
    """The columns of lines at a separator, or None where it is not certain that it separates them."""
    if not all(separator in line for line in lines) or (separator == " " and not all('"' in line for line in lines)):
        return None
    columns = [split_columns(line, separator) for line in lines]
    while all(one and not one[-1] for one in columns):  # separators at the end of all lines
        columns = [one[:-1] for one in columns]
    widths = {len(one) for one in columns[1:]} or {len(columns[0])}
    if len(widths) > 1 or len(columns[0]) not in (max(widths), max(widths) - 1):
        return None
    if separator in ";,":  # blanks may separate words, and commas answers
        phrases = [[word for word in one if " " in word] for one in columns]
        are_quoted = all(f'"{word}"' in line for line, some in zip(lines, phrases, strict=True) for word in some)
        if not are_quoted and all(phrases):
            return None
    return columns


def _without_header(path: Path, rows: Sequence[Row], has_section: bool, notes: list[str]) -> list[Row]:
    """The rows without a first row of names, which notes receives."""
    if not rows or not _is_header(rows[0][1], [columns for _, columns in rows[1:]], has_section):
        return list(rows)
    number, names = rows[0]
    shown = " ".join(name for name in names if name)
    notes.append(f"{path.name}, line {number}: skipped the names of the columns: {shown}")
    return list(rows[1:])


def _is_header(names: Sequence[str], rest: Sequence[Sequence[str]], has_section: bool) -> bool:
    if names and all(COLUMN_NAME.fullmatch(name) for name in names):
        return True
    if not rest or not all((names, *rest)):
        return False
    lower = [name.lower() for name in names]
    others = {word.lower() for columns in rest for word in columns}
    is_numbered = len(rest) > 1 and are_row_numbers([columns[0] for columns in rest])
    if is_numbered and number_in(names[0]) is None:  # the numbers of rows have a name, or none
        return {len(columns) for columns in rest} in ({3}, {5}, {6}, {7})
    if are_counted_names(names):
        return not any(number_in(word) is not None for word in others)
    if others & set(lower):
        return False
    if lower in LETTERS:
        return not has_section and not any(len(word) == 1 for word in others)
    if _are_counted(lower):
        return not any(COUNTED_NAME.fullmatch(word) for word in others)
    pairs = [lower[i : i + 2] for i in range(0, len(lower), 2)]
    return len(lower) in (2, 4) and all(
        left != right and left in LEFT_NAMES and right in RIGHT_NAMES for left, right in pairs
    )


def _are_counted(names: Sequence[str]) -> bool:
    """Whether names are V1 V2 V3 V4, or country1 capital1 country2 capital2."""
    found = [match.groups() for name in names if (match := COUNTED_NAME.fullmatch(name))]
    if len(found) < max(2, len(names)):
        return False
    stems, numbers = zip(*found, strict=True)
    in_pairs = numbers == ("1", "1", "2", "2") and stems[:2] == stems[2:]
    return in_pairs or (len(set(stems)) == 1 and list(numbers) == [str(i + 1) for i in range(len(numbers))])


def _without_extra_columns(path: Path, rows: list[Row], notes: list[str]) -> list[Row]:
    """The rows without a column that numbers them, and without columns of tags such as JJ_JJR."""
    width = common_width(rows) if rows else 0
    if not width or any(len(columns) != width for _, columns in rows):
        return rows
    columns = list(zip(*(one for _, one in rows), strict=True))
    extra = [0] if width != 2 and are_row_numbers(columns[0]) else []
    if width == 4 and extra:
        if len(rows) > 2 and not all(number_in(word) is not None for word in columns[1]):
            raise BadFile(
                f"{path}, line {rows[0][0]}: column 1 numbers the lines, and three words are no question",
                ANALOGY_EXAMPLE,
            )
        return rows
    if width - len(extra) not in (2, 4):
        extra += [i for i in range(len(extra), width) if all(TAGS.fullmatch(word) for word in columns[i])]
    if not extra or width - len(extra) not in (2, 4):
        return rows
    shown = ", ".join(f"{i + 1} ({columns[i][0]})" for i in extra)
    notes.append(f"{path.name}: columns of row numbers or tags are left out: {shown}")
    return [(number, [word for i, word in enumerate(one) if i not in extra]) for number, one in rows]
