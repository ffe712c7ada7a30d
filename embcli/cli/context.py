"""The command that shows what a token means in its context, layer by layer."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from embcli.cli import options
from embcli.cli.session import ask, load_transformers, output_format, use_one_blas_thread
from embcli.cli.topic import Fields, Topic, answer_each

if TYPE_CHECKING:
    from embcli.results.context import Contexts
    from embcli.transformer.context import ContextQuestion
    from embcli.transformer.model import Transformer


def context(
    texts: Annotated[
        list[str],
        typer.Argument(
            metavar="TEXT...",
            help="One text or several, in quotes; - reads questions from stdin, one per line.",
            show_default=False,
        ),
    ],
    focus: Annotated[
        str, typer.Option(metavar="WORD", help="The word to look at, or #N for position N.", show_default=False)
    ],
    layers: Annotated[
        str | None,
        typer.Option(metavar="L,...", help="Show these layers, from 0.  [default: seven]", show_default=False),
    ] = None,
    dictionary: Annotated[
        int, typer.Option(min=0, metavar="N", help="Compare with N common words at each layer; 0: none.")
    ] = 6000,
    k: options.Count = 5,
    vectors: Annotated[
        Path | None,
        typer.Option(metavar="FILE.npz", help="Write the hidden vectors to a file.", show_default=False),
    ] = None,
    truncate: options.Truncate = False,
    model: options.Model = None,
    format_name: options.FormatOfAnswers = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
    no_header: options.NoHeader = False,
) -> None:
    """Show what a word of a text means at each layer.

    Example: embcli context "American shrew mole" --focus mole -m smollm2
    """
    from embcli.models.names import data_dir

    if not dictionary or list((data_dir() / "dictionaries").glob(f"*-{dictionary}.safetensors")):
        use_one_blas_thread()  # the dictionary, which takes many large products, is probably made
    from embcli.errors import UsageProblem
    from embcli.transformer.context import ContextQuestion

    format_name, from_stdin = output_format(format_name, as_json, as_jsonl, no_header), texts == ["-"]
    try:
        chosen = tuple(int(layer) for layer in layers.split(",")) if layers else None
    except ValueError:
        raise UsageProblem(f'"{layers}" is not a list of layers', "for example --layers 0,8,20") from None
    if vectors is not None and from_stdin:
        raise UsageProblem("--vectors writes the vectors of one question", "give the texts as arguments")
    opened = load_transformers(model)
    if chosen is None and format_name not in ("json", "jsonl") and not from_stdin:
        chosen = _seven(opened[0].config.blocks)
    question = ContextQuestion(() if from_stdin else tuple(texts), focus, chosen, dictionary, k, truncate)
    topic = CONTEXT._replace(answer=partial(answer_each, partial(_answer, vectors=vectors)))
    ask(topic, opened, question, format_name, has_header=not no_header, from_stdin=from_stdin)


def _seven(blocks: int) -> tuple[int, ...]:
    """About seven layers from the first to the last."""
    return tuple(sorted({round(place * blocks / 6) for place in range(7)}))


def _answer(model: "Transformer", question: "ContextQuestion", vectors: Path | None = None) -> "Contexts":
    from embcli.models.names import data_dir
    from embcli.render.progress import progress_bar
    from embcli.transformer.context import answer, write_vectors

    with progress_bar("reading", "words") as progress:
        report = None if progress is None else partial(progress, f"layer dictionary of {model.name}")
        found, runs = answer(model, question, data_dir() / "dictionaries", report)
    if vectors is not None:
        write_vectors(vectors, runs)
    return found


def _read_line(line: str) -> Fields:
    return {"texts": (line,)}


def _columns(_: "Transformer", question: "ContextQuestion") -> list[str]:
    return [
        "text",
        "layer",
        "norm",
        "noise",
        *(f"{name}_{i}" for i in range(question.k) for name in ("word", "cosine")),
    ]


CONTEXT = Topic(_read_line, partial(answer_each, _answer), _columns)
