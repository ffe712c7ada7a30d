"""Frozen records that queries return; this file, with `evaluations.py`, is the JSON contract.

A record's fields, in their order, are the keys of the JSON object. Fields that default to None are the
extras of an option and are left out when the option was not used. The type of a number says how JSON
prints it: see `Share`, `Length`, `Coordinate` and `Score`.
"""

import math
import struct
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, NamedTuple, get_args

DECIMALS = 6
DIGITS = 9
PLAIN = frozenset({str, int, bool, type(None)})


def _share(value: float) -> float:
    return round(value, DECIMALS)


def _length(value: float) -> float:
    return float(f"{value:.{DIGITS - 1}e}")


def _coordinate(value: float) -> float:
    """The shortest decimal that reads back to the same float32: 0.10000000149 becomes 0.1."""
    for digits in range(1 if abs(value) < 1e-37 else 6, 9):  # %g leaves out zeros at the end
        shorter = float(f"{value:.{digits}g}")
        if struct.pack("f", shorter) == struct.pack("f", value):
            return shorter
    return float(f"{value:.9g}")


def _as_is(value: float) -> float:
    return value


# A cosine, a probability, an angle and the like: 6 decimals.
Share = Annotated[float, _share]
# A dot product, a distance, a norm, a logit, a weight: 9 significant digits.
Length = Annotated[float, _length]
# A number of a vector, as the float32 that it is.
Coordinate = Annotated[float, _coordinate]
# A number as it was given, or one that its query has rounded, for what it measures depends on the question.
Score = Annotated[float, _as_is]


class ModelCard(NamedTuple):
    """The model that answered."""

    name: str
    words: int
    dim: int


class WeightedWord(NamedTuple):
    """A term of an expression, as found."""

    word: str
    weight: Length


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
    score: Score


class Expected(NamedTuple):
    """Where the word of `--expect` stands, with the inputs barred and with them allowed."""

    word: str
    rank: int | None
    rank_with_inputs: int | None
    score: Score


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
    norm: Length
    sort: bool
    scan: int | None
    top: int | None
    resolved: Mapping[str, str]


class Projection(NamedTuple):
    """A word on a direction d: v · d, (v · d) / ‖d‖, and cos(v, d)."""

    word: str
    dot: Length
    scalar: Length
    cosine: Share


class Pair(NamedTuple):
    """Two words that a direction should put in order, the low one below the high one."""

    low: str
    high: str
    low_dot: Length
    high_dot: Length
    ordered: bool


class Projections(NamedTuple):
    """What `project` answers. separation: the share of pairs in order; auc: that of all low × high."""

    schema: str
    model: ModelCard
    query: ProjectionQuery
    results: tuple[Projection, ...]
    pairs: tuple[Pair, ...] | None = None
    separation: Share | None = None
    auc: Share | None = None


class SoftmaxQuery(NamedTuple):
    """A question for probabilities; expression and metric are None for given logits."""

    expression: str | None
    metric: str | None
    temperatures: tuple[Score, ...]
    candidates: int
    terms: tuple[WeightedWord, ...]
    resolved: Mapping[str, str]


class Candidate(NamedTuple):
    """A candidate, its logit, and its probability at each temperature."""

    word: str
    logit: Score
    probabilities: tuple[Share, ...]


class Distribution(NamedTuple):
    """What `softmax` answers. entropy: bits, one for each temperature, over all candidates."""

    schema: str
    model: ModelCard | None
    query: SoftmaxQuery
    results: tuple[Candidate, ...]
    entropy: tuple[Share, ...]


class WordsQuery(NamedTuple):
    """The words of a question, as typed."""

    words: tuple[str, ...]
    resolved: Mapping[str, str]


class Similarity(NamedTuple):
    """Two words compared. angle: degrees. sign: what the sign of the dot product means."""

    a: str
    b: str
    cosine: Share
    angle: Share
    dot: Length
    euclidean: Length
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
    score: Share


class OddOneOut(NamedTuple):
    """What `odd` answers: the words, the most central first, and the one that belongs least."""

    schema: str
    model: ModelCard
    query: WordsQuery
    results: tuple[Membership, ...]
    odd: str


class Entry(NamedTuple):
    """A row of the embedding matrix. row: from 0. frequency_rank: from 1; None where nobody knows the frequencies."""

    word: str
    row: int
    frequency_rank: int | None
    norm: Length
    vector: tuple[Coordinate, ...]


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
    norm_min: Length
    norm_median: Length
    norm_max: Length


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
    """A record as what JSON can hold: objects, lists, numbers rounded as their types say, never NaN."""
    return _as_json(value, _as_is)


def _as_json(value: Any, rounded: Callable[[float], float]) -> Any:
    kind = type(value)
    if kind in PLAIN:  # by far the most
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("a result must be a finite number")
        return rounded(float(value)) + 0.0  # + 0.0 turns -0.0 into 0.0
    if isinstance(value, tuple):
        if not hasattr(kind, "_fields"):
            return [_as_json(item, rounded) for item in value]
        record: Any = kind
        extras = record._field_defaults
        return {
            name: _as_json(field, how)
            for (name, how), field in zip(_rounding(record), value, strict=True)
            if field is not None or name not in extras
        }
    if isinstance(value, Mapping):
        return {key: _as_json(item, rounded) for key, item in value.items()}
    return value


@cache
def _rounding(record: Any) -> tuple[tuple[str, Callable[[float], float]], ...]:
    """Each field of a record, and how its numbers are rounded."""
    return tuple((name, _rounding_of(hint) or _as_is) for name, hint in record.__annotations__.items())


def _rounding_of(hint: Any) -> Callable[[float], float] | None:
    """What `Share` and the others say, also within `Share | None` and `tuple[Share, ...]`."""
    for metadata in getattr(hint, "__metadata__", ()):
        return metadata  # type: ignore[no-any-return]
    return next((found for inner in get_args(hint) if (found := _rounding_of(inner))), None)
