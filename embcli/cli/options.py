"""The options that commands share, each spelled once."""

from typing import Annotated, Literal

import typer

Words = Annotated[list[str], typer.Argument(metavar="WORD...", show_default=False)]
WordsOrNone = Annotated[
    list[str] | None,
    typer.Argument(metavar="[WORD...]", help="Words; - reads them from stdin, one a line.", show_default=False),
]
ExpressionWords = Annotated[
    list[str],
    typer.Argument(
        metavar="EXPR...",
        help="For example: king - man + woman, or man:king::woman:?; - reads questions from stdin.",
        show_default=False,
    ),
]
_EXPRESSION = typer.Argument(
    metavar="EXPR", help='An expression in quotes, for example "cats - cat".', show_default=False
)
OneExpression = Annotated[str, _EXPRESSION]
OneExpressionOrNone = Annotated[str | None, _EXPRESSION]

# A list, so that a second model is not dropped without a word.
Model = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME",
        help="Model to use, by name or as a path. [default: $EMBCLI_MODEL, else `models default`, else glove]",
        show_default=False,
    ),
]
Format = Annotated[
    Literal["table", "json", "jsonl", "csv", "tsv", "markdown"] | None,
    typer.Option(
        "--format",
        help="table for people, others for programs; default: table, and jsonl for questions from stdin.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Short for --format json.")]
JsonOnly = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
JsonLines = Annotated[bool, typer.Option("--jsonl", help="Short for --format jsonl: one object a line.")]

Metric = Annotated[
    Literal["cosine", "dot", "euclidean"],
    typer.Option(help="How nearness is measured; dot and euclidean compare plain vectors."),
]
Raw = Annotated[bool, typer.Option("--raw", help="Add up plain vectors instead of unit vectors.")]
Count = Annotated[int, typer.Option("-k", help="How many answers.")]
Top = Annotated[
    int | None, typer.Option("--top", metavar="N", help="Search only the N most frequent words.", show_default=False)
]
IncludeInputs = Annotated[
    bool, typer.Option("--include-inputs", help="Include the words of the expression in the answers.")
]
Expect = Annotated[
    str | None,
    typer.Option(
        "--expect", metavar="WORD", help="Say where WORD ranks; exit 1 if it is not the answer.", show_default=False
    ),
]
