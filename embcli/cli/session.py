"""Functions that all commands share: open a model, answer a question, write an answer, write a note to stderr."""

import errno
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from embcli.errors import EmbcliError, UsageProblem

if TYPE_CHECKING:
    from embcli.cli.batch import Topic
    from embcli.cli.options import FormatName
    from embcli.models.open import StoredSpace
    from embcli.queries.questions import Question


class ReaderGone(Exception):
    """The other end of stdout is closed: the command ends without a message."""


def load(models: Sequence[str] | None) -> "StoredSpace":
    """Open the named model or the default one, with a progress bar if its store must be built.

    Raises UsageProblem for more than one model.
    """
    from embcli.models.open import open_space
    from embcli.render.progress import progress_bar

    if models and len(models) > 1:
        raise UsageProblem(f"{len(models)} models are named ({', '.join(models)})", "name one model")
    with progress_bar() as progress:
        return open_space(models[0] if models else None, progress=progress)


def ask(
    topic: "Topic", space: "StoredSpace", question: "Question", format_name: str | None, *, from_stdin: bool
) -> None:
    """Answer a question, or those from stdin with the question's options; exits with 1 when the answer is "no"."""
    from embcli.cli.batch import Batch, run_batch

    if from_stdin:
        raise typer.Exit(run_batch(Batch(topic, space, question, format_name or "jsonl")))
    record = next(iter(topic.answer(space, [question])))
    if isinstance(record, EmbcliError):
        raise record
    show(record, format_name)
    if getattr(record, "missed", False):
        raise typer.Exit(1)


def output_format(format_name: "FormatName | None", as_json: bool, as_jsonl: bool) -> "FormatName | None":
    """The format that the options select, if any. Raises UsageProblem if they contradict each other."""
    options: dict[str, FormatName] = {"--json": "json"} if as_json else {}
    options |= {"--jsonl": "jsonl"} if as_jsonl else {}
    options |= {f"--format {format_name}": format_name} if format_name else {}
    if len(set(options.values())) > 1:
        raise UsageProblem(f"{' and '.join(options)} contradict each other", "give one of them")
    return next(iter(options.values()), None)


def show(record: Any, format_name: str | None) -> None:
    """Write a record to stdout, as a table by default; write the parts that the format omits to stderr."""
    from embcli.render import render

    write(render(record, format_name or "table"))
    if format_name in ("csv", "tsv", "markdown"):
        from embcli.render.delimited import left_out

        for name, text in left_out(record).items():
            note(f"{format_name} omits {name} (--format json includes them): {text}")


def write(text: str) -> None:
    """Write to stdout. Raises ReaderGone when the other end of a pipe is closed."""
    try:
        # Newlines are not translated: RFC 4180 requires CRLF in CSV on every system.
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise ReaderGone from None
        raise


def note(text: str) -> None:
    """Write a note to stderr."""
    from embcli.render.printable import printable

    if sys.stderr is not None:
        sys.stderr.write(f"embcli: note: {printable(text)}\n")


def is_terminal() -> bool:
    """Whether a person can be asked: stdin and stderr are a terminal."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def discard_stdout() -> None:
    """Discard buffered output, which would raise an error when the interpreter exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
