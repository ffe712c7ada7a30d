"""The model of an answer."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol


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
        """How the words are spelled, if they are tokens (`results/spelling.py`)."""

    @property
    def index(self) -> Index | None:
        """The index of the server that the vectors are on."""

    @property
    def dim(self) -> int:
        """The number of dimensions."""

    def __len__(self) -> int: ...


class ModelCard(NamedTuple):
    """The model of an answer.

    tokens: how its words are spelled, if they are tokens (`results/spelling.py`). For a model on a server, index_type:
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
