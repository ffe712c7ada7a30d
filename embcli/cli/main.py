"""The Typer app: parse → load → ask → render. This is the only place that prints errors.

Heavy modules are not imported here: each command imports its own at run time.
"""

import errno
import sys
from importlib import import_module
from itertools import pairwise
from typing import Annotated, Any

import typer

from embcli import __version__
from embcli.cli.command import FORMER, Command
from embcli.cli.help import MainGroup
from embcli.cli.session import ReaderGone, discard_stdout, note
from embcli.errors import EmbcliError, ExpressionSyntaxError, InputOutputProblem, UsageProblem

# Each command, its module in `cli/`, and its function there; groups have no function.
COMMANDS = {
    "analogy": ("analogy", "analogy"),
    "neighbors": ("analogy", "neighbors"),
    "nn": ("analogy", "neighbors"),
    "project": ("project", "project"),
    "softmax": ("softmax", "softmax"),
    "similarity": ("similarity", "similarity"),
    "odd": ("similarity", "odd"),
    "lookup": ("lookup", "lookup"),
    "plot": ("plot", "plot"),
    "tokens": ("tokens", "tokens"),
    "predict": ("predict", "predict"),
    "context": ("context", "context"),
    "attend": ("attend", "attend"),
    "shapes": ("shapes", "shapes"),
    "evaluate": ("evaluate", ""),
    "models": ("models", ""),
    "shell": ("shell", "shell"),
    "demo": ("demo", "demo"),
    "schema": ("schema", "schema"),
    "help": ("help", "show_help"),
}
ALIASES = {"nn"}
SUMMARY = "Ask questions of word vectors: analogies, neighbours, projections, softmax."


# The first argument of the scripts for completion; the others are described in `completion.py`.
COMPLETE = "_complete"


def _print_version(ctx: typer.Context, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        print(f"embcli {__version__}")
        raise typer.Exit


def _install_completion(ctx: typer.Context, shell: str | None) -> None:
    if shell is not None:
        from embcli.cli.install_completion import install

        install(ctx, shell)


def _show_completion(ctx: typer.Context, shell: str | None) -> None:
    if shell is not None:
        from embcli.cli.install_completion import show

        show(ctx, shell)


def _start(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            metavar="NAME",
            help="As -m of the command.",
            show_default=False,
            hidden=True,
        ),
    ] = None,
    install_completion: Annotated[
        str | None,
        typer.Option(
            "--install-completion",
            metavar="[SHELL]",
            help="Install completion for bash, zsh or fish.",
            callback=_install_completion,
            is_eager=True,
            show_default=False,
        ),
    ] = None,
    show_completion: Annotated[
        str | None,
        typer.Option(
            "--show-completion",
            metavar="[SHELL]",
            help="Print the completion script of a shell.",
            callback=_show_completion,
            is_eager=True,
            show_default=False,
        ),
    ] = None,
) -> None:
    if ctx.invoked_subcommand is None:
        print(ctx.get_help())
        if sys.stdout.isatty():
            note("to ask one question after the other: embcli shell")


def build_app(arguments: list[str]) -> typer.Typer:
    """The Typer app, with only the command that the arguments begin with, or with all commands.

    Typer takes half a millisecond to build a command, a tenth of the time of a query.
    """
    app = typer.Typer(
        cls=MainGroup,
        help=SUMMARY,
        add_completion=False,  # `completion.py` is faster, and keeps the order of words
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # rich would read `man:king::woman:?` as an emoji
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True, help=SUMMARY)(_start)
    wanted = arguments[0] if arguments and arguments[0] in COMMANDS else None
    for name, (home, function) in COMMANDS.items():
        if wanted not in (name, None):
            continue
        module = import_module(f"embcli.cli.{home}")
        if function:
            app.command(name, cls=Command, hidden=name in ALIASES)(getattr(module, function))
        else:
            app.add_typer(module.app, name=name)
    return app


def command_names() -> list[str]:
    """The names of all commands, those of groups with the group's: `models add`."""
    names = []
    for name, command in typer.main.get_command(build_app([])).commands.items():  # type: ignore[attr-defined]
        names += [name, *(f"{name} {inner}" for inner in getattr(command, "commands", ()))]
    return names


def run(arguments: list[str]) -> int:
    """Run a command line and return the exit status."""
    if arguments[:1] == [COMPLETE]:
        from embcli.cli.completion import run_completion

        return run_completion(arguments[1:])
    try:
        if sys.stdout is None:
            raise InputOutputProblem("stdout is closed")
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        return execute(arguments, typer.main.get_command(build_app(arguments)))
    except EmbcliError as error:
        return report(error, arguments)
    except ReaderGone:
        discard_stdout()
        return 0
    except OSError as error:
        discard_stdout()
        return 0 if error.errno == errno.EPIPE else report(as_problem(error), arguments)


def execute(arguments: list[str], program: Any) -> int:
    """Run a command line with a program of `build_app` as a command, and return the exit status.

    Raises EmbcliError, also for what the parser rejects; ReaderGone; OSError.
    """
    try:
        status = program.main(arguments, prog_name="embcli", standalone_mode=False)
        sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except EmbcliError as error:
        from embcli.cli.advice import explain_glued

        raise explain_glued(arguments, error) from None
    except typer.TyperException as error:
        raise _explain(error, arguments) from None
    except typer.Abort:
        return 130


def as_problem(error: OSError) -> InputOutputProblem:
    """An error of the system as one of embcli."""
    where = f"{error.filename}: " if error.filename else ""
    return InputOutputProblem(f"{where}{error.strerror or error}")


def _explain(error: typer.TyperException, arguments: list[str]) -> EmbcliError:
    """An error of the parser as one of embcli."""
    from embcli.cli.advice import explain_glued, for_unknown_option, option_of, readable

    if getattr(error, "possibilities", None):  # help lists no former names, and neither do errors
        error.possibilities = [name for name in error.possibilities if name not in FORMER.values()]  # type: ignore[attr-defined]
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else _command_path(arguments)
    message = readable(error.format_message().rstrip("."))
    hint = for_unknown_option(option_of(error))
    if hint:
        message = message.partition(" (Possible")[0]
    return explain_glued(arguments, UsageProblem(message, hint or f"see: {path} --help"))


def _command_path(arguments: list[str]) -> str:
    """The command that the arguments begin with, for errors that do not know it."""
    names = arguments[: 1 + (arguments[:1] in (["models"], ["evaluate"]))]
    return " ".join(["embcli", *(name for name in names if name.isalpha())])


def report(error: EmbcliError, arguments: list[str]) -> int:
    """Write an error to stderr: one line, for a syntax error with the position marked below it; or JSON."""
    if sys.stderr is None:
        return error.exit_status
    if _wants_json(arguments):
        from embcli.render.as_json import dumps_error

        sys.stderr.write(dumps_error(error))
        return error.exit_status
    from embcli.render.printable import cell_width, printable

    line = f"embcli: {error.message}" + (f"; {error.hint}" if error.hint else "")
    sys.stderr.write(printable(line) + "\n")
    if isinstance(error, ExpressionSyntaxError):
        before = cell_width(printable(error.source[: error.position]))
        sys.stderr.write(f"  {printable(error.source)}\n  {' ' * before}^\n")
    return error.exit_status


def _wants_json(arguments: list[str]) -> bool:
    """Whether the arguments select a JSON format, even if they cannot be parsed."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    asked = [after for option, after in pairwise([*options, ""]) if option == "--format"]
    return any(f"--{name}" in options or f"--format={name}" in options or name in asked for name in ("json", "jsonl"))
