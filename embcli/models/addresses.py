"""Addresses of collections on Milvus servers: milvus://HOST:PORT/COLLECTION[?db=MILVUS_NAME&secure=true]."""

import re
from typing import NamedTuple

from embcli.errors import UsageProblem

SCHEMES = ("milvus://", "milvuss://")
PORT = 19530
MILVUS_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
FORM = "milvus://HOST:PORT/COLLECTION"
SECRETS = ("token", "user", "password", "apikey", "api_key")


class Address(NamedTuple):
    """A collection on a server. db: empty for the server's default database. is_secure: whether by TLS."""

    host: str
    port: int
    collection: str
    db: str = ""
    is_secure: bool = False

    @property
    def server(self) -> str:
        """HOST:PORT."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        scheme = SCHEMES[self.is_secure]
        return f"{scheme}{self.server}/{self.collection}" + (f"?db={self.db}" if self.db else "")


def is_address(text: str) -> bool:
    """Whether a text is the address of a collection, right or wrong."""
    return text.lower().startswith(SCHEMES)


def parse_address(text: str) -> Address:
    """The parts of an address. Raises UsageProblem, also for one with a password or a token, which it does not repeat.

    parse_address("milvus://127.0.0.1/glove")  # Address('127.0.0.1', 19530, 'glove', '', False)
    """
    from urllib.parse import parse_qsl, unquote, urlsplit

    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise UsageProblem("the address of the collection is not valid", f"write {FORM}") from None
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if "@" in parts.netloc or any(name.lower() in SECRETS for name in options):
        raise UsageProblem("the address contains a user, a password or a token", "set EMBCLI_MILVUS_TOKEN instead")
    unknown = [name for name in options if name not in ("db", "secure")]
    if unknown or parts.fragment:
        raise UsageProblem(
            f'"{unknown[0] if unknown else parts.fragment}" is not an option of an address',
            "the options are db and secure",
        )
    secure = options.get("secure", "true" if parts.scheme == "milvuss" else "false").lower()
    if secure not in ("true", "false"):
        raise UsageProblem("secure is neither true nor false", f"write {FORM}?secure=true")
    collection, db = unquote(parts.path).strip("/"), options.get("db", "")
    if not parts.hostname:
        raise UsageProblem(f"{text} names no server", f"write {FORM}")
    if not collection:
        raise UsageProblem(f"{text} names no collection", f"write {FORM}")
    for name in (collection, *([db] if db else [])):
        if not MILVUS_NAME.fullmatch(name):
            raise UsageProblem(
                f'"{name}" cannot be the name of a collection or database of Milvus',
                "use letters, digits and underscores, not beginning with a digit",
            )
    return Address(parts.hostname, port or PORT, collection, db, secure == "true")
