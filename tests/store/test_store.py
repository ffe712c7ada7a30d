"""The single-file store: embcli and other tools read the data as written; a damaged store is rejected."""

import json
import os
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import safetensors
import safetensors.numpy

import embcli
from embcli.errors import BadFile, DamagedStore, EmbcliError, InputOutputProblem
from embcli.store import spool
from embcli.store.header import MEBIBYTE
from embcli.store.read import open_store, verify
from embcli.store.write import write_store
from embcli.vectors.space import VectorSpace
from embcli.vectors.vocabulary import Vocabulary

Block = tuple[Sequence[bytes], npt.NDArray[np.float32]]
Header = dict[str, Any]

WORDS = ["the", "naïve", "東京", "😀", "new york", "a\tb", "'s", "-"]
VECTORS = np.arange(24, dtype=np.float32).reshape(8, 3) - 7.25
METADATA = {"source": "a test", "reader": "none"}


def blocks_of(words: Sequence[str], vectors: npt.NDArray[np.float32], rows: int = 3) -> Iterator[Block]:
    for start in range(0, len(words), rows):
        block = slice(start, start + rows)
        yield [word.encode() for word in words[block]], vectors[block]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A small store in its own folder."""
    path = tmp_path / "models" / "small.safetensors"
    write_store(path, blocks_of(WORDS, VECTORS), METADATA)
    return path


def read_header(path: Path) -> tuple[int, Header]:
    """The offset of the tensors and the header, read by the safetensors specification."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    return 8 + length, json.loads(data[8 : 8 + length])


def tensor_place(path: Path, name: str) -> tuple[int, int]:
    """The start and the end of a tensor in the file."""
    start, header = read_header(path)
    first, last = header[name]["data_offsets"]
    return start + first, start + last


def replace_header(path: Path, header: bytes) -> None:
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    path.write_bytes(data[:8] + header.ljust(length) + data[8 + length :])


def test_what_is_written_is_read(path: Path) -> None:
    store = open_store(path)
    vocabulary = Vocabulary(store.words, store.offsets, store.order)
    assert list(vocabulary) == WORDS
    assert [vocabulary.find(word) for word in WORDS] == list(range(len(WORDS)))
    np.testing.assert_array_equal(store.vectors, VECTORS)
    np.testing.assert_allclose(store.norms, np.linalg.norm(VECTORS.astype(np.float64), axis=1), rtol=1e-7)
    assert METADATA.items() <= dict(store.metadata).items()


def test_the_safetensors_library_reads_the_same_tensors(path: Path) -> None:
    tensors = safetensors.numpy.load_file(path)
    store = open_store(path)
    assert set(tensors) == {"vectors", "norms", "order", "offsets", "words", "crc32"}
    for name in set(tensors) - {"crc32"}:
        ours = getattr(store, name)
        assert (ours.dtype, ours.shape) == (tensors[name].dtype, tensors[name].shape)
        np.testing.assert_array_equal(ours, tensors[name])
    encoded = [word.encode() for word in WORDS]
    assert tensors["words"].tobytes() == b"".join(encoded)
    assert tensors["offsets"].tolist() == [0, *np.cumsum([len(word) for word in encoded])]
    assert [encoded[row] for row in tensors["order"]] == sorted(encoded)
    with safetensors.safe_open(path, framework="numpy") as file:
        expected = {"format": "embcli/1", "duplicates": "0", **METADATA}
        assert {key: value for key, value in file.metadata().items() if key != "header_crc32"} == expected


@pytest.mark.parametrize("rows", [40, 1 << 16])  # less than a MiB, and 2.9 MiB with a rest
def test_each_mebibyte_has_its_crc32(tmp_path: Path, rows: int) -> None:
    vectors = np.random.default_rng(7).normal(size=(rows, 8)).astype(np.float32)
    path = tmp_path / "large.safetensors"
    assert write_store(path, blocks_of([f"w{row}" for row in range(rows)], vectors, 1000), {}) == (rows, 0, 0)
    start, _ = read_header(path)
    first, last = tensor_place(path, "crc32")
    data = path.read_bytes()
    crcs = [zlib.crc32(data[place : min(place + MEBIBYTE, first)]) for place in range(start, first, MEBIBYTE)]
    assert np.frombuffer(data[first:last], "<u4").tolist() == crcs
    assert last == len(data)


def test_the_crc32_of_the_glove_store_are_right(home: Path) -> None:
    path = home / "models" / "glove.safetensors"
    start, _ = read_header(path)
    first, last = tensor_place(path, "crc32")
    data = memoryview(path.read_bytes())
    crcs = [zlib.crc32(data[place : min(place + MEBIBYTE, first)]) for place in range(start, first, MEBIBYTE)]
    assert np.frombuffer(data[first:last], "<u4").tolist() == crcs


def test_a_missing_store_is_not_a_damaged_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_store(tmp_path / "none.safetensors")


def test_a_store_cut_anywhere_is_damaged(path: Path) -> None:
    for length in reversed(range(path.stat().st_size)):
        os.truncate(path, length)
        with pytest.raises(DamagedStore) as caught:
            open_store(path)
        assert str(path) in caught.value.message
        assert (caught.value.code, caught.value.exit_status) == ("damaged_store", 5)


def test_a_store_with_more_at_its_end_is_damaged(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(DamagedStore):
        open_store(path)


def changed(name: str, key: str, value: object) -> Callable[[Header], object]:
    return lambda header: header[name].update({key: value})


def swap_norms_and_order(header: Header) -> None:
    header["norms"]["data_offsets"], header["order"]["data_offsets"] = (
        header["order"]["data_offsets"],
        header["norms"]["data_offsets"],
    )


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(changed("vectors", "shape", [9, 3]), id="more rows"),
        pytest.param(changed("vectors", "shape", [3, 8]), id="rows and dim swapped"),
        pytest.param(changed("vectors", "shape", [24]), id="one axis"),
        pytest.param(changed("vectors", "shape", [8.0, 3.0]), id="fractions"),
        pytest.param(changed("vectors", "shape", [-8, -3]), id="negative"),
        pytest.param(changed("vectors", "shape", [0, 3]), id="no rows"),
        pytest.param(changed("vectors", "shape", [10**30, 3]), id="too many rows"),
        pytest.param(changed("vectors", "dtype", "I32"), id="other dtype"),
        pytest.param(changed("vectors", "dtype", "F16"), id="unknown dtype"),
        pytest.param(changed("words", "shape", [10**6]), id="more words"),
        pytest.param(changed("order", "data_offsets", [0, 32]), id="overlap"),
        pytest.param(changed("crc32", "data_offsets", [10**9, 10**9 + 4]), id="outside"),
        pytest.param(changed("__metadata__", "format", "embcli/2"), id="other format"),
        pytest.param(lambda header: header.pop("norms"), id="tensor missing"),
        pytest.param(lambda header: header.update(more=header["norms"]), id="tensor too many"),
        pytest.param(lambda header: header.pop("__metadata__"), id="no metadata"),
        pytest.param(lambda header: header.update(__metadata__=[]), id="metadata a list"),
        pytest.param(lambda header: header.update(__metadata__="embcli/1"), id="metadata a string"),
        pytest.param(lambda header: header.update(vectors="F32"), id="tensor a string"),
        pytest.param(swap_norms_and_order, id="places swapped"),
    ],
)
def test_a_changed_header_is_damaged(path: Path, change: Callable[[Header], object]) -> None:
    _, header = read_header(path)
    change(header)
    replace_header(path, json.dumps(header, separators=(",", ":")).encode())
    with pytest.raises(DamagedStore):
        open_store(path)


@pytest.mark.parametrize(
    "header",
    [b"", b"{}", b"[]", b"null", b"7", b"{", b"\xff\xfe", b"\0\0", b'{"a":' * 800, b"9" * 3000, b"NaN"],
)
def test_a_header_that_is_not_ours_is_damaged(path: Path, header: bytes) -> None:
    replace_header(path, header)
    with pytest.raises(DamagedStore):
        open_store(path)


def test_a_header_nested_without_end_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "deep.safetensors"
    path.write_bytes(struct.pack("<Q", 1 << 20) + b"[" * (1 << 20))
    with pytest.raises(DamagedStore):
        open_store(path)


@pytest.mark.parametrize("length", [0, 1, 7, 1 << 20, 1 << 40, (1 << 63) - 1, (1 << 64) - 1])
def test_a_header_of_another_length_is_damaged(path: Path, length: int) -> None:
    path.write_bytes(struct.pack("<Q", length) + path.read_bytes()[8:])
    with pytest.raises(DamagedStore):
        open_store(path)


@pytest.mark.parametrize("metadata", [None, {"format": "pt"}, {"format": "embcli/1"}])
def test_a_safetensors_file_of_another_program_is_damaged(tmp_path: Path, metadata: dict[str, str] | None) -> None:
    path = tmp_path / "foreign.safetensors"
    safetensors.numpy.save_file({"vectors": VECTORS, "words": np.zeros(9, np.uint8)}, path, metadata)
    with pytest.raises(DamagedStore):
        open_store(path)


@pytest.mark.parametrize("name", ["order", "offsets", "words"])
def test_damage_to_the_vocabulary_is_an_error_for_a_user(path: Path, name: str) -> None:
    first, last = tensor_place(path, name)
    data = bytearray(path.read_bytes())
    data[first:last] = b"\xee" * (last - first)
    path.write_bytes(data)
    store = open_store(path)
    space = VectorSpace(store.vectors, store.norms, Vocabulary(store.words, store.offsets, store.order))
    with pytest.raises(EmbcliError):
        embcli.find_neighbors(space, "the")


def test_a_damaged_model_is_refused_by_its_name(data_dir: Path, path: Path) -> None:
    model = data_dir / "models" / "damaged.safetensors"
    model.parent.mkdir(exist_ok=True)
    model.write_bytes(path.read_bytes()[:-1])
    try:
        with pytest.raises(DamagedStore):
            embcli.open_space("damaged")
    finally:
        model.unlink()


def test_a_new_store_takes_the_place_of_the_old_one_which_stays_open(path: Path) -> None:
    old = open_store(path)
    write_store(path, blocks_of(["only"], np.ones((1, 5), np.float32)), {})
    assert open_store(path).vectors.shape == (1, 5)
    np.testing.assert_array_equal(old.vectors, VECTORS)


def interrupted(error: BaseException) -> Iterator[Block]:
    yield from blocks_of(WORDS, VECTORS)
    raise error


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (ValueError("broken"), ValueError),
        (BadFile("broken"), BadFile),
        (KeyboardInterrupt(), KeyboardInterrupt),
        (OSError("the source is gone"), InputOutputProblem),
    ],
)
def test_a_failed_import_leaves_the_old_store_as_it_was(
    path: Path, error: BaseException, raised: type[BaseException]
) -> None:
    before = path.read_bytes()
    for target in (path, path.with_name("new.safetensors")):
        with pytest.raises(raised):
            write_store(target, interrupted(error), {})
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_a_full_disk_leaves_the_old_store_as_it_was(path: Path) -> None:
    resource = pytest.importorskip("resource")
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, limits[1]))  # a longer file cannot be written
    try:
        with pytest.raises(InputOutputProblem) as caught:
            write_store(path, blocks_of([f"w{row}" for row in range(5000)], np.ones((5000, 50), np.float32)), {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.exit_status == 4
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def with_value(value: float) -> npt.NDArray[np.float32]:
    vectors = VECTORS.copy()
    vectors[6, 1] = value
    return vectors


@pytest.mark.parametrize(
    "blocks",
    [
        pytest.param([], id="nothing"),
        pytest.param([([], np.zeros((0, 3), np.float32))], id="no rows"),
        pytest.param([([b"a"], np.zeros((1, 0), np.float32))], id="no numbers"),
        pytest.param(list(blocks_of(WORDS, with_value(np.nan))), id="NaN"),
        pytest.param(list(blocks_of(WORDS, with_value(np.inf))), id="inf"),
        pytest.param(list(blocks_of(WORDS, with_value(-np.inf))), id="-inf"),
        pytest.param([([b"a", b""], VECTORS[:2])], id="an empty word"),
        pytest.param([([b"a", b"\xff"], VECTORS[:2])], id="a word that is not UTF-8"),
        pytest.param([([b"a", b"b"], VECTORS[:3])], id="more vectors than words"),
        pytest.param([([b"a"], VECTORS[:1]), ([b"b"], VECTORS[:1, :2])], id="vectors of two lengths"),
    ],
)
def test_what_cannot_be_a_model_is_refused_and_leaves_nothing(tmp_path: Path, blocks: list[Block]) -> None:
    with pytest.raises(BadFile) as caught:
        write_store(tmp_path / "new.safetensors", blocks, {})
    assert caught.value.exit_status == 2
    assert not os.listdir(tmp_path)


def test_a_refused_number_or_word_is_named_by_its_row(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="row 7"):
        write_store(tmp_path / "new.safetensors", blocks_of(WORDS, with_value(np.nan)), {})
    with pytest.raises(BadFile, match="row 2"):
        write_store(tmp_path / "new.safetensors", [([b"a", b""], VECTORS[:2])], {})


@pytest.mark.parametrize("at_once", [1 << 19, 3])  # all words sorted together, and in three ranges
@pytest.mark.parametrize("size", [1, 3, 100])
def test_of_equal_words_the_first_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int, size: int
) -> None:
    monkeypatch.setattr(spool, "SORTED_AT_ONCE", at_once)
    monkeypatch.setattr(spool, "ROWS_COPIED_AT_ONCE", 2)
    words = ["b", "a", "b", "", "c", "a", "a", "d", "b"]
    words[3] = "é"
    vectors = np.arange(1, 19, dtype=np.float32).reshape(9, 2)
    path = tmp_path / "some.safetensors"
    assert write_store(path, blocks_of(words, vectors, size), {}) == (5, 4, 0)
    store = open_store(path)
    vocabulary = Vocabulary(store.words, store.offsets, store.order)
    assert list(vocabulary) == ["b", "a", "é", "c", "d"]
    assert [vocabulary.row(word) for word in vocabulary] == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(store.vectors, vectors[[0, 1, 3, 4, 7]])
    verify(path)


@pytest.mark.slow
def test_every_flipped_bit_is_found(path: Path) -> None:
    data = path.read_bytes()
    for place in range(len(data)):
        for bit in range(8) if place < 700 else (place % 8,):
            changed = bytearray(data)
            changed[place] ^= 1 << bit
            path.write_bytes(changed)
            with pytest.raises(DamagedStore):
                verify(path)
    path.write_bytes(data)
    verify(path)
