"""A number line in a terminal: marks on a line, with their labels on upright leaders above and below it."""

from collections.abc import Sequence

from embcli.plot.labels import stack_labels
from embcli.plot.number_line import ends
from embcli.render.canvas import Canvas
from embcli.render.chart import MARGIN, TICK_COLUMNS, Chart, Title, View, framed, mark_of, ticks
from embcli.render.drawing import Pen
from embcli.render.printable import cell_width, printable

# Rows of labels on each side of the line, at most; the rows of the line, of the frame, and of the numbers below it.
SIDE_ROWS = 8
LINE, FRAME_ROWS = 1, 3
# The part of the width that may remain free for the label of the last mark.
PART_FOR_LABEL = 3
BETWEEN_LABELS = 2  # between two labels


def number_line(places: Sequence[float], labels: Sequence[str], pen: Pen, rows: int, title: str) -> Chart:
    """Marks at their places on a line, in at most so many rows; fewer where the labels need no more.

    Zero is on the line too, unless it is farther away than the marks are from each other.
    """
    texts = [printable(label.strip()) for label in labels]
    width = max(1, pen.width - 2)
    longest = min(width // PART_FOR_LABEL, max(map(cell_width, texts)))
    low, high = ends(places)
    across = (high - low) / max(1, width - 1 - 2 * MARGIN - longest)
    view = View(across, 1.0, low - MARGIN * across, 0.0)
    columns = [view.cell(place, 0.0)[0] for place in places]
    side = max(1, min(SIDE_ROWS, (rows - FRAME_ROWS - LINE) // 2))
    stacked = stack_labels(columns, [cell_width(text) + BETWEEN_LABELS for text in texts], width + BETWEEN_LABELS, side)
    above, below = (max([1, *(sign * row for row in stacked if row is not None)]) for sign in (1, -1))
    canvas = Canvas(width, above + LINE + below, is_unicode=pen.is_unicode)
    for column in range(width):
        canvas.put((column, above), "─" if pen.is_unicode else "-")
    canvas.put((view.cell(0.0, 0.0)[0], above), "┼" if pen.is_unicode else "+")
    mark, style = mark_of(0, pen)
    for column, text, row in zip(columns, texts, stacked, strict=True):
        if row is not None:
            canvas.leader((column, above), (column, above - row))
            canvas.write((column, above - row), text, style)
        canvas.put((column, above), mark, style)
    levels = ticks(view.left, view.left + (width - 1) * across, width / TICK_COLUMNS)
    numbers = {view.cell(place, 0.0)[0]: number for place, number in levels.items()}
    titles = Title(title), Title("", has_ticks=False)
    unplaced = [label for label, row in zip(labels, stacked, strict=True) if row is None]
    return Chart([*framed(canvas, pen, titles, {}, numbers, 0)], unplaced)
