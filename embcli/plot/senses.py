"""The picture of `context` for several texts: the cosine of the focus in each two of them, layer by layer."""

from collections.abc import Sequence

from embcli.errors import UsageProblem
from embcli.plot.frame import (
    COLUMN,
    EDGE,
    ROW,
    SLIDE,
    TEXT_SIZE,
    TITLE_ROOM,
    Padding,
    Spec,
    axis,
    frame,
    joined,
    model_of,
    scheme,
    text,
)
from embcli.plot.glyphs import shortened
from embcli.results.context import Contexts, LayerCosine

HEAD, FOOT = 26, 48  # pixels: of the title above a panel, and of its axis
LEFT = 44  # of the numbers beside a panel
BETWEEN = 64  # two panels
POINT_AREA = 26  # the area of a mark
BASELINE_NOTE = "dashed: mean cosine of random words"


def senses(answer: Contexts, theme: str, *, is_page: bool = False) -> Spec:
    """The specification of cosines by layer: of the vectors, beside the mean cosine of random words, and of the vectors
    minus the mean of their layer, if that is known. is_page: see `frame`.

    Raises UsageProblem for one text.
    """
    if not answer.comparisons:
        raise UsageProblem("one text has no cosines by layer", "give two texts or more")
    query = answer.query
    pairs = list(dict.fromkeys(map(_pair, answer.comparisons)))
    panels = [("cosine", "cosine", True)]
    if answer.comparisons[0].centered is not None:
        panels.append(("centered", "cosine of the vectors minus their layer's mean", False))
    lines = [f"{number}  {words}" for number, words in enumerate(query.texts, start=1)]
    lines += [f"warning: {warning}" for warning in answer.warnings]
    below = FOOT + ROW * len(lines) + EDGE
    padding = Padding(EDGE + LEFT, EDGE + TITLE_ROOM + HEAD, COLUMN - EDGE, below)
    width = SLIDE[0] - padding.left - padding.right
    height = max(200, SLIDE[1] - padding.top - padding.bottom)
    subtitle = joined("cosine of the token in two texts, by layer", model_of(answer.model))
    described = f"{query.focus} in {len(query.texts)} texts, by layer: {'; '.join(query.texts)}"
    spec = frame(query.focus, subtitle, theme, padding, width, height, described, is_page=is_page)
    colours, shapes = scheme(len(pairs))
    spec["data"] = [{"name": "cosines", "values": [_value(one) for one in answer.comparisons]}]
    spec["scales"] = [
        {"name": "colour", "type": "ordinal", "domain": pairs, "range": colours},
        {"name": "shape", "type": "ordinal", "domain": pairs, "range": shapes},
    ]
    spec["legends"] = [
        {"fill": "colour", "shape": "shape", "orient": "right", "offset": EDGE, "symbolStrokeWidth": 0,
         "labelColor": {"signal": "ink"}, "labelFontSize": TEXT_SIZE, "labelLimit": COLUMN - 2 * EDGE}
    ]  # fmt: skip
    each = (width - BETWEEN * (len(panels) - 1)) / len(panels)
    spec["marks"] += [
        *(
            _panel(name, heading, number * (each + BETWEEN), each, height, answer.comparisons, has_baseline=is_raw)
            for number, (name, heading, is_raw) in enumerate(panels)
        ),
        *_list(lines, height + FOOT, SLIDE[0] - 2 * EDGE),
    ]
    return spec


def _pair(one: LayerCosine) -> str:
    return f"texts {one.a + 1}, {one.b + 1}"


def _value(one: LayerCosine) -> Spec:
    known = {} if one.centered is None else {"centered": one.centered, "baseline": one.baseline}
    return {"pair": _pair(one), "layer": one.layer, "cosine": one.cosine, **known}


def _panel(
    name: str, heading: str, left: float, width: float, height: float, values: Sequence[LayerCosine], *,
    has_baseline: bool,
) -> Spec:  # fmt: skip
    """A group of marks with its own axes. name: the field that is drawn."""
    has_baseline = has_baseline and values[0].baseline is not None
    drawn = [getattr(one, name) for one in values] + [one.baseline for one in values if has_baseline]
    scales = [
        {"name": "x", "type": "linear", "domain": {"data": "cosines", "field": "layer"}, "range": [0, width],
         "zero": False, "nice": False},
        {"name": "y", "type": "linear", "domain": [min(0.0, *drawn), 1.0], "range": [height, 0], "nice": True},
    ]  # fmt: skip
    place = {"x": {"scale": "x", "field": "layer"}, "y": {"scale": "y", "field": name}}
    line = {**place, "stroke": {"scale": "colour", "field": "pair"}, "strokeWidth": {"value": 2}}
    mark = {
        **place, "fill": {"scale": "colour", "field": "pair"}, "shape": {"scale": "shape", "field": "pair"},
        "size": {"value": POINT_AREA},
        "tooltip": {"signal": f"[datum.pair, 'layer ' + datum.layer, 'cosine ' + format(datum.{name}, '+.4f')]"},
    }  # fmt: skip
    of_pair = {"facet": {"data": "cosines", "name": "of_pair", "groupby": "pair"}}
    marks: list[Spec] = [
        {"type": "group", "from": of_pair, "marks": [
            {"type": "line", "from": {"data": "of_pair"}, "encode": {"update": line}},
            {"type": "symbol", "from": {"data": "of_pair"}, "encode": {"update": mark}},
        ]},
        text(None, {"x": {"value": 0}, "y": {"value": -HEAD / 2}, "text": {"value": heading},
                    "fontWeight": {"value": "bold"}}),
    ]  # fmt: skip
    if has_baseline:
        dashed = {**place, "y": {"scale": "y", "field": "baseline"}, "stroke": {"signal": "soft"},
                  "strokeWidth": {"value": 1.5}, "strokeDash": {"value": [5, 4]}}  # fmt: skip
        marks += [
            # The baseline is the same for all pairs of texts.
            {"type": "group", "from": of_pair, "marks": [
                {"type": "line", "from": {"data": "of_pair"}, "encode": {"update": dashed}}]},
            text(None, {"x": {"value": width}, "y": {"value": -HEAD / 2}, "text": {"value": BASELINE_NOTE},
                        "align": {"value": "right"}, "fill": {"signal": "soft"}}),
        ]  # fmt: skip
    size = {"x": {"value": left}, "width": {"value": width}, "height": {"value": height}}
    return {
        "type": "group",
        "encode": {"update": size},
        "scales": scales,
        "axes": [
            axis("x", "bottom", "layer", tickMinStep=1),
            axis("y", "left", None, grid=True, tickCount=6, gridScale="x"),
        ],
        "marks": marks,
    }


def _list(lines: Sequence[str], top: float, room: float) -> list[Spec]:
    """The texts below the panels."""
    return [
        text(None, {"x": {"value": -LEFT}, "y": {"value": top + ROW * (number + 0.5)},
                    "text": {"value": shortened(line, TEXT_SIZE, room)}})
        for number, line in enumerate(lines)
    ]  # fmt: skip
