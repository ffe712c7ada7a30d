"""Models downloaded with gensim's downloader from a test server."""

import gzip
import hashlib
import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import gensim.downloader
import pytest
from process import ask, settle

import embcli

VECTORS = b"2 3\nking 1 2 3\nqueen 4 5 6\n"
NAME = "tiny-model-3"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def publish(site: Path, vectors: bytes) -> None:
    """Publish vectors, with their checksum in the list."""
    data = gzip.compress(vectors)
    (site / NAME / f"{NAME}.gz").write_bytes(data)
    entry = {"file_name": f"{NAME}.gz", "checksum": hashlib.md5(data).hexdigest(), "parts": 1}
    (site / "list.json").write_text(json.dumps({"corpora": {}, "models": {NAME: entry}}))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that is served like gensim-data: a list, and for each model its file and its code."""
    folder = tmp_path / "site"
    (folder / NAME).mkdir(parents=True)
    (folder / NAME / "__init__.py").write_text(f"open({str(tmp_path / 'marker')!r}, 'w')\n")
    publish(folder, VECTORS)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    base = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(gensim.downloader, "DOWNLOAD_BASE_URL", base)
    monkeypatch.setattr(gensim.downloader._load_info, "__defaults__", (f"{base}/list.json", "utf-8"))
    settle(monkeypatch, tmp_path / "home", no_proxy="*")
    yield folder
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_name_of_the_catalogue_becomes_a_model_and_its_code_is_never_run(site: Path, tmp_path: Path) -> None:
    outcome = ask("models", "add", NAME, "--json")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.answer["results"][0]["name"] == NAME
    space = embcli.open_space(NAME)
    assert [list(space.vocabulary), space.vectors.tolist()] == [["king", "queen"], [[1, 2, 3], [4, 5, 6]]]
    assert not (tmp_path / "marker").exists()
    assert not (tmp_path / "home" / "downloads" / NAME).exists()  # the model is verified, so the download is removed
    assert ask("models", "add", NAME, "--json").answer["notes"] == ["it was already added"]


def test_a_download_is_kept_until_it_is_a_model(site: Path, tmp_path: Path) -> None:
    publish(site, b"king 1 2 3\nqueen 4 5\n")
    assert ask("models", "add", NAME).status == 2
    assert (tmp_path / "home" / "downloads" / NAME / f"{NAME}.gz").exists()


def test_a_download_with_a_wrong_checksum_is_refused(site: Path, tmp_path: Path) -> None:
    (site / NAME / f"{NAME}.gz").write_bytes(gzip.compress(VECTORS + b" "))
    outcome = ask("models", "add", NAME)
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (4, "", 1)
    assert NAME in outcome.err
    assert not list((tmp_path / "home").glob("models/*"))


@pytest.mark.parametrize("left", ["_tmp", ""])  # gensim's folder while it downloads, and an empty one
def test_an_earlier_half_finished_download_is_no_obstacle(site: Path, tmp_path: Path, left: str) -> None:
    folder = tmp_path / "home" / "downloads" / f"{NAME}{left}"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("raise SystemExit\n")
    assert ask("models", "add", NAME).status == 0
    assert len(embcli.open_space(NAME)) == 2


def test_a_name_that_the_catalogue_does_not_have_is_refused(site: Path) -> None:
    outcome = ask("models", "add", "no-such-model")
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (3, "", 1)
    assert "models catalog" in outcome.err


def test_the_catalogue_can_be_read_without_a_network() -> None:
    names = [entry["name"] for entry in ask("models", "catalog", "--json").answer["results"]]
    assert {"glove-wiki-gigaword-100", "word2vec-google-news-300"} <= set(names)
