"""A picture as a page that stands alone: one HTML file with Vega and all data in it, which fetches nothing.

Vega comes from vl-convert (`javascript_bundle`). The content security policy of the page allows this script only, and
no request. Vega compiles expressions, for which the policy must allow `eval`; no word is part of an expression.
"""

import base64
import hashlib
import json
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

import numpy as np

from embcli.plot.arrows import arrow_cosines
from embcli.plot.frame import THEMES, Spec
from embcli.plot.neighbors import nearest_points
from embcli.results.plot import Plot

LISTED_NEIGHBORS = 10  # of each point
# What the script of vl-convert is to leave: a function that draws a specification.
VEGA = "window.vegaEmbed = vegaEmbed;"
# Characters of JSON that could end the element it stands in, or that JavaScript once read as the end of a line.
UNSAFE_IN_HTML = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def page(record: Any, specification: Spec, theme: str | None, vectors: np.ndarray | None = None) -> str:
    """The page of a picture.

    specification: for a page, of the record. theme: light or dark; None for that of the reader's system.
    vectors: of the points of a `Plot` [n, dim], for the lists of neighbours.
    """
    spec = {name: value for name, value in specification.items() if name != "$schema"}
    first, *others = arrow_cosines(record.arrows) if isinstance(record, Plot) and record.arrows else [""]
    notes = f"{first} {', '.join(others)}"
    title, subtitle = (str(spec["usermeta"][name]) for name in ("title", "subtitle"))
    data: Spec = {
        "specification": spec,
        "theme": theme,
        "themes": {name: colours._asdict() for name, colours in THEMES.items()},
    }
    if isinstance(record, Plot) and vectors is not None:
        indices, cosines = nearest_points(vectors, LISTED_NEIGHBORS)
        data |= {
            "points": spec["data"][0]["values"],
            "query": record.query.expression,
            "neighbors": indices.tolist(),
            "thousandths": np.rint(1000 * cosines).astype(int).tolist(),  # cosines, in fewer digits
        }
        # The page takes the points of the picture from here, so that they are in the file once.
        points = {name: value for name, value in spec["data"][0].items() if name != "values"}
        spec["data"] = [points, *spec["data"][1:]]
    assets = files("embcli") / "data"
    script = _vega() + "\n" + (assets / "page.js").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return Template((assets / "page.html").read_text("utf-8")).substitute(
        hash=f"'sha256-{digest}'",
        title=escape(title),
        subtitle="<br>".join(map(escape, filter(None, (subtitle, notes)))),
        description=escape(specification["description"]),
        style=(assets / "page.css").read_text("utf-8"),
        data=as_data(data),
        script=script,
    )


@cache
def _vega() -> str:
    """The script of Vega, which takes a second to bundle."""
    import vl_convert

    return str(vl_convert.javascript_bundle(VEGA))


def as_data(value: Any) -> str:
    """JSON in ASCII that can stand in a `script` element, whatever its texts contain.

    as_data("</script>")  # '"\\\\u003c/script\\\\u003e"'
    """
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")).translate(UNSAFE_IN_HTML)
