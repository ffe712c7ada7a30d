"""The commands that rank the vocabulary: analogies and neighbours."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from embcli.cli import options
from embcli.cli.session import ask, load, output_format
from embcli.cli.topic import Fields, Topic

if TYPE_CHECKING:
    from embcli.errors import EmbcliError
    from embcli.models.open import StoredSpace
    from embcli.queries.expression import Expression
    from embcli.queries.questions import RankingQuestion
    from embcli.results.analogy import Ranking


def analogy(
    expression: options.ExpressionWords,
    method: Annotated[
        Literal["3cosadd", "3cosmul", "pairdirection"],
        typer.Option(case_sensitive=False, help="How to complete the analogy."),
    ] = "3cosadd",
    metric: options.Metric = "cosine",
    raw: options.Raw = False,
    k: options.Count = 10,
    top: options.VocabularySize = None,
    include_inputs: options.IncludeInputs = False,
    expect: options.Expect = None,
    among: options.Among = None,
    skip_unknown: options.SkipUnknown = False,
    pieces: options.AveragePieces = None,
    model: options.SeveralModels = None,
    format_name: options.FormatOfAnswers = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
    no_header: options.NoHeader = False,
) -> None:
    """Complete an analogy, such as king - man + woman.

    Example: embcli analogy king - man + woman
    """
    from embcli.queries.questions import RankingQuestion

    format_name, from_stdin = output_format(format_name, as_json, as_jsonl, no_header), expression == ["-"]
    parsed, expect = ("", expect) if from_stdin else _parse(expression, expect, triple=True)
    candidates = None if among is None else _read_candidates(among, is_used=from_stdin)
    question = RankingQuestion(parsed, method, metric, raw, k, top, include_inputs, expect, candidates, skip_unknown)
    ask(ANALOGY, load(model, pieces), question, format_name, has_header=not no_header, from_stdin=from_stdin)


def neighbors(
    expression: options.ExpressionWords,
    metric: options.Metric = "cosine",
    raw: options.Raw = False,
    k: options.Count = 10,
    top: options.VocabularySize = None,
    include_inputs: options.IncludeInputs = False,
    expect: options.Expect = None,
    among: options.Among = None,
    skip_unknown: options.SkipUnknown = False,
    pieces: options.AveragePieces = None,
    model: options.SeveralModels = None,
    format_name: options.FormatOfAnswers = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
    no_header: options.NoHeader = False,
) -> None:
    """Find the words nearest to a word or an expression (also: nn).

    Example: embcli neighbors tower
    """
    from embcli.queries.questions import RankingQuestion

    format_name, from_stdin = output_format(format_name, as_json, as_jsonl, no_header), expression == ["-"]
    parsed, expect = ("", expect) if from_stdin else _parse(expression, expect, triple=False)
    candidates = None if among is None else _read_candidates(among, is_used=from_stdin)
    question = RankingQuestion(parsed, "3cosadd", metric, raw, k, top, include_inputs, expect, candidates, skip_unknown)
    ask(NEIGHBORS, load(model, pieces), question, format_name, has_header=not no_header, from_stdin=from_stdin)


def _read_candidates(source: str, *, is_used: bool) -> tuple[str, ...]:
    from embcli.cli.stdin import read_candidates

    return read_candidates(source, is_used=is_used)


def _parse(arguments: list[str], expect: str | None, *, triple: bool) -> "tuple[Expression, str | None]":
    """The expression of a command line, and the expected word: that of --expect or of `= queen` at the end."""
    from embcli.queries.arguments import join_arguments, split_expected
    from embcli.queries.expression import parse

    if len(arguments) == 1:  # several plain words in one argument are a phrase, but not with `= queen`
        source, expect = split_expected(arguments[0], expect)
        return parse(join_arguments([source], triple=triple), triple=triple), expect
    source, expect = split_expected(join_arguments(arguments), expect)
    return parse(source, triple=triple), expect


def _answer(
    space: "StoredSpace", questions: "Sequence[RankingQuestion]", *, triple: bool
) -> "Iterator[Ranking | EmbcliError]":
    from embcli.queries.analogy import answer_many

    return answer_many(space, questions, triple=triple)


def _read_line(line: str, *, triple: bool) -> Fields:
    """Read a line as an expression, perhaps with `= queen` at the end; `triple`: or as three words."""
    from embcli.queries.arguments import join_arguments, split_expected

    source, expect = split_expected(line)
    return {"expression": join_arguments([source], triple=triple)} | ({"expect": expect} if expect else {})


def _columns(_: "StoredSpace", question: "RankingQuestion") -> list[str]:
    from embcli.results.analogy import Answer, Expected

    expected = ["expected", *(f"expected_{name}" for name in Expected._fields[1:])] if question.expect else []
    return [*Answer._fields, *expected, "resolved"]


ANALOGY = Topic(partial(_read_line, triple=True), partial(_answer, triple=True), _columns, is_shared=True)
NEIGHBORS = Topic(
    partial(_read_line, triple=False), partial(_answer, triple=False), _columns, unset=("method",), is_shared=True
)
