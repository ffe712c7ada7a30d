"""Concurrent processes and one model: writers exclude each other, and readers see a complete model or none."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from process import LIMIT, Outcome, environment, start
from test_crashes import STORE, TEMPORARY, Material, Prepared, launch, make_material, models_in, wait_until

from embcli.store.read import verify

pytestmark = pytest.mark.slow

AT_ONCE = 8
READ = ("nn", "w17", "-m", "m", "-k", "7", "--json")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("concurrency").resolve()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def small(folder: Path) -> Material:
    """A file of 2000 rows."""
    return make_material(folder / "small", 2000, 20)


@pytest.fixture(scope="module")
def prepared(folder: Path) -> Iterator[Prepared]:
    """An interpreter with embcli loaded, so that processes begin within the same millisecond."""
    with Prepared(folder / "prepared") as server:
        yield server


@pytest.fixture(scope="module")
def answer(small: Material, prepared: Prepared, folder: Path) -> str:
    """The answer without concurrent processes."""
    home = folder / "alone"
    assert prepared.run(home, *small.arguments("import")).status == 0
    outcome = prepared.run(home, *READ)
    assert (outcome.status, outcome.err) == (0, "")
    return outcome.out


def run_at_once(lines: Sequence[Sequence[str]], home: Path) -> list[Outcome]:
    """Run command lines concurrently, each in its own interpreter."""
    with ThreadPoolExecutor(len(lines)) as pool:
        return list(pool.map(lambda line: start(line, home), lines))


def check_importers(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        assert outcome.status == 0, outcome
        assert outcome.err.removeprefix("embcli: note: it was already added\n") == "", outcome
    assert len({outcome.out for outcome in outcomes}) == 1


def check_readers(outcomes: Sequence[Outcome], answer: str, *, there: bool) -> None:
    for outcome in outcomes:
        if there or outcome.status == 0:
            assert outcome == (0, answer, "")
        else:
            assert (outcome.status, outcome.out, outcome.err.count("\n")) == (3, "", 1), outcome


def check_model(small: Material, home: Path) -> None:
    assert (small.state(home), models_in(home)) == ("new", [STORE])


def test_eight_importers_and_eight_readers_at_once_all_succeed(small: Material, answer: str, tmp_path: Path) -> None:
    # Separate interpreters; the rounds below fork theirs, which is faster.
    done = run_at_once([line for _ in range(AT_ONCE) for line in (small.arguments("import"), READ)], tmp_path)
    check_importers(done[::2])
    check_readers(done[1::2], answer, there=False)
    check_model(small, tmp_path)
    check_readers(run_at_once([READ] * 2, tmp_path), answer, there=True)


@pytest.mark.parametrize("force", [False, True])
def test_many_rounds_of_importers_and_readers_started_in_one_moment(
    force: bool, small: Material, prepared: Prepared, answer: str, tmp_path: Path
) -> None:
    line = small.arguments("re-import" if force else "import")
    for number in range(6):
        home = tmp_path / str(number)
        for again in (False, True):
            done = prepared.run_all([(home, words) for _ in range(AT_ONCE) for words in (line, READ)])
            check_importers(done[::2])
            check_readers(done[1::2], answer, there=again)
            check_model(small, home)


def test_readers_of_a_model_that_is_replaced_see_the_old_one_or_the_new_one(
    small: Material, prepared: Prepared, answer: str, tmp_path: Path
) -> None:
    for number in range(6):
        home = small.home(tmp_path / str(number), "re-import")
        old = prepared.run(home, *READ)
        assert old.status == 0
        assert old.out != answer
        done = prepared.run_all([(home, small.arguments("re-import"))] * 2 + [(home, READ)] * 12)
        check_importers(done[:2])
        assert {outcome.status for outcome in done} == {0}
        assert {outcome.out for outcome in done[2:]} <= {old.out, answer}
        assert prepared.run(home, *READ).out == answer


def test_importers_of_several_models_at_once_leave_each_other_alone(
    small: Material, prepared: Prepared, answer: str, tmp_path: Path
) -> None:
    names = [f"m{number}" for number in range(AT_ONCE)]
    for _ in range(4):
        jobs = [(tmp_path, ["models", "add", str(small.source), "--name", name, "--force"]) for name in names * 2]
        done = prepared.run_all(jobs)
        assert [(outcome.status, outcome.err) for outcome in done] == [(0, "")] * len(jobs)
        assert models_in(tmp_path) == [f"{name}.safetensors" for name in names]
        for name in names:
            verify(tmp_path / "models" / f"{name}.safetensors")


def test_two_sources_for_one_name_at_once_make_one_model_of_one_of_them(
    small: Material, prepared: Prepared, tmp_path: Path
) -> None:
    other = make_material(tmp_path / "other", 1500, 20)
    for number in range(6):
        home = tmp_path / str(number)
        done = prepared.run_all([(home, each.arguments("import")) for each in (small, other) * 4])
        won = [i for i in (0, 1) if all(outcome.status == 0 for outcome in done[i::2])]
        assert len(won) == 1, done
        for outcome in done[1 - won[0] :: 2]:
            assert (outcome.status, outcome.err.count("\n")) == (2, 1), outcome
            assert "already" in outcome.err
        check_model((small, other)[won[0]], home)


def test_eight_first_uses_of_a_file_named_by_its_path_give_the_same_bytes(
    small: Material, prepared: Prepared, tmp_path: Path
) -> None:
    for number in range(5):
        home = tmp_path / str(number)
        done = prepared.run_all([(home, ("nn", "w17", "-m", str(small.source), "--json"))] * AT_ONCE)
        assert {(outcome.status, outcome.err) for outcome in done} == {(0, "")}
        assert len({outcome.out for outcome in done}) == 1
        assert len(models_in(home)) == 1


def test_eight_first_uses_of_glove_at_once_give_the_same_bytes(tmp_path: Path) -> None:
    # Measured on two processors: one first use takes 1.7 s, eight at once 4 to 6 s, because all read their source.
    began = time.monotonic()
    done = run_at_once([["analogy", "king - man + woman", "--json"]] * AT_ONCE, tmp_path)
    seconds = time.monotonic() - began
    assert {(outcome.status, outcome.err) for outcome in done} == {(0, "")}
    assert len({outcome.out for outcome in done}) == 1
    assert models_in(tmp_path) == ["glove.safetensors"]
    verify(tmp_path / "models" / "glove.safetensors")
    assert seconds < 60


def test_a_writer_waits_for_another_one_and_goes_on_when_that_is_killed(small: Material, tmp_path: Path) -> None:
    large = make_material(tmp_path / "large", 12_000, 50)
    home = tmp_path / "home"
    with launch(large, home) as first:
        assert wait_until(lambda: models_in(home))
        first.send_signal(signal.SIGSTOP)
        with launch(small, home) as second:
            time.sleep(1)
            assert second.poll() is None
            first.kill()
            assert second.wait(LIMIT) == 0
    check_model(small, home)


def test_ctrl_c_ends_a_writer_that_waits_for_another_one_which_goes_on(small: Material, tmp_path: Path) -> None:
    large = make_material(tmp_path / "large", 12_000, 50)
    home = tmp_path / "home"
    with launch(large, home) as first:
        assert wait_until(lambda: models_in(home))
        first.send_signal(signal.SIGSTOP)
        with launch(small, home) as second:
            time.sleep(1)
            second.send_signal(signal.SIGINT)
            assert second.wait(3) == 130
            assert second.stderr.read() == b""
        first.send_signal(signal.SIGCONT)
        assert first.wait(LIMIT) == 0
    check_model(large, home)


# ------------------------------------------------ race conditions in short time windows


def slowed(strace: str, arguments: Sequence[str], home: Path, *delays: str) -> "subprocess.Popen[bytes]":
    """Start a command line with delayed system calls, as if the system had scheduled another process."""
    options = [option for delay in delays for option in ("-e", f"inject={delay}")]
    calls = ",".join(delay.split(":")[0] for delay in delays)
    return subprocess.Popen(
        [strace, "-f", "-q", "-o", str(home.with_name(home.name + ".trace")), "-e", f"trace={calls}", *options,
         sys.executable, "-m", "embcli", *arguments],
        env=environment(home), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.fixture(scope="module")
def strace() -> str:
    """The path of strace, if it is permitted to trace."""
    program = shutil.which("strace")
    if program is None:
        pytest.skip("strace is not installed")
    if subprocess.run([program, "-qq", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode:
        pytest.skip("strace may not trace processes here")
    return program


def temporary_in(home: Path) -> list[str]:
    return [name for name in models_in(home) if TEMPORARY.fullmatch(name)]


def test_a_writer_that_has_published_does_not_remove_the_file_of_the_next_one(
    strace: str, small: Material, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    # The first writer publishes its file, and is delayed before it unlinks any file.
    with slowed(strace, small.arguments("re-import"), home, "unlink,unlinkat:delay_enter=1500000") as first:
        assert wait_until(lambda: (home / "models" / STORE).exists(), 30)
        # The second begins meanwhile, and is delayed at its first fsync, before it publishes.
        with slowed(strace, small.arguments("re-import"), home, "fsync:delay_enter=2500000:when=1") as second:
            assert first.wait(LIMIT) == 0
            assert second.wait(LIMIT) == 0, (second.stderr or sys.stdin).read()
    check_model(small, home)


def test_a_writer_never_publishes_the_unfinished_file_of_another_one(
    strace: str, small: Material, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    seen: list[str] = []
    with slowed(strace, small.arguments("re-import"), home, "unlink,unlinkat:delay_enter=1200000") as first:
        assert wait_until(lambda: (home / "models" / STORE).exists(), 30)
        with slowed(strace, small.arguments("re-import"), home, "fsync:delay_enter=3000000:when=1") as second:
            assert first.wait(LIMIT) == 0
            # The third is delayed after it has opened its file: at the first call that truncates it.
            with slowed(strace, small.arguments("re-import"), home, "ftruncate:delay_exit=3000000:when=1") as third:
                while second.poll() is None or third.poll() is None:
                    seen.append(small.state(home))  # refuses a damaged one
                    time.sleep(0.02)
                assert (second.returncode, third.returncode) == (0, 0)
    assert set(seen) == {"new"}
    check_model(small, home)


def test_clearing_away_what_was_left_spares_the_file_of_a_writer_that_has_just_begun(
    strace: str, small: Material, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    other = ["models", "add", str(small.source), "--name", "other", "--force"]
    # While a writer of `m` runs, one of `other` finds its file, and is delayed before it tries to lock it.
    with slowed(strace, small.arguments("re-import"), home, "fsync:delay_enter=1500000:when=1") as first:
        assert wait_until(lambda: temporary_in(home), 30)
        with slowed(strace, other, home, "flock:delay_enter=3000000:when=2") as clearing:
            assert first.wait(LIMIT) == 0
            # Meanwhile another writer of `m` begins a new file under the same temporary name.
            with slowed(strace, small.arguments("re-import"), home, "fsync:delay_enter=3000000:when=1") as second:
                assert wait_until(lambda: ".m.safetensors.tmp" in models_in(home), 30)
                assert clearing.wait(LIMIT) == 0
                assert second.wait(LIMIT) == 0, (second.stderr or sys.stdin).read()
    assert models_in(home) == [STORE, "other.safetensors"]
    assert small.state(home) == "new"
