"""Ranks of the expected words of many questions, for all methods."""

from collections.abc import Sequence

import numpy as np

from embcli.errors import UsageProblem
from embcli.evaluation.pair_methods import formula_of_pairs
from embcli.evaluation.questions import PAIR_METHODS, CoveredQuestion, Ranked, Task, terms_of
from embcli.search.engine import search
from embcli.search.formulas import Cosines, Formula, PairDirections, ProductsOfCosines, SumsOfCosines
from embcli.search.settling import Search
from embcli.search.shared_terms import shares_terms
from embcli.vectors.arithmetic import NO_STEP, lengths, unit_rows
from embcli.vectors.space import VectorSpace


def rank_expected(spaces: Sequence[VectorSpace], task: Task) -> list[Ranked]:
    """The ranks of a task."""
    space = spaces[task.model]
    numbers, formula = _formula(space, task)
    ranked = [Ranked()] * len(task.questions)
    if formula is None:
        return ranked
    questions = [task.questions[number] for number in numbers]
    best = _best_expected(formula, questions)
    searches = [
        Search(1 + len(question.excluded) if task.answered else 0, tuple(dict.fromkeys((free, any_row))))
        for question, (free, any_row, _) in zip(questions, best, strict=True)
    ]
    found = search(space, formula, searches, task.top)
    for number, question, (free, any_row, ahead), one in zip(numbers, questions, best, found, strict=True):
        ranks = dict(zip((free, any_row), (place[0] for place in (one.places[0], one.places[-1])), strict=True))
        rank, rank_with_inputs = ranks[free], ranks[any_row]
        least_ranks = one.least_ranks or (None,)
        if _is_open(least_ranks[0], ahead) or _is_open(least_ranks[-1], 0):
            raise UsageProblem(
                f"{space.name} cannot be evaluated by {task.method}: its server leaves open which answer is the first",
                "use 3cosadd, a local model, or --vocab with fewer words",
            )
        rows = one.rows.tolist()
        ranked[number] = Ranked(
            None if rank is None or free in question.excluded else rank - ahead,
            rank_with_inputs,
            next((row for row in rows if row not in question.excluded), None),
            rows[0] if rows else None,
        )
    return ranked


def _is_open(least_rank: int | None, ahead: int) -> bool:
    """Whether a word of which only a lower bound of the rank is known may be the first beside `ahead` excluded ones."""
    return least_rank is not None and least_rank - ahead <= 1


def _best_expected(formula: Formula, questions: Sequence[CoveredQuestion]) -> list[tuple[int, int, int]]:
    """For each question: the best answer that is not an input, the best answer, and the inputs ranked above the first.

    If all answers are inputs, the first equals the second.
    """
    listed = [
        (number, row) for number, question in enumerate(questions) for row in question.answers + question.excluded
    ]
    pairs = np.array(listed, np.intp)
    scores = formula.rounded(formula.exact(pairs[:, 0], pairs[:, 1]))
    place = {pair: (-score, pair[1]) for pair, score in zip(listed, scores.tolist(), strict=True)}
    best = []
    for number, question in enumerate(questions):
        key = [(place[number, row], row) for row in question.answers]
        any_row = min(key)[1]
        free = min((one for one in key if one[1] not in question.excluded), default=(None, any_row))[1]
        ahead = sum(place[number, row] < place[number, free] for row in set(question.excluded))
        best.append((free, any_row, ahead))
    return best


def _formula(space: VectorSpace, task: Task) -> tuple[list[int], Formula | None]:
    """The numbers of the questions that the method can answer, and their formula."""
    if task.method in PAIR_METHODS:
        return formula_of_pairs(space, task)
    a, b, c = (unit_rows(space.float64([question.given[i] for question in task.questions])) for i in range(3))
    # As for a single question, a sum or a difference that is only rounding error has no direction.
    step = b - a if task.method == "pairdirection" else b - a + c
    numbers = np.flatnonzero(lengths(step) > NO_STEP).tolist()
    terms = [terms_of(task.questions[number]) for number in numbers]
    if not terms:
        return [], None
    if task.method == "3cosmul":
        return numbers, ProductsOfCosines(space, terms)
    if task.method == "pairdirection":
        return numbers, PairDirections(space, terms)
    vectors = step[numbers]
    return numbers, SumsOfCosines(space, terms, vectors) if shares_terms(terms) else Cosines(space, vectors)
