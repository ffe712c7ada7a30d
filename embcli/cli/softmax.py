"""The command that turns logits into probabilities."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from embcli.cli import options
from embcli.cli.session import ask, load, note, output_format
from embcli.cli.stdin import read_words
from embcli.cli.topic import Topic, answer_each, read_expression
from embcli.errors import UsageProblem

if TYPE_CHECKING:
    from embcli.models.open import StoredSpace
    from embcli.queries.questions import SoftmaxQuestion
    from embcli.results.queries import Distribution
    from embcli.vectors.space import VectorSpace


def softmax(
    expression: options.OneExpressionOrNone = None,
    words: options.WordArgumentsOrNone = None,
    temperature: Annotated[
        list[str] | None,
        typer.Option(
            "-T",
            "--temperature",
            metavar="NUMBER,...",
            help="Temperatures, 0 or more: -T 0,1,2; may be repeated.  [default: 1]",
            show_default=False,
        ),
    ] = None,
    metric: Annotated[
        Literal["dot", "cosine"] | None,
        typer.Option(help="Score used as the logit.  [default: dot]", show_default=False),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Use the whole vocabulary as candidates.")] = False,
    k: Annotated[
        int | None,
        typer.Option(
            "-k", min=1, metavar="N", help="With --all: show N candidates.  [default: 10]", show_default=False
        ),
    ] = None,
    logits: Annotated[
        str | None,
        typer.Option(metavar="NAME=NUMBER,...", help="Use these logits; no model is used.", show_default=False),
    ] = None,
    skip_unknown: options.SkipUnknown = False,
    model: options.SeveralModels = None,
    format_name: options.FormatOfAnswers = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
    no_header: options.NoHeader = False,
) -> None:
    """Turn logits into probabilities, at one or more temperatures.

    Example: embcli softmax king queen throne cabbage -T 1,2
    """
    from embcli.queries.arguments import join_arguments
    from embcli.queries.expression import parse
    from embcli.queries.questions import SoftmaxQuestion
    from embcli.queries.softmax import parse_logits, parse_temperatures

    format_name, from_stdin = output_format(format_name, as_json, as_jsonl, no_header), expression == "-"
    temperatures = tuple(parse_temperatures(temperature or ["1"]))
    if logits is not None:
        beside = {"the expression": expression, "--all": everything, "-k": k, "--metric": metric, "-m": model}
        unused = [name for name, value in beside.items() if value]
        if unused:
            raise UsageProblem(f"--logits excludes {', '.join(unused)}", "remove --logits or the others")
        given = SoftmaxQuestion("", (), temperatures, logits=parse_logits(logits))
        ask(SOFTMAX, [None], given, format_name, has_header=not no_header, from_stdin=False)
        return
    if expression is None:
        raise UsageProblem("an expression is missing", "give an expression and words, or --logits")
    parsed = "" if from_stdin else parse(join_arguments([expression]))
    candidates = tuple(read_words(words or [], is_used=from_stdin))
    question = SoftmaxQuestion(parsed, candidates, temperatures, metric or "dot", everything, k, skip_unknown)
    spaces = load(model)
    if temperature:
        _check_numbers(spaces[0], candidates)
    ask(SOFTMAX, spaces, question, format_name, has_header=not no_header, from_stdin=from_stdin)


def _check_numbers(space: "VectorSpace", words: Sequence[str]) -> None:
    """Check candidates that look like temperatures: UsageProblem if they are not in the vocabulary, else a note."""
    from embcli.queries.softmax import is_number

    numbers = [word for word in words if is_number(word)]
    unknown = [number for number in numbers if space.vocabulary.find(number) is None]
    if unknown:
        raise UsageProblem(
            f"{', '.join(unknown)} is not a word of {space.name or 'the vocabulary'}, but looks like a temperature",
            "for several temperatures, write -T 1,2,5",
        )
    if numbers:
        note(f"{', '.join(numbers)} read as words; for several temperatures, write -T 1,2,5")


def _answer(space: "StoredSpace", question: "SoftmaxQuestion") -> "Distribution":
    from embcli.queries.softmax import answer

    return answer(space, question)


def _columns(_: "StoredSpace", question: "SoftmaxQuestion") -> list[str]:
    from embcli.results.queries import Candidate

    plain = [name for name in Candidate._fields if name != "probabilities"]
    names = [f"T{repr(temperature).removesuffix('.0')}" for temperature in question.temperatures]
    of_each = [f"{column}_{name}" for column in ("probability", "entropy") for name in names]
    return [*plain, *of_each, "resolved"]


SOFTMAX = Topic(read_expression, partial(answer_each, _answer), _columns)
