"""gensim's own files, `.kv` and `.model`, which are pickles, read without running anything in them.

A pickle names the functions that rebuild its objects, and a hostile one names `os.system`. Here every name
but a few is refused; gensim's own classes become inert boxes of attributes, and only numpy's arrays are
rebuilt. From the boxes the words and the vectors are taken, as every version of gensim since 0.12 has kept
them; arrays kept beside the file (`.vectors.npy`, `.syn0.npy`) are mapped.
"""

import pickle
import re
import struct
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from embcli.errors import BadFile, InputOutputProblem
from embcli.readers import Block, Source
from embcli.readers.npy import open_array
from embcli.readers.opening import LARGEST_RATIO, RATIO_FREE, Opened

PICKLE = b"\x80"  # the first byte of a pickle of protocol 2 or later; gensim writes no others
ROWS_AT_ONCE = 1 << 12
# Pickles hold their words and, when small, their vectors; nothing of a model needs more.
LARGEST_PICKLE = 1 << 32
HINT = "export it with gensim: save_word2vec_format(…, binary=True)"


class Box:
    """An object of gensim's, as the attributes it was saved with."""

    attributes: dict[str, Any]

    def __new__(cls, *_: object, **__: object) -> "Box":
        """A box that is empty, whatever a pickle passes."""
        box = super().__new__(cls)
        box.attributes = {}
        return box

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        if isinstance(state, Mapping):
            self.attributes.update({str(key): value for key, value in state.items()})


def _encode(text: object, encoding: object = "latin1", *_: object) -> bytes:
    """What `_codecs.encode` is used for in pickles of protocol 2: bytes, spelled as Latin-1 text."""
    if encoding not in ("latin1", "latin-1") or not isinstance(text, str):
        raise pickle.UnpicklingError("bytes are not spelled in Latin-1")
    return text.encode("latin-1")


def _empty_array(*_: object) -> Any:
    """What numpy's arrays are rebuilt from: their state, with shape and numbers, is set afterwards."""
    return np.zeros(0, np.int8)


def _simple_dtype(code: object, *_: object) -> Any:
    """A dtype by its code, such as f4; the state that follows adds the byte order."""
    if not isinstance(code, str) or not re.fullmatch(r"[<|=]?[a-zA-Z]\d{0,4}", code):
        raise pickle.UnpicklingError("an array is of a strange type")
    return np.dtype(code)


def _empty_dict(*_: object) -> dict[Any, Any]:
    return {}


def _allowed() -> dict[tuple[str, str], Any]:
    names: dict[tuple[str, str], Any] = {
        ("numpy", "ndarray"): Box,
        ("numpy", "dtype"): _simple_dtype,
        ("collections", "OrderedDict"): _empty_dict,
        ("collections", "defaultdict"): _empty_dict,
        ("_codecs", "encode"): _encode,
        ("copyreg", "_reconstructor"): Box,
        ("copy_reg", "_reconstructor"): Box,
    }
    for core in ("numpy.core.multiarray", "numpy._core.multiarray"):
        names |= {(core, "_reconstruct"): _empty_array, (core, "scalar"): Box}
    for builtins in ("builtins", "__builtin__"):
        names |= {(builtins, name): Box for name in ("object", "hash", "int", "long")}
    for name in ("__RandomState_ctor", "__randomstate_ctor", "__bit_generator_ctor", "__generator_ctor"):
        names |= {(module, name): Box for module in ("numpy.random", "numpy.random._pickle")}
    return names


class _Bounded:
    """A file that refuses to be read beyond its size, before memory is set aside for it."""

    def __init__(self, opened: Opened) -> None:
        self.stream = opened.stream
        self.limit = opened.plain_size() or LARGEST_RATIO * opened.size + RATIO_FREE
        self.readline = self.stream.readline

    def check(self, count: int) -> None:
        if count > self.limit:
            raise pickle.UnpicklingError(f"it promises {count:,} bytes, more than it has")

    def read(self, count: int) -> bytes:
        self.check(count)
        return self.stream.read(count)

    def readinto(self, buffer: Any) -> int:
        return int(self.stream.readinto(buffer))  # type: ignore[attr-defined]


# The unpickler in C sets memory aside for any number that a file names (a memo of 4 billion entries, say);
# the one in Python does not, at the price of being slower.
_Base: Any = pickle._Unpickler


class _Unpickler(_Base):  # type: ignore[misc]
    dispatch: ClassVar[dict[int, Any]] = dict(_Base.dispatch)

    def __init__(self, file: _Bounded) -> None:
        super().__init__(file, encoding="latin1")
        self.file = file
        self.allowed = _allowed()

    def load_bytearray8(self) -> None:
        (count,) = struct.unpack("<Q", self.read(8))
        self.file.check(count)
        self.append(bytearray(self.read(count)))

    def load_build(self) -> None:
        """Set the state of a box or an array; of nothing else, and of a dtype only the byte order."""
        state, target = self.stack.pop(), self.stack[-1]
        if isinstance(target, np.dtype):
            if not isinstance(state, tuple) or len(state) < 2 or state[1] not in ("<", "|", "="):
                raise pickle.UnpicklingError("an array is in another byte order, or of a strange type")
        elif isinstance(target, Box | np.ndarray):
            target.__setstate__(state)
        else:
            raise pickle.UnpicklingError("it sets the state of what has none")

    def load_setitem(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        _set(self.stack[-1], [key, value])

    def load_setitems(self) -> None:
        items = self.pop_mark()
        _set(self.stack[-1], items)

    def load_dict(self) -> None:
        made: dict[Any, Any] = {}
        _set(made, self.pop_mark())
        self.append(made)

    def load_additems(self) -> None:
        items = self.pop_mark()
        _check_keys(items)
        self.stack[-1].update(items)

    def load_frozenset(self) -> None:
        items = self.pop_mark()
        _check_keys(items)
        self.append(frozenset(items))

    dispatch[pickle.BYTEARRAY8[0]] = load_bytearray8
    dispatch[pickle.BUILD[0]] = load_build
    dispatch[pickle.SETITEM[0]] = load_setitem
    dispatch[pickle.SETITEMS[0]] = load_setitems
    dispatch[pickle.DICT[0]] = load_dict
    dispatch[pickle.ADDITEMS[0]] = load_additems
    dispatch[pickle.FROZENSET[0]] = load_frozenset

    def find_class(self, module: str, name: str) -> Any:
        if module.partition(".")[0] == "gensim":
            return Box
        if (module, name) not in self.allowed:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no model of gensim's needs")
        return self.allowed[module, name]

    def persistent_load(self, _: object) -> Any:
        raise pickle.UnpicklingError("it refers to objects outside it")


def _set(target: object, items: list[Any]) -> None:
    if not isinstance(target, dict) or len(items) % 2:
        raise pickle.UnpicklingError("items are set on what is not a dict")
    _check_keys(items[::2])
    target.update(zip(items[::2], items[1::2], strict=True))


def _check_keys(keys: list[Any]) -> None:
    """Refuse keys that are not simple: hashing a tuple of tuples of … can take for ever, or crash."""
    if not all(isinstance(key, str | bytes | int | float | None) for key in keys):
        raise pickle.UnpicklingError("a dict or a set has keys that are not simple")


def read(opened: Opened) -> Source:
    """The rows of a gensim file. BadFile for what is not one, or asks to run anything."""
    if opened.size > LARGEST_PICKLE:
        raise BadFile(f"{opened.path} is too large for a file of gensim's", HINT)
    try:
        saved = _Unpickler(_Bounded(opened)).load()
        if opened.stream.read(1):  # to the end, where compressed data have their checksum
            raise BadFile(f"{opened.path} goes on behind its end", HINT)
    except (BadFile, InputOutputProblem):
        raise
    except Exception as error:  # a hostile pickle can make the machine stumble in any way
        raise BadFile(f"{opened.path} is not a model that gensim saved, or is damaged: {error}", HINT) from error
    model = saved.attributes if isinstance(saved, Box) else {}
    keyed = model.get("wv", saved)
    attributes = keyed.attributes if isinstance(keyed, Box) else {}
    if "index_to_key" not in attributes and "index2word" not in attributes:
        attributes = {**model, **attributes}  # before gensim 1.0 the model itself had them
    words = next(
        (found for name in ("index_to_key", "index2word") if (found := attributes.get(name)) is not None), None
    )
    vectors = _vectors(opened.path, attributes, model)
    if not isinstance(words, list) or not isinstance(vectors, np.ndarray) or vectors.ndim != 2:
        raise BadFile(f"{opened.path} holds no word vectors", HINT)
    if vectors.dtype.kind != "f" or vectors.dtype.itemsize > 8 or len(words) != len(vectors) or 0 in vectors.shape:
        raise BadFile(f"{opened.path} has {len(words)} words for a {vectors.dtype} array {list(vectors.shape)}", HINT)
    notes = ["its numbers were rounded to 32 bits"] if vectors.dtype.itemsize != 4 else []
    return Source("native", len(words), _blocks(opened, words, vectors), notes, _is_sorted(attributes, len(words)))


def _is_sorted(attributes: Mapping[str, Any], rows: int) -> bool | None:
    """Whether the counts that gensim 4 keeps beside the words never rise; None without counts."""
    expandos = attributes.get("expandos")
    counts = expandos.get("count") if isinstance(expandos, dict) else None
    if not isinstance(counts, np.ndarray) or counts.shape != (rows,) or counts.dtype.kind not in "iuf":
        return None
    return bool((counts[1:] <= counts[:-1]).all())


def _vectors(path: Path, attributes: Mapping[str, Any], model: Mapping[str, Any]) -> Any:
    """The matrix, inside the pickle or in a file of its own beside it."""
    for name in ("vectors", "syn0"):
        if attributes.get(name) is not None:
            return attributes[name]
    for name in ("vectors", "syn0"):
        for beside in (path.with_name(f"{path.name}.{name}.npy"), path.with_name(f"{path.name}.wv.{name}.npy")):
            if beside.is_file():
                with closing(Opened(beside)) as apart:
                    return open_array(apart)
    for source in (attributes, model):
        names = source.get("__numpys")
        if isinstance(names, list) and ("vectors" in names or "syn0" in names):
            raise BadFile(f"{path}.vectors.npy is missing", "copy it beside the file; gensim saved both")
    return None


def _blocks(opened: Opened, words: list[Any], vectors: Any) -> Iterator[Block]:
    for first in range(0, len(words), ROWS_AT_ONCE):
        block = []
        for row, word in enumerate(words[first : first + ROWS_AT_ONCE], start=first + 1):
            if not isinstance(word, str) or not word or "\0" in word:
                raise BadFile(f"{opened.path}, row {row}: the word is missing, or is no text", HINT)
            try:
                block.append(word.encode())
            except UnicodeEncodeError:
                raise BadFile(f"{opened.path}, row {row}: the word is not UTF-8", HINT) from None
        with np.errstate(over="ignore"):
            part = np.ascontiguousarray(vectors[first : first + ROWS_AT_ONCE]).astype("<f4")
        wrong = np.flatnonzero(~np.isfinite(part).all(axis=1))
        if len(wrong):
            raise BadFile(f"{opened.path}, row {first + int(wrong[0]) + 1}: a number is not finite", HINT)
        yield block, part
    opened.check_unchanged()
