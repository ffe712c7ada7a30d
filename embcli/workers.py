"""Worker processes of this program.

Each receives its items through a pipe and ends when this process ends. Workers have their own process groups, so that
only this process receives Ctrl-C.
"""

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, NamedTuple, TypeVar, cast

from embcli.errors import EmbcliError, InputOutputProblem

GivenItem = TypeVar("GivenItem")
Result = TypeVar("Result")

MOST = 4
# One BLAS thread per worker: more threads would compete with the other workers for the processors.
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class _Raised(NamedTuple):
    """An error in place of a result."""

    error: EmbcliError


class WorkerLost(InputOutputProblem):
    """A worker process was killed."""

    def __init__(self) -> None:
        super().__init__(
            "a worker process was killed (out of memory?)", "close other programs, then run the command again"
        )


class Workers(Generic[GivenItem, Result]):
    """`count` processes that apply a function to items and return the results in the order of the items.

    They start with the first item. The function, the items and the results are pickled, and so is an EmbcliError that
    the function raises.

        with Workers(len, 2) as workers:
            list(workers.map(["to", "king", "of"]))  # [2, 4, 2]
    """

    def __init__(self, function: Callable[[GivenItem], Result], count: int) -> None:
        self._function, self._count = function, count
        self._all = list[subprocess.Popen[bytes]]()
        self._idle, self._busy = deque[subprocess.Popen[bytes]](), deque[subprocess.Popen[bytes]]()

    @property
    def are_all_busy(self) -> bool:
        """Whether a result must be taken before another item can be given."""
        return len(self._busy) == self._count

    @property
    def results_due(self) -> int:
        """The number of pending results."""
        return len(self._busy)

    def give(self, item: GivenItem) -> None:
        """Send an item to an idle worker."""
        if not self._all:
            self._start()
        worker = self._idle.popleft()
        self._send(worker, pickle.dumps(item, protocol=5))
        self._busy.append(worker)

    def take(self) -> Result:
        """Wait for the next result. Raises WorkerLost, or the error of the function."""
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
        # Pickled twice, so that the pipe is at the first item after an error in unpickling the function.
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
    """The number of processes or threads to use, at most 4; 1 if no processes can be started."""
    if not sys.executable:
        return 1
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(count, MOST)


def serve() -> None:
    """Process the items from stdin until its end, as a worker of `Workers`."""
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
        os._exit(0)  # the parent process has ended
