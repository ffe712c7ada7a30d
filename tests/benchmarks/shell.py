"""Time of a line in a running shell beyond its search: `python tests/benchmarks/shell.py`, with glove installed.

The lines are answered in this process, as the shell answers them, while the model stays open; the search is that of
`solve_analogy` and `find_neighbors` on the same open space. A completion lists the candidates at the end of a text.
The figures are medians of rounds in which each is measured once, so that a busy machine slows all of them.
"""

import io
import statistics
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import partial

import embcli
from embcli.cli.directives import answer_line
from embcli.cli.interpreter import Interpreter
from embcli.cli.line_completion import complete_line
from embcli.models.opened import models_stay_open

ROUNDS = 60


def main() -> None:
    """Measure and print."""
    interpreter = Interpreter()
    with models_stay_open():
        space = embcli.open_space("glove")
        work: dict[str, Callable[[], object]] = {
            "search king - man + woman": partial(embcli.solve_analogy, space, "king - man + woman"),
            "line king - man + woman, as a table": partial(answer_line, interpreter, "king - man + woman"),
            "line king - man + woman, as JSON": partial(answer_line, interpreter, "king - man + woman --json"),
            "search tower": partial(embcli.find_neighbors, space, "tower"),
            "line tower, as a table": partial(answer_line, interpreter, "tower"),
            "line tower, as JSON": partial(answer_line, interpreter, "tower --json"),
        }
        for text in ("t", "king - wom", "nn king --me", "simil"):
            work[f"completion of {text}"] = partial(complete_line, interpreter, text)
        times = measure(work)
    for name, seconds in times.items():
        print(f"{name:38} {1000 * statistics.median(seconds):6.1f} ms")


def measure(work: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    """The times of each work, after a first round that does not count."""
    times: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(ROUNDS + 1):
        for name, run in work.items():
            with redirect_stdout(io.StringIO()):
                begun = time.perf_counter()
                run()
                times[name].append(time.perf_counter() - begun)
    return {name: seconds[1:] for name, seconds in times.items()}


if __name__ == "__main__":
    main()
