"""Worker processes of this program.

Each is fed through a pipe and ends when this process does. They are in process groups of their own: Ctrl-C is
for this process alone.
"""

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, NamedTuple, TypeVar, cast

from embcli.errors import EmbcliError

GivenItem = TypeVar("GivenItem")
Result = TypeVar("Result")

MOST = 4
# One thread of BLAS in each process: more would wait for the processors that the other processes use.
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class _Raised(NamedTuple):
    """An error in place of a result."""

    error: EmbcliError


class WorkerLost(Exception):
    """A worker process was killed."""


class Workers(Generic[GivenItem, Result]):
    """`count` processes that apply a function to what they are given; results come in the order of giving.

    They start when the first item is given.

    The function, what it is given and what it returns are pickled, and so is an EmbcliError that it raises.
    """

    def __init__(self, function: Callable[[GivenItem], Result], count: int) -> None:
        self._function, self._count = function, count
        self._all = list[subprocess.Popen[bytes]]()
        self._idle, self._busy = deque[subprocess.Popen[bytes]](), deque[subprocess.Popen[bytes]]()

    @property
    def are_all_busy(self) -> bool:
        """Whether a result must be taken before more is given."""
        return len(self._busy) == self._count

    @property
    def results_due(self) -> int:
        """How many results are still to come."""
        return len(self._busy)

    def give(self, item: GivenItem) -> None:
        """Let an idle process work on something."""
        if not self._all:
            self._start()
        worker = self._idle.popleft()
        self._send(worker, pickle.dumps(item, protocol=5))
        self._busy.append(worker)

    def take(self) -> Result:
        """The next result, as soon as it is there. WorkerLost, or what the function raised."""
        worker = self._busy.popleft()
        assert worker.stdout is not None
        try:
            result = pickle.load(worker.stdout)  # noqa: S301 - from our own process
        except (EOFError, pickle.UnpicklingError) as error:
            raise WorkerLost from error
        self._idle.append(worker)
        if isinstance(result, _Raised):
            raise result.error
        return cast(Result, result)

    def map(self, items: Iterable[GivenItem]) -> Iterator[Result]:
        """The results for all items, in order."""
        for item in items:
            if self.are_all_busy:
                yield self.take()
            self.give(item)
        while self.results_due:
            yield self.take()

    def __enter__(self) -> "Workers[GivenItem, Result]":
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._all:
            worker.kill()
            worker.communicate()

    def _start(self) -> None:
        code = f"import sys; sys.path[:] = {sys.path!r}; from embcli.workers import serve; serve()"
        # Pickled twice, so that what goes wrong in making the function leaves the pipe at the first item.
        setup = pickle.dumps(pickle.dumps(self._function, protocol=5), protocol=5)
        for _ in range(self._count):
            worker = subprocess.Popen(  # noqa: S603 - this program itself
                [sys.executable, "-c", code],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                process_group=0,
                env=os.environ | ONE_THREAD,
            )
            self._all.append(worker)
        self._idle.extend(self._all)
        for worker in self._all:
            self._send(worker, setup)

    def _send(self, worker: "subprocess.Popen[bytes]", data: bytes) -> None:
        assert worker.stdin is not None
        try:
            worker.stdin.write(data)
            worker.stdin.flush()
        except BrokenPipeError as error:
            raise WorkerLost from error


def processors() -> int:
    """How many processes can work at a time, at most 4; 1 where no others can be started."""
    if not sys.executable:
        return 1
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(count, MOST)


def serve() -> None:
    """Work on what comes through stdin until it ends: the other end of `Workers`."""
    function: Any = None
    failed: _Raised | None = None
    try:
        pickled = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own process
        try:
            function = pickle.loads(pickled)  # noqa: S301
        except EmbcliError as error:  # for example, the model was replaced
            failed = _Raised(error)
        while True:
            item = pickle.load(sys.stdin.buffer)  # noqa: S301
            try:
                result = failed or function(item)
            except EmbcliError as error:
                result = _Raised(error)
            pickle.dump(result, sys.stdout.buffer, protocol=5)
            sys.stdout.buffer.flush()
    except (EOFError, OSError, pickle.UnpicklingError):
        os._exit(0)  # the parent process is gone
