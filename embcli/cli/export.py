"""The command that writes a model for other tools: to a file, or to a collection on a Milvus server."""

from typing import Annotated, Literal

import typer

from embcli.cli import options
from embcli.cli.session import load_one, output_format, show_with_notes


def export(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="A model, by name or as a path.", show_default=False),
    ],
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="The file to write, or milvus://HOST:PORT/COLLECTION.", show_default=False),
    ],
    file_format: Annotated[
        Literal["word2vec", "binary", "kv"] | None,
        typer.Option(
            "--as", help="Write this format.  [default: by the suffix, .txt, .vec, .bin or .kv]", show_default=False
        ),
    ] = None,
    metric: Annotated[
        Literal["cosine", "dot", "euclidean"] | None,
        typer.Option(help="Of a collection: the metric of its index.  [default: cosine]", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file or collection.")] = False,
    format_name: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Write a model to a word2vec file, a gensim .kv or Milvus.

    milvus://HOST:PORT/COLLECTION makes a collection on a Milvus server; an export that fails leaves none.

    Example: embcli models export glove glove.bin
    """
    from embcli.errors import UsageProblem
    from embcli.models.addresses import is_address
    from embcli.models.export import export as export_model
    from embcli.models.manage import as_models, describe

    format_name = output_format(format_name, as_json, as_jsonl)
    if is_address(file):
        if file_format is not None:
            raise UsageProblem("--as applies to files", "remove it")
        written = _export_to_milvus(name, file, metric or "cosine", force)
        space_name, target = written, f"the collection {file}"
    else:
        if metric is not None:
            raise UsageProblem("--metric applies to a collection", "remove it, or give milvus://HOST:PORT/COLLECTION")
        space = load_one([name])
        written = export_model(space, file, file_format, force=force)
        space_name, target = space.name, f"{file} ({written})"
    noted = as_models("export", space_name, [describe(space_name)], notes=(f"written to {target}",))
    show_with_notes(noted, format_name)


def _export_to_milvus(name: str, address: str, metric: str, force: bool) -> str:
    """Write a model to a collection, with a progress bar; returns the name of the model."""
    from embcli.models.addresses import parse_address
    from embcli.models.export_milvus import export_to_milvus
    from embcli.models.open import open_stored, reporter
    from embcli.render.progress import progress_bar

    parsed = parse_address(address)
    space = open_stored(name)
    with progress_bar("exporting") as progress:
        export_to_milvus(space, parsed, metric=metric, force=force, report=reporter(space.name, progress))
    return space.name
