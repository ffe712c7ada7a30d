"""95 % confidence intervals in closed form.

They treat the questions of a set as a random sample of all questions of its kind. Closed forms need no random numbers,
and unlike bootstrap intervals they do not shrink to a point where all answers are correct.
"""

from math import atanh, sqrt, tanh

# The normal distribution has 95 % of its mass within Z standard deviations.
CONFIDENCE = 0.95
Z = 1.959963984540054
# Intervals of correlations are approximations for large samples, so fewer pairs have no interval.
LEAST_PAIRS = 10

Interval = tuple[float, float]


def of_proportion(count: int, total: int) -> Interval:
    """Wilson's score interval of count / total, for 0 ≤ count ≤ total and total ≥ 1.

    (count + z²/2 ± z √(count (total - count) / total + z²/4)) / (total + z²): of_proportion(1, 1) = (0.207, 1).
    Wilson, Probable Inference, the Law of Succession, and Statistical Inference, JASA 22, 1927. For proportions of
    .01 … .99 and totals of 1 … 1,000 it covers the true proportion in 95.3 % of samples on average, in at least 80 %
    for a total of 1, and in at least 90 % for totals from 10 on.
    """
    middle = count + Z**2 / 2
    reach = Z * sqrt(count * (total - count) / total + Z**2 / 4)
    low, high = ((middle + side) / (total + Z**2) for side in (-reach, reach))
    return (0.0 if count == 0 else low), (1.0 if count == total else high)


def of_paired_difference(both: int, gained: int, lost: int, neither: int) -> Interval:
    """Newcombe's score interval of the gain (gained - lost) / n of one model over another on the same n questions.

    The four counts are the questions that both models answer, only the first, only the second, and neither. Wilson's
    intervals of the two proportions are combined by their correlation φ, corrected for continuity. Newcombe, Improved
    Confidence Intervals for the Difference between Binomial Proportions Based on Paired Data, Statistics in Medicine
    17, 1998, method 10: of_paired_difference(36, 12, 2, 0) = (0.057, 0.340).
    """
    total = both + gained + lost + neither
    p, q = (both + gained) / total, (both + lost) / total
    (p_low, p_high), (q_low, q_high) = of_proportion(both + gained, total), of_proportion(both + lost, total)
    product = (both + gained) * (lost + neither) * (both + lost) * (gained + neither)
    agreement = float(both * neither - gained * lost)
    if agreement > 0:
        agreement = max(agreement - total / 2, 0.0)
    phi = agreement / sqrt(product) if product else 0.0
    below = _combined(p - p_low, q_high - q, phi)
    above = _combined(p_high - p, q - q_low, phi)
    return p - q - below, p - q + above


def of_pearson(r: float, pairs: int) -> Interval | None:
    """Fisher's interval of Pearson's r: tanh(atanh r ± z / √(n - 3)); None below 10 pairs, and where r is 1 or -1.

    of_pearson(0.5, 100) = (0.337, 0.634). Fisher, On the Probable Error of a Coefficient of Correlation Deduced from a
    Small Sample, Metron 1, 1921.
    """
    return _of_correlation(r, pairs, 1.0)


def of_spearman(rho: float, pairs: int) -> Interval | None:
    """The same as `of_pearson`, with Bonett and Wright's variance of atanh ρ, (1 + ρ²/2) / (n - 3).

    of_spearman(0.5, 100) = (0.326, 0.641). Bonett and Wright, Sample Size Requirements for Estimating Pearson, Kendall
    and Spearman Correlations, Psychometrika 65, 2000.
    """
    return _of_correlation(rho, pairs, 1 + rho**2 / 2)


def of_correlation_difference(
    one: float, other: float, between: float, interval: Interval | None, other_interval: Interval | None
) -> Interval | None:
    """Zou's interval of one - other, correlations of two columns with a common third; None if either has no interval.

    between: the correlation of the two columns with each other. The two intervals are combined by the correlation of
    the estimates. Zou, Toward Using Confidence Intervals to Compare Correlations, Psychological Methods 12, 2007,
    eq. 15: r = .396 and .179 of 66 pairs, .088 between them, give (-0.093, 0.517).
    """
    if interval is None or other_interval is None:
        return None
    (low, high), (other_low, other_high) = interval, other_interval
    rest = 1 - one**2 - other**2 - between**2
    common = ((between - one * other / 2) * rest + between**3) / ((1 - one**2) * (1 - other**2))
    common = min(1.0, max(-1.0, common))
    below = _combined(one - low, other_high - other, common)
    above = _combined(high - one, other - other_low, common)
    return one - other - below, one - other + above


def _of_correlation(value: float, pairs: int, spread: float) -> Interval | None:
    if pairs < LEAST_PAIRS or abs(value) >= 1:
        return None
    reach = Z * sqrt(spread / (pairs - 3))
    return tanh(atanh(value) - reach), tanh(atanh(value) + reach)


def _combined(first: float, second: float, correlation: float) -> float:
    """The half-width of a difference's interval from those of its terms: √(a² - 2 φ a b + b²)."""
    return sqrt(max(0.0, first**2 - 2 * correlation * first * second + second**2))
