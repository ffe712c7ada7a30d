"""3CosAvg and LRCos: methods that complete a word c from known pairs (a → b) of the same relation.

- 3cosavg: cos(v, ĉ + mean of b̂ - mean of â).
- lrcos: P(v is a b) · cos(v, c), with P from logistic regression on the unit vectors, the bs against the as and an
  equal number of random words.

Both: Drozd, Gladkova and Matsuoka, Word Embeddings, Analogies, and Machine Learning: Beyond king - man + woman =
queen, COLING 2016.
"""

import numpy as np

from embcli.evaluation.questions import RANDOM_SEED, Task
from embcli.search.formulas import Cosines, Formula, LikelyCosines
from embcli.vectors.arithmetic import NO_STEP, Float64Array, lengths, unit_rows
from embcli.vectors.space import VectorSpace

# The most Newton steps of a logistic regression, which converges in about ten.
STEPS = 50
CONVERGED = 1e-10


def formula_of_pairs(space: VectorSpace, task: Task) -> tuple[list[int], Formula | None]:
    """The numbers of the questions that the method can answer, and their formula, if any."""
    rows = np.array(task.pairs, np.intp).reshape(-1, 2)
    lefts, rights = unit_rows(space.float64(rows[:, 0])), unit_rows(space.float64(rows[:, 1]))
    generator = np.random.default_rng(RANDOM_SEED)
    others = unit_rows(space.float64(generator.integers(0, space.searched(task.top), len(rows))))
    numbers, vectors, weights = [], [], []
    for number, question in enumerate(task.questions):
        is_other = rows[:, 0] != question.given[0]  # a pair is excluded from its own training set
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

    Minimises ½ ‖w‖² + the log loss, with equal total weight for both classes; the same as scikit-learn's
    `LogisticRegression` with class_weight "balanced". Bishop, Pattern Recognition and Machine Learning, 2006, §4.3.3.
    """
    vectors = np.concatenate([positive, negative])
    inputs = np.hstack([vectors, np.ones((len(vectors), 1))])
    targets = np.concatenate([np.ones(len(positive)), np.zeros(len(negative))])
    shares = np.where(targets == 1, len(targets) / (2 * len(positive)), len(targets) / (2 * len(negative)))
    penalty = np.ones(inputs.shape[1])
    penalty[-1] = 0  # the intercept is not penalised
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
