"""The command that plays demos: those of embcli, and scripts of the speaker."""

import sys
from typing import Annotated

import typer

from embcli.cli import options
from embcli.cli.session import is_terminal, output_format, show, use_one_blas_thread
from embcli.errors import UsageProblem

# Formats of a demo: those for people, and those with a record for each step.
FORMATS = ("table", "plain", "json", "jsonl")


def demo(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME|FILE]", help="A demo of the list, or a script of your own.", show_default=False),
    ] = None,
    pause: Annotated[bool, typer.Option("--pause", help="Wait for a key after each step; q quits.")] = False,
    step: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Play only step N, from 1.", show_default=False)
    ] = None,
    format_name: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """List the demos, or play one: commands, answers and notes.

    Example: embcli demo embedding --step 5
    """
    from embcli.cli.directives import check_settings
    from embcli.cli.interpreter import Interpreter
    from embcli.cli.output_file import refuse_output_file
    from embcli.cli.player import Player, list_demos, path_of
    from embcli.cli.script import read_script_file
    from embcli.models.opened import models_stay_open

    chosen = output_format(format_name, as_json, as_jsonl)
    if name is None:
        if pause or step:
            raise UsageProblem("--pause and --step need a demo", "for example embcli demo embedding --pause")
        show(list_demos(), chosen)
        return
    refuse_output_file("demo")
    if chosen not in (None, *FORMATS):
        raise UsageProblem(
            f"a demo has notes and commands beside its answers, which {chosen} cannot hold",
            f"use {', '.join(FORMATS[:-1])} or {FORMATS[-1]}",
        )
    path = path_of(name)
    script = read_script_file(path)
    if step and step > len(script.steps):
        raise UsageProblem(f"{name} has no step {step}", f"its last one is {len(script.steps)}")
    if pause and chosen in ("json", "jsonl"):
        raise UsageProblem("--pause waits for a person, and JSON is for programs", "remove one of them")
    if pause and not (is_terminal() and sys.stdout.isatty()):
        raise UsageProblem("--pause needs a terminal", "remove it")
    check_settings(Interpreter(), script.directives, path.name)
    use_one_blas_thread()
    with models_stay_open():
        raise typer.Exit(Player(script, chosen, is_paused=pause).play(step))
