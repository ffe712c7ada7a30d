"""The records of queries as tables."""

import math
from collections.abc import Callable
from typing import Any

from rich.text import Text

from embcli.render.drawing import (
    BAR,
    GAP,
    Cell,
    Column,
    Flexible,
    Grid,
    Parts,
    Pen,
    cosine,
    digits,
    headline,
    lengths,
    longest_of,
    word,
)
from embcli.render.printable import cell_width, printable
from embcli.render.question_facts import question_facts
from embcli.render.similarity import groups, odd, similarities
from embcli.results import queries

FIRST_NUMBERS = 3


def _ranking(ranking: queries.Ranking, pen: Pen) -> Parts:
    query = ranking.query
    is_cosine = query.metric == "cosine"
    heading = _score_name(query)
    shown = Grid(Column("rank", right=True), Column("word", words=True), Column(heading, right=True), Column(""))
    whole = 1.0 if is_cosine else max((abs(answer.score) for answer in ranking.results), default=1.0)
    merged = _merged(ranking)
    scores = [answer.score for answer, _ in merged]
    numbers = [cosine(score) for score in scores] if is_cosine else lengths(scores)
    for (answer, is_excluded), number in zip(merged, numbers, strict=True):
        if is_excluded:
            place = rank_with_inputs(ranking, answer)
            why = "input (not searched)" if place == "-" else "input (excluded)"
            shown.add(place, word(answer.word, "italic"), number, longest_of(why, "input", "", style="italic"))
        else:
            # No bars for distances: the best answer would have the shortest bar.
            bar = "" if query.metric == "euclidean" else pen.bar(answer.score, whole)
            shown.add(str(answer.rank), word(answer.word), number, bar)
    facts = (*question_facts(ranking), pen.model(ranking.model))
    parts: Parts = [*headline(pen, query.expression, facts, query), shown]
    if ranking.expected is not None:
        parts += [Text(), _expected(ranking, ranking.expected)]
    return parts


def _score_name(query: queries.RankingQuery) -> str:
    return "score" if query.method != "3cosadd" else "distance" if query.metric == "euclidean" else query.metric


def order_of(pair: queries.Pair) -> Text:
    """Whether a pair is in order, in words."""
    if pair.low_dot == pair.high_dot:
        return Text("equal", style="bold red")
    return Text("in order", style="green") if pair.ordered else Text("out of order", style="bold red")


def rank_with_inputs(ranking: queries.Ranking, answer: queries.Answer) -> Cell:
    """The rank that an excluded word would have, as far as it is known."""
    rank = rank_or_least(ranking, answer.word, answer.rank)
    if rank is None:
        return "-"
    text = f"({rank})"
    return Flexible(len(text), len(text), lambda _: Text(text), words=f"{rank} with the inputs included")


def rank_or_least(ranking: queries.Ranking, word: str, rank: int | None) -> str | None:
    """A rank, or that it is greater than one: `> 16,384`; None if the word is not searched."""
    if rank is not None:
        return f"{rank:,}"
    least = (ranking.least_ranks or {}).get(word)
    return None if least is None else f"> {least - 1:,}"


def _merged(ranking: queries.Ranking) -> list[tuple[queries.Answer, bool]]:
    """The answers and, marked by True, the excluded inputs, in the order of the ranks with the inputs included."""
    excluded = [answer for answer in ranking.inputs if ranking.query.exclude_inputs]
    waiting = sorted(excluded, key=lambda answer: math.inf if answer.rank is None else answer.rank, reverse=True)
    merged: list[tuple[queries.Answer, bool]] = []
    for answer in ranking.results:
        while waiting and waiting[-1].rank is not None and waiting[-1].rank <= len(merged) + 1:
            merged.append((waiting.pop(), True))
        merged.append((answer, False))
    return merged + [(answer, True) for answer in reversed(waiting)]


def _expected(ranking: queries.Ranking, expected: queries.Expected) -> Text:
    is_input = any(answer.word == expected.word for answer in ranking.inputs)
    searched = f"first {ranking.query.top:,} words" if ranking.query.top else "vocabulary"
    why = "no rank (input)" if is_input and expected.rank_with_inputs else f"no rank in the {searched}"
    known = (
        rank_or_least(ranking, expected.word, one) if expected.rank_with_inputs is None or one is not None else None
        for one in (expected.rank, expected.rank_with_inputs)
    )
    rank, with_inputs = (why if one is None else f"rank {one}" for one in known)
    if ranking.query.exclude_inputs:
        places = f"{rank}; with the inputs included, {with_inputs}"
    else:
        places = f"{with_inputs}; with the inputs excluded, {rank}"
    style = "bold red" if ranking.missed else "bold green"
    score = cosine(expected.score) if ranking.query.metric == "cosine" else digits(expected.score)
    facts = f": {places}; {_score_name(ranking.query)} {score}"
    return Text.assemble("expected ", (printable(expected.word), style), facts)


def _projections(projections: queries.Projections, pen: Pen) -> Parts:
    query = projections.query
    facts = (f"direction of norm {digits(query.norm)}", *question_facts(projections), pen.model(projections.model))
    parts: Parts = [*headline(pen, query.expression, facts, query)]
    if projections.results:
        # A scan is sorted by cosine, so it draws cosines; otherwise dot products are drawn.
        reach = 1.0 if query.scan else max(abs(one.dot) for one in projections.results)
        numbers = (
            Column("dot", right=True),
            Column("scalar", right=True, rank=2),
            Column("cosine", right=True, rank=1),
        )
        shown = Grid(Column("word", words=True), *numbers, Column(pen.scale()))
        dots, scalars = (
            lengths([getattr(one, name) for one in projections.results], "+") for name in ("dot", "scalar")
        )
        for one, dot, scalar in zip(projections.results, dots, scalars, strict=True):
            line = pen.number_line(one.cosine if query.scan else one.dot, reach)
            shown.add(word(one.word), dot, scalar, cosine(one.cosine, "+"), line)
        parts.append(shown)
    if projections.pairs is not None:
        shown = Grid(
            Column("low", words=True), Column("dot", right=True, rank=1), Column("high", words=True),
            Column("dot", right=True, rank=1), Column(""),
        )  # fmt: skip
        lows, highs = (
            lengths([getattr(one, name) for one in projections.pairs], "+") for name in ("low_dot", "high_dot")
        )
        for pair, low, high in zip(projections.pairs, lows, highs, strict=True):
            verdict = order_of(pair)
            shown.add(word(pair.low), low, word(pair.high), high, verdict)
        share = f"{sum(pair.ordered for pair in projections.pairs)} of {len(projections.pairs)} pairs in order"
        parts += [
            *([Text()] if projections.results else []),
            shown,
            Text(),
            Text(f"{share} ({projections.separation:.1%}), AUC {projections.auc:.4f}"),
        ]
    return parts


def softmax_table(distribution: queries.Distribution, pen: Pen) -> Parts:
    """Logits and probabilities, a column for each temperature."""
    query = distribution.query
    facts = (*question_facts(distribution), pen.model(distribution.model) if distribution.model else None)
    parts: Parts = [*headline(pen, query.expression or "given logits", facts, query)]
    logits = [candidate.logit for candidate in distribution.results]
    numbers = [cosine(logit) for logit in logits] if query.metric == "cosine" else lengths(logits)
    # Columns of probabilities are at least as wide as `0.1234` or the heading; as many as fit are side by side.
    headings = [f"T = {temperature:g}" for temperature in query.temperatures]
    words = max(cell_width(printable(candidate.word)) for candidate in distribution.results)
    room = pen.width - min(max(words, len("entropy (bits)")), 2 * BAR) - max(map(len, [*numbers, "logit"])) - GAP
    at_once = max(1, room // (max(map(len, ["0.1234", *headings])) + GAP))
    for first in range(0, len(query.temperatures), at_once):
        part = slice(first, first + at_once)
        columns = [Column(heading) for heading in headings[part]]
        shown = Grid(Column("word", words=True), Column("logit", right=True), *columns)
        for candidate, number in zip(distribution.results, numbers, strict=True):
            probabilities = [f"{p:.4f}" for p in candidate.probabilities]
            # No bars in several tables: they could not be compared.
            bars = [pen.bar(p, 1.0, f"{p:.4f} ") for p in candidate.probabilities]
            cells = bars if at_once >= len(query.temperatures) else probabilities
            shown.add(word(candidate.word), number, *cells[part])
        shown.add_summary("entropy (bits)", "", *(f"{bits:.4f}" for bits in distribution.entropy[part]))
        parts += [*([Text()] if first else []), shown]
    return parts


def _lookup(lookup: queries.Lookup, pen: Pen) -> Parts:
    known = any(entry.frequency_rank is not None for entry in lookup.results)
    rank = [Column("frequency rank", right=True, rank=2)] if known else []
    shown = Grid(
        Column("word", words=True), Column("row", right=True), *rank, Column("norm", right=True, rank=1),
        Column("vector"),
    )  # fmt: skip
    norms = lengths([entry.norm for entry in lookup.results])
    for entry, norm in zip(lookup.results, norms, strict=True):
        ranks = ["-" if entry.frequency_rank is None else f"{entry.frequency_rank:,}"] if known else []
        row = "-" if entry.row is None else f"{entry.row:,}"
        shown.add(word(entry.word), row, *ranks, norm, _numbers(entry.vector, pen))
    card, parts = lookup.model, [*headline(pen, "", (pen.model(lookup.model),), lookup.query), shown]
    for entry in lookup.results:
        if entry.coordinates is not None:
            parts += [Text(), *_coordinates(entry, entry.coordinates, pen)]
    first = next((entry.row for entry in lookup.results if entry.row is not None and entry.row < card.words), None)
    if first is None or any(entry.coordinates is not None for entry in lookup.results):
        return parts
    lesson = (
        f"The one-hot vector of row {first:,} ({card.words:,} numbers, a single 1) times the embedding matrix "
        f"[{card.words:,} {pen.times} {card.dim}] is row {first:,} of the matrix: to multiply is to look up."
    )
    return [*parts, Text(), Text(lesson)]


def _numbers(vector: tuple[float, ...], pen: Pen) -> Flexible:
    """As many of the first numbers of a vector as fit, at least one, and how many more there are."""
    numbers = [digits(x, "+") for x in vector]

    def text_of(count: int) -> str:
        more = len(numbers) - count
        return " ".join(numbers[:count]) + (f" {pen.ellipsis} {more:,} more" if more else "")

    # Longer vectors than a wide terminal holds need not be measured in full.
    most = min(len(numbers), max(1, pen.width // len("+0.1234 ")))

    def draw(width: int) -> Text:
        count = next((n for n in range(most, 1, -1) if cell_width(text_of(n)) <= width), 1)
        return Text(text_of(count))

    return Flexible(cell_width(text_of(1)), cell_width(text_of(most)), draw, words=text_of(min(FIRST_NUMBERS, most)))


def _coordinates(entry: queries.Entry, coordinates: tuple[queries.LargeCoordinate, ...], pen: Pen) -> Parts:
    """The largest coordinates of a vector with their shares of its squared length."""
    columns = (
        Column("dimension", right=True),
        Column("coordinate", right=True),
        Column("share", right=True),
        Column(""),
    )
    shown = Grid(*columns)
    values = lengths([one.value for one in coordinates], "+")
    for one, value in zip(coordinates, values, strict=True):
        shown.add(str(one.dimension), value, f"{one.share:.2%}", pen.bar(one.share, 1.0))
    total = sum(one.share for one in coordinates)
    title = f"largest coordinates of {printable(entry.word)}: {total:.1%} of its squared length"
    return [Text(title), Text(), shown]


VIEWS: dict[type, Callable[[Any, Pen], Parts]] = {
    queries.Ranking: _ranking,
    queries.Projections: _projections,
    queries.Distribution: softmax_table,
    queries.Similarities: similarities,
    queries.GroupSimilarities: groups,
    queries.OddOneOut: odd,
    queries.Lookup: _lookup,
}
