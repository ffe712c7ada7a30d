"""The picture of words at their places: marks, labels, arrows, groups, and two axes with one scale.

One pixel is as many units on both axes, so that angles and parallels are true.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from embcli.plot.arrows import arrow_data, arrow_list, arrow_marks
from embcli.plot.facts import facts_of, title_of
from embcli.plot.frame import (
    COLUMN,
    EDGE,
    ROW,
    SLIDE,
    TEXT_SIZE,
    Padding,
    Spec,
    axis,
    frame,
    joined,
    model_of,
    reports_of,
    scheme,
    text,
)
from embcli.plot.glyphs import shortened, text_width
from embcli.plot.labels import leader_of, place_labels
from embcli.plot.question import MOST_GROUPS
from embcli.results.plot import OTHERS, Plot

# Of the area: what the points leave free at each side, where labels may stand.
FREE = 0.06
LEGEND_ROW = 14  # height of a group's name, in pixels
MARK_GAP = 2  # between a mark and its label
LINE_HEIGHT = 1.15  # of a label, as a multiple of its letters
# What a page sets. levels: of each point, 0 as usual, 1 pale, 2 found or near the chosen word, 3 chosen. marked:
# whether some are not as usual. chosen: that point, if any. parity: 0 and 1 in turn, at each change of the view.
SIGNALS_OF_PAGE: Spec = {"levels": [], "marked": False, "chosen": None, "parity": 0}
NAMED_IN_TITLE = 12  # words; more are counted in the title instead of named


class Look(NamedTuple):
    """Sizes in pixels: of the letters, and half of a mark's side. most: of the points for which they are used."""

    most: float
    letters: float
    radius: float


LOOKS = (Look(40, 14, 4), Look(120, 12, 3.5), Look(400, 10, 3), Look(math.inf, 9, 2))


class Window(NamedTuple):
    """What the area shows: the point in its centre, and the units of a pixel."""

    x: float
    y: float
    unit: float

    @classmethod
    def of(cls, points: Sequence[tuple[float, float]], width: float, height: float) -> "Window":
        """The view in which all points fit, with FREE of the area at each side.

        Window.of([(0, 0), (2, 1)], 880, 440)  # Window(1, 0.5, 2 / (880 × 0.88))
        """
        ends = [(min(values), max(values)) for values in zip(*points, strict=True)]
        x, y = ((low + high) / 2 for low, high in ends)
        spans = [high - low for low, high in ends]
        used = 1 - 2 * FREE
        unit = max(spans[0] / (width * used), spans[1] / (height * used))
        return cls(x, y, unit or 1 / (width * used))  # one point, or equal ones

    def place(self, x: float, y: float, width: float, height: float) -> tuple[float, float]:
        """The pixel of a point, from the left top corner of an area of that size."""
        return (x - self.x) / self.unit + width / 2, (self.y - y) / self.unit + height / 2


def scatter(plot: Plot, theme: str, *, is_page: bool = False) -> Spec:
    """The specification of a picture of points.

    is_page: for a page in a browser, which places the labels itself (by Vega's `label` transform) whenever the signals
    `cx`, `cy` and `unit`, the point in the centre and the units of a pixel, are changed.
    """
    of_points = _groups_of(plot)
    # Words without a group come last.
    ordered = sorted(range(len(of_points)), key=lambda i: plot.results[i].group is None)
    groups = [*dict.fromkeys(group for i in ordered if (group := of_points[i]) is not None)]
    is_wide = bool(groups or plot.arrows) and not is_page
    padding = Padding(64, 84, (COLUMN if is_wide else 0) + EDGE, 56)
    width, height = SLIDE[0] - padding.left - padding.right, SLIDE[1] - padding.top - padding.bottom
    view = Window.of([(point.x, point.y) for point in plot.results], width, height)
    look = next(look for look in LOOKS if len(plot.results) <= look.most)
    labels, leaders = ([], []) if is_page else _label_data(plot, view, width, height, look)
    unlabelled = 0 if is_page else len(plot.results) - len(labels)
    note = f"no room for {unlabelled:,} of {len(plot.results):,} labels" if unlabelled else ""
    title = plot.query.expression or _title(plot)
    subtitle = joined(*facts_of(plot), model_of(plot.model), note, *reports_of(plot.query))
    described = f"{len(plot.results):,} points in two dimensions: {title}. {subtitle}"
    spec = frame(title, subtitle, theme, padding, width, height, described, is_page=is_page)
    colours, shapes = scheme(len(groups))
    spec["signals"] += [{"name": name, "value": value} for name, value in zip(("cx", "cy", "unit"), view, strict=True)]
    spec["data"] = [
        {"name": "points", "values": _points_data(plot, of_points)},
        {"name": "arrows", "values": arrow_data(plot, look.radius)},
    ]
    spec["scales"] = [
        _scale("x", "width", ("cx - width * unit / 2", "cx + width * unit / 2")),
        _scale("y", "height", ("cy - height * unit / 2", "cy + height * unit / 2")),
        {"name": "colour", "type": "ordinal", "domain": groups, "range": colours},
        {"name": "shape", "type": "ordinal", "domain": groups, "range": shapes},
    ]
    # The numbers of t-SNE mean nothing; zero means something only for directions.
    has_numbers, has_zeros = plot.query.method != "tsne", plot.query.method == "axes"
    spec["axes"] = [
        axis(name, side, title_of(one), grid=True, tickCount={"signal": f"ceil({ticks})"}, labels=has_numbers)
        for name, side, ticks, one in zip(
            ("x", "y"), ("bottom", "left"), ("width / 90", "height / 60"), plot.axes, strict=True
        )
    ]
    spec["marks"] += [
        *(_zero_lines() if has_zeros else ()), *arrow_marks(), _points(look, grouped=bool(groups))
    ]  # fmt: skip
    if is_page:
        spec["data"][0]["transform"] = [{"type": "formula", "as": "level", "expr": "levels[datum.index] || 0"}]
        spec["signals"] += [{"name": name, "value": value} for name, value in SIGNALS_OF_PAGE.items()]
        labels_mark = _page_labels(look, has_arrows=bool(plot.arrows))
        spec["marks"] = [*spec["marks"][:-1], _links(), spec["marks"][-1], labels_mark]
    else:
        spec["data"] += [{"name": "labels", "values": labels}, {"name": "leaders", "values": leaders}]
        spec["marks"] += _placed_labels(look)
    if groups:
        spec["legends"] = [_legend(is_page=is_page)]
    if plot.arrows and not is_page:
        below = LEGEND_ROW * min(len(groups), MOST_GROUPS) + ROW if groups else 0
        spec["marks"] += arrow_list(plot.arrows, below, height)
    return spec


def _title(plot: Plot) -> str:
    words = [one.word for one in plot.results]
    return " ".join(words) if len(words) <= NAMED_IN_TITLE else f"{len(words):,} words"


def _scale(name: str, size: str, ends: tuple[str, str]) -> Spec:
    return {"name": name, "type": "linear", "domain": [{"signal": end} for end in ends], "range": size,
            "zero": False, "nice": False}  # fmt: skip


def _points_data(plot: Plot, groups: Sequence[str | None]) -> list[Spec]:
    return [
        {"index": i, "word": one.word, "x": _short(one.x), "y": _short(one.y)}
        | ({} if group is None else {"group": group})
        | ({} if one.cosine is None else {"cosine": one.cosine})
        for i, (one, group) in enumerate(zip(plot.results, groups, strict=True))
    ]


def _groups_of(plot: Plot) -> list[str | None]:
    """The group of each point, with a name for the words without one that no group has; all None without groups."""
    given = [one.group for one in plot.results]
    named = {*given} - {None}
    if not named:
        return given
    others = OTHERS if OTHERS not in named else f"{OTHERS} (no group)"
    return [others if group is None else group for group in given]


def _short(value: float) -> float:
    """Five significant digits, a hundredth of a pixel."""
    return float(f"{value:.5g}")


def _label_data(plot: Plot, view: Window, width: float, height: float, look: Look) -> tuple[list[Spec], list[Spec]]:
    """The labels that have a place, in pixels, and the leaders of those that are not beside their mark."""
    places = [view.place(one.x, one.y, width, height) for one in plot.results]
    texts = [shortened(one.word, look.letters, width / 3) for one in plot.results]
    sizes = [(text_width(one, look.letters) + 1, look.letters * LINE_HEIGHT) for one in texts]
    place_of = dict(zip((one.word for one in plot.results), places, strict=True))
    arrows = [(*place_of[arrow.start], *place_of[arrow.end]) for arrow in plot.arrows]
    reach = look.radius + MARK_GAP
    corners = place_labels(places, sizes, width, height, radius=reach, lines=arrows)
    labels, leaders = [], []
    for place, text_, size, corner in zip(places, texts, sizes, corners, strict=True):
        if corner is None:
            continue
        labels.append({"text": text_, "x": round(corner[0], 1), "y": round(corner[1] + size[1] / 2, 1)})
        leader = leader_of(place, corner, size, reach)
        if leader is not None:
            leaders.append(dict(zip(("x", "y", "x2", "y2"), (round(end, 1) for end in leader), strict=True)))
    return labels, leaders


def _zero_lines() -> list[Spec]:
    """The axes through the origin, a little stronger than the grid."""
    return [
        {
            "type": "rule",
            "clip": True,
            "encode": {
                "update": {
                    across: {"value": 0},
                    f"{across}2": {"signal": size},
                    along: {"scale": along, "value": 0},
                    "stroke": {"signal": "soft"},
                    "strokeOpacity": {"value": 0.35},
                }
            },
        }
        for along, across, size in (("x", "y", "height"), ("y", "x", "width"))
    ]


def _points(look: Look, *, grouped: bool) -> Spec:
    encode = {
        "x": {"scale": "x", "field": "x"},
        "y": {"scale": "y", "field": "y"},
        "size": {"signal": f"{(2 * look.radius) ** 2} * (datum.level == 3 ? 4 : datum.level == 2 ? 2 : 1)"},
        "fill": {"scale": "colour", "field": "group"} if grouped else {"signal": "mark"},
        "shape": {"scale": "shape", "field": "group"} if grouped else {"value": "circle"},
        "opacity": {"signal": "datum.level == 1 ? 0.2 : 0.9"},
        "stroke": {"signal": "paper"},
        "strokeWidth": {"value": 0.7},
        "description": {"field": "word"},
    }
    return {"type": "symbol", "name": "words", "clip": True, "from": {"data": "points"}, "encode": {"update": encode}}


def _placed_labels(look: Look) -> list[Spec]:
    """The labels at the places that `place_labels` found, and their leaders."""
    leader = {
        **{name: {"field": name} for name in ("x", "y", "x2", "y2")},
        "stroke": {"signal": "soft"},
        "strokeWidth": {"value": 0.6},
        "opacity": {"value": 0.7},
    }
    label = {name: {"field": name} for name in ("x", "y", "text")}
    return [
        {"type": "rule", "from": {"data": "leaders"}, "encode": {"update": leader}},
        text("labels", label, look.letters, name="texts"),
    ]


def _links() -> Spec:
    """Lines from the chosen point to its neighbours."""
    encode = {
        "x": {"scale": "x", "signal": "chosen ? chosen.x : 0"}, "y": {"scale": "y", "signal": "chosen ? chosen.y : 0"},
        "x2": {"scale": "x", "field": "x"}, "y2": {"scale": "y", "field": "y"},
        "stroke": {"signal": "accent"}, "strokeWidth": {"value": 1},
        "opacity": {"signal": "chosen && datum.level == 2 ? 0.7 : 0"},
    }  # fmt: skip
    return {"type": "rule", "name": "links", "clip": True, "from": {"data": "points"}, "encode": {"update": encode}}


def _page_labels(look: Look, *, has_arrows: bool) -> Spec:
    """Labels that the browser places: first those of chosen and found words, then in the order of the points."""
    encode = {
        "text": {"signal": "datum.datum.level == 1 ? '' : datum.datum.word"},
        "fontWeight": {"signal": "datum.datum.level > 1 ? 'bold' : 'normal'"},
        "fontSize": {"signal": f"datum.datum.level > 1 ? {max(look.letters, TEXT_SIZE)} : {look.letters}"},
        "fill": {"signal": "datum.datum.level == 3 ? accent : ink"},
    }
    place = {
        "type": "label",
        "size": [{"signal": "width"}, {"signal": "height"}],
        "sort": {"field": "datum.datum.level", "order": "descending"},
        "anchor": ["right", "left", "top", "bottom", "top-right", "top-left", "bottom-right", "bottom-left"],
        "offset": [MARK_GAP],
        # The transform places labels again only when one of its parameters changes.
        "padding": {"signal": "parity * 1e-6"},
        # Found words are labelled whatever is below their labels; it is pale.
        "avoidBaseMark": {"signal": "!marked"},
        **({"avoidMarks": ["heads"]} if has_arrows else {}),  # it fails for marks of no items
    }
    return text("words", encode, look.letters, name="texts", transform=[place], clip=True)


def _legend(*, is_page: bool) -> Spec:
    return {
        "fill": "colour",
        "shape": "shape",
        "orient": "top-right" if is_page else "right",
        "offset": 8 if is_page else EDGE,
        "symbolLimit": MOST_GROUPS,
        "symbolSize": 90,
        "symbolStrokeWidth": 0,
        "labelColor": {"signal": "ink"},
        "labelFontSize": TEXT_SIZE,
        "labelLimit": COLUMN - 40,
        **({"fillColor": {"signal": "paper"}, "padding": 6, "cornerRadius": 4} if is_page else {}),
    }
