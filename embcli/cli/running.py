"""What all commands share: open a model, read words, write an answer."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from embcli.errors import BadFile, UsageProblem

if TYPE_CHECKING:
    from embcli.spaces import StoredSpace


def load(model: str | None) -> "StoredSpace":
    """Open the model that was asked for, or the default one, with a progress bar if it must be made."""
    from embcli.render.progress import progress_bar
    from embcli.spaces import open_space

    with progress_bar() as progress:
        return open_space(model, progress=progress)


def output_format(form: str | None, as_json: bool, as_jsonl: bool) -> str | None:
    """The format that the options ask for, if they do."""
    return "json" if as_json else "jsonl" if as_jsonl else form


def show(record: Any, form: str | None) -> None:
    """Write a record to stdout, whole; as a table when no format was asked for."""
    from embcli.render import render

    # Newlines are written as they are: CSV's are the two characters of RFC 4180 on every system.
    sys.stdout.write(render(record, form or "table"))


def read_words(arguments: Iterable[str]) -> list[str]:
    """Words as arguments: `-` stands for the lines of stdin, and `"-"` in quotes for itself."""
    from embcli.expression import unquote

    words: list[str] = []
    for place, argument in enumerate(given := list(arguments), start=1):
        if argument != "-":
            words.append(unquote(argument))
        elif place < len(given):
            raise UsageProblem(
                '"-" stands for words from stdin, and stands last',
                "to subtract, put the expression in quotes; the word itself is '\"-\"'",
            )
        else:
            words += _lines_of_stdin()
    return words


def _lines_of_stdin() -> list[str]:
    if sys.stdin is None:
        raise UsageProblem("there is nothing to read words from: stdin is closed")
    lines = []
    for number, line in enumerate(sys.stdin.buffer, start=1):
        try:
            word = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
        except UnicodeDecodeError:
            raise BadFile(f"line {number} of stdin is not UTF-8", "convert it to UTF-8") from None
        if word:
            lines.append(word)
    return lines
