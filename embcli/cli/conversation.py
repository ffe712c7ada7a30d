"""The loops of the shell: the lines of a script on stdin, and those that a person types at the prompt."""

from collections.abc import Iterator

from embcli.cli.directives import Left, answer_line, described_models
from embcli.cli.interpreter import INTERRUPTED, Interpreter, overall
from embcli.cli.main import report
from embcli.cli.script import joined
from embcli.cli.session import load, note, say
from embcli.cli.stdin import blocks_of_lines, without_stdin
from embcli.errors import BadFile, EmbcliError, UsageProblem

WELCOME = "A word, king - man + woman, or a command. Tab completes; :help; Ctrl-D leaves."
# Words by which people want to leave other programs.
LEAVING = ("exit", "quit")


def answer_script(interpreter: Interpreter) -> int:
    """Answer the lines of stdin, each as it arrives; returns the status of the first error, as a batch does."""
    statuses = list[int]()

    def lines() -> Iterator[str]:
        for line in (line for block in blocks_of_lines(with_empty=True) for line in block):
            if not line.problem:
                yield line.text
                continue
            error = BadFile(f"line {line.number} of stdin {line.problem}", "write one question per line, in UTF-8")
            statuses.append(report(error, interpreter.format_arguments))

    try:
        for line in joined(lines()):
            with without_stdin():
                statuses.append(answer_line(interpreter, line))
            if statuses[-1] == INTERRUPTED:
                return INTERRUPTED
    except Left:
        pass
    return overall(statuses)


def converse(interpreter: Interpreter) -> int:
    """Answer what a person types, until Ctrl-D."""
    try:
        from embcli.cli.prompt import Prompt
    except ModuleNotFoundError as error:
        if not str(error.name).startswith("prompt_toolkit"):
            raise
        raise UsageProblem(
            "a shell on a terminal needs prompt_toolkit",
            "run: pip install 'embcli[talk]'; a script needs nothing: embcli shell < FILE",
        ) from None
    prompt = Prompt(interpreter)
    _welcome(interpreter)
    while True:
        try:
            lines = prompt.read()
        except KeyboardInterrupt:
            continue
        except EOFError:
            return 0
        try:
            _answer_lines(interpreter, lines)
        except KeyboardInterrupt:
            say("\n")  # behind the ^C of the terminal
        except Left:
            return 0


def _answer_lines(interpreter: Interpreter, lines: list[str]) -> None:
    """Answer what was typed, or each line of a paste below itself. Raises KeyboardInterrupt for Ctrl-C; Left."""
    for line in lines:
        if len(lines) > 1 and line:
            say(f"> {line}")
        with without_stdin():
            if answer_line(interpreter, line, is_told=True) == INTERRUPTED:
                raise KeyboardInterrupt
        if line in LEAVING:
            note(f'that was the word "{line}"; to leave: :quit, or Ctrl-D')


def _welcome(interpreter: Interpreter) -> None:
    """Say how to begin, and which model answers, which is open from then on."""
    try:
        say(f"{described_models(load(interpreter.settings.models))}\n{WELCOME}")
    except EmbcliError as error:
        report(error, [])
