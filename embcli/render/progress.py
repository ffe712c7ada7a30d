"""A progress bar on the stderr of a terminal; nothing in a pipe."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embcli.models import Progress


@contextmanager
def progress_bar() -> Iterator["Progress | None"]:
    """A function to report progress to, or None where nobody is looking; the bar goes at the end."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from embcli.render.printable import printable

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True, markup=False, emoji=False, highlight=False)
    bar = Progress(*columns, console=console, transient=True)
    task = bar.add_task("", visible=False)

    def report(name: str, done: int, total: int | None) -> None:
        if not bar.live.is_started:
            bar.start()
        bar.update(task, description=f"adding {printable(name)}", completed=done, total=total, visible=True)

    try:
        yield report
    finally:
        bar.stop()
