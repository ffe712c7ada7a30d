"""What all pictures share: size, colours, title and axes (Vega specifications, as dictionaries).

A picture has the shape of a slide; a PNG at scale 2 has 1,920 × 1,080 pixels. Colours are signals of Vega, named as
the fields of `Theme`, so that a page can change them.
"""

from collections.abc import Mapping, Sequence
from itertools import cycle, islice
from typing import Any, NamedTuple

from embcli.plot.glyphs import SANS, shortened
from embcli.results.model_card import ModelCard

Spec = dict[str, Any]

SCHEMA = "https://vega.github.io/schema/vega/v6.json"
SLIDE = (960, 540)  # pixels
TITLE_SIZE, SUBTITLE_SIZE, TEXT_SIZE, LABEL_SIZE = 20, 13, 12, 11
EDGE = 24  # between the picture's edge and its texts
# The column at the right of a picture, for names and numbers, and the height of its rows.
COLUMN, ROW = 190, 18
BOLD = 1.08  # how much wider bold letters are
TITLE_ROOM = 60  # the height of title and subtitle; a page has them outside of the picture


class Theme(NamedTuple):
    """Colours. ink: of texts; soft: of axes and notes; grid: of lines behind; mark: of points without a group.

    Of numbers with a sign: low, below zero; paper, zero; high, above zero. accent: what is pointed out.
    """

    paper: str
    ink: str
    soft: str
    grid: str
    mark: str
    accent: str
    low: str
    high: str


THEMES = {
    "light": Theme("#ffffff", "#1b1f24", "#57606a", "#e4e7eb", "#3568a8", "#b3341f", "#b35806", "#2b6cb0"),
    "dark": Theme("#12161c", "#eef1f5", "#a4adb8", "#2b323b", "#7fb0ee", "#ff9478", "#f0a04b", "#63a4f0"),
}
# Colours of groups that can be told from each other, and from both papers; and shapes, for those who see no colours.
# Their numbers have no common divisor, so that a pair returns after 56 groups.
GROUP_COLOURS = ("#4a83c4", "#e07b16", "#4a9e45", "#d64f50", "#a06fb5", "#2f9e9b", "#a9764f", "#e377a8")
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right")


class Padding(NamedTuple):
    """The room around the area of a picture's data, in pixels."""

    left: float
    top: float
    right: float
    bottom: float


def frame(
    title: str, subtitle: str, theme: str, padding: Padding, width: float, height: float, description: str, *,
    is_page: bool,
) -> Spec:  # fmt: skip
    """The specification without data: size of the area [width × height], title, and colours as signals.

    description: of the picture in one sentence, for those who do not see it. is_page: for a page, which has its own
    title. Marks are added to `marks`.
    """
    room = padding.left + width + padding.right - 2 * EDGE
    return {
        "$schema": SCHEMA,
        "description": description,
        "width": width,
        "height": height,
        "padding": padding._asdict() | ({"top": padding.top - TITLE_ROOM} if is_page else {}),
        "autosize": "none",
        "background": {"signal": "paper"},
        "usermeta": {"title": title, "subtitle": subtitle},
        "config": {
            "axis": {"labelFont": SANS, "titleFont": SANS},
            "legend": {"labelFont": SANS, "titleFont": SANS},
            "text": {"font": SANS},
        },
        "signals": [{"name": name, "value": colour} for name, colour in THEMES[theme]._asdict().items()],
        "marks": [] if is_page else _heading(title, subtitle, padding, room),
    }


def _heading(title: str, subtitle: str, padding: Padding, room: float) -> list[Spec]:
    """Title and subtitle, above the area at the left margin; a page has its own."""
    place = {"x": {"value": EDGE - padding.left}}
    first = EDGE + TITLE_SIZE / 2 - padding.top
    second = first + (TITLE_SIZE + SUBTITLE_SIZE) / 2 + 6
    top = {**place, "y": {"value": first}, "text": {"value": shortened(title, TITLE_SIZE * BOLD, room)},
           "fontWeight": {"value": "bold"}}  # fmt: skip
    below = {**place, "y": {"value": second}, "text": {"value": shortened(subtitle, SUBTITLE_SIZE, room)},
             "fill": {"signal": "soft"}}  # fmt: skip
    return [text(None, top, TITLE_SIZE), text(None, below, SUBTITLE_SIZE)]


def axis(scale: str, orient: str, title: str | None, **more: Any) -> Spec:
    """An axis in the soft colour; its grid is drawn behind the marks."""
    colours = {name: {"signal": "soft"} for name in ("labelColor", "titleColor")}
    return {
        "scale": scale,
        "orient": orient,
        **({"title": title} if title else {}),
        **colours,
        "gridColor": {"signal": "grid"},
        "domain": False,
        "ticks": False,
        "labelPadding": 6,
        "labelFontSize": LABEL_SIZE,
        "titleFontSize": TEXT_SIZE,
        "titleFontWeight": "normal",
        "titlePadding": 8,
        "zindex": 0,
        **more,
    }


def text(from_data: str | None, encode: Mapping[str, Any], size: float = TEXT_SIZE, **more: Any) -> Spec:
    """A mark of texts, in ink unless `encode` says otherwise; it stands above those before it."""
    fixed = {"fontSize": {"value": size}, "fill": {"signal": "ink"}, "baseline": {"value": "middle"}}
    return {
        "type": "text",
        **({"from": {"data": from_data}} if from_data else {}),
        "encode": {"update": {**fixed, **encode}},
        **more,
    }


def model_of(card: ModelCard | None) -> str:
    """The name and the shape of a model; empty without one."""
    return "" if card is None else f"{card.name}, {card.words:,} words × {card.dim}"


def reports_of(query: Any) -> list[str]:
    """What a question reports about its words: how they were read, which are rare, which were skipped."""
    resolved, skipped = getattr(query, "resolved", None) or {}, getattr(query, "skipped", None)
    readings = [f'"{typed}" as {used}' for typed, used in resolved.items()]
    return [
        *([f"read {', '.join(readings)}"] if readings else []),
        *(f"{one.word} is rare: {one.instead}?" for one in getattr(query, "rare", None) or ()),
        *([f"skipped {', '.join(skipped)}"] if skipped else []),
    ]


def signed(value: float, decimals: int) -> str:
    """A number with its sign, a true minus: signed(-2.954, 2) = '−2.95'."""
    return f"{round(value, decimals) + 0.0:+.{decimals}f}".replace("-", "−")


def joined(*facts: str | None) -> str:
    """The facts that there are, as a line."""
    return " · ".join(fact for fact in facts if fact)


def scheme(count: int) -> tuple[Sequence[str], Sequence[str]]:
    """The colours and the shapes of so many groups."""
    return [*islice(cycle(GROUP_COLOURS), count)], [*islice(cycle(SHAPES), count)]
