"""Tokenizers of GGUF files give the tokens that llama.cpp's own tests expect, of fifteen vocabularies.

The vocabularies come with the sources of `llama-cpp-python`, which pip downloads once. gemma-4 is not supported:
its tokenizer is that of an architecture that embcli does not read.
"""

import fcntl
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from embcli.errors import BadFile
from embcli.results.spelling import BYTES, PIECES, SPACES
from embcli.transformer.gguf import open_gguf
from embcli.transformer.tokenizer import from_gguf

pytestmark = pytest.mark.slow
SOURCES = "llama-cpp-python==0.3.36"
SPELLINGS = {
    "bert-bge": PIECES, "command-r": BYTES, "deepseek-coder": BYTES, "deepseek-llm": BYTES, "falcon": BYTES,
    "gpt-2": BYTES, "llama-bpe": BYTES, "llama-spm": SPACES, "mpt": BYTES, "phi-3": SPACES, "qwen2": BYTES,
    "qwen35": BYTES, "refact": BYTES, "starcoder": BYTES,
}  # fmt: skip
NOT_SUPPORTED = {"gemma-4"}
SEPARATOR = "\n__ggml_vocab_test__\n"


@pytest.fixture(scope="session")
def vocabularies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the vocabularies; downloaded once for all processes that run tests."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "vocabularies"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary",
                       "llama-cpp-python", "--dest", str(folder), SOURCES]  # fmt: skip
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode and not os.environ.get("CI"):
                pytest.skip(f"no vocabularies: {done.stderr[-200:]}")
            assert done.returncode == 0, done.stderr
            (archive,) = folder.glob("*.tar.gz")
            with tarfile.open(archive) as opened:
                for member in opened:
                    if "/models/ggml-vocab-" in member.name:
                        member.name = Path(member.name).name
                        opened.extract(member, folder, filter="data")
            archive.unlink()
            (folder / "complete").touch()
    return folder


def test_there_are_fifteen_vocabularies_with_expected_tokens(vocabularies: Path) -> None:
    names = {path.name.removeprefix("ggml-vocab-").removesuffix(".gguf.inp") for path in vocabularies.glob("*.inp")}
    assert names == set(SPELLINGS) | NOT_SUPPORTED


@pytest.mark.parametrize("name", SPELLINGS)
def test_the_tokens_are_those_of_llama_cpp(name: str, vocabularies: Path) -> None:
    path = vocabularies / f"ggml-vocab-{name}.gguf"
    tokenizer = from_gguf(open_gguf(path))
    texts = path.with_suffix(".gguf.inp").read_bytes().decode().removesuffix(SEPARATOR).split(SEPARATOR)
    expected = [
        [int(number) for number in line.split()] for line in path.with_suffix(".gguf.out").read_text().split("\n")
    ]
    assert len(texts) >= 45
    assert tokenizer.spelling == SPELLINGS[name]
    for text, ids in zip(texts, expected, strict=False):
        assert tokenizer.encode(text, special=False).ids == ids, text


@pytest.mark.parametrize("name", sorted(NOT_SUPPORTED))
def test_an_unsupported_tokenizer_is_refused_by_name(name: str, vocabularies: Path) -> None:
    with pytest.raises(BadFile, match='the tokenizer "gemma4" is not supported'):
        from_gguf(open_gguf(vocabularies / f"ggml-vocab-{name}.gguf"))
