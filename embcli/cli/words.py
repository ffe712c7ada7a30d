"""The commands that ask about given words."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, NoReturn

import typer

from embcli.cli import options
from embcli.cli.running import load, output_format, read_words, show
from embcli.errors import UsageProblem
from embcli.expression import unquote


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
    form: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Project words on a direction such as plurality: "cats - cat"."""
    from embcli.direction import project as project_words
    from embcli.expression import join_arguments, parse, parse_pairs

    if expression == "-":
        given = {
            "words": [unquote(word) for word in words or []],
            "sort": sort,
            "scan": scan,
            "top": top,
            "pairs": pairs,
        }
        space = load(model)

        def ask_one(fields: dict[str, Any]) -> Any:
            listed = parse_pairs(fields["pairs"]) if fields.get("pairs") else None
            return project_words(space, fields.pop("expression", ""), **(fields | {"pairs": listed}))

        kinds = {"expression": str, "words": list, "sort": bool, "scan": int, "top": int, "pairs": str}
        columns = ["low", "high", "low_dot", "high_dot", "ordered"] if pairs and not words and not scan else None
        columns = columns or ["word", "dot", "scalar", "cosine"]
        _answer_stdin(given, kinds, _expression, ask_one, columns, output_format(form, as_json, as_jsonl))
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
    form: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Turn logits into probabilities, at one or more temperatures."""
    from embcli.expression import join_arguments, parse
    from embcli.softmax import parse_logits, weigh_candidates, weigh_logits

    temperatures = list(dict.fromkeys(temperature or [1.0]))
    if expression == "-":
        given = {"words": [unquote(word) for word in words or []], "temperatures": temperatures, "metric": metric}
        space = load(model)

        def ask_one(fields: dict[str, Any]) -> Any:
            return weigh_candidates(space, fields.pop("expression", ""), everything=fields.pop("all"), **fields)

        kinds = {"expression": str, "words": list, "temperatures": list, "metric": str, "all": bool, "k": int}
        columns = ["word", "logit", *(f"probability_T{repr(t).removesuffix('.0')}" for t in temperatures)]
        given |= {"all": everything, "k": k}
        _answer_stdin(given, kinds, _expression, ask_one, columns, output_format(form, as_json, as_jsonl))
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
    form: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Compare words by cosine, angle, dot product and distance.

    A B C compares A with each of the others; A:B C:D compares pairs.
    """
    from embcli.similarity import compare_words, read_pairs

    space = load(model)
    if words == ["-"]:
        columns = ["a", "b", "cosine", "angle", "dot", "euclidean", "sign"]
        kinds = {"words": list}
        ask_one = lambda fields: compare_words(space, read_pairs(space, fields["words"]))  # noqa: E731
        _answer_stdin({}, kinds, _words, ask_one, columns, output_format(form, as_json, as_jsonl))
    show(compare_words(space, read_pairs(space, words)), output_format(form, as_json, as_jsonl))


def odd(
    words: options.Words,
    model: options.Model = None,
    form: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Find the word that does not belong with the others."""
    from embcli.similarity import find_odd_one

    space = load(model)
    if words == ["-"]:
        ask_one = lambda fields: find_odd_one(space, [unquote(word) for word in fields["words"]])  # noqa: E731
        columns = ["word", "score"]
        _answer_stdin({}, {"words": list}, _words, ask_one, columns, output_format(form, as_json, as_jsonl))
    show(find_odd_one(space, read_words(words)), output_format(form, as_json, as_jsonl))


def lookup(
    words: options.Words,
    model: options.Model = None,
    form: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Read the rows of words in the embedding matrix."""
    from embcli.lookup import look_up

    space = load(model)
    if words == ["-"]:
        ask_one = lambda fields: look_up(space, [unquote(word) for word in fields["words"]])  # noqa: E731
        columns = ["word", "row", "frequency_rank", "norm", *(f"vector_{i}" for i in range(space.dim))]
        _answer_stdin({}, {"words": list}, _words, ask_one, columns, output_format(form, as_json, as_jsonl))
    show(look_up(space, read_words(words)), output_format(form, as_json, as_jsonl))


def _expression(line: str) -> dict[str, Any]:
    """A line that is an expression; one of plain words is a phrase, as on the command line."""
    from embcli.expression import join_arguments

    return {"expression": join_arguments([line])}


def _words(line: str) -> dict[str, Any]:
    """A line that is words with spaces between; words with spaces stand in quotes."""
    from embcli.expression import split_words

    return {"words": split_words(line)}


def _answer_stdin(
    given: dict[str, Any],
    kinds: Mapping[str, type],
    read_line: Callable[[str], dict[str, Any]],
    ask_one: Callable[[dict[str, Any]], Any],
    columns: Sequence[str],
    form: str | None,
) -> NoReturn:
    """Answer questions from stdin one by one; exits with the status of the batch."""
    from embcli.cli.batch import Batch, answer_each, run_batch

    raise typer.Exit(run_batch(Batch(form or "jsonl", given, kinds, read_line, answer_each(ask_one), columns)))
