"""The records of questions, one for each kind, shared by `cli/`, batches and queries.

The command line builds the record, a line of a batch may set its fields with the types annotated here
(`cli/batch.py`), and a query answers it. In Python the fields are the parameters of the public functions.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypedDict

from embcli.queries.expression import Expression


class RankingQuestion(NamedTuple):
    """A question for the words nearest to an expression; see `solve_analogy` and `find_neighbors`."""

    expression: str | Expression
    method: str = "3cosadd"
    metric: str = "cosine"
    raw: bool = False
    k: int = 10
    top: int | None = None
    include_inputs: bool = False
    expect: str | None = None


class NeighborsOptions(TypedDict, total=False):
    """The keyword parameters of `find_neighbors`; type checkers compare them with the record."""

    metric: str
    raw: bool
    k: int
    top: int | None
    include_inputs: bool
    expect: str | None


class AnalogyOptions(NeighborsOptions, total=False):
    """The keyword parameters of `solve_analogy`."""

    method: str


class ProjectionQuestion(NamedTuple):
    """A question for projections on a direction; see `project`. pairs: (low, high), or `LOW:HIGH,LOW:HIGH`."""

    expression: str | Expression
    words: tuple[str, ...] = ()
    sort: bool = False
    scan: int | None = None
    top: int | None = None
    pairs: str | Sequence[tuple[str, str]] | None = None
    skip_unknown: bool = False


class SoftmaxQuestion(NamedTuple):
    """A question for probabilities; see `weigh_candidates`. all: whether all words of the vocabulary are candidates."""

    expression: str | Expression
    words: tuple[str, ...] = ()
    temperatures: tuple[float, ...] = (1.0,)
    metric: str = "dot"
    all: bool = False
    k: int | None = None
    skip_unknown: bool = False


class WordsQuestion(NamedTuple):
    """Words to compare or to look up; see `compare_words`, `find_odd_one` and `look_up`."""

    words: tuple[str, ...]
    skip_unknown: bool = False


Question = RankingQuestion | ProjectionQuestion | SoftmaxQuestion | WordsQuestion
