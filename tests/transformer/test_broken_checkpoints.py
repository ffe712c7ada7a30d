"""A broken or hostile checkpoint gives one clear line with exit status 2, in two seconds, and nothing is added."""

import json
import os
import random
import resource
import shutil
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from process import ask, settle
from tiny_models import MODELS, write_gguf

from embcli.errors import BadFile
from embcli.transformer.checkpoint import Checkpoint
from embcli.transformer.embedding import open_tokenizer
from embcli.transformer.gguf import open_gguf
from embcli.transformer.safetensors import open_safetensors

LIMIT_SECONDS = 2
LIMIT_BYTES = 1 << 30  # more address space than the process has before


@contextmanager
def limited() -> Iterator[None]:
    """Fail with MemoryError instead of taking all memory, and if it takes longer than two seconds."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + LIMIT_BYTES, before[1]))
    start = time.monotonic()
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
    assert time.monotonic() - start < LIMIT_SECONDS


@pytest.fixture(scope="module")
def gguf_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_gguf("gpt2", tmp_path_factory.mktemp("gguf") / "tiny.gguf").read_bytes()


@pytest.fixture(scope="module")
def header_size(gguf_bytes: bytes, tmp_path_factory: pytest.TempPathFactory) -> int:
    path = tmp_path_factory.mktemp("whole") / "tiny.gguf"
    path.write_bytes(gguf_bytes)
    return min(tensor.start for tensor in open_gguf(path).tensors.values())


SAFETENSORS = (MODELS / "llama" / "model.safetensors").read_bytes()


def read_all(path: Path) -> None:
    """Open a checkpoint, its tokenizer, and every tensor."""
    model = Checkpoint(path)
    open_tokenizer(model)
    for name in model.places:
        assert model.read(name).size


# --- Cut and flipped files --------------------------------------------------------------------------------------------


def test_a_gguf_file_cut_at_any_byte_of_its_header_is_refused(
    gguf_bytes: bytes, header_size: int, tmp_path: Path
) -> None:
    path = tmp_path / "cut.gguf"
    for size in [*range(1, header_size), *range(header_size, len(gguf_bytes), 997)]:
        path.write_bytes(gguf_bytes[:size])
        with pytest.raises(BadFile) as error:
            open_gguf(path)
        assert str(path) in error.value.message
        assert error.value.hint


def test_a_safetensors_file_cut_at_any_byte_of_its_header_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.safetensors"
    header = 8 + int.from_bytes(SAFETENSORS[:8], "little")
    for size in [*range(1, header), *range(header, len(SAFETENSORS), 997), len(SAFETENSORS) - 1]:
        path.write_bytes(SAFETENSORS[:size])
        with pytest.raises(BadFile) as error:
            open_safetensors(path)
        assert str(path) in error.value.message


@pytest.mark.parametrize("seed", range(4))
def test_flipped_bits_are_refused_or_change_only_what_is_read(
    gguf_bytes: bytes, header_size: int, tmp_path: Path, seed: int
) -> None:
    """A flipped bit of a name or a number of the vocabulary cannot be seen; no error but embcli's own may arise."""
    source, path = random.Random(seed), tmp_path / "flipped.gguf"
    refused = 0
    for _ in range(250):
        changed = bytearray(gguf_bytes)
        for _ in range(source.choice((1, 1, 3))):
            changed[source.randrange(header_size)] ^= 1 << source.randrange(8)
        path.write_bytes(changed)
        with limited():
            try:
                read_all(path)
            except BadFile:
                refused += 1
    assert refused > 25


@pytest.mark.parametrize("seed", range(4))
def test_flipped_bits_of_a_safetensors_header_are_refused_or_harmless(tmp_path: Path, seed: int) -> None:
    source = random.Random(seed)
    folder = Path(shutil.copytree(MODELS / "llama", tmp_path / "there"))
    header = 8 + int.from_bytes(SAFETENSORS[:8], "little")
    for _ in range(250):
        changed = bytearray(SAFETENSORS)
        changed[source.randrange(header)] ^= 1 << source.randrange(8)
        (folder / "model.safetensors").write_bytes(changed)
        with limited(), suppress(BadFile):
            read_all(folder)


# --- Hostile GGUF files -----------------------------------------------------------------------------------------------


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def entry(key: str, kind: int, value: bytes) -> bytes:
    return text(key) + struct.pack("<I", kind) + value


def tensor(name: str, shape: tuple[int, ...], kind: int = 0, offset: int = 0) -> bytes:
    return text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)


def gguf_file(
    tensors: list[bytes],
    entries: list[bytes],
    counts: tuple[int, int] | None = None,
    version: int = 3,
    data: int = 4096,
) -> bytes:
    tensor_count, entry_count = counts or (len(tensors), len(entries))
    header = b"GGUF" + struct.pack("<IQQ", version, tensor_count, entry_count) + b"".join(entries + tensors)
    return header + b"\0" * (-len(header) % 32) + b"\0" * data


ARRAY = struct.Struct("<IQ")
HOSTILE: dict[str, tuple[bytes, str]] = {
    "nothing after the magic": (b"GGUF", "truncated"),
    "version 1": (gguf_file([], [], version=1), "of version 1"),
    "version 4": (gguf_file([], [], version=4), "of version 4"),
    "big-endian": (gguf_file([], [], version=3 << 24), "big-endian"),
    "2^60 tensors": (gguf_file([], [], counts=(1 << 60, 0)), "more than fit"),
    "2^60 entries": (gguf_file([], [], counts=(0, 1 << 60)), "more than fit"),
    "a key of an exabyte": (gguf_file([], [struct.pack("<Q", 1 << 60)]), "more than fit"),
    "a text of 4 GB": (gguf_file([], [entry("a", 8, struct.pack("<Q", 1 << 32))]), "more than fit"),
    "an array of 2^62 numbers": (gguf_file([], [entry("a", 9, ARRAY.pack(4, 1 << 62))]), "more than fit"),
    "an array of 2^62 texts": (gguf_file([], [entry("a", 9, ARRAY.pack(8, 1 << 62))]), "more than fit"),
    "an array of arrays": (gguf_file([], [entry("a", 9, ARRAY.pack(9, 1) + ARRAY.pack(4, 0))]), "an array of arrays"),
    "arrays nested without end": (
        gguf_file([], [entry("a", 9, b"".join(ARRAY.pack(9, 1) for _ in range(5000)))]), "an array of arrays",
    ),
    "an array of an unknown type": (gguf_file([], [entry("a", 9, ARRAY.pack(77, 1))]), "unknown type"),
    "metadata of an unknown type": (gguf_file([], [entry("a", 77, b"")]), "unknown type"),
    "a key twice": (gguf_file([], [entry("a", 4, b"\0" * 4)] * 2), "occurs twice"),
    "a key that is not UTF-8": (gguf_file([], [struct.pack("<Q", 2) + b"\xff\xfe"]), "not UTF-8"),
    "a tensor twice": (gguf_file([tensor("x", (4,))] * 2, []), "occurs twice"),
    "overlapping tensors": (gguf_file([tensor("x", (32,)), tensor("y", (32,), offset=32)], []), "overlaps"),
    "a tensor beyond the file": (gguf_file([tensor("x", (4096,))], []), "bytes after the file"),
    "a tensor of an exabyte": (gguf_file([tensor("x", (1 << 40, 1 << 20))], []), "bytes after the file"),
    "sizes whose product overflows": (gguf_file([tensor("x", (1 << 63, 1 << 63))], []), "bytes after the file"),
    "an offset of 2^63": (gguf_file([tensor("x", (4,), offset=1 << 63)], []), "bytes after the file"),
    "an offset that is not aligned": (gguf_file([tensor("x", (4,), offset=4)], []), "multiple of 32"),
    "an alignment of 0": (gguf_file([], [entry("general.alignment", 4, b"\0" * 4)]), "power of two"),
    "an alignment that is a text": (gguf_file([], [entry("general.alignment", 8, text("x"))]), "power of two"),
    "a tensor of no axes": (gguf_file([tensor("x", ())], []), "0 axes"),
    "a tensor of 2^32 axes": (gguf_file([text("x") + b"\xff" * 4], []), "axes"),
    "an empty tensor": (gguf_file([tensor("x", (0, 4))], []), "is empty"),
    "a tensor of an unknown type": (gguf_file([tensor("x", (4,), kind=99)], []), "unknown type"),
    "a row of half a block": (gguf_file([tensor("x", (33,), kind=8)], []), "no whole blocks of 32"),
    "no architecture": (gguf_file([tensor("x", (4,))], []), 'the architecture "None" is not supported'),
    "an unsupported architecture": (
        gguf_file([tensor("x", (4,))], [entry("general.architecture", 8, text("mamba"))]), '"mamba" is not supported',
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_gguf_file_is_refused(what: str, tmp_path: Path) -> None:
    content, reason = HOSTILE[what]
    path = tmp_path / "bad.gguf"
    path.write_bytes(content)
    with limited(), pytest.raises(BadFile, match=reason) as error:
        Checkpoint(path)
    assert "\n" not in error.value.message


@pytest.mark.parametrize("kind", [10, 11, 16, 20, 39])
def test_a_type_of_numbers_that_is_not_supported_is_refused_by_name(kind: int, tmp_path: Path) -> None:
    path = tmp_path / "bad.gguf"
    path.write_bytes(gguf_file([tensor("x", (256,), kind=kind)], []))
    file = open_gguf(path)
    with pytest.raises(BadFile, match="which is not supported") as error:
        file.read("x")
    assert file.tensors["x"].dtype in error.value.message


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"rope.scaling.type": "yarn"}, "rope.scaling.type"),
        ({"expert_count": 8}, "expert_count"),
        ({"attention.head_count": 3}, "heads do not fit"),
        ({"attention.head_count": 0}, "not a positive integer"),
        ({"block_count": 10**9}, "not a positive integer"),
        ({"block_count": 4}, "is missing"),
        ({"block_count": 2}, "is not known"),
        ({"embedding_length": 64}, "not"),
        ({"context_length": None}, "has no"),
        ({"attention.layer_norm_rms_epsilon": "x"}, "epsilon is"),
        ({"feed_forward_length": 41}, "as its settings say"),
    ],
)
def test_a_setting_of_a_gguf_file_that_does_not_fit_is_refused(
    changes: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    path = write_gguf("llama", tmp_path / "bad.gguf", **changes)
    with limited(), pytest.raises(BadFile, match=reason):
        Checkpoint(path)


# --- Hostile safetensors files and folders ----------------------------------------------------------------------------


def safetensors_file(header: object, data: int = 64) -> bytes:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(raw).to_bytes(8, "little") + raw + b"\0" * data


def one(**changes: Any) -> dict[str, Any]:
    return {"x": {"dtype": "F32", "shape": [4, 4], "data_offsets": [0, 64]} | changes}


BAD_SAFETENSORS: dict[str, bytes] = {
    "empty": b"",
    "seven bytes": b"\x02\0\0\0\0\0\0",
    "a header of 2^63 bytes": b"\xff" * 7 + b"\x7f" + b"{}",
    "a header beyond the file": (1 << 20).to_bytes(8, "little") + b"{}",
    "no JSON": safetensors_file(b"{,}"),
    "not an object": safetensors_file(b"[]"),
    "NaN": safetensors_file(b'{"x": NaN}'),
    "a name twice": safetensors_file(b'{"x": 1, "x": 2}'),
    "nested without end": safetensors_file(b"[" * 100_000),
    "a number of 10,000 digits": safetensors_file(b'{"x": ' + b"9" * 10_000 + b"}"),
    "not UTF-8": safetensors_file(b'{"\xff": 1}'),
    "an entry that is a number": safetensors_file({"x": 1}),
    "no dtype": safetensors_file({"x": {"shape": [4, 4], "data_offsets": [0, 64]}}),
    "an unknown dtype": safetensors_file(one(dtype="F33")),
    "a dtype that is a list": safetensors_file(one(dtype=["F32"])),
    "a negative size": safetensors_file(one(shape=[-4, -4])),
    "a size of a half": safetensors_file(one(shape=[0.5, 32])),
    "a size that is true": safetensors_file(one(shape=[True, 16])),
    "a shape that is a number": safetensors_file(one(shape=16)),
    "2^70 numbers": safetensors_file(one(shape=[1 << 35, 1 << 35])),
    "9 axes": safetensors_file(one(shape=[1] * 8 + [16])),
    "three offsets": safetensors_file(one(data_offsets=[0, 64, 64])),
    "no offsets": safetensors_file(one(data_offsets=[])),
    "offsets in reverse": safetensors_file(one(data_offsets=[64, 0])),
    "offsets beyond the file": safetensors_file(one(data_offsets=[64, 128])),
    "fewer bytes than numbers": safetensors_file(one(data_offsets=[0, 60])),
    "a gap at the end": safetensors_file(one(), data=68),
    "a gap at the beginning": safetensors_file(one(data_offsets=[4, 68]), data=68),
    "overlapping": safetensors_file(
        {**one(), "y": {"dtype": "F32", "shape": [4, 4], "data_offsets": [32, 96]}}, data=96
    ),
    "metadata that is a list": safetensors_file({"__metadata__": [], **one()}),
    "metadata of numbers": safetensors_file({"__metadata__": {"a": 1}, **one()}),
}


@pytest.mark.parametrize("what", BAD_SAFETENSORS)
def test_a_broken_safetensors_file_is_refused(what: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.safetensors"
    path.write_bytes(BAD_SAFETENSORS[what])
    with limited(), pytest.raises(BadFile) as error:
        open_safetensors(path)
    assert str(path) in error.value.message
    assert "\n" not in error.value.message


def replaced(name: str, content: bytes | None) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        if content is not None:
            (folder / name).write_bytes(content)

    return change


def with_tensor(name: str, array: np.ndarray[Any, Any] | None) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        from safetensors.numpy import load_file, save_file

        tensors = load_file(folder / "model.safetensors")
        tensors.pop(name, None)
        save_file(tensors if array is None else tensors | {name: array}, folder / "model.safetensors")

    return change


FLOATS = np.zeros((3, 32), np.float32)
BAD_FOLDERS: dict[str, tuple[Callable[[Path], None], str]] = {
    "no weights": (replaced("model.safetensors", None), "model.safetensors"),
    "no tokenizer": (replaced("tokenizer.json", None), "tokenizer.json"),
    "a broken tokenizer": (replaced("tokenizer.json", b'{"model": 1}'), "tokenizer.json"),
    "an empty tokenizer": (replaced("tokenizer.json", b""), "tokenizer.json"),
    "a tokenizer of another model": (
        replaced("tokenizer.json", json.dumps({"version": "1.0", "added_tokens": [], "normalizer": None,
                 "pre_tokenizer": None, "post_processor": None, "decoder": None,
                 "model": {"type": "WordLevel", "unk_token": "a",
                           "vocab": {f"a{i}": i for i in range(500)}}}).encode()),
        "500 tokens, but W_E has 160 rows",
    ),
    "a broken config": (replaced("config.json", b"{"), "config.json"),
    "a config of a list": (replaced("config.json", b"[]"), "config.json"),
    "an index to another folder": (
        replaced("model.safetensors.index.json", b'{"weight_map": {"x": "../model.safetensors"}}'),
        "outside its folder",
    ),
    "an index without a map": (replaced("model.safetensors.index.json", b"{}"), "weight_map"),
    "an index of a missing tensor": (
        replaced("model.safetensors.index.json", b'{"weight_map": {"x": "model.safetensors"}}'),
        "does not have the tensor",
    ),
    "an index of a missing file": (
        replaced("model.safetensors.index.json", b'{"weight_map": {"x": "other.safetensors"}}'), "other.safetensors",
    ),
    "an unknown tensor": (with_tensor("model.layers.0.mlp.experts.weight", FLOATS), "is not known"),
    "a tensor of RoPE": (with_tensor("rope_freqs.weight", FLOATS), "RoPE scaling"),
    "a missing tensor": (with_tensor("model.norm.weight", None), "final_norm is missing"),
    "a tensor of a block too many": (with_tensor("model.layers.3.input_layernorm.weight", FLOATS[0]), "is not known"),
    "a tensor of another shape": (with_tensor("model.norm.weight", np.zeros(31, np.float32)), "is 31, not 32"),
    "whole numbers for floats": (with_tensor("model.norm.weight", np.zeros(32, np.int32)), "I32"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD_FOLDERS)
def test_a_broken_folder_is_refused_in_one_line_and_nothing_is_added(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, reason = BAD_FOLDERS[what]
    settle(monkeypatch, tmp_path / "home")
    folder = Path(shutil.copytree(MODELS / "llama", tmp_path / "there"))
    change(folder)
    for command in (("models", "add", str(folder)), ("predict", "the king", "-m", str(folder))):
        with limited():
            error = ask(*command)
        if what == "whole numbers for floats" and command[0] == "models":
            assert error.status == 0  # only W_E is read then
            continue
        assert (error.status, error.out, error.err.count("\n")) in ((2, "", 1), (4, "", 1)), error.err
        assert reason in error.err
    assert what == "whole numbers for floats" or not list((tmp_path / "home").glob("models/*"))


def test_a_folder_that_cannot_be_a_model_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, tmp_path / "home")
    (tmp_path / "empty").mkdir()
    error = ask("models", "add", str(tmp_path / "empty"))
    assert (error.status, error.err.count("\n")) == (2, 1)
    assert "has no config.json" in error.err
    assert not os.listdir(tmp_path / "empty")
