"""A collection on a Milvus server, asked through pymilvus. All its errors become ours here, in one line.

pymilvus is imported when the first server is asked. Requests that only read are repeated once if the server is not
available. EMBCLI_MILVUS_TOKEN is the token, EMBCLI_MILVUS_CA the certificate of the server, EMBCLI_MILVUS_TIMEOUT the
time in seconds that a server has to answer.
"""

import math
import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from embcli.errors import EmbcliError, InputOutputProblem, UsageProblem
from embcli.models.addresses import Address
from embcli.vectors.arithmetic import Float32Array
from embcli.vectors.milvus import Entity, Hits

if TYPE_CHECKING:
    from pymilvus import MilvusClient

TOKEN, CERTIFICATE, TIMEOUT = "EMBCLI_MILVUS_TOKEN", "EMBCLI_MILVUS_CA", "EMBCLI_MILVUS_TIMEOUT"
SECONDS = 30.0
# The wait before a request is repeated; the factor of the timeout for requests that build or load.
PAUSE_SECONDS, LONG = 0.5, 20
# Words or rows in a filter, and the most rows of an answer.
IN_FILTER, MOST_FOUND = 1_000, 16_384
# How pymilvus and gRPC say that a server did not answer.
AWAY = (
    "unavailable",
    "fail connecting",
    "retry timeout",
    "connection reset",
    "socket closed",
    "goaway",
    "retry run out",
)
LATE = ("deadline", "timed out", "timeout")
REFUSED = ("unauthenticated", "auth check", "permission", "privilege", "invalid token", "incorrect username")
RELEASED = ("not loaded", "'released'")
NO_COLLECTION = ("can't find collection", "collection not found", "collection not exist")
OF_COLLECTION = 100  # the code of Milvus for an unknown collection


class Server:
    """A server, and requests to it.

    Server(parse_address("milvus://127.0.0.1:19530/glove")).ask("list_collections")  # ['glove']
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self.seconds = _seconds()
        self.client = self._connect()

    def ask(self, method: str, *arguments: Any, is_long: bool = False, repeat: bool = True, **options: Any) -> Any:
        """The answer of a method of `MilvusClient`. Raises InputOutputProblem.

        is_long: for requests that build or load. repeat: whether to ask again if the server is not available. A
        collection that is not in the server's memory, as after a restart, is loaded.
        """
        seconds = self.seconds * (LONG if is_long else 1)
        for is_last in (False, True) if repeat else (True,):
            try:
                return getattr(self.client, method)(*arguments, timeout=seconds, **options)
            except Exception as error:
                text = str(error).lower()
                if is_last or not (_is_away(text) or _is_released(text)):
                    raise self._problem(error, seconds) from None
            if _is_released(text):
                self.ask("load_collection", self.address.collection, is_long=True, repeat=False)
            else:
                time.sleep(PAUSE_SECONDS)
        raise AssertionError

    def _connect(self) -> "MilvusClient":
        """Connect, at the second attempt if the first takes half of the time; fail at once if nothing listens."""
        where, secure = self.address.server, self.address.is_secure
        certificate = os.environ.get(CERTIFICATE, "")
        if certificate and not secure:
            raise UsageProblem(
                f"{CERTIFICATE} is set, but {where} is not reached by TLS", "write milvuss://, or unset it"
            )
        if certificate and not os.path.isfile(certificate):
            raise InputOutputProblem(f"there is no certificate {certificate}", f"check {CERTIFICATE}")
        try:
            socket.create_connection((self.address.host, self.address.port), self.seconds).close()
        except OSError as error:
            reason = error.strerror or str(error)
            raise InputOutputProblem(
                f"no Milvus server answers at {where}: {reason}", "start it, or check the address"
            ) from None
        client = _import_client()
        options: dict[str, Any] = {"secure": True, "server_pem_path": certificate} if secure else {}
        for _ in range(2):
            try:
                return client(
                    uri=f"{'https' if secure else 'http'}://{where}",
                    token=os.environ.get(TOKEN, ""),
                    db_name=self.address.db,
                    timeout=self.seconds / 2,
                    dedicated=True,  # a connection of another TLS setting or token is not used again
                    **options,
                )
            except Exception as error:
                if not _is_away(str(error).lower()):
                    raise self._problem(error, self.seconds) from None
        raise InputOutputProblem(
            f"the server at {where} does not answer as a Milvus server within {self.seconds:g} seconds",
            f"check the address, the port and TLS, or set {TIMEOUT} to more seconds",
        )

    def _problem(self, error: Exception, seconds: float) -> EmbcliError:
        """An exception of pymilvus, gRPC or protobuf as one of ours."""
        if isinstance(error, EmbcliError):
            return error
        where, text = self.address.server, str(getattr(error, "message", "") or error)
        lower = text.lower()
        if any(sign in lower for sign in REFUSED):
            is_set = "the token of" if os.environ.get(TOKEN) else "a request without a token, see"
            return InputOutputProblem(f"the Milvus server at {where} refuses {is_set} {TOKEN}", f"set {TOKEN}")
        if getattr(error, "code", None) == OF_COLLECTION or any(sign in lower for sign in NO_COLLECTION):
            return InputOutputProblem(
                f"there is no collection {self.address.collection} at {where}",
                "it may have been dropped; check its name",
            )
        if self.address.db and "database" in lower and ("not exist" in lower or "not found" in lower):
            return InputOutputProblem(f"there is no database {self.address.db} at {where}", "check ?db= in the address")
        if any(sign in lower for sign in AWAY):
            return InputOutputProblem(
                f"no Milvus server answers at {where}", "start it, or check the address, the port and TLS"
            )
        if any(sign in lower for sign in LATE):
            return InputOutputProblem(
                f"the Milvus server at {where} did not answer within {seconds:g} seconds",
                f"set {TIMEOUT} to more seconds",
            )
        reason = " ".join(text.split())[:200] or type(error).__name__
        return InputOutputProblem(f"the Milvus server at {where} reports: {reason}", "check the server")


class RemoteRows:
    """The rows of a collection: its fields `key`, `word` and `vector`.

    Keys that are not integers get numbers in this process, as they appear.
    """

    def __init__(self, server: Server, key: str, word: str, vector: str, *, are_keys_numbers: bool) -> None:
        self.server, self.key, self.word, self.vector = server, key, word, vector
        self.are_keys_numbers = are_keys_numbers
        self._numbers: dict[str, int] = {}
        self._keys: list[str] = []

    def count(self, condition: str = "") -> int:
        """The number of rows that meet a condition."""
        found = self._query(condition, ["count(*)"])
        return int(found[0]["count(*)"])

    def named(self, words: Sequence[str]) -> list[Entity]:
        """The rows of some words."""
        return [entity for some in _parts(words) for entity in self._entities(f"{self.word} in {_listed(some)}")]

    def numbered(self, rows: Sequence[int]) -> list[Entity]:
        """Rows by number."""
        keys = rows if self.are_keys_numbers else [self._keys[row] for row in rows]
        return [entity for some in _parts(keys) for entity in self._entities(f"{self.key} in {_listed(some)}")]

    def words(self, condition: str, limit: int) -> list[tuple[int, str]]:
        """Rows and words that meet a condition, the lowest rows first."""
        found = self._query(condition, [self.key, self.word], limit=limit)
        return sorted((self._number(one[self.key]), one[self.word]) for one in found)

    def prefixed(self, prefix: str, limit: int) -> list[str]:
        """Up to `limit` words that begin with a prefix, the lowest rows first among those that the server gives."""
        escaped = "".join(f"\\{letter}" if letter in "\\%_" else letter for letter in prefix)
        return [word for _, word in self.words(f"{self.word} like {_literal(escaped + '%')}", IN_FILTER)[:limit]]

    def nearest(
        self, vectors: Float32Array, limit: int, condition: str, metric: str, *, with_vectors: bool
    ) -> list[Hits]:
        """The best `limit` rows for each vector [n, dim], among those that meet a condition."""
        fields = [self.key, self.word, self.vector] if with_vectors else [self.key]
        found = self.server.ask(
            "search", self.server.address.collection, data=list(vectors), anns_field=self.vector, limit=limit,
            filter=condition, output_fields=fields, search_params={"metric_type": metric},
        )  # fmt: skip
        return [self._hits(hits, with_vectors) for hits in self._read(list, found)]

    def _hits(self, hits: Any, with_vectors: bool) -> Hits:
        rows, values = [self._number(key) for key in hits.ids], np.array(hits.distances, np.float64)
        entities: tuple[Entity, ...] = ()
        if with_vectors:
            entities = tuple(
                self._entity({**hit["entity"], self.key: key}) for key, hit in zip(hits.ids, hits, strict=True)
            )
        return Hits(np.array(rows, np.intp), values, entities)

    def _entities(self, condition: str) -> Iterator[Entity]:
        found = self._query(condition, [self.key, self.word, self.vector], limit=MOST_FOUND)
        if not self.are_keys_numbers:  # so that their numbers are in the order of the words
            found.sort(key=lambda one: str(one[self.word]))
        return (self._entity(one) for one in found)

    def _entity(self, fields: Any) -> Entity:
        return Entity(self._number(fields[self.key]), str(fields[self.word]), np.array(fields[self.vector], np.float32))

    def _number(self, key: Any) -> int:
        if self.are_keys_numbers:
            return int(key)
        if key not in self._numbers:
            self._numbers[key] = len(self._keys)
            self._keys.append(key)
        return self._numbers[key]

    def _query(self, condition: str, fields: Sequence[str], **options: Any) -> list[Any]:
        found = self.server.ask(
            "query", self.server.address.collection, filter=condition, output_fields=list(fields), **options
        )
        return list(self._read(list, found))

    def _read(self, read: Callable[[Any], Any], found: Any) -> Any:
        """What pymilvus reads from an answer when it is used. Raises InputOutputProblem for one that is no answer."""
        try:
            return read(found)
        except Exception as error:
            raise self.server._problem(error, self.server.seconds) from None


def _import_client() -> Any:
    """`MilvusClient`, without its log: its errors are raised. Raises InputOutputProblem without pymilvus."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    try:
        from pymilvus import MilvusClient
    except ImportError:
        raise InputOutputProblem(
            "Milvus servers are asked through pymilvus, which is not installed", "run: pip install 'embcli[milvus]'"
        ) from None
    import logging

    for name in ("pymilvus", "grpc"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return MilvusClient


def _seconds() -> float:
    given = os.environ.get(TIMEOUT)
    if not given:
        return SECONDS
    try:
        seconds = float(given)
    except ValueError:
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds > 0):
        raise UsageProblem(f"{TIMEOUT} is {given!r}", "set it to a number of seconds, such as 30, or unset it")
    return seconds


def _is_away(text: str) -> bool:
    return any(sign in text for sign in AWAY + LATE)


def _is_released(text: str) -> bool:
    return any(sign in text for sign in RELEASED)


def _parts(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (items[first : first + IN_FILTER] for first in range(0, len(items), IN_FILTER))


def _listed(items: Sequence[Any]) -> str:
    """Integers or strings as a list of a filter."""
    return f"[{', '.join(_literal(item) if isinstance(item, str) else str(int(item)) for item in items)}]"


def _literal(text: str) -> str:
    """A string of a filter: words are data, and never end the string."""
    for character, escape in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.replace(character, escape)
    return f'"{text}"'
