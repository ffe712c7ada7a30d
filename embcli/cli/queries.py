"""The commands that ask a model a question."""

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from embcli.cli import options
from embcli.errors import BadFile, UsageProblem

if TYPE_CHECKING:
    from embcli.models import StoredSpace


def analogy(
    expression: options.ExpressionWords,
    method: Annotated[
        Literal["3cosadd", "3cosmul", "pairdirection"], typer.Option(help="How an analogy is completed.")
    ] = "3cosadd",
    metric: options.Metric = "cosine",
    raw: options.Raw = False,
    k: options.Count = 10,
    top: options.Top = None,
    include_inputs: options.IncludeInputs = False,
    expect: options.Expect = None,
    model: options.Model = None,
    form: options.Format = "table",
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Complete an analogy: king - man + woman, or man:king::woman:?"""
    from embcli.analogy import solve_analogy
    from embcli.expression import join_arguments, parse

    parsed = parse(join_arguments(expression, triple=True), triple=True)
    ranking = solve_analogy(
        load(model), parsed, method=method, metric=metric, raw=raw, k=k, top=top,
        include_inputs=include_inputs, expect=expect,
    )  # fmt: skip
    show(ranking, output_format(form, as_json, as_jsonl))
    if ranking.missed:
        raise typer.Exit(1)


def neighbors(
    expression: options.ExpressionWords,
    metric: options.Metric = "cosine",
    raw: options.Raw = False,
    k: options.Count = 10,
    top: options.Top = None,
    include_inputs: options.IncludeInputs = False,
    expect: options.Expect = None,
    model: options.Model = None,
    form: options.Format = "table",
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Find the words nearest to a word or an expression (also: nn)."""
    from embcli.analogy import find_neighbors
    from embcli.expression import join_arguments, parse

    parsed = parse(join_arguments(expression))
    ranking = find_neighbors(
        load(model), parsed, metric=metric, raw=raw, k=k, top=top, include_inputs=include_inputs, expect=expect
    )
    show(ranking, output_format(form, as_json, as_jsonl))
    if ranking.missed:
        raise typer.Exit(1)


def project(
    expression: options.OneExpression,
    words: options.WordsOrNone = None,
    sort: Annotated[bool, typer.Option("--sort", help="Put the highest dot product first.")] = False,
    scan: Annotated[
        int | None,
        typer.Option(metavar="N", help="Show the N words farthest along each end, by cosine.", show_default=False),
    ] = None,
    top: Annotated[int, typer.Option(metavar="N", help="Scan only the N most frequent words.")] = 50_000,
    pairs: Annotated[
        str | None,
        typer.Option(metavar="LOW:HIGH,...", help="Does the direction put these pairs in order?", show_default=False),
    ] = None,
    model: options.Model = None,
    form: options.Format = "table",
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Project words on a direction such as plurality: "cats - cat"."""
    from embcli.direction import project as project_words
    from embcli.expression import join_arguments, parse, parse_pairs

    parsed, wanted = parse(join_arguments([expression])), read_words(words or [])
    compared = parse_pairs(pairs) if pairs is not None else None
    show(
        project_words(load(model), parsed, wanted, sort=sort, scan=scan, top=top, pairs=compared),
        output_format(form, as_json, as_jsonl),
    )


def softmax(
    expression: options.OneExpressionOrNone = None,
    words: options.WordsOrNone = None,
    temperature: Annotated[
        list[float] | None,
        typer.Option(
            "-T", "--temperature", help="A temperature, 0 or more; may be repeated. [default: 1]", show_default=False
        ),
    ] = None,
    metric: Annotated[Literal["dot", "cosine"], typer.Option(help="What the logits are.")] = "dot",
    everything: Annotated[bool, typer.Option("--all", help="The whole vocabulary is the candidates.")] = False,
    k: Annotated[int, typer.Option("-k", help="How many candidates --all shows.")] = 10,
    logits: Annotated[
        str | None,
        typer.Option(metavar="NAME=NUMBER,...", help="Use these logits; no model is asked.", show_default=False),
    ] = None,
    model: options.Model = None,
    form: options.Format = "table",
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Turn logits into probabilities, at one or more temperatures."""
    from embcli.expression import join_arguments, parse
    from embcli.softmax import parse_logits, weigh_candidates, weigh_logits

    temperatures = temperature or [1.0]
    if logits is not None:
        if expression is not None or everything:
            raise UsageProblem("--logits stands alone", "leave out the expression, the words and --all")
        show(weigh_logits(parse_logits(logits), temperatures), output_format(form, as_json, as_jsonl))
        return
    if expression is None:
        raise UsageProblem("there is nothing to ask about", "give an expression and words, or --logits")
    parsed, candidates = parse(join_arguments([expression])), read_words(words or [])
    show(
        weigh_candidates(
            load(model), parsed, candidates, metric=metric, temperatures=temperatures, everything=everything, k=k
        ),
        output_format(form, as_json, as_jsonl),
    )


def similarity(
    words: options.Words,
    model: options.Model = None,
    form: options.Format = "table",
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Compare words by cosine, angle, dot product and distance.

    A B C compares A with each of the others; A:B C:D compares pairs.
    """
    from embcli.similarity import compare_words, read_pairs

    space = load(model)
    show(compare_words(space, read_pairs(space, words)), output_format(form, as_json, as_jsonl))


def odd(
    words: options.Words,
    model: options.Model = None,
    form: options.Format = "table",
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Find the word that does not belong with the others."""
    from embcli.similarity import find_odd_one

    show(find_odd_one(load(model), read_words(words)), output_format(form, as_json, as_jsonl))


def lookup(
    words: options.Words,
    model: options.Model = None,
    form: options.Format = "table",
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Read the rows of words in the embedding matrix."""
    from embcli.lookup import look_up

    show(look_up(load(model), read_words(words)), output_format(form, as_json, as_jsonl))


def load(model: str | None) -> "StoredSpace":
    """Open the model that was asked for, or the default one, with a progress bar if it must be made."""
    from embcli.models import open_space
    from embcli.render.progress import progress_bar

    with progress_bar() as progress:
        return open_space(model, progress=progress)


def output_format(form: str, as_json: bool, as_jsonl: bool) -> str:
    """The format that the options ask for."""
    return "json" if as_json else "jsonl" if as_jsonl else form


def show(record: Any, form: str) -> None:
    """Write a record to stdout, whole."""
    from embcli.render import render

    # Newlines are written as they are: CSV's are the two characters of RFC 4180 on every system.
    sys.stdout.write(render(record, form))


def read_words(arguments: Iterable[str]) -> list[str]:
    """Words as arguments: `-` stands for the lines of stdin, and `"-"` in quotes for itself."""
    from embcli.expression import unquote

    words: list[str] = []
    for argument in (given := list(arguments)):
        if argument != "-":
            words.append(unquote(argument))
        elif len(given) > 1 and sys.stdin is not None and sys.stdin.isatty():
            raise UsageProblem(
                '"-" stands for words from stdin, which is a terminal',
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


# In the order in which help lists them.
COMMANDS: dict[str, Callable[..., None]] = {
    "analogy": analogy,
    "neighbors": neighbors,
    "project": project,
    "softmax": softmax,
    "similarity": similarity,
    "odd": odd,
    "lookup": lookup,
    "nn": neighbors,
}
ALIASES = {"nn"}
