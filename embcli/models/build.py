"""Build stores from files, from gensim's catalogue, and the default model from its wheel."""

import hashlib
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from embcli.errors import BadFile, DamagedStore, InputOutputProblem
from embcli.readers import Block, ReadOptions, ReportRows, Source, glove_wheel, sniffing
from embcli.readers.source_file import SourceFile
from embcli.store.read import open_store
from embcli.store.write import write_store
from embcli.vectors.subwords import Subwords


def make_default(path: Path, report: ReportRows | None) -> bool:
    """Build the default model's store from its wheel; returns False if the wheel is not installed."""
    vectors = glove_wheel.find_vectors()
    if vectors is None:
        return False
    source = glove_wheel.read(vectors)
    stat = vectors.stat()
    metadata = store_metadata(glove_wheel.WHEEL, stat.st_size, stat.st_mtime_ns, source)
    metadata["source_sha256"] = glove_wheel.VECTORS_SHA256
    write_store(path, _reporting(source, report, None), metadata, replace=False)
    return True


def make(
    file: Path, path: Path, origin: str, options: ReadOptions, *, replace: bool, report: ReportRows | None
) -> tuple[str, ...] | None:
    """Build a store from a file of vectors; returns notes on irregularities of the file.

    Returns None and writes nothing if there is another store that must not be replaced; a store built from the same
    bytes is kept. Raises BadFile, InputOutputProblem.
    """
    opened = SourceFile(file)
    digest = _Digest(opened)
    try:
        written = None
        if replace or not path.exists():
            source = sniffing.read(opened, options)
            if options.limit is not None:
                source = source._replace(blocks=islice_rows(source.blocks, options.limit), rows=options.limit)
            metadata = store_metadata(origin, opened.size, opened.mtime_ns, source)
            if os.path.abspath(origin) == os.path.abspath(file):  # else it is a name of the catalogue
                metadata["source_path"] = absolute_path(str(file))
            if options_text := options_as_text(options):
                metadata["options"] = options_text
            blocks = _reporting(source, report, opened)
            subwords = _subwords(source)
            if subwords is not None and source.ngrams is not None and not source.ngrams.are_in_rows:
                blocks = ((words, subwords.compose(words, vectors)) for words, vectors in blocks)
            kept = None
            if subwords is not None and options.subwords is not False:
                kept = subwords.vectors
                metadata |= {"ngram_min": str(subwords.min_n), "ngram_max": str(subwords.max_n)}
            late = digest.metadata
            if options.limit is not None:  # the rest of the file is not read, so it has no digest
                digest.stop()
                metadata |= {"limit": str(options.limit)}
                late = dict
            written = write_store(path, blocks, metadata, ngrams=kept, late=late, replace=replace)
        if written is None:
            known = open_store(path).metadata
            if options.limit is None:
                same = known.get("source_sha256") == digest.hexdigest()
            else:
                facts = {"source_mtime_ns": str(opened.mtime_ns), "limit": str(options.limit)}
                same = facts.items() <= known.items()
            same = same and known.get("options", "") == options_as_text(options)
            return ("it was already added",) if same else None
    except OSError as error:
        raise InputOutputProblem(f"cannot read {file}: {error.strerror or error}", "try again") from error
    finally:
        digest.stop()
        opened.close()
    if written.duplicates:
        words = "word" if written.duplicates == 1 else "words"
        source.notes.append(f"skipped {written.duplicates:,} duplicate {words} (kept the first)")
    if written.zeros:
        vectors = "vector is" if written.zeros == 1 else "vectors are"
        source.notes.append(f"{written.zeros:,} {vectors} zero; the cosine of a zero vector with any other is 0")
    return tuple(source.notes)


def recorded_options(path: Path) -> tuple[str, str]:
    """The options that a store was built with, as `options_as_text`, and its limit."""
    metadata = open_store(path).metadata
    return metadata.get("options", ""), metadata.get("limit", "")


def source_path(path: Path) -> str:
    """The absolute path of the file that a store was built from; empty where it is unknown."""
    try:
        return open_store(path).metadata.get("source_path", "")
    except (DamagedStore, OSError):
        return ""


def absolute_path(file: str) -> str:
    """The absolute path of a file, as stores contain it."""
    return _as_utf_8(os.path.abspath(file))


def _as_utf_8(text: str) -> str:
    """A text without the lone surrogates that stand for bytes that are not UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()


def options_as_text(options: ReadOptions) -> str:
    """The options that change what is read, beside the limit; those of the words with the size and time of their file.

    options_as_text(ReadOptions(header=True))  # "header=True"
    """
    usual = ReadOptions()
    changed = options._replace(limit=None, subwords=False if options.subwords is False else None)._asdict()
    if options.words is not None and Path(options.words).exists():  # the reader reports a missing file
        stat = Path(options.words).stat()
        changed["words"] = f"{Path(options.words).name} {stat.st_size} {stat.st_mtime_ns}"
    return ", ".join(f"{name}={value}" for name, value in changed.items() if value != getattr(usual, name))


def islice_rows(blocks: Iterator[Block], limit: int) -> Iterator[Block]:
    """The first rows; the file is not read further."""
    for words, vectors in blocks:
        yield words[:limit], vectors[:limit]
        limit -= len(words)
        if limit <= 0:
            return


def _subwords(source: Source) -> Subwords | None:
    return None if source.ngrams is None else Subwords(*source.ngrams[:3])


def store_metadata(origin: str, size: int, mtime_ns: int, source: Source) -> dict[str, str]:
    """What a store notes of its source: its name, size and time, its reader, and whether rows are sorted."""
    return {
        "source": _as_utf_8(origin),
        "source_size": str(size),
        "source_mtime_ns": str(mtime_ns),
        "reader": source.reader,
        "sorted_by_frequency": {True: "true", False: "false", None: "unknown"}[source.sorted_by_frequency],
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _reporting(source: Source, report: ReportRows | None, opened: SourceFile | None) -> Iterator[Block]:
    done = 0
    for words, vectors in source.blocks:
        yield words, vectors
        done += len(words)
        if report:
            share = done / source.rows if source.rows else opened.taken() / opened.size if opened else 0.0
            report(done, min(share, 1.0))


class _Digest:
    """SHA-256 of a file, computed in a thread while the file is read."""

    def __init__(self, opened: SourceFile) -> None:
        try:
            self.file = opened.file_path.open("rb")
        except OSError as error:
            raise InputOutputProblem(f"cannot read {opened.path}: {error.strerror}", "check the path") from error
        if not os.path.samestat(os.fstat(self.file.fileno()), os.fstat(opened.file.fileno())):
            raise BadFile(f"{opened.path} was replaced while it was being opened", "add it again")
        self.stopped = False
        self.hash = hashlib.sha256()
        self.error: OSError | None = None
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def _work(self) -> None:
        try:
            with self.file as file:
                while not self.stopped and (piece := file.read(1 << 20)):
                    self.hash.update(piece)
        except OSError as error:
            self.error = error

    def hexdigest(self) -> str:
        """The digest; waits until the whole file has been read."""
        self.thread.join()
        if self.error:
            raise self.error
        return self.hash.hexdigest()

    def metadata(self) -> dict[str, str]:
        """The digest as metadata of the store; waits until the whole file has been read."""
        return {"source_sha256": self.hexdigest()}

    def stop(self) -> None:
        """Stop reading."""
        self.stopped = True
