"""A collection in memory that answers as a Milvus server does: by scores in float32, and no more than some rows."""

from collections.abc import Sequence

import numpy as np

from embcli.search.local import SAFE_NORMS
from embcli.vectors.arithmetic import Float32Array, Float64Array, float32_error, lengths, unit_rows
from embcli.vectors.milvus import Entity, Hits, MilvusSpace, Norms, ServerIndex
from embcli.vectors.space import VectorSpace


class MemoryCollection:
    """The rows of a space as a collection.

    noise: the largest error of its scores, as a multiple of that of float32. missed: the fraction of rows that its
    index misses. requests: the number of requests so far.
    """

    address = "milvus://memory/test"
    are_keys_numbers = True
    is_numbered = True

    def __init__(
        self,
        space: VectorSpace,
        metric: str = "COSINE",
        *,
        noise: float = 1.0,
        missed: float = 0.0,
        knows_norms: bool = True,
    ) -> None:
        self.space, self.noise, self.missed = space, noise, missed
        self.chance = np.random.default_rng(len(space))
        self.index = ServerIndex("HNSW" if missed else "FLAT", metric, {"M": "8"} if missed else {}, not missed)
        self.is_sorted_by_frequency = space.is_sorted_by_frequency
        self.requests = 0
        is_fit = (space.norms >= SAFE_NORMS[0]) & (space.norms <= SAFE_NORMS[1])
        largest = float(np.nextafter(space.norms[is_fit].max(initial=0), np.float32(np.inf)))
        unfit = tuple(np.flatnonzero(~is_fit).tolist())
        self.norms = Norms(0.0, 0.0, largest, unfit) if knows_norms else None

    @property
    def dim(self) -> int:
        return self.space.dim

    def __len__(self) -> int:
        return len(self.space)

    def named(self, words: Sequence[str]) -> list[Entity]:
        found = (self.space.vocabulary.find(word) for word in words)
        return self.numbered([row for row in found if row is not None])

    def numbered(self, rows: Sequence[int]) -> list[Entity]:
        self.requests += 1
        return [Entity(row, self.space.vocabulary[row], self.space.vectors[row].copy()) for row in rows]

    def prefixed(self, prefix: str, limit: int) -> list[str]:
        return self.space.vocabulary.prefix(prefix, limit)

    def sample(self, count: int) -> list[str]:
        return self.space.vocabulary.first(count)

    def nearest(self, vectors: Float32Array, limit: int, top: int | None, *, with_vectors: bool) -> list[Hits]:
        self.requests += 1
        return [self._hits(vector.astype(np.float64), limit, top, with_vectors) for vector in vectors]

    def _hits(self, vector: Float64Array, limit: int, top: int | None, with_vectors: bool) -> Hits:
        values, error = self._values(vector)
        values = values[:top] + error * self.noise * self.chance.uniform(-1, 1, len(values[:top]))
        order = np.argsort(values if self.index.metric == "L2" else -values, kind="stable")
        order = order[self.chance.random(len(order)) >= self.missed][:limit]
        entities = tuple(self.numbered(order.tolist())) if with_vectors else ()
        return Hits(order, values[order], entities)

    def _values(self, vector: Float64Array) -> tuple[Float64Array, float]:
        """The values of a server for all rows, and the error of float32 arithmetic."""
        rows, error = self.space.vectors.astype(np.float64), float32_error(self.dim)
        is_fit = (self.space.norms >= SAFE_NORMS[0]) & (self.space.norms <= SAFE_NORMS[1])
        rows[~is_fit] = 0  # what a server makes of them is not known
        longest = float(lengths(rows).max())
        if self.index.metric == "COSINE":
            unfit = 0.0 if self.norms is None else -1.0
            return np.where(is_fit, unit_rows(rows) @ vector, unfit), error
        if self.index.metric == "IP":
            return rows @ vector, error * longest
        return ((rows - vector) ** 2).sum(axis=1), error * (longest + float(lengths(vector[None])[0])) ** 2


def on_server(space: VectorSpace, metric: str = "COSINE", **options: float | bool) -> MilvusSpace:
    """The rows of a space as a space on such a server."""
    return MilvusSpace(MemoryCollection(space, metric, **options), space.name)  # type: ignore[arg-type]
