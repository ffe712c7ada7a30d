"""The int8 companion: its error is bounded for every row, and the store keeps it under its checksums."""

import json
import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from embcli.errors import DamagedStore
from embcli.store import spool
from embcli.store.codes import Codes, quantize
from embcli.store.read import open_store, verify
from embcli.store.write import write_store

Float32Array = npt.NDArray[np.float32]


def companion(vectors: Float32Array) -> Codes:
    return quantize(vectors, np.linalg.norm(vectors.astype(np.float64), axis=1))


def true_residuals(vectors: Float32Array, found: Codes) -> npt.NDArray[np.float64]:
    """‖v̂ - u · c‖ in float64."""
    norms = np.linalg.norm(vectors.astype(np.float64), axis=1)[:, None]
    units = np.divide(vectors, norms, out=np.zeros(vectors.shape), where=norms > 0)
    return np.asarray(np.linalg.norm(units - found.codes * found.scales[:, None].astype(np.float64), axis=1))


def test_the_example_of_the_docstring() -> None:
    found = companion(np.array([[3, 4], [0, 0]], np.float32))
    assert found.codes.tolist() == [[95, 127], [0, 0]]
    assert found.scales.tolist() == pytest.approx([0.8 / 127, 0])
    assert found.errors.tolist() == pytest.approx([0.25 * 0.8 / 127, 0], rel=1e-3)


@given(
    arrays(np.float32, st.tuples(st.integers(1, 12), st.integers(1, 9)), elements=st.floats(-4, 4, width=32)),
    st.lists(st.sampled_from([1e-37, 1e-20, 1e-3, 1.0, 1e3, 1e20, 1e36]), min_size=12, max_size=12),
)
def test_the_bound_holds_for_rows_of_any_length_and_is_tight(rows: Float32Array, factors: list[float]) -> None:
    vectors = (rows.astype(np.float64) * np.array(factors[: len(rows)])[:, None]).astype(np.float32)
    found = companion(vectors)
    true = true_residuals(vectors, found)
    assert (true <= found.errors).all()
    assert (found.errors <= 1.001 * true + 1e-6).all()
    assert np.abs(found.codes.astype(int)).max() <= 127


def test_rows_like_those_of_words_lose_less_than_a_hundredth_on_average() -> None:
    vectors = np.random.default_rng(0).standard_normal((2000, 300)).astype(np.float32)
    assert 0.006 < companion(vectors).errors.mean() < 0.008


def words_of(vectors: Float32Array) -> list[bytes]:
    return [f"w{i}".encode() for i in range(len(vectors))]


@pytest.fixture
def vectors() -> Float32Array:
    return np.random.default_rng(0).standard_normal((500, 80)).astype(np.float32)


@pytest.fixture
def path(tmp_path: Path, vectors: Float32Array) -> Path:
    """A store with a companion."""
    path = tmp_path / "m.safetensors"
    write_store(path, [(words_of(vectors), vectors)], {"source": "a test"}, int8=True)
    return path


def test_a_store_keeps_the_companion_where_a_search_gains_by_it(
    tmp_path: Path, vectors: Float32Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.safetensors"
    for least, dim, is_there in ((500 * 80, 80, True), (500 * 80 + 1, 80, False), (1, 63, False)):
        monkeypatch.setattr(spool, "LEAST_NUMBERS", least)
        write_store(path, [(words_of(vectors), vectors[:, :dim])], {"source": "a test"})
        found = open_store(path).int8
        assert (found is not None) == is_there
        if found is not None:
            for part, expected in zip(found, companion(vectors), strict=True):
                np.testing.assert_array_equal(part, expected)


def test_dropped_duplicates_have_no_codes(
    tmp_path: Path, vectors: Float32Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "ROWS_COPIED_AT_ONCE", 7)
    words = words_of(vectors)
    words[3], words[499] = words[2], words[0]
    path = tmp_path / "m.safetensors"
    assert write_store(path, [(words, vectors)], {}, int8=True) == (498, 2, 0)
    found, kept = open_store(path).int8, np.delete(vectors, [3, 499], axis=0)
    assert found is not None
    for part, expected in zip(found, companion(kept), strict=True):
        np.testing.assert_array_equal(part, expected)


@pytest.mark.parametrize("name", ["codes", "code_scales", "code_errors"])
def test_the_checksums_cover_the_companion(path: Path, name: str) -> None:
    verify(path)
    data = bytearray(path.read_bytes())
    (length,) = struct.unpack("<Q", data[:8])
    first, last = json.loads(data[8 : 8 + length])[name]["data_offsets"]
    for place in (first, last - 1):
        data[8 + length + place] ^= 1
        path.write_bytes(data)
        with pytest.raises(DamagedStore):
            verify(path)
        data[8 + length + place] ^= 1
    path.write_bytes(data)
    verify(path)


@pytest.mark.parametrize("name", ["codes", "code_scales", "code_errors"])
def test_a_header_with_a_part_of_the_companion_is_damaged(path: Path, name: str) -> None:
    data = path.read_bytes()
    path.write_bytes(data.replace(f'"{name}"'.encode(), f'"{name[:-1]}_"'.encode(), 1))
    with pytest.raises(DamagedStore):
        open_store(path)
