"""What queries answer."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from embcli.results.numbers import Coordinate, Length, Score, Share


class Space(Protocol):
    """What has vectors: `VectorSpace`, which records do not import."""

    name: str

    @property
    def dim(self) -> int:
        """How many numbers a vector has."""

    def __len__(self) -> int: ...


class ModelCard(NamedTuple):
    """The model that answered."""

    name: str
    words: int
    dim: int

    @classmethod
    def of(cls, space: Space) -> "ModelCard":
        """The name and the size of a space."""
        return cls(space.name, len(space), space.dim)


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
    """Where the word of `--expect` stands, with the inputs excluded and with them included."""

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
    """A row of the embedding matrix. row: from 0; None for a vector of no row. frequency_rank: from 1, if known."""

    word: str
    row: int | None
    frequency_rank: int | None
    norm: Length
    vector: tuple[Coordinate, ...]


class Lookup(NamedTuple):
    """What `lookup` answers."""

    schema: str
    model: ModelCard
    query: WordsQuery
    results: tuple[Entry, ...]
