"""The commands that rank the vocabulary: analogies and neighbours."""

from typing import Annotated, Any, Literal, NoReturn

import typer

from embcli.cli import options
from embcli.cli.running import load, output_format, show


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
    from embcli.analogy import solve_analogy
    from embcli.expression import join_arguments, parse

    if expression == ["-"]:
        given = {"method": method, "metric": metric, "raw": raw, "k": k, "top": top, "include_inputs": include_inputs}
        _answer_stdin(given | {"expect": expect}, model, output_format(form, as_json, as_jsonl), triple=True)
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
    form: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Find the words nearest to a word or an expression (also: nn)."""
    from embcli.analogy import find_neighbors
    from embcli.expression import join_arguments, parse

    if expression == ["-"]:
        given = {"metric": metric, "raw": raw, "k": k, "top": top, "include_inputs": include_inputs, "expect": expect}
        _answer_stdin(given, model, output_format(form, as_json, as_jsonl), triple=False)
    parsed = parse(join_arguments(expression))
    ranking = find_neighbors(
        load(model), parsed, metric=metric, raw=raw, k=k, top=top, include_inputs=include_inputs, expect=expect
    )
    show(ranking, output_format(form, as_json, as_jsonl))
    if ranking.missed:
        raise typer.Exit(1)


def _answer_stdin(given: dict[str, Any], model: str | None, form: str | None, *, triple: bool) -> NoReturn:
    """Answer expressions from stdin in blocks, with the given options; exits with the status of the batch."""
    from embcli.analogy import Question, answer_many
    from embcli.cli.batch import run_batch
    from embcli.expression import join_arguments

    space = load(model)
    texts, flags, numbers = ("expression", "method", "metric", "expect"), ("raw", "include_inputs"), ("k", "top")
    kinds: dict[str, type] = dict.fromkeys(texts, str) | dict.fromkeys(flags, bool) | dict.fromkeys(numbers, int)
    blank: dict[str, Any] = {"expression": ""}
    if not triple:
        del kinds["method"]
    status = run_batch(
        form,
        given,
        kinds,
        lambda line: {"expression": join_arguments([line], triple=triple)},
        lambda questions: answer_many(space, [Question(**(blank | question)) for question in questions], triple=triple),
        ["rank", "word", "score"],
    )
    raise typer.Exit(status)
