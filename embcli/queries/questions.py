"""The records of questions, one for each kind, shared by `cli/`, batches and queries.

The command line builds the record, a line of a batch may set its fields with the types annotated here
(`cli/batch.py`), and a query answers it. In Python the fields are the parameters of the public functions.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from embcli.queries.expression import Expression

if TYPE_CHECKING:
    from embcli.vectors.arithmetic import Float64Array


class GivenVector(NamedTuple):
    """A vector [dim] in place of an expression, which only Python can give."""

    numbers: "Float64Array"


class RankingQuestion(NamedTuple):
    """A question for the words nearest to an expression; see `solve_analogy` and `find_neighbors`."""

    expression: str | Expression | GivenVector
    method: str = "3cosadd"
    metric: str = "cosine"
    raw: bool = False
    k: int = 10
    top: int | None = None
    include_inputs: bool = False
    expect: str | None = None
    among: Sequence[str] | None = None
    skip_unknown: bool = False


class NeighborsOptions(TypedDict, total=False):
    """The keyword parameters of `find_neighbors`; type checkers compare them with the record."""

    metric: str
    raw: bool
    k: int
    top: int | None
    include_inputs: bool
    expect: str | None
    among: Sequence[str] | None
    skip_unknown: bool


class AnalogyOptions(NeighborsOptions, total=False):
    """The keyword parameters of `solve_analogy`."""

    method: str


class ProjectionQuestion(NamedTuple):
    """A question for projections on a direction; see `project`. pairs: (low, high), or `LOW:HIGH,LOW:HIGH`."""

    expression: str | Expression | GivenVector
    words: tuple[str, ...] = ()
    sort: bool = False
    scan: int | None = None
    top: int | None = None
    pairs: str | Sequence[tuple[str, str]] | None = None
    skip_unknown: bool = False


class SoftmaxQuestion(NamedTuple):
    """A question for probabilities; see `weigh_candidates` and, with `logits`, `weigh_logits`.

    all: whether all words of the vocabulary are candidates. logits: names and numbers, or `yes=2,no=1`.
    """

    expression: str | Expression | GivenVector
    words: tuple[str, ...] = ()
    temperatures: tuple[float, ...] = (1.0,)
    metric: str = "dot"
    all: bool = False
    k: int | None = None
    skip_unknown: bool = False
    logits: str | Mapping[str, float] | None = None


class WordsQuestion(NamedTuple):
    """Words among which one is odd; see `find_odd_one`."""

    words: tuple[str, ...]
    skip_unknown: bool = False


class SimilarityQuestion(NamedTuple):
    """Words or pairs to compare; see `compare_words`. matrix: whether all words are compared with each other."""

    words: tuple[str, ...]
    skip_unknown: bool = False
    matrix: bool = False


class GroupsQuestion(NamedTuple):
    """Groups of words to compare; see `compare_groups`. words: each group as typed, verb:walk,run."""

    words: tuple[str, ...]
    skip_unknown: bool = False


class LookupQuestion(NamedTuple):
    """Words to look up; see `look_up`. coordinates: how many of the largest to list."""

    words: tuple[str, ...]
    skip_unknown: bool = False
    coordinates: int | None = None


Question = (
    RankingQuestion
    | ProjectionQuestion
    | SoftmaxQuestion
    | WordsQuestion
    | SimilarityQuestion
    | GroupsQuestion
    | LookupQuestion
)
