"""The answers of several models to one question, side by side in one table.

A word that a model does not have is shown as missing there; so is the answer of a model that lacks a word of the
expression.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rich.text import Text

from embcli.errors import EmbcliError
from embcli.render.analogy import rank_with_inputs, ranking_facts
from embcli.render.drawing import Cell, Column, Grid, Parts, Pen, cosine, digits, headline, word
from embcli.render.predict import target_of
from embcli.render.printable import printable
from embcli.render.printing import print_parts
from embcli.render.project import order_of, projection_facts
from embcli.render.readable import readable
from embcli.render.similarity import MEAN_COSINE, SIGN_LEGEND
from embcli.render.softmax import softmax_facts
from embcli.results.analogy import Ranking
from embcli.results.predict import Prediction
from embcli.results.project import Projections
from embcli.results.similarity import GroupSimilarities, OddOneOut, Similarities
from embcli.results.softmax import Distribution
from embcli.results.tokens import Tokens

Answers = Sequence[tuple[str, Any]]  # names of models, each with its record or its EmbcliError
NO_VALUE = "missing"


def side_by_side(answers: Answers, *, in_words: bool = False, on_slide: bool = False) -> str:
    """The records of the same question by several models, or their errors, as text for the terminal.

    At least one of them is a record. on_slide: for `slide.slide`.
    """
    answers = [(name, readable(record)) for name, record in answers]
    first = next(record for _, record in answers if not isinstance(record, EmbcliError))
    return print_parts(
        lambda pen: [*_heading(first, answers, pen), *VIEWS[type(first)](answers, pen)],
        in_words=in_words,
        on_slide=on_slide,
    )


def _heading(first: Any, answers: Answers, pen: Pen) -> Parts:
    """The question, its settings, and the models with what each reports about the words."""
    title, settings = (
        getattr(first.query, "expression", getattr(first.query, "text", None)),
        pen.separator.join(filter(None, SETTINGS[type(first)](first))),
    )
    parts: Parts = [Text(printable(title), style="bold")] if title else []
    parts += [Text(settings)] if settings else []
    for name, record in answers:
        if isinstance(record, EmbcliError):
            parts.append(Text(f"{printable(name)}: {printable(record.message)}", style="bold red"))
            continue
        _, *reports = headline(pen, "", (pen.model(record.model),), record.query)
        parts += [Text(pen.model(record.model)), *reports[:-1]]
    return [*parts, Text()]


def _rankings(answers: Answers, pen: Pen) -> Parts:
    heading = next(record.query.metric for _, record in _answered(answers))
    parts: Parts = [_columns_of_words(answers, heading, "score")]
    inputs = _union(
        one.word for _, record in _answered(answers) if record.query.exclude_inputs for one in record.inputs
    )
    if inputs:
        shown = Grid(Column("excluded input", words=True), *(Column(_title(name), right=True) for name, _ in answers))
        for text in inputs:
            shown.add(word(text), *(_rank_of(text, record) for _, record in answers))
        parts += [Text(), shown]
    expected = [(name, record.expected) for name, record in _answered(answers) if record.expected is not None]
    if expected:
        shown = Grid(Column("model", words=True), Column("expected", words=True), Column("rank", right=True),
                     Column("with inputs", right=True), Column("score", right=True))  # fmt: skip
        for name, one in expected:
            ranks = ("-" if rank is None else f"{rank:,}" for rank in (one.rank, one.rank_with_inputs))
            style = "bold green" if one.rank == 1 else "bold red"
            shown.add(printable(name), word(one.word, style), *ranks, digits(one.score))
        parts += [Text(), shown]
    return parts


def _rank_of(text: str, record: Any) -> Cell:
    """The rank that an excluded input would have had in a model."""
    if isinstance(record, EmbcliError):
        return NO_VALUE
    return next((rank_with_inputs(record, one) for one in record.inputs if one.word == text), "-")


def _projections(answers: Answers, pen: Pen) -> Parts:
    parts: Parts = []
    records = [record for _, record in _answered(answers)]
    if records[0].query.scan:
        parts.append(_columns_of_words(answers, "cosine", "cosine"))
    elif any(record.results for record in records):
        found = [_by(record, "results", lambda one: one.word) for _, record in answers]
        shown = Grid(Column("word", words=True), *_pairs_of_columns(answers, "dot", "cosine"))
        for text in _union(text for one in found for text in one):
            cells = [
                (digits(one[text].dot, "+"), cosine(one[text].cosine, "+")) if text in one else ("", NO_VALUE)
                for one in found
            ]
            shown.add(word(text), *(cell for pair in cells for cell in pair))
        parts += [shown, Text(), Text("by model: dot product with the direction, cosine")]
    if any(record.pairs is not None for record in records):
        found = [_by(record, "pairs", lambda one: (one.low, one.high)) for _, record in answers]
        shown = Grid(
            Column("low", words=True), Column("high", words=True), *(Column(_title(name)) for name, _ in answers)
        )
        for low, high in _union(pair for one in found for pair in one):
            verdicts = (_verdict(one.get((low, high))) for one in found)
            shown.add(word(low), word(high), *verdicts)
        parts += [*([Text()] if parts else []), shown, Text()]
        parts += [
            Text(f"{printable(name)}: {record.separation:.1%} of the pairs in order, AUC {record.auc:.4f}")
            for name, record in _answered(answers)
            if record.pairs
        ]
    return parts


def _verdict(pair: Any) -> Cell:
    if pair is None:
        return Text(NO_VALUE)
    return order_of(pair)


def _similarities(answers: Answers, pen: Pen) -> Parts:
    found = [_by(record, "results", lambda one: (one.a, one.b)) for _, record in answers]
    shown = Grid(
        Column("a", words=True), Column("b", words=True), *(Column(_title(name), right=True) for name, _ in answers)
    )
    for a, b in _union(pair for one in found for pair in one):
        cells = (cosine(one[a, b].cosine, "+") if (a, b) in one else NO_VALUE for one in found)
        shown.add(word(a), word(b), *cells)
    return [shown, Text(), Text(SIGN_LEGEND)]


def _groups(answers: Answers, pen: Pen) -> Parts:
    found = [_by(record, "results", lambda one: (one.a, one.b)) for _, record in answers]
    titles = (Column(_title(name), right=True) for name, _ in answers)
    shown = Grid(Column("group", words=True), Column("mean cosine with", words=True), *titles)
    for a, b in _union(pair for one in found for pair in one):
        cells = (cosine(one[a, b].mean, "+") if (a, b) in one else NO_VALUE for one in found)
        shown.add(word(a), word("itself", "") if a == b else word(b), *cells)
    return [shown]


def _odd(answers: Answers, pen: Pen) -> Parts:
    verdict = pen.separator.join(f"{printable(name)}: {printable(record.odd)}" for name, record in _answered(answers))
    return [_columns_of_words(answers, "cosine", "score"), Text(), Text(f"odd: {verdict}")]


def _distributions(answers: Answers, pen: Pen) -> Parts:
    found = [_by(record, "results", lambda one: one.word) for _, record in answers]
    records = [record for _, record in _answered(answers)]
    parts: Parts = []
    for place, temperature in enumerate(records[0].query.temperatures):
        heading = f"T = {temperature:g}"
        shown = Grid(Column(heading, words=True), *(Column(_title(name), right=True) for name, _ in answers))
        for text in _union(text for one in found for text in one):
            cells = (f"{one[text].probabilities[place]:.4f}" if text in one else NO_VALUE for one in found)
            shown.add(word(text), *cells)
        bits = ("" if isinstance(record, EmbcliError) else f"{record.entropy[place]:.4f}" for _, record in answers)
        shown.add_summary("entropy (bits)", *bits)
        parts += [*([Text()] if parts else []), shown]
    return parts


def _columns_of_words(answers: Answers, heading: str, field: str) -> Grid:
    """The ranked words of each model in a column of its own, with a field as their score."""
    lists = [
        [] if isinstance(record, EmbcliError) else [(one.word, getattr(one, field)) for one in record.results]
        for _, record in answers
    ]
    columns = [(Column(_title(name), words=True), Column(heading, right=True, rank=1)) for name, _ in answers]
    shown = Grid(Column("rank", right=True), *(column for pair in columns for column in pair))
    for place in range(max(map(len, lists))):
        cells: list[Cell] = []
        for ranked, (_, record) in zip(lists, answers, strict=True):
            if place < len(ranked):
                text, score = ranked[place]
                cells += [word(text), cosine(score) if heading == "cosine" else digits(score)]
            else:
                is_missing = place == 0 and isinstance(record, EmbcliError)
                cells += [Text(NO_VALUE) if is_missing else "", ""]
        shown.add(str(place + 1), *cells)
    return shown


def _pairs_of_columns(answers: Answers, first: str, second: str) -> Iterable[Column]:
    for name, _ in answers:
        yield Column(f"{_title(name)} {first}", right=True, rank=1)
        yield Column(f"{_title(name)} {second}", right=True)


def _predictions(answers: Answers, pen: Pen) -> Parts:
    """The tokens of each model with their probabilities."""
    records = [record for _, record in _answered(answers)]
    temperatures = records[0].query.temperatures
    columns = [Column("rank", right=True)]
    for name, _ in answers:
        columns.append(Column(_title(name), words=True))
        columns += [Column(f"T = {temperature:g}", right=True, rank=1) for temperature in temperatures]
    shown = Grid(*columns)
    for place in range(max(len(record.results) for record in records)):
        cells: list[Cell] = []
        for _, record in answers:
            if isinstance(record, EmbcliError) or place >= len(record.results):
                missing = NO_VALUE if isinstance(record, EmbcliError) and place == 0 else ""
                cells += [missing, *([""] * len(temperatures))]
            else:
                one = record.results[place]
                cells += [word(one.token), *(f"{p:.4f}" for p in one.probabilities)]
        shown.add(str(place + 1), *cells)
    return [shown]


def _tokens(answers: Answers, pen: Pen) -> Parts:
    """The tokens of each model in a column of its own."""
    lists = [[] if isinstance(record, EmbcliError) else [one.token for one in record.results] for _, record in answers]
    columns = [Column(_title(name), words=True) for name, _ in answers]
    shown = Grid(Column("position", right=True, rank=1), *columns)
    for place in range(max(map(len, lists))):
        shown.add(str(place), *(word(tokens[place]) if place < len(tokens) else "" for tokens in lists))
    shown.add_summary("tokens", *(str(len(tokens)) if tokens else NO_VALUE for tokens in lists))
    return [shown]


def _answered(answers: Answers) -> list[tuple[str, Any]]:
    return [(name, record) for name, record in answers if not isinstance(record, EmbcliError)]


def _by(record: Any, field: str, key: Callable[[Any], Any]) -> dict[Any, Any]:
    """The results of a record by a key; none for an error."""
    return {} if isinstance(record, EmbcliError) else {key(one): one for one in getattr(record, field) or ()}


def _union(items: Iterable[Any]) -> list[Any]:
    """The different items in the order of their first appearance."""
    return list(dict.fromkeys(items))


def _title(name: str) -> str:
    return printable(name)


# The settings of a question, which are the same for all models.
SETTINGS: dict[type, Callable[[Any], tuple[str | None, ...]]] = {
    Ranking: ranking_facts,
    Projections: projection_facts,
    Similarities: lambda _: ("cosine",),
    GroupSimilarities: lambda _: ("cosine",),
    OddOneOut: lambda _: (MEAN_COSINE,),
    Distribution: softmax_facts,
    Prediction: target_of,
    Tokens: lambda _: (),
}
VIEWS: dict[type, Callable[[Answers, Pen], Parts]] = {
    Ranking: _rankings,
    Projections: _projections,
    Similarities: _similarities,
    GroupSimilarities: _groups,
    OddOneOut: _odd,
    Distribution: _distributions,
    Prediction: _predictions,
    Tokens: _tokens,
}
