"""The picture of `softmax`: the probability of each word as a bar, in a panel for each temperature."""

from embcli.plot.frame import (
    EDGE,
    LABEL_SIZE,
    SLIDE,
    TEXT_SIZE,
    TITLE_ROOM,
    Padding,
    Spec,
    frame,
    joined,
    model_of,
    reports_of,
    text,
)
from embcli.plot.glyphs import shortened, text_width
from embcli.results.softmax import Distribution

BAR_LETTERS = 14
LEAST_ROW, MOST_ROW = 20, 40  # pixels: the height of a row
HEAD, FOOT = 28, 34  # of the temperature above the bars, and of the entropy below
LEAST_PANEL = 130  # the width of a panel; more temperatures make the picture wider
NUMBER_ROOM = 50  # the room of a probability beside its bar
LONGEST_NAME = 200


def bars(answer: Distribution, theme: str, *, is_page: bool = False) -> Spec:
    """The specification of bars by temperature; all panels have one scale. is_page: see `frame`."""
    query, rows = answer.query, answer.results
    names = [shortened(one.word, BAR_LETTERS, LONGEST_NAME) for one in rows]
    left = EDGE + max(text_width(name, BAR_LETTERS) for name in names) + 12
    width = max(SLIDE[0] - left - EDGE, LEAST_PANEL * len(query.temperatures))
    room = SLIDE[1] - 2 * EDGE - TITLE_ROOM - HEAD - FOOT
    height = len(rows) * max(LEAST_ROW, min(MOST_ROW, room / len(rows)))
    padding = Padding(left, EDGE + TITLE_ROOM + HEAD, EDGE, FOOT + EDGE)
    title = query.expression or "given logits"
    what = f"softmax of {query.metric}" if query.metric else "softmax"
    shown = f"{len(rows):,} of " if len(rows) < query.candidates else ""
    subtitle = joined(what, f"{shown}{query.candidates:,} candidates", model_of(answer.model), *reports_of(query))
    spec = frame(
        title, subtitle, theme, padding, width, height, f"probabilities of {len(rows)} words: {title}", is_page=is_page
    )
    heads = [
        {"panel": panel, "temperature": f"T = {temperature:g}", "entropy": f"{bits:.3f} bits"}
        for panel, (temperature, bits) in enumerate(zip(query.temperatures, answer.entropy, strict=True))
    ]
    values = [
        {"panel": panel, "row": row, "word": one.word, "logit": one.logit, "p": p, "text": f"{p:.4f}"}
        for row, one in enumerate(rows)
        for panel, p in enumerate(one.probabilities)
    ]
    spec["data"] = [
        {"name": "panels", "values": heads},
        {"name": "rows", "values": [{"row": row, "label": name} for row, name in enumerate(names)]},
        {"name": "probabilities", "values": values},
    ]
    spec["scales"] = [
        {"name": "panel", "type": "band", "domain": [*range(len(heads))], "range": "width", "paddingInner": 0.06},
        {"name": "row", "type": "band", "domain": [*range(len(rows))], "range": "height", "padding": 0.15},
        {"name": "p", "type": "linear", "domain": [0, 1],
         "range": [0, {"signal": f"max(10, bandwidth('panel') - {NUMBER_ROOM})"}]},
    ]  # fmt: skip
    spec["marks"] += _marks()
    return spec


def _marks() -> list[Spec]:
    panel, middle = {"scale": "panel", "field": "panel"}, {"scale": "row", "field": "row", "band": 0.5}
    length = {"scale": "p", "field": "p"}
    bar = {
        "x": panel, "width": length, "y": {"scale": "row", "field": "row"}, "height": {"scale": "row", "band": 1},
        "fill": {"signal": "mark"},
        "tooltip": {"signal": "[datum.word, 'logit ' + datum.logit, 'probability ' + datum.text]"},
    }  # fmt: skip
    start = {"x": panel, "y": {"value": 0}, "y2": {"signal": "height"}, "stroke": {"signal": "soft"}}
    number = {"x": {**panel, "offset": {**length, "offset": 5}}, "y": middle, "text": {"field": "text"}}
    name = {"x": {"value": -10}, "y": middle, "text": {"field": "label"}, "align": {"value": "right"}}
    temperature = {"x": panel, "y": {"value": -HEAD / 2}, "text": {"field": "temperature"},
                   "fontWeight": {"value": "bold"}}  # fmt: skip
    entropy = {"x": panel, "y": {"signal": f"height + {FOOT / 2}"}, "text": {"field": "entropy"},
               "fill": {"signal": "soft"}}  # fmt: skip
    caption = {**entropy, "x": {"value": -10}, "text": {"value": "entropy"}, "align": {"value": "right"}}
    return [
        {"type": "rect", "name": "bars", "from": {"data": "probabilities"}, "encode": {"update": bar}},
        {"type": "rule", "from": {"data": "panels"}, "encode": {"update": start}},
        text("probabilities", number, LABEL_SIZE),
        text("rows", name, BAR_LETTERS, name="texts"),
        text("panels", temperature, BAR_LETTERS),
        text("panels", entropy, TEXT_SIZE),
        text(None, caption, TEXT_SIZE),
    ]
