"""Manage models: list, describe, verify, rename and remove them, and choose the default."""

import os
import shutil
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from embcli.errors import BadFile, DamagedStore, InputOutputProblem, UnknownModel, UsageProblem
from embcli.models import build
from embcli.models.checkpoints import check_files
from embcli.models.names import (
    DEFAULT,
    as_name,
    chosen_default,
    data_dir,
    default_file,
    default_name,
    default_source,
    installed_names,
    is_installed,
    is_path,
    is_registered,
    model_path,
    no_model,
    path_of_model,
    registration_path,
)
from embcli.models.open import Progress, StoredSpace, open_space, open_stored
from embcli.readers import glove_wheel
from embcli.results.models import ModelEntry, ModelInfo, ModelInfos, Models, ModelsQuery
from embcli.store.header import SUFFIX
from embcli.store.read import open_store
from embcli.store.read import verify as verify_store

if TYPE_CHECKING:
    from embcli.models.collections import RegisteredSpace

# A model's name, or the path of its file.
Named = str | os.PathLike[str]


def would_be_default(source: Path | str, hint: str) -> UsageProblem:
    """The error for a name that would make a model the default one."""
    return UsageProblem(f"{source} would become {DEFAULT}, the default model", hint)


def installed() -> Models:
    """The installed models by name, including the default one before its store is built."""
    entries = [describe(name) for name in installed_names()]
    if DEFAULT not in [entry.name for entry in entries] and glove_wheel.find_vectors():
        rows, dim = glove_wheel.ROWS, glove_wheel.DIM
        is_default = default_name() == DEFAULT
        entries.insert(
            0, ModelEntry(DEFAULT, rows, dim, rows * dim, None, is_default, "at first use", glove_wheel.WHEEL)
        )
    return as_models("list", None, entries)


def describe(name: str) -> ModelEntry:
    """The entry of an installed model. Raises UnknownModel."""
    if is_registered(name):
        return _describe_registered(name)
    path = model_path(name)
    try:
        store, size = open_store(path), path.stat().st_size
    except FileNotFoundError:
        raise no_model(name) from None
    except (DamagedStore, OSError):
        return ModelEntry(name, 0, 0, 0, path.stat().st_size, name == default_name(), "damaged", "")
    rows, dim = store.vectors.shape
    source = store.metadata.get("source", "")
    return ModelEntry(name, rows, dim, rows * dim, size, name == default_name(), "ready", source)


def _describe_registered(name: str) -> ModelEntry:
    """The entry of a registered collection as it was registered; its server is not asked."""
    from embcli.models.collections import read_registration

    is_default = name == default_name()
    try:
        known = read_registration(registration_path(name))
    except BadFile:
        return ModelEntry(name, 0, 0, 0, None, is_default, "damaged", "")
    return ModelEntry(
        name, known.rows, known.dim, known.rows * known.dim, None, is_default, "on a server", known.address
    )


def _made(name: str, progress: Progress | None) -> str:
    """The name of a model given by its name or by the path of its file; builds the model if necessary."""
    path = path_of_model(name)
    if not is_path(name) and (path.exists() or is_registered(name)):
        return path.name.removesuffix(SUFFIX)
    return open_stored(name, progress=progress).path.stem


def info(name: Named | None = None, *, progress: Progress | None = None) -> ModelInfos:
    """The details of a model, or of the default one. Raises UnknownModel, DamagedStore."""
    name = None if name is None else as_name(name)
    space = open_space(name, progress=progress)
    if not isinstance(space, StoredSpace):
        entry = _info_of_collection(space)
        return ModelInfos("embcli.models-info/1", None, ModelsQuery("info", name), (entry,))
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
        int8=space.int8 is not None,
        checkpoint=facts.get("checkpoint"),
    )
    return ModelInfos("embcli.models-info/1", None, ModelsQuery("info", name), (entry,))


def _info_of_collection(space: "RegisteredSpace") -> ModelInfo:
    """The details of a registered collection, as its server gives them."""
    from embcli.search.milvus import OPTION_OF_METRIC

    path, norms = registration_path(space.name), space.collection.norms
    return ModelInfo(
        name=space.name,
        words=len(space),
        dim=space.dim,
        parameters=len(space) * space.dim,
        bytes=None,
        default=space.name == default_name(),
        path=str(path),
        source=space.origin,
        source_size=None,
        source_sha256="",
        reader="milvus",
        created=datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds"),
        duplicates=0,
        norm_min=norms.least if norms else None,
        norm_median=norms.median if norms else None,
        norm_max=norms.largest if norms else None,
        int8=False,
        index_type=space.index.kind,
        metric=OPTION_OF_METRIC.get(space.index.metric, space.index.metric),
        index_parameters=space.index.parameters or None,
        exact=space.index.is_exact,
    )


def as_models(
    action: str, name: str | None, entries: Iterable[ModelEntry], *, notes: tuple[str, ...] | None = None
) -> Models:
    """Entries as the record of the `models` commands."""
    return Models("embcli.models/1", None, ModelsQuery(action, name), tuple(entries), notes)


def removable(names: Sequence[Named]) -> list[ModelEntry]:
    """Models, also damaged ones, by name or by the path of their file, which may be gone.

    Raises UnknownModel; UsageProblem for the path of a file from which several models were made.
    """
    entries = {}
    for name in map(as_name, names):
        found = _existing(name)
        entries[found] = describe(found)
    return list(entries.values())


def _existing(name: str) -> str:
    """The name of an installed model given by its name or by the path of its file, from which none is built."""
    path = path_of_model(name)
    if not is_path(name) or path.exists():
        return path.name.removesuffix(SUFFIX)
    file = build.absolute_path(name)
    made = [each for each in installed_names() if describe(each).source == name]
    made = made or [each for each in installed_names() if build.source_path(model_path(each)) == file]
    if not made:
        raise UnknownModel(f"there is no model made from {name}", "see: embcli models")
    if len(made) > 1:
        raise UsageProblem(f"{len(made)} models were made from {name}: {', '.join(made)}", "name one of them")
    return made[0]


def remove(*names: Named) -> Models:
    """Delete models, their dictionaries and what was unpacked for them; none if one is unknown. UnknownModel."""
    removed = []
    for entry in removable(names):
        checkpoint = _checkpoint_of(entry.name)
        model_path(entry.name).unlink(missing_ok=True)
        registration_path(entry.name).unlink(missing_ok=True)
        for dictionary in (data_dir() / "dictionaries").glob(f"{entry.name}-[0-9]*.safetensors"):
            dictionary.unlink(missing_ok=True)
        _remove_unpacked(checkpoint)
        if chosen_default() == entry.name:
            default_file().unlink(missing_ok=True)
        removed.append(entry._replace(status="removed", default=False))
    return as_models("remove", as_name(names[0]) if len(names) == 1 else None, removed)


def _checkpoint_of(name: str) -> str:
    """The path of the checkpoint of a model; empty for word vectors and damaged stores."""
    try:
        return open_store(model_path(name)).metadata.get("checkpoint", "")
    except (DamagedStore, OSError):
        return ""


def _remove_unpacked(checkpoint: str) -> None:
    """Delete a checkpoint that embcli downloaded or unpacked, if no model uses it any more."""
    kept = data_dir().resolve() / "checkpoints"
    if not checkpoint or kept not in Path(checkpoint).parents:
        return
    if checkpoint in [_checkpoint_of(name) for name in installed_names()]:
        return
    unpacked = kept / Path(checkpoint).relative_to(kept).parts[0]
    shutil.rmtree(unpacked, ignore_errors=True)
    unpacked.with_name(f"{unpacked.name}.whl").unlink(missing_ok=True)


def rename(name: Named, new_name: str) -> Models:
    """Give a model another name; a chosen default stays the default. UnknownModel; UsageProblem for a taken name."""
    known = _existing(as_name(name))
    entry = describe(known)
    path_of = registration_path if is_registered(known) else model_path
    path, new = path_of(known), path_of(new_name)
    if new == path:
        raise UsageProblem(f'the name of the model is "{new_name}" already', "choose another name")
    if is_installed(new_name):
        raise UsageProblem(f'there is another model "{new_name}" already', "choose another name")
    if new_name == DEFAULT and entry.source != glove_wheel.WHEEL:
        raise would_be_default(as_name(name), f"choose another name, or run: embcli models default {known}")
    was_default = chosen_default() == known
    try:
        path.rename(new)
    except OSError as error:
        raise InputOutputProblem(f"cannot rename {path}: {error.strerror}", "check the folder of the models") from error
    if was_default:
        set_default(new_name)
    return as_models("rename", new_name, [describe(new_name)])


def verify(name: Named | None = None, *, progress: Progress | None = None) -> Models:
    """Verify the checksums of a model, or of all models, and that checkpoints are there unchanged.

    Raises DamagedStore with the damaged ones; else InputOutputProblem for a checkpoint that moved or changed, and for a
    collection whose server does not answer, or which changed; BadFile for a damaged registration alone.
    """
    name = None if name is None else as_name(name)
    names = installed_names() if name is None else [_made(name, progress)]
    damaged: list[DamagedStore] = []
    unverified: list[BadFile | InputOutputProblem] = []
    for each in names:
        try:
            if is_registered(each):
                open_space(each).verify()
                continue
            verify_store(model_path(each))
            if "checkpoint" in (metadata := open_store(model_path(each)).metadata):
                check_files(each, metadata)
        except DamagedStore as error:
            damaged.append(error)
        except (BadFile, InputOutputProblem) as error:
            unverified.append(error)
    if len(damaged) == 1:
        raise damaged[0]
    if damaged:
        raise DamagedStore(f"{len(damaged)} of {len(names)} models are damaged: {'; '.join(map(str, damaged))}")
    if len(names) == len(unverified) == 1:
        raise unverified[0]
    if unverified:
        messages = "; ".join(error.message for error in unverified)
        raise InputOutputProblem(
            f"{len(unverified)} of {len(names)} models could not be verified (the others are intact): {messages}",
            unverified[0].hint,
        )
    return as_models("verify", name, [describe(each)._replace(status="verified") for each in names])


def default_model() -> Models:
    """The default model. Raises UnknownModel if it is not installed."""
    name = default_name()
    entries = [entry for entry in installed().results if entry.name == name]
    if not entries:
        raise no_model(name, default_source())
    return as_models("default", name, entries)


def set_default(name: Named, *, progress: Progress | None = None) -> Models:
    """Make a model the default, which `EMBCLI_MODEL` overrides. Raises UnknownModel."""
    name = as_name(name)
    if name != DEFAULT:
        name = _made(name, progress)
        describe(name)
    temporary = default_file().with_suffix(".new")
    try:
        temporary.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(name + "\n", "utf-8")
        temporary.replace(default_file())
    except OSError as error:
        raise InputOutputProblem(f"cannot write {default_file()}: {error.strerror}", "set EMBCLI_MODEL") from error
    return as_models("default", name, [entry for entry in installed().results if entry.name == name])
