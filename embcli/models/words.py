"""The words of a model, opened without its vectors and without numpy, for the completion of words."""

import mmap
import os
from pathlib import Path

from embcli.errors import DamagedStore, UnknownModel
from embcli.models.names import DEFAULT, DEFAULT_IN_CATALOGUE, default_name, model_path, path_of_model
from embcli.store.header import check_header, read_header
from embcli.vectors.sorted_words import SortedWords


def open_words(name: str | None = None) -> SortedWords:
    """The words of a model that has a store; nothing is built. None opens the default model, as `open_space` does.

    Only the header of the store is read, so the cost does not grow with the vocabulary. Raises UnknownModel if there
    is no store, DamagedStore for a damaged one.

        open_words("glove").prefix("kin", 2)  # ["king", "kind"]
    """
    name = name or default_name()
    path = path_of_model(name)
    if name == DEFAULT and not path.exists():
        path = model_path(DEFAULT_IN_CATALOGUE)
    try:
        return _map(path)
    except FileNotFoundError:
        raise UnknownModel(f'the model "{name}" has no store') from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DamagedStore(f"{path} is damaged: {error}") from error


def _map(path: Path) -> SortedWords:
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        start, header = read_header(file, size)
        check_header(header, size - start)
        view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))[start:]
    ends = {name: slice(*header[name]["data_offsets"]) for name in ("words", "offsets", "order")}
    return SortedWords(view[ends["words"]], view[ends["offsets"]].cast("q"), view[ends["order"]].cast("i"))
