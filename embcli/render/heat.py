"""Matrices as shaded cells, with their numbers where these fit: cosines of words, patterns of attention."""

from collections.abc import Sequence

from rich.text import Text

from embcli.render.drawing import Pen
from embcli.render.printable import cell_width, printable

# The widest name of a row; the cells of a shade beside a number, and of a number from -1.00 to 1.00.
NAME, SHADE, NUMBER = 20, 2, 5
NARROW = 1 + NUMBER  # a shade of one cell, with its number
# Below minus this, a number is shaded as negative.
VISIBLE = 0.005
NEGATIVE_STYLE = "red"


def shaded(names: Sequence[str], values: Sequence[Sequence[float | None]], pen: Pen, *, first: int = 0) -> list[Text]:
    """A square matrix of numbers from -1 to 1 as rows of cells, the darker the larger; None leaves a cell empty.

    Columns have the names of rows, or where these do not fit, their numbers, which count from `first`. Shades become
    narrower where they do not fit, then numbers are omitted, then the gaps between the cells. One line with a note, if
    nothing fits.
    """
    texts = [printable(name.strip()) for name in names]
    numbers = [str(number) for number in range(first, first + len(texts))]
    digits = max(map(len, numbers))
    numbered = [f"{number:>{digits}} {text}" for number, text in zip(numbers, texts, strict=True)]
    cell = SHADE + 1 + NUMBER
    longest = max(cell, *map(cell_width, texts))
    layouts = (
        (texts, texts, longest, 2),
        (numbered, numbers, cell, 2),
        (numbered, numbers, NARROW, 1),
        (numbered, numbers, max(SHADE, digits), 1),
        (texts, [""] * len(texts), 1, 0),
    )
    rooms = [min(NAME, max(map(cell_width, rows))) for rows, *_ in layouts]
    fitting = [
        (room, *layout)
        for room, layout in zip(rooms, layouts, strict=True)
        if room + 2 + len(texts) * (layout[2] + layout[3]) - layout[3] <= pen.width
    ]
    if not fitting:
        return [Text(f"{len(texts):,} {pen.times} {len(texts):,} numbers do not fit here; --json has them")]
    room, rows, heads, width, gap = fitting[0]
    before = [" " * 2] + [" " * gap] * (len(texts) - 1)
    lines = [Text(" " * room + "".join(map(str.__add__, before, (_padded(head, width) for head in heads))))]
    for name, row in zip(rows, values, strict=True):
        line = Text(_cut(name, room, pen), style="bold")
        line.append(" " * (room - cell_width(line.plain)))
        for space, value in zip(before, row, strict=True):
            text, style = _cell(value, width, pen)
            line.append(space).append(text, style=style)
        lines.append(line)
    for line in lines:
        line.no_wrap, line.overflow = True, "ignore"
    return lines[not any(heads) :]


def _cell(value: float | None, width: int, pen: Pen) -> tuple[str, str]:
    """A shade, and behind it the number where the cell is wide enough; the sign of minus shades what is negative."""
    if value is None:
        return " " * width, ""
    sign = pen.minus if value < -VISIBLE else pen.shade(value) or " "
    style = NEGATIVE_STYLE if value < -VISIBLE else ""
    if width < NARROW:
        return sign * width, style
    shade = sign if width == NARROW else f"{sign * SHADE} "
    return _padded(f"{shade}{round(value, 2) + 0.0:>{NUMBER}.2f}", width), style


def _cut(name: str, width: int, pen: Pen) -> str:
    if cell_width(name) <= width:
        return name
    while name and cell_width(name) + len(pen.ellipsis) > width:
        name = name[:-1]
    return name + pen.ellipsis


def _padded(text: str, width: int) -> str:
    return " " * (width - cell_width(text)) + text
