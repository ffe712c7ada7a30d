"""Collections on a server as models: register, export, and what may go wrong."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import milvus_server
import numpy as np
import pytest
import toy
from milvus_server import LiteServer
from process import Outcome, add_store, ask, environment, settle

from embcli.errors import UsageProblem
from embcli.models import export_milvus
from embcli.models.addresses import Address, parse_address
from embcli.models.collections import FLOAT_VECTOR, INT64, VARCHAR
from embcli.models.milvus import Server, _literal
from embcli.store.write import write_store

SECRET = "a-secret-token"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data dir with the toy space as `local`."""
    settle(monkeypatch, tmp_path)
    add_store(tmp_path, "local", {word: toy.vector(word) for word in toy.WORDS})
    return tmp_path


def export(milvus: LiteServer, collection: str, *options: str) -> Outcome:
    return ask("models", "export", "local", milvus.address(collection), *options)


def client_of(milvus: LiteServer) -> Any:
    return Server(parse_address(milvus.address("any"))).client


def make_collection(milvus: LiteServer, name: str, key: str, *, index: str = "FLAT", dim: int = 5) -> None:
    """A collection of another program: key, `text`, `embedding` and a number, with the words of the toy space."""
    client = client_of(milvus)
    if client.has_collection(name):
        client.drop_collection(name)
    schema = client.create_schema(auto_id=False)
    if key == "int":
        schema.add_field("id", INT64, is_primary=True)
    elif key == "string":
        schema.add_field("id", VARCHAR, is_primary=True, max_length=100)
    schema.add_field("text", VARCHAR, is_primary=key == "text", max_length=100)
    schema.add_field("embedding", FLOAT_VECTOR, dim=dim)
    schema.add_field("likes", INT64)
    indexes = client.prepare_index_params()
    parameters = {"M": 8, "efConstruction": 40} if index == "HNSW" else {}
    indexes.add_index("embedding", index_type=index, metric_type="COSINE", params=parameters)
    client.create_collection(name, schema=schema, index_params=indexes)
    ids: dict[str, Callable[[int], dict[str, Any]]] = {
        "int": lambda place: {"id": 10 * place + 7},
        "string": lambda place: {"id": f"doc-{place}"},
        "text": lambda place: {},
    }
    vectors = [np.resize(toy.vector(word), dim).tolist() for word in toy.WORDS]
    client.insert(
        name,
        [
            {"text": word, "embedding": vector, "likes": place, **ids[key](place)}
            for place, (word, vector) in enumerate(zip(toy.WORDS, vectors, strict=True))
        ],
    )
    client.flush(name)
    client.load_collection(name)


def results_of(name: str, *question: str) -> Any:
    return ask(*question, "-m", name, "--json").answer["results"]


# Addresses


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("milvus://127.0.0.1:19531/words", Address("127.0.0.1", 19531, "words")),
        ("milvus://server/words", Address("server", 19530, "words")),
        ("milvus://server/words?db=mine", Address("server", 19530, "words", "mine")),
        ("milvuss://server/words", Address("server", 19530, "words", "", True)),
        ("milvus://server/words?secure=true", Address("server", 19530, "words", "", True)),
        ("milvus://[::1]:19530/words", Address("::1", 19530, "words")),
    ],
)
def test_an_address_is_read_and_written(text: str, address: Address) -> None:
    assert parse_address(text) == address
    assert parse_address(str(address)) == address


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"milvus://me:{SECRET}@server/words", "a user, a password or a token"),
        (f"milvus://{SECRET}@server/words", "a user, a password or a token"),
        (f"milvus://server/words?token={SECRET}", "a user, a password or a token"),
        (f"milvus://server/words?Password={SECRET}", "a user, a password or a token"),
        ("milvus://server", "names no collection"),
        ("milvus://server/", "names no collection"),
        ("milvus:///words", "names no server"),
        ("milvus://server:port/words", "is not valid"),
        ("milvus://server:99999/words", "is not valid"),
        ("milvus://server/two/names", "cannot be the name"),
        ("milvus://server/w%20x", "cannot be the name"),
        ("milvus://server/1word", "cannot be the name"),
        ("milvus://server/words?db=a-b", "cannot be the name"),
        ("milvus://server/words?secure=maybe", "neither true nor false"),
        ("milvus://server/words?timeout=3", '"timeout" is not an option'),
        ("milvus://server/words#part", '"part" is not an option'),
    ],
)
def test_a_wrong_address_is_refused_and_its_secrets_are_not_repeated(text: str, message: str) -> None:
    with pytest.raises(UsageProblem, match=message) as caught:
        parse_address(text)
    assert SECRET not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(
    ("word", "literal"),
    [
        ("king", '"king"'),
        ('a"b', '"a\\"b"'),
        ('x"] or row in [1, 2, 3', '"x\\"] or row in [1, 2, 3"'),
        ("a\\", '"a\\\\"'),
        ("a\nb\tc\rd", '"a\\nb\\tc\\rd"'),
        ("naïve 🙂", '"naïve 🙂"'),
    ],
)
def test_a_word_stays_one_string_of_a_filter(word: str, literal: str) -> None:
    assert _literal(word) == literal


# Registration and export


def test_words_that_look_like_filters_or_patterns_are_found_as_they_are(milvus: LiteServer, home: Path) -> None:
    words = ['a"b', "a\\b", "a'b", "a\nb", "a\tb", "100%", "a_b", "{x}", "🙂", 'x"] or row in [0]', "naïve", "\x01"]
    add_store(home, "odd", {word: [1.0, place + 1.0] for place, word in enumerate(words)})
    address = milvus.address("odd_words")
    assert ask("models", "export", "odd", address, "--force").status == 0
    assert ask("models", "add", address, "--force").status == 0
    for row, word in enumerate(words):
        (found,) = results_of("odd_words", "lookup", json.dumps(word) if " " in word else word)
        assert (found["word"], found["row"]) == (word, row)
    assert ask("neighbors", "a%", "-m", "odd_words").status == 3
    assert ask("neighbors", "a_", "-m", "odd_words", "--json").error["suggestions"] == ["a_b"]


def test_a_registration_is_a_small_file_without_the_token(
    milvus: LiteServer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMBCLI_MILVUS_TOKEN", SECRET)
    assert export(milvus, "registered", "--force").status == 0
    added = ask("models", "add", milvus.address("registered"))
    assert (added.status, added.err) == (0, "")
    (path,) = (home / "models").glob("*.milvus.json")
    assert path.name == "registered.milvus.json"
    fields = json.loads(path.read_text())
    assert SECRET not in path.read_text()
    assert (fields["rows"], fields["dim"], fields["is_numbered"]) == (15, 5, True)
    assert fields["fields"] == ["row", "word", "vector"]
    assert fields["server_index"]["kind"] == "FLAT"


def test_a_registered_collection_is_a_model_like_any_other(milvus: LiteServer, home: Path) -> None:
    address = milvus.address("managed")
    assert export(milvus, "managed", "--force").status == 0
    assert ask("models", "add", address, "--name", "far").status == 0
    assert ask("models", "add", address, "--name", "far", "--json").answer["notes"] == ["it was already added"]
    listed = {one["name"]: one for one in ask("models", "--json").answer["results"]}
    assert listed["far"] == {
        "name": "far", "words": 15, "dim": 5, "parameters": 75, "bytes": None, "default": False,
        "status": "on a server", "source": address,
    }  # fmt: skip
    info = ask("models", "info", "far", "--json").answer["results"][0]
    assert (info["index_type"], info["metric"], info["exact"], info["words"]) == ("FLAT", "cosine", True, 15)
    assert info["norm_max"] == pytest.approx(3 * 5**0.5, rel=1e-6)
    assert "FLAT, cosine, exact" in ask("models", "info", "far").out
    assert ask("models", "verify", "far", "--json").answer["results"][0]["status"] == "verified"
    assert ask("models", "rename", "far", "farther").status == 0
    assert ask("models", "default", "farther").status == 0
    assert ask("neighbors", "king", "--json").answer["model"]["name"] == "farther"
    assert ask("models", "rename", "farther", "local").status == 2
    assert ask("models", "remove", address, "--json").answer["results"][0]["name"] == "farther"
    assert [one["name"] for one in ask("models", "--json").answer["results"] if one["words"] == 15] == ["local"]
    assert client_of(milvus).has_collection("managed")  # only the registration is removed


def test_a_name_is_either_a_store_or_a_collection(milvus: LiteServer, home: Path, tmp_path: Path) -> None:
    assert export(milvus, "either", "--force").status == 0
    (tmp_path / "vectors.txt").write_text("king 0.5 0.7\nqueen 0.6 0.8\n")
    assert (
        "there is a local model of that name" in ask("models", "add", milvus.address("either"), "--name", "local").err
    )
    assert "the default model" in ask("models", "add", milvus.address("either"), "--name", "glove").err
    assert ask("models", "add", milvus.address("either")).status == 0
    refused = ask("models", "add", str(tmp_path / "vectors.txt"), "--name", "either", "--force")
    assert (refused.status, "is a registered collection" in refused.err) == (2, True)


def test_an_export_refuses_a_collection_that_exists_unless_forced(milvus: LiteServer, home: Path) -> None:
    assert export(milvus, "twice", "--force").status == 0
    refused = export(milvus, "twice")
    assert (refused.status, refused.err.count("\n"), "exists; choose another name" in refused.err) == (2, 1, True)
    assert export(milvus, "twice", "--force").status == 0


def test_tokens_of_a_transformer_are_not_exported(milvus: LiteServer, home: Path) -> None:
    path = home / "models" / "tokens.safetensors"
    write_store(path, [([b"king"], np.ones((1, 2), np.float32))], {"source": "a test", "tokens": "bytes"})
    refused = ask("models", "export", "tokens", milvus.address("tokens"))
    assert_one_line(refused, 2, "has the tokens of a transformer")


def test_an_exported_collection_has_the_bits_of_the_store(milvus: LiteServer, home: Path) -> None:
    numbers = np.random.default_rng(3).standard_normal((700, 9)).astype(np.float32)
    numbers[5], numbers[6] = 0, numbers[6] * np.float32(1e-30)
    add_store(home, "bits", {f"w{row}": vector.tolist() for row, vector in enumerate(numbers)})
    assert ask("models", "export", "bits", milvus.address("bits"), "--force").status == 0
    found = client_of(milvus).query("bits", filter="row >= 0", output_fields=["*"], limit=1000)
    by_row = {one["row"]: one for one in found}
    assert sorted(by_row) == list(range(700))
    for row, one in by_row.items():
        assert one["word"] == f"w{row}"
        assert np.array(one["vector"], np.float32).tobytes() == numbers[row].tobytes()
        assert np.float32(one["norm"]) == np.float32(np.linalg.norm(numbers[row].astype(np.float64)))
    assert ask("models", "add", milvus.address("bits"), "--name", "remote").status == 0
    local, remote = (ask("neighbors", "w6", "-k", "650", "-m", name, "--json").answer for name in ("bits", "remote"))
    assert (local["results"], local["inputs"]) == (remote["results"], remote["inputs"])


@pytest.mark.parametrize("key", ["int", "string", "text"])
def test_collections_of_others_are_models_too(key: str, milvus: LiteServer, home: Path) -> None:
    make_collection(milvus, f"others_{key}", key)
    options = ("--word", "text") if key == "string" else ()
    assert ask("models", "add", milvus.address(f"others_{key}"), "--name", "theirs", *options).status == 0
    for question in (
        ("analogy", "king - man + woman"),
        ("similarity", "king", "queen"),
        ("odd", "king", "queen", "cat"),
    ):
        theirs, ours = results_of("theirs", *question), results_of("local", *question)
        if key == "int":
            assert theirs == ours
        else:  # ties are in the order of the words
            score = "score" if "score" in ours[0] else "cosine"
            assert [one[score] for one in theirs] == [one[score] for one in ours]
            places = [(-one[score], one.get("word", "")) for one in theirs]
            assert places == sorted(places)
    row = results_of("theirs", "lookup", "queen")[0]["row"]
    assert row == (37 if key == "int" else None)
    refused = ask("neighbors", "king", "--vocab", "3", "-m", "theirs")
    assert (refused.status, "are not row numbers from 0" in refused.err) == (2, True)


def test_an_approximate_index_is_labelled(milvus: LiteServer, home: Path) -> None:
    make_collection(milvus, "approximate", "int", index="HNSW")
    added = ask("models", "add", milvus.address("approximate"))
    assert "its index HNSW is approximate" in added.err
    card = ask("neighbors", "king", "-m", "approximate", "--json").answer["model"]
    assert (card["index_type"], card["exact"]) == ("HNSW", False)
    assert "index HNSW, not exact" in ask("neighbors", "king", "-m", "approximate").out
    assert "not exact" not in ask("similarity", "king", "queen", "-m", "approximate").out
    assert "not exact" in ask("neighbors", "king", "-m", "approximate", "--format", "csv").err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "fields with words are id, text; name one with --word FIELD"),
        (("--word", "nope"), 'has no field "nope"; its fields are id, text, embedding, likes'),
        (("--word", "likes"), 'the field "likes" has no words'),
        (("--word", "text", "--vector", "text"), 'the field "text" has no vectors of float32'),
        (("--limit", "3"), "the options of files have no effect on a collection"),
        (("--word", "text", "--limit", "3"), "--word and --vector apply to a collection"),
    ],
)
def test_fields_that_do_not_fit_are_refused_and_nothing_is_registered(
    options: tuple[str, ...], message: str, milvus: LiteServer, home: Path
) -> None:
    make_collection(milvus, "unfit", "string")
    refused = ask("models", "add", milvus.address("unfit"), *options)
    assert (refused.status, refused.err.count("\n")) == (2, 1)
    assert message in refused.err
    assert not list((home / "models").glob("*.milvus.json"))


def test_a_collection_without_rows_or_words_is_no_model(milvus: LiteServer, home: Path) -> None:
    client = client_of(milvus)
    for name in ("empty", "wordless"):
        if client.has_collection(name):
            client.drop_collection(name)
    client.create_collection("wordless", dimension=5)
    assert "no field has words" in ask("models", "add", milvus.address("wordless")).err
    assert export(milvus, "empty").status == 0
    client.delete("empty", filter="row >= 0")
    client.flush("empty")
    assert "is empty" in ask("models", "add", milvus.address("empty")).err
    assert not list((home / "models").glob("*.milvus.json"))


# Faults


def assert_one_line(outcome: Outcome, status: int, message: str) -> None:
    assert (outcome.status, outcome.err.count("\n")) == (status, 1), outcome
    assert message in outcome.err
    assert SECRET not in outcome.err
    assert "Traceback" not in outcome.err


@contextmanager
def odd_server(answer: bytes | None) -> Iterator[str]:
    """A program that is no Milvus server: it sends the same bytes to everybody, or never anything."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(20)
        accepted = []

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                accepted.append(connection)
                if answer is not None:
                    connection.sendall(answer)
                    connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield f"milvus://127.0.0.1:{listener.getsockname()[1]}/words"
        for connection in accepted:
            connection.close()


def test_an_address_where_nothing_listens_is_reported_at_once(home: Path) -> None:
    address = f"milvus://127.0.0.1:{milvus_server.free_port()}/words"
    for command in (("models", "add", address), ("models", "export", "local", address)):
        assert_one_line(ask(*command), 4, "no Milvus server answers at 127.0.0.1")
    assert_one_line(ask("models", "add", "milvus://no-such-host.invalid/words"), 4, "no-such-host.invalid")


@pytest.mark.slow
@pytest.mark.parametrize(
    "answer", [None, b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00" * 100], ids=["slow", "http", "noise"]
)
def test_what_is_no_milvus_server_is_reported(
    answer: bytes | None, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMBCLI_MILVUS_TIMEOUT", "1")
    with odd_server(answer) as address:
        assert_one_line(ask("models", "add", address), 4, "does not answer as a Milvus server within 1 seconds")


@pytest.mark.parametrize(
    ("name", "value", "status", "message"),
    [
        ("EMBCLI_MILVUS_TIMEOUT", "soon", 2, "set it to a number of seconds"),
        ("EMBCLI_MILVUS_TIMEOUT", "-1", 2, "set it to a number of seconds"),
        ("EMBCLI_MILVUS_CA", "ca.pem", 2, "is not reached by TLS"),
    ],
)
def test_wrong_variables_are_reported(
    name: str, value: str, status: int, message: str, milvus: LiteServer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert_one_line(ask("models", "add", milvus.address("words")), status, message)


@pytest.mark.slow
def test_a_server_is_reached_by_tls_with_its_certificate(
    milvus: LiteServer, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert export(milvus, "by_tls", "--force").status == 0
    monkeypatch.setenv("EMBCLI_MILVUS_TIMEOUT", "2")
    with milvus_server.behind_tls(milvus, tmp_path) as (port, certificate):
        address = f"milvuss://127.0.0.1:{port}/by_tls"
        refused = "does not answer as a Milvus server"
        assert_one_line(ask("models", "add", address), 4, refused)  # the certificate is not known
        assert_one_line(ask("models", "add", address.replace("milvuss", "milvus")), 4, refused)
        monkeypatch.setenv("EMBCLI_MILVUS_CA", str(certificate))
        assert ask("models", "add", address, "--name", "secure").status == 0
        assert results_of("secure", "neighbors", "king", "-k", "2") == results_of(
            "local", "neighbors", "king", "-k", "2"
        )


def test_missing_collections_databases_and_certificates_are_reported(
    milvus: LiteServer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_one_line(ask("models", "add", milvus.address("nowhere")), 4, "there is no collection nowhere")
    assert_one_line(ask("models", "add", milvus.address("words?db=nowhere")), 4, "there is no database nowhere")
    monkeypatch.setenv("EMBCLI_MILVUS_CA", str(home / "missing.pem"))
    assert_one_line(ask("models", "add", milvus.address("words?secure=true")), 4, "there is no certificate")


def test_an_address_is_registered_before_it_is_asked(milvus: LiteServer, home: Path) -> None:
    refused = ask("neighbors", "king", "-m", milvus.address("words"))
    assert_one_line(refused, 2, "first run: embcli models add")


def test_a_missing_pymilvus_is_named(home: Path, milvus: LiteServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    assert_one_line(ask("models", "add", milvus.address("words")), 4, "pip install 'embcli[milvus]'")


@pytest.mark.parametrize(
    ("message", "code", "expected"),
    [
        ("auth check failure, please check api key is correct", 1800, "refuses the token of EMBCLI_MILVUS_TOKEN"),
        ("<_InactiveRpcError: StatusCode.UNAUTHENTICATED>", 1, "refuses the token of EMBCLI_MILVUS_TOKEN"),
        ("PrivilegeSearch: permission deny to bob", 65535, "refuses the token of EMBCLI_MILVUS_TOKEN"),
        ("can't find collection[collection=words]", 100, "there is no collection words"),
        ("quota exceeded\nsecond line", 8, "reports: quota exceeded second line"),
    ],
)
def test_what_a_server_reports_becomes_one_line(
    message: str, code: int, expected: str, milvus: LiteServer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pymilvus import MilvusClient, MilvusException

    def fail(*_: Any, **__: Any) -> None:
        raise MilvusException(code, message)

    monkeypatch.setenv("EMBCLI_MILVUS_TOKEN", SECRET)
    monkeypatch.setattr(MilvusClient, "describe_collection", fail)
    assert_one_line(ask("models", "add", milvus.address("words")), 4, expected)


def test_a_changed_collection_is_reported(milvus: LiteServer, home: Path) -> None:
    make_collection(milvus, "changing", "int")
    assert ask("models", "add", milvus.address("changing")).status == 0
    make_collection(milvus, "changing", "int", dim=4)
    assert_one_line(ask("neighbors", "king", "-m", "changing"), 4, "its dimension was 5 and is 4")
    make_collection(milvus, "changing", "int", index="HNSW")
    assert_one_line(ask("neighbors", "king", "-m", "changing"), 4, "its index was FLAT COSINE and is HNSW COSINE")
    make_collection(milvus, "changing", "int")
    client_of(milvus).delete("changing", filter="id == 7")
    assert_one_line(ask("models", "verify", "changing"), 4, "it had 15 rows and has 14")
    assert ask("neighbors", "king", "-m", "changing", "--json").answer["model"]["words"] == 14


def test_an_emptied_collection_is_reported_and_the_other_models_are_verified(milvus: LiteServer, home: Path) -> None:
    make_collection(milvus, "emptied", "int")
    assert ask("models", "add", milvus.address("emptied")).status == 0
    client_of(milvus).delete("emptied", filter="id >= 0")
    for arguments in (["neighbors", "king", "-m", "emptied"], ["models", "verify", "emptied"]):
        assert_one_line(ask(*arguments), 4, "is empty; insert rows, or export a model to it; then run")
    assert_one_line(ask("models", "verify"), 4, "1 of 2 models could not be verified (the others are intact)")


def test_a_long_unknown_word_has_no_suggestions_but_an_error(milvus: LiteServer, home: Path) -> None:
    assert export(milvus, "short_words", "--force").status == 0
    assert ask("models", "add", milvus.address("short_words")).status == 0
    outcome = ask("lookup", "x" * 70_000, "-m", "short_words", "--json")
    assert (outcome.status, outcome.error["suggestions"]) == (3, [])


def test_a_damaged_registration_is_listed_and_can_be_removed(home: Path) -> None:
    (home / "models" / "broken.milvus.json").write_text('{"format": "other"}')
    listed = {one["name"]: one["status"] for one in ask("models", "--json").answer["results"]}
    assert listed["broken"] == "damaged"
    assert_one_line(ask("neighbors", "king", "-m", "broken"), 2, "is not a registration of a collection")
    assert_one_line(ask("models", "verify", "broken"), 2, "is not a registration of a collection")
    assert_one_line(ask("models", "verify"), 4, "1 of 2 models could not be verified (the others are intact)")
    assert ask("models", "remove", "broken").status == 0


def test_a_partial_insert_is_an_error_and_leaves_nothing(
    milvus: LiteServer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pymilvus import MilvusClient

    insert = MilvusClient.insert
    monkeypatch.setattr(MilvusClient, "insert", lambda self, name, rows, **more: insert(self, name, rows[:-1], **more))
    assert_one_line(export(milvus, "partial", "--force"), 4, "14 of 15 rows were inserted")
    assert not client_of(milvus).has_collection("partial")


def test_rows_that_arrive_changed_are_found(milvus: LiteServer, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pymilvus import MilvusClient

    insert = MilvusClient.insert

    def insert_changed(self: Any, name: str, rows: list[dict[str, Any]], **more: Any) -> Any:
        rows[3]["vector"] = rows[3]["vector"] + np.float32(1e-6)
        return insert(self, name, rows, **more)

    monkeypatch.setattr(MilvusClient, "insert", insert_changed)
    assert_one_line(export(milvus, "changed", "--force"), 4, "row 3 is not as it was sent")
    assert not client_of(milvus).has_collection("changed")


def test_an_interrupted_export_drops_what_it_began(
    milvus: LiteServer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(export_milvus, "_verify", interrupt)
    assert export(milvus, "interrupted", "--force").status == 130
    assert not client_of(milvus).has_collection("interrupted")


def process_of(arguments: list[str], home: Path, **changes: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "embcli", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env=environment(home, **changes),
    )  # fmt: skip


@pytest.mark.slow
def test_a_signal_during_an_export_drops_what_it_began(milvus: LiteServer, home: Path) -> None:
    numbers = np.random.default_rng(1).standard_normal((60_000, 20))
    add_store(home, "long", {f"w{row}": vector for row, vector in enumerate(numbers.tolist())})
    exporting = process_of(["models", "export", "long", milvus.address("signalled"), "--force"], home)
    client = client_of(milvus)
    for _ in range(600):
        if client.has_collection("signalled"):
            break
        time.sleep(0.05)
    os.kill(exporting.pid, signal.SIGINT)
    _, err = exporting.communicate(timeout=60)
    assert exporting.returncode == 130, err
    assert not client.has_collection("signalled")


@pytest.mark.slow
def test_a_server_that_fails_in_a_batch_ends_it_with_one_line(
    home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("failing")
    with milvus_server.running(folder) as server:
        assert export(server, "words").status == 0
        assert ask("models", "add", server.address("words"), "--name", "far").status == 0

        def batch() -> "subprocess.Popen[bytes]":
            process = process_of(["neighbors", "-", "-m", "far"], home, EMBCLI_MILVUS_TIMEOUT="2")
            assert process.stdin
            assert process.stdout
            process.stdin.write(b"king\n")
            process.stdin.flush()
            assert b'"prince"' in process.stdout.readline()
            return process

        def end_of(process: "subprocess.Popen[bytes]") -> Outcome:
            out, err = process.communicate(b"queen man\nboy girl\n", timeout=60)
            return Outcome(process.returncode, out.decode(), err.decode())

        slow = batch()
        server.pause()
        assert_one_line(end_of(slow), 4, "did not answer within 2 seconds")
        server.go_on()
        dropped = batch()
        client_of(server).drop_collection("words")
        assert_one_line(end_of(dropped), 4, "there is no collection words")
        assert export(server, "words").status == 0
        killed, comparing = batch(), process_of(["similarity", "-", "-m", "far"], home, EMBCLI_MILVUS_TIMEOUT="2")
        assert comparing.stdin
        assert comparing.stdout
        comparing.stdin.write(b"king queen\n")
        comparing.stdin.flush()
        assert b'"queen"' in comparing.stdout.readline()
        server.kill()
        assert_one_line(end_of(killed), 4, "no Milvus server answers")
        assert_one_line(end_of(comparing), 4, "no Milvus server answers")
        assert_one_line(ask("neighbors", "king", "-m", "far"), 4, "no Milvus server answers")
        assert ask("models", "--json").answer["results"][-1]["status"] == "ready"
        again = milvus_server.start(folder, server.port)
        try:  # the collection is loaded again
            assert ask("neighbors", "king", "-m", "far", "-k", "1", "--json").answer["results"][0]["word"] == "man"
        finally:
            again.kill()
