"""The commands that manage models."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from embcli.cli import options
from embcli.cli.command import Command, Group, NamedModelCommand
from embcli.cli.export import export
from embcli.cli.session import is_terminal, note, output_format, show, show_with_notes

app = typer.Typer(cls=Group)
Name = Annotated[
    str,
    typer.Argument(metavar="NAME", help="A model, by name or as a path.", show_default=False),
]
RANDOM = "random"
NameOrNone = Annotated[
    str | None,
    typer.Argument(metavar="[NAME]", help="A model, by name or as a path.", show_default=False),
]


@app.callback(invoke_without_command=True)
def models(
    ctx: typer.Context,
    format_name: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """List and manage models: add, info, verify, export, ...

    Example: embcli models add vectors.txt
    """
    if ctx.invoked_subcommand is None:
        list_models(format_name, as_json, as_jsonl)


@app.command("list", cls=Command)
def list_models(
    format_name: options.Format = None, as_json: options.Json = False, as_jsonl: options.JsonLines = False
) -> None:
    """List the installed models.

    Example: embcli models list
    """
    from embcli.models.manage import installed

    show(installed(), output_format(format_name, as_json, as_jsonl))


@app.command(cls=Command)
def add(
    source: Annotated[
        str,
        typer.Argument(metavar="SOURCE", help="A file, a folder, an address, or a name in `models catalog`."),
    ],
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Name the model.  [default: after the source]", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a model of that name.")] = False,
    input_format: Annotated[
        Literal["word2vec", "glove", "binary", "fasttext", "native", "npy", "npz"] | None,
        typer.Option(help="Read the file as this format.  [default: what its content shows]", show_default=False),
    ] = None,
    reader: Annotated[
        Literal["embcli", "gensim"], typer.Option(help="Read text and binary with this reader.")
    ] = "embcli",
    words: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The words of vectors without words, one a line.",
            show_default=False,
        ),
    ] = None,
    header: Annotated[
        bool | None,
        typer.Option(
            "--header/--no-header",
            help="Whether the first line names the columns.  [default: as it shows]",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Read the first N rows only.", show_default=False)
    ] = None,
    subwords: Annotated[
        bool | None,
        typer.Option(
            "--subwords/--no-subwords",
            help="Keep fastText's n-grams, for words outside the vocabulary.  [default: keep]",
            show_default=False,
        ),
    ] = None,
    tensor: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The matrix to take from a .safetensors file.", show_default=False),
    ] = None,
    word: Annotated[
        str | None,
        typer.Option(metavar="FIELD", help="Of a collection: the field with the words.", show_default=False),
    ] = None,
    vector: Annotated[
        str | None,
        typer.Option(metavar="FIELD", help="Of a collection: the field with the vectors.", show_default=False),
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL", help="With the source `random`: the model whose words to take.", show_default=False
        ),
    ] = None,
    init: Annotated[
        Literal["normal", "xavier", "uniform"] | None,
        typer.Option(help="With --like: how the numbers are drawn.  [default: normal]", show_default=False),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, metavar="S", help="With --like: the seed.  [default: 0]", show_default=False)
    ] = None,
    format_name: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Add a model: a file, a transformer, a collection, a catalogue name.

    Formats: text of word2vec, GloVe and fastText, CSV, TSV, word2vec binary, fastText .bin, gensim .kv and .model,
    NumPy .npy and .npz. Text and binary may be compressed (.gz, .bz2, .xz) or in an archive (.zip, .tar): vectors.zip,
    or vectors.zip/small.txt.

    Transformers: the folder of a Hugging Face model, a GGUF file, a wheel or zip with either, hf:ORG/NAME, smollm2,
    minilm. Their token embeddings become the vectors; the rest stays where it is. `random --like MODEL` adds random
    vectors with the words of another model.

    Collections: milvus://HOST:PORT/COLLECTION registers a collection on a Milvus server, which answers from then on.

    Example: embcli models add vectors.txt --name mine
    """
    from embcli.errors import UsageProblem
    from embcli.models.add import add as add_model
    from embcli.models.add import add_collection, add_random_like
    from embcli.models.addresses import is_address
    from embcli.readers import ReadOptions
    from embcli.render.progress import progress_bar

    format_name = output_format(format_name, as_json, as_jsonl)
    read = ReadOptions(input_format, reader, words, subwords, header, limit, tensor)
    if word is not None or vector is not None:
        if not is_address(source) or read != ReadOptions():
            raise UsageProblem("--word and --vector apply to a collection", "give milvus://HOST:PORT/COLLECTION alone")
        show_with_notes(add_collection(source, name, word=word, vector=vector, force=force), format_name)
        return
    if like is None and (init is not None or seed is not None):
        raise UsageProblem("--init and --seed apply to random vectors", "add --like MODEL, or remove them")
    if like is not None and (source != RANDOM or read != ReadOptions()):
        raise UsageProblem("--like applies to random vectors alone", "write: models add random --like MODEL")
    if source == RANDOM and like is None and not Path(source).exists():
        raise UsageProblem("random vectors take their words from a model", "write: models add random --like MODEL")
    with progress_bar() as progress:
        if like is not None:
            added = add_random_like(like, name, init=init or "normal", seed=seed or 0, force=force, progress=progress)
            show_with_notes(added, format_name)
            return
        added = add_model(source, name, force=force, read=read, progress=progress)
    show_with_notes(added, format_name)


@app.command(cls=NamedModelCommand)
def info(
    name: NameOrNone = None,
    format_name: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Show a model's details.

    Example: embcli models info glove
    """
    from embcli.models.manage import info as info_of
    from embcli.render.progress import progress_bar

    format_name = output_format(format_name, as_json, as_jsonl)
    with progress_bar() as progress:
        record = info_of(name, progress=progress)
    show(record, format_name)


@app.command(cls=NamedModelCommand)
def optimize(
    name: NameOrNone = None,
    int8: Annotated[bool, typer.Option("--int8/--no-int8", help="Add the companion, or remove it.")] = True,
    format_name: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Add the int8 companion of a model, which searches read first.

    The answers stay the same, to the last digit; a search of 3,000,000 words takes about half of the time. It takes
    26 % more disk at 300 dimensions, and the extra `fast`: pip install 'embcli[fast]'.

    Example: embcli models optimize glove
    """
    from embcli.models.optimize import optimize as optimize_model
    from embcli.render.progress import progress_bar

    format_name = output_format(format_name, as_json, as_jsonl)
    with progress_bar() as progress:
        record = optimize_model(name, int8=int8, progress=progress)
    show_with_notes(record, format_name)


@app.command(cls=Command)
def rename(
    name: Name,
    new_name: Annotated[str, typer.Argument(metavar="NEW_NAME", help="Its new name.", show_default=False)],
    format_name: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Give a model another name.

    Example: embcli models rename mine yours
    """
    from embcli.models.manage import rename as rename_model

    format_name = output_format(format_name, as_json, as_jsonl)
    show(rename_model(name, new_name), format_name)


@app.command(cls=Command)
def remove(
    names: Annotated[
        list[str],
        typer.Argument(metavar="NAME...", help="Models, by name or as paths.", show_default=False),
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before deleting.")] = False,
    format_name: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Delete models; on a terminal, after a question.

    Example: embcli models remove mine --yes
    """
    from embcli.models.manage import removable
    from embcli.models.manage import remove as remove_models

    format_name = output_format(format_name, as_json, as_jsonl)
    entries = removable(names)
    if not yes and is_terminal():
        listed = ", ".join(entry.name for entry in entries)
        if not typer.confirm(f"Delete {listed}?", err=True):
            note("nothing was deleted")
            raise typer.Exit(1)
    show(remove_models(*names), format_name)


@app.command(cls=NamedModelCommand)
def verify(
    name: NameOrNone = None,
    format_name: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Verify the checksums of a model, or of all models.

    Detects every flipped bit; reads 1 GB in about a second.

    Example: embcli models verify
    """
    from embcli.models.manage import verify as verify_models
    from embcli.render.progress import progress_bar

    format_name = output_format(format_name, as_json, as_jsonl)
    with progress_bar() as progress:
        record = verify_models(name, progress=progress)
    show(record, format_name)


@app.command(cls=Command)
def default(
    name: NameOrNone = None,
    format_name: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Choose the default model; without NAME, show it.

    Example: embcli models default mine
    """
    from embcli.models.manage import default_model, set_default
    from embcli.render.progress import progress_bar

    format_name = output_format(format_name, as_json, as_jsonl)
    if name is None:
        record = default_model()
    else:
        with progress_bar() as progress:
            record = set_default(name, progress=progress)
    show(record, format_name)


@app.command(cls=Command)
def catalog(
    format_name: options.Format = None, as_json: options.Json = False, as_jsonl: options.JsonLines = False
) -> None:
    """List the models that can be downloaded, with sizes and licences.

    The list is part of embcli; `models add NAME` downloads a model from it.

    Example: embcli models catalog
    """
    from embcli.models.catalogue import catalog as read_catalog

    show(read_catalog(), output_format(format_name, as_json, as_jsonl))


app.command(cls=NamedModelCommand)(export)
