"""The tables of `shapes`."""

from collections.abc import Callable, Sequence
from typing import Any

from rich.text import Text

from embcli.render.drawing import Column, Grid, Parts, Pen, headline
from embcli.results.shapes import Shapes


def _shapes(answer: Shapes, pen: Pen) -> Parts:
    query = answer.query
    shown = Grid(
        Column("part", rank=2), Column("matrix"), Column("rows × columns", right=True),
        Column("count", right=True, rank=1),
        Column("parameters", right=True), Column("share", right=True, rank=1), Column(""),
    )  # fmt: skip
    before = ""
    for one in answer.results:
        size = f"{one.rows:,} {pen.times} {one.columns:,}"
        shown.add(
            one.part if one.part != before or pen.in_words else "", one.name, size,
            f"{one.count:,}", f"{one.parameters:,}",
            f"{100 * one.share:.2f}%", pen.bar(one.share, 1.0),
        )  # fmt: skip
        before = one.part
    shown.add_summary("", "all", "", "", f"{answer.parameters:,}", "", "")
    parts: Parts = [
        *headline(pen, query.name, (f"family {query.family}", pen.model(answer.model) if answer.model else None)),
        shown,
        Text(),
    ]
    parts.append(Text(f"a head: {answer.per_head:,} parameters; a block: {answer.per_block:,}"))
    if query.leaves_out:
        parts.append(Text(f"as in the film; left out: {query.leaves_out}"))
    products = Grid(Column("product"), Column("one sequence"), Column(f"batch of {query.batch:,}", rank=1))
    for product in answer.products:
        products.add(product.product, _shape(product.sequence, pen), _shape(product.batch, pen))
    return [*parts, Text(), products]


def _shape(sizes: Sequence[int], pen: Pen) -> str:
    return f" {pen.times} ".join(f"{size:,}" for size in sizes)


VIEWS: dict[type, Callable[[Any, Pen], Parts]] = {Shapes: _shapes}
