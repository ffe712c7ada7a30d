"""Exact search by faiss-cpu and usearch, beside embcli's and bare numpy's: neighbours of words, by cosine.

Both libraries know rows and numbers only, so they are given rows of unit vectors, and answer with rows; embcli looks up
words, reports the rank of its input, and prints records. `peers.py` runs this.
"""

import json
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from peers import TAKE_TURNS, median_ratio

# Writes unit vectors as a matrix, and as a flat index of faiss.
PREPARE = """
import sys
import numpy as np
import embcli
space = embcli.open_space(sys.argv[1])
units = space.vectors / space.norms[:, None]
np.save("units.npy", units)
try:
    import faiss
    index = faiss.IndexFlatIP(units.shape[1])
    index.add(units)
    faiss.write_index(index, "units.faiss")
except ImportError:
    pass
"""
# Rows from stdin to a line each of the eleven best rows with their cosines.
FAISS = """
import json, sys
import faiss
import numpy as np
rows = [int(row) for row in sys.stdin.read().split()]
index = faiss.read_index("units.faiss", faiss.IO_FLAG_MMAP_IFC)
queries = np.load("units.npy", mmap_mode="r")[rows]
scores, found = index.search(queries, 11)
for some, best in zip(scores.tolist(), found.tolist()):
    print(json.dumps({"rows": best, "scores": some}))
"""
USEARCH = """
import json, sys
import numpy as np
from usearch.index import MetricKind, search
rows = [int(row) for row in sys.stdin.read().split()]
units = np.load("units.npy", mmap_mode="r")
found = search(units, units[rows], 11, MetricKind.IP, exact=True)
for best, distances in zip(np.atleast_2d(found.keys).tolist(), np.atleast_2d(1 - found.distances).tolist()):
    print(json.dumps({"rows": best, "scores": distances}))
"""
SCRIPTS = {"faiss": FAISS, "usearch": USEARCH}
WARM = """
import sys
import numpy as np
import embcli
space = embcli.open_space(sys.argv[2])
row = int(sys.argv[3])
word = space.vocabulary[row]
units = np.load("units.npy", mmap_mode="r")
query = np.array(units[[row]])
work = {
    "E @ q, argpartition": lambda: np.argpartition(-(units @ query[0]), 10)[:10],
    "embcli": lambda: embcli.find_neighbors(space, word),
}
try:
    import faiss
    index = faiss.read_index("units.faiss", faiss.IO_FLAG_MMAP_IFC)
    work["faiss"] = lambda: index.search(query, 11)
except ImportError:
    pass
try:
    from usearch.index import MetricKind, search
    work["usearch"] = lambda: search(units, query, 11, MetricKind.IP, exact=True)
except ImportError:
    pass
"""
ROW = 50
# usearch takes so many times longer a question that it is asked a part of a batch.
PART_OF_USEARCH = 20


def compare(bench: Any, model: str, words: Callable[[Sequence[int]], list[str]], rows: Sequence[int]) -> None:
    """Measure a question as a whole process and in a running Python, and a batch of rows; add the figures to `bench`.

    words: the words of rows. A ratio is the time of a library, or its time for a question, divided by embcli's.
    """
    bench.run([bench.python, "-c", PREPARE, model])
    peers = [name for name in SCRIPTS if not any(peer.startswith(name) for peer in bench.absent)]
    ask = [*bench.embcli, "neighbors", "-", "--jsonl", "-m", model]
    rounds = 3 if bench.short else 7
    times: dict[str, list[float]] = {name: [] for name in ("embcli", *peers)}
    for counted in range(-1, rounds):
        scores = {}
        for name in times:
            command = ask if name == "embcli" else [bench.python, "-c", SCRIPTS[name]]
            seconds, out = bench.run(command, words([ROW])[0] + "\n" if name == "embcli" else f"{ROW}\n")
            scores[name] = scores_of(out)
            if counted >= 0:
                times[name].append(seconds)
        check(scores)
    work = f"neighbours, {model}"
    for name, seconds in times.items():
        ratio = median_ratio(seconds, times["embcli"])
        bench.add(work, f"cold: {name}", statistics.median(seconds), ratio)
    warm = json.loads(bench.run([bench.python, "-c", WARM + TAKE_TURNS, "7", model, str(ROW)])[1])
    for name, seconds in warm.items():
        bench.add(work, f"warm: {name}", statistics.median(seconds), median_ratio(seconds, warm["embcli"]))
    rates, scores = {}, {}
    for name in times:
        asked = rows[: max(1, len(rows) // PART_OF_USEARCH)] if name == "usearch" else rows
        text = "\n".join(words(asked) if name == "embcli" else map(str, asked)) + "\n"
        seconds, out = bench.run(ask if name == "embcli" else [bench.python, "-c", SCRIPTS[name]], text)
        rates[name], scores[name] = len(asked) / seconds, scores_of(out)
        ratio = rates["embcli"] / rates[name]
        must = "≥ 1" if name == "faiss" else ""
        bench.add(work, f"batch of {len(asked):,}: {name}, {rates[name]:,.0f} a second", seconds, ratio, must)
    check(scores)
    for file in ("units.npy", "units.faiss"):
        Path(bench.folder / file).unlink(missing_ok=True)


def scores_of(out: str) -> list[list[float]]:
    """The cosines of the ten best rows of each answer, without that of the word itself, which is the best."""
    answers = [json.loads(line) for line in out.splitlines()]
    return [
        [one["score"] for one in answer["results"]] if "results" in answer else answer["scores"][1:]
        for answer in answers
    ]


def check(scores: dict[str, list[list[float]]]) -> None:
    """Stop if two libraries differ by more than the rounding of float32 sums."""
    for name, theirs in scores.items():
        for ours, other in zip(scores["embcli"], theirs, strict=False):
            if any(abs(a - b) > 1e-5 for a, b in zip(ours, other, strict=True)):
                raise SystemExit(f"the answers of {name} differ: {other} and {ours}")
