"""Pictures of records as Vega specifications, and as files: SVG, PNG, PDF, a page, or the specification itself.

vl-convert draws them (`pip install 'embcli[talk]'`): it embeds Vega, and needs neither a browser nor a network.
"""

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from embcli.errors import UsageProblem
from embcli.plot.bars import bars
from embcli.plot.frame import Spec
from embcli.plot.heat import heatmap, pattern
from embcli.plot.number_line import number_line
from embcli.plot.scatter import scatter
from embcli.plot.senses import senses
from embcli.results import plot
from embcli.results.attend import Attended
from embcli.results.context import Contexts
from embcli.results.project import Projections
from embcli.results.similarity import Similarities
from embcli.results.softmax import Distribution

# The formats of pictures, by the suffixes of their files.
PICTURE_SUFFIXES = ("svg", "png", "pdf", "html", "json")
PNG_SCALE = 2  # pixels of the file for each of the picture: 1,920 × 1,080
# Records that can be drawn, with the function that makes their specification from a record and the name of a theme.
# is_page: for a page in a browser.
DRAWN: dict[type, Callable[..., Spec]] = {
    plot.Plot: scatter,
    Projections: number_line,
    Distribution: bars,
    Similarities: heatmap,
    Attended: pattern,
    Contexts: senses,
}


def specification(record: Any, theme: str = "light", *, is_page: bool = False) -> Spec:
    """The Vega specification of a record. theme: light or dark. Raises UsageProblem if the record has no picture.

    specification(plot(glove, PlotQuestion(words=("king", "queen"))))["axes"][0]["title"]  # 'PC1 (100.0% of …)'
    """
    draw = DRAWN.get(type(record))
    if draw is None:
        raise UsageProblem("there is no picture of this answer", "write its table instead")
    return draw(record, theme, is_page=is_page)


def draw_file(record: Any, suffix: str, theme: str | None = None, vectors: np.ndarray | None = None) -> bytes:
    """The content of a file of one of PICTURE_SUFFIXES with the picture of a record.

    theme: light or dark; by default light, and for a page that of its reader's system. vectors: of the points of a
    `Plot`, for the neighbours that a page shows. Raises UsageProblem if vl-convert is not installed, which `json` does
    not need.
    """
    if suffix == "json":
        return (json.dumps(specification(record, theme or "light"), indent=1, allow_nan=False) + "\n").encode("ascii")
    try:
        import vl_convert
    except ImportError:
        raise UsageProblem(f"a .{suffix} file needs vl-convert", "run: pip install 'embcli[talk]'") from None
    if suffix == "html":
        from embcli.plot.page import page

        return page(record, specification(record, theme or "light", is_page=True), theme, vectors).encode()
    spec = specification(record, theme or "light")
    if suffix == "svg":
        return f"{vl_convert.vega_to_svg(spec)}\n".encode()
    if suffix == "pdf":
        return bytes(vl_convert.vega_to_pdf(spec))
    return bytes(vl_convert.vega_to_png(spec, scale=PNG_SCALE))
