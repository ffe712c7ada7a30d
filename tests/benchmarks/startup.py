"""Time of a whole process, compared with the import of numpy and typer, in one run.

    python tests/benchmarks/startup.py [--runs N] [--json]

Prints medians and ratios for a JSON answer, a table, `--help` and `--version`, each a fresh process on
a warm page cache, and for gensim answering the same question from its own .kv file by mmap. The budgets
are those of the design (§7). Each round runs all commands, so that a change in the speed of the machine
affects all of them; the ratio is the median of the rounds' ratios.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FLOOR = "python -c 'import numpy, typer'"
GENSIM = """
from gensim.models import KeyedVectors
vectors = KeyedVectors.load({path!r}, mmap="r")
print(vectors.most_similar(positive=["king", "woman"], negative=["man"], topn=10))
"""
SAVE = """
import embcli
embcli.open_space("glove").to_gensim().save({path!r})
"""
# Allow compiled bytecode, which the first round writes, as for users.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
QUESTION = ["analogy", "king", "-", "man", "+", "woman"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15, help="rounds that count (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "glove.kv")
        run([sys.executable, "-c", SAVE.format(path=path)])
        embcli = [sys.executable, "-m", "embcli"]
        commands = {
            FLOOR: ([sys.executable, "-c", "import numpy, typer"], None),
            "embcli analogy … --json": ([*embcli, *QUESTION, "--json"], "≤ 1.3"),
            "embcli analogy …": ([*embcli, *QUESTION], "≤ 1.55"),
            "embcli --help": ([*embcli, "--help"], "≤ 1.5"),
            "embcli --version": ([*embcli, "--version"], "≤ 0.8"),
            "gensim, .kv with mmap": ([sys.executable, "-c", GENSIM.format(path=path)], None),
        }
        times = measure({name: command for name, (command, _) in commands.items()}, arguments.runs)
    floor = times[FLOOR]
    figures = {
        name: {
            "median_ms": 1000 * statistics.median(seconds),
            "ratio_to_floor": statistics.median(a / b for a, b in zip(seconds, floor, strict=True)),
            "budget": commands[name][1],
        }
        for name, seconds in times.items()
    }
    asked = "embcli analogy … --json"
    faster = statistics.median(a / b for a, b in zip(times["gensim, .kv with mmap"], times[asked], strict=True))
    if arguments.json:
        print(json.dumps({"runs": arguments.runs, "commands": figures, "times_faster_than_gensim_mmap": faster}))
        return
    print(f"{'command':34} {'median':>9} {'x floor':>8}  budget")
    for name, figure in figures.items():
        print(f"{name:34} {figure['median_ms']:6.0f} ms {figure['ratio_to_floor']:8.2f}  {figure['budget'] or ''}")
    print(f"embcli's JSON answer is {faster:.1f} times as fast as gensim's mmap road (must be 6)")


def measure(commands: dict[str, list[str]], runs: int) -> dict[str, list[float]]:
    """Seconds of each command in each counted round, after one round that warms the caches."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for counted in range(-1, runs):
        for name, command in commands.items():
            seconds = run(command)
            if counted >= 0:
                times[name].append(seconds)
    return times


def run(command: list[str]) -> float:
    """Run a command; returns the seconds it took."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
