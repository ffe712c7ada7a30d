"""Make models: out of files, out of gensim's catalogue, and the default one out of its wheel."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from embcli import models
from embcli.errors import UsageProblem
from embcli.models import DEFAULT, Progress, describe, model_path
from embcli.readers import Block, Source, glove_wheel, sniffing
from embcli.readers.opening import Opened
from embcli.results import Catalog, CatalogEntry, Models, ModelsQuery
from embcli.store import open_store
from embcli.store_writer import write_store


def add(
    source: str,
    name: str | None = None,
    *,
    force: bool = False,
    form: str | None = None,
    reader: str = "embcli",
    words: Path | None = None,
    progress: Progress | None = None,
) -> Models:
    """Make a model out of a file of vectors, or out of a name in gensim's catalogue.

    It is named after the source unless `name` is given. Adding the same file under the same name again
    changes nothing; `force` replaces another model of that name. UsageProblem for a bad name or one that
    is taken, BadFile for a broken file, InputOutputProblem; then nothing is added.
    """
    if name is not None:
        model_path(name)  # a name that cannot be is refused before anything is read
    if "://" in source:
        raise UsageProblem(f"{source} is an address, not a file", "download it, then add the file")
    file = Path(source)
    if not file.exists() and _is_catalogue_name(source):
        path = model_path(source if name is None else name)
        if path.exists() and not force:
            return _already(path, None)
        from embcli.readers.gensim import fetch

        file, name = fetch(source, models.data_dir() / "downloads"), name or source
    return _add_file(file, _name_from(file) if name is None else name, source, force, form, reader, words, progress)


def add_path(file: Path, *, progress: Progress | None = None) -> str:
    """The name of the model that was made out of this file, made now if it is new or has changed."""
    absolute = file.absolute()
    name = f"{_name_from(file)[:80]}-{hashlib.sha256(str(absolute).encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"
    path = model_path(name)
    if path.exists():
        if not file.exists():
            return name
        stat = file.stat()
        known = open_store(path).metadata
        if (known.get("source_size"), known.get("source_mtime_ns")) == (str(stat.st_size), str(stat.st_mtime_ns)):
            return name
    _add_file(file, name, str(absolute), True, None, "embcli", None, progress)
    return name


def add_default(*, progress: Progress | None = None) -> bool:
    """Make the default model's store from its wheel; False when the wheel is not installed."""
    vectors = glove_wheel.find_vectors()
    if vectors is None:
        return False
    source = glove_wheel.read(vectors)
    stat = vectors.stat()
    metadata = _metadata(glove_wheel.WHEEL, stat.st_size, stat.st_mtime_ns, source.reader)
    blocks = _reporting(source, DEFAULT, progress, None)
    write_store(model_path(DEFAULT), blocks, metadata | {"source_sha256": glove_wheel.VECTORS_SHA256}, replace=False)
    return True


def catalog() -> Catalog:
    """gensim's catalogue of models, as of embcli's release: it can be read without a network."""
    entries = json.loads(files("embcli").joinpath("data", "catalog.json").read_bytes())
    return Catalog("embcli.models/1", None, ModelsQuery("catalog", None), tuple(CatalogEntry(**e) for e in entries))


def _add_file(
    file: Path, name: str, origin: str, force: bool, form: str | None, reader: str, words: Path | None,
    progress: Progress | None,
) -> Models:  # fmt: skip
    path = model_path(name)
    opened = Opened(file)
    digest = _Digest(file)
    try:
        if path.exists() and not force:
            return _already(path, digest.hexdigest())
        source = sniffing.read(opened, form=form, reader=reader, words=words)
        metadata = _metadata(origin, opened.size, opened.mtime_ns, source.reader)
        blocks = _reporting(source, name, progress, opened)
        written = write_store(path, blocks, metadata, late=lambda: {"source_sha256": digest.hexdigest()}, replace=force)
    finally:
        digest.stop()
        opened.close()
    if written is None:
        return _already(path, digest.hexdigest())
    notes = list(source.notes)
    if written.duplicates:
        notes.append(f"{written.duplicates:,} rows were left out, as their word stood before")
    return models.as_models("add", name, [describe(name)])._replace(notes=tuple(notes))


def _already(path: Path, sha256: str | None) -> Models:
    """The model as it is, when it was made from the same file; else its name is taken."""
    if sha256 is not None and open_store(path).metadata.get("source_sha256") != sha256:
        raise UsageProblem(
            f'there is a model "{path.stem}" already, made from something else',
            "choose another name with --name, or replace it with --force",
        )
    name = path.stem
    return models.as_models("add", name, [describe(name)])._replace(notes=("it had been added before",))


def _metadata(origin: str, size: int, mtime_ns: int, reader: str) -> dict[str, str]:
    return {
        "source": origin.encode("utf-8", "backslashreplace").decode(),
        "source_size": str(size),
        "source_mtime_ns": str(mtime_ns),
        "reader": reader,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _reporting(source: Source, name: str, progress: Progress | None, opened: Opened | None) -> Iterator[Block]:
    done = 0
    for words, vectors in source.blocks:
        yield words, vectors
        done += len(words)
        if progress:
            share = done / source.rows if source.rows else opened.taken() / opened.size if opened else 0.0
            progress(name, done, min(share, 1.0))


class _Digest:
    """SHA-256 of a file, worked out in a thread while the file is being read."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.stopped = False
        self.hash = hashlib.sha256()
        self.error: OSError | None = None
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def _work(self) -> None:
        try:
            with self.file.open("rb") as file:
                while not self.stopped and (piece := file.read(1 << 20)):
                    self.hash.update(piece)
        except OSError as error:
            self.error = error

    def hexdigest(self) -> str:
        """The digest, once all of the file has been read."""
        self.thread.join()
        if self.error:
            raise self.error
        return self.hash.hexdigest()

    def stop(self) -> None:
        """Do not read on."""
        self.stopped = True


def _is_catalogue_name(source: str) -> bool:
    return re.fullmatch(r"[a-z0-9][a-z0-9_-]*", source) is not None


def _name_from(file: Path) -> str:
    """A model name for a file: its own name without the suffixes that vector files have."""
    name = re.sub(r"[^A-Za-z0-9._-]", "-", file.name).lstrip(".-")
    return re.sub(r"(\.(gz|bz2|xz|zip|txt|vec|bin|kv|model|w2v|npy|npz))+$", "", name)[:100] or "model"
