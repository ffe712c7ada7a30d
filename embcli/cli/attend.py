"""The command that shows what attention reads."""

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from embcli.cli import options
from embcli.cli.session import ask, load_model, output_format, use_one_blas_thread
from embcli.cli.topic import Topic, answer_each, read_text
from embcli.errors import UsageProblem

if TYPE_CHECKING:
    from embcli.results.attend import Attended
    from embcli.transformer.attend import AttendQuestion


def attend(
    text: options.TextArguments,
    focus: Annotated[
        str, typer.Option(metavar="WORD", help="The word that reads, or #N for position N.", show_default=False)
    ],
    layer: Annotated[
        int | None, typer.Option(min=0, metavar="L", help="Look at block L, from 0.", show_default=False)
    ] = None,
    head: Annotated[
        int | None, typer.Option(min=0, metavar="H", help="Look at head H of the block, from 0.", show_default=False)
    ] = None,
    temperature: Annotated[
        float, typer.Option("-T", "--temperature", metavar="NUMBER", help="Temperature of the softmax.")
    ] = 1.0,
    truncate: options.Truncate = False,
    model: options.Model = None,
    format_name: options.FormatOfAnswers = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
    no_header: options.NoHeader = False,
) -> None:
    """Show what a word of a text reads from the others.

    On word vectors, one head whose matrices are the identity.

    Example: embcli attend "a biopsy of the mole" --focus mole -m smollm2
    """
    use_one_blas_thread()
    from embcli.transformer.attend import AttendQuestion

    format_name, from_stdin = output_format(format_name, as_json, as_jsonl, no_header), text == ["-"]
    question = AttendQuestion("" if from_stdin else " ".join(text), focus, layer, head, temperature, truncate)
    opened = load_model(model)
    ask(ATTEND, [opened], question, format_name, has_header=not no_header, from_stdin=from_stdin)


def _answer(model: Any, question: "AttendQuestion") -> "Attended":
    from embcli.transformer.attend import answer
    from embcli.transformer.model import Transformer

    if isinstance(model, Transformer):
        return answer(model, question)
    from embcli.queries.attend import attend as attend_on_words

    given = {
        "--layer": question.layer is not None,
        "--head": question.head is not None,
        "--truncate": question.truncate,
    }
    unused = [name for name, is_given in given.items() if is_given]
    if unused:
        raise UsageProblem(
            f"{model.name} has no blocks, so {', '.join(unused)} has no effect", "name a transformer with -m"
        )
    return attend_on_words(model, question.text, question.focus, temperature=question.temperature)


def _columns(_: Any, question: "AttendQuestion") -> list[str]:
    from embcli.results.attend import ReadToken

    return [*ReadToken._fields]


ATTEND = Topic(read_text, partial(answer_each, _answer), _columns)
