"""The list of demos, and what stands around the answer of a step."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rich.text import Text

from embcli.render.drawing import Column, Grid, Parts, Pen, word
from embcli.render.printable import printable
from embcli.render.printing import print_parts
from embcli.results import demo


def step_before(place: str, note: Iterable[str], commands: Sequence[str]) -> str:
    """What stands above an answer: the place of the step, such as 3/12, its note, and the commands that are run."""
    lines = [printable(line) for line in note]

    def view(_: Pen) -> Parts:
        return [Text.assemble((place, "bold cyan"), "  ", (" ".join(lines), "bold"))]

    # Commands are not folded, so that a terminal copies a long one as one line.
    typed = "".join(f"$ {printable(one)}\n" for one in commands)
    return print_parts(view) + (f"{typed}\n" if typed else "")


def step_below(note: Iterable[str]) -> str:
    """What stands below an answer: a note on what it shows."""
    text = " ".join(printable(line) for line in note)
    return print_parts(lambda _: [Text(text, style="bold")]) if text else ""


def _demos(demos: demo.Demos, _: Pen) -> Parts:
    shown = Grid(Column("demo", words=True), Column("shows", words=True), Column("steps", right=True))
    for one in demos.results:
        shown.add(word(one.name), word(one.title, ""), f"{one.steps}")
    return [shown, Text(), Text("to play one: embcli demo NAME --pause")]


VIEWS: dict[type, Callable[[Any, Pen], Parts]] = {demo.Demos: _demos}
