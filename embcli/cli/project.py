"""The command that projects words on a direction."""

from typing import Annotated, Any

import typer

from embcli.cli import options
from embcli.cli.session import load, output_format, show
from embcli.cli.stdin import read_words
from embcli.queries.expression import unquote


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
    from embcli.queries.expression import join_arguments, parse, parse_pairs
    from embcli.queries.project import project as project_words

    format_name = output_format(form, as_json, as_jsonl)
    if expression == "-":
        from embcli.cli.batch import answer_stdin, read_expression

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
        answer_stdin(given, kinds, read_expression, ask_one, [*columns, "resolved"], format_name)
    parsed, wanted = parse(join_arguments([expression])), read_words(words or [])
    compared = parse_pairs(pairs) if pairs is not None else None
    record = project_words(load(model), parsed, wanted, sort=sort, scan=scan, top=top, pairs=compared)
    show(record, format_name)
