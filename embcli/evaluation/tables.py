"""Lines of evaluation files as columns: separators, quotes, numbers."""

import csv
import math
import re
from collections.abc import Sequence
from pathlib import Path

from embcli.errors import BadFile, InputOutputProblem

# A line number, and the columns of the line.
Row = tuple[int, list[str]]


def numbered_lines(path: Path) -> Sequence[tuple[int, str]]:
    """The non-empty lines of a file, with their numbers. Raises BadFile, InputOutputProblem."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise InputOutputProblem(f"{path}: {error.strerror or error}") from error
    lines = []
    for number, line in enumerate(text.split(b"\n"), start=1):
        try:
            decoded = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
        except UnicodeDecodeError:
            raise BadFile(f"{path}, line {number}: this is not UTF-8", "convert the file to UTF-8") from None
        if decoded:
            lines.append((number, decoded))
    return lines


def split_columns(line: str, separator: str) -> list[str]:
    """The columns of a line, without quotes. separator: a blank stands for any blanks. Raises csv.Error.

    Quotes protect commas, semicolons and blanks, not tabs: a text between tabs may begin with a quote.

        split_columns('tiger,cat,"7,35"', ",")  # ['tiger', 'cat', '7,35']
    """
    if separator == "\t":
        return [_unquoted(column.strip()) for column in line.split("\t")]
    if separator == " ":
        line = re.sub(r"\s+", " ", line)
    return [column.strip() for column in next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])]


def number_in(text: str, mark: str = ".") -> float | None:
    """The finite number that a text is, or None. mark: the decimal mark.

    number_in("7,35", ",")  # 7.35
    """
    try:
        value = float(text.replace(",", ".") if mark == "," else text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None


def decimal_mark(texts: Sequence[str]) -> str:
    """The decimal mark of a column: a comma if a number has one and none has a point.

    decimal_mark(["7,35", "8"])  # ','
    """
    has_comma = any(re.fullmatch(r"[+-]?\d*,\d+", text) for text in texts)
    return "," if has_comma and not any(re.search(r"\d\.\d", text) for text in texts) else "."


def are_row_numbers(texts: Sequence[str]) -> bool:
    """Whether a column counts its rows from 0 or 1.

    are_row_numbers(["0", "1", "2"])  # True
    """
    start = texts[0] if texts else ""
    return start in ("0", "1") and all(text == str(i) for i, text in enumerate(texts, start=int(start)))


def are_counted_names(names: Sequence[str]) -> bool:
    """Whether a line is the header of a table without names, which pandas writes: 0, 1, 2, or these after an index.

    are_counted_names(["", "0", "1", "2"])  # True
    """
    counted = names[1:] if names and not names[0] else names
    return len(counted) > 1 and list(counted) == [str(i) for i in range(len(counted))]


def common_width(rows: Sequence[Row]) -> int:
    """The most frequent number of columns, the least of several.

    common_width([(1, ["tiger", "cat", "7"])])  # 3
    """
    widths = [len(columns) for _, columns in rows]
    return min(set(widths), key=lambda one: (-widths.count(one), one))


def _unquoted(text: str) -> str:
    is_quoted = len(text) > 1 and text[0] == text[-1] == '"'
    return text[1:-1].replace('""', '"').strip() if is_quoted else text
