"""An unpickler that runs no code, for gensim's native files, which are pickles.

A pickle names the functions that rebuild its objects, and a malicious one may name `os.system`. This unpickler accepts
only a short list of names. gensim's classes become inert boxes of attributes, and only numpy arrays are rebuilt.
"""

import math
import pickle
import re
import struct
import sys
from collections.abc import Mapping
from typing import IO, Any, ClassVar

import numpy as np

from embcli.errors import EmbcliError

# Modules of Python 2's standard library that can run programs.
PYTHON_2_MODULES = {"__builtin__", "commands", "popen2", "os2", "dl", "new", "imp", "user", "urllib2"}


# What models hold by name: the classes of their attributes, and what fills a `defaultdict`.
INERT_BUILTINS = ("object", "hash", "int", "long", "float", "str", "list", "dict", "tuple", "set", "frozenset")


class Box:
    """An object of gensim, reduced to its saved attributes."""

    attributes: dict[str, Any]

    def __new__(cls, *_: object, **__: object) -> "Box":
        """An empty box; the arguments of the pickle are ignored."""
        box = super().__new__(cls)
        box.attributes = {}
        return box

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        if isinstance(state, Mapping):
            self.attributes.update({str(key): value for key, value in state.items()})


def load(stream: IO[bytes], limit: int) -> Any:
    """The object of a pickle of at most `limit` bytes: boxes, arrays and plain values.

    Raises UnpicklingError with what is wrong, for a damaged pickle and for a malicious one.
    """
    try:
        return _Unpickler(_Bounded(stream, limit)).load()
    except (pickle.UnpicklingError, EmbcliError, OSError):
        raise
    except EOFError:
        raise pickle.UnpicklingError("it is truncated") from None
    except Exception as error:  # the instructions of a pickle run into any error; their texts say nothing to a user
        raise pickle.UnpicklingError("its content is not a valid pickle") from error


def _encode(text: object, encoding: object = "latin1", *_: object) -> bytes:
    """The replacement of `_codecs.encode`, which pickles of protocol 2 use for bytes, spelled as Latin-1 text."""
    if encoding not in ("latin1", "latin-1") or not isinstance(text, str):
        raise pickle.UnpicklingError("bytes are not encoded as Latin-1")
    return text.encode("latin-1")


def _bytes(content: object = b"", encoding: object = "latin1", *_: object) -> bytes:
    """The replacement of `bytes` and `bytearray`, which also make zeros of any number, and of that size."""
    if isinstance(content, str):
        return _encode(content, encoding)
    if not isinstance(content, bytes):
        raise pickle.UnpicklingError("bytes are made from something else than bytes")
    return content


def _empty_array(*_: object) -> Any:
    """An empty array; the pickle sets its state (shape and numbers) afterwards."""
    return np.zeros(0, np.int8)


def _simple_dtype(code: object, *_: object) -> Any:
    """A dtype by its code, such as f4; the pickle sets the byte order afterwards."""
    if not isinstance(code, str) or not re.fullmatch(r"[<|=]?[a-zA-Z]\d{0,4}", code):
        raise pickle.UnpicklingError("an array has an unsupported type")
    return np.dtype(code)


def _check_array(state: object) -> None:
    """Reject the state of an array of objects whose list has not one object per element.

    For numbers, numpy compares the bytes with the shape. For objects it does not, and reads memory beyond the list.
    """
    shape, dtype, _, content = state[-4:] if isinstance(state, tuple) and len(state) in (4, 5) else (None,) * 4
    if not isinstance(shape, tuple) or not isinstance(dtype, np.dtype):
        raise pickle.UnpicklingError("an array has an invalid state")
    if dtype.hasobject:
        elements = math.prod(size if type(size) is int and size >= 0 else -1 for size in shape)
        if not isinstance(content, list) or len(content) != elements:
            raise pickle.UnpicklingError("an array of objects does not have its number of objects")


def _array_of(buffer: object, dtype: object, shape: Any, order: Any, axes: Any = None, *_: object) -> Any:
    """The replacement of numpy's `_frombuffer`, which rebuilds the arrays of protocol 5."""
    if not isinstance(buffer, bytes | bytearray) or not isinstance(dtype, np.dtype) or dtype.hasobject:
        raise pickle.UnpicklingError("an array has an unsupported type")
    flat = np.frombuffer(buffer, dtype)
    if order == "K" and axes is not None:
        return flat.reshape(shape).transpose(axes)
    return flat.reshape(shape, order=order)


def _scalar(dtype: object, content: object = None, *_: object) -> Any:
    """A number or a text of numpy as one of Python; an inert box for other scalars."""
    if not isinstance(dtype, np.dtype) or dtype.kind not in "biufSU" or not isinstance(content, bytes):
        return Box()
    return np.frombuffer(content, dtype, count=1)[0].item()


def _empty_dict(*_: object) -> dict[Any, Any]:
    return {}


def _allowed() -> dict[tuple[str, str], Any]:
    names: dict[tuple[str, str], Any] = {
        ("numpy", "ndarray"): Box,
        ("numpy", "dtype"): _simple_dtype,
        ("collections", "OrderedDict"): _empty_dict,
        ("collections", "defaultdict"): _empty_dict,
        ("UserString", "defaultdict"): _empty_dict,  # as Python 3.4 spells it for Python 2
        ("_codecs", "encode"): _encode,
        ("copyreg", "_reconstructor"): Box,
        ("copy_reg", "_reconstructor"): Box,
    }
    for core in ("numpy.core.multiarray", "numpy._core.multiarray"):
        names |= {(core, "_reconstruct"): _empty_array, (core, "scalar"): _scalar}
    for core in ("numpy.core.numeric", "numpy._core.numeric"):
        names[core, "_frombuffer"] = _array_of
    for builtins in ("builtins", "__builtin__"):
        names |= {(builtins, name): Box for name in INERT_BUILTINS}
        names |= {(builtins, name): _bytes for name in ("bytes", "bytearray")}
    return names


def _is_inert(module: str, name: str) -> bool:
    """Whether a name belongs to an object that models hold, which becomes a box.

    These are gensim's classes, numpy's random generators and scalars, and what users gave to training: callbacks, hash
    functions and the like, from modules of their own. A box does nothing whatever the name, but a name of the standard
    library in a model is an attack, and is said to be one.
    """
    package = module.partition(".")[0]
    if package == "numpy":
        is_scalar = (
            module == "numpy"
            and isinstance(getattr(np, name, None), type)
            and issubclass(getattr(np, name), np.generic)
        )
        return is_scalar or module.startswith("numpy.random")
    return package not in sys.stdlib_module_names and package not in PYTHON_2_MODULES


class _Bounded:
    """A file that rejects reads larger than its size before memory is allocated for them."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self.stream = stream
        self.limit = limit
        self.readline = self.stream.readline

    def check(self, count: int) -> None:
        if count > self.limit:
            raise pickle.UnpicklingError(f"it declares {count:,} bytes, more than its size")

    def read(self, count: int) -> bytes:
        self.check(count)
        return self.stream.read(count)

    def readinto(self, buffer: Any) -> int:
        return int(self.stream.readinto(buffer))  # type: ignore[attr-defined]


# The C unpickler allocates memory for any number in the file (such as a memo of 4 billion entries); the slower one in
# Python does not.
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
        """Set the state of a box or an array, or the byte order of a dtype; reject other objects."""
        state, target = self.stack.pop(), self.stack[-1]
        if isinstance(target, np.dtype):
            if not isinstance(state, tuple) or len(state) < 2 or state[1] not in ("<", "|", "="):
                raise pickle.UnpicklingError("an array has an unsupported byte order or type")
        elif isinstance(target, np.ndarray):
            _check_array(state)
            target.__setstate__(state)
        elif isinstance(target, Box):
            target.__setstate__(state)
        else:
            raise pickle.UnpicklingError("it sets the state of an unsupported object")

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
        if (module, name) in self.allowed:
            return self.allowed[module, name]
        if _is_inert(module, name):
            return Box
        raise pickle.UnpicklingError(f"it names {module}.{name}, which no file of vectors needs")

    def persistent_load(self, _: object) -> Any:
        raise pickle.UnpicklingError("it refers to objects outside it")


SIMPLE_KEYS = (str, bytes, int, float, type(None), Box)


def _set(target: object, items: list[Any]) -> None:
    if not isinstance(target, dict) or len(items) % 2:
        raise pickle.UnpicklingError("it sets items of an object that is not a dict")
    _check_keys(items[::2])
    target.update(zip(items[::2], items[1::2], strict=True))


def _check_keys(keys: list[Any]) -> None:
    """Reject deeply compound keys: hashing nested tuples can run without end, or crash."""
    if not all(
        isinstance(key, SIMPLE_KEYS) or (type(key) is tuple and all(isinstance(k, SIMPLE_KEYS) for k in key))
        for key in keys
    ):
        raise pickle.UnpicklingError("a dict or a set has compound keys")
