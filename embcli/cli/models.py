"""The commands that look after models."""

from typing import Annotated

import typer

from embcli.cli import options
from embcli.cli.queries import show

app = typer.Typer(help="List the models that are installed, and add others.")


@app.callback(invoke_without_command=True)
def models(ctx: typer.Context, form: options.Format = "table", as_json: options.Json = False) -> None:
    """List the models that are installed, and add others."""
    if ctx.invoked_subcommand is None:
        list_models(form, as_json)


@app.command("list")
def list_models(form: options.Format = "table", as_json: options.Json = False) -> None:
    """List the models that are installed."""
    from embcli.models import installed

    show(installed(), form, as_json)


@app.command()
def add(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A file, or a name in gensim's catalogue.")],
    name: Annotated[str | None, typer.Option(help="What to call the model; default: after the source.")] = None,
    trust_pickle: Annotated[
        bool, typer.Option("--trust-pickle", help="Load gensim's .kv and .model; such a file can run any program.")
    ] = False,
    form: options.Format = "table",
    as_json: options.Json = False,
) -> None:
    """Add a model: word2vec text or binary, GloVe text, gensim's own files, or a catalogue name."""
    from embcli.models import add as add_model
    from embcli.render.progress import progress_bar

    with progress_bar() as progress:
        added = add_model(source, name, trust_pickle=trust_pickle, progress=progress)
    show(added, form, as_json)
