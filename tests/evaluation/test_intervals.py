"""Confidence intervals: published values and coverage of the true values."""

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import binom, rankdata

from embcli.evaluation.intervals import (
    LEAST_PAIRS,
    of_correlation_difference,
    of_paired_difference,
    of_pearson,
    of_proportion,
    of_spearman,
)

Floats = npt.NDArray[np.float64]


def near(*ends: float, within: float = 5e-4) -> object:
    return pytest.approx(ends, abs=within)


def test_a_proportion_has_wilsons_interval() -> None:
    assert of_proportion(1, 1) == near(0.207, 1.0)
    assert of_proportion(5, 5) == near(0.566, 1.0)
    assert of_proportion(0, 20) == near(0.0, 0.161)
    # Newcombe, Two-sided Confidence Intervals for the Single Proportion, 1998, table I, method 3.
    assert of_proportion(81, 263) == near(0.2553, 0.3662, within=5e-5)
    assert of_proportion(15, 148) == near(0.0624, 0.1605, within=5e-5)
    assert of_proportion(1, 29) == near(0.0061, 0.1718, within=5e-5)


def coverage_of_a_proportion(p: float, total: int) -> float:
    """The probability that the interval covers p, summed over all counts, without simulation."""
    counts = np.arange(total + 1)
    ends = np.array([of_proportion(int(count), total) for count in counts])
    holds = (ends[:, 0] <= p) & (p <= ends[:, 1])
    return float(binom.pmf(counts, total, p)[holds].sum())


def test_the_intervals_of_proportions_cover_the_truth_as_often_as_their_docstring_says() -> None:
    grid = {
        total: [coverage_of_a_proportion(p / 100, total) for p in range(1, 100)]
        for total in (1, 2, 3, 5, 10, 20, 30, 50, 100, 300, 1000)
    }
    everywhere = np.array(list(grid.values()))
    assert round(everywhere.mean(), 3) == 0.953
    assert everywhere.mean(axis=1).min() >= 0.94
    assert round(everywhere.min(), 2) == 0.80
    assert everywhere[4:].min() >= 0.90
    assert coverage_of_a_proportion(0.97, 30) > 0.93


def test_a_paired_difference_has_newcombes_interval() -> None:
    # Newcombe, Improved Confidence Intervals ... Paired Data, 1998, table II, method 10.
    assert of_paired_difference(36, 12, 2, 0) == near(0.0569, 0.3404, within=5e-5)
    gained, lost = of_paired_difference(10, 30, 5, 55), of_paired_difference(10, 5, 30, 55)
    assert gained == pytest.approx((-lost[1], -lost[0]))
    low, high = of_paired_difference(20, 0, 0, 0)  # the same answers to few questions do not prove equality
    assert low < -0.1
    assert high > 0.1


@pytest.mark.parametrize("total", [10, 30, 100])
def test_the_intervals_of_paired_differences_cover_the_truth(total: int) -> None:
    chance = np.random.default_rng(1998)
    covered = []
    for shares in ([0.4, 0.1, 0.1, 0.4], [0.1, 0.2, 0.05, 0.65], [0.85, 0.1, 0.02, 0.03], [0.02, 0.1, 0.01, 0.87]):
        truth = shares[1] - shares[2]
        draws, counts = np.unique(chance.multinomial(total, shares, 4000), axis=0, return_counts=True)
        ends = [of_paired_difference(*map(int, draw)) for draw in draws]
        covered.append(sum(n for n, (low, high) in zip(counts, ends, strict=True) if low <= truth <= high) / 4000)
    assert np.mean(covered) >= 0.94
    assert min(covered) >= 0.92


def test_a_correlation_has_fishers_interval_or_bonett_and_wrights() -> None:
    assert of_pearson(0.5, 100) == near(0.3366, 0.6341)
    assert of_spearman(0.5, 100) == near(0.3259, 0.6413)  # wider by √(1 + ρ²/2)
    assert of_pearson(0.0, 28) == near(-0.3729, 0.3729)  # tanh(1.96 / 5)


@pytest.mark.parametrize("interval_of", [of_pearson, of_spearman])
def test_few_pairs_and_perfect_agreement_have_no_interval(interval_of: object) -> None:
    assert callable(interval_of)
    assert interval_of(0.5, LEAST_PAIRS - 1) is None
    assert interval_of(0.5, LEAST_PAIRS) is not None
    assert interval_of(1.0, 100) is None
    assert interval_of(-1.0, 100) is None


def pearson_of_rows(a: Floats, b: Floats) -> Floats:
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    return np.asarray((a * b).sum(axis=1) / np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1)))


def test_the_intervals_of_correlations_cover_the_truth() -> None:
    chance = np.random.default_rng(1921)
    pearson, spearman = [], []
    for pairs in (10, 30, 100, 350):
        for r in (0.0, 0.3, 0.6, 0.9):
            a, noise = chance.standard_normal((2, 1000, pairs))
            b = r * a + np.sqrt(1 - r * r) * noise
            ends = [of_pearson(one, pairs) for one in pearson_of_rows(a, b).tolist()]
            pearson.append(np.mean([one is not None and one[0] <= r <= one[1] for one in ends]))
            rho = 6 / np.pi * np.arcsin(r / 2)  # of a normal population
            ranks = rankdata(a, axis=1), rankdata(b, axis=1)
            ends = [of_spearman(one, pairs) for one in pearson_of_rows(*ranks).tolist()]
            spearman.append(np.mean([one is not None and one[0] <= rho <= one[1] for one in ends]))
    assert np.mean(pearson) >= 0.94
    assert np.mean(spearman) >= 0.94
    assert min(pearson + spearman) >= 0.92


def test_a_difference_of_correlations_has_zous_interval() -> None:
    # Zou 2007, p. 409: r = .396 and .179 with the same third variable, .088 with each other, 66 people.
    intervals = of_pearson(0.396, 66), of_pearson(0.179, 66)
    assert of_correlation_difference(0.396, 0.179, 0.088, *intervals) == near(-0.093, 0.517)
    assert of_correlation_difference(0.396, 0.179, 0.088, None, intervals[1]) is None
    # The more similar two models are, the narrower the interval of their difference.
    wide = of_correlation_difference(0.5, 0.45, 0.3, of_pearson(0.5, 200), of_pearson(0.45, 200))
    narrow = of_correlation_difference(0.5, 0.45, 0.95, of_pearson(0.5, 200), of_pearson(0.45, 200))
    assert wide is not None
    assert narrow is not None
    assert narrow[1] - narrow[0] < (wide[1] - wide[0]) / 2
