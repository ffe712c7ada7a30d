"""Ranks of the expected words of many questions, by any of the methods: the work of an evaluation.

Beside the methods of `analogy.py` there are two for a word c of a set of pairs (a → b), the other pairs of which
are known:

- 3cosavg: cos(v, ĉ + mean of b̂ - mean of â).
- lrcos: P(v is a b) · cos(v, c), with P by logistic regression on the unit vectors, the bs against the as and as
  many random words. Both: Drozd, Gladkova and Matsuoka, Word Embeddings, Analogies, and Machine Learning: Beyond
  king - man + woman = queen, COLING 2016.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from embcli.search.engine import Search, search
from embcli.search.formulas import (
    Cosines,
    Formula,
    LikelyCosines,
    PairDirections,
    ProductsOfCosines,
    SumsOfCosines,
    shares_terms,
)
from embcli.space import VectorSpace
from embcli.vectors.arithmetic import NO_STEP, Float64Array, lengths, unit_rows

TRIPLE_METHODS = ("3cosadd", "3cosmul", "pairdirection")
PAIR_METHODS = ("3cosavg", "lrcos")
# Questions that are answered together: those that share words, and those that do not.
SHARED, ALONE = 2048, 512
SEED = 1
# Newton's steps of a logistic regression; it takes some ten.
STEPS = 50
CONVERGED = 1e-10


class CoveredQuestion(NamedTuple):
    """A question by rows: the words given, all rows that are excluded (other spellings too), and the answers'."""

    given: tuple[int, ...]
    excluded: tuple[int, ...]
    answers: tuple[int, ...]


class Task(NamedTuple):
    """Questions for one model and method. pairs: for the methods that learn from pairs, all that are known."""

    model: int
    method: str
    top: int | None
    answered: bool  # whether the answers are wanted, beside the ranks
    questions: tuple[CoveredQuestion, ...]
    pairs: tuple[tuple[int, int], ...] = ()


class Ranked(NamedTuple):
    """The ranks of the best expected word, and the rows that answer; None for what the method cannot tell."""

    rank: int | None = None
    rank_with_inputs: int | None = None
    answer: int | None = None
    answer_with_inputs: int | None = None


def tasks_of(task: Task) -> Iterator[Task]:
    """A task in parts of bounded size."""
    terms = [_terms(question) for question in task.questions] if task.method == "3cosadd" else []
    size = SHARED if task.method in TRIPLE_METHODS and (not terms or shares_terms(terms)) else ALONE
    for first in range(0, len(task.questions), size):
        yield task._replace(questions=task.questions[first : first + size])


def rank_expected(spaces: Sequence[VectorSpace], task: Task) -> list[Ranked]:
    """The answers to a task."""
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
        rows = one.rows.tolist()
        ranked[number] = Ranked(
            None if rank is None or free in question.excluded else rank - ahead,
            rank_with_inputs,
            next((row for row in rows if row not in question.excluded), None),
            rows[0] if rows else None,
        )
    return ranked


def _best_expected(formula: Formula, questions: Sequence[CoveredQuestion]) -> list[tuple[int, int, int]]:
    """Of each question: its best answer that is no input, its best answer, and how many inputs are before the first.

    Where all answers are inputs, the first is the second.
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


def _terms(question: CoveredQuestion) -> list[tuple[int, float]]:
    a, b, c = question.given
    return [(b, 1.0), (a, -1.0), (c, 1.0)]


def _formula(space: VectorSpace, task: Task) -> tuple[list[int], Formula | None]:
    """The numbers of the questions that the method can answer, and their formula."""
    if task.method in PAIR_METHODS:
        return _formula_of_pairs(space, task)
    a, b, c = (unit_rows(space.float64([question.given[i] for question in task.questions])) for i in range(3))
    # As for a single question, a sum or a direction that is only rounding dust points nowhere.
    step = b - a if task.method == "pairdirection" else b - a + c
    numbers = np.flatnonzero(lengths(step) > NO_STEP).tolist()
    terms = [_terms(task.questions[number]) for number in numbers]
    if not terms:
        return [], None
    if task.method == "3cosmul":
        return numbers, ProductsOfCosines(space, terms)
    if task.method == "pairdirection":
        return numbers, PairDirections(space, terms)
    vectors = step[numbers]
    return numbers, SumsOfCosines(space, terms, vectors) if shares_terms(terms) else Cosines(space, vectors)


def _formula_of_pairs(space: VectorSpace, task: Task) -> tuple[list[int], Formula | None]:
    rows = np.array(task.pairs, np.intp).reshape(-1, 2)
    lefts, rights = unit_rows(space.float64(rows[:, 0])), unit_rows(space.float64(rows[:, 1]))
    generator = np.random.default_rng(SEED)
    others = unit_rows(space.float64(generator.integers(0, len(space.norms[: task.top]), len(rows))))
    numbers, vectors, weights = [], [], []
    for number, question in enumerate(task.questions):
        is_other = rows[:, 0] != question.given[0]  # a pair may not teach its own answer
        if not is_other.any():
            continue
        if task.method == "3cosavg":
            vector = unit_rows(space.float64(question.given))[0]
            vector = vector + rights[is_other].mean(axis=0) - lefts[is_other].mean(axis=0)
        else:
            weights.append(fit_logistic(rights[is_other], np.concatenate([lefts[is_other], others[is_other]])))
            vector = weights[-1][0]
        if lengths(vector[None])[0] > NO_STEP:
            numbers.append(number)
            vectors.append(vector)
        elif task.method == "lrcos":
            weights.pop()
    if not numbers:
        return [], None
    if task.method == "3cosavg":
        return numbers, Cosines(space, np.stack(vectors))
    tails = [task.questions[number].given[0] for number in numbers]
    return numbers, LikelyCosines(space, tails, np.stack(vectors), np.array([weight[1] for weight in weights]))


def fit_logistic(positive: Float64Array, negative: Float64Array) -> tuple[Float64Array, float]:
    """Weights [dim] and intercept of P(positive) = 1 / (1 + exp(-w · v - b)), by Newton's method.

    Minimises ½ ‖w‖² + the log loss, both classes weighing the same; scikit-learn's `LogisticRegression` with
    class_weight "balanced". Bishop, Pattern Recognition and Machine Learning, 2006, §4.3.3.
    """
    vectors = np.concatenate([positive, negative])
    inputs = np.hstack([vectors, np.ones((len(vectors), 1))])
    targets = np.concatenate([np.ones(len(positive)), np.zeros(len(negative))])
    shares = np.where(targets == 1, len(targets) / (2 * len(positive)), len(targets) / (2 * len(negative)))
    penalty = np.ones(inputs.shape[1])
    penalty[-1] = 0  # the intercept is free
    weights = np.zeros(inputs.shape[1])
    for _ in range(STEPS):
        likelihood = 1 / (1 + np.exp(-inputs @ weights))
        slope = inputs.T @ (shares * (likelihood - targets)) + penalty * weights
        curve = (inputs.T * (shares * likelihood * (1 - likelihood))) @ inputs + np.diag(penalty + 1e-12)
        step = np.linalg.solve(curve, slope)
        weights -= step
        if np.abs(step).max() < CONVERGED:
            break
    return weights[:-1], float(weights[-1])
