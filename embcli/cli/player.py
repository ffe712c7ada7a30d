"""Demos: where their files are, and how their steps are played, as text or as JSON."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from embcli.cli.directives import commands_of_step, direct
from embcli.cli.interpreter import INTERRUPTED, Interpreter, line_of
from embcli.cli.main import report
from embcli.cli.quoting import split_excerpt
from embcli.cli.script import Script, ScriptStep, read_script_file
from embcli.cli.session import is_terminal, write
from embcli.cli.settings import Settings
from embcli.cli.stdin import without_stdin
from embcli.errors import EmbcliError, UsageProblem
from embcli.models.names import default_name, similar_names

DEMOS, SUFFIX = Path(__file__).with_name("demos"), ".demo"
SCRIPT_SUFFIXES = (SUFFIX, ".txt", ".sh")
# Space, Enter, and what remote controls send (right arrow, page down); q and Escape.
NEXT, QUIT = (" ", "\r", "\n", "\x1b[C", "\x1b[6~"), ("q", "Q", "\x1b")
# Around the answer of a step: after its table, and before the next step.
BLANK_LINES = 2
KEYS, ERASED, CLEARED = "space: next, q: quit ", "\r\x1b[K", "\x1b[2J\x1b[H"


def list_demos() -> Any:
    """The record of the demos that come with embcli."""
    from embcli.results.demo import Demo, Demos, DemosQuery

    scripts = {path.stem: read_script_file(path) for path in sorted(DEMOS.glob(f"*{SUFFIX}"))}
    found = tuple(Demo(name, script.title, len(script.steps)) for name, script in scripts.items())
    return Demos("embcli.demos/1", None, DemosQuery("list"), found)


def path_of(name: str) -> Path:
    """The file of a demo: that of a path, or of a name on the list. Raises UsageProblem for an unknown name.

    A path has a separator, or is an existing file with the suffix .demo, .txt or .sh.
    """
    if os.sep in name or (name.endswith(SCRIPT_SUFFIXES) and Path(name).is_file()):
        return Path(os.path.expanduser(name))
    names = sorted(path.stem for path in DEMOS.glob(f"*{SUFFIX}"))
    if name in names:
        return DEMOS / f"{name}{SUFFIX}"
    similar = similar_names(name, names)
    meant = f"did you mean {similar[0]}? " if similar else ""
    raise UsageProblem(
        f'there is no demo "{name}"', f"{meant}demos: {', '.join(names)}; for a file, write {os.path.join('.', name)}"
    )


class Player:
    """Plays the steps of a script, as text or as JSON. is_paused: whether to wait for a key after each step."""

    def __init__(self, script: Script, format_name: str | None, *, is_paused: bool) -> None:
        self.steps, self.is_paused = script.steps, is_paused
        self.is_json = format_name in ("json", "jsonl")
        self.interpreter = Interpreter(refused=("shell", "demo"))
        self.format = Settings(self.interpreter.settings.commands)
        if format_name:
            self.format.set("format", format_name)

    def play(self, only: int | None = None) -> int:
        """Play all steps, or one, by its number; returns the status of the first error. The answer "no" is none.

        A directive that fails, such as `:model` for one that is not installed, ends the demo.
        """
        first_error = 0
        for number, step in enumerate(self.steps, start=1):
            failed = self._set(step)
            if failed:
                return first_error or failed
            if only not in (None, number):
                continue
            if not self._waits(step, is_first=number == 1 or only is not None):
                return first_error
            status = self._show_json(number, step) if self.is_json else self._show(number, step)
            if status == INTERRUPTED:
                return INTERRUPTED
            first_error = first_error or (status if status > 1 else 0)
        return first_error

    def _set(self, step: ScriptStep) -> int:
        """Follow the directives of a step; a model that is the default one anyway is left out of the commands."""
        settings = self.interpreter.settings
        try:
            for line in step.directives:
                direct(self.interpreter, line, is_told=False)
        except EmbcliError as error:
            return report(error, ["--json"] if self.is_json else [])
        if settings.models == (default_name(),):
            settings.models = ()
        return 0

    def _waits(self, step: ScriptStep, *, is_first: bool) -> bool:
        """Wait for a key before a step, where that is due; False if the speaker quits. --pause clears the screen."""
        can_wait = not self.is_json and is_terminal() and sys.stdout.isatty()
        if can_wait and not is_first and (self.is_paused or step.pauses) and not _next_is_wanted():
            return False
        if self.is_paused:
            write(CLEARED)
        return True

    def _show(self, number: int, step: ScriptStep) -> int:
        """Print a step: its place and note, the command, the answer, and what it shows. Returns the status."""
        from embcli.render.demo import step_before, step_below

        place, (line, excerpt) = f"{number}/{len(self.steps)}", split_excerpt(step.command)
        try:
            commands = commands_of_step(self.interpreter, line)
        except EmbcliError as error:
            write(step_before(place, step.note, [step.command]))
            status = report(error, [])
            write(step_below(step.shown) + ("" if self.is_paused else "\n"))
            return status
        typed = [f"{line_of(arguments, line)}{excerpt or ''}" for arguments in commands]
        before, below = step_before(place, step.note, typed), step_below(step.shown)
        write(before)
        with without_stdin(), _window_beside(before + below):
            statuses = [self.interpreter.run(arguments, excerpt) for arguments in self._with_format(commands)]
        status = max(statuses, default=0)
        is_spaced = bool(step.shown) or not commands or status > 1  # a blank line follows the table of an answer anyway
        write(below + ("\n" if is_spaced and not self.is_paused else ""))
        return status

    def _show_json(self, number: int, step: ScriptStep) -> int:
        """Print a step as a record on one line. Returns the status."""
        from embcli.render.as_json import dumps, dumps_error
        from embcli.results.demo import DemoStep

        line, _ = split_excerpt(step.command)  # a record is complete
        typed, answers, status = [line], list[Any](), 0
        try:
            commands = commands_of_step(self.interpreter, line)
            typed = [line_of(arguments, line) for arguments in commands]
            for arguments in self._with_format(commands):
                with without_stdin():
                    answered = self.interpreter.answers(arguments)
                answers += answered.records
                status = status or answered.status
        except EmbcliError as error:
            answers.append(json.loads(dumps_error(error)))
            status = error.exit_status
        answer = answers if len(answers) > 1 else next(iter(answers), None)
        note = "\n".join((*step.note, *step.shown))
        write(dumps(DemoStep("embcli.demo/1", number, "\n".join(typed), note, answer, status)))
        return status

    def _with_format(self, commands: list[list[str]]) -> Iterator[list[str]]:
        for arguments in commands:
            yield from self.interpreter.applied(arguments, self.format)


@contextmanager
def _window_beside(notes: str) -> Iterator[None]:
    """Within the block, pictures fit the rows of the window that the notes leave."""
    columns, rows = shutil.get_terminal_size((80, 24))
    taken = sum(max(1, -(-len(line) // columns)) for line in notes.splitlines())
    usual = os.environ.get("LINES")
    os.environ["LINES"] = str(max(1, rows - taken - BLANK_LINES))
    try:
        yield
    finally:
        if usual is None:
            del os.environ["LINES"]
        else:
            os.environ["LINES"] = usual


def _next_is_wanted() -> bool:
    """Wait for a key: True for those in NEXT, False for those in QUIT and Ctrl-D. Keys that came earlier are dropped.

    Raises KeyboardInterrupt for Ctrl-C.
    """
    sys.stderr.write(KEYS)
    sys.stderr.flush()
    try:
        while True:
            keys = typer.getchar()  # several, if they come at once
            for key in (keys, *keys) if not keys.startswith("\x1b") else (keys,):
                if key in NEXT or key in QUIT:
                    return key in NEXT
    except EOFError:
        return False
    finally:
        sys.stderr.write(ERASED)
        sys.stderr.flush()
