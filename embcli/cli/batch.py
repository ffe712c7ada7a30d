"""Many questions from stdin, one a line, answered in order as they come, one record each.

A line is an expression (words, for `similarity`, `odd` and `lookup`) or a JSON object with the fields of the
command; the options of the command line hold for every line that does not set them itself. A question that
cannot be answered yields an error in its place, and the exit status is that of the first error.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from types import UnionType
from typing import Any, NamedTuple, NoReturn

import typer

from embcli.cli.session import note, write
from embcli.cli.stdin import AT_ONCE, Line, Lines, blocks_of_lines
from embcli.errors import BadFile, EmbcliError, InputOutputProblem, UsageProblem
from embcli.workers import WorkerLost, Workers, processors

KINDS = {str: "text", int: "a whole number", bool: "true or false", list: "a list, of words or of temperatures"}

Fields = dict[str, Any]
Answer = Any  # a record, or an EmbcliError


class Answered(NamedTuple):
    """The answers to a block of lines as text; the status of the first error; whether an `expect` missed.

    left_out: what the format does not hold.
    """

    text: str
    status: int
    missed: bool
    left_out: frozenset[str]


class Batch(NamedTuple):
    """How questions are read, answered and written.

    defaults: the options of the command line. kinds: the fields that a JSON object may have, and their types; the
    first must be there. read_line: the fields that a plain line stands for. answer: records or errors for questions,
    in order. columns: of CSV, TSV and Markdown. All of it can be pickled if processes are to share the work.
    """

    form: str
    defaults: Fields
    kinds: Mapping[str, type]
    read_line: Callable[[str], Fields]
    answer: Callable[[Sequence[Fields]], Iterable[Answer]]
    columns: Sequence[str]

    def answer_lines(self, lines: Lines) -> Answered:
        """The answers to some lines, in order."""
        questions = [self._read(line) for line in lines]
        answers = iter(self.answer([question for question in questions if not isinstance(question, EmbcliError)]))
        status, missed, texts, left = 0, False, [], set[str]()
        for line, question in zip(lines, questions, strict=True):
            result = self._fitting(question if isinstance(question, EmbcliError) else next(answers))
            if isinstance(result, EmbcliError):
                status = status or result.exit_status
            else:
                missed = missed or getattr(result, "missed", False)
                left.update(self._left_out(result))
            texts.append(self._write(result, line.text, line.number))
        return Answered("".join(texts), status, missed, frozenset(left))

    def _left_out(self, result: Answer) -> Iterable[str]:
        if self.form in ("json", "jsonl", "table"):
            return ()
        from embcli.render.delimited import left_out

        return left_out(result)

    def _read(self, line: Line) -> Fields | EmbcliError:
        try:
            if line.problem:
                raise BadFile(f"the question {line.problem}", "write one question a line, as UTF-8")
            is_object = line.text.startswith("{")
            fields = _read_object(line.text, self.kinds) if is_object else self.read_line(line.text)
            required = next(iter(self.kinds))
            if not fields.get(required):
                raise UsageProblem(f'the question has no "{required}"', f"its fields are {', '.join(self.kinds)}")
            return self.defaults | fields
        except EmbcliError as error:
            return error

    def _fitting(self, result: Answer) -> Answer:
        """The answer; an error if it has more columns than the header, which the command line decides."""
        if isinstance(result, EmbcliError) or self.form in ("json", "jsonl", "table"):
            return result
        from embcli.render.delimited import rows_of

        more = [column for column in next(iter(rows_of(result)), {}) if column not in self.columns]
        if not more:
            return result
        return UsageProblem(
            f"the answer has columns that the first line lacks: {', '.join(more)}",
            "set such options on the command line, or take --format jsonl",
        )

    def _write(self, result: Answer, question: str, number: int) -> str:
        """An answer or an error in the format; CSV, TSV and Markdown repeat the question in their rows."""
        failed = isinstance(result, EmbcliError)
        if self.form in ("json", "jsonl"):
            from embcli.render.as_json import dumps, dumps_error

            return dumps_error(result, question=question, line=number) if failed else dumps(result)
        if self.form == "table":
            from embcli.render import render

            return f"{question}: {result.message}; {result.hint}\n\n" if failed else render(result, "table") + "\n"
        from embcli.render.delimited import rows_of, table

        rows = [{"error": result.message}] if failed else list(rows_of(result))
        return table(self._all_columns, [{"question": question, **row} for row in rows], self.form, header=False)

    @property
    def header(self) -> str:
        """What stands above the first answer."""
        if self.form in ("json", "jsonl", "table"):
            return ""
        from embcli.render.delimited import table

        return table(self._all_columns, [], self.form, header=True)

    @property
    def _all_columns(self) -> list[str]:
        return ["question", *self.columns, "error"]


def run_batch(batch: Batch, *, shared: bool = False) -> int:
    """Answer the questions of stdin; returns the exit status: of the first error, else 1 for a missed `expect`.

    shared: whether other processes may help when many questions come at once.
    """
    status = missed = 0
    header, left = batch.header, set[str]()
    for answered in _answers(batch, processors() if shared else 1):
        write(header + answered.text)
        header = ""
        status, missed = status or answered.status, missed or answered.missed
        left |= answered.left_out
    for name in sorted(left):
        note(f"{batch.form} has no {name}, --format jsonl has")
    return status or int(missed)


def _answers(batch: Batch, count: int) -> Iterator[Answered]:
    """The answers to stdin, block by block; `count` processes share them once a block is full of waiting questions."""
    blocks = blocks_of_lines()
    for lines in blocks:
        if count > 1 and len(lines) == AT_ONCE:
            break
        if lines:
            yield batch.answer_lines(lines)
    else:
        return
    try:
        with Workers(batch.answer_lines, count) as workers:
            for block in chain([lines], blocks):
                while workers.results_due and (workers.are_all_busy or not block):
                    yield workers.take()
                if block:
                    workers.give(block)
            while workers.results_due:
                yield workers.take()
    except WorkerLost as error:
        raise InputOutputProblem(
            "a worker process was killed (out of memory?)", "close other programs, then run the command again"
        ) from error


def answer_each(ask: Callable[[Fields], Any]) -> Callable[[Sequence[Fields]], Iterator[Answer]]:
    """Answers one by one, for questions that share no work."""

    def answer(questions: Sequence[Fields]) -> Iterator[Answer]:
        for question in questions:
            try:
                yield ask(dict(question))
            except EmbcliError as error:
                yield error

    return answer


def _read_object(line: str, kinds: Mapping[str, type]) -> Fields:
    try:
        fields: dict[str, Any] = json.loads(line, object_pairs_hook=_each_once)
    except (ValueError, RecursionError) as error:
        raise UsageProblem(f"the question is not JSON: {error}", "write an object, or a plain expression") from None
    for name, value in fields.items():
        if name not in kinds:
            raise UsageProblem(f'a question has no field "{name}"', f"its fields are {', '.join(kinds)}")
        if value is not None and not _fits(name, value, kinds[name]):
            raise UsageProblem(f'the field "{name}" cannot be {json.dumps(value)}', f"it is {KINDS[kinds[name]]}")
    return {name: value for name, value in fields.items() if value is not None}


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose fields are there once; of two, JSON would keep the last."""
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise UsageProblem(f'the field "{name}" is given twice', "give it once")
    return dict(pairs)


def _fits(name: str, value: Any, kind: type) -> bool:
    """Whether a value of JSON is of a kind; lists are of words, but for those of temperatures."""
    if isinstance(value, list) and kind is list:
        inner: type | UnionType = int | float if name == "temperatures" else str
        return all(isinstance(item, inner) and not isinstance(item, bool) for item in value)
    return isinstance(value, kind) and isinstance(value, bool) == (kind is bool)


def read_expression(line: str) -> dict[str, Any]:
    """A line that is an expression; one of plain words is a phrase, as on the command line."""
    from embcli.queries.expression import join_arguments

    return {"expression": join_arguments([line])}


def read_words_of_line(line: str) -> dict[str, Any]:
    """A line that is words with spaces between; words with spaces stand in quotes."""
    from embcli.queries.expression import split_words

    return {"words": split_words(line)}


def answer_stdin(
    given: dict[str, Any],
    kinds: Mapping[str, type],
    read_line: Callable[[str], dict[str, Any]],
    ask_one: Callable[[dict[str, Any]], Any],
    columns: Sequence[str],
    form: str | None,
) -> NoReturn:
    """Answer questions from stdin one by one; exits with the status of the batch."""
    raise typer.Exit(run_batch(Batch(form or "jsonl", given, kinds, read_line, answer_each(ask_one), columns)))
