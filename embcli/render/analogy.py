"""The tables of `analogy` and `neighbors`."""

import math
from collections.abc import Callable
from typing import Any

from rich.text import Text

from embcli.render.drawing import (
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
from embcli.render.printable import printable
from embcli.results.analogy import Answer, Expected, Ranking, RankingQuery

ANALOGY_SCHEMA = "embcli.analogy/1"


def _ranking(ranking: Ranking, pen: Pen) -> Parts:
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
    facts = (*ranking_facts(ranking), pen.model(ranking.model))
    parts: Parts = [*headline(pen, query.expression, facts, query), shown]
    if ranking.expected is not None:
        parts += [Text(), _expected(ranking, ranking.expected)]
    return parts


def ranking_facts(ranking: Ranking) -> tuple[str | None, ...]:
    """The settings of a question, for the heading of its answer."""
    query = ranking.query
    return (
        _method(ranking) if len(query.terms) > 1 or query.method != "3cosadd" else None,
        None if query.method != "3cosadd" else "distance" if query.metric == "euclidean" else query.metric,
        "plain vectors" if query.raw else "unit vectors",
        f"first {query.top:,} words" if query.top else None,
        f"among {query.among:,} words" if query.among else None,
    )


def _method(ranking: Ranking) -> str:
    query = ranking.query
    if query.method == "3cosadd" and (ranking.schema != ANALOGY_SCHEMA or query.raw):
        return "vector sum"
    return {"3cosadd": "3CosAdd", "3cosmul": "3CosMul", "pairdirection": "PairDirection"}[query.method]


def _score_name(query: RankingQuery) -> str:
    return "score" if query.method != "3cosadd" else "distance" if query.metric == "euclidean" else query.metric


def rank_with_inputs(ranking: Ranking, answer: Answer) -> Cell:
    """The rank that an excluded word would have, as far as it is known."""
    rank = rank_or_least(ranking, answer.word, answer.rank)
    if rank is None:
        return "-"
    text = f"({rank})"
    return Flexible(len(text), len(text), lambda _: Text(text), words=f"{rank} with the inputs included")


def rank_or_least(ranking: Ranking, word: str, rank: int | None) -> str | None:
    """A rank, or that it is greater than one: `> 16,384`; None if the word is not searched."""
    if rank is not None:
        return f"{rank:,}"
    least = (ranking.least_ranks or {}).get(word)
    return None if least is None else f"> {least - 1:,}"


def _merged(ranking: Ranking) -> list[tuple[Answer, bool]]:
    """The answers and, marked by True, the excluded inputs, in the order of the ranks with the inputs included."""
    excluded = [answer for answer in ranking.inputs if ranking.query.exclude_inputs]
    waiting = sorted(excluded, key=lambda answer: math.inf if answer.rank is None else answer.rank, reverse=True)
    merged: list[tuple[Answer, bool]] = []
    for answer in ranking.results:
        while waiting and waiting[-1].rank is not None and waiting[-1].rank <= len(merged) + 1:
            merged.append((waiting.pop(), True))
        merged.append((answer, False))
    return merged + [(answer, True) for answer in reversed(waiting)]


def _expected(ranking: Ranking, expected: Expected) -> Text:
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


VIEWS: dict[type, Callable[[Any, Pen], Parts]] = {Ranking: _ranking}
