"""A picture of the cells of a terminal: text, marks, lines and arrows, one cell on top of another.

A cell is twice as high as wide, so lines are drawn in dots of braille, two across and four down, which are square.
"""

import math
from collections.abc import Iterator

from rich.text import Text

from embcli.render.printable import cell_width

# The bits of the dots of a braille character, by row and column; its code begins at BRAILLE.
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
BRAILLE = 0x2800
# Heads of arrows and strokes of lines, by eighths of a turn, from the right on anticlockwise.
HEADS, ASCII_HEADS = "→↗↑↖←↙↓↘", ">^^^<vvv"
ASCII_STROKES = "-/|\\"
# Height of a cell in units of its width.
ASPECT = 2

Square = tuple[int, int]


class Canvas:
    """Cells of a terminal, from the left top corner; what is drawn later covers what was drawn before."""

    def __init__(self, width: int, height: int, *, is_unicode: bool) -> None:
        self.width, self.height, self.is_unicode = width, height, is_unicode
        self._cells: dict[Square, tuple[str, str]] = {}
        self._dots: dict[Square, tuple[int, str]] = {}

    def put(self, cell: Square, character: str, style: str = "") -> None:
        """Draw one character. Cells outside the canvas are ignored."""
        x, y = cell
        if 0 <= x < self.width and 0 <= y < self.height:
            self._cells[cell] = character, style

    def write(self, cell: Square, text: str, style: str = "") -> None:
        """Write a text from a cell to the right. A wide character takes two cells, a combining one none."""
        x, y = cell
        last = cell
        for character in text:
            width = cell_width(character)
            if width == 0:
                before = self._cells.get(last, ("", style))
                self.put(last, before[0] + character, before[1])
                continue
            last = x, y
            self.put(last, character, style)
            for covered in range(x + 1, x + width):
                self.put((covered, y), "", style)
            x += width

    def line(self, start: Square, end: Square, style: str = "", *, has_head: bool = False) -> None:
        """A line between the centres of two cells, without these; as an arrow, with a head before the end."""
        if start == end:
            return
        across, down = end[0] - start[0], end[1] - start[1]
        eighth = round(math.atan2(-ASPECT * down, across) / (math.pi / 4)) % 8
        path = [cell for cell in _path(start, end) if cell not in (start, end)]
        if self.is_unicode:
            for dot in _path(*((2 * x + 1, 4 * y + 2) for x, y in (start, end))):
                cell = dot[0] // 2, dot[1] // 4
                if cell not in (start, end):
                    bits, _ = self._dots.get(cell, (0, ""))
                    self._dots[cell] = bits | DOTS[dot[1] % 4][dot[0] % 2], style
        else:
            for cell in path:
                self.put(cell, ASCII_STROKES[eighth % 4], style)
        if has_head and path:
            self.put(path[-1], (HEADS if self.is_unicode else ASCII_HEADS)[eighth], style)

    def leader(self, start: Square, end: tuple[float, float]) -> None:
        """A dotted line from a mark to its label."""
        for cell in _path(start, (math.floor(end[0]), math.floor(end[1]))):
            if cell != start and cell not in self._cells:
                self.put(cell, "·" if self.is_unicode else ".")

    def rows(self) -> Iterator[Text]:
        """The rows, from the top, each as wide as the canvas."""
        for y in range(self.height):
            row = Text()
            for x in range(self.width):
                text, style = self._cells.get((x, y), (" ", ""))
                if (x, y) in self._dots and (x, y) not in self._cells:
                    bits, style = self._dots[x, y]
                    text = chr(BRAILLE + bits)
                row.append(text, style=style)
            yield row


def _path(start: Square, end: Square) -> Iterator[Square]:
    """The cells from one to another, a step at a time along the longer side (Bresenham's line).

    [*_path((0, 0), (2, 1))]  # [(0, 0), (1, 1), (2, 1)]
    """
    steps = max(abs(end[0] - start[0]), abs(end[1] - start[1]))
    for step in range(steps + 1):
        share = step / steps if steps else 0.0
        yield tuple(math.floor(a + (b - a) * share + 0.5) for a, b in zip(start, end, strict=True))  # type: ignore[misc]
