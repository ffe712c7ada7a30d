"""Correlation of cosines with human ratings of word similarity.

Spearman's ρ is the usual measure (Finkelstein et al., Placing Search in Context, 2002, for WordSim-353; Hill, Reichart
and Korhonen, SimLex-999, 2015); Pearson's r is reported as well, as in gensim's `evaluate_word_pairs`.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from embcli.evaluation.baseline import compared
from embcli.evaluation.intervals import CONFIDENCE, Interval, of_correlation_difference, of_pearson, of_spearman
from embcli.evaluation.questions import rows_of_words
from embcli.evaluation.ratings import Rating, read_rating_sets
from embcli.results.evaluations import Correlation, Correlations, Difference, RatingsQuery
from embcli.results.model_card import ModelCard
from embcli.vectors.arithmetic import Float64Array, round_cosines, unit_cosines, unit_rows
from embcli.vectors.space import VectorSpace

# Columns whose range is below this fraction of the largest number are constant up to rounding errors.
CONSTANT = 1e-12

Statistic = Callable[[Float64Array, Float64Array], float | None]


def evaluate_similarity(
    spaces: VectorSpace | Sequence[VectorSpace],
    sets: Mapping[str, Sequence[Rating]] | str | os.PathLike[str],
    *,
    top: int | None = None,
    case_sensitive: bool = False,
    baseline: str | None = None,
) -> Correlations:
    """Spearman's ρ and Pearson's r of each model's cosines and the ratings of each set, with coverage and intervals.

    spaces: one or several. sets: ratings by name, or the path of a file or folder of ratings.

    Only pairs that all models cover are used. The options are those of `evaluate_analogies`. Raises UsageProblem.
    """
    if isinstance(sets, str | os.PathLike):
        sets = {name: one.ratings for name, one in read_rating_sets(sets).items()}
    spaces = compared(spaces, top, baseline)
    words = {word for ratings in sets.values() for rating in ratings for word in rating[:2]}
    tables = [rows_of_words(space, words, top, case_sensitive) for space in spaces]
    results: list[Correlation] = []
    differences: list[Difference] = []
    for name, ratings in sets.items():
        covered = [rating for rating in ratings if all(rating.a in table and rating.b in table for table in tables)]
        people = np.array([rating.score for rating in covered])
        first = np.zeros(0)
        for model, (space, table) in enumerate(zip(spaces, tables, strict=True)):
            left, right = (
                unit_rows(space.float64([table[word][0] for word in column]))
                for column in ([rating.a for rating in covered], [rating.b for rating in covered])
            )
            cosines = round_cosines(unit_cosines(left, right))  # removes rounding errors
            results.append(_correlation(name, len(ratings), people, cosines, space.name))
            if model == 0:
                first = cosines
            else:
                differences += _differences(name, space.name, spaces[0].name, people, first, cosines)
    return Correlations(
        schema="embcli.evaluate-similarity/1",
        model=ModelCard.of(spaces[0]),
        query=RatingsQuery(tuple(sets), top, case_sensitive, baseline, CONFIDENCE),
        results=tuple(results),
        models=tuple(map(ModelCard.of, spaces)),
        differences=tuple(differences),
    )


def pearson(a: Float64Array, b: Float64Array) -> float | None:
    """Pearson's r of two columns [n]: Σ (a - ā)(b - b̄) / √(Σ (a - ā)² Σ (b - b̄)²); None if one is constant.

    pearson(np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0])) = 0.5. Computed by SciPy's `pearsonr`.
    """
    if len(a) < 2:
        return None
    # Scaling does not change r; scaled by the largest number, no difference overflows.
    a, b = (column / (np.abs(column).max() or 1.0) for column in (a, b))
    if min(np.ptp(a), np.ptp(b)) < CONSTANT:
        return None
    from scipy.stats import pearsonr

    return float(pearsonr(a, b).statistic)


def spearman(a: Float64Array, b: Float64Array) -> float | None:
    """Spearman's ρ of two columns [n]: Pearson's r of their ranks, where ties get their mean rank."""
    from scipy.stats import rankdata

    return pearson(rankdata(a), rankdata(b))


def _correlation(name: str, asked: int, people: Float64Array, cosines: Float64Array, model: str) -> Correlation:
    rho, r = (_with_interval(figure, people, cosines) for figure in FIGURES)
    return Correlation(name, asked, len(people), *rho, *r, model)


def _with_interval(figure: str, a: Float64Array, b: Float64Array) -> tuple[float | None, float | None, float | None]:
    statistic, interval_of = FIGURES[figure]
    value = statistic(a, b)
    interval = None if value is None else interval_of(value, len(a))
    return (value, *(interval or (None, None)))


def _differences(
    name: str, model: str, against: str, people: Float64Array, first: Float64Array, second: Float64Array
) -> Iterator[Difference]:
    """The differences of the second model's correlations from those of the first model."""
    for figure, (statistic, interval_of) in FIGURES.items():
        one, other, between = statistic(people, second), statistic(people, first), statistic(first, second)
        if one is None or other is None or between is None:
            continue
        intervals = interval_of(one, len(people)), interval_of(other, len(people))
        interval = of_correlation_difference(one, other, between, *intervals)
        yield Difference(name, model, against, figure, one - other, *(interval or (None, None)))


# In the order of the record's fields.
FIGURES: dict[str, tuple[Statistic, Callable[[float, int], Interval | None]]] = {
    "spearman": (spearman, of_spearman),
    "pearson": (pearson, of_pearson),
}
