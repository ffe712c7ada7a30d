"""The command that counts the parameters of a transformer."""

from typing import Annotated

import typer

from embcli.cli import options
from embcli.cli.session import output_format, show


def shapes(
    name: Annotated[
        str,
        typer.Argument(
            metavar="[NAME]",
            help="gpt-3, gpt-2 (-medium, -large, -xl), bert-base, bert-large, llama-2-7b, a model, a config.json.",
        ),
    ] = "gpt-3",
    batch: Annotated[int, typer.Option(min=1, metavar="N", help="Sequences of a batch.")] = 8,
    sequence: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Tokens of a sequence.  [default: the context size]", show_default=False),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="With gpt-3: also count what the film leaves out.")] = False,
    format_name: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Count the matrices and parameters of a transformer.

    Example: embcli shapes gpt-3
    """
    from embcli.models.shapes import count_parameters

    format_name = output_format(format_name, as_json, as_jsonl)
    show(count_parameters(name, batch=batch, sequence=sequence, everything=everything), format_name)
