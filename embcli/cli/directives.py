"""The directives of the shell: lines such as `:model glove`, which set what the following lines use."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from embcli.cli.interpreter import DIRECTIVES, NOTE, Interpreter, overall
from embcli.cli.main import report
from embcli.cli.output_file import whole_file
from embcli.cli.quoting import split_command
from embcli.cli.script import session_text
from embcli.cli.session import say
from embcli.errors import EmbcliError, UsageProblem

if TYPE_CHECKING:
    from embcli.models.collections import RegisteredSpace
    from embcli.models.open import StoredSpace


class Directive(NamedTuple):
    """A directive: its arguments and its purpose, as help lists them, and what it does.

    run: takes the interpreter, the arguments, and whether a person wants to know what was done; returns a status.
    """

    usage: str
    purpose: str
    run: Callable[[Interpreter, list[str], bool], int]


class Left(Exception):
    """The program is to end: `:quit`."""


def is_directive(line: str) -> bool:
    """Whether a line is a directive: is_directive(":k 5")  # True"""
    return line.lstrip().startswith(DIRECTIVES)


def answer_line(interpreter: Interpreter, line: str, *, is_told: bool = False) -> int:
    """Answer a line: a directive, a command, or an expression; an error is reported. Returns the exit status.

    is_told: whether to confirm on stderr what a directive sets. Raises Left for `:quit`; ReaderGone, and OSError for
    stdout.
    """
    if not is_directive(line):
        return interpreter.respond(line)
    try:
        return direct(interpreter, line, is_told=is_told)
    except EmbcliError as error:
        return report(error, interpreter.format_arguments)


def direct(interpreter: Interpreter, line: str, *, is_told: bool) -> int:
    """Follow a directive; returns the exit status. `: k 5`, which a POSIX shell ignores, is the same as `:k 5`.

    is_told: whether to confirm on stderr what was set. Raises EmbcliError; Left for `:quit`.
    """
    name, *rest = _split(line.strip())
    if name not in NAMED:
        raise _unknown(name)
    return NAMED[name].run(interpreter, rest, is_told)


def directive_name(line: str) -> str:
    """The name of the directive of a line: directive_name(": k 5")  # "k". Raises UsageProblem for open quotes."""
    return _split(line.strip())[0]


def _split(line: str) -> list[str]:
    if line.startswith("?"):
        return ["help", *line[1:].split()]
    first, *rest = split_command(line[1:]) or split_command("help")
    if first.text == "ask":  # quotation marks are part of the expression
        return [first.text, *(argument.raw for argument in rest)]
    return [first.text, *(argument.text for argument in rest)]


def set_models(interpreter: Interpreter, names: Sequence[str], is_told: bool) -> int:
    """Use models from now on, after opening them; no names: say which are used. Raises EmbcliError."""
    from embcli.cli.session import load
    from embcli.models.names import default_name

    settings = interpreter.settings
    if not names:
        say(f"model: {', '.join(settings.models or [default_name()])}")
        return 0
    if len(set(names)) < len(names):
        raise UsageProblem("a model is named twice", "name different models")
    spaces = load(names)
    settings.models = tuple(names)
    if is_told:
        say(described_models(spaces))
    return 0


def described_models(spaces: "Sequence[StoredSpace | RegisteredSpace]") -> str:
    """The names and the shapes of models in a line."""
    return "model: " + ", ".join(f"{space.name}, {len(space):,} words × {space.dim}" for space in spaces)


def _set_k(interpreter: Interpreter, values: list[str], is_told: bool) -> int:
    return _set(interpreter, ["k", *values], is_told)


def _set(interpreter: Interpreter, arguments: list[str], is_told: bool) -> int:
    settings = interpreter.settings
    if not arguments:
        lines = [_described(" ".join(one.arguments), one.parameters) for one in settings.options.values()]
        say("\n".join(lines) or "nothing is set; for example: :set metric dot")
        return 0
    name, *values = arguments
    if len(values) > 1:
        raise UsageProblem(f"{name} gets {len(values)} values", "give one; quote it if it has spaces")
    setting = settings.set(name, values[0] if values else None)
    if is_told:
        say(_described(" ".join(setting.arguments), setting.parameters))
    return 0


def _unset(interpreter: Interpreter, names: list[str], is_told: bool) -> int:
    if not names:
        raise UsageProblem(
            ":unset needs the name of an option", "for example :unset metric; :set lists those that are set"
        )
    for name in names:
        if name == "model":
            interpreter.settings.models = ()
        else:
            interpreter.settings.unset(name)
        if is_told:
            say(f"{name}: as the commands have it")
    return 0


def _ask(interpreter: Interpreter, words: list[str], _: bool) -> int:
    return overall([interpreter.run(each) for each in asked(interpreter, words)])


def asked(interpreter: Interpreter, words: Sequence[str]) -> list[list[str]]:
    """The command lines of `:ask` with the settings; words: as they are typed. Raises UsageProblem."""
    if not words:
        raise UsageProblem(":ask needs a word or an expression", "for example :ask project")
    return interpreter.applied(interpreter.bare([argument.text for argument in split_command(" ".join(words))]))


def commands_of_step(interpreter: Interpreter, line: str) -> list[list[str]]:
    """The command lines of a step of a demo: of a line of the shell, or of `:ask`. Raises EmbcliError."""
    return asked(interpreter, _split(line)[1:]) if is_directive(line) else interpreter.commands(line)


def check_settings(interpreter: Interpreter, lines: Sequence[tuple[int, str]], file: str) -> None:
    """Check the settings of a demo, with the numbers of their lines, in order; models are not opened.

    Raises UsageProblem with the file and the line.
    """
    for number, line in lines:
        try:
            name = directive_name(line)
            if name not in SETTING:
                known = ", ".join(f":{one}" for one in SETTING)
                raise UsageProblem(f"{line} has no meaning in a demo", f"these have: {known}, :ask, :pause")
            if name != "model":
                direct(interpreter, line, is_told=False)
        except EmbcliError as error:
            raise UsageProblem(f"line {number} of {file}: {error.message}", error.hint) from None


def _save(interpreter: Interpreter, names: list[str], is_told: bool) -> int:
    if len(names) != 1:
        raise UsageProblem(":save needs the name of one file", "for example :save talk.demo")
    if not any(line and not line.startswith(NOTE) for line in interpreter.session):
        raise UsageProblem("no question was answered yet, so there is nothing to save")
    path = Path(os.path.expanduser(names[0]))
    if path.exists() and not _is_as_saved(interpreter, path):
        raise UsageProblem(f"{path} exists, and was not written by this session", "choose another name")
    text = session_text(interpreter.session)
    with whole_file(path) as file:
        file.write(text.encode())
    interpreter.saved[path.resolve()] = text
    if is_told:
        say(f"saved; to play it: embcli demo {os.path.join('.', names[0]) if os.sep not in names[0] else names[0]}")
    return 0


def _is_as_saved(interpreter: Interpreter, path: Path) -> bool:
    """Whether a file holds what this session wrote to it, so that nothing of a person is lost."""
    text = interpreter.saved.get(path.resolve())
    with suppress(OSError):  # a file that cannot be read
        return text is not None and path.is_file() and path.read_bytes() == text.encode()
    return False


def _help(interpreter: Interpreter, words: list[str], _: bool) -> int:
    if words:
        return overall([interpreter.run(["help", *words])])
    from embcli.cli.help import GROUPS

    commands = "\n".join(f"  {group}: {', '.join(names)}" for group, names in GROUPS.items())
    width = max(len(one.usage) for one in DIRECTIVES_BY_NAME.values())
    listed = "\n".join(f"  {one.usage.ljust(width)}  {one.purpose}" for one in DIRECTIVES_BY_NAME.values())
    say(f"{HELP}\n{listed}\n\nCommands, with their options:\n{commands}")
    return 0


def _quit(_: Interpreter, __: list[str], ___: bool) -> int:
    raise Left


def _pause(_: Interpreter, __: list[str], ___: bool) -> int:
    return 0  # a demo waits here


HELP = """\
  king - man + woman   an expression: embcli analogy
  tower                a word: embcli neighbors; "project" in quotes is no command
  project "cats - cat" puppy puppies
                       a command, as in the terminal; Tab completes, also words
"""
DIRECTIVES_BY_NAME = {
    "model": Directive(":model NAME...", "use these models; several are compared", set_models),
    "k": Directive(":k N", "show N answers", _set_k),
    "set": Directive(":set [OPTION VALUE]", "set an option of the commands; alone: list", _set),
    "unset": Directive(":unset OPTION...", "leave options to the commands again", _unset),
    "ask": Directive(":ask EXPR", "a word that is the name of a command", _ask),
    "save": Directive(":save FILE", "save the session, for embcli demo FILE", _save),
    "pause": Directive(":pause", "in a demo: wait for a key", _pause),
    "help": Directive(":help [COMMAND]", "this help, or that of a command (also: ?)", _help),
    "quit": Directive(":quit", "leave (also: Ctrl-D)", _quit),
}
# Those that set what the following commands use.
SETTING = ("model", "k", "set", "unset")
NAMED = {**DIRECTIVES_BY_NAME, "q": DIRECTIVES_BY_NAME["quit"], "exit": DIRECTIVES_BY_NAME["quit"]}


def _described(text: str, commands: Sequence[str] | object) -> str:
    from embcli.cli.main import ALIASES

    names = [name for name in commands if name not in ALIASES]  # type: ignore[union-attr]
    return f"{text}  for {', '.join(names)}"


def _unknown(name: str) -> EmbcliError:
    from difflib import get_close_matches

    similar = get_close_matches(name, NAMED, cutoff=0.5)
    meant = f"did you mean :{similar[0]}?" if similar else ":help lists them"
    return UsageProblem(f'there is no ":{name}"', meant)
