"""The pictures of `plot` in a terminal: words at their places, and pictures of the records of other commands."""

from collections.abc import Callable, Sequence
from typing import Any

from rich.text import Text

from embcli.plot.facts import facts_of, title_of
from embcli.plot.number_line import distinct
from embcli.render.attend import heading_of_attention, pattern
from embcli.render.chart import Chart, Mark, Title, chart, mark_of
from embcli.render.context import text_with_focus
from embcli.render.drawing import GAP, Column, Grid, Parts, Pen, cosine, headline, lengths, word
from embcli.render.heat import shaded
from embcli.render.number_line import number_line
from embcli.render.printable import cell_width, printable
from embcli.render.softmax import softmax_facts, softmax_table
from embcli.results import plot as records
from embcli.results.attend import Attended
from embcli.results.context import Contexts, LayerCosine
from embcli.results.project import Projections
from embcli.results.similarity import Similarities
from embcli.results.softmax import Distribution

# The line below a terminal's picture in which its shell waits.
ROWS_OF_PROMPT = 1
# Decimals of cosines that are drawn.
DRAWN_DECIMALS = 6
# Cells of a bar for probability 1, of which fewer show nothing.
COMPARED_BAR = 8


def _plot(answer: records.Plot, pen: Pen) -> Parts:
    query = answer.query
    explained = [f"{name} {_title(answer, i).text}" for i, name in enumerate("xy")] if pen.in_words else []
    facts = (*facts_of(answer, degree=pen.degree), *explained, pen.model(answer.model))
    head = headline(pen, query.expression or "", facts, query)
    if pen.in_words:
        return [*head, _in_words(answer), *([Text(), Text(_arrows(answer, pen))] if answer.arrows else [])]
    kinds = _kinds([one.group for one in answer.results])
    below: Parts = [_legend(kinds, pen)] if len(kinds) > 1 else []
    below += [Text(_arrows(answer, pen))] if len(answer.arrows) > 1 else []
    marks = [Mark(one.x, one.y, one.word, kinds[one.group]) for one in answer.results]
    places = {one.word: i for i, one in enumerate(answer.results)}
    arrows = [(places[one.start], places[one.end]) for one in answer.arrows]
    titles = _title(answer, 0), _title(answer, 1)
    return _fitted(pen, head[:-1], below, lambda rows: chart(marks, pen, rows, titles, arrows=arrows))


def _fitted(pen: Pen, above: Parts, below: Parts, draw: Callable[[int], Chart]) -> Parts:
    """A chart between its heading and its notes, in the height of the window; labels without room are listed last."""
    room = pen.height - ROWS_OF_PROMPT - sum(pen.rows_of(part) for part in [*above, *below])
    drawn = draw(room)
    if drawn.unplaced:  # the list takes a row, which may cost more labels their room
        drawn = draw(room - 1)
        below = [*below, Text(_unplaced(drawn.unplaced, pen))]
    return [*above, *drawn.rows, *below]


def _unplaced(labels: Sequence[str], pen: Pen) -> str:
    """The labels without room, as many as a line holds."""
    line = "no room for:"
    for number, label in enumerate(labels):
        more = len(labels) - number
        rest = f" and {more:,} more" if number else f" {more:,} label{'s' * (more > 1)}"
        longer = f"{line}{',' if number else ''} {printable(label)}"
        if cell_width(longer) + (len(f" and {more - 1:,} more") if more > 1 else 0) > pen.width:
            return f"{line}{rest}"
        line = longer
    return line


def _title(answer: records.Plot, number: int) -> Title:
    method = answer.query.method
    return Title(title_of(answer.axes[number]), has_ticks=method != "tsne", has_zero=method == "axes")


def _kinds(groups: Sequence[str | None]) -> dict[str | None, int]:
    """A number for each group, in their order; that of the points without a group is the last."""
    named = [group for group in dict.fromkeys(groups) if group is not None]
    return {group: number for number, group in enumerate([*named, *([None] if None in groups else [])])}


def _legend(kinds: dict[str | None, int], pen: Pen) -> Text:
    legend = Text()
    for name, kind in kinds.items():
        mark, colour = mark_of(kind, pen)
        legend.append(f"{mark} {printable(name or records.OTHERS)}", style=colour).append("   ")
    legend.rstrip()
    return legend


def _arrows(answer: records.Plot, pen: Pen) -> str:
    first, *others = answer.arrows
    sign = "→" if pen.is_unicode and not pen.in_words else "to" if pen.in_words else "->"
    names = [f"{printable(one.start.strip())} {sign} {printable(one.end.strip())}" for one in (first, *others)]
    if not others:
        return f"arrow {names[0]}"
    listed = ", ".join(f"{name} {cosine(one.cosine)}" for name, one in zip(names[1:], others, strict=True))
    return f"cosine with {names[0]}: {listed}"


def _in_words(answer: records.Plot) -> Grid:
    has_groups = any(one.group for one in answer.results)
    has_query = answer.query.expression is not None
    shown = Grid(
        Column("word", words=True), *(Column(heading, right=True) for heading in ("x", "y")),
        *([Column("group")] if has_groups else []), *([Column("cosine", right=True)] if has_query else []),
    )  # fmt: skip
    xs, ys = (lengths([getattr(one, name) for one in answer.results], "+") for name in ("x", "y"))
    for one, x, y in zip(answer.results, xs, ys, strict=True):
        group = [Text(printable(one.group or ""))] if has_groups else []
        shown.add(word(one.word), x, y, *group, *([cosine(one.cosine or 0.0)] if has_query else []))
    return shown


def _number_line(answer: Projections, pen: Pen) -> Parts:
    """Words above and below a line, at their dot products with the direction."""
    query = answer.query
    head = headline(pen, query.expression, ("dot product with the direction", pen.model(answer.model)), query)[:-1]
    places = [one.dot for one in distinct(answer.results)]
    names = [one.word for one in distinct(answer.results)]
    with_numbers = [f"{name} {place:+.2f}" for name, place in zip(names, places, strict=True)]

    def draw(rows: int) -> Chart:
        detailed = number_line(places, with_numbers, pen, rows, "dot")
        return number_line(places, names, pen, rows, "dot") if detailed.unplaced else detailed

    return _fitted(pen, head, [], draw)


def _bars(answer: Distribution, pen: Pen) -> Parts:
    """Probabilities as bars: in the columns of the table of `softmax`, or, where these are narrow, below each other."""
    temperatures = answer.query.temperatures
    longest = max(cell_width(printable(one.word)) for one in answer.results)
    column = len("0.1234 ") + COMPARED_BAR + GAP
    if (
        pen.in_words
        or min(longest, pen.width // 3) + len("-0.00000") + 2 * GAP + column * len(temperatures) <= pen.width
    ):
        return softmax_table(answer, pen)
    facts = (*softmax_facts(answer), pen.model(answer.model) if answer.model else None)
    parts: Parts = [*headline(pen, answer.query.expression or "given logits", facts, answer.query)]
    for i, temperature in enumerate(temperatures):
        shown = Grid(Column(f"T = {temperature:g}", words=True), Column("probability", right=True), Column(""))
        for one in answer.results:
            probability = one.probabilities[i]
            shown.add(word(one.word), f"{probability:.4f}", pen.bar(probability, 1.0))
        parts += [*([Text()] if i else []), shown]
    return parts


def _heatmap(answer: Similarities, pen: Pen) -> Parts:
    """The cosines of words with each other."""
    assert answer.matrix is not None, "a heatmap is of a matrix"
    head = headline(pen, "", ("cosine", pen.model(answer.model)), answer.query)
    return [*head, *shaded(answer.matrix.words, answer.matrix.cosines, pen, first=1)]


def _attention(answer: Attended, pen: Pen) -> Parts:
    """What each token reads, by one head."""
    head: Parts = heading_of_attention(answer, pen)
    if answer.heads is not None:
        head += [Text("the head that tells most of the focus; --layer and --head choose another"), Text()]
    return [*head, *pattern(answer, pen)]


def _senses(answer: Contexts, pen: Pen) -> Parts:
    """The cosine of the focus in each two texts, layer by layer."""
    query = answer.query
    is_known = answer.comparisons[0].centered is not None
    what = "cosine minus the mean of the layer" if is_known else "cosine"
    parts: Parts = headline(pen, query.focus, (f"{what}, by layer", pen.model(answer.model)))[:-1]
    are_pieces = answer.model.tokens == "pieces"
    parts += [
        text_with_focus(number, tokens, query.positions[number], are_pieces=are_pieces)
        for number, tokens in enumerate(answer.tokens)
    ]
    parts += [Text(f"warning: {printable(warning)}", style="bold red") for warning in answer.warnings]
    kinds = _kinds([_pair(one) for one in answer.comparisons])
    marks: list[Mark] = []
    paths: list[list[int]] = [[] for _ in kinds]
    for one in answer.comparisons:
        kind = kinds[_pair(one)]
        paths[kind].append(len(marks))
        value = one.cosine if one.centered is None else one.centered
        marks.append(Mark(float(one.layer), round(value, DRAWN_DECIMALS), kind=kind))  # beyond, there is only noise
    titles = Title("layer"), Title("cosine", has_zero=True)
    return _fitted(
        pen, parts, [_legend(kinds, pen)],
        lambda rows: chart(marks, pen, rows, titles, paths=paths, is_square=False),
    )  # fmt: skip


def _pair(compared: LayerCosine) -> str:
    return f"texts {compared.a + 1}, {compared.b + 1}"


VIEWS: dict[type, Callable[[Any, Pen], Parts]] = {records.Plot: _plot}
# The pictures of records whose own view is a table.
PICTURES: dict[type, Callable[[Any, Pen], Parts]] = {
    Projections: _number_line,
    Distribution: _bars,
    Similarities: _heatmap,
    Attended: _attention,
    Contexts: _senses,
}
