"""Collections on Milvus servers as models: register them, and open them as spaces.

A registration is a small file in the data dir beside the stores, `models/NAME.milvus.json`. It has the address, the
names of the fields and what the server said about them. It never has a token.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from embcli.errors import BadFile, InputOutputProblem, UsageProblem
from embcli.models.addresses import parse_address
from embcli.models.milvus import RemoteRows, Server
from embcli.models.names import registration_path
from embcli.vectors.arithmetic import Float32Array
from embcli.vectors.milvus import Entity, Hits, MilvusSpace, Norms, ServerIndex

REGISTRATION_FORMAT = "embcli.milvus/1"
# The property of a collection with what embcli knows about its rows (`export_milvus.py`).
FACTS = "embcli.facts"
# The fields of a collection that embcli made.
KEY, WORD, VECTOR, NORM = "row", "word", "vector", "norm"
INT64, VARCHAR, FLOAT_VECTOR = 5, 21, 101  # numbers of the types in Milvus
# The kinds of an index that compare a question with every row, in float32.
EXACT_KINDS = ("FLAT",)


class Registration(NamedTuple):
    """A registered collection.

    fields: the names of the fields of the key, the word and the vector. key_type: INT64 or VARCHAR. rows: their number
    when it was registered. is_numbered: whether its keys are 0, 1, 2, … facts: what the export noted, if any.
    """

    address: str
    fields: tuple[str, str, str]
    key_type: int
    dim: int
    rows: int
    is_numbered: bool
    server_index: ServerIndex
    facts: Mapping[str, Any]


class RegisteredCollection:
    """A registered collection on its server: the protocol `Collection` of `vectors/milvus.py`."""

    def __init__(self, registration: Registration, rows: RemoteRows, count: int) -> None:
        self._rows, self._count = rows, count
        self.dim, self.index, self.address = registration.dim, registration.server_index, registration.address
        self.are_keys_numbers = registration.key_type == INT64
        is_unchanged = count == registration.rows
        self.is_numbered = registration.is_numbered and is_unchanged
        facts = registration.facts if is_unchanged else {}
        self.norms: Norms | None = None
        if "norms" in facts:
            least, median, largest = facts["norms"]
            self.norms = Norms(least, median, largest, tuple(facts["unfit"]))
        self.is_sorted_by_frequency: bool | None = facts.get("sorted_by_frequency")

    def __len__(self) -> int:
        return self._count

    def named(self, words: Sequence[str]) -> list[Entity]:
        """The rows of some words."""
        return self._rows.named(words)

    def numbered(self, rows: Sequence[int]) -> list[Entity]:
        """Rows by number."""
        return self._rows.numbered(rows)

    def prefixed(self, prefix: str, limit: int) -> list[str]:
        """Up to `limit` words that begin with a prefix."""
        return self._rows.prefixed(prefix, limit)

    def sample(self, count: int) -> list[str]:
        """Some words; the first ones if the rows are numbered."""
        condition = f"{self._rows.key} < {count}" if self.is_numbered else ""
        return [word for _, word in self._rows.words(condition, count)]

    def nearest(self, vectors: Float32Array, limit: int, top: int | None, *, with_vectors: bool) -> list[Hits]:
        """The best `limit` rows for each vector [n, dim], among the first `top` rows if that is not None."""
        condition = "" if top is None else f"{self._rows.key} < {top}"
        return self._rows.nearest(vectors, limit, condition, self.index.metric, with_vectors=with_vectors)


class RegisteredSpace(MilvusSpace):
    """The space of a registered collection. path: that of its registration."""

    def __init__(self, collection: RegisteredCollection, name: str) -> None:
        super().__init__(collection, name)
        self.path = registration_path(name)

    def __reduce__(self) -> "tuple[Callable[[str], RegisteredSpace], tuple[str]]":
        """Pickle the name; the unpickled copy has a connection of its own."""
        return open_registered, (self.name,)

    def verify(self, _: Sequence[str] = ()) -> None:
        """Compare the number of rows with that of the registration. Raises InputOutputProblem."""
        registered = read_registration(self.path).rows
        if len(self) != registered:
            raise _changed(self.name, self.origin, f"it had {registered:,} rows and has {len(self):,}")


def inspect(
    server: Server, word: str | None = None, vector: str | None = None, *, check_keys: bool = True
) -> Registration:
    """What a server says about its collection. word, vector: the names of the fields; by default the only candidates.

    check_keys: whether to ask if the keys are row numbers, which takes the server a while. Raises UsageProblem for a
    collection that cannot be a model, InputOutputProblem.
    """
    address = server.address
    described = server.ask("describe_collection", address.collection)
    fields = {field["name"]: field for field in described["fields"]}
    key = next(name for name, field in fields.items() if field.get("is_primary"))
    key_type = int(fields[key]["type"])
    word = _field(fields, word, VARCHAR, WORD, "words", "--word")
    vector = _field(fields, vector, FLOAT_VECTOR, VECTOR, "vectors of float32", "--vector")
    rows = RemoteRows(server, key, word, vector, are_keys_numbers=key_type == INT64)
    count = rows.count()
    if not count:
        raise UsageProblem(f"the collection {address} is empty", "insert rows, or export a model to it")
    is_numbered = check_keys and key_type == INT64 and not rows.count(f"{key} < 0 or {key} >= {count}")
    return Registration(
        str(address), (key, word, vector), key_type, int(fields[vector]["params"]["dim"]), count, is_numbered,
        _index_of(server, vector), _facts(described),
    )  # fmt: skip


def register(path: Path, registration: Registration) -> None:
    """Write a registration, atomically. Raises InputOutputProblem."""
    fields = registration._asdict() | {"server_index": registration.server_index._asdict()}
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps({"format": REGISTRATION_FORMAT, **fields}, indent=1) + "\n", "utf-8")
        temporary.replace(path)
    except OSError as error:
        raise InputOutputProblem(f"cannot write {path}: {error.strerror}", "check the folder of the models") from error
    finally:
        temporary.unlink(missing_ok=True)


def read_registration(path: Path) -> Registration:
    """A registration from its file. Raises FileNotFoundError; BadFile for another file."""
    try:
        fields = json.loads(path.read_text("utf-8"))
        if fields.pop("format") != REGISTRATION_FORMAT:
            raise ValueError("another format")
        index = ServerIndex(**fields.pop("server_index"))
        key, word, vector = fields.pop("fields")
        return Registration(fields=(key, word, vector), server_index=index, **fields)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadFile(f"{path} is not a registration of a collection: {error}", "remove the model and add it") from None


def open_registered(name: str) -> RegisteredSpace:
    """Open a registered collection, after its server was asked whether it is still as it was registered.

    Raises FileNotFoundError if no collection has that name; InputOutputProblem, also for a collection that changed.
    """
    known = read_registration(registration_path(name))
    server = Server(parse_address(known.address))
    _, word, vector = known.fields
    try:
        found = inspect(server, word, vector, check_keys=False)
    except UsageProblem as error:
        message = f"{known.address} changed since it was registered as {name}: {error.message}"
        hint = f"{error.hint}; then run: embcli models add {known.address} --force"
        raise InputOutputProblem(message, hint) from None
    for what, one, other in (("dimension", known.dim, found.dim), ("key", known.fields[0], found.fields[0])):
        if one != other:
            raise _changed(name, known.address, f"its {what} was {one} and is {other}")
    was, now = (f"{one.kind} {one.metric}" for one in (known.server_index, found.server_index))
    if was != now:
        raise _changed(name, known.address, f"its index was {was} and is {now}")
    rows = RemoteRows(server, *known.fields, are_keys_numbers=known.key_type == INT64)
    collection = RegisteredCollection(known, rows, found.rows)
    return RegisteredSpace(collection, name)


def _field(fields: Mapping[str, Any], name: str | None, kind: int, usual: str, of: str, option: str) -> str:
    """The name of the field of a kind: the given one, the usual one, or the only one. Raises UsageProblem."""
    suitable = [field for field, described in fields.items() if int(described["type"]) == kind]
    if name is not None:
        if name not in fields:
            raise UsageProblem(f'the collection has no field "{name}"', f"its fields are {', '.join(fields)}")
        if name not in suitable:
            raise UsageProblem(f'the field "{name}" has no {of}', f"name another one with {option}")
        return name
    if usual in suitable:
        return usual
    if len(suitable) != 1:
        found = f"fields with {of} are {', '.join(suitable)}" if suitable else f"no field has {of}"
        raise UsageProblem(f"the collection is not a model: {found}", f"name one with {option} FIELD")
    return suitable[0]


def _index_of(server: Server, vector: str) -> ServerIndex:
    collection = server.address.collection
    for name in server.ask("list_indexes", collection):
        found = server.ask("describe_index", collection, name)
        if found and found.get("field_name") == vector:
            known = ("index_type", "metric_type", "field_name", "index_name", "state", "total_rows", "indexed_rows",
                     "pending_index_rows")  # fmt: skip
            parameters = {key: str(value) for key, value in found.items() if key not in known}
            kind, metric = str(found["index_type"]), str(found["metric_type"])
            return ServerIndex(kind, metric, parameters, kind in EXACT_KINDS)
    raise UsageProblem(f'the field "{vector}" has no index', "create one on the server: FLAT gives exact answers")


def _facts(described: Mapping[str, Any]) -> Mapping[str, Any]:
    """What embcli noted when it exported the collection; nothing for other collections."""
    try:
        facts = json.loads(described.get("properties", {}).get(FACTS, "{}"))
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) else {}


def _changed(name: str, address: str, how: str) -> InputOutputProblem:
    return InputOutputProblem(
        f"{address} changed since it was registered as {name}: {how}", f"run: embcli models add {address} --force"
    )
