"""The command that turns logits into probabilities."""

import re
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from embcli.cli import options
from embcli.cli.session import ask, load, note, output_format
from embcli.cli.stdin import read_words
from embcli.cli.topic import Topic, answer_each, read_expression
from embcli.errors import UsageProblem

# A name and a number, as in Snape=3.4; several of them may be joined by commas.
LOGIT = re.compile(r"[^=,]+=[-+]?\.?\d[\d.e+-]*(?:,[^=,]+=[-+]?\.?\d[\d.e+-]*)*")

if TYPE_CHECKING:
    from embcli.models.open import StoredSpace
    from embcli.queries.questions import SoftmaxQuestion
    from embcli.results.softmax import Distribution
    from embcli.vectors.space import VectorSpace


def softmax(
    expression: options.OneExpressionOrNone = None,
    words: options.WordArgumentsOrNone = None,
    temperature: options.Temperatures = None,
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
    pieces: options.AveragePieces = None,
    model: options.SeveralModels = None,
    format_name: options.FormatOfAnswers = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
    no_header: options.NoHeader = False,
) -> None:
    """Turn logits into probabilities, at one or more temperatures.

    Example: embcli softmax king queen throne cabbage -T 1,2
    """
    from embcli.queries.arguments import join_arguments, refuse_signs
    from embcli.queries.expression import parse
    from embcli.queries.questions import SoftmaxQuestion
    from embcli.queries.softmax import parse_logits, parse_temperatures

    format_name, from_stdin = output_format(format_name, as_json, as_jsonl, no_header), expression == "-"
    temperatures = tuple(parse_temperatures(temperature or ["1"]))
    if logits is not None:
        beside = {"the expression": expression, "--all": everything, "-k": k, "--metric": metric, "-m": model}
        extra = [text for text in (expression, *(words or ())) if text]
        if extra and all(LOGIT.fullmatch(text.strip(",")) for text in extra):
            raise _not_separated([logits, *extra])
        if extra and all(map(_is_number, extra)):
            raise UsageProblem(
                f"{', '.join(extra)} stands after the logits", "for several temperatures, write -T 1,2,5"
            )
        unused = [name for name, value in beside.items() if value]
        if unused:
            raise UsageProblem(f"--logits excludes {', '.join(unused)}", "remove --logits or the others")
        given = SoftmaxQuestion("", (), temperatures, logits=parse_logits(logits))
        ask(SOFTMAX, [None], given, format_name, has_header=not no_header, from_stdin=False)
        return
    if expression is None:
        raise UsageProblem("an expression is missing", "give an expression and words, or --logits")
    refuse_signs([expression, *(words or ())])
    parsed = "" if from_stdin else parse(join_arguments([expression]))
    candidates = tuple(read_words(words or [], is_used=from_stdin))
    question = SoftmaxQuestion(parsed, candidates, temperatures, metric or "dot", everything, k, skip_unknown)
    spaces = load(model, pieces)
    _check_numbers(spaces[0], candidates, has_temperature=bool(temperature))
    given_logits = [text for text in (expression, *candidates) if LOGIT.fullmatch(text.strip(","))]
    if given_logits and all(spaces[0].vocabulary.find(text) is None for text in given_logits):
        raise _not_separated(given_logits)
    ask(SOFTMAX, spaces, question, format_name, has_header=not no_header, from_stdin=from_stdin)


def _not_separated(logits: Sequence[str]) -> UsageProblem:
    """The error for logits that are given as words, or with blanks between them."""
    joined = ",".join(text.strip(",") for text in logits)
    return UsageProblem(f"{logits[-1]} is a logit, not a word", f"write --logits {joined}")


def _is_number(text: str) -> bool:
    from embcli.queries.softmax import is_number

    return is_number(text.strip(","))


def _check_numbers(space: "VectorSpace", words: Sequence[str], *, has_temperature: bool) -> None:
    """Check candidates that look like temperatures or logits: UsageProblem if they are not words, else a note."""
    numbers = [word for word in words if _is_number(word)]
    unknown = [number for number in numbers if space.vocabulary.find(number) is None]
    if not has_temperature:
        if len(numbers) > 1:
            seen = f"{', '.join(numbers)} read as words; each looks like a logit"
            note(f"{seen}; to give logits, write --logits NAME=NUMBER,...")
        return
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
    from embcli.results.softmax import Candidate

    plain = [name for name in Candidate._fields if name != "probabilities"]
    names = [f"T{repr(temperature).removesuffix('.0')}" for temperature in question.temperatures]
    of_each = [f"{column}_{name}" for column in ("probability", "entropy") for name in names]
    return [*plain, *of_each, "resolved"]


SOFTMAX = Topic(read_expression, partial(answer_each, _answer), _columns)
