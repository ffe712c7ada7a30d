"""The engine int8: products within its proven error, and the choice of an engine. `test_engine.py` has its answers."""

import os
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embcli.errors import DamagedStore, UsageProblem
from embcli.search import engine, int8, local
from embcli.search.formulas import Cosines
from embcli.search.length_formulas import Dots
from embcli.search.settling import Search
from embcli.store.codes import quantize
from embcli.vectors.arithmetic import Float64Array, unit_rows
from embcli.vectors.space import VectorSpace


def space_of(vectors: npt.NDArray[np.float32], *, companion: bool = True) -> VectorSpace:
    space = VectorSpace.from_words([f"w{i}" for i in range(len(vectors))], vectors, "some")
    if companion:
        space.int8 = quantize(space.vectors, np.linalg.norm(space.vectors.astype(np.float64), axis=1))
    return space


def bases(chance: np.random.Generator, count: int, dim: int) -> Float64Array:
    """Directions of length 1 or less: dense ones, one coordinate alone, zero, and tiny ones beside a large one."""
    found = unit_rows(chance.standard_normal((count, dim)))
    found[0] = 0
    found[-1] = np.eye(dim)[-1]
    found[count // 2] = unit_rows(np.where(np.arange(dim) == 0, 1.0, 1e-5)[None])[0]
    return found


@given(st.integers(1, 40), st.integers(1, 9), st.integers(0, 2**32), st.booleans())
def test_every_product_lies_within_the_error(dim: int, count: int, seed: int, is_unit: bool) -> None:
    chance = np.random.default_rng(seed)
    lengths = chance.choice([0, 1e-20, 1e-3, 1, 1, 30, 1e20], (150, 1))
    rows = chance.standard_normal((150, dim)) * np.where(chance.random((150, dim)) < 0.1, 50, 1)  # outliers
    space = space_of((rows * lengths).astype(np.float32))
    basis = bases(chance, count, dim)
    assert space.int8 is not None
    exact = basis @ (unit_rows(space.float64(np.arange(150))) if is_unit else space.vectors.astype(np.float64)).T
    seen = 0
    with patch.object(int8, "CODED_ROWS", 64):
        for number, one in enumerate(int8.slices(space, space.int8, basis, 150, unit=is_unit)):
            assert (one.number, one.first) == (number, 64 * number)
            rows_of_slice = slice(one.first, one.first + len(one.norms))
            allowed = one.error * (1 if is_unit else one.norms.astype(np.float64))
            is_safe = np.ones(len(one.norms), bool)
            is_safe[one.unsafe] = is_unit
            off = np.abs(one.values - exact[:, rows_of_slice])
            assert (off <= allowed + 1e-30)[:, is_safe].all()
            seen += len(one.norms)
    assert seen == 150


@pytest.fixture
def engines() -> Iterator[list[str]]:
    """The names of the engines that a search used."""
    used: list[str] = []

    def spy(name: str, slices: Any) -> Any:
        def called(*arguments: Any, **options: Any) -> Any:
            used.append(name)
            return slices(*arguments, **options)

        return called

    with (
        patch.object(local, "slices", spy("local", local.slices)),
        patch.object(int8, "slices", spy("int8", int8.slices)),
    ):
        yield used


def search_with(space: VectorSpace, wanted: str | None, count: int = 1, top: int | None = None) -> None:
    with patch.dict(os.environ, {} if wanted is None else {"EMBCLI_ENGINE": wanted}):
        engine.search(space, Cosines(space, space.float64(np.arange(count))), [Search(1)] * count, top)


VECTORS = np.random.default_rng(0).standard_normal((200, 70)).astype(np.float32)


def test_int8_is_used_where_it_is_worth_it(engines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    space, plain, narrow = space_of(VECTORS), space_of(VECTORS, companion=False), space_of(VECTORS[:, :63])
    monkeypatch.setattr(int8, "LEAST_NUMBERS", 200 * 70)
    monkeypatch.delenv("EMBCLI_ENGINE", raising=False)
    for expected, one, wanted, count, top in (
        ("int8", space, None, 8, None),
        ("int8", space, "auto", 1, None),
        ("local", space, None, 9, None),  # of many directions
        ("local", space, None, 1, 199),  # of fewer rows
        ("local", narrow, None, 1, None),  # of few dimensions
        ("local", space, "local", 1, None),
        ("local", plain, None, 1, None),  # without a companion
        ("int8", space, "int8", 9, 199),
        ("int8", narrow, "int8", 1, None),
    ):
        engines.clear()
        search_with(one, wanted, count, top)
        assert engines[0] == expected
    monkeypatch.setattr(int8, "is_installed", lambda: False)
    engines.clear()
    search_with(space, None)
    assert engines == ["local"]


def test_an_engine_that_cannot_answer_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    space = space_of(VECTORS)
    with pytest.raises(UsageProblem, match="EMBCLI_ENGINE is 'fast'") as wrong:
        search_with(space, "fast")
    assert wrong.value.hint == "set it to auto, local or int8, or unset it"
    with pytest.raises(UsageProblem, match="some has no int8 companion") as missing:
        search_with(space_of(VECTORS, companion=False), "int8")
    assert missing.value.hint == "run: embcli models optimize some"
    monkeypatch.setattr(int8, "is_installed", lambda: False)
    with pytest.raises(UsageProblem, match="needs numkong") as not_installed:
        search_with(space, "int8")
    assert not_installed.value.hint == "run: pip install 'embcli[fast]'"


@pytest.mark.parametrize("name", ["scales", "errors"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("row", [0, 199])
def test_a_companion_that_is_not_finite_is_damage(
    name: str, bad: float, row: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(int8, "CODED_ROWS", 64)
    space = space_of(VECTORS)
    assert space.int8 is not None
    getattr(space.int8, name)[row] = bad
    with pytest.raises(DamagedStore, match="int8 companion or the norms contain non-finite"):
        search_with(space, "int8")


def test_norms_that_are_not_finite_are_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBCLI_ENGINE", "int8")
    space = space_of(VECTORS)
    space.norms = np.where(np.arange(200) == 150, np.nan, space.norms).astype(np.float32)
    with pytest.raises(DamagedStore):
        engine.search(space, Dots(space, space.float64([0])), [Search(1)])


def test_an_error_in_a_thread_is_raised_where_the_search_is(monkeypatch: pytest.MonkeyPatch) -> None:
    space = space_of(VECTORS)
    assert space.int8 is not None
    monkeypatch.setattr(int8, "CODED_ROWS", 64)
    space.int8 = space.int8._replace(scales=space.int8.scales[:70])  # too few for the second slice
    with pytest.raises(ValueError, match="broadcast"):
        search_with(space, "int8")
