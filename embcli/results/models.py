"""The records of the commands that manage models."""

from collections.abc import Mapping
from typing import NamedTuple

from embcli.results.display import displayed
from embcli.results.numbers import Length


class ModelEntry(NamedTuple):
    """A model. status: `ready`, `at first use` (its store is built then; bytes is None), `on a server` (bytes is
    None), or `damaged`."""

    name: str
    words: int
    dim: int
    parameters: int
    bytes: int | None
    default: bool
    status: str
    source: str


class ModelsQuery(NamedTuple):
    """The action, and the model that it is applied to."""

    action: str
    name: str | None


@displayed
class Models(NamedTuple):
    """The record of `models` and of most of its subcommands."""

    schema: str
    model: None
    query: ModelsQuery
    results: tuple[ModelEntry, ...]
    notes: tuple[str, ...] | None = None


class ModelInfo(NamedTuple):
    """The details of a model. parameters: words × dim. norm_…: the minimum, the median and the maximum norm.

    int8: whether the store has the companion that searches of large models read first. checkpoint: the path of the
    transformer whose tokens these are. A collection on a server has no bytes here, its norms may be unknown, and it has
    index_type, metric, index_parameters and exact (see `ModelCard`).
    """

    name: str
    words: int
    dim: int
    parameters: int
    bytes: int | None
    default: bool
    path: str
    source: str
    source_size: int | None
    source_sha256: str
    reader: str
    created: str
    duplicates: int
    norm_min: Length | None
    norm_median: Length | None
    norm_max: Length | None
    int8: bool
    checkpoint: str | None = None
    index_type: str | None = None
    metric: str | None = None
    index_parameters: Mapping[str, str] | None = None
    exact: bool | None = None


@displayed
class ModelInfos(NamedTuple):
    """The record of `models info`."""

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


@displayed
class Catalog(NamedTuple):
    """The record of `models catalog`."""

    schema: str
    model: None
    query: ModelsQuery
    results: tuple[CatalogEntry, ...]
