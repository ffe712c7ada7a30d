"""Frozen records that queries return; this file, with `evaluations.py`, is the JSON contract.

A record's fields, in their order, are the keys of the JSON object. Fields that default to None are the
extras of an option and are left out when the option was not used. Numbers are kept in full here where
they are not scores; JSON rounds all of them to 6 decimals.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

DECIMALS = 6
PLAIN = frozenset({str, int, bool, type(None)})


class ModelCard(NamedTuple):
    """The model that answered."""

    name: str
    words: int
    dim: int


class WeightedWord(NamedTuple):
    """A term of an expression, as found."""

    word: str
    weight: float


class RankingQuery(NamedTuple):
    """A question for the words nearest to an expression, as understood."""

    expression: str
    method: str
    metric: str
    raw: bool
    k: int
    terms: tuple[WeightedWord, ...]
    exclude_inputs: bool
    top: int | None
    resolved: Mapping[str, str]


class Answer(NamedTuple):
    """A word, its score (a distance for `euclidean`) and its place.

    In `inputs` the place is the one the word would have had; None where `top` leaves the word out.
    """

    rank: int | None
    word: str
    score: float


class Expected(NamedTuple):
    """Where the word of `--expect` stands, with the inputs barred and with them allowed."""

    word: str
    rank: int | None
    rank_with_inputs: int | None
    score: float


class Ranking(NamedTuple):
    """What `analogy` and `neighbors` answer."""

    schema: str
    model: ModelCard
    query: RankingQuery
    results: tuple[Answer, ...]
    inputs: tuple[Answer, ...]
    expected: Expected | None = None

    @property
    def missed(self) -> bool:
        """Whether a word was expected and is not the answer."""
        if self.expected is None:
            return False
        return (self.expected.rank if self.query.exclude_inputs else self.expected.rank_with_inputs) != 1


class ProjectionQuery(NamedTuple):
    """A question where words lie on a direction; norm is ‖d‖."""

    expression: str
    terms: tuple[WeightedWord, ...]
    norm: float
    sort: bool
    scan: int | None
    top: int | None
    resolved: Mapping[str, str]


class Projection(NamedTuple):
    """A word on a direction d: v · d, (v · d) / ‖d‖, and cos(v, d)."""

    word: str
    dot: float
    scalar: float
    cosine: float


class Pair(NamedTuple):
    """Two words that a direction should put in order, the low one below the high one."""

    low: str
    high: str
    low_dot: float
    high_dot: float
    ordered: bool


class Projections(NamedTuple):
    """What `project` answers. separation: the share of pairs in order; auc: that of all low × high."""

    schema: str
    model: ModelCard
    query: ProjectionQuery
    results: tuple[Projection, ...]
    pairs: tuple[Pair, ...] | None = None
    separation: float | None = None
    auc: float | None = None


class SoftmaxQuery(NamedTuple):
    """A question for probabilities; expression and metric are None for given logits."""

    expression: str | None
    metric: str | None
    temperatures: tuple[float, ...]
    candidates: int
    terms: tuple[WeightedWord, ...]
    resolved: Mapping[str, str]


class Candidate(NamedTuple):
    """A candidate, its logit, and its probability at each temperature."""

    word: str
    logit: float
    probabilities: tuple[float, ...]


class Distribution(NamedTuple):
    """What `softmax` answers. entropy: bits, one for each temperature, over all candidates."""

    schema: str
    model: ModelCard | None
    query: SoftmaxQuery
    results: tuple[Candidate, ...]
    entropy: tuple[float, ...]


class WordsQuery(NamedTuple):
    """The words of a question, as typed."""

    words: tuple[str, ...]
    resolved: Mapping[str, str]


class Similarity(NamedTuple):
    """Two words compared. angle: degrees. sign: what the sign of the dot product means."""

    a: str
    b: str
    cosine: float
    angle: float
    dot: float
    euclidean: float
    sign: str


class Similarities(NamedTuple):
    """What `similarity` answers."""

    schema: str
    model: ModelCard
    query: WordsQuery
    results: tuple[Similarity, ...]


class Membership(NamedTuple):
    """A word and its cosine with the mean of all the words, each at unit length."""

    word: str
    score: float


class OddOneOut(NamedTuple):
    """What `odd` answers: the words, the most central first, and the one that belongs least."""

    schema: str
    model: ModelCard
    query: WordsQuery
    results: tuple[Membership, ...]
    odd: str


class Entry(NamedTuple):
    """A row of the embedding matrix. row counts from 0, frequency_rank from 1."""

    word: str
    row: int
    frequency_rank: int
    norm: float
    vector: tuple[float, ...]


class Lookup(NamedTuple):
    """What `lookup` answers."""

    schema: str
    model: ModelCard
    query: WordsQuery
    results: tuple[Entry, ...]


class ModelEntry(NamedTuple):
    """A model. status: `ready`, `at first use` (its store is made then; bytes is None), or `damaged`."""

    name: str
    words: int
    dim: int
    parameters: int
    bytes: int | None
    default: bool
    status: str
    source: str


class ModelsQuery(NamedTuple):
    """What was asked about models."""

    action: str
    name: str | None


class Models(NamedTuple):
    """What `models` answers."""

    schema: str
    model: None
    query: ModelsQuery
    results: tuple[ModelEntry, ...]
    notes: tuple[str, ...] | None = None


class ModelInfo(NamedTuple):
    """All that is known of a model. parameters: words × dim. norms: the least, the middle and the greatest."""

    name: str
    words: int
    dim: int
    parameters: int
    bytes: int
    default: bool
    path: str
    source: str
    source_size: int | None
    source_sha256: str
    reader: str
    created: str
    duplicates: int
    norm_min: float
    norm_median: float
    norm_max: float


class ModelInfos(NamedTuple):
    """What `models info` answers."""

    schema: str
    model: None
    query: ModelsQuery
    results: tuple[ModelInfo, ...]


class CatalogEntry(NamedTuple):
    """A model that can be downloaded. bytes: the size of the download."""

    name: str
    words: int
    dim: int
    bytes: int
    license: str
    license_url: str


class Catalog(NamedTuple):
    """What `models catalog` answers."""

    schema: str
    model: None
    query: ModelsQuery
    results: tuple[CatalogEntry, ...]


def as_json(value: Any) -> Any:
    """A record as what JSON can hold: objects, lists, numbers rounded to 6 decimals, never NaN."""
    kind = type(value)
    if kind in PLAIN:  # by far the most
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("a result must be a finite number")
        return round(value, DECIMALS) + 0.0  # + 0.0 turns -0.0 into 0.0
    if isinstance(value, tuple):
        if not hasattr(kind, "_fields"):
            return [as_json(item) for item in value]
        extras = kind._field_defaults
        return {
            name: as_json(field)
            for name, field in zip(kind._fields, value, strict=True)
            if field is not None or name not in extras
        }
    if isinstance(value, Mapping):
        return {key: as_json(item) for key, item in value.items()}
    return value
