"""What the commands that look after models answer."""

from typing import NamedTuple

from embcli.results.numbers import Length


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
