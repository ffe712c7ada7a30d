"""What can be asked: a record a kind of question, through `cli/`, batches and queries.

The command line makes the record; a line of a batch may set its fields, of the types that stand here (`cli/batch.py`);
a query answers it. In Python the fields are the parameters of the public functions.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypedDict

from embcli.queries.expression import Expression


class RankingQuestion(NamedTuple):
    """Which words are nearest to an expression; see `solve_analogy` and `find_neighbors`."""

    expression: str | Expression
    method: str = "3cosadd"
    metric: str = "cosine"
    raw: bool = False
    k: int = 10
    top: int | None = None
    include_inputs: bool = False
    expect: str | None = None


class NeighborsOptions(TypedDict, total=False):
    """The fields of a question about neighbours as keyword parameters; a type checker compares them with the record."""

    metric: str
    raw: bool
    k: int
    top: int | None
    include_inputs: bool
    expect: str | None


class AnalogyOptions(NeighborsOptions, total=False):
    """The same of a question for an analogy."""

    method: str


class ProjectionQuestion(NamedTuple):
    """Where words lie on a direction; see `project`. pairs: as (low, high), or as `LOW:HIGH,LOW:HIGH`."""

    expression: str | Expression
    words: tuple[str, ...] = ()
    sort: bool = False
    scan: int | None = None
    top: int | None = None
    pairs: str | Sequence[tuple[str, str]] | None = None


class SoftmaxQuestion(NamedTuple):
    """How probable candidates are; see `weigh_candidates`. all: whether the whole vocabulary is the candidates."""

    expression: str | Expression
    words: tuple[str, ...] = ()
    temperatures: tuple[float, ...] = (1.0,)
    metric: str = "dot"
    all: bool = False
    k: int | None = None


class WordsQuestion(NamedTuple):
    """Words to compare or to look up; see `compare_words`, `find_odd_one` and `look_up`."""

    words: tuple[str, ...]


Question = RankingQuestion | ProjectionQuestion | SoftmaxQuestion | WordsQuestion
