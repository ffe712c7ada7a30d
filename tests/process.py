"""Run embcli in this process, which is fast, or in a separate process, as users do."""

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np
import pytest

from embcli.cli.main import run
from embcli.store.write import write_store

# Environment variables of the user that must not affect tests.
CLEARED = (
    "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "TERM", "COLORTERM",
    "EMBCLI_ENGINE", "EMBCLI_MODEL", "PYTHONIOENCODING", "PYTHONUTF8", "LC_ALL", "LC_CTYPE", "LANG",
)  # fmt: skip
# Characters that a terminal may interpret: C0 except newline, DEL, C1, bidi marks, separators, BOM, surrogates.
ACTIVE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
LIMIT = 120  # seconds after which a process hangs


class Outcome(NamedTuple):
    """The result of a command line: its status and output."""

    status: int
    out: str
    err: str

    @property
    def answer(self) -> Any:
        """The JSON of a successful command: one ASCII line on stdout, nothing on stderr."""
        assert (self.status, self.err) == (0, "")
        return read_json(self.out)

    @property
    def error(self) -> Any:
        """The error of a command that failed in JSON: one ASCII line on stderr, nothing on stdout."""
        assert self.out == ""
        return read_json(self.err)["error"]


def read_json(text: str) -> Any:
    """One line of JSON by RFC 8259 (no NaN), in ASCII, with at most 9 significant digits."""
    assert text.isascii()
    assert text.endswith("\n")
    assert text.count("\n") == 1
    return json.loads(text, parse_float=_rounded, parse_constant=_refuse)


def _rounded(literal: str) -> float:
    number = float(literal)
    assert number == float(f"{number:.8e}"), f"{literal} has more than 9 significant digits"
    assert literal != "-0.0"
    return number


def _refuse(literal: str) -> NoReturn:
    raise AssertionError(f"{literal} is not JSON")


def ask(*arguments: str, stdin: bytes = b"") -> Outcome:
    """Run a command line in this process, with the environment of `settle`."""
    out = io.TextIOWrapper(io.BytesIO(), "utf-8")
    err = io.TextIOWrapper(io.BytesIO(), "utf-8", errors="backslashreplace")
    kept, usual = os.dup(1), sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin), "utf-8")
    try:
        with redirect_stdout(out), redirect_stderr(err):
            status = run(list(arguments))
    finally:
        sys.stdin = usual
        os.dup2(kept, 1)  # after an OSError, `run` redirects it to /dev/null
        os.close(kept)
    return Outcome(status, _text(out), _text(err))


def _text(stream: "io.TextIOWrapper[io.BytesIO]") -> str:
    stream.flush()
    return stream.buffer.getvalue().decode()


def settle(monkeypatch: pytest.MonkeyPatch, home: Path, **changes: str) -> None:
    """Set a clean environment for this process, with the given data dir and variables."""
    for name in CLEARED:
        monkeypatch.delenv(name, raising=False)
    for name, value in {"EMBCLI_HOME": str(home), "COLUMNS": "80", **changes}.items():
        monkeypatch.setenv(name, value)


def environment(home: Path, **changes: str) -> dict[str, str]:
    """The environment of a process: this one's without the variables that must not affect tests."""
    kept = {name: value for name, value in os.environ.items() if name not in CLEARED}
    return {**kept, "EMBCLI_HOME": str(home), **changes}


def start(arguments: Sequence[str], home: Path, program: Sequence[str] = ("-m", "embcli"), **env: str) -> Outcome:
    """Run a command line in a separate process and wait for its end."""
    done = subprocess.run(
        [sys.executable, *program, *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, env=environment(home, **env), timeout=LIMIT, check=False,
    )  # fmt: skip
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())


def stands_in(table: str, word: str) -> bool:
    """Whether a table contains a word below its rule, possibly folded."""
    lines = table.partition("\n─")[2].split("\n")[1:]
    return any(_continues(lines[i:], x, word) for i, line in enumerate(lines) for x in range(len(line)))


def _continues(lines: list[str], x: int, word: str) -> bool:
    for line in lines:
        length = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(line[x:], word, strict=False)))
        word = word[length:].removeprefix(" ")
        if not length or not word:
            break
    return not word


def add_store(home: Path, name: str, vectors: Mapping[str, Sequence[float]]) -> Path:
    """Write a model of a few words to a data dir."""
    path = home / "models" / f"{name}.safetensors"
    matrix = np.array(list(vectors.values()), np.float32)
    write_store(path, [([word.encode() for word in vectors], matrix)], {"source": "a test"})
    return path


TRANSFORMERS = ("smollm2", "minilm")


def share(home: Path, folder: Path, text: str = "") -> Path:
    """A separate data dir with the glove model of `home`, and with its transformers, if a text asks them."""
    models = folder / "models"
    models.mkdir(parents=True)
    names = ["glove", *(TRANSFORMERS if asks_transformers(text) else ())]
    for name in names:
        (models / f"{name}.safetensors").symlink_to(home / "models" / f"{name}.safetensors")
    if len(names) > 1:
        (home / "dictionaries").mkdir(exist_ok=True)
        (folder / "dictionaries").symlink_to(home / "dictionaries")
    return folder


def asks_transformers(text: str) -> bool:
    """Whether the examples of a document ask SmolLM2 or MiniLM."""
    return any(f"-m {name}" in text or f'("{name}")' in text for name in TRANSFORMERS)
