"""Completion of a line of the shell: commands, directives and their arguments, and the words of a bare expression."""

from collections.abc import Iterable
from typing import NamedTuple

from typer._click.shell_completion import CompletionItem

from embcli.cli.completers import FILES
from embcli.cli.completion import CommandLine, complete, model_on_line
from embcli.cli.directives import NAMED, is_directive
from embcli.cli.interpreter import PROGRAM, Interpreter
from embcli.cli.quoting import Argument, split_line

# The command whose arguments a bare expression has.
BARE = "analogy"


class LineCompletion(NamedTuple):
    """The argument at the cursor, and the candidates for it, each as the complete argument; the best comes first."""

    current: Argument
    items: list[CompletionItem]


def complete_line(interpreter: Interpreter, before: str) -> LineCompletion:
    """The candidates at the end of a text, which is the line before the cursor.

    complete_line(interpreter, "king - wom").items[0].value  # "woman"
    """
    *earlier, current = split_line(before)
    if earlier and earlier[0].raw == PROGRAM:
        earlier = earlier[1:]
    given = [argument.text for argument in earlier]
    if is_directive(before):
        return LineCompletion(current, _directives(interpreter, given, current.text))
    named = []
    if not given:
        named = [name for name in interpreter.program.commands if name.startswith(current.text)] if current.text else []
    elif given[0] in interpreter.program.commands:
        return LineCompletion(current, _arguments(interpreter, given, current.text))
    words = _arguments(interpreter, [BARE, *given], current.text)
    return LineCompletion(current, [*map(CompletionItem, named), *(one for one in words if one.value not in named)])


def _arguments(interpreter: Interpreter, given: list[str], incomplete: str) -> list[CompletionItem]:
    """The candidates for an argument of a command; words are those of the model of the line, or the one that is set."""
    everything = [*given, incomplete]
    if model_on_line(everything) is None and interpreter.settings.models:
        everything += ["-m", interpreter.settings.models[0]]
    return complete(CommandLine(given, incomplete, everything))


def _directives(interpreter: Interpreter, given: list[str], incomplete: str) -> list[CompletionItem]:
    """The candidates of a line that begins with a colon: the names of directives, or an argument of one."""
    if not given:
        return [
            CompletionItem(f":{name}", help=one.purpose)
            for name, one in NAMED.items()
            if f":{name}".startswith(incomplete)
        ]
    settings, name = interpreter.settings, given[0].lstrip(":?")
    if name == "model":
        return _arguments(interpreter, [BARE, "-m"], incomplete)
    if name == "set" and len(given) == 1:
        return _beginning(settings.option_names(), incomplete)
    if name == "set" and len(given) == 2:
        return _beginning(settings.values_of(given[1]), incomplete)
    if name == "unset":
        return _beginning([option.lstrip("-") for option in settings.options], incomplete)
    if name == "ask":
        return _arguments(interpreter, [BARE, *given[1:]], incomplete)
    if name == "help":
        return _arguments(interpreter, ["help", *given[1:]], incomplete)
    return [CompletionItem(incomplete, help=FILES)] if name == "save" else []


def _beginning(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]
