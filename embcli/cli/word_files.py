"""Words from files: one a line, or a column of a table."""

import csv
import io
from pathlib import Path
from typing import Literal

from embcli.errors import BadFile, InputOutputProblem, UsageProblem

Quoting = Literal[0, 3]  # csv.QUOTE_MINIMAL, csv.QUOTE_NONE
# The delimiters and the quoting of tables, by suffix; tab-separated values have no quotes.
TABLES: dict[str, tuple[str, Quoting]] = {".csv": (",", csv.QUOTE_MINIMAL), ".tsv": ("\t", csv.QUOTE_NONE)}
WORD_COLUMN = "word"


def read_word_file(file: Path, column: str | None = None) -> list[tuple[str, str]]:
    """The words of a file, each with its value in a column, or with an empty text.

    A .csv or .tsv begins with the names of its columns; the words are in the column `word`, else in the first one. Any
    other file has one word a line. Raises BadFile, InputOutputProblem, UsageProblem.

        read_word_file(Path("words.csv"), "kind")  # [('run', 'verb'), ('tower', 'noun')]
    """
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadFile(f"{file} is not UTF-8", "convert it to UTF-8") from None
    except OSError as error:
        raise InputOutputProblem(f"cannot read {file}: {error.strerror}", "check the path") from error
    table = TABLES.get(file.suffix.lower())
    if table is None:
        if column is not None:
            raise UsageProblem(f"{file} has no columns", "--color-by requires a .csv or .tsv that names its columns")
        found = [(line.strip(), "") for line in text.split("\n") if line.strip()]
    else:
        found = _read_table(file, text, column, *table)
    if not found:
        raise BadFile(f"{file} has no words", "write one a line, below a line with the names of the columns in a table")
    return found


def _read_table(file: Path, text: str, column: str | None, delimiter: str, quoting: Quoting) -> list[tuple[str, str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting, strict=True)
    names: list[str] = []
    found = []
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if not names:
                names = cells
                place = names.index(WORD_COLUMN) if WORD_COLUMN in names else 0
                if column is not None and column not in names:
                    raise UsageProblem(f'{file} has no column "{column}"', f"its columns are {', '.join(names)}")
                continue
            if len(cells) != len(names):
                raise BadFile(
                    f"{file}, line {reader.line_num}: expected {len(names)} columns, found {len(cells)}",
                    "correct the line",
                )
            if not cells[place]:
                raise BadFile(f"{file}, line {reader.line_num}: the word is missing", "correct the line")
            found.append((cells[place], "" if column is None else cells[names.index(column)]))
    except csv.Error as error:
        raise BadFile(f"{file}, line {reader.line_num}: {error}", "correct the line") from None
    return found
