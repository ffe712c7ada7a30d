"""The records that queries return."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from embcli.results.display import displayed, shortened
from embcli.results.numbers import Coordinate, Length, Score, Share


class Index(Protocol):
    """The interface of `ServerIndex` that records use without importing it."""

    @property
    def kind(self) -> str:
        """FLAT, HNSW, ..."""

    @property
    def parameters(self) -> Mapping[str, str]:
        """As the server gives them."""

    @property
    def is_exact(self) -> bool:
        """Whether it compares a question with every row."""


class Space(Protocol):
    """The interface of `VectorSpace` that records use without importing it."""

    name: str

    @property
    def spelling(self) -> str | None:
        """How the words are spelled, if they are tokens (`results/tokens.py`)."""

    @property
    def index(self) -> Index | None:
        """The index of the server that the vectors are on."""

    @property
    def dim(self) -> int:
        """The number of dimensions."""

    def __len__(self) -> int: ...


class ModelCard(NamedTuple):
    """The model of an answer.

    tokens: how its words are spelled, if they are tokens (`results/tokens.py`). For a model on a server, index_type:
    the kind of its index there, with its parameters; exact: whether no better answer can have been missed.
    """

    name: str
    words: int
    dim: int
    tokens: str | None = None
    index_type: str | None = None
    index_parameters: Mapping[str, str] | None = None
    exact: bool | None = None

    @classmethod
    def of(cls, space: Space, *, exact: bool = True) -> "ModelCard":
        """The card of a space. exact: False if a server may have missed better answers."""
        index = space.index
        if index is None:
            return cls(space.name, len(space), space.dim, space.spelling)
        return cls(
            space.name, len(space), space.dim, space.spelling, index.kind, index.parameters or None, exact,
        )  # fmt: skip


class WeightedWord(NamedTuple):
    """A term of an expression, with the word found."""

    word: str
    weight: Length


class RareWord(NamedTuple):
    """A rare word that was used; row: from 0. instead: an expression or a word that may be meant."""

    word: str
    row: int
    instead: str


class RankingQuery(NamedTuple):
    """A question for the words nearest to an expression, as interpreted."""

    expression: str
    method: str
    metric: str
    raw: bool
    k: int
    terms: tuple[WeightedWord, ...]
    exclude_inputs: bool
    top: int | None
    resolved: Mapping[str, str]
    rare: tuple[RareWord, ...] | None = None
    skipped: tuple[str, ...] | None = None
    among: int | None = None


class Answer(NamedTuple):
    """A word, its score (a distance for `euclidean`) and its rank.

    In `inputs` the rank is the one with the inputs included; None if `top` excludes the word, or if it is not known
    (`Ranking.least_ranks`).
    """

    rank: int | None
    word: str
    score: Score


class Expected(NamedTuple):
    """The ranks of the word of `--expect`, with the inputs excluded and included."""

    word: str
    rank: int | None
    rank_with_inputs: int | None
    score: Score


@displayed
class Ranking(NamedTuple):
    """The record of `analogy` and `neighbors`.

    least_ranks: lower bounds of the ranks, with the inputs included, of words that a server does not return.
    """

    schema: str
    model: ModelCard
    query: RankingQuery
    results: tuple[Answer, ...]
    inputs: tuple[Answer, ...]
    expected: Expected | None = None
    least_ranks: Mapping[str, int] | None = None

    @property
    def missed(self) -> bool:
        """Whether an expected word is not the first answer."""
        if self.expected is None:
            return False
        return (self.expected.rank if self.query.exclude_inputs else self.expected.rank_with_inputs) != 1


class ProjectionQuery(NamedTuple):
    """A question for projections on a direction d. norm: ‖d‖."""

    expression: str
    terms: tuple[WeightedWord, ...]
    norm: Length
    sort: bool
    scan: int | None
    top: int | None
    resolved: Mapping[str, str]
    rare: tuple[RareWord, ...] | None = None
    skipped: tuple[str, ...] | None = None


class Projection(NamedTuple):
    """A word on a direction d: v · d, (v · d) / ‖d‖, and cos(v, d)."""

    word: str
    dot: Length
    scalar: Length
    cosine: Share


class Pair(NamedTuple):
    """Two words and their dot products with a direction. ordered: whether low_dot < high_dot."""

    low: str
    high: str
    low_dot: Length
    high_dot: Length
    ordered: bool


@displayed
class Projections(NamedTuple):
    """The record of `project`. separation: the share of ordered pairs. auc: that of all low × high combinations."""

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
    rare: tuple[RareWord, ...] | None = None
    skipped: tuple[str, ...] | None = None


class Candidate(NamedTuple):
    """A candidate, its logit, and its probability at each temperature."""

    word: str
    logit: Score
    probabilities: tuple[Share, ...]


@displayed
class Distribution(NamedTuple):
    """The record of `softmax`. entropy: in bits, over all candidates, one for each temperature."""

    schema: str
    model: ModelCard | None
    query: SoftmaxQuery
    results: tuple[Candidate, ...]
    entropy: tuple[Share, ...]


@shortened
class WordsQuery(NamedTuple):
    """The words of a question, as typed."""

    words: tuple[str, ...]
    resolved: Mapping[str, str]
    rare: tuple[RareWord, ...] | None = None
    skipped: tuple[str, ...] | None = None


class Similarity(NamedTuple):
    """A comparison of two words. angle: in degrees. sign: the meaning of the sign of the cosine."""

    a: str
    b: str
    cosine: Share
    angle: Share
    dot: Length
    euclidean: Length
    sign: str


@shortened
class CosineMatrix(NamedTuple):
    """The cosines of words with each other, row by row."""

    words: tuple[str, ...]
    cosines: tuple[tuple[Share, ...], ...]


@displayed
class Similarities(NamedTuple):
    """The record of `similarity`."""

    schema: str
    model: ModelCard
    query: WordsQuery
    results: tuple[Similarity, ...]
    matrix: CosineMatrix | None = None


class GroupCosines(NamedTuple):
    """The cosines of the pairs of words of two groups; within a group, where both are the same."""

    a: str
    b: str
    pairs: int
    mean: Share
    min: Share
    max: Share


@displayed
class GroupSimilarities(NamedTuple):
    """The record of `similarity --groups`."""

    schema: str
    model: ModelCard
    query: WordsQuery
    results: tuple[GroupCosines, ...]


class Membership(NamedTuple):
    """A word and its cosine with the mean of the unit vectors of all words."""

    word: str
    score: Share


@displayed
class OddOneOut(NamedTuple):
    """The record of `odd`: the words by descending score, and the word that belongs least."""

    schema: str
    model: ModelCard
    query: WordsQuery
    results: tuple[Membership, ...]
    odd: str


class LargeCoordinate(NamedTuple):
    """A coordinate of a vector: its dimension from 0, its value, and its fraction of the squared length."""

    dimension: int
    value: Coordinate
    share: Share


@shortened
class Entry(NamedTuple):
    """A row of the embedding matrix. row: from 0; None for a vector of no row. frequency_rank: from 1, if known."""

    word: str
    row: int | None
    frequency_rank: int | None
    norm: Length
    vector: tuple[Coordinate, ...]
    coordinates: tuple[LargeCoordinate, ...] | None = None


@displayed
class Lookup(NamedTuple):
    """The record of `lookup`."""

    schema: str
    model: ModelCard
    query: WordsQuery
    results: tuple[Entry, ...]
