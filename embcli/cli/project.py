"""The command that projects words on a direction."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from embcli.cli import options
from embcli.cli.session import ask, load, output_format
from embcli.cli.stdin import read_pairs, read_words
from embcli.cli.topic import Topic, answer_each, read_expression

if TYPE_CHECKING:
    from embcli.models.open import StoredSpace
    from embcli.queries.questions import ProjectionQuestion
    from embcli.results.project import Projections


def project(
    expression: options.OneExpression,
    words: options.WordArgumentsOrNone = None,
    sort: Annotated[bool, typer.Option("--sort", help="Put the highest dot product first.")] = False,
    scan: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Show the N words farthest along each end, by cosine.", show_default=False
        ),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option(
            "--vocab",
            min=1,
            metavar="N",
            help="With --scan: search the N most frequent words.  [default: 50000]",
            show_default=False,
        ),
    ] = None,
    pairs: Annotated[
        str | None,
        typer.Option(
            metavar="LOW:HIGH,...|FILE|-",
            help="Test whether LOW scores below HIGH; FILE or - has one pair per line. AUC: the share of all LOWs and "
            "HIGHs in order.",
            show_default=False,
        ),
    ] = None,
    skip_unknown: options.SkipUnknown = False,
    pieces: options.AveragePieces = None,
    model: options.SeveralModels = None,
    format_name: options.FormatOfAnswers = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
    no_header: options.NoHeader = False,
) -> None:
    """Project words on a direction, such as plurality: "cats - cat".

    dot: the dot product with the direction. scalar: dot divided by the direction's norm.

    Example: embcli project "cats - cat" puppy puppies one two
    """
    from embcli.queries.arguments import join_arguments, parse_pairs, refuse_signs
    from embcli.queries.expression import parse
    from embcli.queries.questions import ProjectionQuestion

    format_name, from_stdin = output_format(format_name, as_json, as_jsonl, no_header), expression == "-"
    refuse_signs([expression, *(words or ())])
    parsed = "" if from_stdin else parse(join_arguments([expression]))
    wanted = tuple(read_words(words or [], is_used=from_stdin))
    compared = None if pairs is None else parse_pairs(read_pairs(pairs, is_used=from_stdin))
    question = ProjectionQuestion(parsed, wanted, sort, scan, top, compared, skip_unknown)
    ask(PROJECT, load(model, pieces), question, format_name, has_header=not no_header, from_stdin=from_stdin)


def _answer(space: "StoredSpace", question: "ProjectionQuestion") -> "Projections":
    from embcli.queries.project import answer

    return answer(space, question)


def _columns(_: "StoredSpace", question: "ProjectionQuestion") -> list[str]:
    from embcli.results.project import Pair, Projection

    has_only_pairs = question.pairs and not question.words and not question.scan
    columns = Pair._fields if has_only_pairs else Projection._fields
    return [*columns, *(("separation", "auc") if question.pairs else ()), "resolved"]


PROJECT = Topic(read_expression, partial(answer_each, _answer), _columns)
