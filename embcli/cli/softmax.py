"""The command that turns logits into probabilities."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from embcli.cli import options
from embcli.cli.session import load, note, output_format, show
from embcli.cli.stdin import read_words
from embcli.errors import UsageProblem
from embcli.queries.expression import unquote

if TYPE_CHECKING:
    from embcli.vectors.space import VectorSpace


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
    from embcli.queries.expression import join_arguments, parse
    from embcli.queries.softmax import parse_logits, parse_temperatures, weigh_candidates, weigh_logits

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
        from embcli.cli.batch import answer_stdin, read_expression

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
        answer_stdin(given, kinds, read_expression, ask_one, [*columns, "resolved"], format_name)
    parsed, candidates = parse(join_arguments([expression])), read_words(words or [])
    if temperature:
        _check_numbers(space, candidates)
    record = weigh_candidates(
        space, parsed, candidates, metric=measure, temperatures=temperatures, everything=everything, k=k
    )
    show(record, format_name)


def _check_numbers(space: "VectorSpace", words: Sequence[str]) -> None:
    """Candidates that look like temperatures: UsageProblem if they are no words, else a note."""
    from embcli.queries.softmax import is_number

    numbers = [word for word in words if is_number(word)]
    unknown = [number for number in numbers if space.vocabulary.find(number) is None]
    if unknown:
        raise UsageProblem(
            f"{', '.join(unknown)} is not a word of {space.name or 'the vocabulary'}, but looks like a temperature",
            "for several temperatures, write -T 1,2,5",
        )
    if numbers:
        note(f"{', '.join(numbers)} taken as words; for several temperatures, write -T 1,2,5")
