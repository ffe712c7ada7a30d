"""Benchmarks of where a model lives: `local`, `int8` and Milvus Lite, with the same vectors and questions.

    python tests/benchmarks/scale.py [--rows N ...] [--dim N] [--lite N ...] [--rounds N] [--keep FOLDER]

For each number of rows a synthetic clustered store (`peer_files.py`), and for those of --lite also a collection on a
`milvus-lite` server of this machine:

- process: `embcli neighbors WORD --json` and `embcli analogy A - B + C --json` as whole processes, medians.
- batch: `embcli neighbors - --jsonl` with 500 words, questions a second of the whole process.
- memory: the peak of resident memory of a question's process, with the pages of the store; that of a server is not
  measured. disk: the size of the store, or of the server's data.

All engines must give the same results. Needs the extras `fast` and, for --lite, `milvus` and milvus-lite.
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

NEIGHBORS = ("neighbors", "w5000", "--json")
ANALOGY = ("analogy", "w5000 - w7000 + w9000", "--json")
BATCH = ("neighbors", "-", "--jsonl")
BATCH_WORDS = 500


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", nargs="+", type=int, default=[400_000, 1_000_000, 3_000_000])
    parser.add_argument("--dim", type=int, default=300)
    parser.add_argument("--lite", nargs="*", type=int, default=[])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the stores, and use those that are there")
    arguments = parser.parse_args()
    folder = arguments.keep or Path(tempfile.mkdtemp())
    print(f"{'rows':>9}  {'engine':8} {'disk':>8} {'memory':>9} {'neighbors':>11} {'analogy':>9} {'batch':>12}")
    try:
        for rows in arguments.rows:
            home = folder / (str(rows) if arguments.dim == 300 else f"{rows}x{arguments.dim}")
            store = home / "models" / "large.safetensors"
            if not store.exists():
                write_large_store(store, rows, arguments.dim)
            measure(rows, home, store, arguments.rounds, rows in arguments.lite)
    finally:
        if arguments.keep is None:
            shutil.rmtree(folder)


def measure(rows: int, home: Path, store: Path, rounds: int, with_lite: bool) -> None:
    """The rows of one store: its engines, and its copy on a server."""
    run(home, "local", ["models", "optimize", "large"])
    found = {}
    for engine in ("local", "int8"):
        found[engine] = answers(home, "large", engine, rounds)
        report(rows, engine, store.stat().st_size, found[engine])
    if with_lite:
        import milvus_server  # here, as a process's peak of memory is at least that of its parent

        with tempfile.TemporaryDirectory() as data, milvus_server.running(Path(data)) as server:
            start = time.perf_counter()
            run(home, "local", ["models", "export", "large", server.address("large"), "--force"])
            exported = time.perf_counter() - start
            run(home, "local", ["models", "add", server.address("large"), "--name", "far", "--force"])
            size = sum(file.stat().st_size for file in Path(data).rglob("*") if file.is_file())
            found["Lite"] = answers(home, "far", "auto", max(1, rounds // 2))
            report(rows, "Lite", size, found["Lite"])
            print(f"{rows:9,}  exported in {exported:.1f} s")
            run(home, "local", ["models", "remove", "far", "--yes"])
    if any(one[0] != found["local"][0] for one in found.values()):
        raise SystemExit("the answers differ")


def answers(home: Path, model: str, engine: str, rounds: int) -> tuple[list[str], list[float], int]:
    """The results of the questions, the seconds of each kind, and the peak of memory in bytes."""
    words = "\n".join(f"w{row}" for row in range(1_000, 1_000 + BATCH_WORDS)) + "\n"
    results, seconds, peak = [], [], 0
    for question, given in ((NEIGHBORS, ""), (ANALOGY, ""), (BATCH, words)):
        times = []
        for _ in range(rounds if not given else 1):
            start = time.perf_counter()
            output, memory = run(home, engine, [*question, "-m", model], given)
            times.append(time.perf_counter() - start)
            peak = max(peak, memory) if not given else peak
        results += [json.dumps(json.loads(line)["results"]) for line in output.splitlines()]
        seconds.append(statistics.median(times))
    return results, seconds, peak


def report(rows: int, engine: str, size: int, found: tuple[list[str], list[float], int]) -> None:
    """Print a row."""
    _, (neighbors, analogy, batch), peak = found
    memory = "-" if engine == "Lite" else f"{peak / 1e6:,.0f} MB"
    print(
        f"{rows:9,}  {engine:8} {size / 1e9:5.2f} GB {memory:>9} {neighbors:9.2f} s {analogy:7.2f} s "
        f"{BATCH_WORDS / batch:8,.0f} a s",
        flush=True,
    )


def run(home: Path, engine: str, arguments: list[str], given: str = "") -> tuple[str, int]:
    """The output of a process, and its peak of resident memory in bytes."""
    environment = {**os.environ, "EMBCLI_HOME": str(home), "EMBCLI_ENGINE": engine}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as target:
        source.write(given.encode())
        source.seek(0)
        command = [sys.executable, "-m", "embcli", *arguments]
        process = subprocess.Popen(command, env=environment, stdin=source, stdout=target)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} failed")
        target.seek(0)
        return target.read().decode(), 1024 * used.ru_maxrss


if __name__ == "__main__":
    main()
