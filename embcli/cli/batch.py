"""Batches: questions from stdin, one per line, answered in order with one record each.

A line is an expression (words, for `similarity`, `odd` and `lookup`) or a JSON object with the fields of the
command's question. The options of the command line apply to every line that does not set them. A question that
fails yields an error in its place, and the exit status is that of the first error.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from embcli.cli.fields import Fields, field_types, read_object
from embcli.cli.session import note, write
from embcli.cli.stdin import FULL_BLOCK, Line, Lines, blocks_of_lines
from embcli.errors import BadFile, EmbcliError, UsageProblem
from embcli.workers import Workers, processors

if TYPE_CHECKING:
    from embcli.models.open import StoredSpace
    from embcli.queries.questions import Question

Record = Any  # an answer, or an EmbcliError


class Topic(NamedTuple):
    """The functions of a command that read and answer its questions, and the columns of its answers.

    read_line: the fields of a plain line. answer: one record or error per question, in order. columns: those of CSV,
    TSV and Markdown, for a question with the options of the command line. unset: fields that a line may not set.
    is_shared: whether workers may share many questions. All fields can be pickled.
    """

    read_line: Callable[[str], Fields]
    answer: Callable[["StoredSpace", Sequence[Any]], Iterable[Record]]
    columns: Callable[["StoredSpace", Any], Sequence[str]]
    unset: tuple[str, ...] = ()
    is_shared: bool = False


class Answered(NamedTuple):
    """The answers to a block of lines as text, the status of the first error, and whether an `expect` missed.

    left_out: the parts of the answers that the format omits.
    """

    text: str
    status: int
    missed: bool
    left_out: frozenset[str]


class Batch:
    """The questions of a command, answered from a space in a format. question: the options of the command line."""

    def __init__(self, topic: Topic, space: "StoredSpace", question: "Question", format_name: str) -> None:
        self.topic, self.space, self.question, self.format_name = topic, space, question, format_name
        types = field_types(type(question))
        self.types = {name: hint for name, hint in types.items() if name not in topic.unset}
        self.columns = ["question", *topic.columns(space, question), "error"] if self.is_delimited else []

    @property
    def is_delimited(self) -> bool:
        """Whether the format has a header and rows."""
        return self.format_name not in ("json", "jsonl", "table")

    @property
    def header(self) -> str:
        """The header line of CSV, TSV and Markdown; empty for other formats."""
        if not self.is_delimited:
            return ""
        from embcli.render.delimited import table

        return table(self.columns, [], self.format_name, header=True)

    def answer_lines(self, lines: Lines) -> Answered:
        """Answer some lines, in order."""
        questions = [self._read(line) for line in lines]
        asked = [question for question in questions if not isinstance(question, EmbcliError)]
        answers = iter(self.topic.answer(self.space, asked))
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

    def _read(self, line: Line) -> "Question | EmbcliError":
        try:
            if line.problem:
                raise BadFile(f"the question {line.problem}", "write one question per line, in UTF-8")
            is_object = line.text.startswith("{")
            fields = read_object(line.text, self.types) if is_object else self.topic.read_line(line.text)
            required = next(iter(self.types))
            if not fields.get(required):
                raise UsageProblem(f'the field "{required}" is missing', f"the fields are {', '.join(self.types)}")
            return self.question._replace(**fields)
        except EmbcliError as error:
            return error

    def _left_out(self, result: Record) -> Iterable[str]:
        if not self.is_delimited:
            return ()
        from embcli.render.delimited import left_out

        return left_out(result)

    def _fitting(self, result: Record) -> Record:
        """The answer, or an error if it has columns that the header lacks; the command line decides the header."""
        if isinstance(result, EmbcliError) or not self.is_delimited:
            return result
        from embcli.render.delimited import rows_of

        more = [column for column in next(iter(rows_of(result)), {}) if column not in self.columns]
        if not more:
            return result
        return UsageProblem(
            f"the header lacks columns of this answer: {', '.join(more)}",
            "set these options on the command line, or use --format jsonl",
        )

    def _write(self, result: Record, question: str, number: int) -> str:
        """Format an answer or an error; rows of CSV, TSV and Markdown repeat the question."""
        failed = isinstance(result, EmbcliError)
        if self.format_name in ("json", "jsonl"):
            from embcli.render.as_json import dumps, dumps_error

            return dumps_error(result, question=question, line=number) if failed else dumps(result)
        if self.format_name == "table":
            from embcli.render import render

            return f"{question}: {result.message}; {result.hint}\n\n" if failed else render(result, "table") + "\n"
        from embcli.render.delimited import rows_of, table

        rows = [{"error": "; ".join(filter(None, (result.message, result.hint)))}] if failed else list(rows_of(result))
        return table(self.columns, [{"question": question, **row} for row in rows], self.format_name, header=False)


def run_batch(batch: Batch) -> int:
    """Answer the questions from stdin; returns the status of the first error, else 1 for a missed `expect`."""
    status = missed = 0
    header, left = batch.header, set[str]()
    for answered in _answers(batch, processors() if batch.topic.is_shared else 1):
        write(header + answered.text)
        header = ""
        status, missed = status or answered.status, missed or answered.missed
        left |= answered.left_out
    for name in sorted(left):
        note(f"{batch.format_name} omits {name}; use --format jsonl")
    return status or int(missed)


def _answers(batch: Batch, count: int) -> Iterator[Answered]:
    """Answer stdin block by block; from the first full block on, `count` workers share the questions."""
    is_shared = False
    with Workers(batch.answer_lines, count) as workers:
        for block in blocks_of_lines():
            is_shared = is_shared or (count > 1 and len(block) == FULL_BLOCK)
            if block and not is_shared:
                yield batch.answer_lines(block)
                continue
            # An empty block means that more questions are awaited: all answers that are due come first.
            while workers.results_due and (workers.are_all_busy or not block):
                yield workers.take()
            if block:
                workers.give(block)
        while workers.results_due:
            yield workers.take()


def answer_each(
    answer: Callable[["StoredSpace", Any], Record], space: "StoredSpace", questions: Sequence[Any]
) -> Iterator[Record]:
    """Answer questions one by one, where they share no work."""
    for question in questions:
        try:
            yield answer(space, question)
        except EmbcliError as error:
            yield error


def read_expression(line: str) -> Fields:
    """Read a line as an expression; several plain words are a phrase, as on the command line."""
    from embcli.queries.arguments import join_arguments

    return {"expression": join_arguments([line])}


def read_words_of_line(line: str) -> Fields:
    """Read a line as words separated by spaces; words that contain spaces are quoted."""
    from embcli.queries.arguments import split_words
    from embcli.queries.expression import unquote

    return {"words": tuple(map(unquote, split_words(line)))}
