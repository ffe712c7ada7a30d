"""Charts in a terminal: points with labels, arrows and lines in a frame with two axes, fitted to the window."""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from rich.text import Text

from embcli.plot.labels import leader_of, place_labels
from embcli.render.canvas import ASPECT, Canvas, Square
from embcli.render.drawing import Pen
from embcli.render.printable import cell_width, printable

# Marks and colours of groups. Both change from group to group, so that groups differ without colours too.
MARKS, ASCII_MARKS = "●○■□▲△◆◇", "ox#@%&$="
COLOURS = ("cyan", "magenta", "green", "yellow", "red", "blue")
ARROW_STYLE = "green"
# Points after these have no label; more would not fit any terminal.
LABELLED = 1000
# Free cells around the points: where labels stand that are above, below or beside all others.
MARGIN = 2
# The least and the preferred number of cells between ticks; the least number of rows.
TICK_COLUMNS, TICK_ROWS, LEAST_ROWS = 10, 4, 9
# Numbers with more decimals, or of this size, are written as 2e-05 and 2e+06.
MOST_DECIMALS, LONGEST_PLAIN = 4, 1e6
# A horizontal and a vertical line, a tick in a column and in a row of the frame, and its corners.
FRAME, ASCII_FRAME = (*"─│┤┴┌┐└┘",), (*"-|++++++",)
HALF_CELL = 0.5  # of a cell, whose centre is there


class Mark(NamedTuple):
    """A point of a chart. label: empty for none. kind: the number of its group, which decides mark and colour."""

    x: float
    y: float
    label: str = ""
    kind: int = 0


class Title(NamedTuple):
    """The name of an axis, and whether it has ticks and numbers, and a line at zero."""

    text: str
    has_ticks: bool = True
    has_zero: bool = False


class View(NamedTuple):
    """What the chart shows: the units of a cell on each axis, and the values at the centre of the first cell."""

    across: float
    down: float
    left: float
    top: float

    def cell(self, x: float, y: float) -> Square:
        """The cell of a point."""
        return math.floor((x - self.left) / self.across + HALF_CELL), math.floor((self.top - y) / self.down + HALF_CELL)


class Chart(NamedTuple):
    """A chart as rows of text, and the labels that had no room."""

    rows: list[Text]
    unplaced: list[str]


def mark_of(kind: int, pen: Pen) -> tuple[str, str]:
    """The mark of a group, and its colour."""
    marks = MARKS if pen.is_unicode else ASCII_MARKS
    return marks[kind % len(marks)], COLOURS[kind % len(COLOURS)]


def chart(
    marks: Sequence[Mark],
    pen: Pen,
    rows: int,
    titles: tuple[Title, Title],
    *,
    arrows: Iterable[tuple[int, int]] = (),
    paths: Iterable[Sequence[int]] = (),
    is_square: bool = True,
) -> Chart:
    """A chart of at most so many rows, as wide as the window; fewer rows where the points need no more.

    arrows: pairs of numbers of marks. paths: numbers of marks that lines join. is_square: whether both axes have one
    scale, so that angles are true.
    """
    rows = max(LEAST_ROWS, rows - 2 - titles[0].has_ticks)
    gutter = 0
    for _ in range(2):  # the numbers beside the frame make it narrower, which changes the numbers
        width = max(1, pen.width - gutter - 2)
        view, height = _view(marks, width, rows, is_square=is_square)
        levels = ticks(view.top - (height - 1) * view.down, view.top, height / TICK_ROWS) if titles[1].has_ticks else {}
        gutter = max(map(len, levels.values()), default=0)
    canvas = Canvas(width, height, is_unicode=pen.is_unicode)
    _draw_zeros(canvas, view, titles)
    unplaced = _draw(canvas, view, marks, pen, [*arrows], [*paths])
    at_rows = {view.cell(view.left, value)[1]: text for value, text in levels.items()}
    right = view.left + (width - 1) * view.across
    columns = ticks(view.left, right, width / TICK_COLUMNS) if titles[0].has_ticks else {}
    at_columns = {view.cell(value, view.top)[0]: text for value, text in columns.items()}
    return Chart([*framed(canvas, pen, titles, at_rows, at_columns, gutter)], unplaced)


def _view(marks: Sequence[Mark], width: int, rows: int, *, is_square: bool) -> tuple[View, int]:
    """The view in which all points fit, and the number of rows, which is smaller for flat pictures."""
    xs, ys = [mark.x for mark in marks], [mark.y for mark in marks]
    across = (max(xs) - min(xs)) / max(1, width - 1 - 2 * MARGIN)
    down = (max(ys) - min(ys)) / max(1, rows - 1 - MARGIN)
    if is_square:
        across = max(across, down / ASPECT) or 1.0
        down = across * ASPECT
        rows = min(rows, max(LEAST_ROWS, math.ceil((max(ys) - min(ys)) / down) + 1 + 2 * MARGIN))
    across, down = across or 1.0, down or 1 / rows  # equal values: one unit of height
    left = (max(xs) + min(xs)) / 2 - (width - 1) / 2 * across
    top = (max(ys) + min(ys)) / 2 + (rows - 1) / 2 * down
    return View(across, down, left, top), rows


def _draw_zeros(canvas: Canvas, view: View, titles: tuple[Title, Title]) -> None:
    """Lines where a coordinate is zero, where a title asks for it."""
    x, y = view.cell(0, 0)
    if titles[0].has_zero:
        for row in range(canvas.height):
            canvas.put((x, row), "┊" if canvas.is_unicode else ":")
    if titles[1].has_zero:
        for column in range(canvas.width):
            canvas.put((column, y), "┈" if canvas.is_unicode else ".")


def _draw(
    canvas: Canvas, view: View, marks: Sequence[Mark], pen: Pen, arrows: list[tuple[int, int]],
    paths: list[Sequence[int]],
) -> list[str]:  # fmt: skip
    """Draw lines, marks and labels; returns the labels that had no room."""
    cells = [view.cell(mark.x, mark.y) for mark in marks]
    for path in paths:
        style = mark_of(marks[path[0]].kind, pen)[1]
        for start, end in pairwise(path):
            canvas.line(cells[start], cells[end], style)
    for start, end in arrows:
        canvas.line(cells[start], cells[end], ARROW_STYLE, has_head=True)
    labels = [printable(mark.label.strip()) for mark in marks[:LABELLED]]
    # A free cell at each end keeps a label apart from its mark and from other labels.
    sizes = [(cell_width(label) + 2 if label else 0, 1) for label in labels] + [(0, 1)] * (len(marks) - len(labels))
    centres = [(x + HALF_CELL, y + HALF_CELL) for x, y in cells]
    lines = [(*centres[start], *centres[end]) for start, end in arrows]
    lines += [(*centres[a], *centres[b]) for path in paths for a, b in pairwise(path)]
    corners = place_labels(centres, sizes, canvas.width, canvas.height, radius=HALF_CELL, lines=lines, step=1)
    placed = [(i, (int(one[0]), int(one[1]))) for i, one in enumerate(corners) if one is not None]
    for i, corner in placed:
        if (leader := leader_of(centres[i], corner, sizes[i], HALF_CELL)) is not None:
            canvas.leader(cells[i], leader[2:])
    for mark, cell in reversed([*zip(marks, cells, strict=True)]):
        canvas.put(cell, *mark_of(mark.kind, pen))
    for i, (x, y) in placed:
        canvas.put((x, y), " ")
        canvas.write((x + 1, y), labels[i], mark_of(marks[i].kind, pen)[1])
        canvas.put((x + int(sizes[i][0]) - 1, y), " ")
    return [mark.label for mark, corner in zip(marks, corners, strict=True) if mark.label and corner is None]


def ticks(low: float, high: float, wanted: float) -> dict[float, str]:
    """Round values between two, about as many as wanted, with their texts: steps of 1, 2 or 5 times a power of ten.

    ticks(-1, 1, 4)  # {-1.0: '-1.0', -0.5: '-0.5', 0.0: '0.0', 0.5: '0.5', 1.0: '1.0'}
    """
    if not high > low:  # a picture of one column
        return {}
    least = (high - low) / max(1.0, wanted)
    power = 10.0 ** math.floor(math.log10(least))
    step = next(power * times for times in (1, 2, 5, 10) if power * times >= least * (1 - 1e-9))
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    is_plain = decimals <= MOST_DECIMALS and max(abs(low), abs(high)) < LONGEST_PLAIN
    notation = f".{decimals}f" if is_plain else "g"
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return {number * step: f"{number * step + 0.0:{notation}}" for number in range(first, last + 1)}


def framed(
    canvas: Canvas, pen: Pen, titles: tuple[Title, Title], rows: dict[int, str], columns: dict[int, str], gutter: int
) -> Iterable[Text]:
    """The canvas in a frame: the title of each axis in its line, ticks and numbers beside it."""
    flat, tall, tick_row, tick_column, *corners = FRAME if pen.is_unicode else ASCII_FRAME
    indent = " " * gutter
    up, right = ("↑", "→") if pen.is_unicode else ("^", ">")
    title = _fitting(f" {up} {printable(titles[1].text)} ", canvas.width - 2, pen) if titles[1].text else ""
    rest = canvas.width - 1 - cell_width(title)
    yield _line(f"{indent}{corners[0]}{flat}", (title, "bold"), f"{flat * rest}{corners[1]}")
    for number, row in enumerate(canvas.rows()):
        label = rows.get(number, "")
        edge = tick_row if label else tall
        yield _line(f"{label:>{gutter}}{edge}", row, tall)
    title = _fitting(f" {printable(titles[0].text)} {right} ", canvas.width - 2, pen) if titles[0].text else ""
    rest = canvas.width - 1 - cell_width(title)
    ruler = "".join(tick_column if column in columns else flat for column in range(rest))
    yield _line(f"{indent}{corners[2]}{ruler}", (title, "bold"), f"{flat}{corners[3]}")
    if titles[0].has_ticks:
        yield _line(indent, _numbers(columns, canvas.width + 2))


def _numbers(columns: dict[int, str], width: int) -> str:
    """The numbers below a frame, each centred below its tick, without those that would touch another."""
    line = " " * width
    for column, text in sorted(columns.items()):
        start = min(max(0, column + 1 - len(text) // 2), width - len(text))
        if start >= 0 and not line[max(0, start - 2) : start + len(text) + 2].strip():
            line = line[:start] + text + line[start + len(text) :]
    return line


def _fitting(title: str, width: int, pen: Pen) -> str:
    """A title, shortened to a width."""
    if cell_width(title) <= width:
        return title
    while title and cell_width(title) + len(pen.ellipsis) + 1 > width:
        title = title[:-1]
    return f"{title}{pen.ellipsis} "


def _line(*parts: "str | tuple[str, str] | Text") -> Text:
    """A line of the picture, which rich must not wrap."""
    line = Text.assemble(*parts)
    line.no_wrap, line.overflow = True, "ignore"
    return line
