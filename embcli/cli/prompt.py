"""The prompt of the shell: line editing, history, completion, and a line with the model and the settings.

This is the only module that imports prompt_toolkit, of the extra `talk`.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.output import create_output
from prompt_toolkit.styles import Style
from prompt_toolkit.utils import get_cwidth

from embcli.cli.completers import FILES
from embcli.cli.completion import described
from embcli.cli.interpreter import Interpreter
from embcli.cli.line_completion import complete_line
from embcli.cli.quoting import escape
from embcli.cli.script import joined
from embcli.cli.session import note
from embcli.models.names import data_dir, default_name
from embcli.render.printable import printable

PROMPT = "embcli> "
HISTORY = "history"
ONLY_FOR_THE_USER = 0o600
# Without colours, an underline tells the suggestion from what is typed.
STYLE_WITHOUT_COLOURS = {"auto-suggestion": "underline"}


class Prompt:
    """Reads lines from a person. The prompt stands on stderr if stdout is no terminal, as in `embcli shell | tee`."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._session: PromptSession[str] = PromptSession(
            PROMPT,
            history=_history(data_dir() / HISTORY),
            auto_suggest=AutoSuggestFromHistory(),
            completer=LineCompleter(interpreter),
            complete_while_typing=False,  # a menu that opens by itself hides the answers above it on a projector
            bottom_toolbar=self._settings,
            style=Style.from_dict(STYLE_WITHOUT_COLOURS if os.environ.get("NO_COLOR") else {}),
            output=create_output(sys.stdout if sys.stdout.isatty() else sys.stderr),
        )

    def read(self) -> list[str]:
        """The lines that were typed or pasted. Raises EOFError for Ctrl-D, and KeyboardInterrupt for Ctrl-C."""
        return [*joined(self._session.prompt().splitlines() or [""])]

    def _settings(self) -> str:
        settings = self._interpreter.settings
        models = ", ".join(settings.models or [default_name()])
        shown = [models, *(" ".join(one.arguments) for one in settings.options.values())]
        return fitting([printable(one) for one in shown], self._session.output.get_size().columns)


def fitting(parts: list[str], columns: int) -> str:
    """The parts that fit a line, and an ellipsis if not all do: fitting(["glove", "-k 5"], 9)  # "glove · …"

    columns: the width of the line in cells.
    """
    for count in range(len(parts), 0, -1):
        line = " · ".join([*parts[:count], *(["…"] if count < len(parts) else [])])
        if get_cwidth(line) <= columns:
            return line
    return "…"


class LineCompleter(Completer):
    """Completes a line of the shell."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """The candidates at the cursor. None where they cannot be found, as in a shell."""
        with suppress(Exception):  # a message would land in the line that a person is typing
            yield from self._completions(document.text_before_cursor, complete_event)

    def _completions(self, before: str, event: CompleteEvent) -> Iterator[Completion]:
        line = before.rpartition("\n")[2]
        current, items = complete_line(self._interpreter, line)
        for item in items:
            if item.help == FILES:
                yield from PathCompleter(expanduser=True).get_completions(Document(current.text), event)
                continue
            typed = current.raw + escape(item.value[len(current.text) :], current.quote)
            yield Completion(typed, -len(current.raw), printable(item.value), display_meta=described(item))


def _history(path: Path) -> History:
    """The lines of earlier sessions, in a file that only the user can read; of this one alone if that fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, ONLY_FOR_THE_USER))
    except OSError as error:
        note(f"what you type is not kept: {path}: {error.strerror}")
        return InMemoryHistory()
    return FileHistory(path)
