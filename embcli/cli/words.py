"""The commands that ask about given words."""

from typing import Annotated, Literal

import typer

from embcli.cli import options
from embcli.cli.running import load, output_format, read_words, show
from embcli.errors import UsageProblem


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
