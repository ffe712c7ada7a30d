"""A vector space whose words and vectors are rows of a collection on a Milvus server.

Words, rows and vectors are fetched by queries when they are needed, and kept for the life of the process. What a server
has to answer is the protocol `Collection`; `models/milvus.py` asks a real one through pymilvus.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, NoReturn, Protocol

import numpy as np

from embcli.errors import InputOutputProblem, UsageProblem
from embcli.vectors.arithmetic import Float32Array, Float64Array, Rows
from embcli.vectors.combinations import OutsideVectors
from embcli.vectors.space import RARER, VectorSpace
from embcli.vectors.vocabulary import Vocabulary, is_utf8, spelled

# Row numbers from here on are those of words and expressions outside the collection; keys of its rows may be large.
FIRST_OUTSIDE = 2**62
# Numbers kept of fetched vectors (256 MiB of float32), and words.
NUMBERS_KEPT, WORDS_KEPT = 1 << 26, 1 << 20
# Words read at a time in an iteration over all of them.
WORDS_READ_AT_ONCE = 1_000


class ServerIndex(NamedTuple):
    """The index of a server that searches vectors: its kind (FLAT, HNSW, …), the metric that it serves, its parameters.

    is_exact: whether it compares a question with every row.
    """

    kind: str
    metric: str
    parameters: Mapping[str, str]
    is_exact: bool


class Norms(NamedTuple):
    """The norms of a collection, as found when it was exported; of rows whose norms fit float32 arithmetic.

    unfit: the rows whose norms do not fit it (zero vectors among them), which are always scored in float64.
    """

    least: float
    median: float
    largest: float
    unfit: tuple[int, ...]


class Entity(NamedTuple):
    """A row of a collection."""

    row: int
    word: str
    vector: Float32Array


class Hits(NamedTuple):
    """The best rows of a question as the server scores them, best first: cosines, dot products, or squared distances.

    entities: these rows with their words and vectors, if they were asked for.
    """

    rows: Rows
    values: Float64Array
    entities: tuple[Entity, ...]


class Collection(Protocol):
    """A collection on a server. norms: None if they are not known.

    is_numbered: whether its keys are 0, 1, 2, … and can be used as row numbers of a search in the first rows.
    are_keys_numbers: otherwise, whether the keys are integers; rows with other keys are ordered by their words.
    """

    index: ServerIndex
    norms: Norms | None
    is_numbered: bool
    are_keys_numbers: bool
    is_sorted_by_frequency: bool | None
    address: str

    @property
    def dim(self) -> int:
        """The number of dimensions."""

    def __len__(self) -> int: ...

    def named(self, words: Sequence[str]) -> list[Entity]:
        """The rows of some words."""

    def numbered(self, rows: Sequence[int]) -> list[Entity]:
        """Rows by number."""

    def prefixed(self, prefix: str, limit: int) -> list[str]:
        """Up to `limit` words that begin with a prefix, the lowest rows first."""

    def sample(self, count: int) -> list[str]:
        """Some words; the first ones if the rows are numbered."""

    def nearest(self, vectors: Float32Array, limit: int, top: int | None, *, with_vectors: bool) -> list[Hits]:
        """The best `limit` rows for each vector [n, dim], among the first `top` rows if that is not None."""


class MilvusVocabulary(Vocabulary):
    """The words of a collection, and its rows that have been fetched."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._entities: dict[int, Entity] = {}
        self._rows: dict[str, int | None] = {}
        self._resolved: dict[str, tuple[int, str]] = {}

    def __len__(self) -> int:
        return len(self._collection)

    def __getitem__(self, row):  # type: ignore[no-untyped-def]
        """The word of a row, or the list of words of a slice of rows."""
        if isinstance(row, slice):
            return [entity.word for entity in self.entities(range(*row.indices(len(self))))]
        return self.entities([row])[0].word

    def __iter__(self) -> Iterator[str]:
        """The words in row order, block by block. Raises UsageProblem if the rows are not numbered from 0."""
        if not self._collection.is_numbered:
            raise UsageProblem(f"the keys of {self._collection.address} are not row numbers from 0", "ask for words")
        for first in range(0, len(self), WORDS_READ_AT_ONCE):
            yield from self[first : first + WORDS_READ_AT_ONCE]

    def find(self, word: str) -> int | None:
        """The row of exactly this word, or None; the lowest row if the collection has the word more than once."""
        self.fetch([word])
        return self._rows[word]

    def fetch(self, words: Iterable[str]) -> None:
        """Ask for the words that have not been looked up yet, in one request."""
        words = list(dict.fromkeys(words))
        unknown = [word for word in words if word not in self._rows]
        if not unknown:
            return
        if len(self._rows) + len(unknown) > WORDS_KEPT:
            self._rows, unknown = {}, words
        self._rows |= dict.fromkeys(unknown)
        for entity in self.keep(self._collection.named([word for word in unknown if word and is_utf8(word)])):
            known = self._rows.get(entity.word)
            self._rows[entity.word] = entity.row if known is None else min(known, entity.row)

    def keep(self, entities: Sequence[Entity]) -> Sequence[Entity]:
        """Keep fetched rows, in bounded memory."""
        if (len(self._entities) + len(entities)) * self._collection.dim > NUMBERS_KEPT:
            self._entities.clear()
        self._entities |= {entity.row: entity for entity in entities}
        return entities

    def entities(self, rows: Iterable[int]) -> list[Entity]:
        """Rows with their words and vectors; those that have not been fetched are asked for in one request."""
        wanted = [int(row) for row in rows]
        known = {row: self._entities[row] for row in wanted if row in self._entities}
        missing = sorted(set(wanted) - set(known))
        if missing:
            known |= {entity.row: entity for entity in self.keep(self._collection.numbered(missing))}
        lost = next((row for row in missing if row not in known), None)
        if lost is not None:
            raise InputOutputProblem(
                f"row {lost} is not in {self._collection.address} any more",
                "the collection changed while it was in use; run the command again",
            )
        return [known[row] for row in wanted]

    def resolve(self, text: str) -> tuple[int, str]:
        """As `Vocabulary.resolve`; all spellings of a word that is not found as typed are asked for in one request."""
        if text not in self._resolved and self.find(text) is None:
            self.fetch(other for group in spelled(text) for other in group)
        return super().resolve(text)

    def first(self, count: int | None) -> list[str]:
        """The words of the first rows; all of them are not read from a server."""
        if count is None:
            raise UsageProblem(f"all words of {self._collection.address} are needed, on a server", "use a local model")
        return self[:count]  # type: ignore[no-any-return]

    def spelled_like(self, words: Iterable[str], top: int | None) -> Iterable[tuple[int, str]]:
        """Rows and words in row order: those spelled like `words` in other cases and Unicode forms."""
        texts = list(dict.fromkeys(other for word in words for group in spelled(word) for other in group))
        self.fetch(texts)
        known = ((row, text) for text in texts if (row := self._rows.get(text)) is not None)
        return sorted((row, text) for row, text in known if top is None or row < top)

    def prefix(self, prefix: str, limit: int = 10) -> list[str]:
        """Up to `limit` words that begin with `prefix`."""
        return self._collection.prefixed(prefix, limit) if is_utf8(prefix) else []

    def similar(self, word: str, limit: int) -> list[str]:
        """The words one edit away, in row order: a server does not count the edits of all words."""
        from embcli.vectors.spellings import one_edit_away

        near = list(dict.fromkeys(one_edit_away(word))) if len(word) > 1 and is_utf8(word) else []
        self.fetch(near)
        known = ((len(set(word) - set(other)), row, other) for other in near if (row := self._rows[other]) is not None)
        return [other for *_, other in sorted(known)[:limit]]

    def sample(self, count: int) -> list[str]:
        """Some words; the first ones if the rows are numbered."""
        return self._collection.sample(count)


class MilvusSpace(VectorSpace):
    """A vector space on a server.

    It answers what a `VectorSpace` answers but for what needs all vectors at once: `vectors` and `norms` raise
    UsageProblem.
    """

    is_remote = True
    index: ServerIndex

    def __init__(self, collection: Collection, name: str) -> None:
        self.collection = collection
        self.vocabulary: MilvusVocabulary = MilvusVocabulary(collection)
        self.name, self.origin = name, collection.address
        self.index = collection.index
        self.has_row_numbers = collection.are_keys_numbers
        self.spelling = self.counts = self.subwords = self.int8 = None
        self._outside = OutsideVectors(FIRST_OUTSIDE)

    def _all_vectors(self) -> NoReturn:
        raise UsageProblem(
            f"{self.name} is a collection on a server, and this needs all its vectors", "use a local model"
        )

    vectors = property(_all_vectors)
    norms = property(_all_vectors)

    def __len__(self) -> int:
        return len(self.collection)

    @property
    def dim(self) -> int:
        """The number of dimensions."""
        return self.collection.dim

    @property
    def is_sorted_by_frequency(self) -> bool | None:
        """Whether the rows are sorted by word frequency; None if unknown."""
        return self.collection.is_sorted_by_frequency

    def searched(self, top: int | None) -> int:
        """The number of rows of a search that `top` restricts to the first ones. UsageProblem if there are no first."""
        if top is not None and top < len(self) and not self.collection.is_numbered:
            raise UsageProblem(
                f"the keys of {self.name} are not row numbers from 0, so there are no first {top:,} words",
                "search all words: leave out --vocab, and use neighbors in place of --scan",
            )
        return super().searched(top)

    def prefetch(self, words: Iterable[str]) -> None:
        """Ask for some words in one request."""
        self.vocabulary.fetch(words)

    def find(self, word: str) -> Float32Array | None:
        """The vector [dim] of exactly this word, read-only, or None."""
        row = self.vocabulary.find(word)
        if row is None:
            return None
        vector = self.vocabulary.entities([row])[0].vector
        vector.setflags(write=False)
        return vector

    def in_order(self, rows: Rows) -> Rows:
        """Numbers that sort rows as ties are sorted: by their keys, or by their words if the keys are not numbers."""
        if self.has_row_numbers:
            return rows
        words = [entity.word for entity in self.vocabulary.entities(rows.tolist())]
        places = {word: place for place, word in enumerate(sorted(set(words)))}
        return np.array([places[word] for word in words], np.intp)

    def _frequent(self, words: Iterable[str]) -> dict[int, str]:
        words = list(words)
        self.vocabulary.fetch(words)
        found = ((self.vocabulary.find(word), word) for word in words)
        return {row: word for row, word in found if row is not None and row < len(self) // RARER}

    def _float32(self, rows: Rows) -> Float32Array:
        entities = self.vocabulary.entities(rows.tolist())
        return np.stack([entity.vector for entity in entities]) if entities else np.empty((0, self.dim), np.float32)
