"""The text of answers in the chosen format: of one question or of a batch, from one model or several."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from embcli.cli.topic import Record
from embcli.errors import EmbcliError, UsageProblem

# Columns of CSV, TSV and Markdown around those of the answers.
FIRST_COLUMNS, LAST_COLUMNS = ("question",), ("error", "line", "id", "model")


class OutputFormat(NamedTuple):
    """A format of `--format`, or `slide`: a table for `-o`.

    has_header: whether CSV and TSV begin with the names of the columns.
    """

    format_name: str
    has_header: bool = True

    @property
    def is_delimited(self) -> bool:
        """Whether the format has a header and rows."""
        return self.format_name in ("csv", "tsv", "markdown")

    def header(self, columns: Sequence[str]) -> str:
        """The names of the columns; empty for formats without columns."""
        if not self.is_delimited or not self.has_header:
            return ""
        from embcli.render.delimited import table

        return table(columns, [], self.format_name, header=True)

    def left_out(self, record: Record) -> Mapping[str, str]:
        """The parts of an answer that the format omits, as name → text."""
        if not self.is_delimited or isinstance(record, EmbcliError):
            return {}
        from embcli.render.delimited import left_out

        return left_out(record)

    def text_of(
        self, records: Sequence[Record], question: str, place: Mapping[str, Any], models: Sequence[str],
        columns: Sequence[str], with_header: bool = False,
    ) -> str:  # fmt: skip
        """The answers of one or several models to a question, or their errors.

        place: the line and the id of the question in a batch. models: the name of the model of each record, if there
        are several. with_header: whether the names of the columns come first.
        """
        if self.format_name in ("json", "jsonl"):
            return "".join(_as_json(one, question, place, name) for one, name in _named(records, models))
        if self.format_name == "words":
            return "".join(_as_words(one) for one in records)
        if self.is_delimited:
            from embcli.render.delimited import table

            rows = [row for one, name in _named(records, models) for row in _rows(one, question, place, name)]
            return table(columns, rows, self.format_name, header=with_header)
        if len(records) > 1:
            from embcli.render.side_by_side import side_by_side

            answers = [*zip(models, records, strict=True)]
            in_words, on_slide = self.format_name == "plain", self.format_name == "slide"
            return side_by_side(answers, in_words=in_words, on_slide=on_slide) + "\n" * bool(place)
        if isinstance(records[0], EmbcliError):
            return f"{question}: {_message(records[0])}\n\n"
        from embcli.render import render

        return render(records[0], self.format_name) + "\n" * bool(place)


def columns_of(columns: Iterable[str]) -> list[str]:
    """The columns of CSV, TSV and Markdown, given those of the answers."""
    return [*FIRST_COLUMNS, *columns, *LAST_COLUMNS]


def fitted(record: Record, columns: Sequence[str]) -> Record:
    """The answer, or an error if it has columns that the header lacks; the command line decides the header."""
    if isinstance(record, EmbcliError) or not columns:
        return record
    from embcli.render.delimited import rows_of

    more = [column for column in next(iter(rows_of(record)), {}) if column not in columns]
    if not more:
        return record
    return UsageProblem(
        f"the header lacks columns of this answer: {', '.join(more)}",
        "set these options on the command line, or use --format jsonl",
    )


def status_of(records: Sequence[Record]) -> int:
    """The exit status of a question: 0 if any model answers it, else that of the first error."""
    if any(not isinstance(record, EmbcliError) for record in records):
        return 0
    return int(records[0].exit_status)


def _named(records: Sequence[Record], models: Sequence[str]) -> Iterable[tuple[Record, str]]:
    return zip(records, models or [""] * len(records), strict=True)


def _as_json(record: Record, question: str, place: Mapping[str, Any], model: str) -> str:
    from embcli.render.as_json import dumps, dumps_error

    if not isinstance(record, EmbcliError):
        return dumps(record, **place)
    return dumps_error(record, question=question, **place, **({"model": model} if model else {}))


def _rows(record: Record, question: str, place: Mapping[str, Any], model: str) -> list[dict[str, Any]]:
    """The rows of an answer, each with the question and the model; one row with the message of an error."""
    around = {"question": question, **place}
    if isinstance(record, EmbcliError):
        return [{**around, "error": _message(record), "model": model}]
    from embcli.render.delimited import rows_of

    name = record.model.name if record.model is not None else ""
    return [{**around, **row, "model": name} for row in rows_of(record)]


def _as_words(record: Record) -> str:
    """The answering words, one a line; an empty line for an error, so that questions and answers stay aligned."""
    from embcli.render import words

    return "\n" if isinstance(record, EmbcliError) else words(record)


def _message(error: EmbcliError) -> str:
    return "; ".join(filter(None, (error.message, error.hint)))
