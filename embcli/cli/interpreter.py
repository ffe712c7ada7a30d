"""A running program that answers one line after the other with the commands of the Typer app."""

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import redirect_stdout
from itertools import pairwise
from pathlib import Path
from shlex import join
from typing import Any, NamedTuple

import typer

from embcli.cli.applicable import OF_FORMAT
from embcli.cli.command import Command, Group
from embcli.cli.main import as_problem, build_app, execute, report
from embcli.cli.quoting import Argument, Excerpt, split_command, split_excerpt
from embcli.cli.session import load, write
from embcli.cli.settings import Settings, asks
from embcli.errors import EmbcliError, ExpressionSyntaxError, UsageProblem

# The signs that begin a note, and a directive of the program itself.
NOTE, DIRECTIVES = "#", (":", "?")
# What a group does when no command of it is named.
LISTING = "list"
PROGRAM = "embcli"
# The exit status of a command that Ctrl-C ends.
INTERRUPTED = 130


class Printed(NamedTuple):
    """The exit status of a command, and the JSON records that it printed."""

    status: int
    records: tuple[Any, ...]


class Interpreter:
    """One running program: the app, built once, the settings, and the commands that it has answered.

    A line is a command with its options, or a bare expression: `king - man + woman` means `analogy`, and one word means
    `neighbors`. refused: the commands that cannot run within this program. session: the notes, the answered
    commands and the empty lines, for `:save`; saved: what it wrote to which file.
    """

    def __init__(self, refused: Sequence[str] = ("shell",)) -> None:
        self.program: Any = typer.main.get_command(build_app([]))
        self.refused = refused
        self.settings = Settings(commands_of(self.program))
        self.session: list[str] = []
        self.saved: dict[Path, str] = {}

    @property
    def format_arguments(self) -> list[str]:
        """The option of the format, if it is set: errors that belong to no command are in that format."""
        setting = self.settings.options.get("--format")
        return setting.arguments if setting else []

    @property
    def wants_json(self) -> bool:
        """Whether answers are set to be JSON."""
        return bool({"json", "jsonl"} & {*self.format_arguments})

    def respond(self, line: str) -> int:
        """Answer a line on stdout, or report its error on stderr; returns the exit status.

        Raises ReaderGone, and OSError for stdout.
        """
        line, excerpt = split_excerpt(line)
        try:
            commands = self.commands(line)
        except EmbcliError as error:
            return report(error, self.format_arguments)
        return overall(self.run(arguments, excerpt) for arguments in commands)

    def commands(self, line: str) -> list[list[str]]:
        """The command lines that a line means, with the settings; none for a note. Raises EmbcliError.

        Several if several models are set, and the command takes one at a time.

            interpreter.commands("king - man + woman")  # [["analogy", "king", "-", "man", "+", "woman"]]
        """
        line = line.strip()
        if line.startswith(NOTE):
            self.session.append(line)
        elif not line and self.session and self.session[-1]:
            self.session.append("")
        if not line or line.startswith(NOTE):
            return []
        given = _without_program(split_command(line))
        return self.applied(self._command(given))

    def applied(self, arguments: list[str], settings: Settings | None = None) -> list[list[str]]:
        """The arguments of the program with the settings; several lists as in `commands`."""
        path, rest = self._path(arguments)
        if not rest and f"{' '.join(path)} {LISTING}" in self.settings.commands:
            path.append(LISTING)
        command = self.settings.commands.get(" ".join(path))
        if command is None:
            return [arguments]
        return [[*path, *each] for each in (settings or self.settings).applied(" ".join(path), command, rest)]

    def bare(self, arguments: list[str]) -> list[str]:
        """An expression without a command as arguments of `analogy`, or of `neighbors` for one term.

        Raises UsageProblem for several plain words, which may be a mistyped command.

            interpreter.bare(["king"])  # ["neighbors", "king"]
        """
        from embcli.cli.advice import for_unknown_command
        from embcli.queries.arguments import is_phrase, join_arguments, split_expected
        from embcli.queries.expression import parse

        analogy = self.settings.commands["analogy"]
        try:
            _, words = analogy.given(typer.Context(analogy), arguments)
            source, _ = split_expected(join_arguments(words))
            if is_phrase(source) and len(words) > 1:
                hint = for_unknown_command(PROGRAM, arguments, self.program.list_commands(None))
                if self._is_phrase_of_model(source):
                    hint = f'did you mean "{source}", in quotes?'
                raise UsageProblem(f'there is no command "{arguments[0]}"', hint)
            is_word = len(parse(source).terms) == 1
        except (typer.TyperException, ExpressionSyntaxError):
            is_word = False  # the command reports the error
        return ["neighbors" if is_word else "analogy", *arguments]

    def answers(self, arguments: list[str]) -> Printed:
        """Run a command line whose format is JSON, and return what it printed. Raises EmbcliError; OSError."""
        with redirect_stdout(io.StringIO()) as printed:
            status = execute(arguments, self.program)
        return Printed(status, tuple(_records(printed.getvalue(), arguments)))

    def run(self, arguments: list[str], excerpt: Excerpt | None = None) -> int:
        """Run a command line, or report its error; returns the exit status. A blank line follows a table.

        excerpt: the lines of the answer to print, if not all. Raises ReaderGone, and OSError for stdout.
        """
        if self.wants_json and not self._has_format(arguments):
            error = UsageProblem(f"{arguments[0]} answers in text, not in JSON", "ask it without --json")
            return report(error, self.format_arguments)
        try:
            status = execute(arguments, self.program) if excerpt is None else self._run_in_part(arguments, excerpt)
        except EmbcliError as error:
            return report(error, arguments)
        except OSError as error:
            if error.filename is None:  # of stdout
                raise
            return report(as_problem(error), arguments)
        if status <= 1 and self._is_table(arguments):
            write("\n")
        if status <= 1 and asks(" ".join(self._path(arguments)[0])):
            self.session.append(join([PROGRAM, *arguments]) + str(excerpt or ""))
        return status

    def _run_in_part(self, arguments: list[str], excerpt: Excerpt) -> int:
        with redirect_stdout(io.StringIO()) as printed:
            status = execute(arguments, self.program)
        write(excerpt.of(printed.getvalue()))
        return status

    def _command(self, given: Sequence[Argument]) -> list[str]:
        """The arguments of the program: those that are typed, or a command for a bare expression."""
        arguments = [argument.text for argument in given]
        first, is_quoted = arguments[0], given[0].raw != given[0].text
        if first in self.refused and not is_quoted:
            raise UsageProblem(f"{first} cannot run here", f"leave this program, and run: {PROGRAM} {first}")
        if is_quoted or not (first in self.program.commands or self._begins_with_option(arguments)):
            return self.bare(arguments)
        return arguments

    def _is_phrase_of_model(self, phrase: str) -> bool:
        """Whether the model has several words as one, such as new-york."""
        from embcli.queries.words import resolve_words

        try:
            resolve_words(load(self.settings.models[:1])[0], [phrase])
        except EmbcliError:
            return False
        return True

    def _begins_with_option(self, arguments: list[str]) -> bool:
        """Whether an option of the program, such as --help, or -m before a command, comes first."""
        if not arguments[0].startswith("-") or not arguments[0].strip("-"):
            return False
        analogy = self.settings.commands["analogy"]
        try:
            _, words = analogy.given(typer.Context(analogy), arguments)
        except typer.TyperException:
            return True
        return not words or words[0] in self.program.commands

    def _has_format(self, arguments: list[str]) -> bool:
        """Whether a command has formats; True for what is no command, whose error is that of the program."""
        path, _ = self._path(arguments)
        command = self.settings.commands.get(" ".join(path))
        return command is None or any(parameter.name in OF_FORMAT for parameter in command.params)

    def _is_table(self, arguments: list[str]) -> bool:
        """Whether a command answers with a table, or with one in words."""
        path, rest = self._path(arguments)
        command = self.settings.commands.get(" ".join(path))
        if command is None:
            return False
        formats = {after for option, after in pairwise(rest) if option == "--format"}
        is_default = not {*command.given(typer.Context(command), rest)[0]} & OF_FORMAT
        return is_default or "--plain" in rest or bool(formats & {"table", "plain"})

    def _path(self, arguments: list[str]) -> tuple[list[str], list[str]]:
        """The names of a command, such as `evaluate analogies`, and its arguments."""
        names, command = list[str](), self.program
        for argument in arguments:
            if not isinstance(command, Group) or argument not in command.commands:
                break
            names.append(argument)
            command = command.commands[argument]
        return names, arguments[len(names) :]


def commands_of(program: Any) -> dict[str, Command]:
    """The commands of a program by their path: `analogy`, `models add`."""
    found = dict[str, Command]()
    for name, command in program.commands.items():
        inner = getattr(command, "commands", None)
        found |= {name: command} if inner is None else {f"{name} {one}": inner[one] for one in inner}
    return found


def overall(statuses: Iterable[int]) -> int:
    """The exit status of several commands: that of the first error, else 1 if any answered "no".

    overall([0, 1, 3, 2])  # 3
    """
    known = [*statuses]
    return next((status for status in known if status > 1), max(known, default=0))


def line_of(arguments: Sequence[str], typed: str) -> str:
    """A command line as one types it in a terminal: `typed`, which it was read from, if nothing was added to that.

    line_of(["neighbors", "tower"], "tower")  # "embcli neighbors tower"
    """
    is_as_typed = [argument.text for argument in _without_program(split_command(typed))] == [*arguments]
    if not is_as_typed:
        return join([PROGRAM, *arguments])
    return f"{PROGRAM} {typed.removeprefix('$ ').removeprefix(f'{PROGRAM} ')}"


def _without_program(given: list[Argument]) -> list[Argument]:
    """The arguments without the name of the program, and the `$` of a prompt before it, as pasted from a document."""
    start = 1 if len(given) > 1 and given[0].raw == "$" and given[1].raw == PROGRAM else 0
    is_named = len(given) > start + 1 and given[start].raw == PROGRAM
    return given[start + 1 :] if is_named else given


def _records(printed: str, arguments: list[str]) -> Iterator[Any]:
    """The JSON values of a text, one after the other. Raises UsageProblem if it is not JSON."""
    decoder, position = json.JSONDecoder(), 0
    while position < len(printed):
        try:
            record, end = decoder.raw_decode(printed, position)
        except ValueError:
            hint = "remove its option of the format, or run it without --json"
            raise UsageProblem(f"{join(arguments)} answers in text, not in JSON", hint) from None
        yield record
        position = end + len(printed[end:]) - len(printed[end:].lstrip())
