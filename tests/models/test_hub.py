"""`models add hf:ORG/NAME` takes weights, configuration and tokenizer from a hub, once; here from a local server."""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from process import start
from tiny_models import MODELS

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = {path.name: path.read_bytes() for path in (MODELS / "llama").iterdir()} | {
    "pytorch_model.bin": b"a pickle", "code.py": b"raise SystemExit",
}  # fmt: skip


class Hub(BaseHTTPRequestHandler):
    """The parts of a hub's protocol that huggingface_hub uses for public repositories."""

    asked: list[str]

    def do_HEAD(self) -> None:
        self.answer(with_body=False)

    def do_GET(self) -> None:
        self.answer(with_body=True)

    def answer(self, *, with_body: bool) -> None:
        path = self.path.partition("?")[0]
        self.asked.append(f"{self.command} {path}")
        if path.startswith("/api/models/maker/tiny/revision/"):
            body = json.dumps({"id": "maker/tiny", "sha": COMMIT, "siblings": [{"rfilename": name} for name in FILES]})
            self.send(200, body.encode(), "application/json", with_body=with_body)
        elif path.startswith("/api/models/maker/tiny/tree/"):
            tree = [
                {"type": "file", "path": name, "size": len(body), "oid": hashlib.sha1(body).hexdigest()}
                for name, body in FILES.items()
            ]
            self.send(200, json.dumps(tree).encode(), "application/json", with_body=with_body)
        elif path.startswith(f"/maker/tiny/resolve/{COMMIT}/") and path.rpartition("/")[2] in FILES:
            self.send(200, FILES[path.rpartition("/")[2]], "application/octet-stream", with_body=with_body)
        else:
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()

    def send(self, status: int, body: bytes, kind: str, *, with_body: bool) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    handler = type("Handler", (Hub,), {"asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


@pytest.mark.slow
def test_a_repository_is_downloaded_once_and_works_without_the_network(
    hub: tuple[str, list[str]], tmp_path: Path
) -> None:
    address, asked = hub
    cache = {"HF_HOME": str(tmp_path / "cache"), "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_XET": "1"}
    outcome = start(["models", "add", "hf:maker/tiny"], tmp_path, HF_ENDPOINT=address, **cache)
    assert outcome.status == 0, outcome.err
    taken = {request.rpartition("/")[2] for request in asked if request.startswith("GET /maker")}
    assert taken == {"config.json", "model.safetensors", "tokenizer.json"}
    predicted = start(["predict", "the king", "-m", "tiny", "-k", "1", "--json"], tmp_path, **cache)
    assert json.loads(predicted.out)["results"][0]["rank"] == 1
    count = len(asked)
    again = start(["models", "add", "hf:maker/tiny", "--name", "again"], tmp_path, HF_HUB_OFFLINE="1", **cache)
    assert again.status == 0, again.err
    assert len(asked) == count


@pytest.mark.slow
def test_an_unknown_repository_and_a_dead_hub_are_one_line(hub: tuple[str, list[str]], tmp_path: Path) -> None:
    address, _ = hub
    cache = {"HF_HOME": str(tmp_path / "cache"), "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_XET": "1"}
    unknown = start(["models", "add", "hf:maker/nothing"], tmp_path, HF_ENDPOINT=address, **cache)
    assert (unknown.status, unknown.out, unknown.err.count("\n")) == (3, "", 1), unknown.err
    assert "the hub has no repository maker/nothing" in unknown.err
    dead = start(["models", "add", "hf:maker/tiny"], tmp_path, HF_ENDPOINT="http://127.0.0.1:9", **cache)
    assert (dead.status, dead.out, dead.err.count("\n")) == (4, "", 1), dead.err
    wrong = start(["models", "add", "hf:tiny"], tmp_path, HF_ENDPOINT=address, **cache)
    assert (wrong.status, wrong.err.count("\n")) == (2, 1)
    assert "hf:ORG/NAME" in wrong.err
