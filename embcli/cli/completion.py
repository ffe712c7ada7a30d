"""Completion of a command line for bash, zsh and fish: what may stand at the cursor, as the shells need it.

The scripts in `data/` call the hidden command `embcli _complete`. It prints a candidate a line, the best first; a line
with a tab alone asks the shell for the names of files too. It prints nothing when anything fails: a message would land
in the line that a person is typing.
"""

import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any, NamedTuple

# Typer has no public name for its rules of which parameter the cursor is at; its version is pinned.
from typer._click.shell_completion import CompletionItem, _resolve_context, _resolve_incomplete
from typer.main import get_command

from embcli.cli.completers import FILES, completer_of
from embcli.cli.quoting import escape, split_line

# Columns of the description of an option.
DESCRIPTION_WIDTH = 60
FILES_LINE = "\t"
REDIRECTION = re.compile(r"\d*&?(<|>|>>|>\|)&?")


class CommandLine(NamedTuple):
    """A command line without the name of the program.

    before: the arguments before the cursor. incomplete: the text between the start of the argument at the cursor and
    the cursor. everything: all arguments, also those behind the cursor.
    """

    before: list[str]
    incomplete: str
    everything: list[str]


def run_completion(arguments: Sequence[str]) -> int:
    """Print the candidates for `SHELL ...`; the scripts in `data/` show what each shell passes. Always returns 0."""
    with suppress(Exception):
        lines = {"bash": _for_bash, "zsh": _for_zsh, "fish": _for_fish}[arguments[0]](arguments[1:])
        sys.stdout.buffer.write("".join(f"{line}\n" for line in lines).encode())
        sys.stdout.flush()
    return 0


def complete(line: CommandLine) -> list[CompletionItem]:
    """The candidates for the argument at the cursor, each as the complete argument.

    complete(CommandLine(["analogy", "king", "-"], "wom", ["analogy", "king", "-", "wom"]))[0].value  # "woman"
    """
    from embcli.cli.main import build_app

    before = [*line.before]
    context = _resolve_context(
        get_command(build_app(before)), {"obj": model_on_line(line.everything)}, "embcli", before
    )
    parameter, value = _resolve_incomplete(context, before, line.incomplete)
    completer = completer_of(context.command_path.partition(" ")[2], str(parameter.name))
    found = parameter.shell_complete(context, value)
    if completer is not None:
        candidates = (one if isinstance(one, tuple) else (one, None) for one in completer(context, value))  # type: ignore[arg-type]
        found = [CompletionItem(text, help=description) for text, description in candidates]
    head = line.incomplete[: len(line.incomplete) - len(value)]  # `--format=` of `--format=j`
    for item in found:
        item.value = head + item.value
    return found


def model_on_line(arguments: Sequence[str]) -> str | None:
    """The model that `-m NAME`, `--model NAME` or `--model=NAME` names, anywhere before `--`.

    model_on_line(["analogy", "king", "-m", "toy"])  # "toy"
    """
    for argument, following in pairwise([*arguments, ""]):
        if argument == "--":
            break
        name = ""
        if argument in ("-m", "--model"):
            name = following
        elif argument.startswith("--model="):
            name = argument.removeprefix("--model=")
        elif argument.startswith("-m"):
            name = argument.removeprefix("-m")
        if name:
            return os.path.expanduser(name)
    return None


def _for_bash(given: Sequence[str]) -> Iterator[str]:
    """The lines for `BEFORE AFTER WORD`: the line before and behind the cursor, and the text that bash will replace.

    WORD is shorter than the argument at the cursor if that contains a character of COMP_WORDBREAKS, such as `:` or `=`.
    """
    before, after, replaced = given
    arguments = split_line(before)
    current, earlier = arguments[-1], [argument.text for argument in arguments[1:-1]]
    if REDIRECTION.fullmatch(arguments[-2].raw) or REDIRECTION.match(current.raw):
        yield FILES_LINE
        return
    everything = [argument.text for argument in split_line(before + after)[1:]]
    items = complete(CommandLine(earlier, current.text, everything))
    kept = len(current.raw) - len(replaced)
    has_files = any(item.help == FILES for item in items)
    for item in items:
        if item.help == FILES:
            yield FILES_LINE
        else:
            added = item.value[len(current.text) :]
            if not has_files:  # with names of files, bash escapes the candidates itself
                added = escape(added, current.quote)
            yield (current.raw + added)[kept:]


def _for_zsh(given: Sequence[str]) -> Iterator[str]:
    """The lines for `NUMBER INCOMPLETE WORD...`, where NUMBER counts the arguments before the cursor.

    Each line has a candidate, a tab, and what zsh lists for it.
    """
    count, incomplete, everything = int(given[0]), given[1], [*given[2:]]
    items = complete(CommandLine(everything[:count], incomplete, everything))
    width = max((len(item.value) for item in items), default=0)
    for item in items:
        description = described(item)
        if item.help == FILES:
            yield FILES_LINE
        else:
            yield f"{item.value}\t{item.value.ljust(width)}  -- {description}" if description else f"{item.value}\t"


def _for_fish(given: Sequence[str]) -> Iterator[str]:
    """The lines for `NUMBER INCOMPLETE WORD...`: each has a candidate, and a tab and its description if it has one."""
    count, incomplete, everything = int(given[0]), given[1], [*given[2:]]
    for item in complete(CommandLine(everything[:count], incomplete, everything)):
        description = described(item)
        if item.help == FILES:
            yield FILES_LINE
        else:
            yield f"{item.value}\t{description}" if description else item.value


def described(item: Any) -> str:
    """The first sentence of a help text, in one line."""
    text = " ".join((item.help or "").partition("  [")[0].split()).rstrip(".")
    return text if len(text) <= DESCRIPTION_WIDTH else text[: DESCRIPTION_WIDTH - 1] + "…"
