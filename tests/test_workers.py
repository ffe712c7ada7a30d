"""Workers: results are in order, a lost worker is reported, and no worker outlives the work."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from embcli.errors import UnknownWord
from embcli.workers import WorkerLost, Workers

KINNG = UnknownWord("kinng", ["king", "kings"])


# Workers unpickle functions by name: they import these from this file, because `sys.path` is shared.
def square(number: int) -> int:
    return number * number


def slowest_first(number: int) -> int:
    time.sleep(0.2 if number == 0 else 0)
    return number


def own_id(_: object) -> int:
    return os.getpid()


def vanish(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def refuse(number: int) -> int:
    if number == 3:
        raise ValueError(number)
    return number


def misspell(number: int) -> int:
    if number % 2:
        raise KINNG
    return number


def grow(size: int) -> bytes:
    return b"x" * size


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """Fail instead of hanging."""

    def stop(*_: object) -> None:
        raise TimeoutError

    usual = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, usual)


def test_results_come_in_the_order_of_giving() -> None:
    with within(60), Workers(square, 3) as workers:
        assert list(workers.map(range(50))) == [number * number for number in range(50)]
        assert list(workers.map([])) == []
        assert list(workers.map([7])) == [49]


def test_a_slow_first_result_is_waited_for() -> None:
    with within(60), Workers(slowest_first, 2) as workers:
        assert list(workers.map(range(6))) == list(range(6))


def test_all_processes_get_work() -> None:
    with within(60), Workers(own_id, 2) as workers:
        processes = list(workers.map(range(8)))
    assert len(set(processes)) == 2
    assert os.getpid() not in processes


def test_great_items_and_results_pass() -> None:
    with within(60), Workers(grow, 2) as workers:
        assert [len(result) for result in workers.map([5_000_000] * 4)] == [5_000_000] * 4
    with within(60), Workers(len, 2) as lengths:
        assert list(lengths.map([b"x" * 5_000_000] * 4)) == [5_000_000] * 4


@pytest.mark.parametrize("count", [1, 2])
def test_a_killed_process_is_told_and_nothing_hangs(count: int) -> None:
    results: list[int] = []
    with within(60), Workers(vanish, count) as workers, pytest.raises(WorkerLost):
        results.extend(workers.map(range(20)))
    assert results == list(range(len(results)))
    assert len(results) <= 3


def test_a_process_killed_while_idle_is_told() -> None:
    with within(60), Workers(own_id, 1) as workers:
        (process,) = workers.map([0])
        os.kill(process, signal.SIGKILL)
        with pytest.raises(WorkerLost):
            list(workers.map(range(2)))


def test_a_function_that_raises_ends_its_process(capfd: pytest.CaptureFixture[str]) -> None:
    with within(60), Workers(refuse, 2) as workers, pytest.raises(WorkerLost):
        list(workers.map(range(20)))
    assert "ValueError: 3" in capfd.readouterr().err


def test_an_error_of_a_user_comes_whole_in_its_place_and_the_others_work_on() -> None:
    with within(60), Workers(misspell, 2) as workers:
        for number in (0, 1):
            workers.give(number)
        assert workers.take() == 0
        with pytest.raises(UnknownWord) as caught:
            workers.take()
        assert list(workers.map([2, 4, 6])) == [2, 4, 6]
    assert (caught.value.message, caught.value.suggestions) == (KINNG.message, KINNG.suggestions)
    assert (caught.value.word, caught.value.exit_status, str(caught.value)) == ("kinng", 3, str(KINNG))


def test_no_process_outlives_the_work() -> None:
    with within(60), Workers(own_id, 2) as workers:
        processes = set(workers.map(range(8)))
        assert all(map(is_running, processes))
    assert not any(map(is_running, processes))


def test_no_process_outlives_an_error() -> None:
    def interrupt_the_work() -> None:
        with Workers(own_id, 2) as workers:
            results = workers.map(range(8))
            processes.extend([next(results), next(results)])
            workers.give(0)  # one of them is at work
            raise KeyboardInterrupt

    processes: list[int] = []
    with within(60), pytest.raises(KeyboardInterrupt):
        interrupt_the_work()
    assert len(set(processes)) == 2
    assert not any(map(is_running, processes))


@pytest.mark.slow
def test_no_process_outlives_this_one_when_it_is_killed() -> None:
    code = (
        "import os, signal, sys; sys.path[:] = %r\n"
        "from test_workers import own_id; from embcli.workers import Workers\n"
        "workers = Workers(own_id, 2)\n"
        "print(*workers.map(range(4)), flush=True); os.kill(os.getpid(), signal.SIGKILL)\n"
    )

    done = subprocess.run([sys.executable, "-c", code % sys.path], capture_output=True, text=True, timeout=60)
    processes = set(map(int, done.stdout.split()))
    assert len(processes) == 2
    deadline = time.monotonic() + 30
    while any(map(is_running, processes)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(is_running, processes))
