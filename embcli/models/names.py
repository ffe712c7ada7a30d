"""What models are called: valid names, names and paths, the data folder, the default model."""

import os
import re
import sys
from pathlib import Path

from embcli.errors import UnknownModel, UsageProblem
from embcli.store.read import SUFFIX

DEFAULT = "glove"
# The same vectors as the default's, by their name in gensim's catalogue.
DEFAULT_IN_CATALOGUE = "glove-wiki-gigaword-50"
NAME = re.compile(r"(?![.-])[A-Za-z0-9._-]{1,100}")
# What files of vectors and of models end in.
FILE_SUFFIXES = (
    "txt", "vec", "bin", "kv", "model", "w2v", "npy", "npz", "csv", "tsv", "gguf", "safetensors",
    "gz", "bz2", "xz", "zip", "tar",
)  # fmt: skip
FILE_NAME = re.compile(rf".+\.({'|'.join(FILE_SUFFIXES)})", re.IGNORECASE)


def is_path(name: str) -> bool:
    """Whether a model is named by the path of a file.

    What has a separator is a path. So is the name of a file that is there, if it ends as files of vectors do; but a
    model of that name, and the default one, come first, whatever files the working directory has.
    """
    if os.sep in name or (os.altsep is not None and os.altsep in name):
        return True
    if name == DEFAULT or (NAME.fullmatch(name) and model_path(name).exists()):
        return False
    return FILE_NAME.fullmatch(name) is not None and Path(name).exists()


def path_of_model(name: str) -> Path:
    """Where the store of a model is or would be, by its name or by the path of the file that it is made from."""
    if not is_path(name):
        return model_path(name)
    from hashlib import sha256

    absolute = os.path.abspath(name)
    return model_path(f"{name_from(Path(name))[:80]}-{sha256(os.fsencode(absolute)).hexdigest()[:8]}")


def name_from(file: Path) -> str:
    """A model name for a file: its own name without the suffixes that vector files have."""
    stem = re.sub(rf"(\.({'|'.join(FILE_SUFFIXES)}))+$", "", file.name, flags=re.IGNORECASE)
    return re.sub(r"[^A-Za-z0-9._-]", "-", stem).strip(".-")[:100] or "model"


def default_name() -> str:
    """The model that is used when none is named."""
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
    stores = (data_dir() / "models").glob(f"*{SUFFIX}")
    return sorted(path.stem for path in stores if NAME.fullmatch(path.stem))


def no_model(name: str) -> UnknownModel:
    """The error for a model that is not there."""
    names = installed_names()
    known = f"installed: {', '.join(names)}; " if names else ""
    file = ""
    if Path(name).is_file():
        file = f"for the file of that name, write {os.path.join('.', name)}; "
    elif FILE_NAME.fullmatch(name):
        file = "there is no file of that name, either; "
    return UnknownModel(f'there is no model "{name}"', f"{known}{file}to add one: embcli models add FILE")
