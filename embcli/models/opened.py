"""Stores and transformers that a running program, such as the shell, keeps open between its questions.

Other programs answer one question, and open their files once.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

Kept = TypeVar("Kept")

# Device, inode, size and time of change of a file; of a folder, those of each file in it.
Stamp = tuple[Any, ...]


class OpenFile(NamedTuple):
    """What was opened, and the stamp that its path had just before."""

    stamp: Stamp
    value: Any


# By what opens a path, the path, and the name of the model, if it is needed. None where nothing is kept.
_kept: dict[tuple[str, Path, tuple[str, ...]], OpenFile] | None = None


@contextmanager
def models_stay_open() -> Iterator[None]:
    """Within the block, what `opened` returns stays open, and is opened again only after its files have changed."""
    global _kept
    before, _kept = _kept, {} if _kept is None else _kept
    try:
        yield
    finally:
        _kept = before


def opened(open_path: Callable[..., Kept], path: Path, *name: str) -> Kept:
    """`open_path(path, *name)`, or what an earlier call returned, if models stay open and no file of it has changed.

    The stamp is taken before the file is opened, so a file that is replaced in between is opened again at the next
    call. Raises the errors of `open_path`, and FileNotFoundError.

        opened(open_store, model_path("glove"))  # a new Store; within `models_stay_open`, the same one each time
    """
    if _kept is None:
        return open_path(path, *name)
    key, stamp = (open_path.__name__, path, name), stamp_of(path)
    known = _kept.get(key)
    if known is None or known.stamp != stamp:
        known = _kept[key] = OpenFile(stamp, open_path(path, *name))
    value: Kept = known.value
    return value


def stamp_of(path: Path) -> Stamp:
    """What distinguishes a file, or the files of a folder, from their replacements. Raises FileNotFoundError."""
    files = sorted(each for each in path.iterdir() if each.is_file()) if path.is_dir() else [path]
    stats = [os.stat(file) for file in files]
    return tuple((stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns) for stat in stats)
