"""The models that can be downloaded, as of embcli's release: gensim's catalogue, and wheels with transformers.

It requires no network.
"""

import json
from importlib.resources import files

from embcli.results.models import Catalog, CatalogEntry, ModelsQuery


def catalog() -> Catalog:
    """The models that can be downloaded, with sizes and licences."""
    entries = json.loads(files("embcli").joinpath("data", "catalog.json").read_bytes())
    return Catalog(
        "embcli.models-catalog/1", None, ModelsQuery("catalog", None), tuple(CatalogEntry(**entry) for entry in entries)
    )
