"""How well vectors complete analogies whose answers are known, told with coverage, intervals and a control.

A figure without its coverage flatters: a model that knows few words is asked few questions. So accuracy is told
of the questions that are covered and of all. One figure with the inputs barred flatters, too: it is told with the
inputs allowed beside it. Several models are asked the same questions: those that all of them cover.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain

import numpy as np

from embcli import resampling
from embcli.answering import PAIR_METHODS, TRIPLE_METHODS, Ranked, Ready, Task, rank_expected, tasks_of
from embcli.errors import InputOutputProblem, UsageProblem
from embcli.evaluations import Detail, Difference, Evaluation, EvaluationQuery, SectionScore
from embcli.question_sets import Section
from embcli.results import ModelCard
from embcli.space import VectorSpace, row_norms
from embcli.workers import WorkerLost, Workers, processors

METHODS = TRIPLE_METHODS + PAIR_METHODS
BASELINES = ("random",)
# Questions × rows above which starting other processes takes less time than it saves.
WORTH_SHARING = 500_000_000
# The sections of Google's analogies that are about grammar begin so; the others are about meaning.
SYNTACTIC = "gram"
TOTALS = ("semantic", "syntactic", "all")

# Told the questions that are done, and which share of all that is.
Report = Callable[[int, float], None]
# A word of a question → the rows that stand for it, the most frequent first.
RowsOfWords = Mapping[str, tuple[int, ...]]


class RandomSpace(VectorSpace):
    """The words of another space with random vectors of the same shape: what chance scores."""

    def __init__(self, like: VectorSpace) -> None:
        vectors = np.random.default_rng(resampling.SEED).standard_normal((len(like), like.dim), np.float32)
        super().__init__(vectors, row_norms(vectors), like.vocabulary, "random")
        self._like = like

    def __reduce__(self) -> tuple[type["RandomSpace"], tuple[VectorSpace]]:
        """Another process draws the same vectors."""
        return RandomSpace, (self._like,)


class Asked:
    """The questions of a section, by rows for each model, and which of them every model covers."""

    def __init__(self, section: Section, method: str, tables: Sequence[RowsOfWords]) -> None:
        self.name = f"{section.name} (section)" if section.name in TOTALS else section.name
        items = section.items
        if section.is_pairs and method in TRIPLE_METHODS:  # a is to b as c is to ?, of every two pairs
            known = [
                next((a for a in item.answers if all(a in table for table in tables)), item.answers[0])
                for item in items
            ]
            asked = [((*one.words, answer, *other.words), other.answers)
                     for one, answer in zip(items, known, strict=True) for other in items if one != other]  # fmt: skip
        else:
            asked = [(item.words, item.answers) for item in items]
        self.words, self.answers = [words for words, _ in asked], [answers for _, answers in asked]
        self.pairs = [_pairs(section, table) if method in PAIR_METHODS else () for table in tables]
        self.ready = [
            [_ready(words, answers, table, pairs) for words, answers in asked]
            for table, pairs in zip(tables, self.pairs, strict=True)
        ]

    def questions(self, model: int) -> tuple[Ready, ...]:
        """The questions that a model covers."""
        return tuple(one for one in self.ready[model] if one is not None)

    def outcomes(self, model: int, ranked: Iterable[Ranked]) -> list[Ranked | None]:
        """The outcome of every question, from those of the ones that the model covers; None for the others."""
        answers = iter(ranked)
        return [None if one is None else next(answers) for one in self.ready[model]]


def evaluate_analogies(
    spaces: Sequence[VectorSpace],
    sections: Sequence[Section],
    *,
    questions: str = "",
    methods: Sequence[str] = ("3cosadd",),
    top: int | None = None,
    case_sensitive: bool = False,
    baseline: str | None = None,
    details: Callable[[Iterable[Detail]], None] | None = None,
    report: Report | None = None,
) -> Evaluation:
    """Accuracy by section and in total, with the inputs barred and allowed, for every model and method.

    Of pairs, the methods of `solve_analogy` get every two pairs of a section as a question. A word may be spelled in
    other cases unless `case_sensitive`; the most frequent spelling stands for it (gensim's
    `evaluate_word_analogies`). top: only the most frequent words are known and searched. baseline: `random` adds a
    `RandomSpace`. details: is given each question with its answers. UsageProblem.
    """
    for method in methods:
        if method not in METHODS:
            raise UsageProblem(f'there is no method "{method}"', f"one of {', '.join(METHODS)}")
        if method in PAIR_METHODS and not sections[0].is_pairs:
            raise UsageProblem(
                f"{method} learns from pairs of words, and these are analogies",
                "give a file with a word and its answers a line, or take another method",
            )
    spaces = compared(spaces, top, baseline)
    words = {word for section in sections for item in section.items for word in chain(*item)}
    tables = [rows_of_words(space, words, top, case_sensitive) for space in spaces]
    asked = {method: [Asked(section, method, tables) for section in sections] for method in methods}
    tasks = [
        (method, model, number, part)
        for method in methods
        for model in range(len(spaces))
        for number, section in enumerate(asked[method])
        for part in tasks_of(
            Task(model, method, top, details is not None, section.questions(model), section.pairs[model])
        )
    ]
    ranked: dict[tuple[str, int, int], list[Ranked]] = {}
    for (method, model, number, _), some in zip(tasks, _answers(spaces, [t[-1] for t in tasks], report), strict=True):
        ranked.setdefault((method, model, number), []).extend(some)
    results: list[SectionScore] = []
    differences: list[Difference] = []
    for method in methods:
        outcomes = [
            [
                section.outcomes(model, ranked.get((method, model, number), ()))
                for number, section in enumerate(asked[method])
            ]
            for model in range(len(spaces))
        ]
        for model, space in enumerate(spaces):
            for name, members in _groups(asked[method]).items():
                of_all = [[one for number in members for one in of_model[number]] for of_model in outcomes]
                shared = [questions for questions in zip(*of_all, strict=True) if None not in questions]
                mine = [questions[model] for questions in shared]
                results.append(_score(name, of_all[model], mine, space.name, method))
                if model and shared:
                    of_first = [questions[0] for questions in shared]
                    differences += _differences(name, space.name, spaces[0].name, method, of_first, mine)
            if details is not None:
                details(_details(space, method, asked[method], outcomes[model]))
    return Evaluation(
        schema="embcli.evaluate/1",
        model=card(spaces[0]),
        query=EvaluationQuery(
            questions, tuple(methods), top, case_sensitive, baseline, resampling.RESAMPLES, resampling.SEED
        ),
        results=tuple(results),
        models=tuple(map(card, spaces)),
        differences=tuple(differences),
    )


def compared(spaces: Sequence[VectorSpace], top: int | None, baseline: str | None) -> list[VectorSpace]:
    """The models that are compared: those given, and a baseline. UsageProblem."""
    if top is not None and top < 1:
        raise UsageProblem(f"top must be at least 1, not {top}", "for example top 300000")
    if baseline is None:
        return list(spaces)
    if baseline not in BASELINES:
        raise UsageProblem(f'there is no baseline "{baseline}"', f"one of {', '.join(BASELINES)}")
    return [*spaces, RandomSpace(spaces[0])]


def rows_of_words(space: VectorSpace, words: Iterable[str], top: int | None, case_sensitive: bool) -> RowsOfWords:
    """The rows that stand for words, the most frequent first: of that word, or of all its spellings in other cases."""
    if case_sensitive:
        found = {word: space.vocabulary.find(word) for word in words}
        return {word: (row,) for word, row in found.items() if row is not None and (top is None or row < top)}
    upper = {word: word.upper() for word in words}
    wanted = set(upper.values())
    rows: dict[str, tuple[int, ...]] = {}
    for row, word in enumerate(space.vocabulary.first(top)):
        if (folded := word.upper()) in wanted:
            rows[folded] = (*rows.get(folded, ()), row)
    return {word: rows[folded] for word, folded in upper.items() if folded in rows}


def card(space: VectorSpace) -> ModelCard:
    """What is told of a model."""
    return ModelCard(space.name, len(space), space.dim)


def _ready(
    words: Sequence[str], answers: Sequence[str], table: RowsOfWords, pairs: Sequence[tuple[int, int]]
) -> Ready | None:
    """A question by rows; None if a word, or every answer, is not in the vocabulary, or no other pair teaches it."""
    given = [table.get(word) for word in words]
    expected = [row for answer in answers for row in table.get(answer, ())]
    if not expected or not all(given):
        return None
    barred = [row for rows in given if rows for row in rows]
    if pairs and all(left == barred[0] for left, _ in pairs):
        return None
    return Ready(tuple(rows[0] for rows in given if rows), tuple(dict.fromkeys(barred)), tuple(dict.fromkeys(expected)))


def _pairs(section: Section, table: RowsOfWords) -> tuple[tuple[int, int], ...]:
    """The pairs of a section by rows, with the first answer that is in the vocabulary."""
    pairs = []
    for (word,), answers in section.items:
        left = table.get(word)
        right = next((table[answer] for answer in answers if answer in table), None)
        if left and right:
            pairs.append((left[0], right[0]))
    return tuple(pairs)


def _answers(spaces: Sequence[VectorSpace], tasks: Sequence[Task], report: Report | None) -> Iterator[list[Ranked]]:
    """The answers to all tasks, by several processes when there is much to do."""
    total = sum(len(task.questions) for task in tasks)
    count = processors() if total * max(map(len, spaces)) > WORTH_SHARING else 1
    done = 0
    try:
        with Workers(Ranker(spaces), count if count > 1 else 0) as workers:
            for task, ranked in zip(
                tasks, workers.map(tasks) if count > 1 else map(Ranker(spaces), tasks), strict=True
            ):
                done += len(task.questions)
                if report is not None:
                    report(done, done / total)
                yield ranked
    except WorkerLost as error:
        raise InputOutputProblem("a process that shared the work was killed", "is there enough memory?") from error


class Ranker:
    """`rank_expected` in given spaces."""

    def __init__(self, spaces: Sequence[VectorSpace]) -> None:
        self.spaces = spaces

    def __call__(self, task: Task) -> list[Ranked]:
        """The answers to a task."""
        return rank_expected(self.spaces, task)


def _groups(asked: Sequence[Asked]) -> dict[str, list[int]]:
    """Each section, and the totals, as numbers of sections."""
    groups: dict[str, list[int]] = {}
    for number, section in enumerate(asked):
        groups.setdefault(section.name, []).append(number)
    syntactic = [number for number, section in enumerate(asked) if section.name.startswith(SYNTACTIC)]
    semantic = [number for number in range(len(asked)) if number not in syntactic]
    if syntactic and semantic:
        groups |= {"semantic": semantic, "syntactic": syntactic}
    return groups | {"all": list(range(len(asked)))}


def _score(
    section: str, own: Sequence[Ranked | None], shared: Sequence[Ranked], model: str, method: str
) -> SectionScore:
    """The figures of a section. own: what became of all its questions; shared: of those that all models cover."""
    correct, low, high, reciprocal = _figures([one.rank for one in shared])
    with_inputs, low_with, high_with, reciprocal_with = _figures([one.rank_with_inputs for one in shared])
    asked, covered = len(own), len(shared)
    known = [one for one in own if one is not None]
    return SectionScore(
        section=section,
        asked=asked,
        covered=covered,
        correct=correct,
        accuracy=correct / covered if covered else None,
        accuracy_low=low,
        accuracy_high=high,
        accuracy_of_all=sum(one.rank == 1 for one in known) / asked if asked else 0.0,
        reciprocal_rank=reciprocal,
        correct_with_inputs=with_inputs,
        accuracy_with_inputs=with_inputs / covered if covered else None,
        accuracy_with_inputs_low=low_with,
        accuracy_with_inputs_high=high_with,
        accuracy_of_all_with_inputs=sum(one.rank_with_inputs == 1 for one in known) / asked if asked else 0.0,
        reciprocal_rank_with_inputs=reciprocal_with,
        covered_by_model=len(known),
        model=model,
        method=method,
    )


def _figures(ranks: Sequence[int | None]) -> tuple[int, float | None, float | None, float | None]:
    """How many are 1, the ends of that share's interval, and the mean of 1 / rank (0 where there is no rank)."""
    correct = sum(rank == 1 for rank in ranks)
    if not ranks:
        return correct, None, None, None
    reciprocal = sum(1 / rank for rank in ranks if rank is not None) / len(ranks)
    return (correct, *resampling.of_share(correct, len(ranks)), reciprocal)


def _differences(
    section: str, model: str, against: str, method: str, first: Sequence[Ranked], second: Sequence[Ranked]
) -> Iterator[Difference]:
    for figure, field in (("accuracy", "rank"), ("accuracy_with_inputs", "rank_with_inputs")):
        a, b = ([getattr(one, field) == 1 for one in ranks] for ranks in (first, second))
        low, high = resampling.of_difference(a, b)
        yield Difference(section, model, against, figure, (sum(b) - sum(a)) / len(a), low, high, method)


def _details(
    space: VectorSpace, method: str, asked: Sequence[Asked], outcomes: Sequence[Sequence[Ranked | None]]
) -> Iterator[Detail]:
    """Each question of all sections, with its answers."""
    for section, ranked in zip(asked, outcomes, strict=True):
        for words, answers, one in zip(section.words, section.answers, ranked, strict=True):
            rank = one or Ranked()
            free, any_word = (
                None if row is None else space.vocabulary[row] for row in (rank.answer, rank.answer_with_inputs)
            )
            yield Detail(
                "embcli.detail/1", section.name, words, answers, one is not None, free, any_word, rank.rank,
                rank.rank_with_inputs, space.name, method,
            )  # fmt: skip
