"""Names of models: valid names, names and paths, the data folder, the default model."""

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from embcli.errors import UnknownModel, UsageProblem
from embcli.store.header import SUFFIX

DEFAULT = "glove"
# The name of the same vectors in gensim's catalogue.
DEFAULT_IN_CATALOGUE = "glove-wiki-gigaword-50"
NAME = re.compile(r"(?![.-])[A-Za-z0-9._-]{1,100}")
# The suffix of the registrations of collections on servers.
REGISTERED = ".milvus.json"
# Suffixes of files of vectors and models.
FILE_SUFFIXES = (
    "txt", "vec", "bin", "kv", "model", "w2v", "npy", "npz", "csv", "tsv", "gguf", "safetensors",
    "gz", "bz2", "xz", "zip", "tar",
)  # fmt: skip

# The name of a model of random vectors begins with this, and ends with that of the model whose words it has.
RANDOM_PREFIX = "random-"

# So many models are named in an error; of more, those that are spelled like the unknown one.
LISTED_MODELS = 8
SUGGESTED_MODELS = 5


def is_path(name: str) -> bool:
    """Whether a name is the path of a file.

    A name with a separator is a path. So is the name of an existing file with a suffix of vector files, unless a model
    of that name is installed or it is the name of the default model.
    """
    if os.sep in name or (os.altsep is not None and os.altsep in name):
        return True
    if name == DEFAULT or (NAME.fullmatch(name) and is_installed(name)):
        return False
    return _has_file_suffix(name) and Path(name).exists()


def _has_file_suffix(name: str) -> bool:
    stem, _, suffix = name.rpartition(".")
    return bool(stem) and suffix.lower() in FILE_SUFFIXES


def as_name(name: str | os.PathLike[str]) -> str:
    """A name or path as text. A Path is always that of a file: as_name(Path("glove")) = "./glove"."""
    return name if isinstance(name, str) else os.path.join(os.curdir, os.fspath(name))


def path_of_model(name: str) -> Path:
    """The path of a model's store, by the model's name or by the path of its source file."""
    if not is_path(name):
        return model_path(name)
    from hashlib import sha256

    absolute = os.path.abspath(name)
    return model_path(f"{name_from(Path(name))[:80]}-{sha256(os.fsencode(absolute)).hexdigest()[:8]}")


def name_from(file: Path) -> str:
    """A model name for a file: the file's name without the suffixes of vector files."""
    stem = re.sub(rf"(\.({'|'.join(FILE_SUFFIXES)}))+$", "", file.name, flags=re.IGNORECASE)
    return re.sub(r"[^A-Za-z0-9._-]", "-", stem).strip(".-")[:100] or "model"


def default_name() -> str:
    """The name of the default model: `EMBCLI_MODEL`, else that of `models default`, else `glove`."""
    return os.environ.get("EMBCLI_MODEL") or chosen_default() or DEFAULT


def chosen_default() -> str:
    """The model chosen by `models default`, or an empty string."""
    try:
        return default_file().read_text("utf-8", "replace").strip()
    except FileNotFoundError:
        return ""


def model_path(name: str) -> Path:
    """The path of a model's store. Raises UsageProblem for an invalid name."""
    if not NAME.fullmatch(name):
        raise UsageProblem(
            f'"{name}" cannot be the name of a model',
            "use up to 100 letters, digits, dots, dashes and underscores, not beginning with a dot or dash",
        )
    return data_dir() / "models" / f"{name}{SUFFIX}"


def registration_path(name: str) -> Path:
    """The path of the registration of a collection on a server (`collections.py`)."""
    return model_path(name).with_name(f"{name}{REGISTERED}")


def is_registered(name: str) -> bool:
    """Whether a collection on a server is registered as a model of that name."""
    return NAME.fullmatch(name) is not None and registration_path(name).exists()


def is_installed(name: str) -> bool:
    """Whether a model of that name has a store, or is a registered collection."""
    return model_path(name).exists() or is_registered(name)


def path_of_new_store(name: str) -> Path:
    """The path of a store that is to be built. Raises UsageProblem if a collection is registered under that name."""
    if is_registered(name):
        raise UsageProblem(
            f'"{name}" is a registered collection', f"choose another name, or: embcli models remove {name}"
        )
    return model_path(name)


def data_dir() -> Path:
    """`EMBCLI_HOME`, else `embcli` in the platform's folder for user data."""
    # The same paths as platformdirs, whose import takes 43 ms.
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
    """The file with the choice of `models default`."""
    return data_dir() / "default"


def installed_names() -> list[str]:
    """The names of the models that have a store, and of registered collections, sorted."""
    folder = data_dir() / "models"
    names = [path.name.removesuffix(suffix) for suffix in (SUFFIX, REGISTERED) for path in folder.glob(f"*{suffix}")]
    return sorted(name for name in names if NAME.fullmatch(name))


def no_model(name: str, chosen_by: str = "") -> UnknownModel:
    """The error for a model that is not installed. chosen_by: what named it, if not the command line."""
    names = installed_names()
    file = ""
    if Path(name).is_file():
        file = f"for the file of that name, write {os.path.join('.', name)}; "
    elif _has_file_suffix(name):
        file = "there is no such file either; "
    where = f", which {chosen_by} names" if chosen_by else ""
    similar = similar_names(name, names)
    known = f"installed: {', '.join(names)}; " if names else ""
    if len(names) > LISTED_MODELS:
        meant = f"did you mean {', '.join(similar)}? " if similar else ""
        known = f"{meant}{len(names):,} models are installed (see: embcli models); "
    source = _source_of(name, names)
    hint = f"{known}{file}{'to add it' if source else 'to add one'}: embcli models add {source or 'FILE'}"
    return UnknownModel(f'there is no model "{name}"{where}', hint, similar)


def _source_of(name: str, names: Sequence[str]) -> str:
    """What `models add` takes to make a model of this name, if that is known.

    _source_of("random-glove", ["glove"])  # "random --like glove"
    """
    from embcli.models.fetch_checkpoints import WHEELS

    like = name.removeprefix(RANDOM_PREFIX)
    if like != name and like in names:
        return f"random --like {like}"
    return name if name in WHEELS else ""


def similar_names(name: str, names: Sequence[str]) -> list[str]:
    """The names that are spelled like a name, the most similar first; whatever their case."""
    from difflib import get_close_matches

    as_spelled: dict[str, list[str]] = {}
    for each in names:
        as_spelled.setdefault(each.lower(), []).append(each)
    close = get_close_matches(name.lower(), as_spelled, SUGGESTED_MODELS, cutoff=0.6)
    return [each for spelled in close for each in as_spelled[spelled]][:SUGGESTED_MODELS]


def default_source() -> str:
    """What names the default model: `EMBCLI_MODEL`, the file of `models default`, or nothing."""
    if os.environ.get("EMBCLI_MODEL"):
        return "EMBCLI_MODEL"
    return "`models default`" if chosen_default() else ""
