"""A progress bar on stderr, if stderr is a terminal."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

    from embcli.models.open import Progress as Report

SHOWN_AFTER = 0.2  # seconds


class ProgressBar:
    """Reports progress. The bar appears after SHOWN_AFTER, and rich is loaded only then."""

    def __init__(self, doing: str, unit: str) -> None:
        self.doing, self.unit = doing, unit
        self.started = time.monotonic()
        self.bar: Progress | None = None

    def report(self, name: str, rows: int, share: float) -> None:
        """Report that `rows` rows (or other units) are done, a fraction `share` of the total."""
        seconds = time.monotonic() - self.started
        if seconds < SHOWN_AFTER:
            return
        if self.bar is None:
            # Known before it starts, so that `stop` ends its thread even if the start is interrupted.
            self.bar = _bar(f"{self.doing} {name}")
            self.bar.start()
        rate = f"{rows / seconds:,.0f} {self.unit}/s"
        self.bar.update(self.bar.task_ids[0], completed=share, rate=rate)

    def stop(self) -> None:
        """Remove the bar."""
        if self.bar is not None:
            self.bar.stop()


def _bar(title: str) -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    from embcli.render.printable import printable

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}", markup=False),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True, markup=False, emoji=False, highlight=False)
    bar = Progress(*columns, console=console, transient=True)
    bar.add_task(printable(title), total=1.0, rate="")
    return bar


@contextmanager
def progress_bar(doing: str = "adding", unit: str = "rows") -> Iterator["Report | None"]:
    """A function that reports progress, or None if stderr is not a terminal; the bar is removed at the end."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    bar = ProgressBar(doing, unit)
    try:
        yield bar.report
    finally:
        bar.stop()
