"""Accuracy on analogies with known answers, with coverage, confidence intervals and a random baseline.

Accuracy without coverage is misleading, because a model with a small vocabulary is asked fewer questions. Accuracy is
therefore reported for the covered questions and for all questions. Accuracy with the inputs excluded is misleading,
too, so accuracy with the inputs included is reported beside it. Several models are compared on the same questions,
those that all of them cover.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from embcli.errors import UsageProblem
from embcli.evaluation.baseline import compared
from embcli.evaluation.intervals import CONFIDENCE, of_paired_difference, of_proportion
from embcli.evaluation.question_sets import Section, choose_sections, read_analogies
from embcli.evaluation.questions import (
    PAIR_METHODS,
    Ranked,
    SectionQuestions,
    Task,
    rows_of_words,
)
from embcli.evaluation.ranks import rank_expected
from embcli.queries.analogy import ANALOGY_METHODS
from embcli.results.evaluations import Detail, Difference, Evaluation, EvaluationQuery, SectionScore
from embcli.results.model_card import ModelCard
from embcli.vectors.space import VectorSpace
from embcli.workers import Workers, processors

EVALUATED_METHODS = ANALOGY_METHODS + PAIR_METHODS
# Questions × rows above which workers save more time than they take to start.
SCORES_WORTH_PROCESSES = 500_000_000
# Prefix of the syntactic sections of Google's analogies; the others are semantic.
SYNTACTIC = "gram"
# Values of ranks in arrays: the question is not covered; the word has no rank.
NOT_COVERED, NO_RANK = -1, 0
NO_ROW = -1

Ints = np.ndarray[Any, np.dtype[np.int32]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]
# Progress callback: (questions done, fraction of total).
ReportQuestions = Callable[[int, float], None]


class Outcomes(NamedTuple):
    """The outcomes of questions, arrays [models, questions]: ranks, and the answering rows (empty unless requested)."""

    rank: Ints
    rank_with_inputs: Ints
    answer: Ints
    answer_with_inputs: Ints

    @classmethod
    def blank(cls, models: int, questions: int, *, answered: bool) -> "Outcomes":
        """Outcomes without any covered question."""
        shape, of_answers = (models, questions), (models, questions if answered else 0)
        ranks = [np.full(shape, NOT_COVERED, np.int32) for _ in range(2)]
        return cls(*ranks, *(np.full(of_answers, NO_ROW, np.int32) for _ in range(2)))

    @classmethod
    def of_sections(cls, sections: Sequence["Outcomes"]) -> "Outcomes":
        """The outcomes of several sections, concatenated."""
        return cls(*(np.concatenate(arrays, axis=1) for arrays in zip(*sections, strict=True)))

    def put(self, model: int, questions: Sequence[int], ranked: Sequence[Ranked]) -> None:
        """Store the outcomes of some questions."""
        absent = (NO_RANK, NO_RANK, NO_ROW, NO_ROW)
        for array, values, none in zip(self, zip(*ranked, strict=True), absent, strict=True):
            if array.shape[1]:
                array[model, questions] = [none if value is None else value for value in values]


def evaluate_analogies(
    spaces: VectorSpace | Sequence[VectorSpace],
    sections: Sequence[Section] | str | os.PathLike[str],
    *,
    questions: str = "",
    only: Sequence[str] | None = None,
    methods: Sequence[str] = ("3cosadd",),
    top: int | None = None,
    case_sensitive: bool = False,
    baseline: str | None = None,
    details: Callable[[Iterable[Detail]], None] | None = None,
    report: ReportQuestions | None = None,
) -> Evaluation:
    """Accuracy by section and in total, with the inputs excluded and included, for every model and method.

    spaces: one or several. sections: those of `read_analogies`, or the path of their file or folder. only: the names
    of the sections that are asked, if not all.

    For sections of word pairs, the methods of `solve_analogy` combine every two pairs into a question. Upper and lower
    case are not distinguished unless `case_sensitive`; the most frequent spelling is used, as in gensim's
    `evaluate_word_analogies`. top: restricts the vocabulary to the most frequent words. baseline: `random` adds a
    `RandomSpace`. details: a function that receives each question with its answers. report: a function that receives
    the progress. Raises UsageProblem.
    """
    if isinstance(sections, str | os.PathLike):
        questions = questions or os.path.basename(os.path.normpath(sections))
        sections = read_analogies(sections)
    sections = choose_sections(sections, only)
    if not sections:
        raise UsageProblem("there are no questions", "give the sections of a file: read_analogies(FILE)")
    for method in methods:
        if method not in EVALUATED_METHODS:
            raise UsageProblem(f'unknown method "{method}"', f"use one of {', '.join(EVALUATED_METHODS)}")
        if method in PAIR_METHODS and not sections[0].is_pairs:
            raise UsageProblem(
                f"{method} learns from pairs of words, but these are analogies",
                "give a file with a word and its answers per line, or use another method",
            )
    spaces = compared(spaces, top, baseline)
    words = {word for section in sections for item in section.items for word in chain(*item)}
    tables = [rows_of_words(space, words, top, case_sensitive) for space in spaces]
    asked = [SectionQuestions(section, method, tables) for method in methods for section in sections]
    outcomes = _ask(spaces, asked, top, details is not None, report)
    results: list[SectionScore] = []
    differences: list[Difference] = []
    for method in methods:
        of_method = [(one, outcome) for one, outcome in zip(asked, outcomes, strict=True) if one.method == method]
        groups = {name: Outcomes.of_sections(members) for name, members in _groups(of_method).items()}
        for model, space in enumerate(spaces):
            for name, group in groups.items():
                shared = (group.rank != NOT_COVERED).all(axis=0)
                results.append(_score(name, group, model, shared, space.name, method))
                if model and shared.any():
                    differences += _differences(name, group, model, shared, (space.name, spaces[0].name), method)
            if details is not None:
                details(_details(space, model, of_method))
    return Evaluation(
        schema="embcli.evaluate-analogies/1",
        model=_card(spaces[0]),
        query=EvaluationQuery(
            questions, tuple(methods), top, case_sensitive, baseline, CONFIDENCE, tuple(only) if only else None
        ),
        results=tuple(results),
        models=tuple(map(_card, spaces)),
        differences=tuple(differences),
    )


def _card(space: VectorSpace) -> ModelCard:
    """The card of an evaluated space; an approximate index of a server may miss the expected words."""
    return ModelCard.of(space, exact=space.index is None or space.index.is_exact)


def count_questions(sections: Sequence[Section], method: str) -> int:
    """The number of questions of a method for some sections, covered or not."""
    return sum(len(SectionQuestions(section, method, ())) for section in sections)


def _ask(
    spaces: Sequence[VectorSpace],
    asked: Sequence[SectionQuestions],
    top: int | None,
    answered: bool,
    report: ReportQuestions | None,
) -> list[Outcomes]:
    """The outcomes of the questions of each section; workers share large sets of questions."""
    outcomes = [Outcomes.blank(len(spaces), len(one), answered=answered) for one in asked]
    waiting: deque[tuple[int, int, list[int]]] = deque()  # section, model and questions of each unfinished task

    def tasks() -> Iterator[Task]:
        for section, one in enumerate(asked):
            for model in range(len(spaces)):
                for numbers, task in one.tasks(model, top, answered=answered):
                    waiting.append((section, model, numbers))
                    yield task

    total = sum(map(len, asked)) * len(spaces)
    count = processors() if total * max(map(len, spaces)) > SCORES_WORTH_PROCESSES else 1
    done = 0
    with Workers(Ranker(spaces), count) as workers:
        for ranked in workers.map(tasks()) if count > 1 else map(Ranker(spaces), tasks()):
            section, model, numbers = waiting.popleft()
            outcomes[section].put(model, numbers, ranked)
            done += len(numbers)
            if report is not None:
                report(done, done / total)
    if report is not None:
        report(done, 1.0)
    return outcomes


class Ranker:
    """`rank_expected` for given spaces, as an object that can be pickled."""

    def __init__(self, spaces: Sequence[VectorSpace]) -> None:
        self.spaces = spaces

    def __call__(self, task: Task) -> list[Ranked]:
        """The ranks of a task."""
        return rank_expected(self.spaces, task)


def _groups(sections: Sequence[tuple[SectionQuestions, Outcomes]]) -> dict[str, list[Outcomes]]:
    """The outcomes of each section, and those of each total."""
    groups: dict[str, list[Outcomes]] = {}
    kinds: dict[str, list[Outcomes]] = {"semantic": [], "syntactic": []}
    for section, outcomes in sections:
        groups.setdefault(section.name, []).append(outcomes)
        kinds["syntactic" if section.name.startswith(SYNTACTIC) else "semantic"].append(outcomes)
    if all(kinds.values()):
        groups |= kinds
    return groups | {"all": [outcomes for _, outcomes in sections]}


def _score(section: str, group: Outcomes, model: int, shared: Bools, name: str, method: str) -> SectionScore:
    """The figures of a section for a model; accuracy is on the shared questions, which all models cover."""
    rank, with_inputs = group.rank[model], group.rank_with_inputs[model]
    asked, covered = len(rank), int(shared.sum())
    correct, low, high, reciprocal = _figures(rank[shared])
    correct_with, low_with, high_with, reciprocal_with = _figures(with_inputs[shared])
    return SectionScore(
        section=section,
        asked=asked,
        covered=covered,
        correct=correct,
        accuracy=correct / covered if covered else None,
        accuracy_low=low,
        accuracy_high=high,
        accuracy_of_all=float((rank == 1).sum()) / asked if asked else 0.0,
        reciprocal_rank=reciprocal,
        correct_with_inputs=correct_with,
        accuracy_with_inputs=correct_with / covered if covered else None,
        accuracy_with_inputs_low=low_with,
        accuracy_with_inputs_high=high_with,
        accuracy_of_all_with_inputs=float((with_inputs == 1).sum()) / asked if asked else 0.0,
        reciprocal_rank_with_inputs=reciprocal_with,
        covered_by_model=int((rank != NOT_COVERED).sum()),
        model=name,
        method=method,
    )


def _figures(ranks: Ints) -> tuple[int, float | None, float | None, float | None]:
    """The number of ranks 1, the interval of their share, and the mean of 1 / rank, with 0 where there is no rank."""
    correct = int((ranks == 1).sum())
    if not len(ranks):
        return correct, None, None, None
    reciprocal = float((1 / ranks[ranks > NO_RANK]).sum()) / len(ranks)
    return (correct, *of_proportion(correct, len(ranks)), reciprocal)


def _differences(
    section: str, group: Outcomes, model: int, shared: Bools, names: tuple[str, str], method: str
) -> Iterator[Difference]:
    """The differences of a model's accuracy from that of the first model."""
    for figure, ranks in (("accuracy", group.rank), ("accuracy_with_inputs", group.rank_with_inputs)):
        one, first = ranks[model, shared] == 1, ranks[0, shared] == 1
        both, gained, lost = (int(some.sum()) for some in (one & first, one & ~first, ~one & first))
        low, high = of_paired_difference(both, gained, lost, len(one) - both - gained - lost)
        yield Difference(section, *names, figure, (gained - lost) / len(one), low, high, method)


def _details(space: VectorSpace, model: int, sections: Sequence[tuple[SectionQuestions, Outcomes]]) -> Iterator[Detail]:
    """The questions of all sections with their answers."""
    for section, outcomes in sections:
        columns = (array[model].tolist() for array in outcomes)
        for (words, answers), rank, with_inputs, free, any_row in zip(section, *columns, strict=True):
            yield Detail(
                schema="embcli.detail/1",
                section=section.name,
                words=words,
                expected=answers,
                covered=rank != NOT_COVERED,
                answer=None if free == NO_ROW else space.vocabulary[free],
                answer_with_inputs=None if any_row == NO_ROW else space.vocabulary[any_row],
                rank=rank if rank > NO_RANK else None,
                rank_with_inputs=with_inputs if with_inputs > NO_RANK else None,
                model=space.name,
                method=section.method,
            )
