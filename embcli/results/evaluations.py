"""What evaluations answer."""

from typing import NamedTuple

from embcli.results.numbers import Share
from embcli.results.queries import ModelCard

# Names of totals; a section of such a name gets another one.
TOTALS = ("semantic", "syntactic", "all")


class EvaluationQuery(NamedTuple):
    """What was evaluated. confidence: that of the intervals."""

    questions: str
    methods: tuple[str, ...]
    top: int | None
    case_sensitive: bool
    baseline: str | None
    confidence: Share


class SectionScore(NamedTuple):
    """How a model answers a section of analogies by a method.

    covered: questions that every compared model covers: it has their words (and, for the methods that learn from
    pairs, another pair). correct: of those. accuracy: correct / covered; low and high: its 95 % interval.
    reciprocal_rank: the mean of 1 / rank of the expected word. `…_with_inputs`: the same when the words of a question
    may answer it. covered_by_model: questions that this model covers, whatever others do; accuracy_of_all: its right
    answers to all those / asked.
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
    """By how much a model's figure is greater than that of the first one, on the same questions.

    low and high: its 95 % interval; None where a correlation has none.
    """

    section: str
    model: str
    against: str
    figure: str
    difference: Share
    low: Share | None
    high: Share | None
    method: str | None = None


class Evaluation(NamedTuple):
    """What `evaluate analogies` answers; model: the first of `models`."""

    schema: str
    model: ModelCard
    query: EvaluationQuery
    results: tuple[SectionScore, ...]
    models: tuple[ModelCard, ...]
    differences: tuple[Difference, ...]


class Correlation(NamedTuple):
    """How a model's cosines agree with people's ratings: Spearman's ρ and Pearson's r with 95 % intervals.

    None where fewer than two pairs are covered, or where all are alike; no interval below ten pairs.
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
    """What ratings were compared with; see `EvaluationQuery`."""

    questions: tuple[str, ...]
    top: int | None
    case_sensitive: bool
    baseline: str | None
    confidence: Share


class Correlations(NamedTuple):
    """What `evaluate similarity` answers."""

    schema: str
    model: ModelCard
    query: RatingsQuery
    results: tuple[Correlation, ...]
    models: tuple[ModelCard, ...]
    differences: tuple[Difference, ...]


class Detail(NamedTuple):
    """A question of an evaluation, a line of `--details`. covered: whether all its words are in the vocabulary."""

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
