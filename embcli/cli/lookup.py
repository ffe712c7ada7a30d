"""The command that reads rows of the embedding matrix."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from embcli.cli import options
from embcli.cli.session import ask, load_one, output_format
from embcli.cli.stdin import read_words
from embcli.cli.topic import Topic, answer_each, read_words_of_line

if TYPE_CHECKING:
    from embcli.models.open import StoredSpace
    from embcli.queries.questions import LookupQuestion
    from embcli.results.lookup import Lookup


def lookup(
    words: options.WordArguments,
    coordinates: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="List the N largest coordinates, with their shares of the squared length.",
            show_default=False,
        ),
    ] = None,
    skip_unknown: options.SkipUnknown = False,
    pieces: options.AveragePieces = None,
    model: options.Model = None,
    format_name: options.FormatOfAnswers = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
    no_header: options.NoHeader = False,
) -> None:
    """Read the rows of words in the embedding matrix.

    Example: embcli lookup king queen
    """
    from embcli.queries.questions import LookupQuestion

    format_name, from_stdin = output_format(format_name, as_json, as_jsonl, no_header), words == ["-"]
    question = LookupQuestion(() if from_stdin else tuple(read_words(words)), skip_unknown, coordinates)
    ask(LOOKUP, [load_one(model, pieces)], question, format_name, has_header=not no_header, from_stdin=from_stdin)


def _answer(space: "StoredSpace", question: "LookupQuestion") -> "Lookup":
    from embcli.queries.lookup import look_up

    return look_up(space, question.words, skip_unknown=question.skip_unknown, coordinates=question.coordinates)


def _columns(space: "StoredSpace", _: "LookupQuestion") -> list[str]:
    from embcli.results.lookup import Entry

    plain = [name for name in Entry._fields if name != "vector"]
    return [*plain, *(f"vector_{i}" for i in range(space.dim)), "resolved"]


LOOKUP = Topic(read_words_of_line, partial(answer_each, _answer), _columns)
