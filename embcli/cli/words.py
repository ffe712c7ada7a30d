"""The commands that ask about given words."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer

from embcli.cli import options
from embcli.cli.running import load, note, output_format, read_words, show
from embcli.errors import UsageProblem
from embcli.expression import unquote

if TYPE_CHECKING:
    from embcli.space import VectorSpace


def project(
    expression: options.OneExpression,
    words: options.WordsOrNone = None,
    sort: Annotated[bool, typer.Option("--sort", help="Put the highest dot product first.")] = False,
    scan: Annotated[
        int | None,
        typer.Option(metavar="N", help="Show the N words farthest along each end, by cosine.", show_default=False),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="With --scan: search the N most frequent words. [default: 50000]", show_default=False
        ),
    ] = None,
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

    format_name = output_format(form, as_json, as_jsonl)
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
        only_pairs = pairs and not words and not scan
        columns = (
            ["low", "high", "low_dot", "high_dot", "ordered"] if only_pairs else ["word", "dot", "scalar", "cosine"]
        )
        columns += ["separation", "auc"] if pairs else []
        _answer_stdin(given, kinds, _expression, ask_one, [*columns, "resolved"], format_name)
    parsed, wanted = parse(join_arguments([expression])), read_words(words or [])
    compared = parse_pairs(pairs) if pairs is not None else None
    record = project_words(load(model), parsed, wanted, sort=sort, scan=scan, top=top, pairs=compared)
    show(record, format_name)


def softmax(
    expression: options.OneExpressionOrNone = None,
    words: options.WordsOrNone = None,
    temperature: Annotated[
        list[str] | None,
        typer.Option(
            "-T",
            "--temperature",
            metavar="NUMBER,...",
            help="Temperatures, 0 or more: -T 0,1,2; may be repeated. [default: 1]",
            show_default=False,
        ),
    ] = None,
    metric: Annotated[
        Literal["dot", "cosine"] | None,
        typer.Option(help="Score used as the logit. [default: dot]", show_default=False),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Take the whole vocabulary as the candidates.")] = False,
    k: Annotated[
        int | None,
        typer.Option("-k", help="With --all: how many candidates to show. [default: 10]", show_default=False),
    ] = None,
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
    from embcli.softmax import parse_logits, parse_temperatures, weigh_candidates, weigh_logits

    format_name = output_format(form, as_json, as_jsonl)
    temperatures = parse_temperatures(temperature or ["1"])
    if logits is not None:
        beside = {"the expression": expression, "--all": everything, "-k": k, "--metric": metric, "-m": model}
        unused = [name for name, value in beside.items() if value]
        if unused:
            raise UsageProblem(f"--logits stands alone, so {', '.join(unused)} would have no effect", "leave that out")
        show(weigh_logits(parse_logits(logits), temperatures), format_name)
        return
    if expression is None:
        raise UsageProblem("there is nothing to ask about", "give an expression and words, or --logits")
    measure = metric or "dot"
    space = load(model)
    if expression == "-":
        given = {"words": [unquote(word) for word in words or []], "temperatures": temperatures, "metric": measure}

        def ask_one(fields: dict[str, Any]) -> Any:
            return weigh_candidates(space, fields.pop("expression", ""), everything=fields.pop("all"), **fields)

        kinds = {"expression": str, "words": list, "temperatures": list, "metric": str, "all": bool, "k": int}
        names = [repr(t).removesuffix(".0") for t in temperatures]
        columns = [
            "word",
            "logit",
            *(f"probability_T{name}" for name in names),
            *(f"entropy_T{name}" for name in names),
        ]
        given |= {"all": everything, "k": k}
        _answer_stdin(given, kinds, _expression, ask_one, [*columns, "resolved"], format_name)
    parsed, candidates = parse(join_arguments([expression])), read_words(words or [])
    if temperature:
        _check_numbers(space, candidates)
    record = weigh_candidates(
        space, parsed, candidates, metric=measure, temperatures=temperatures, everything=everything, k=k
    )
    show(record, format_name)


def _check_numbers(space: "VectorSpace", words: Sequence[str]) -> None:
    """Candidates that look like temperatures: UsageProblem if they are no words, else a note."""
    from embcli.softmax import is_number

    numbers = [word for word in words if is_number(word)]
    unknown = [number for number in numbers if space.vocabulary.find(number) is None]
    if unknown:
        raise UsageProblem(
            f"{', '.join(unknown)} is not a word of {space.name or 'the vocabulary'}, but looks like a temperature",
            "for several temperatures, write -T 1,2,5",
        )
    if numbers:
        note(f"{', '.join(numbers)} taken as words; for several temperatures, write -T 1,2,5")


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

    format_name = output_format(form, as_json, as_jsonl)
    if len(words) > 1 and "-" in words:
        raise UsageProblem('"-" stands for questions from stdin, and stands alone', "the word itself is '\"-\"'")
    space = load(model)
    if words == ["-"]:
        columns = ["a", "b", "cosine", "angle", "dot", "euclidean", "sign", "resolved"]
        kinds = {"words": list}
        ask_one = lambda fields: compare_words(space, read_pairs(space, fields["words"]))  # noqa: E731
        _answer_stdin({}, kinds, _words, ask_one, columns, format_name)
    show(compare_words(space, read_pairs(space, words)), format_name)


def odd(
    words: options.Words,
    model: options.Model = None,
    form: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Find the word that does not belong with the others."""
    from embcli.similarity import find_odd_one

    format_name = output_format(form, as_json, as_jsonl)
    space = load(model)
    if words == ["-"]:
        ask_one = lambda fields: find_odd_one(space, [unquote(word) for word in fields["words"]])  # noqa: E731
        columns = ["word", "score", "odd", "resolved"]
        _answer_stdin({}, {"words": list}, _words, ask_one, columns, format_name)
    show(find_odd_one(space, read_words(words)), format_name)


def lookup(
    words: options.Words,
    model: options.Model = None,
    form: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Read the rows of words in the embedding matrix."""
    from embcli.lookup import look_up

    format_name = output_format(form, as_json, as_jsonl)
    space = load(model)
    if words == ["-"]:
        ask_one = lambda fields: look_up(space, [unquote(word) for word in fields["words"]])  # noqa: E731
        columns = ["word", "row", "frequency_rank", "norm", *(f"vector_{i}" for i in range(space.dim)), "resolved"]
        _answer_stdin({}, {"words": list}, _words, ask_one, columns, format_name)
    show(look_up(space, read_words(words)), format_name)


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
