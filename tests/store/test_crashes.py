"""Interrupted imports and damaged stores: the model is absent, old or new, and no temporary files remain."""

import hashlib
import json
import os
import pty
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pytest
import safetensors.numpy
from process import LIMIT, Outcome, ask, environment, settle, start

from embcli.store.header import OPTIONAL, TENSORS
from embcli.store.read import open_store, verify
from embcli.store.write import write_store

pytestmark = pytest.mark.slow

KILLS = 60  # of each of import and re-import
STORE = "m.safetensors"
TEMPORARY = re.compile(r"\..*\.tmp")
Action = Literal["import", "re-import"]
ACTIONS: tuple[Action, ...] = ("import", "re-import")

# Runs lists of command lines, each in a process forked from this one, where all modules are loaded.
SERVER = """
import json, os, signal, sys, time, traceback
from embcli.cli.main import run

def work(home, arguments, output):
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(f"{output}.{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.environ["EMBCLI_HOME"] = home
    try:
        status = run(arguments)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        traceback.print_exc()
        status = 99
    os._exit(status)

replies = os.fdopen(os.dup(1), "w")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
os.environ["EMBCLI_HOME"], source = sys.argv[1:]
run(["models", "add", source, "--name", "m"])
run(["nn", "w1", "-m", "m", "--json"])
for line in sys.stdin:
    jobs, kill_after = json.loads(line)
    children = []
    started = time.monotonic()
    for job in jobs:
        children.append(os.fork())
        if not children[-1]:
            work(*job)
    if kill_after is not None:
        time.sleep(max(0, started + kill_after - time.monotonic()))
        for child in children:
            os.kill(child, signal.SIGKILL)
    statuses = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    replies.write(json.dumps([statuses, time.monotonic() - started]) + "\\n")
    replies.flush()
"""


class Prepared:
    """An interpreter with embcli loaded that forks for each command line: a separate process without start-up time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seconds = 0.0  # that the last call took

    def __enter__(self) -> "Prepared":
        self.folder.mkdir(parents=True)
        source = self.folder / "warm.txt"
        source.write_text("w0 1 2\nw1 2 1\n")
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(self.folder / "warm"), str(source)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(self.folder),
        )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate(timeout=LIMIT)

    def run(self, home: Path, *arguments: str, kill_after: float | None = None) -> Outcome:
        return self.run_all([(home, arguments)], kill_after)[0]

    def run_all(self, jobs: Sequence[tuple[Path, Sequence[str]]], kill_after: float | None = None) -> list[Outcome]:
        """Run command lines concurrently; returns their outcomes in the same order."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        outputs = [str(self.folder / str(number)) for number in range(len(jobs))]
        lines = [(str(home), list(line), output) for (home, line), output in zip(jobs, outputs, strict=True)]
        self.process.stdin.write(json.dumps([lines, kill_after]) + "\n")
        self.process.stdin.flush()
        statuses, self.seconds = json.loads(self.process.stdout.readline())
        texts = [[_read(f"{output}.{name}") for name in ("out", "err")] for output in outputs]
        return [Outcome(status, *text) for status, text in zip(statuses, texts, strict=True)]


def _read(path: str) -> str:
    file = Path(path)
    text = file.read_bytes().decode() if file.exists() else ""  # killed before it was opened
    file.unlink(missing_ok=True)
    return text


class Material(NamedTuple):
    """A source, its expected model computed without embcli's reader, and another model of the same name."""

    source: Path
    sha256: str
    old: Path
    new: Path

    def home(self, folder: Path, action: Action) -> Path:
        """A new data dir, with the old model before a re-import."""
        if action == "re-import":
            (folder / "models").mkdir(parents=True)
            shutil.copy(self.old, folder / "models" / STORE)
        return folder

    def arguments(self, action: Action) -> list[str]:
        force = ["--force"] if action == "re-import" else []
        return ["models", "add", str(self.source), "--name", "m", *force]

    def state(self, home: Path) -> str:
        """The state of the model: absent, old or new, bit for bit; checks that the source is unchanged."""
        assert hashlib.sha256(self.source.read_bytes()).hexdigest() == self.sha256
        path = home / "models" / STORE
        if not path.exists():
            return "absent"
        verify(path)
        found = tensors(path)
        [state] = [state for state, other in (("old", self.old), ("new", self.new)) if found == tensors(other)]
        return state


def make_material(folder: Path, rows: int, dim: int) -> Material:
    folder.mkdir(parents=True)
    chance = np.random.default_rng(rows)
    words = [f"w{row}" for row in range(rows)]
    texts = [[f"{number:.5f}" for number in row] for row in chance.normal(size=(rows, dim))]
    source = folder / "source.txt"
    source.write_text("".join(f"{word} {' '.join(text)}\n" for word, text in zip(words, texts, strict=True)))
    vectors = np.array([[float(number) for number in row] for row in texts]).astype(np.float32)
    encoded = [word.encode() for word in words]
    write_store(folder / "old", [(encoded[::-1], vectors + np.float32(1))], {"source": "old"})
    write_store(folder / "new", [(encoded, vectors)], {"source": "new"})
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    return Material(source, digest, folder / "old", folder / "new")


def tensors(path: Path) -> list[bytes]:
    store = open_store(path)
    return [getattr(store, name).tobytes() for name in TENSORS if name not in {"crc32", *OPTIONAL}]


def models_in(home: Path) -> list[str]:
    """All names in the models folder, including hidden ones."""
    folder = home / "models"
    return sorted(os.listdir(folder)) if folder.exists() else []


def is_one_line(text: str) -> bool:
    return text.startswith("embcli: ") and text.endswith("\n") and text.count("\n") == 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("crashes").resolve()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def tiny(folder: Path) -> Material:
    """A file of 5 rows."""
    return make_material(folder / "tiny", 5, 4)


@pytest.fixture(scope="module")
def middle(folder: Path) -> Material:
    """A file of 2.6 MB, read by one process."""
    return make_material(folder / "middle", 6000, 50)


@pytest.fixture(scope="module")
def large(folder: Path) -> Material:
    """A file of 11 MB, parsed by several processes."""
    return make_material(folder / "large", 26_000, 50)


@pytest.fixture(scope="module")
def prepared(folder: Path) -> Iterator[list[Prepared]]:
    """A prepared interpreter for each of two processors."""
    with Prepared(folder / "prepared-0") as first, Prepared(folder / "prepared-1") as second:
        yield [first, second]


# ---------------------------------------------------------------------------------------- kill -9


@pytest.mark.parametrize("action", ACTIONS)
def test_a_kill_at_any_moment_leaves_no_model_the_old_one_or_the_new_one(
    action: Action, middle: Material, prepared: list[Prepared], tmp_path: Path
) -> None:
    durations = []
    for number in range(5):
        home = middle.home(tmp_path / f"whole-{number}", action)
        assert prepared[0].run(home, *middle.arguments(action)).status == 0
        durations.append(prepared[0].seconds)
    chance = random.Random(f"kill -9, {action}")
    longest = 1.2 * sorted(durations)[2]  # two at once are a little slower
    moments = [longest * (number + chance.random()) / KILLS for number in range(KILLS)]

    def work(server: Prepared, mine: Sequence[float]) -> Iterator[tuple[int, str, int]]:
        for number, moment in enumerate(mine):
            home = middle.home(tmp_path / server.folder.name / str(number), action)
            killed = server.run(home, *middle.arguments(action), kill_after=moment)
            state, left = middle.state(home), models_in(home)
            assert killed.status in (0, -signal.SIGKILL)
            assert "Traceback" not in killed.err
            assert state != ("old" if action == "import" else "absent")
            assert state == "new" or killed.status != 0
            temporary = [name for name in left if TEMPORARY.fullmatch(name)]
            assert len(temporary) <= 1
            assert set(left) <= {STORE, *temporary}
            again = server.run(home, *middle.arguments(action))
            assert (again.status, "Traceback" in again.err) == (0, False)
            assert (middle.state(home), models_in(home)) == ("new", [STORE])
            shutil.rmtree(home)
            yield killed.status, state, len(temporary)

    with ThreadPoolExecutor(2) as pool:
        halves = pool.map(lambda i: list(work(prepared[i], moments[i::2])), range(2))
        outcomes = [outcome for half in halves for outcome in half]
    assert len(outcomes) == KILLS
    assert sum(left for _, _, left in outcomes) >= 10, "too few kills while the file was being written"
    assert sum(status != 0 for status, _, _ in outcomes) >= KILLS // 3


def test_what_killed_imports_of_many_models_leave_does_not_pile_up(
    middle: Material, prepared: list[Prepared], tmp_path: Path
) -> None:
    server = prepared[0]
    assert server.run(tmp_path / "whole", *middle.arguments("import")).status == 0
    whole, left = server.seconds, 0
    for number in range(8):  # at moments spread over the import, so that some fall into its writing
        add = ["models", "add", str(middle.source), "--name", f"m{number}"]
        server.run(tmp_path, *add, kill_after=whole * (number + 1) / 9)
        temporary = [name for name in models_in(tmp_path) if not name.endswith(".safetensors")]
        assert len(temporary) <= 1
        left += len(temporary)
    assert left
    assert server.run(tmp_path, *middle.arguments("import")).status == 0
    assert [name for name in models_in(tmp_path) if not name.endswith(".safetensors")] == []


def processes_of(home: Path) -> list[int]:
    """The running workers of an import into this data dir."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line, variables = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
        except OSError:
            continue
        if b"embcli.workers" in line and f"EMBCLI_HOME={home}\0".encode() in variables + b"\0":
            found.append(int(folder.name))
    return found


def wait_until(condition: Callable[[], object], seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def launch(material: Material, home: Path, action: Action = "import", *prefix: str, **changes: Any) -> Any:
    """Start an import as a process in its own process group."""
    return subprocess.Popen(
        [*prefix, sys.executable, "-m", "embcli", *material.arguments(action)], env=environment(home),
        **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
           "start_new_session": True, **changes},
    )  # fmt: skip


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc to look for processes")
@pytest.mark.skipif(os.cpu_count() == 1, reason="with one processor there are no processes to leave behind")
@pytest.mark.parametrize("wait", [0.0, 0.05, 0.1, 0.2])
def test_a_kill_leaves_no_processes_of_a_large_import_behind(wait: float, large: Material, tmp_path: Path) -> None:
    with launch(large, tmp_path) as process:
        assert wait_until(lambda: processes_of(tmp_path))
        time.sleep(wait)
        process.kill()
        assert wait_until(lambda: not processes_of(tmp_path)), "processes go on without the one that began them"
        _, err = process.communicate(timeout=LIMIT)
    assert process.returncode == -signal.SIGKILL
    assert err == b"", "the processes that it left complained before they ended"
    # After the longest wait the model may exist, and the process may be about to end.
    assert large.state(tmp_path) in ({"absent"} if wait < 0.2 else {"absent", "new"})
    assert start(large.arguments("import"), tmp_path).status == 0
    assert (large.state(tmp_path), models_in(tmp_path)) == ("new", [STORE])


@pytest.mark.skipif(os.cpu_count() == 1, reason="with one processor there is no other process")
def test_a_kill_of_a_parsing_process_is_an_error_in_one_line(large: Material, tmp_path: Path) -> None:
    with launch(large, tmp_path) as process:
        assert wait_until(lambda: processes_of(tmp_path))
        os.kill(processes_of(tmp_path)[0], signal.SIGKILL)
        _, err = process.communicate(timeout=LIMIT)
    assert process.returncode in (2, 4)
    assert is_one_line(err.decode())
    assert (models_in(tmp_path), processes_of(tmp_path)) == ([], [])


# ------------------------------------------------------------------------- failing system calls

# The system calls that change files. With a question mark: not available on every machine.
CALLS = {
    "write": "write,pwrite64,writev,pwritev,?pwritev2,sendfile,copy_file_range,splice",
    "sync": "fsync,fdatasync,sync_file_range,msync,syncfs",
    "rename": "?rename,renameat,renameat2",
    "link": "?link,linkat,?symlink,symlinkat",
    "truncate": "truncate,ftruncate,fallocate",
    "open": "?open,?creat,openat,openat2",
    "unlink": "?unlink,unlinkat,?rmdir",
    "mkdir": "?mkdir,mkdirat",
    "lock": "flock",
}
EXPECTED = ("write", "sync", "rename", "truncate", "open", "mkdir", "lock")
Failure = Literal["ENOSPC", "EIO", "KILL", "INT"]
FAILURES: tuple[Failure, ...] = ("ENOSPC", "EIO", "KILL", "INT")
CALL = re.compile(r"(\d+) +(\w+)\((.*)")


class Spot(NamedTuple):
    """The n-th call of a system call by the main thread, which changes the data dir."""

    call: str
    number: int
    shown: str


class Record(NamedTuple):
    """The result of an import in which one system call failed."""

    spot: Spot
    outcome: Outcome
    left: list[str]
    state: str
    again: Outcome
    state_again: str
    left_again: list[str]


@pytest.fixture(scope="module")
def strace(folder: Path) -> str:
    """The path of strace, if it is permitted to trace."""
    program = shutil.which("strace")
    if program is None:
        pytest.skip("strace is not installed")
    if subprocess.run([program, "-qq", "-o", os.devnull, "true"], capture_output=True, check=False).returncode:
        pytest.skip("strace may not trace processes here")
    return program


def traced(
    strace: str, calls: str, options: Sequence[str], arguments: Sequence[str], home: Path
) -> tuple[Outcome, list[str]]:
    """Run a command line under strace; returns its outcome and the lines of the trace."""
    log = home.with_name(home.name + ".trace")
    # strace cannot inject signals with seccomp, which is faster.
    quick = [] if any("signal=" in option for option in options) else ["--seccomp-bpf"]
    done = subprocess.run(
        [strace, "-f", "-y", "-q", *quick, "-o", str(log), "-e", f"trace=execve,{calls}", *options,
         sys.executable, "-m", "embcli", *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT, check=False,
        env=environment(home, PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1"),  # the same calls in every run
    )  # fmt: skip
    lines = log.read_text(errors="replace").splitlines()
    log.unlink()
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode()), lines


def spots_of(lines: Sequence[str], home: Path) -> list[Spot]:
    """The calls of the main thread that write to the data dir, counted as in strace."""
    counts: Counter[str] = Counter()
    spots = []
    for match in filter(None, map(CALL.match, lines)):
        thread, call, shown = match.groups()
        if thread != lines[0].split()[0]:
            continue
        counts[call] += 1
        writes = not call.startswith("open") or "O_CREAT" in shown or "O_TMPFILE" in shown
        if str(home) in shown and writes:
            spots.append(Spot(call, counts[call], shown))
    return spots


@pytest.fixture(scope="module")
def records(
    strace: str, tiny: Material, prepared: list[Prepared], folder: Path
) -> dict[tuple[Action, Failure, str], list[Record]]:
    """The results of a failure of each writing system call; computed once, because they take a minute."""
    found: dict[tuple[Action, Failure, str], list[Record]] = {}
    jobs: list[tuple[Action, Failure, str, Spot]] = []
    for action in ACTIONS:
        home = tiny.home(folder / f"traced-{action}", action)
        outcome, lines = traced(strace, ",".join(CALLS.values()), (), tiny.arguments(action), home)
        assert outcome.status == 0
        spots = spots_of(lines, home)
        for kind, calls in CALLS.items():
            for failure in FAILURES:
                found[action, failure, kind] = []
                mine = [spot for spot in spots if spot.call in calls.replace("?", "").split(",")]
                if failure in ("KILL", "INT"):  # a selection: errors come at every call
                    mine = mine[:: 2 if action == "import" else 3]
                jobs += [(action, failure, kind, spot) for spot in mine]
    servers = list(prepared)

    def work(number: int) -> None:
        action, failure, kind, spot = jobs[number]
        how = f"error={failure}" if failure.startswith("E") else f"signal={failure}"
        inject = ("-e", f"inject={spot.call}:{how}:when={spot.number}")
        for attempt in range(3):  # another thread may have shifted the count
            home = tiny.home(folder / f"injected-{number}-{attempt}", action)
            outcome, lines = traced(strace, spot.call, inject, tiny.arguments(action), home)
            if any((hit.call, hit.number) == (spot.call, spot.number) for hit in spots_of(lines, home)):
                break
        else:
            raise AssertionError(f"{spot} was missed: {outcome}, {lines[-20:]}")
        sign = "(INJECTED)" if failure.startswith("E") else f"SIG{failure}"
        assert any(sign in line for line in lines), f"{spot} was not reached: {outcome}, {lines[-20:]}"
        left, state = models_in(home), tiny.state(home)
        server = servers.pop()
        again = server.run(home, *tiny.arguments(action))
        servers.append(server)
        record = Record(spot, outcome, left, state, again, tiny.state(home), models_in(home))
        found[action, failure, kind].append(record)
        shutil.rmtree(home)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(len(jobs))))
    return found


@pytest.mark.parametrize("kind", CALLS)
@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("action", ACTIONS)
def test_a_failing_system_call_leaves_no_model_the_old_one_or_the_new_one(
    action: Action, failure: Failure, kind: str, records: dict[tuple[Action, Failure, str], list[Record]]
) -> None:
    mine = records[action, failure, kind]
    assert mine or kind not in EXPECTED, f"an import is thought to {kind}; how does it do that?"
    for record in mine:
        status, err = record.outcome.status, record.outcome.err
        assert record.state != ("old" if action == "import" else "absent"), record
        assert record.state == "new" or status != 0, record
        assert "Traceback" not in err, record
        temporary = [name for name in record.left if TEMPORARY.fullmatch(name)]
        if failure == "KILL":
            assert status == -signal.SIGKILL, record
            assert len(temporary) <= 1, record
        elif failure == "INT":
            assert (status, err) == (130, ""), record
            assert not temporary, record
        else:
            assert status == 0 or (status == 4 and is_one_line(err)), record
            assert not temporary, record
        assert set(record.left) <= {STORE, *temporary}, record
        assert record.again.status == 0, record
        assert (record.state_again, record.left_again) == ("new", [STORE]), record


@pytest.mark.parametrize("kind", ["write", "sync", "rename", "truncate"])
@pytest.mark.parametrize("failure", ["ENOSPC", "EIO"])
@pytest.mark.parametrize("action", ACTIONS)
def test_an_import_that_cannot_write_says_so(
    action: Action, failure: Failure, kind: str, records: dict[tuple[Action, Failure, str], list[Record]]
) -> None:
    reason = {"ENOSPC": "No space left on device", "EIO": "Input/output error"}[failure]
    for record in records[action, failure, kind]:
        assert record.outcome.status == 4, record
        assert reason in record.outcome.err, record


def test_the_file_is_synced_after_its_last_byte_and_before_it_gets_its_name(
    strace: str, tiny: Material, tmp_path: Path
) -> None:
    calls = ",".join(CALLS[kind] for kind in ("write", "sync", "rename", "truncate"))
    outcome, lines = traced(strace, calls, (), tiny.arguments("import"), tmp_path)
    assert outcome.status == 0
    published = [spot for spot in spots_of(lines, tmp_path) if STORE in spot.shown or spot.call.startswith("fsync")]
    [renamed] = [place for place, spot in enumerate(published) if spot.call.startswith("rename")]
    assert published[renamed - 1].call in ("fsync", "fdatasync")
    assert "tmp" in published[renamed - 1].shown
    [after] = published[renamed + 1 :]
    assert after.call == "fsync"
    assert str(tmp_path / "models") in after.shown


def test_a_kill_where_files_without_a_name_are_unknown_leaves_nothing_for_ever(
    strace: str, tiny: Material, tmp_path: Path
) -> None:
    # Many network and older overlay file systems lack O_TMPFILE: there, such a file has a name for a short time.
    home = tmp_path / "home"
    _, lines = traced(strace, "openat,unlink", (), tiny.arguments("import"), home)
    numbers = [spot.number for spot in spots_of(lines, home) if "O_TMPFILE" in spot.shown]
    assert numbers or "O_TMPFILE" not in "".join(lines)
    for number in numbers:
        shutil.rmtree(home)
        # One more call of openat, for the file with a name, follows each that failed: only the first is killed.
        inject = ("-e", f"inject=openat:error=EOPNOTSUPP:when={number}", "-e", "inject=unlink:signal=KILL:when=1")
        outcome, _ = traced(strace, "openat,unlink", inject, tiny.arguments("import"), home)
        assert outcome.status == -signal.SIGKILL
        assert start(tiny.arguments("import"), home).status == 0
        assert models_in(home) == [STORE]


# Runs a command line and deletes the source after embcli has opened it.
VANISHING = (
    "-c",
    """
import os, sys
from embcli.models import build

class Vanishing(build.SourceFile):
    def __init__(self, path):
        super().__init__(path)
        os.unlink(path)

build.SourceFile = Vanishing
from embcli.__main__ import main
main()
""",
)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_source_that_is_deleted_while_it_is_read_is_no_traceback(
    action: Action, tiny: Material, tmp_path: Path
) -> None:
    home = tiny.home(tmp_path / "home", action)
    source = tmp_path / "source.txt"
    shutil.copy(tiny.source, source)
    outcome = start([*tiny._replace(source=source).arguments(action)], home, VANISHING)
    if outcome.status:
        assert outcome.status in (2, 4)
        assert is_one_line(outcome.err)
        assert models_in(home) == ([] if action == "import" else [STORE])
    else:
        assert tiny.state(home) == "new"


# ----------------------------------------------------- full disks, limits, read-only data dirs


@contextmanager
def disk(folder: Path, size: str) -> Iterator[Callable[[str], None]]:
    """A separate file system in a folder, and a function that remounts it with other options."""
    folder.mkdir(parents=True, exist_ok=True)

    def mount(options: str) -> None:
        line = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if subprocess.run(line, capture_output=True, check=False).returncode:
            pytest.skip("only root may mount a file system")

    mount(f"size={size}")
    try:
        yield lambda options: mount(f"remount,{options}")
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


# The store has 1.33 MB: the disk is full within the vectors, after them, and before the header.
@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("size", [4, 400, 1200, 1220, 1260, 1280, 1300, 1320])
def test_a_full_disk_is_an_error_in_one_line_and_nothing_is_left(
    size: int, action: Action, middle: Material, prepared: list[Prepared], tmp_path: Path
) -> None:
    home = tmp_path / "disk"
    extra = 0 if action == "import" else -(-middle.old.stat().st_size // 1024)
    with disk(home, f"{size + extra}k") as remount:
        middle.home(home, action)
        before = models_in(home)
        full = prepared[0].run(home, *middle.arguments(action))
        assert full.status == 4
        assert is_one_line(full.err)
        assert "No space left" in full.err
        assert full.out == ""
        assert models_in(home) == before
        assert middle.state(home) == ("absent" if action == "import" else "old")
        remount("size=16m")
        assert prepared[0].run(home, *middle.arguments(action)).status == 0
        assert (middle.state(home), models_in(home)) == ("new", [STORE])


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
def test_a_full_disk_ends_a_large_import_and_its_processes(large: Material, tmp_path: Path) -> None:
    home = tmp_path / "disk"
    with disk(home, "4m"):
        full = start(large.arguments("import"), home)
        assert full.status == 4
        assert is_one_line(full.err)
        assert "No space left" in full.err
        assert (models_in(home), processes_of(home)) == ([], [])


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
def test_glove_does_not_fit_on_a_full_disk_which_is_an_error_in_one_line(tmp_path: Path) -> None:
    home = tmp_path / "disk"
    with disk(home, "40m"):
        full = start(["nn", "king", "--json"], home)
        assert (full.status, full.out, full.err.count("\n")) == (4, "", 1)
        assert "No space left" in json.loads(full.err)["error"]["message"]
        assert models_in(home) == []


LIMITED = (
    "-c",
    "import os, resource; resource.setrlimit(resource.RLIMIT_FSIZE, (int(os.environ['MOST']),) * 2);"
    "from embcli.__main__ import main; main()",
)


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("most", [0, 5000, 700_000, 1_200_000, 1_320_000])
def test_a_limit_on_the_size_of_files_is_an_error_in_one_line(
    most: int, action: Action, middle: Material, tmp_path: Path
) -> None:
    home = middle.home(tmp_path / "home", action)
    before = models_in(home)
    limited = start(middle.arguments(action), home, LIMITED, MOST=str(most))
    assert (limited.status, limited.out) == (4, "")
    assert is_one_line(limited.err)
    assert "File too large" in limited.err
    assert models_in(home) == before
    assert middle.state(home) == ("absent" if action == "import" else "old")


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
def test_a_read_only_data_dir_answers_and_takes_nothing(tiny: Material, tmp_path: Path) -> None:
    home = tmp_path / "disk"
    with disk(home, "4m") as remount:
        tiny.home(home, "re-import")
        queries = ["nn w1 -m m --json", "models", "models info m", "models verify", "lookup w2 -m m", "models default"]
        before = [start(query.split(), home) for query in queries]
        remount("ro")
        assert [start(query.split(), home) for query in queries] == before
        assert {outcome.status for outcome in before} == {0}
        for line in (
            tiny.arguments("re-import"), ["models", "add", str(tiny.source), "--name", "other"],
            ["nn", "w1", "-m", str(tiny.source)], ["nn", "king"], ["models", "remove", "m"], ["models", "default", "m"],
        ):  # fmt: skip
            refused = start(line, home)
            assert (refused.status, refused.out) == (4, ""), line
            assert is_one_line(refused.err), line
            assert "Read-only" in refused.err, line
        assert (models_in(home), tiny.state(home)) == ([STORE], "old")


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
def test_a_read_only_data_dir_without_a_model_is_an_error_in_one_line(tiny: Material, tmp_path: Path) -> None:
    home = tmp_path / "disk"
    with disk(home, "4m") as remount:
        remount("ro")
        assert start(["models"], home).status == 0
        for line in (tiny.arguments("import"), ["nn", "king"]):
            refused = start(line, home)
            assert (refused.status, refused.out) == (4, ""), line
            assert is_one_line(refused.err), line


# ------------------------------------------------------------------------------------------ Ctrl-C


@pytest.fixture(scope="module")
def seconds_of_writing(large: Material, folder: Path) -> float:
    """The seconds of an import from the creation of its file."""
    home = folder / "timed"
    with launch(large, home) as process:
        assert wait_until(lambda: models_in(home))
        began = time.monotonic()
        assert process.wait(LIMIT) == 0
        return time.monotonic() - began


def interrupt(
    material: Material, home: Path, wait: float, send: Callable[[int], None], *prefix: str, **changes: Any
) -> tuple[Any, float]:
    """Start an import and interrupt it while it writes; returns the seconds until it ended."""
    action: Action = "re-import" if models_in(home) else "import"
    with launch(material, home, action, *prefix, **changes) as process:
        assert wait_until(lambda: any(map(TEMPORARY.fullmatch, models_in(home))))
        time.sleep(wait)
        send(process.pid)
        sent = time.monotonic()
        while process.poll() is None:  # `wait` doubles its sleeps
            assert time.monotonic() < sent + LIMIT
            time.sleep(0.002)
        ended = time.monotonic() - sent
        out, err = process.communicate(timeout=LIMIT)
    return Outcome(process.returncode, (out or b"").decode(), (err or b"").decode()), ended


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.75])
@pytest.mark.parametrize("whom", ["process", "group"])
def test_ctrl_c_ends_an_import_at_once_and_nothing_is_left(
    whom: str, share: float, action: Action, large: Material, seconds_of_writing: float, tmp_path: Path
) -> None:
    def send(process: int) -> None:
        (os.kill if whom == "process" else os.killpg)(process, signal.SIGINT)

    for attempt in range(5):  # a faster import than the timed one may end before the interrupt
        home = large.home(tmp_path / str(attempt), action)
        before = models_in(home)
        outcome, seconds = interrupt(large, home, share * seconds_of_writing / 2**attempt, send)
        if large.state(home) != "new":
            break
    assert outcome.status == 130
    assert seconds < 3
    assert "Traceback" not in outcome.err
    assert outcome.err.count("\n") <= 1
    assert outcome.out == ""
    assert (models_in(home), processes_of(home)) == (before, [])
    assert large.state(home) == ("absent" if action == "import" else "old")


def press_ctrl_c(terminal: int) -> None:
    assert os.write(terminal, b"\x03") == 1


@pytest.mark.skipif(shutil.which("setsid") is None, reason="needs setsid to have a terminal of its own")
@pytest.mark.parametrize("share", [0.1, 0.4])
def test_ctrl_c_in_a_terminal_ends_an_import_that_shows_its_progress(
    share: float, large: Material, seconds_of_writing: float, tmp_path: Path
) -> None:
    terminal, side = pty.openpty()
    try:
        outcome, seconds = interrupt(
            large, tmp_path, share * seconds_of_writing, lambda _: press_ctrl_c(terminal), "setsid", "--ctty",
            stdin=side, stdout=side, stderr=side, start_new_session=False,
        )  # fmt: skip
        os.set_blocking(terminal, False)
        shown = os.read(terminal, 1 << 20).decode()
    finally:
        os.close(terminal)
        os.close(side)
    assert outcome.status == 130
    assert seconds < 3
    assert "Traceback" not in shown
    assert (models_in(tmp_path), processes_of(tmp_path)) == ([], [])


# ----------------------------------------------------------------------------------------- bit rot

REGIONS = ("length", "header", "padding", "vectors", "norms", "order", "offsets", "words", "crc32")
VOCABULARY = ("order", "offsets", "words")


@pytest.fixture
def store(large: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of 6 MB in the data dir of this process."""
    settle(monkeypatch, tmp_path)
    path = tmp_path / "models" / STORE
    path.parent.mkdir()
    shutil.copy(large.new, path)
    return path


def place_of(data: bytes, region: str) -> tuple[int, int]:
    """The start and the end of a region of a store."""
    start = 8 + int.from_bytes(data[:8], "little")
    raw = data[8:start]
    text = len(raw.rstrip(b" "))
    fixed = {"length": (0, 8), "header": (8, 8 + text), "padding": (8 + text, start)}
    if region in fixed:
        return fixed[region]
    first, last = json.loads(raw)[region]["data_offsets"]
    return start + first, start + last


def overwrite(path: Path, data: bytes | bytearray) -> None:
    """Replace the bytes of a store; the old file may still be mapped."""
    path.unlink()
    path.write_bytes(data)


@pytest.mark.parametrize("region", REGIONS)
def test_verify_finds_a_flipped_bit_anywhere_and_names_the_command_that_mends_it(region: str, store: Path) -> None:
    assert ask("models", "verify", "m").status == 0
    data = store.read_bytes()
    first, last = place_of(data, region)
    chance = random.Random(region)
    places = {first, last - 1, *(chance.randrange(first, last) for _ in range(6))}
    for place in places:
        hurt = bytearray(data)
        hurt[place] ^= 1 << chance.randrange(8)
        overwrite(store, hurt)
        found = ask("models", "verify", "m")
        assert (found.status, found.out) == (5, ""), place
        assert is_one_line(found.err), place
        assert "embcli models remove" in found.err, place
    assert ask("models", "verify").status == 5


def test_the_command_that_mends_a_damaged_store_mends_it(large: Material, store: Path) -> None:
    data = bytearray(store.read_bytes())
    data[len(data) // 2] ^= 1
    overwrite(store, data)
    err = ask("models", "verify", "m").err
    command = re.search(r"embcli (models remove) NAME", err) or re.search(r"embcli (models remove) m\b", err)
    assert command, err
    assert ask(*command[1].split(), "m").status == 0
    assert ask(*large.arguments("import")).status == 0
    assert ask("models", "verify", "m").status == 0
    assert large.state(store.parent.parent) == "new"


def test_force_mends_a_damaged_store_too(large: Material, store: Path) -> None:
    overwrite(store, store.read_bytes()[:-100])
    refused = ask(*large.arguments("import"))
    assert refused.status == 5
    assert is_one_line(refused.err)
    assert ask(*large.arguments("re-import")).status == 0
    assert (large.state(store.parent.parent), models_in(store.parent.parent)) == ("new", [STORE])


QUERIES = (
    "nn w17 -m m -k 5 --json",
    "analogy w1 - w25999 + w300 -m m --json",
    "lookup w0 w13000 w25999 -m m --json",
    "similarity w999 w1000 -m m",
    "nn w17 -m m --vocab 100",
)
DAMAGES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "zeros": lambda part, _: bytes(len(part)),
    "ones": lambda part, _: b"\xff" * len(part),
    "noise": lambda part, chance: chance.randbytes(len(part)),
    "shifted": lambda part, _: part[1:] + part[:1],
}


def numbers_in(out: str) -> list[str]:
    return re.findall(r"-?\d+\.\d+", out)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("region", VOCABULARY)
def test_a_query_on_a_damaged_vocabulary_fails_or_is_right(region: str, damage: str, store: Path) -> None:
    right = {query: ask(*query.split()) for query in QUERIES}
    assert {outcome.status for outcome in right.values()} == {0}
    data = store.read_bytes()
    first, last = place_of(data, region)
    chance = random.Random(region + damage)
    spans = [(first, last), (first, first + 4096), (last - 4096, last)]
    middle = chance.randrange(first, last - 4096) // 4096 * 4096
    for start_of, end_of in [*spans, (max(first, middle), middle + 4096)]:
        overwrite(store, data[:start_of] + DAMAGES[damage](data[start_of:end_of], chance) + data[end_of:])
        for query in QUERIES:
            got = ask(*query.split())
            if got.status == 0 and region == "words":  # a changed word cannot be distinguished from other words
                assert numbers_in(got.out) == numbers_in(right[query].out), query
            elif got != right[query]:
                assert (got.status, got.out, got.err.count("\n")) == (5, "", 1), (query, got)
        unknown = ask("nn", "w17w", "-m", "m")  # reads all words for suggestions
        assert unknown.status in (3, 5)
        assert is_one_line(unknown.err)


@pytest.mark.parametrize("region", VOCABULARY)
def test_a_query_on_a_vocabulary_with_a_flipped_bit_is_never_a_traceback(region: str, store: Path) -> None:
    data = store.read_bytes()
    first, last = place_of(data, region)
    chance = random.Random(region)
    for _ in range(40):
        hurt = bytearray(data)
        hurt[chance.randrange(first, last)] ^= 1 << chance.randrange(8)
        overwrite(store, hurt)
        for query in (*QUERIES, "nn w17w -m m"):
            got = ask(*query.split())  # an exception of Python would reach this test
            assert got.status in (0, 3, 5)
            assert (got.status == 0) == (got.out != "")


COMMANDS = ("nn w1 -m m", "models info m", "models verify m", "models verify")


def refuse_everywhere(store: Path) -> None:
    for command in COMMANDS:
        refused = ask(*command.split())
        assert (refused.status, refused.out) == (5, ""), command
        assert is_one_line(refused.err), command
        assert "embcli models remove" in refused.err, command
    assert ask("models").status == 0


@pytest.mark.parametrize("keep", [0, 1, 8, 9, 100, 4095, 4096, 4097, 0.1, 0.5, 0.999, -4096, -4, -1])
def test_a_truncated_store_is_refused_at_open(keep: float, store: Path) -> None:
    data = store.read_bytes()
    overwrite(store, data[: int(keep * len(data)) if isinstance(keep, float) else int(keep)])
    refuse_everywhere(store)


@pytest.mark.parametrize("foreign", ["same tensors", "other tensors", "text", "zip", "zeros"])
def test_a_foreign_file_in_the_place_of_a_store_is_refused_at_open(foreign: str, large: Material, store: Path) -> None:
    opened = open_store(large.new)
    arrays = {name: np.array(getattr(opened, name)) for name in TENSORS if name not in {"crc32", *OPTIONAL}}
    contents: dict[str, Callable[[], bytes]] = {
        "same tensors": lambda: safetensors.numpy.save({**arrays, "crc32": np.zeros(6, np.uint32)}),
        "other tensors": lambda: safetensors.numpy.save({"vectors": arrays["vectors"]}, {"format": "embcli/1"}),
        "text": large.source.read_bytes,
        "zip": lambda: b"PK\x03\x04" + bytes(5000),
        "zeros": lambda: bytes(store.stat().st_size),
    }
    overwrite(store, contents[foreign]())
    refuse_everywhere(store)


def test_a_folder_in_the_place_of_a_store_is_an_error_in_one_line(store: Path) -> None:
    store.unlink()
    store.mkdir()
    for command in COMMANDS:
        refused = ask(*command.split())
        assert refused.status in (4, 5), command
        assert is_one_line(refused.err), command
