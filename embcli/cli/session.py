"""What all commands share: open a model, ask a question, write an answer, write a note to stderr."""

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
    """Nobody reads stdout any more: the command ends, quietly."""


def load(models: Sequence[str] | None) -> "StoredSpace":
    """Open the model that was asked for, or the default one, with a progress bar if it must be made.

    UsageProblem for more than one model.
    """
    from embcli.models.open import open_space
    from embcli.render.progress import progress_bar

    if models and len(models) > 1:
        raise UsageProblem(f"there are {len(models)} models ({', '.join(models)})", "ask one at a time")
    with progress_bar() as progress:
        return open_space(models[0] if models else None, progress=progress)


def ask(
    topic: "Topic", space: "StoredSpace", question: "Question", format_name: str | None, *, from_stdin: bool
) -> None:
    """Answer a question, or those that stdin holds, with the question's options; exits when the answer is "no"."""
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
    """The format that the options ask for, if they do. UsageProblem if they contradict each other."""
    options: dict[str, FormatName] = {"--json": "json"} if as_json else {}
    options |= {"--jsonl": "jsonl"} if as_jsonl else {}
    options |= {f"--format {format_name}": format_name} if format_name else {}
    if len(set(options.values())) > 1:
        raise UsageProblem(f"{' and '.join(options)} contradict each other", "give one of them")
    return next(iter(options.values()), None)


def show(record: Any, format_name: str | None) -> None:
    """Write a record to stdout, whole, as a table unless a format was asked for; what that leaves out, to stderr."""
    from embcli.render import render

    write(render(record, format_name or "table"))
    if format_name in ("csv", "tsv", "markdown"):
        from embcli.render.delimited import left_out

        for name, text in left_out(record).items():
            note(f"{format_name} has no {name}, --format json has: {text}")


def write(text: str) -> None:
    """Write to stdout. ReaderGone when the other end of a pipe is closed."""
    try:
        # Newlines are written as they are: CSV's are the two characters of RFC 4180 on every system.
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise ReaderGone from None
        raise


def note(text: str) -> None:
    """Say something to a person on stderr."""
    from embcli.render.printable import printable

    if sys.stderr is not None:
        sys.stderr.write(f"embcli: note: {printable(text)}\n")


def is_terminal() -> bool:
    """Whether a person can be asked: stdin and stderr are a terminal."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def discard_stdout() -> None:
    """What is still buffered must not be written, and complained about, when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
