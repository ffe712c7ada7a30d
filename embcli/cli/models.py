"""The commands that manage models."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from embcli.cli import options
from embcli.cli.command import Command, NamedModelCommand
from embcli.cli.session import load, note, output_format, show

HELP = "List and manage models: add, info, verify, export, ..."
app = typer.Typer(help=HELP)
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of a model, or a path.", show_default=False)]
NameOrNone = Annotated[
    str | None, typer.Argument(metavar="[NAME]", help="Name of a model, or a path.", show_default=False)
]


@app.callback(invoke_without_command=True)
def models(
    ctx: typer.Context,
    form: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """List and manage models: add, info, verify, export, ..."""
    if ctx.invoked_subcommand is None:
        list_models(form, as_json, as_jsonl)


@app.command("list", cls=Command)
def list_models(
    form: options.Format = None, as_json: options.Json = False, as_jsonl: options.JsonLines = False
) -> None:
    """List the models that are installed."""
    from embcli.models.manage import installed

    show(installed(), output_format(form, as_json, as_jsonl))


@app.command(cls=Command)
def add(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A file, or a name in gensim's catalogue.")],
    name: Annotated[str | None, typer.Option(help="What to call the model; default: after the source.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a model of that name.")] = False,
    source_format: Annotated[
        Literal["word2vec", "glove", "binary", "fasttext", "native", "npy"] | None,
        typer.Option("--format", help="The format of the file; default: what its content shows.", show_default=False),
    ] = None,
    reader: Annotated[Literal["embcli", "gensim"], typer.Option(help="Who reads text and binary files.")] = "embcli",
    words: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The words of a .npy file, one a line.", show_default=False)
    ] = None,
    as_json: options.JsonOnly = False,
) -> None:
    """Add a model: word2vec, GloVe or fastText text, word2vec binary, fastText .bin, gensim .kv, NumPy .npy.

    Text and binary may be compressed (.gz, .bz2, .xz, .zip).
    """
    from embcli.models.manage import add as add_model
    from embcli.render.progress import progress_bar

    with progress_bar() as progress:
        added = add_model(source, name, force=force, form=source_format, reader=reader, words=words, progress=progress)
    show_with_notes(added, output_format(None, as_json, False))


@app.command(cls=NamedModelCommand)
def info(
    name: NameOrNone = None,
    form: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Show a model's details."""
    from embcli.models.manage import info as info_of
    from embcli.render.progress import progress_bar

    format_name = output_format(form, as_json, as_jsonl)
    with progress_bar() as progress:
        record = info_of(name, progress=progress)
    show(record, format_name)


@app.command(cls=Command)
def remove(
    name: Name, form: options.Format = None, as_json: options.Json = False, as_jsonl: options.JsonLines = False
) -> None:
    """Delete a model."""
    from embcli.models.manage import remove as remove_model

    format_name = output_format(form, as_json, as_jsonl)
    show(remove_model(name), format_name)


@app.command(cls=NamedModelCommand)
def verify(
    name: NameOrNone = None,
    form: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Compare the checksums of a model, or of all: finds every flipped bit; reads 1 GB in about a second."""
    from embcli.models.manage import verify as verify_models
    from embcli.render.progress import progress_bar

    format_name = output_format(form, as_json, as_jsonl)
    with progress_bar() as progress:
        record = verify_models(name, progress=progress)
    show(record, format_name)


@app.command(cls=Command)
def default(
    name: NameOrNone = None,
    form: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Choose the default model; without NAME, show which it is."""
    from embcli.models.manage import as_models, installed, set_default
    from embcli.models.names import default_name
    from embcli.render.progress import progress_bar

    format_name = output_format(form, as_json, as_jsonl)
    if name is None:
        chosen = default_name()
        record = as_models("default", chosen, [e for e in installed().results if e.name == chosen])
    else:
        with progress_bar() as progress:
            record = set_default(name, progress=progress)
    show(record, format_name)


@app.command(cls=Command)
def catalog(form: options.Format = None, as_json: options.Json = False, as_jsonl: options.JsonLines = False) -> None:
    """List the models of gensim's catalogue, with sizes and licences; needs no network."""
    from embcli.models.catalogue import catalog as read_catalog

    show(read_catalog(), output_format(form, as_json, as_jsonl))


@app.command(cls=NamedModelCommand)
def export(
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write.", show_default=False)],
    file_format: Annotated[
        Literal["word2vec", "binary", "kv"] | None,
        typer.Option("--format", help="Default: by the suffix, .txt or .vec, .bin, .kv.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    as_json: options.JsonOnly = False,
) -> None:
    """Write a model as word2vec text or binary, or as a gensim .kv."""
    from embcli.models.export import export as export_model
    from embcli.models.manage import as_models, describe

    space = load([name])
    written = export_model(space, file, file_format, force=force)
    record = as_models("export", space.name, [describe(space.name)])
    noted = record._replace(notes=(f"written to {file} ({written})",))
    show_with_notes(noted, output_format(None, as_json, False))


def show_with_notes(record: Any, form: str | None) -> None:
    """The record on stdout and, for people, its notes on stderr."""
    show(record, form)
    if form is None:
        for text in record.notes or ():
            note(text)
