"""The command that draws: words at their places in two dimensions, and pictures of the records of other commands."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from embcli.cli import options
from embcli.cli.session import ask, load_one, note, output_format
from embcli.cli.topic import Topic, answer_each, read_words_of_line
from embcli.errors import UsageProblem

if TYPE_CHECKING:
    from embcli.models.open import StoredSpace
    from embcli.plot.question import PlotQuestion
    from embcli.results.plot import Plot


def plot(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[WORD...]",
            help="Words or expressions; - at the end reads words from stdin; texts for --pattern and --layers.",
            show_default=False,
        ),
    ] = None,
    neighbors: Annotated[
        str | None, typer.Option(metavar="EXPR", help="Draw the words nearest to EXPR.", show_default=False)
    ] = None,
    analogy: Annotated[
        str | None,
        typer.Option(metavar="EXPR", help="Draw the words of an analogy, its sum and its answer.", show_default=False),
    ] = None,
    k: Annotated[
        int | None,
        typer.Option("-k", min=1, metavar="N", help="Draw N neighbors [30] or answers [1].", show_default=False),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option("--vocab", min=1, metavar="N", help="Draw the N most frequent words.", show_default=False),
    ] = None,
    groups: Annotated[
        str | None,
        typer.Option(metavar="NAME:WORD,...", help='Draw groups: "fruit:apple,pear animal:cat".', show_default=False),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--words",
            metavar="FILE",
            help="Draw the words of a file: of the column word, or the first, of a .csv or .tsv; else one a line.",
            show_default=False,
        ),
    ] = None,
    color_by: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Group the words of --words by a column.", show_default=False),
    ] = None,
    arrows: Annotated[
        str | None,
        typer.Option(
            metavar="FROM:TO,...|FILE|-",
            help="Draw arrows, and compare each with the first by cosine.",
            show_default=False,
        ),
    ] = None,
    method: Annotated[
        Literal["pca", "tsne"],
        typer.Option(case_sensitive=False, help="Place words by principal components or t-SNE."),
    ] = "pca",
    fit: Annotated[
        Literal["words", "vocabulary"], typer.Option(help="Fit principal components to these words, or to all.")
    ] = "words",
    axes: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="EXPR EXPR", help="Place words by two directions instead.", show_default=False),
    ] = None,
    oblique: Annotated[
        bool, typer.Option("--oblique", help="Leave the second direction as it is, not perpendicular.")
    ] = False,
    perplexity: Annotated[
        float | None,
        typer.Option(metavar="NUMBER", help="Set t-SNE's perplexity.  [default: 30 or less]", show_default=False),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="Set t-SNE's seed.  [default: 0]", show_default=False),
    ] = None,
    project: Annotated[
        str | None,
        typer.Option(metavar="EXPR", help="Draw the number line of `project`.", show_default=False),
    ] = None,
    softmax: Annotated[
        str | None,
        typer.Option(
            metavar="EXPR|NAME=NUMBER,...", help="Draw the probabilities of `softmax` as bars.", show_default=False
        ),
    ] = None,
    temperature: options.Temperatures = None,
    heatmap: Annotated[bool, typer.Option("--heatmap", help="Draw the cosines of all words with each other.")] = False,
    pattern: Annotated[bool, typer.Option("--pattern", help="Draw an attention pattern of `attend`.")] = False,
    layers: Annotated[bool, typer.Option("--layers", help="Draw the cosines of `context`, by layer.")] = False,
    focus: Annotated[
        str | None,
        typer.Option(metavar="WORD", help="The word that --pattern and --layers are about.", show_default=False),
    ] = None,
    layer: Annotated[
        int | None, typer.Option(min=0, metavar="L", help="With --pattern: of block L.", show_default=False)
    ] = None,
    head: Annotated[
        int | None, typer.Option(min=0, metavar="H", help="With --pattern: of head H.", show_default=False)
    ] = None,
    dictionary: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="N",
            help="With --layers: compare with N common words; 0: none.  [default: 6000]",
            show_default=False,
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--export-projector",
            metavar="FOLDER",
            help="Write vectors.tsv and metadata.tsv for the Embedding Projector.",
            show_default=False,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the files of --export-projector.")] = False,
    skip_unknown: options.SkipUnknown = False,
    pieces: options.AveragePieces = None,
    model: options.Model = None,
    format_name: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
    no_header: options.NoHeader = False,
) -> None:
    """Draw words in two dimensions, and other pictures.

    Draws the first two principal components, or one of the pictures --project, --softmax, --heatmap, --pattern and
    --layers.

    Example: embcli plot --arrows man:woman,king:queen
    """
    from embcli.cli import pictures

    picture = pictures.chosen(ctx)
    format_name, given = output_format(format_name, as_json, as_jsonl, no_header), words or []
    if picture == "project":
        asked = pictures.number_line(str(project), given, model, pieces, skip_unknown=skip_unknown)
    elif picture == "softmax":
        asked = pictures.bars(str(softmax), given, temperature or ["1"], model, pieces, skip_unknown=skip_unknown)
    elif picture == "heatmap":
        asked = pictures.heatmap(given, model, pieces, skip_unknown=skip_unknown)
    elif picture == "pattern":
        asked = pictures.pattern(given, focus, layer, head, model)
    elif picture == "layers":
        asked = pictures.senses(given, focus, dictionary, model)
    else:
        from embcli.plot.question import PlotQuestion

        if force and folder is None:
            raise UsageProblem("--force applies only to --export-projector", "add it, or remove --force")
        named, grouped = pictures.read_named(given, groups, file, color_by)
        pairs = pictures.read_arrows(arrows, is_used="-" in given)
        question = PlotQuestion(
            named, grouped, neighbors, analogy, k, top, method, fit, axes, oblique, pairs, perplexity, seed,
            skip_unknown,
        )  # fmt: skip
        topic = PLOT._replace(answer=partial(answer_each, partial(_answer, folder=folder, force=force)))
        asked = pictures.Request(topic, question, load_one(model, pieces))
    shown = "picture" if format_name in (None, "table") else format_name
    ask(asked.topic, [asked.model], asked.question, shown, has_header=not no_header, from_stdin=False)


def _answer(
    space: "StoredSpace", question: "PlotQuestion", folder: Path | None = None, *, force: bool = False
) -> "Plot":
    from embcli.plot.points import choose, place

    chosen = choose(space, question)
    found = place(space, question, chosen)
    if folder is not None:
        from embcli.plot.projector import write_projector

        note(f"written: {write_projector(folder, chosen, force=force)}")
    return found


def _columns(_: "StoredSpace", question: "PlotQuestion") -> list[str]:
    from embcli.results.plot import Point

    has_query = question.neighbors is not None or question.analogy is not None
    return [*(name for name in Point._fields if name != "cosine" or has_query), "resolved"]


PLOT = Topic(read_words_of_line, partial(answer_each, _answer), _columns)
