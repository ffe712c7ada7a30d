"""The tables of `similarity` and `odd`."""

from collections.abc import Callable
from typing import Any

from rich.text import Text

from embcli.render.drawing import BAR, GAP, Cell, Column, Grid, Parts, Pen, cosine, headline, lengths, longest_of, word
from embcli.render.printable import cell_width, printable
from embcli.results.similarity import CosineMatrix, GroupSimilarities, OddOneOut, Similarities

MEAN_COSINE = "cosine with the mean of the unit vectors"
SIGN_LEGEND = "sign of cosine and dot: + acute angle, 0 right angle, - obtuse angle"


def _similarities(answer: Similarities, pen: Pen) -> Parts:
    """Pairs of words with their figures, or the matrix of cosines."""
    if answer.matrix is not None:
        return _matrix(answer, answer.matrix, pen)
    shown = Grid(
        Column("a", words=True), Column("b", words=True), Column("cosine", right=True),
        Column("angle", right=True, rank=1), Column("dot", right=True, rank=2), Column("euclidean", right=True, rank=3),
    )  # fmt: skip
    dots = lengths([one.dot for one in answer.results], "+")
    distances = lengths([one.euclidean for one in answer.results])
    for one, dot, distance in zip(answer.results, dots, distances, strict=True):
        angle = f"{one.angle:.2f}{pen.degree}"
        shown.add(word(one.a), word(one.b), cosine(one.cosine, "+"), angle, dot, distance)
    parts: Parts = [*headline(pen, "", (pen.model(answer.model),), answer.query)]
    return [*parts, shown, Text(), Text(SIGN_LEGEND)]


def _matrix(answer: Similarities, matrix: CosineMatrix, pen: Pen) -> Parts:
    """A matrix of cosines, in blocks of as many columns as fit."""
    parts: Parts = [*headline(pen, "", ("cosine", pen.model(answer.model)), answer.query)]
    labels = [printable(label) for label in matrix.words]
    first = max(map(cell_width, labels))
    left, at_once = pen.width - min(first, 2 * BAR) - GAP, 0
    widths = [max(cell_width(label), len("+0.0000")) + GAP for label in labels]
    start = 0
    while start < len(labels):
        at_once, room = 1, left - widths[start]
        while start + at_once < len(labels) and room >= widths[start + at_once]:
            room -= widths[start + at_once]
            at_once += 1
        part = slice(start, start + at_once)
        shown = Grid(Column("", words=True), *(Column(label, right=True) for label in labels[part]))
        for label, cosines in zip(matrix.words, matrix.cosines, strict=True):
            shown.add(word(label), *(cosine(value, "+") for value in cosines[part]))
        parts += [*([Text()] if start else []), shown]
        start += at_once
    return [*parts, Text(), Text(SIGN_LEGEND)]


def _groups(answer: GroupSimilarities, pen: Pen) -> Parts:
    """Cosines within and between groups: the mean as a bar, the least and the greatest."""
    shown = Grid(
        Column("group", words=True), Column("with", words=True), Column("pairs", right=True, rank=2),
        Column("mean cosine", right=True), Column("", rank=1), Column("least", right=True, rank=1),
        Column("greatest", right=True, rank=1),
    )  # fmt: skip
    for one in answer.results:
        other = word("itself", "") if one.a == one.b else word(one.b)
        bar = pen.bar(one.mean, 1.0)
        shown.add(
            word(one.a),
            other,
            f"{one.pairs:,}",
            cosine(one.mean, "+"),
            bar,
            *(cosine(x, "+") for x in (one.min, one.max)),
        )
    return [*headline(pen, "", ("cosine", pen.model(answer.model)), answer.query), shown]


def _odd(answer: OddOneOut, pen: Pen) -> Parts:
    """The words by their cosine with the mean of all; the last one does not belong."""
    shown = Grid(Column("word", words=True), Column("cosine", right=True), Column(""))
    for member in answer.results:
        is_odd = member.word == answer.odd
        bar: Cell = longest_of("does not belong", "odd", style="red") if is_odd else pen.bar(member.score, 1.0)
        shown.add(word(member.word, "bold red" if is_odd else "bold"), cosine(member.score), bar)
    return [*headline(pen, "", (MEAN_COSINE, pen.model(answer.model)), answer.query), shown]


VIEWS: dict[type, Callable[[Any, Pen], Parts]] = {
    Similarities: _similarities,
    GroupSimilarities: _groups,
    OddOneOut: _odd,
}
