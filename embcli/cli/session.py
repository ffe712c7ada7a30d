"""What all commands share: open a model, write an answer, say something on stderr."""

import errno
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from embcli.errors import UsageProblem

if TYPE_CHECKING:
    from embcli.models.open import StoredSpace


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


def output_format(form: str | None, as_json: bool, as_jsonl: bool) -> str | None:
    """The format that the options ask for, if they do. UsageProblem if they contradict each other."""
    options = {"--json": "json"} if as_json else {}
    options |= {"--jsonl": "jsonl"} if as_jsonl else {}
    options |= {f"--format {form}": form} if form else {}
    if len(set(options.values())) > 1:
        raise UsageProblem(f"{' and '.join(options)} contradict each other", "give one of them")
    return next(iter(options.values()), None)


def show(record: Any, form: str | None) -> None:
    """Write a record to stdout, whole, as a table unless a format was asked for; what that leaves out, to stderr."""
    from embcli.render import render

    write(render(record, form or "table"))
    if form in ("csv", "tsv", "markdown"):
        from embcli.render.delimited import left_out

        for name, text in left_out(record).items():
            note(f"{form} has no {name}, --format json has: {text}")


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


def discard_stdout() -> None:
    """What is still buffered must not be written, and complained about, when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
