"""The commands that compare answers with known answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from embcli.cli import options
from embcli.cli.command import Command, Group
from embcli.cli.session import load_one, note, output_format, show
from embcli.errors import UsageProblem

if TYPE_CHECKING:
    from embcli.models.collections import RegisteredSpace
    from embcli.models.open import StoredSpace

METHODS = ("3cosadd", "3cosmul", "pairdirection", "3cosavg", "lrcos")
DETAILS = b'{"schema": "embcli.detail/1"'
app = typer.Typer(cls=Group)

CaseSensitive = Annotated[bool, typer.Option("--case-sensitive", help="Distinguish upper and lower case.")]
Baseline = Annotated[
    Literal["random"] | None,
    typer.Option(help="Compare with random vectors of the same shape.", show_default=False),
]


@app.callback(invoke_without_command=True)
def evaluate(ctx: typer.Context) -> None:
    """Score questions with known answers, with intervals.

    Example: embcli evaluate analogies
    """
    if ctx.invoked_subcommand is None:
        print(ctx.get_help())


@app.command(cls=Command)
def analogies(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]",
            readable=False,  # the reader reports unreadable files
            help="Lines of four words below `: section`, or of a word and its answers (BATS; also a folder of such "
            "files).  [default: Google's 19,544 analogies]",
            show_default=False,
        ),
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option(
            metavar=f"[{'|'.join(METHODS)}]",
            help="How to complete analogies; repeat it to compare methods. The last two learn from pairs.  "
            "[default: 3cosadd]",
            show_default=False,
        ),
    ] = None,
    section: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Ask only this section; may be repeated.", show_default=False),
    ] = None,
    top: options.VocabularySize = None,
    case_sensitive: CaseSensitive = False,
    baseline: Baseline = None,
    details: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write each question, its answers and ranks to FILE, as JSON lines.",
            show_default=False,
        ),
    ] = None,
    model: options.SeveralModels = None,
    format_name: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
    no_header: options.NoHeader = False,
) -> None:
    """Measure accuracy on analogies, by section.

    Accuracy is reported with the inputs excluded, as is usual, and with the inputs included.

    Example: embcli evaluate analogies --baseline random
    """
    from embcli.evaluation.analogies import count_questions, evaluate_analogies
    from embcli.evaluation.coverage import explain_no_coverage
    from embcli.evaluation.question_sets import ANALOGIES, choose_sections, read_analogies
    from embcli.render.progress import progress_bar

    format_name = output_format(format_name, as_json, as_jsonl, no_header)
    skipped: list[str] = []
    sections = choose_sections(read_analogies(file, skipped), section)
    for text in skipped:
        note(text)
    methods = list(dict.fromkeys(method or ["3cosadd"]))
    spaces = _load(model)
    most, lines = max(count_questions(sections, one) for one in methods), sum(len(one.items) for one in sections)
    if format_name is None and most > lines:
        note(f"{lines:,} pairs make {most:,} questions")
    doing = f"asking {sum(count_questions(sections, one) for one in methods):,} questions of"
    names = ", ".join(space.name for space in spaces)
    with _details_file(details) as write, progress_bar(doing, "questions") as progress:
        evaluation = evaluate_analogies(
            spaces,
            sections,
            questions=file.name if file else ANALOGIES,
            only=section,
            methods=methods,
            top=top,
            case_sensitive=case_sensitive,
            baseline=baseline,
            details=write,
            report=None if progress is None else lambda done, share: progress(names, done, share),
        )
    show(evaluation, format_name, has_header=not no_header)
    if not any(row.covered for row in evaluation.results):
        items = [item for section in sections for item in section.items]
        words = [word for item in items for word in (*item.words, *item.answers)]
        note(explain_no_coverage(words, spaces, top))
        raise typer.Exit(1)


@app.command(cls=Command)
def similarity(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]",
            readable=False,  # the reader reports unreadable files
            help="Lines of two words and a rating.  [default: WordSim-353 and SimLex-999]",
            show_default=False,
        ),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,R",
            help="Columns of the words and the rating, from 1: 1,2,4.  [default: found by header and content]",
            show_default=False,
        ),
    ] = None,
    top: options.VocabularySize = None,
    case_sensitive: CaseSensitive = False,
    baseline: Baseline = None,
    model: options.SeveralModels = None,
    format_name: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
    no_header: options.NoHeader = False,
) -> None:
    """Correlate cosines with people's ratings of word pairs.

    Example: embcli evaluate similarity --baseline random
    """
    from embcli.evaluation.coverage import explain_no_coverage
    from embcli.evaluation.question_sets import RATINGS, packaged
    from embcli.evaluation.ratings import read_rating_sets
    from embcli.evaluation.similarity import evaluate_similarity

    format_name = output_format(format_name, as_json, as_jsonl, no_header)
    if columns is not None and file is None:
        raise UsageProblem("--columns is for a file, and there is none", "name the file, or leave out --columns")
    files = [file] if file else [packaged(name) for name in RATINGS]
    read = {name: one for path in files for name, one in read_rating_sets(path, columns).items()}
    for name, one in read.items():
        if one.note:
            note(f"{name}: {one.note}")
    sets = {name: one.ratings for name, one in read.items()}
    spaces = _load(model)
    correlations = evaluate_similarity(spaces, sets, top=top, case_sensitive=case_sensitive, baseline=baseline)
    show(correlations, format_name, has_header=not no_header)
    if not any(row.covered for row in correlations.results):
        words = [word for ratings in sets.values() for rating in ratings for word in rating[:2]]
        note(explain_no_coverage(words, spaces, top))
        raise typer.Exit(1)


def _load(names: list[str] | None) -> "list[StoredSpace | RegisteredSpace]":
    """Open and verify the named models without duplicates, or the default; a damaged model gives wrong figures."""
    asked: list[str | None] = list(dict.fromkeys(names)) if names else [None]
    spaces = {space.name: space for space in (load_one([name] if name else None) for name in asked)}
    for space in spaces.values():
        space.verify()
    return list(spaces.values())


@contextmanager
def _details_file(path: Path | None) -> Iterator[Any]:
    """A function that writes details to a file. The file appears at the end and replaces only a details file."""
    if path is None:
        yield None
        return
    from embcli.cli.output_file import whole_file
    from embcli.render.as_json import dumps

    if path.exists() and not (path.is_file() and _begins_like_details(path)):
        raise UsageProblem(f"{path} exists and is not a details file", "choose another name")
    with whole_file(path, "w", encoding="ascii", newline="\n") as out:
        yield lambda records: out.writelines(map(dumps, records))


def _begins_like_details(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(DETAILS)) in (b"", DETAILS)
