"""95 % intervals by the bootstrap: what a figure would be on other questions of the same kind.

The questions are drawn anew, with replacement, as many as there are, RESAMPLES times; the interval leaves out the
2.5 % at either end. Efron, Bootstrap Methods: Another Look at the Jackknife, 1979. Draws are seeded, so that the
same questions give the same interval. Counts of right answers need no drawing question by question: they are
binomial, and what two models answer of the same questions is multinomial.
"""

from collections.abc import Callable, Sequence

import numpy as np

from embcli.space import Float64Array

RESAMPLES = 10_000
# Correlations are reckoned anew for each draw.
RESAMPLES_OF_PAIRS = 1000
SEED = 1
ENDS = (2.5, 97.5)

Interval = tuple[float, float]


def of_share(correct: int, count: int) -> Interval:
    """The interval of correct / count."""
    draws = np.random.default_rng(SEED).binomial(count, correct / count, RESAMPLES)
    return _ends(draws / count)


def of_difference(first: Sequence[bool], second: Sequence[bool]) -> Interval:
    """The interval of the share of right answers in the second, less that in the first, to the same questions."""
    a, b = np.array(first, bool), np.array(second, bool)
    gained, lost = np.count_nonzero(b & ~a) / len(a), np.count_nonzero(a & ~b) / len(a)
    draws = np.random.default_rng(SEED).multinomial(len(a), (gained, lost, 1 - gained - lost), RESAMPLES)
    return _ends((draws[:, 0] - draws[:, 1]) / len(a))


def of_statistic(statistic: Callable[[Float64Array], float | None], columns: Float64Array) -> Interval | None:
    """The interval of a statistic of columns [k, n] of n pairs, over the draws that have one; None if none has."""
    numbers = np.random.default_rng(SEED)
    count = columns.shape[1]
    draws = [statistic(columns[:, numbers.integers(0, count, count)]) for _ in range(RESAMPLES_OF_PAIRS)]
    values = np.array([value for value in draws if value is not None])
    return _ends(values) if len(values) else None


def _ends(values: Float64Array) -> Interval:
    low, high = np.percentile(values, ENDS)
    return float(low), float(high)
