"""Records of pictures: of the toy space, of hostile words, of a transformer; SVG files as texts and rectangles."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

from embcli.plot.frame import Spec
from embcli.plot.glyphs import text_width
from embcli.plot.points import plot
from embcli.plot.question import PlotQuestion
from embcli.queries.project import answer as project
from embcli.queries.questions import ProjectionQuestion
from embcli.queries.similarity import compare_all
from embcli.results.attend import Attended, AttentionQuery, ReadToken
from embcli.results.context import ContextQuery, Contexts, LayerCosine
from embcli.results.model_card import ModelCard
from embcli.results.plot import Axis, Plot, PlotQuery, Point
from embcli.results.softmax import Candidate, Distribution, SoftmaxQuery
from embcli.vectors.space import VectorSpace

SVG = "{http://www.w3.org/2000/svg}"
# Words that would be markup, the end of an element or of a line, a script, or another order of reading.
HOSTILE = (
    "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "&amp;", '"quoted\'', "a\u2028b", "${x}",
    "]]>", "<!--", "日本語", "é", "a\u202eb", "javascript:alert(1)",
)  # fmt: skip
CARD = ModelCard("toy", 15, 5)


class Box(NamedTuple):
    """A text in a picture, and the rectangle that it takes."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


def points_of(words: Sequence[str], group: str | None = None) -> Plot:
    """Words on a circle-like spiral, which nothing but their number decides."""
    places = [((i * 37) % 100 / 10, (i * 61) % 100 / 10) for i in range(len(words))]
    points = tuple(Point(word, x, y, group) for word, (x, y) in zip(words, places, strict=True))
    query = PlotQuery(tuple(words), "pca", fit="words")
    return Plot("embcli.plot/1", CARD, query, points, (Axis("PC1", 0.5), Axis("PC2", 0.25)))


def records(toy: VectorSpace) -> dict[str, object]:
    """A record of each kind that has a picture."""
    softmax = SoftmaxQuery(None, None, (0.0, 1.0), 2, (), {})
    attention = AttentionQuery("a b", "b", 1, 3, 2, 1.0)
    context = ContextQuery(("a mole", "the mole"), "mole", (1, 1), (0, 1), 10, 5, True)
    tokens = tuple(ReadToken(i, word, 0.5, True, 1.0, 1.0, 1.0) for i, word in enumerate("ab"))
    comparisons = tuple(LayerCosine(0, 1, layer, 1 - layer / 2, 1 - layer, 0.25) for layer in (0, 1))
    arrows = (("king", "queen"), ("man", "cat"))
    return {
        "points": plot(toy, PlotQuestion(("king", "queen", "man", "woman"), arrows=arrows)),
        "number line": project(toy, ProjectionQuestion("woman - man", ("king", "queen", "girl"))),
        "bars": Distribution("embcli.softmax/1", None, softmax, (
            Candidate("snape", 2.0, (1.0, 0.75)), Candidate("sprout", 1.0, (0.0, 0.25))), (0.0, 0.811278)),
        "heat map": compare_all(toy, ["king", "queen", "cat"]),
        "pattern": Attended("embcli.attend/1", CARD, attention, tokens, 3, 2, ((1.0, 0.0), (0.25, 0.75))),
        "senses": Contexts("embcli.context/1", CARD, context, (), ((), ()), comparisons, ("a warning",)),
    }  # fmt: skip


def texts_of(svg: str | bytes) -> list[str]:
    """The texts of an SVG, which must be XML that refers to nothing outside of itself."""
    root = ElementTree.fromstring(svg)
    for element in root.iter():
        for name, value in element.attrib.items():
            assert not name.endswith("href"), value
            assert "url(" not in value or "url(#" in value, value
    return [text.text or "" for text in root.iter(f"{SVG}text")]


def labels_of(specification: Spec, size: float) -> list[Box]:
    """The labels of points and the rectangles that they take in the area, by the widths of their letters."""
    values = next(data["values"] for data in specification["data"] if data["name"] == "labels")
    return [
        Box(one["text"], one["x"], one["y"] - size / 2, one["x"] + text_width(one["text"], size), one["y"] + size / 2)
        for one in values
    ]


def overlapping(boxes: Sequence[Box]) -> list[tuple[str, str]]:
    """The pairs of texts that cover each other."""
    return [
        (a.text, b.text)
        for a, b in combinations(boxes, 2)
        if a.left < b.right and b.left < a.right and a.top < b.bottom and b.top < a.bottom
    ]
