"""The points of a picture: which words are drawn, their vectors, and their places.

Coordinates are of plain vectors. In the picture of a query of several terms, such as king - man + woman, all vectors
have unit length, because its terms are added so (`queries.analogy`), and its sum is a point like any other.
"""

from typing import NamedTuple

from embcli.errors import UsageProblem
from embcli.plot.layout import components_of_all, principal_components, tsne, two_directions, usual_perplexity
from embcli.plot.question import ANSWERS, FITS, MOST_GROUPS, NEIGHBORS, PLACED_BY, PlotQuestion
from embcli.queries import directions
from embcli.queries.analogy import find_neighbors, solve_analogy
from embcli.queries.expression import parse
from embcli.queries.words import reported, resolve_pairs, resolve_words, split_at_commas
from embcli.results.model_card import ModelCard
from embcli.results.plot import Arrow, Axis, Plot, PlotQuery, Point
from embcli.vectors.arithmetic import NO_STEP, Float64Array, lengths, unit_cosines, unit_rows
from embcli.vectors.combinations import Combination, Resolution
from embcli.vectors.space import VectorSpace

# Names of groups in pictures of queries.
QUERY, NEIGHBOR = "query", "neighbor"
INPUT, ANSWER = "input", "answer"
# A picture of more points would be one blot, and takes minutes to draw.
MOST_POINTS = 20_000
# Stands for the row of the query's sum.
SUM = -1


class Chosen(NamedTuple):
    """The points that are drawn, in the order of their importance.

    words, groups, cosines: one for each point; cosines with the query, if there is one. vectors: [points, dim]. arrows:
    pairs of numbers of points. query: as understood. is_unit: whether the vectors were scaled to unit length.
    """

    words: tuple[str, ...]
    groups: tuple[str | None, ...]
    cosines: tuple[float | None, ...]
    vectors: Float64Array
    arrows: tuple[tuple[int, int], ...]
    query: str | None
    is_unit: bool
    found: Resolution


def plot(space: VectorSpace, question: PlotQuestion) -> Plot:
    """The words of a question at their places. Raises UnknownWord, UsageProblem.

    The places are the first two principal components, t-SNE, or scalar projections v · û on two directions of unit
    length. Arrows are compared in the whole space: the cosine of b − a with the difference of the first arrow.

        plot(glove, PlotQuestion(neighbors="tower", k=1)).results[1].word  # 'towers'
    """
    return place(space, question, choose(space, question))


def chosen_vectors(space: VectorSpace, question: PlotQuestion) -> Float64Array:
    """The vectors of the points of `plot` [points, dim], in the order of its results."""
    return choose(space, question).vectors


def place(space: VectorSpace, question: PlotQuestion, chosen: Chosen) -> Plot:
    """The same as `plot`, for points that are chosen already: place(space, question, choose(space, question))."""
    vectors = chosen.vectors
    if len(vectors) > MOST_POINTS:
        message = f"{len(vectors):,} points are more than a picture can show ({MOST_POINTS:,})"
        raise UsageProblem(message, f"draw fewer words: --vocab {MOST_POINTS}")
    perplexity = seed = orthogonal = angle = fit = None
    if question.axes is not None:
        first, second = (directions.combine(space, parse(text), unit=chosen.is_unit) for text in question.axes)
        pair = two_directions(first.vector, second.vector, oblique=question.oblique)
        places, orthogonal, angle = vectors @ pair.axes.T, not question.oblique, pair.angle
        axes = tuple(Axis(directions.describe(one), None) for one in (first, second))
        chosen = chosen._replace(found=chosen.found.joined(first.found, second.found))
    elif question.method == "tsne":
        perplexity = usual_perplexity(len(vectors)) if question.perplexity is None else question.perplexity
        seed = question.seed or 0
        places = tsne(vectors, perplexity=perplexity, seed=seed)
        axes = Axis("t-SNE 1", None), Axis("t-SNE 2", None)
    else:
        fit = question.fit
        components = components_of_all(space.vectors) if fit == "vocabulary" else principal_components(vectors)
        places = components.places(vectors)
        axes = tuple(Axis(f"PC{i}", share) for i, share in enumerate(components.explained, start=1))
    query = PlotQuery(
        words=(*question.words, *(word for _, members in question.groups for word in members)),
        method="axes" if question.axes is not None else question.method,
        fit=fit,
        expression=chosen.query,
        k=None if chosen.query is None else _count(question),
        top=question.top,
        unit=chosen.is_unit or None,
        perplexity=perplexity,
        seed=seed,
        orthogonal=orthogonal,
        angle=angle,
        **reported(chosen.found),
    )
    results = tuple(
        Point(word, x, y, group, cosine)
        for word, (x, y), group, cosine in zip(
            chosen.words, places.tolist(), chosen.groups, chosen.cosines, strict=True
        )
    )
    return Plot("embcli.plot/1", ModelCard.of(space), query, results, axes, _compared(chosen))


def choose(space: VectorSpace, question: PlotQuestion) -> Chosen:
    """The words of a question, each once, with their vectors. Raises UnknownWord, UsageProblem.

    choose(glove, PlotQuestion(("king",), arrows=(("man", "king"),))).words  # ('king', 'man')
    """
    _check(question)
    points = _Points(space)
    asked = question.neighbors if question.analogy is None else question.analogy
    expression = None if asked is None else parse(asked, triple=question.analogy is not None)
    words = split_at_commas(space, question.words)
    if not question.skip_unknown:  # all unknown words are reported at once
        named = [word for _, members in question.groups for word in members]
        of_arrows = [word for pair in question.arrows for word in pair]
        of_axes = [word for text in question.axes or () for word in parse(text).words]
        of_query = expression.words if expression is not None else ()
        resolve_words(space, [*of_query, *words, *named, *of_arrows, *of_axes])
    found = Resolution([], (), {}, {}, () if question.skip_unknown else None)
    combined = None
    arrows: list[tuple[int, int]] = []
    if expression is not None:
        combined = directions.combine(space, expression, unit=True)
        found, arrows = found.joined(combined.found), points.add_query(question, combined)
    if words:
        known = resolve_words(space, words, skip_unknown=question.skip_unknown)
        found = found.joined(known)
        points.add(known.rows)
    for name, members in question.groups:
        known = resolve_words(space, members, skip_unknown=question.skip_unknown)
        found = found.joined(known)
        points.add_group(name, known.rows)
    if question.arrows:
        known = resolve_pairs(space, question.arrows, skip_unknown=question.skip_unknown)
        found = found.joined(known)
        arrows += zip(known.rows[::2], known.rows[1::2], strict=True)
        points.add(known.rows)
    points.add(range(min(question.top or 0, len(space))))
    rows = [*points.groups]
    if not rows:
        raise UsageProblem(
            "there are no words to draw", "name some, or use --neighbors, --analogy, --groups or --vocab"
        )
    is_unit = SUM in points.groups
    vectors = space.float64([max(row, 0) for row in rows])
    vectors = unit_rows(vectors) if is_unit else vectors
    if combined is not None and is_unit:
        vectors[rows.index(SUM)] = combined.vector
    cosines: list[float | None] = [None] * len(rows)
    if combined is not None:
        cosines = [*unit_cosines(unit_rows(vectors), unit_rows(combined.vector[None])[0]).tolist()]
    query = None if combined is None else directions.describe(combined)
    return Chosen(
        tuple(str(query) if row == SUM else space.word(row) for row in rows),
        tuple(points.groups.values()),
        tuple(cosines),
        vectors,
        tuple((rows.index(start), rows.index(end)) for start, end in arrows),
        query,
        is_unit,
        found,
    )


class _Points:
    """The rows that are drawn, each once, with the name of its group."""

    def __init__(self, space: VectorSpace) -> None:
        self.space = space
        self.groups: dict[int, str | None] = {}

    def add(self, rows: "list[int] | range", group: str | None = None) -> None:
        for row in rows:
            self.groups.setdefault(row, group)

    def add_group(self, name: str, rows: list[int]) -> None:
        for row in rows:
            other = self.groups.setdefault(row, name)
            if other is None:
                self.groups[row] = name
            elif other != name:
                raise UsageProblem(
                    f'"{self.space.word(row)}" is in two groups, "{other}" and "{name}"', "put it into one"
                )

    def add_query(self, question: PlotQuestion, combined: Combination) -> list[tuple[int, int]]:
        """Add the words of a query, its answers and its sum; returns the arrows of an analogy b - a + c.

        These are from a to b, and from c to the first answer.
        """
        count = _count(question)
        if question.analogy is not None:
            found = [answer.word for answer in solve_analogy(self.space, question.analogy, k=count).results]
            self.add([*combined.rows], INPUT)
            self.add([self.space.vocabulary.row(word) for word in found], ANSWER)
            self.add([SUM], QUERY)
            signs = [weight for _, weight in combined.terms]
            if signs != [1, -1, 1] or not found:
                return []
            b, a, c = combined.rows
            return [(a, b), (c, self.space.vocabulary.row(found[0]))]
        is_word = [weight > 0 for _, weight in combined.terms] == [True]
        self.add([combined.rows[0] if is_word else SUM], QUERY)
        found = [answer.word for answer in find_neighbors(self.space, str(question.neighbors), k=count).results]
        self.add([self.space.vocabulary.row(word) for word in found], NEIGHBOR)
        return []


def _count(question: PlotQuestion) -> int:
    return question.k or (NEIGHBORS if question.analogy is None else ANSWERS)


def _compared(chosen: Chosen) -> tuple[Arrow, ...]:
    """The arrows, each with the cosine of its difference with that of the first one."""
    if not chosen.arrows:
        return ()
    starts, ends = ([pair[i] for pair in chosen.arrows] for i in (0, 1))
    steps = chosen.vectors[ends] - chosen.vectors[starts]
    for (start, end), length in zip(chosen.arrows, lengths(steps).tolist(), strict=True):
        if not length > NO_STEP * max(lengths(chosen.vectors[[start, end]]).tolist()):
            names = f"{chosen.words[start]} and {chosen.words[end]}"
            raise UsageProblem(f"there is no arrow between {names}: their vectors are equal", "name two other words")
    units = unit_rows(steps)
    cosines = unit_cosines(units, units[0]).tolist()
    return tuple(
        Arrow(chosen.words[start], chosen.words[end], cosine)
        for (start, end), cosine in zip(chosen.arrows, cosines, strict=True)
    )


def _check(question: PlotQuestion) -> None:
    """Raise UsageProblem for fields that contradict each other, or have no effect."""
    for name, value, choices in (("method", question.method, PLACED_BY), ("fit", question.fit, FITS)):
        if value not in choices:
            raise UsageProblem(f'unknown {name} "{value}"', f"use one of {', '.join(choices)}")
    for name, number in (("k", question.k), ("top", question.top)):
        if number is not None and number < 1:
            raise UsageProblem(f"{name} must be at least 1, not {number}", f"for example {name}=10")
    has_query = question.neighbors is not None or question.analogy is not None
    is_tsne = question.method == "tsne"
    for is_wrong, message, hint in (
        (question.neighbors is not None and question.analogy is not None,
         "--neighbors and --analogy exclude each other", "give one of them"),
        (has_query and question.top is not None,
         "--vocab draws the most frequent words, so it excludes --neighbors and --analogy", "remove --vocab"),
        (question.k is not None and not has_query,
         "-k applies only to --neighbors and --analogy", "add one of them, or remove -k"),
        (question.axes is not None and is_tsne, "--axes and --method tsne exclude each other", "give one of them"),
        (question.axes is None and question.method == "axes",
         "the method axes requires two directions", 'for example --axes "woman - man" "queen - woman"'),
        (len({name for name, _ in question.groups}) > MOST_GROUPS,
         f"{len(question.groups):,} groups are more than there are marks and colours",
         f"draw {MOST_GROUPS} groups at most"),
        (question.axes is None and question.oblique, "--oblique applies only to --axes", "add --axes, or remove it"),
        (question.fit != "words" and (is_tsne or question.axes is not None),
         "--fit applies only to principal components", "remove it, or use --method pca without --axes"),
        (question.perplexity is not None and not is_tsne,
         "--perplexity applies only to t-SNE", "add --method tsne, or remove it"),
        (question.seed is not None and not is_tsne, "--seed applies only to t-SNE", "add --method tsne, or remove it"),
    ):  # fmt: skip
        if is_wrong:
            raise UsageProblem(message, hint)
