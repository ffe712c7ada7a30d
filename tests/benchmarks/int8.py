"""Benchmarks of the engine int8 against `local` and against bare numpy, on synthetic clustered vectors.

    python tests/benchmarks/int8.py [--rows N ...] [--rounds N] [--keep FOLDER]

For each number of rows, with 300 dimensions:

- warm: a question through the Python API, the engines and `E @ q` taking turns in one process.
- process: `embcli neighbors`, a whole process with the file in the page cache, against a bare mmap and `E @ q`.
- evicted: the same after the file has been dropped from the page cache (posix_fadvise).
- pages: the resident pages of the store in a process that has answered one question.

A ratio is the median of the rounds' ratios. Needs the extra `fast`. The answers of both engines are compared.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from peer_files import write_large_store
from peers import BARE, TAKE_TURNS, median_ratio

ASKED = ("neighbors", "w5000", "-m", "large", "--json")
WARM = """
import os
import numpy as np
import embcli
space = embcli.open_space("large")
query = np.array(space.vectors[5000])
def asked(engine, question):
    os.environ["EMBCLI_ENGINE"] = engine
    return question()
neighbors = lambda: embcli.find_neighbors(space, "w5000")
analogy = lambda: embcli.solve_analogy(space, "w5000 - w7000 + w9000")
work = {"E @ q": lambda: space.vectors @ query}
for name, question in (("neighbors", neighbors), ("analogy", analogy)):
    for engine in ("local", "int8"):
        work[f"{name}, {engine}"] = lambda engine=engine, question=question: asked(engine, question)
    assert work[f"{name}, local"]() == work[f"{name}, int8"]()
"""
PAGES = """
import re, sys
import embcli
space = embcli.open_space("large")
embcli.find_neighbors(space, "w5000")
maps = re.split(r"(?m)^(?=[0-9a-f]+-[0-9a-f]+ )", open("/proc/self/smaps").read())
print(sum(int(re.search("Rss: +([0-9]+) kB", one)[1]) for one in maps if "large.safetensors" in one))
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", nargs="+", type=int, default=[1_000_000, 3_000_000])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="keep the stores there, and use those that are there"
    )
    arguments = parser.parse_args()
    folder = arguments.keep or Path(tempfile.mkdtemp())
    print(f"{'rows':>9}  {'work':34} {'median':>10}  {'E @ q / it':>10}  must be")
    try:
        for rows in arguments.rows:
            home = folder / str(rows)
            store = home / "models" / "large.safetensors"
            if not store.exists():
                write_large_store(store, rows, 300)
            measure(rows, home, store, arguments.rounds)
    finally:
        if arguments.keep is None:
            shutil.rmtree(folder)


def measure(rows: int, home: Path, store: Path, rounds: int) -> None:
    """The figures of one store."""

    def report(work: str, seconds: list[float], bare: list[float], must: str = "") -> None:
        ratio = median_ratio(bare, seconds)
        print(f"{rows:9,}  {work:34} {statistics.median(seconds) * 1000:7,.1f} ms  {ratio:10.2f}  {must}", flush=True)

    warm = json.loads(run([sys.executable, "-c", WARM + TAKE_TURNS, str(rounds)], home)[1])
    for name, seconds in warm.items():
        report(f"warm: {name}", seconds, warm["E @ q"], "≥ 2, goal 3" if name == "neighbors, int8" else "")
    commands = {"bare mmap and E @ q": [sys.executable, "-c", BARE, str(store)]}
    commands |= {engine: [sys.executable, "-m", "embcli", *ASKED] for engine in ("local", "int8")}
    for work, is_evicted, must in (("process", False, "≥ 1.7"), ("evicted", True, "≥ 3")):
        times: dict[str, list[float]] = {name: [] for name in commands}
        answers = {}
        for counted in range(-1, rounds if not is_evicted else min(rounds, 3)):
            for name, command in commands.items():
                if is_evicted:
                    evict(store)
                seconds, answers[name] = run(command, home, name)
                if counted >= 0:
                    times[name].append(seconds)
        if answers["local"] != answers["int8"]:
            raise SystemExit("the answers differ")
        for name, seconds in times.items():
            report(f"{work}: {name}", seconds, times["bare mmap and E @ q"], must if name == "int8" else "")
    pages = {engine: int(run([sys.executable, "-c", PAGES], home, engine)[1]) for engine in ("local", "int8")}
    ours, theirs = pages["int8"] / 1024, pages["local"] / 1024
    print(f"{rows:9,}  pages: int8 {ours:,.0f} MiB of local's {theirs:,.0f}: {ours / theirs:.0%}  (≤ 30 %)")


def evict(file: Path) -> None:
    """Drop a file from the page cache."""
    os.sync()
    descriptor = os.open(file, os.O_RDONLY)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


def run(command: list[str], home: Path, engine: str = "auto") -> tuple[float, str]:
    """Seconds and output of a process."""
    environment = {**os.environ, "EMBCLI_HOME": str(home), "EMBCLI_ENGINE": engine if engine == "local" else "auto"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    start = time.perf_counter()
    done = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, encoding="utf-8")
    return time.perf_counter() - start, done.stdout


if __name__ == "__main__":
    main()
