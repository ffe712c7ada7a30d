"""Views as text: for the terminal on stdout, in words, or for a slide."""

import io
import os
from collections.abc import Callable
from typing import Literal

from rich.console import Console

from embcli.render.drawing import WHOLE, Grid, Parts, Pen

UNBROKEN = 100_000  # a width at which no line in words is broken
SLIDE_CELLS = (WHOLE, 24)  # columns and rows of a slide


def print_parts(
    view: Callable[[Pen], Parts], *, coloured: bool = True, in_words: bool = False, on_slide: bool = False
) -> str:
    """A view as text for the terminal on stdout; 80 × 24 in a pipe, without colours with NO_COLOR.

    in_words: for screen readers, without bars, rules and columns. on_slide: for `slide`, in UTF-8 with colours, equal
    on every terminal.
    """
    piped = not os.isatty(1)
    width = 80 if piped and not os.environ.get("COLUMNS", "0").strip("0") else None
    height = 24 if piped and not os.environ.get("LINES", "0").strip("0") else None
    if on_slide:
        width, height = SLIDE_CELLS
    colours: Literal["auto"] | None = "auto" if coloured and not in_words and not os.environ.get("NO_COLOR") else None
    console = Console(
        markup=False,
        emoji=False,
        highlight=False,
        force_jupyter=False,  # in a notebook, rich would display the text itself
        color_system="standard" if on_slide else colours,
        width=UNBROKEN if in_words else width,
        height=height,
        file=io.StringIO() if on_slide else None,
        force_terminal=on_slide or None,
        no_color=False if on_slide else None,
    )
    with console.capture() as capture:
        for drawn in view(Pen(console, in_words=in_words)):
            fitted = [drawn] if not isinstance(drawn, Grid) else drawn.in_words() if in_words else drawn.fit(console)
            for part in fitted:
                console.print(part, soft_wrap=bool(getattr(part, "no_wrap", False)))  # tables are folded already
    return "\n".join(line.rstrip() for line in capture.get().split("\n"))
