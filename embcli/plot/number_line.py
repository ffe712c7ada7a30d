"""The picture of `project`: words on a line, at their dot products with a direction."""

from collections.abc import Sequence

from embcli.plot.frame import (
    EDGE,
    SLIDE,
    TITLE_ROOM,
    Padding,
    Spec,
    axis,
    frame,
    joined,
    model_of,
    reports_of,
    signed,
    text,
)
from embcli.plot.glyphs import shortened, text_width
from embcli.plot.labels import stack_labels
from embcli.results.project import Projection, Projections

LETTERS, LEVEL = 14, 22  # pixels: the size of the letters, and the height of a row of labels
LEVELS = 9  # rows of labels on each side of the line, at most
LABEL_GAP = 10  # between two labels
BEFORE = 5  # between a leader and its label
AXIS = 44  # the room of the numbers below
DOT_AREA = 60  # the area of a mark


def distinct(results: Sequence[Projection]) -> list[Projection]:
    """The words of a picture, each once: a word that is given twice has one place."""
    return [*{one.word: one for one in results}.values()]


def number_line(answer: Projections, theme: str, *, is_page: bool = False) -> Spec:
    """The specification of a number line; its height is that of the labels. is_page: see `frame`."""
    results = distinct(answer.results)
    values = [one.dot for one in results]
    width = SLIDE[0] - 2 * EDGE
    names = [shortened(one.word, LETTERS, width / 3) for one in results]
    low, high = ends(values)
    for labels in ([f"{name} {signed(value, 2)}" for name, value in zip(names, values, strict=True)], names):
        widths = [text_width(label, LETTERS) + BEFORE + LABEL_GAP for label in labels]
        reach = width - max(widths)  # where the last mark stands, so that its label is in the picture
        places = [reach * (value - low) / (high - low) for value in values]
        stacked = stack_labels(places, widths, width, LEVELS)
        if None not in stacked:  # else the names alone
            break
    above, below = (max([1, *(sign * level for level in stacked if level is not None)]) for sign in (1, -1))
    height = (above + below + 1) * LEVEL
    line = (above + 0.5) * LEVEL
    unplaced = [one.word for one, level in zip(results, stacked, strict=True) if level is None]
    note = f"no room for {', '.join(unplaced)}" if unplaced else ""
    title, query = answer.query.expression, answer.query
    subtitle = joined("dot product with the direction", model_of(answer.model), *reports_of(query), note)
    described = f"{len(values)} words on a number line: {title}. {subtitle}"
    padding = Padding(EDGE, EDGE + TITLE_ROOM, EDGE, AXIS)
    spec = frame(title, subtitle, theme, padding, width, height, described, is_page=is_page)
    spec["data"] = [
        {
            "name": "words",
            "values": [
                {"word": one.word, "dot": one.dot, "cosine": one.cosine}
                | ({} if level is None else {"label": label, "y": round(line - level * LEVEL, 1)})
                for one, level, label in zip(results, stacked, labels, strict=True)
            ],
        }
    ]
    spec["scales"] = [
        {"name": "x", "type": "linear", "domain": [low, low + (high - low) * width / reach], "range": "width",
         "zero": False, "nice": False}
    ]  # fmt: skip
    spec["axes"] = [axis("x", "bottom", "dot", grid=True, tickCount=10, titlePadding=2)]
    spec["marks"] += _marks(line)
    return spec


def ends(values: Sequence[float]) -> tuple[float, float]:
    """The least and the greatest value on a number line; zero, too, unless it is farther away than these from another.

    ends([1, 3])  # (0.0, 3)
    ends([10, 12])  # (10, 12)
    """
    low, high = min(values), max(values)
    if min(map(abs, values)) <= high - low or low == high:
        low, high = min(low, 0.0), max(high, 0.0)
    return (low, high) if low < high else (low - 1.0, high + 1.0)


def _marks(line: float) -> list[Spec]:
    place = {"x": {"scale": "x", "field": "dot"}}
    colour = {"signal": "datum.dot < 0 ? low : high"}
    ruler = {"x": {"value": 0}, "x2": {"signal": "width"}, "y": {"value": line}, "stroke": {"signal": "ink"},
             "strokeWidth": {"value": 2}}  # fmt: skip
    zero = {"x": {"scale": "x", "value": 0}, "y": {"value": line - 8}, "y2": {"value": line + 8},
            "stroke": {"signal": "ink"}, "strokeWidth": {"value": 2}}  # fmt: skip
    leader = {**place, "y": {"value": line}, "y2": {"field": "y"}, "stroke": {"signal": "soft"},
              "opacity": {"signal": "datum.label ? 0.7 : 0"}}  # fmt: skip
    mark = {**place, "y": {"value": line}, "size": {"value": DOT_AREA}, "fill": colour, "stroke": {"signal": "paper"},
            "tooltip": {"signal": "[datum.word, 'dot ' + format(datum.dot, '+.4f'), "
                                  "'cosine ' + format(datum.cosine, '+.4f')]"}}  # fmt: skip
    label = {"x": {"scale": "x", "field": "dot", "offset": BEFORE}, "y": {"field": "y"}, "text": {"field": "label"}}
    words = {"data": "words"}
    return [
        {"type": "rule", "from": words, "encode": {"update": leader}},
        {"type": "rule", "encode": {"update": ruler}},
        {"type": "rule", "clip": True, "encode": {"update": zero}},
        {"type": "symbol", "name": "marks", "from": words, "encode": {"update": mark}},
        text("words", label, LETTERS, name="texts"),
    ]
