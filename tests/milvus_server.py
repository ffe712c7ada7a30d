"""A real server of the API of Milvus: `milvus-lite server`, on the loopback address only."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

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
                return LiteServer(process, port)
        time.sleep(0.1)
    process.kill()
    raise AssertionError("milvus-lite does not answer")


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
