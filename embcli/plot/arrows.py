"""Arrows between the points of a picture, and the cosine of each with the first one."""

import math
from collections.abc import Sequence

from embcli.plot.frame import COLUMN, EDGE, LABEL_SIZE, ROW, Spec, signed, text
from embcli.plot.glyphs import shortened
from embcli.results.plot import Arrow, Plot

HEAD = 9  # length of an arrow's head, in pixels


def arrow_data(plot: Plot, radius: float) -> list[Spec]:
    """The arrows as data: their ends, and the direction of the head, clockwise from upwards in degrees."""
    points = {point.word: point for point in plot.results}
    values = []
    for arrow in plot.arrows:
        start, end = points[arrow.start], points[arrow.end]
        angle = math.atan2(end.x - start.x, end.y - start.y)
        back = radius + HEAD / 2
        values.append(
            {
                "x": start.x,
                "y": start.y,
                "x2": end.x,
                "y2": end.y,
                "angle": round(math.degrees(angle), 2),
                "dx": round(-math.sin(angle) * back, 2),
                "dy": round(math.cos(angle) * back, 2),
                "words": f"{arrow.start} to {arrow.end}",
            }
        )
    return values


def arrow_marks() -> list[Spec]:
    """Shafts and heads, of the data `arrows`."""
    ends = {name: {"scale": name[0], "field": name} for name in ("x", "y")}
    shaft = {
        **ends, "x2": {"scale": "x", "field": "x2", "offset": {"field": "dx"}},
        "y2": {"scale": "y", "field": "y2", "offset": {"field": "dy"}},
        "stroke": {"signal": "accent"}, "strokeWidth": {"value": 1.6},
    }  # fmt: skip
    head = {
        "x": shaft["x2"], "y": shaft["y2"], "angle": {"field": "angle"}, "size": {"value": HEAD**2},
        "shape": {"value": "M0,-1L0.8,1L-0.8,1Z"}, "fill": {"signal": "accent"},
        "description": {"field": "words"},
    }  # fmt: skip
    data = {"data": "arrows"}
    return [
        {"type": "rule", "name": "shafts", "clip": True, "from": data, "encode": {"update": shaft}},
        {"type": "symbol", "name": "heads", "clip": True, "from": data, "encode": {"update": head}},
    ]


def arrow_cosines(arrows: Sequence[Arrow]) -> list[str]:
    """Lines with the cosine of each arrow to the first one, in the whole space: whether they are parallel."""
    first, *others = arrows
    lines = [f"{arrow.start} → {arrow.end} {signed(arrow.cosine, 3)}" for arrow in others]
    return [f"cosine with {first.start} → {first.end}:", *lines] if lines else [f"{first.start} → {first.end}"]


def arrow_list(arrows: Sequence[Arrow], top: float, height: float) -> list[Spec]:
    """The same lines as marks in the column at the right of a picture, from `top` on, as many as its height holds."""
    lines, room = arrow_cosines(arrows), max(1, int((height - top) / ROW))
    if len(lines) > room:
        lines[room - 1 :] = [f"and {len(lines) - room + 1:,} more"]
    return [
        text(
            None,
            {
                "x": {"signal": f"width + {EDGE}"},
                "y": {"value": top + ROW * i + ROW / 2},
                "text": {"value": shortened(line, LABEL_SIZE, COLUMN - EDGE)},
                "fill": {"signal": "ink" if i else "soft"},
            },
            LABEL_SIZE,
        )
        for i, line in enumerate(lines)
    ]
