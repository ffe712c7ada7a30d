"""Pictures of square matrices as shaded cells: the cosines of words, and a pattern of attention."""

from collections.abc import Sequence

from embcli.errors import UsageProblem
from embcli.plot.frame import (
    BOLD,
    EDGE,
    LABEL_SIZE,
    SLIDE,
    SUBTITLE_SIZE,
    TEXT_SIZE,
    TITLE_ROOM,
    TITLE_SIZE,
    Padding,
    Spec,
    frame,
    joined,
    model_of,
    reports_of,
    text,
)
from embcli.plot.glyphs import shortened, text_width
from embcli.results.attend import Attended
from embcli.results.similarity import Similarities

MOST_ROWS = 100  # rows of a matrix
LEAST_CELL, MOST_CELL = 16, 64  # pixels
LEAST_WITH_NUMBER = 34  # the least cell that has room for its number
LONGEST_HEAD = 140
LEGEND = 90  # the room of the legend
SLANT = 0.71  # the sine of the angle of names above the columns
# The colour of a number, which is legible on that of its cell.
CONTRASTING = (
    "contrast(ink, scale('colour', datum.value)) > contrast(paper, scale('colour', datum.value)) ? ink : paper"
)
READS = "each row: what this token reads"


def heatmap(answer: Similarities, theme: str, *, is_page: bool = False) -> Spec:
    """The specification of a matrix of cosines. is_page: see `frame`. Raises UsageProblem without a matrix."""
    if answer.matrix is None:
        raise UsageProblem("there is no matrix of cosines in this answer", "ask for one with --matrix")
    title = " ".join(answer.matrix.words)
    subtitle = joined("cosine", model_of(answer.model), *reports_of(answer.query))
    return _shaded(title, subtitle, theme, answer.matrix.words, answer.matrix.cosines, -1.0, is_page=is_page)


def pattern(answer: Attended, theme: str, *, is_page: bool = False) -> Spec:
    """The specification of the pattern of a head; the row of the focus has a frame. is_page: see `frame`."""
    query = answer.query
    head = (
        "one head, W_Q = W_K = W_V = identity" if answer.layer is None else f"block {answer.layer}, head {answer.head}"
    )
    facts = [
        head,
        f"T = {query.temperature:g}" if query.temperature != 1 else "",
        f"the oldest {query.truncated:,} dropped" if query.truncated else "",
    ]
    subtitle = joined(READS, *facts, model_of(answer.model), *reports_of(query), *(answer.warnings or ()))
    tokens = [one.token.strip() or one.token for one in answer.results]
    return _shaded(query.text, subtitle, theme, tokens, answer.pattern, 0.0, query.position, is_page=is_page)


def _shaded(
    title: str, subtitle: str, theme: str, names: Sequence[str], values: Sequence[Sequence[float]], least: float,
    focus: int | None = None, *, is_page: bool,
) -> Spec:  # fmt: skip
    """The specification of a matrix. least: of its numbers, -1 or 0. focus: the row that has a frame."""
    count = len(names)
    if count > MOST_ROWS:
        raise UsageProblem(
            f"a picture of {count:,} rows and columns is too large", f"{MOST_ROWS} fit; --json has them all"
        )
    labels = [shortened(name, LABEL_SIZE, LONGEST_HEAD) for name in names]
    longest = max(text_width(label, LABEL_SIZE) for label in labels)
    head = longest * SLANT + 16
    room = SLIDE[1] - 2 * EDGE - TITLE_ROOM - head
    cell = max(LEAST_CELL, min(MOST_CELL, room / count))
    side = cell * count
    left = EDGE + longest + 10
    headings = (text_width(title, BOLD * TITLE_SIZE), text_width(subtitle, SUBTITLE_SIZE))
    wanted = min(SLIDE[0], max(headings) + 2 * EDGE + 1)
    right = max(wanted - left - side, LEGEND + EDGE)
    padding = Padding(left, EDGE + TITLE_ROOM + head, right, EDGE)
    spec = frame(
        title, subtitle, theme, padding, side, side, f"{count} rows and columns: {title}. {subtitle}", is_page=is_page
    )
    spec["data"] = [
        {"name": "names", "values": [{"index": i, "label": label} for i, label in enumerate(labels)]},
        {
            "name": "cells",
            "values": [
                {"row": i, "column": j, "value": value, "text": f"{value:.2f}".replace("-", "−") if value else "",
                 "names": f"{names[i]} · {names[j]}"}
                for i, row in enumerate(values)
                for j, value in enumerate(row)
            ],
        },
    ]  # fmt: skip
    ends = [-1, 0, 1] if least < 0 else [0, 1]
    colours = [{"signal": name} for name in ("low", "paper", "high")[-len(ends) :]]
    spec["scales"] = [
        *(
            {"name": name, "type": "band", "domain": [*range(count)], "range": size}
            for name, size in (("row", "height"), ("column", "width"))
        ),
        {"name": "colour", "type": "linear", "domain": ends, "range": colours},
    ]
    spec["legends"] = [
        {"fill": "colour", "orient": "right", "offset": EDGE, "gradientLength": min(side, 200), "tickCount": 5,
         "labelColor": {"signal": "soft"}, "labelFontSize": LABEL_SIZE}
    ]  # fmt: skip
    spec["marks"] += _marks(cell, focus)
    return spec


def _marks(cell: float, focus: int | None) -> list[Spec]:
    row, column = {"scale": "row", "field": "row"}, {"scale": "column", "field": "column"}
    shade = {
        "x": column, "y": row, "width": {"scale": "column", "band": 1}, "height": {"scale": "row", "band": 1},
        "fill": {"scale": "colour", "field": "value"}, "stroke": {"signal": "paper"},
        "tooltip": {"signal": "[datum.names, format(datum.value, '.4f')]"},
    }  # fmt: skip
    number = {
        "x": {**column, "band": 0.5}, "y": {**row, "band": 0.5}, "text": {"field": "text"},
        "align": {"value": "center"}, "fill": {"signal": CONTRASTING},
    }  # fmt: skip
    of_row = {"x": {"value": -8}, "y": {"scale": "row", "field": "index", "band": 0.5}, "text": {"field": "label"},
              "align": {"value": "right"}}  # fmt: skip
    of_column = {"x": {"scale": "column", "field": "index", "band": 0.5}, "y": {"value": -8},
                 "text": {"field": "label"}, "angle": {"value": -45}}  # fmt: skip
    framed = {
        "x": {"value": 0}, "width": {"signal": "width"}, "y": {"scale": "row", "value": focus},
        "height": {"scale": "row", "band": 1}, "stroke": {"signal": "accent"}, "strokeWidth": {"value": 2.5},
    }  # fmt: skip
    size = LABEL_SIZE if cell < LEAST_WITH_NUMBER + 8 else TEXT_SIZE
    return [
        {"type": "rect", "name": "shades", "from": {"data": "cells"}, "encode": {"update": shade}},
        *([text("cells", number, size)] if cell >= LEAST_WITH_NUMBER else []),
        *([{"type": "rect", "interactive": False, "encode": {"update": framed}}] if focus is not None else []),
        text("names", of_row, LABEL_SIZE, name="texts"),
        text("names", of_column, LABEL_SIZE),
    ]
