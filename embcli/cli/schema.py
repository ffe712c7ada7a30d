"""The command that prints JSON Schemas."""

import json
from typing import Annotated

import typer

from embcli.cli.session import write


def schema(
    command: Annotated[
        list[str],
        typer.Argument(
            metavar="COMMAND",
            help="For example: analogy, or models info, or error.",
            show_default=False,
        ),
    ],
) -> None:
    """Print the JSON Schema of an answer or an error.

    Example: embcli schema analogy
    """
    from embcli.results.schemas import schema_of

    write(json.dumps(schema_of(" ".join(command)), indent=2) + "\n")
