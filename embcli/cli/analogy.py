"""The commands that rank the vocabulary: analogies and neighbours."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer

from embcli.cli import options
from embcli.cli.session import load, output_format, show

if TYPE_CHECKING:
    from embcli.errors import EmbcliError
    from embcli.models.open import StoredSpace
    from embcli.results.queries import Ranking


# Columns of CSV, TSV and Markdown for the word of --expect.
EXPECTED = ("expected", "expected_rank", "expected_rank_with_inputs", "expected_score")


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
    form: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Complete an analogy: king - man + woman, or man:king::woman:?"""
    from embcli.queries.analogy import solve_analogy
    from embcli.queries.expression import join_arguments, parse

    format_name = output_format(form, as_json, as_jsonl)
    if expression == ["-"]:
        given = {"method": method, "metric": metric, "raw": raw, "k": k, "top": top, "include_inputs": include_inputs}
        _answer_stdin(given | {"expect": expect}, model, format_name, triple=True)
    parsed = parse(join_arguments(expression, triple=True), triple=True)
    ranking = solve_analogy(
        load(model), parsed, method=method, metric=metric, raw=raw, k=k, top=top,
        include_inputs=include_inputs, expect=expect,
    )  # fmt: skip
    show(ranking, format_name)
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
    form: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Find the words nearest to a word or an expression (also: nn)."""
    from embcli.queries.analogy import find_neighbors
    from embcli.queries.expression import join_arguments, parse

    format_name = output_format(form, as_json, as_jsonl)
    if expression == ["-"]:
        given = {"metric": metric, "raw": raw, "k": k, "top": top, "include_inputs": include_inputs, "expect": expect}
        _answer_stdin(given, model, format_name, triple=False)
    parsed = parse(join_arguments(expression))
    ranking = find_neighbors(
        load(model), parsed, metric=metric, raw=raw, k=k, top=top, include_inputs=include_inputs, expect=expect
    )
    show(ranking, format_name)
    if ranking.missed:
        raise typer.Exit(1)


def _answer_stdin(given: dict[str, Any], model: list[str] | None, form: str | None, *, triple: bool) -> NoReturn:
    """Answer expressions from stdin in blocks, with the given options; exits with the status of the batch."""
    from embcli.cli.batch import Batch, run_batch

    texts, flags, numbers = ("expression", "method", "metric", "expect"), ("raw", "include_inputs"), ("k", "top")
    kinds: dict[str, type] = dict.fromkeys(texts, str) | dict.fromkeys(flags, bool) | dict.fromkeys(numbers, int)
    if not triple:
        del kinds["method"]
    # Partial functions, for other processes get them pickled.
    batch = Batch(
        form=form or "jsonl",
        defaults=given,
        kinds=kinds,
        read_line=partial(_read_line, triple=triple),
        answer=partial(_answer_questions, load(model), triple=triple),
        columns=["rank", "word", "score", *(EXPECTED if given["expect"] else ()), "resolved"],
    )
    raise typer.Exit(run_batch(batch, shared=True))


def _read_line(line: str, *, triple: bool) -> dict[str, Any]:
    from embcli.queries.expression import join_arguments

    return {"expression": join_arguments([line], triple=triple)}


def _answer_questions(
    space: "StoredSpace", questions: Sequence[dict[str, Any]], *, triple: bool
) -> Iterator["Ranking | EmbcliError"]:
    from embcli.queries.analogy import Question, answer_many

    blank: dict[str, Any] = {"expression": ""}
    return answer_many(space, [Question(**(blank | question)) for question in questions], triple=triple)
