"""Time and memory of adding a model, compared with gensim loading the same file, in one run.

    python tests/benchmarks/importing.py [--short] [--json]

- GloVe, 400,000 × 50, as text and as word2vec binary: `embcli models add` as a whole process (parsed, checked,
  hashed, written, synced) against `KeyedVectors.load_word2vec_format` alone, timed inside its process.
- Memory of an import of text with 300 numbers per row, for increasing numbers of rows: the sampled peak of the main
  process and its workers, minus that of one `python -c "import numpy, typer"`.
- A cold question (a whole process) on stores of 10,000 … 3,000,000 rows × 50.

`--short` uses fewer rows and runs, for CI. Files are created in the folder for temporary files and removed.
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
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import embcli
from embcli.models.export import export
from embcli.store.write import write_store

EMBCLI = [sys.executable, "-m", "embcli"]
GENSIM = """
import time, gensim
start = time.perf_counter()
gensim.models.KeyedVectors.load_word2vec_format({path!r}, binary={binary})
print(time.perf_counter() - start)
"""
FLOOR = [sys.executable, "-c", "import numpy, typer"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="fewer rows and runs")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    try:
        results = {
            "speed": speed(folder, runs=1 if arguments.short else 3),
            "memory": memory(folder, (10_000, 30_000) if arguments.short else (30_000, 100_000, 300_000)),
            "opening": opening(
                folder, (10_000, 100_000) if arguments.short else (10_000, 100_000, 1_000_000, 3_000_000)
            ),
        }
    finally:
        shutil.rmtree(folder)
    if arguments.json:
        print(json.dumps(results))
        return
    for title, rows in results.items():
        print(f"\n{title}")
        print("  ".join(f"{name:>16}" for name in rows[0]))
        for row in rows:
            print("  ".join(f"{value:>16}" if isinstance(value, str) else f"{value:>16,.3f}" for value in row.values()))


def speed(folder: Path, runs: int) -> list[dict[str, Any]]:
    """Seconds of adding GloVe, and of gensim loading it."""
    rows = []
    space = embcli.open_space("glove")
    for form, must in (("word2vec", 4.0), ("binary", 2.0)):
        file = folder / f"glove.{form}"
        export(space, file, form)
        ours, theirs = [], []
        for _ in range(runs):
            ours.append(run([*EMBCLI, "models", "add", str(file), "--name", "it", "--force"], folder)[0])
            script = GENSIM.format(path=str(file), binary=form == "binary")
            printed = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
            theirs.append(float(printed.stdout))
        file.unlink()
        ratio = statistics.median(b / a for a, b in zip(ours, theirs, strict=True))
        rows.append(
            {"file": form, "embcli s": statistics.median(ours), "gensim s": statistics.median(theirs)}
            | {"times faster": ratio, "must be": must}
        )
    return rows


def memory(folder: Path, sizes: tuple[int, ...]) -> list[dict[str, Any]]:
    """Peak memory in MiB, minus the interpreter's, of an import of rows of 300 numbers."""
    floor = run(FLOOR, folder)[1]
    rows = []
    for size in sizes:
        file = folder / "wide.txt"
        write_text(file, size, 300)
        seconds, peak = run([*EMBCLI, "models", "add", str(file), "--name", "wide", "--force"], folder)
        rows.append({"rows": size, "file MB": file.stat().st_size / 1e6, "seconds": seconds})
        rows[-1] |= {"MiB over floor": peak - floor, "must be": 150.0}
        file.unlink()
    return rows


def opening(folder: Path, sizes: tuple[int, ...]) -> list[dict[str, Any]]:
    """Seconds of a whole process that looks up a word, which reads only the vector of this word."""
    rows = []
    for size in sizes:
        write_store(folder / "models" / "many.safetensors", synthetic(size, 50), {})
        times = [run([*EMBCLI, "lookup", f"w{size // 2}", "-m", "many", "--json"], folder)[0] for _ in range(7)]
        rows.append({"rows": size, "seconds": statistics.median(times[1:])})
    return rows


def synthetic(rows: int, dim: int) -> Iterator[Any]:
    """Blocks of a synthetic model."""
    numbers = np.random.default_rng(1)
    for first in range(0, rows, 10_000):
        words = [f"w{row}".encode() for row in range(first, min(first + 10_000, rows))]
        yield words, numbers.standard_normal((len(words), dim), np.float32)


def write_text(file: Path, rows: int, dim: int) -> None:
    """A GloVe text file with 500 different vectors in turn and distinct words."""
    numbers = np.random.default_rng(2).standard_normal((500, dim))
    lines = [" ".join(f"{x:.5f}" for x in row) for row in numbers]
    with file.open("w") as out:
        for row in range(rows):
            out.write(f"w{row} {lines[row % 500]}\n")


def run(command: list[str], home: Path) -> tuple[float, float]:
    """Seconds and peak memory of a process and its children, in MiB (Linux only)."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment | {"EMBCLI_HOME": str(home)})
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(memory_of(pid) for pid in [process.pid, *children_of(process.pid)]))
        time.sleep(0.005)
    seconds = time.perf_counter() - start
    if process.returncode:
        raise SystemExit(f"{command} failed")
    return seconds, peak / 1024


def children_of(pid: int) -> list[int]:
    """The child processes of a process."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def memory_of(pid: int) -> int:
    """The resident memory of a process, in KiB."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return int(status.partition("VmRSS:")[2].split()[0]) if "VmRSS:" in status else 0


if __name__ == "__main__":
    main()
