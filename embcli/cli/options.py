"""The options that commands share, each defined once."""

from typing import Annotated, Literal

import typer

WordArguments = Annotated[
    list[str],
    typer.Argument(
        metavar="WORD...",
        help="Words or expressions; - alone reads questions from stdin, one per line; - at the end reads words.",
        show_default=False,
    ),
]
ComparedWords = Annotated[
    list[str],
    typer.Argument(
        metavar="WORD...",
        help="A B C or A:B C:D, words or expressions; - reads questions from stdin, one per line.",
        show_default=False,
    ),
]
WordArgumentsOrNone = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[WORD...]",
        help="Words or expressions; - at the end reads words from stdin.",
        show_default=False,
    ),
]
ExpressionWords = Annotated[
    list[str],
    typer.Argument(
        metavar="EXPR...",
        help="king - man + woman, or man:king::woman:?; - reads questions from stdin, one per line.",
        show_default=False,
    ),
]
_EXPRESSION = typer.Argument(
    metavar="EXPR",
    help='An expression in quotes: "cats - cat"; - reads questions from stdin, one expression per line.',
    show_default=False,
)
OneExpression = Annotated[str, _EXPRESSION]
OneExpressionOrNone = Annotated[str | None, _EXPRESSION]

TextArguments = Annotated[
    list[str],
    typer.Argument(
        metavar="TEXT...",
        help="A text, in quotes if signs of the shell are in it; - reads questions from stdin, one per line.",
        show_default=False,
    ),
]
Temperatures = Annotated[
    list[str] | None,
    typer.Option(
        "-T",
        "--temperature",
        metavar="NUMBER,...",
        help="Temperatures, 0 or more: -T 0,1,2; may be repeated.  [default: 1]",
        show_default=False,
    ),
]
Truncate = Annotated[
    bool, typer.Option("--truncate", help="Drop the oldest tokens of a text longer than the context size.")
]
AveragePieces = Annotated[
    Literal["mean"] | None,
    typer.Option("--pieces", help="Average the tokens of a word that is several tokens.", show_default=False),
]

MODEL_HELP = "[default: $EMBCLI_MODEL, else `models default`, else glove]"
# A list, so that a second model is an error instead of being ignored.
Model = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME",
        help=f"Use this model, by name or as a path.  {MODEL_HELP}",
        show_default=False,
    ),
]
SeveralModels = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME",
        help=f"Use this model; repeat it to compare models.  {MODEL_HELP}",
        show_default=False,
    ),
]

FormatName = Literal["table", "json", "jsonl", "csv", "tsv", "markdown", "words", "plain"]
FORMAT_HELP = "Print as table, plain, json, jsonl, csv, tsv, markdown or words."
Format = Annotated[
    FormatName | None,
    typer.Option(
        "--format", metavar="FORMAT", case_sensitive=False, help=f"{FORMAT_HELP}  [default: table]", show_default=False
    ),
]
FormatOfAnswers = Annotated[
    FormatName | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        case_sensitive=False,
        help=f"{FORMAT_HELP}  [default: table; jsonl for questions from stdin]",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Short for --format json.")]
JsonLines = Annotated[bool, typer.Option("--jsonl", help="Short for --format jsonl: one object per line.")]
NoHeader = Annotated[bool, typer.Option("--no-header", help="Leave out the names of the columns of CSV and TSV.")]

Metric = Annotated[
    Literal["cosine", "dot", "euclidean"],
    typer.Option(case_sensitive=False, help="Rank by this measure; dot and euclidean use plain vectors."),
]
Raw = Annotated[bool, typer.Option("--raw", help="Add plain vectors instead of unit vectors.")]
Count = Annotated[int, typer.Option("-k", min=1, metavar="N", help="Show N answers.")]
VocabularySize = Annotated[
    int | None,
    typer.Option(
        "--vocab", min=1, metavar="N", help="Restrict the vocabulary to the N most frequent words.", show_default=False
    ),
]
Among = Annotated[
    str | None,
    typer.Option(
        "--among",
        metavar="WORDS|FILE|-",
        help="Search these words only: a,b,c; or a file, or -, with one word per line.",
        show_default=False,
    ),
]
SkipUnknown = Annotated[
    bool, typer.Option("--skip-unknown", help="Skip words that are not in the vocabulary, and report them.")
]
IncludeInputs = Annotated[
    bool, typer.Option("--include-inputs", help="Include the words of the expression in the answers.")
]
Expect = Annotated[
    str | None,
    typer.Option(
        "--expect",
        metavar="WORD",
        help="Report the ranks of WORD; exit 1 if it is not first.",
        show_default=False,
    ),
]
