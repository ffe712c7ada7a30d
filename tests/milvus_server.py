"""A real server of the API of Milvus: `milvus-lite server`, on the loopback address only."""

import importlib.util
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from embcli.models.addresses import parse_address
from embcli.models.milvus import Server

STARTED_WITHIN = 60  # seconds


class LiteServer(NamedTuple):
    """A running server."""

    process: subprocess.Popen[bytes]
    port: int

    def address(self, collection: str) -> str:
        """The address of a collection on this server."""
        return f"milvus://127.0.0.1:{self.port}/{collection}"

    def pause(self) -> None:
        """Stop answering, without closing connections."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Answer again."""
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End at once."""
        self.process.kill()
        self.process.wait()


def is_installed() -> bool:
    """Whether the server can run here. In CI it has to."""
    found = all(importlib.util.find_spec(name) for name in ("milvus_lite", "pymilvus"))
    if not found and os.environ.get("CI"):
        raise RuntimeError("pymilvus and milvus-lite are not installed: pip install -e '.[test]'")
    return found


def free_port() -> int:
    """A port of the loopback address that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(folder: Path, port: int | None = None) -> LiteServer:
    """Start a server with its data in a folder; returns when it answers."""
    port = port or free_port()
    program = shutil.which("milvus-lite") or str(Path(sys.executable).with_name("milvus-lite"))
    arguments = ["server", "--data-dir", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen([program, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(10 * STARTED_WITHIN):
        assert process.poll() is None, "milvus-lite ended at once"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                server = LiteServer(process, port)
                Server(parse_address(server.address("any"))).ask("list_collections")  # it listens before it answers
                return server
        time.sleep(0.1)
    process.kill()
    raise AssertionError("milvus-lite does not answer")


@contextmanager
def behind_tls(server: LiteServer, folder: Path) -> Iterator[tuple[int, Path]]:
    """A port at which the server is reached by TLS, and its certificate. Skips without openssl, but not in CI."""
    if shutil.which("openssl") is None and not os.environ.get("CI"):
        pytest.skip("openssl is not installed")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    made = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", "req", *made, *names], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2"])
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(20)
        threading.Thread(target=_accept, args=(listener, context, server.port), daemon=True).start()
        yield listener.getsockname()[1], certificate


def _accept(listener: socket.socket, context: ssl.SSLContext, port: int) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        try:
            outside = context.wrap_socket(connection, server_side=True)
        except OSError:  # a client that speaks no TLS, or does not trust the certificate
            connection.close()
            continue
        inside = socket.create_connection(("127.0.0.1", port))
        for pair in ((outside, inside), (inside, outside)):
            threading.Thread(target=_forward, args=pair, daemon=True).start()


def _forward(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)  # ends the other direction, too
        end.close()


@contextmanager
def running(folder: Path) -> Iterator[LiteServer]:
    """A server for the time of a block. Skips where it is not installed."""
    if not is_installed():
        pytest.skip("pymilvus and milvus-lite are not installed")
    server = start(folder)
    try:
        yield server
    finally:
        server.go_on()
        server.kill()
