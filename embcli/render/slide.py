"""A table as a file for slides and pages: SVG, HTML or plain text, with the colours of a terminal, fetching nothing."""

import re
from html import escape
from typing import NamedTuple

from rich.ansi import AnsiDecoder
from rich.text import Text

from embcli.plot.frame import THEMES
from embcli.render.printable import cell_width

# A font that is on every system. Browsers fall back from name to name; all are about as wide.
MONOSPACE = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
# Pixels: the size of the letters, the width of a cell, the height of a line, and the room around the text.
LETTERS, CELL, LINE, ROOM = 18, 10.8, 24, 28
# Of a line's height: where its letters stand.
LETTER_FOOT = 0.72
# The colours of a terminal's text on light and on dark paper, in a contrast of 4.5 or more.
TEXT_COLOURS = {
    "light": {"red": "#b3341f", "green": "#1a7f37", "yellow": "#8a5a00", "blue": "#2b6cb0", "magenta": "#8f3a9c",
              "cyan": "#0b7285"},
    "dark": {"red": "#ff9478", "green": "#6bd08a", "yellow": "#e3b341", "blue": "#7fb0ee", "magenta": "#d8a0e6",
             "cyan": "#5fd3e6"},
}  # fmt: skip
NUMBERED_COLOURS = ("", *TEXT_COLOURS["light"])  # by their numbers in the codes of terminals
# A text up to two blanks. A bar: blocks, and at its end a part of one, of so many eighths.
COLUMN = re.compile(r"\S+(?: \S+)*")
BLOCK, PARTS = "█", "▏▎▍▌▋▊▉"
BAR_TEXT = re.compile(f"{BLOCK}*[{PARTS}]?")
# Of a line's height: the top of a bar, and its height.
BAR_TOP, BAR_HEIGHT = 0.18, 0.68
# Code points that XML forbids and `printable` leaves as they are.
NOT_XML = {0xFFFE: "\ufffd", 0xFFFF: "\ufffd"}


class StyledText(NamedTuple):
    """A piece of a line in one style: its column, its text, and the names of its classes."""

    column: int
    text: str
    classes: str


def slide(text: str, suffix: str, theme: str | None = None) -> str:
    """A table, as the terminal shows it, as the content of a file: svg, html or txt.

    text: with the codes of colours. theme: light or dark; by default light, and in HTML that of the reader's system.

    slide("\\x1b[1mking\\x1b[0m", "txt")  # 'king\\n'
    """
    lines = [*AnsiDecoder().decode(text.rstrip("\n"))]
    if suffix == "txt":
        return "".join(f"{line.plain.rstrip()}\n" for line in lines)
    runs = [_runs(line) for line in lines]
    title = escape(next((line.plain.strip() for line in lines if line.plain.strip()), "embcli"))
    return _svg(runs, title, theme or "light") if suffix == "svg" else _html(runs, title, theme)


def _runs(line: Text) -> list[StyledText]:
    """The pieces of a line, each in one style and of one column: two blanks or more separate columns."""
    plain = line.plain.translate(NOT_XML)
    styles = [""] * len(plain)
    for start, end, style in line.spans:
        names = _classes(style)
        styles[start:end] = [names] * (end - start)
    runs, start = [], 0
    for end in range(1, len(plain) + 1):
        if end < len(plain) and styles[end] == styles[start]:
            continue
        runs += [
            StyledText(cell_width(plain[: found.start()]), found[0], styles[start])
            for found in COLUMN.finditer(plain, start, end)
        ]
        start = end
    return runs


def _classes(style: object) -> str:
    """The names of the classes of a style: bold, red."""
    number = getattr(getattr(style, "color", None), "number", None)
    colour = NUMBERED_COLOURS[number] if number is not None and number < len(NUMBERED_COLOURS) else ""
    return " ".join(filter(None, ("bold" if getattr(style, "bold", False) else "", colour)))


def _svg(lines: list[list[StyledText]], title: str, theme: str) -> str:
    """Each run at its column and as wide as its cells, so that columns are aligned in every font."""
    cells = max((run.column + cell_width(run.text) for line in lines for run in line), default=1)
    width, height = 2 * ROOM + cells * CELL, 2 * ROOM + len(lines) * LINE
    texts = [_svg_of(run, number) for number, line in enumerate(lines) for run in line]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img">\n<title>{title}</title>\n'
        f"<style>text {{ font: {LETTERS}px {MONOSPACE}; white-space: pre; }}\n{_rules(theme, 'fill', 'svg')}</style>\n"
        f'<rect width="100%" height="100%" fill="{THEMES[theme].paper}"/>\n{"".join(texts)}</svg>\n'
    )


def _svg_of(run: StyledText, line: int) -> str:
    """A run as a text, or as a bar."""
    left, top = ROOM + run.column * CELL, ROOM + line * LINE
    if BAR_TEXT.fullmatch(run.text):
        part = (PARTS.find(run.text[-1]) + 1) / (len(PARTS) + 1)
        width = (run.text.count(BLOCK) + part) * CELL
        return (
            f'<rect{_class(run)} x="{left:.1f}" y="{top + BAR_TOP * LINE:.1f}" width="{width:.1f}" '
            f'height="{BAR_HEIGHT * LINE:.1f}"/>\n'
        )
    return (
        f'<text{_class(run)} x="{left:.1f}" y="{top + LETTER_FOOT * LINE:.1f}" '
        f'textLength="{cell_width(run.text) * CELL:.1f}" lengthAdjust="spacingAndGlyphs">{escape(run.text)}</text>\n'
    )


def _html(lines: list[list[StyledText]], title: str, theme: str | None) -> str:
    """The lines in a `pre` element, in the theme, or in both, of which the reader's system chooses."""
    body = ""
    for line in lines:
        end = 0
        for run in line:
            piece = escape(run.text)
            if BAR_TEXT.fullmatch(run.text):
                blocks = run.text.count(BLOCK)
                piece = f'<span class="bar">{BLOCK * blocks}</span>{run.text[blocks:]}'
            body += " " * (run.column - end) + (f"<span{_class(run)}>{piece}</span>" if run.classes else piece)
            end = run.column + cell_width(run.text)
        body += "\n"
    rules = _rules(theme or "light", "color", "body")
    if theme is None:
        rules += f"@media (prefers-color-scheme: dark) {{\n{_rules('dark', 'color', 'body')}}}\n"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        """<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">\n"""
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n<style>\n'
        f"body {{ margin: {ROOM}px; }}\npre {{ font: {LETTERS}px/{LINE}px {MONOSPACE}; }}\n"
        f".bar {{ background: currentColor; }}\n{rules}</style>\n</head>\n"
        f"<body>\n<pre>{body}</pre>\n</body>\n</html>\n"
    )


def _class(run: StyledText) -> str:
    return f' class="{run.classes}"' if run.classes else ""


def _rules(theme: str, colour: str, all_texts: str) -> str:
    """The style sheet of a theme. colour: the name of the property; all_texts: the element that has it."""
    paper = f" background: {THEMES[theme].paper};" if colour == "color" else ""
    colours = "".join(f".{name} {{ {colour}: {value}; }}\n" for name, value in TEXT_COLOURS[theme].items())
    return f"{all_texts} {{ {colour}: {THEMES[theme].ink};{paper} }}\n.bold {{ font-weight: bold; }}\n{colours}"
