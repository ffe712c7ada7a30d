"""The records that evaluations return."""

from typing import NamedTuple

from embcli.results.display import displayed
from embcli.results.model_card import ModelCard
from embcli.results.numbers import Share

# Names of totals; a section with such a name is renamed.
TOTALS = ("semantic", "syntactic", "all")


class EvaluationQuery(NamedTuple):
    """The settings of an evaluation. confidence: the confidence level of the intervals.

    sections: the only sections of analogies that were asked, if not all.
    """

    questions: str
    methods: tuple[str, ...]
    top: int | None
    case_sensitive: bool
    baseline: str | None
    confidence: Share
    sections: tuple[str, ...] | None = None


class SectionScore(NamedTuple):
    """The results of a model and a method on a section of analogies.

    covered: the questions that all compared models cover, because their vocabularies contain the words (and, for the
    methods that learn from pairs, another pair). correct: the correct answers among them. accuracy: correct / covered;
    low and high: its 95 % interval. reciprocal_rank: the mean of 1 / rank of the expected word. `…_with_inputs`: the
    same with the inputs included. covered_by_model: the questions that this model covers. accuracy_of_all: its correct
    answers to these / asked.
    """

    section: str
    asked: int
    covered: int
    correct: int
    accuracy: Share | None
    accuracy_low: Share | None
    accuracy_high: Share | None
    accuracy_of_all: Share
    reciprocal_rank: Share | None
    correct_with_inputs: int
    accuracy_with_inputs: Share | None
    accuracy_with_inputs_low: Share | None
    accuracy_with_inputs_high: Share | None
    accuracy_of_all_with_inputs: Share
    reciprocal_rank_with_inputs: Share | None
    covered_by_model: int
    model: str
    method: str


class Difference(NamedTuple):
    """The difference of a model's figure from that of the first model, on the same questions.

    low and high: its 95 % interval; None where a correlation has no interval.
    """

    section: str
    model: str
    against: str
    figure: str
    difference: Share
    low: Share | None
    high: Share | None
    method: str | None = None


@displayed
class Evaluation(NamedTuple):
    """The record of `evaluate analogies`. model: the first of `models`."""

    schema: str
    model: ModelCard
    query: EvaluationQuery
    results: tuple[SectionScore, ...]
    models: tuple[ModelCard, ...]
    differences: tuple[Difference, ...]


class Correlation(NamedTuple):
    """The correlation of a model's cosines with human ratings: Spearman's ρ and Pearson's r with 95 % intervals.

    None if fewer than two pairs are covered, or if the values are constant; no interval below ten pairs.
    """

    section: str
    asked: int
    covered: int
    spearman: Share | None
    spearman_low: Share | None
    spearman_high: Share | None
    pearson: Share | None
    pearson_low: Share | None
    pearson_high: Share | None
    model: str


class RatingsQuery(NamedTuple):
    """The settings of a comparison with ratings; see `EvaluationQuery`."""

    questions: tuple[str, ...]
    top: int | None
    case_sensitive: bool
    baseline: str | None
    confidence: Share
    sections: tuple[str, ...] | None = None


@displayed
class Correlations(NamedTuple):
    """The record of `evaluate similarity`. model: the first of `models`."""

    schema: str
    model: ModelCard
    query: RatingsQuery
    results: tuple[Correlation, ...]
    models: tuple[ModelCard, ...]
    differences: tuple[Difference, ...]


class Detail(NamedTuple):
    """A question of an evaluation, one line of `--details`. covered: whether the model covers the question."""

    schema: str
    section: str
    words: tuple[str, ...]
    expected: tuple[str, ...]
    covered: bool
    answer: str | None
    answer_with_inputs: str | None
    rank: int | None
    rank_with_inputs: int | None
    model: str
    method: str
