"""Many questions from stdin, one a line, answered in order as they come, one record each.

A line is an expression (words, for `similarity`, `odd` and `lookup`) or a JSON object with the fields of the
command; the options of the command line hold for every line that does not set them itself. A question that
cannot be answered yields an error in its place, and the exit status is that of the first error.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import UnionType
from typing import Any

from embcli.errors import BadFile, EmbcliError, UsageProblem

READ_AT_ONCE = 1 << 16
LONGEST_LINE = 1 << 20
AT_ONCE = 256

Fields = dict[str, Any]
Answer = Any  # a record, or an EmbcliError


def run_batch(
    form: str | None,
    defaults: Fields,
    kinds: Mapping[str, type],
    read_line: Callable[[str], Fields],
    answer: Callable[[Sequence[Fields]], Iterable[Answer]],
    columns: Sequence[str],
) -> int:
    """Answer the questions of stdin; returns the exit status: of the first error, else 1 for a missed `expect`.

    kinds: the fields that a JSON object may have, and their types; the first must be there. read_line: the
    fields that a plain line stands for. answer: records or errors for questions, in
    order. columns: of CSV, TSV and Markdown.
    """
    writer = _Writer(form or "jsonl", columns)
    status = missed = 0
    required = next(iter(kinds))
    for lines in _blocks_of_lines():
        questions: list[Fields | EmbcliError] = []
        for _, line in lines:
            try:
                if "\N{REPLACEMENT CHARACTER}" in line:
                    raise BadFile("the question is not UTF-8", "convert it to UTF-8")
                fields = _read_object(line, kinds) if line.startswith("{") else read_line(line)
                if not fields.get(required):
                    raise UsageProblem(f'the question has no "{required}"', "see: embcli COMMAND --help")
                questions.append(defaults | fields)
            except EmbcliError as error:
                questions.append(error)
        answers = iter(answer([question for question in questions if not isinstance(question, EmbcliError)]))
        for (number, line), question in zip(lines, questions, strict=True):
            result = question if isinstance(question, EmbcliError) else next(answers)
            if isinstance(result, EmbcliError):
                status = status or result.exit_status
            elif getattr(result, "missed", False):
                missed = 1
            writer.write(result, line, number)
        sys.stdout.flush()
    return status or missed


def answer_each(ask: Callable[[Fields], Any]) -> Callable[[Sequence[Fields]], Iterator[Answer]]:
    """Answers one by one, for questions that share no work."""

    def answer(questions: Sequence[Fields]) -> Iterator[Answer]:
        for question in questions:
            try:
                yield ask(dict(question))
            except EmbcliError as error:
                yield error

    return answer


def _blocks_of_lines() -> Iterator[list[tuple[int, str]]]:
    """The lines that stand ready, with their numbers: a slow writer gets each answer at once."""
    if sys.stdin is None:
        raise UsageProblem("there is nothing to read questions from: stdin is closed")
    rest, number = b"", 0
    while piece := sys.stdin.buffer.read1(READ_AT_ONCE):  # type: ignore[union-attr]
        *whole, rest = (rest + piece).split(b"\n")
        if len(rest) > LONGEST_LINE:
            raise BadFile(f"line {number + len(whole) + 1} of stdin is longer than {LONGEST_LINE:,} bytes")
        yield from _numbered(whole, number)
        number += len(whole)
    if rest:
        yield from _numbered([rest], number)


def _numbered(lines: Sequence[bytes], before: int) -> Iterator[list[tuple[int, str]]]:
    block = []
    for number, line in enumerate(lines, start=before + 1):
        # A line that is not UTF-8 gets its error in its place.
        text = line.decode("utf-8-sig" if number == 1 else "utf-8", "replace").strip()
        if text:
            block.append((number, text))
        if len(block) == AT_ONCE:
            yield block
            block = []
    if block:
        yield block


def _read_object(line: str, kinds: Mapping[str, type]) -> Fields:
    try:
        fields: dict[str, Any] = json.loads(line)
    except ValueError as error:
        raise UsageProblem(f"the question is not JSON: {error}", "write an object, or a plain expression") from None
    for name, value in fields.items():
        if name not in kinds:
            raise UsageProblem(f'a question has no field "{name}"', f"its fields are {', '.join(kinds)}")
        if value is not None and not _fits(name, value, kinds[name]):
            raise UsageProblem(f'the field "{name}" cannot be {json.dumps(value)}', "see: embcli COMMAND --help")
    return {name: value for name, value in fields.items() if value is not None}


def _fits(name: str, value: Any, kind: type) -> bool:
    """Whether a value of JSON is of a kind; lists are of words, but for those of temperatures."""
    if isinstance(value, list) and kind is list:
        inner: type | UnionType = int | float if name == "temperatures" else str
        return all(isinstance(item, inner) and not isinstance(item, bool) for item in value)
    return isinstance(value, kind) and isinstance(value, bool) == (kind is bool)


class _Writer:
    """Writes answers and errors in one format; CSV, TSV and Markdown repeat the question in their rows."""

    def __init__(self, form: str, columns: Sequence[str]) -> None:
        self.form = form
        self.columns = ["question", *columns, "error"]
        self.begun = False

    def write(self, result: Answer, question: str, number: int) -> None:
        if self.form in ("json", "jsonl"):
            from embcli.render.as_json import dumps, dumps_error

            failed = isinstance(result, EmbcliError)
            text = dumps_error(result, question=question, line=number) if failed else dumps(result)
        elif self.form == "table":
            from embcli.render import render

            failed = isinstance(result, EmbcliError)
            text = f"{question}: {result.message}; {result.hint}\n\n" if failed else render(result, "table") + "\n"
        else:
            from embcli.render.delimited import rows_of, table

            rows = [{"error": result.message}] if isinstance(result, EmbcliError) else list(rows_of(result))
            text = table(
                self.columns, [{"question": question, **row} for row in rows], self.form, header=not self.begun
            )
        self.begun = True
        sys.stdout.write(text)
