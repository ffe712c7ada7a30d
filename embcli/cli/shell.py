"""The command that answers one question after the other: on a terminal with a prompt, otherwise a script on stdin."""

import typer

from embcli.cli import options
from embcli.cli.session import is_terminal, output_format, use_one_blas_thread


def shell(
    model: options.SeveralModels = None,
    format_name: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Ask one question after the other; lines from a pipe are a script.

    Example: embcli shell -m glove
    """
    from embcli.cli.conversation import answer_script, converse
    from embcli.cli.directives import set_models
    from embcli.cli.interpreter import Interpreter
    from embcli.cli.output_file import refuse_output_file
    from embcli.models.opened import models_stay_open

    refuse_output_file("shell")
    use_one_blas_thread()
    chosen = output_format(format_name, as_json, as_jsonl)
    interpreter = Interpreter()
    with models_stay_open():
        if chosen:
            interpreter.settings.set("format", chosen)
        if model:
            set_models(interpreter, model, is_told=False)
        raise typer.Exit(converse(interpreter) if is_terminal() else answer_script(interpreter))
