"""Functions that all commands share: open a model, answer a question, write an answer, write a note to stderr."""

import errno
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from embcli.errors import EmbcliError, UsageProblem

if TYPE_CHECKING:
    from embcli.cli.options import FormatName
    from embcli.cli.topic import Topic
    from embcli.models.collections import RegisteredSpace
    from embcli.models.open import StoredSpace
    from embcli.transformer.model import Transformer


class ReaderGone(Exception):
    """The other end of stdout is closed: the command ends without a message."""


def load(models: Sequence[str] | None, pieces: str | None = None) -> "list[StoredSpace | RegisteredSpace]":
    """Open the named models, or the default one, with a progress bar if a store must be built.

    pieces: `mean` if a word of several tokens is the mean of them. Raises UsageProblem if no model has tokens.
    """
    from embcli.models.open import open_space
    from embcli.render.progress import progress_bar

    wanted: Sequence[str | None] = models or [None]
    with progress_bar() as progress:
        spaces = [open_space(name, progress=progress) for name in wanted]
    if pieces and not any(space.spelling for space in spaces):
        raise UsageProblem("--pieces applies to the tokens of a transformer", "remove it, or name one with -m")
    for space in spaces:
        space.average_pieces = pieces is not None
    return spaces


def use_one_blas_thread() -> None:
    """Let BLAS use one thread, if numpy is not loaded yet.

    The matrices of a forward pass over a few tokens are too small for two threads: these wait for each other, and on a
    busy machine a prediction takes five times as long.
    """
    if "numpy" not in sys.modules:
        from embcli.workers import ONE_THREAD

        for name, count in ONE_THREAD.items():
            os.environ.setdefault(name, count)


def load_transformers(models: Sequence[str] | None, *, only_one: bool = True) -> "list[Transformer]":
    """Open the named transformers, or the default model, if it is one.

    Raises UsageProblem for word vectors, and for several models if `only_one`.
    """
    if only_one and models and len(models) > 1:
        raise UsageProblem(f"{len(models)} models are named ({', '.join(models)})", "name one model")
    from embcli.models.checkpoints import open_transformer

    wanted: Sequence[str | None] = models or [None]
    return [open_transformer(name) for name in wanted]


def load_model(models: Sequence[str] | None) -> "StoredSpace | RegisteredSpace | Transformer":
    """Open one model: a transformer, or word vectors. Raises UsageProblem for several."""
    if models and len(models) > 1:
        raise UsageProblem(f"{len(models)} models are named ({', '.join(models)})", "name one model")
    from embcli.models.checkpoints import open_any

    return open_any(models[0] if models else None)


def load_one(models: Sequence[str] | None, pieces: str | None = None) -> "StoredSpace | RegisteredSpace":
    """The same for commands that use one model. Raises UsageProblem for several."""
    if models and len(models) > 1:
        raise UsageProblem(f"{len(models)} models are named ({', '.join(models)})", "name one model")
    return load(models, pieces)[0]


def ask(
    topic: "Topic", spaces: "Sequence[StoredSpace | RegisteredSpace | Transformer | None]", question: Any,
    format_name: str | None, *, has_header: bool, from_stdin: bool,
) -> None:  # fmt: skip
    """Answer a question, or those from stdin with the question's options; exits with 1 when the answer is "no".

    Raises the error of a question that no model answers.
    """
    from embcli.cli.output import OutputFormat, columns_of
    from embcli.cli.output_file import output_file
    from embcli.cli.topic import skipping

    names = [space.name if space else "" for space in spaces]
    if len(set(names)) < len(names):
        raise UsageProblem("a model is named twice", "name different models")
    file = output_file()
    output = OutputFormat(format_name or ("jsonl" if from_stdin else "slide" if file else "table"), has_header)
    if file is not None and from_stdin:
        raise UsageProblem("-o writes the answer of one question", "give the question as arguments, or use > FILE")
    if from_stdin:
        from embcli.cli.batch import Batch, run_batch

        raise typer.Exit(run_batch(Batch(topic, dict(zip(names, spaces, strict=True)), question, output)))
    asked = skipping(question, len(spaces))
    records = [next(iter(topic.answer(space, [asked]))) for space in spaces]
    if all(isinstance(record, EmbcliError) for record in records):
        raise records[0]
    columns = columns_of(topic.columns(spaces[0], question)) if output.is_delimited else []
    typed = _as_typed(question) if output.is_delimited or len(names) > 1 else ""
    if file is not None and output.format_name == "picture":
        file.write_picture(records[0], spaces[0], asked)
    else:
        text = output.text_of(records, typed, {}, names if len(names) > 1 else (), columns, with_header=has_header)
        write(text) if file is None else file.write_slide(text)
    for record in records:
        for name, text in output.left_out(record).items():
            note(f"{output.format_name} omits {name} (--format json includes them): {text}")
    if any(getattr(record, "missed", False) for record in records):
        raise typer.Exit(1)


def _as_typed(question: Any) -> str:
    """A question as a line of a batch."""
    from embcli.queries.expression import quote

    for texts in (getattr(question, "text", None), " / ".join(getattr(question, "texts", ()))):
        if texts:
            return str(texts)
    expression = getattr(question, "expression", None)
    return " ".join(map(quote, question.words)) if expression is None else str(expression)


def output_format(
    format_name: "FormatName | None", as_json: bool, as_jsonl: bool, no_header: bool = False
) -> "FormatName | None":
    """The format that the options select, if any. Raises UsageProblem if they contradict each other."""
    options: dict[str, FormatName] = {"--json": "json"} if as_json else {}
    options |= {"--jsonl": "jsonl"} if as_jsonl else {}
    options |= {f"--format {format_name}": format_name} if format_name else {}
    if len(set(options.values())) > 1:
        raise UsageProblem(f"{' and '.join(options)} contradict each other", "give one of them")
    found = next(iter(options.values()), None)
    if no_header and found not in ("csv", "tsv"):
        raise UsageProblem("--no-header applies only to CSV and TSV", "add --format csv, or remove it")
    return found


def show_with_notes(record: Any, format_name: str | None) -> None:
    """Write the record to stdout and, without a format option, its notes to stderr."""
    show(record, format_name)
    if format_name is None:
        for text in record.notes or ():
            note(text)


def show(record: Any, format_name: str | None, *, has_header: bool = True) -> None:
    """Write a record to stdout, as a table by default, or to the file of `-o`; what a format omits goes to stderr."""
    from embcli.cli.output_file import output_file
    from embcli.render import render

    file = output_file()
    if file is not None:
        file.write_slide(render(record, "slide"))
        return
    write(render(record, format_name or "table", has_header=has_header))
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


def say(text: str) -> None:
    """Write lines for a person to stderr, such as the confirmation of a setting."""
    from embcli.render.printable import printable

    if sys.stderr is not None:
        sys.stderr.write("".join(f"{printable(line)}\n" for line in text.splitlines()))
        sys.stderr.flush()


def report_lines(errors: Sequence[str]) -> None:
    """Write errors of a batch to stderr, where the format cannot show them."""
    from embcli.render.printable import printable

    if sys.stderr is not None:
        sys.stderr.write("".join(f"embcli: {printable(error)}\n" for error in errors))


def is_terminal() -> bool:
    """Whether a person can be asked: stdin and stderr are a terminal."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def discard_stdout() -> None:
    """Discard buffered output, which would raise an error when the interpreter exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
