"""Benchmarks of embcli against other tools in one run: medians, ratios, and a check that the answers agree.

    python tests/benchmarks/peers.py [--short] [--json FILE] [--only WORK ...]

Creates a virtual environment with this checkout and the other tools (gensim; finalfusion and reach from PyPI; Debian's
`fasttext` program if it is installed), writes GloVe 400k × 50 in the format that each reads fastest, and measures:

- cold: king - man + woman as a whole process with a warm page cache, and its private memory.
- warm: the same through each Python API, and bare `E @ q` with argpartition.
- google: all 19,544 analogies, inputs excluded and included, against gensim's evaluation (inputs excluded only).
- pipe: 10,000 analogies through a pipe, as a whole process.
- large: a synthetic clustered store of 3,000,000 × 300 (3.6 GB), against a bare mmap and `E @ q`.
- search: neighbours on GloVe and on 1,000,000 × 300, against faiss (flat) and usearch (exact): `peer_search.py`.

Each round runs all commands, so that a change in the speed of the machine affects all of them; a ratio is the median of
the rounds' ratios. `--short`, for CI, uses fewer rounds and questions and a smaller store, and skips gensim's text.
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
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PEERS = ("finalfusion==0.7.1", "reach==4.1.1", "faiss-cpu==1.15.1", "usearch==2.26.6")
QUESTION = ["analogy", "king", "-", "man", "+", "woman"]
# Allow compiled bytecode, which the first round writes, as for users.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
COLD = {
    "gensim, .kv with mmap": """
from gensim.models import KeyedVectors
vectors = KeyedVectors.load("glove.kv", mmap="r")
print(vectors.most_similar(positive=["king", "woman"], negative=["man"], topn=10)[0])""",
    "gensim, text": """
from gensim.models import KeyedVectors
vectors = KeyedVectors.load_word2vec_format("glove.txt")
print(vectors.most_similar(positive=["king", "woman"], negative=["man"], topn=10)[0])""",
    "finalfusion, mmap": """
import finalfusion
vectors = finalfusion.load_finalfusion("glove.fifu", mmap=True)
best = vectors.analogy("man", "king", "woman", k=10)[0]
print((best.word, best.similarity))""",
    "reach, fast format": """
from reach import Reach
vectors = Reach.load_fast_format("glove.reach")
units = vectors.norm_vectors
king, man, woman = (units[vectors.items[word]] for word in ("king", "man", "woman"))
found = vectors.nearest_neighbor(king - man + woman, num=13)[0]
print(next(one for one in found if one[0] not in ("king", "man", "woman")))""",
}
TAKE_TURNS = """
import json, sys, time
times = {name: [] for name in work}
for counted in range(-2, int(sys.argv[1])):
    for name, do in work.items():
        time.sleep(0.1)  # the threads of BLAS keep the processors busy for a while after a product
        start = time.perf_counter()
        do()
        if counted >= 0:
            times[name].append(time.perf_counter() - start)
print(json.dumps(times))
"""
WARM = """
import numpy as np
import embcli
from gensim.models import KeyedVectors
space = embcli.open_space("glove")
units = space.vectors / space.norms[:, None]
query = units[space.vocabulary.row("king")] - units[space.vocabulary.row("man")] + units[space.vocabulary.row("woman")]
gensim = KeyedVectors.load("glove.kv", mmap="r")
work = {
    "embcli": lambda: embcli.solve_analogy(space, "king - man + woman"),
    "E @ q": lambda: units @ query,
    "E @ q, argpartition": lambda: np.argpartition(-(units @ query), 10)[:10],
    "gensim": lambda: gensim.most_similar(positive=["king", "woman"], negative=["man"], topn=10),
}
try:
    import finalfusion
    fusion = finalfusion.load_finalfusion("glove.fifu", mmap=True)
    work["finalfusion"] = lambda: fusion.analogy("man", "king", "woman", k=10)
except ImportError:
    pass
try:
    from reach import Reach
    reach = Reach.load_fast_format("glove.reach")
    work["reach"] = lambda: reach.nearest_neighbor(query, num=10)
except ImportError:
    pass
"""
GENSIM_GOOGLE = """
import json, sys, time
from gensim.models import KeyedVectors
vectors = KeyedVectors.load("glove.kv", mmap="r")
start = time.perf_counter()
_, sections = vectors.evaluate_word_analogies(sys.argv[1])
seconds = time.perf_counter() - start
sizes = {section["section"]: (len(section["correct"]), len(section["incorrect"])) for section in sections[:-1]}
counts = {name: [correct, correct + incorrect] for name, (correct, incorrect) in sizes.items()}
print(json.dumps({"seconds": seconds, "counts": counts}))
"""
OUR_GOOGLE = """
import json, sys, time
import embcli
from pathlib import Path
if __name__ == "__main__":
    space = embcli.open_space("glove")
    start = time.perf_counter()
    embcli.evaluate_analogies([space], embcli.read_analogies(Path(sys.argv[1])))
    seconds = time.perf_counter() - start
    same = embcli.evaluate_analogies([space], embcli.read_analogies(Path(sys.argv[1])), top=300_000)
    print(json.dumps({"seconds": seconds, "counts": {row.section: [row.correct, row.covered] for row in same.results}}))
"""
PEAK = """
import time, numpy as np
a = np.random.default_rng(1).standard_normal((3000, 3000), np.float32)
best = 1e9
for _ in range(5):
    start = time.perf_counter(); a @ a; best = min(best, time.perf_counter() - start)
print(2 * 3000**3 / best / 1e9)
"""
BARE = """
import json, struct, sys
import numpy as np
with open(sys.argv[1], "rb") as file:
    size = struct.unpack("<Q", file.read(8))[0]
    vectors = json.loads(file.read(size))["vectors"]
start = 8 + size + vectors["data_offsets"][0]
E = np.memmap(sys.argv[1], np.float32, "r", start, tuple(vectors["shape"]))
scores = E @ np.array(E[5000])
print(np.argmax(scores))
"""
LARGE_WARM = """
import numpy as np
import embcli
space = embcli.open_space("large")
query = np.array(space.vectors[5000])
work = {"embcli": lambda: embcli.find_neighbors(space, "w5000"), "E @ q": lambda: space.vectors @ query}
work["embcli, analogy"] = lambda: embcli.solve_analogy(space, "w5000 - w7000 + w9000")
"""
MAKE = "import sys; sys.path.insert(0, sys.argv[1]); from peer_files import *; from pathlib import Path; "
WORKS = ("cold", "warm", "google", "pipe", "large", "search")


class Bench:
    """The environment, the files, and the figures measured so far."""

    def __init__(self, folder: Path, short: bool) -> None:
        self.folder, self.short = folder, short
        self.python = str(folder / "venv" / "bin" / "python")
        self.rows: list[dict[str, Any]] = []
        run([sys.executable, "-m", "venv", str(folder / "venv")])
        install = [self.python, "-m", "pip", "install", "--quiet"]
        run([*install, f"{ROOT}[glove]"])
        self.absent = [peer for peer in PEERS if subprocess.run([*install, peer], check=False).returncode]
        if self.absent:
            print(f"could not be installed, and are left out: {', '.join(self.absent)}")
        self.embcli = [self.python, "-m", "embcli"]
        make = MAKE + "from embcli import open_space; write_peer_files(open_space('glove'), Path('.'))"
        self.run([self.python, "-c", make, str(Path(__file__).parent)])

    def run(self, command: list[str], text: str | None = None) -> tuple[float, str]:
        """Seconds and output of a whole process in the folder."""
        return run(command, self.folder, text)

    def add(
        self, work: str, name: str, seconds: float, ratio: float | None = None, must: str = "", **more: Any
    ) -> None:
        """Store a figure. ratio: the ratio that `must` refers to."""
        self.rows.append({"work": work, "name": name, "seconds": seconds, "ratio": ratio, "must": must, **more})

    def cold(self) -> None:
        """Whole processes; ratios of the other tools' times to embcli's."""
        commands = {"embcli": [*self.embcli, *QUESTION, "--json"]}
        commands |= {name: [self.python, "-c", script] for name, script in COLD.items()}
        if shutil.which("fasttext"):
            commands["fasttext"] = ["fasttext", "analogies", "glove.bin", "10"]
        for peer in self.absent:
            commands = {name: command for name, command in commands.items() if name.partition(",")[0] not in peer}
        if self.short:
            del commands["gensim, text"]
        times: dict[str, list[float]] = {name: [] for name in commands}
        for counted in range(-1, 5 if self.short else 15):
            for name, command in commands.items():
                if name == "gensim, text" and counted > 1:  # it takes minutes
                    continue
                # fastText keeps prompting for questions; its first output is the answer.
                seconds, out = first_answer(command, self.folder) if name == "fasttext" else self.run(command)
                if "queen" not in out:
                    raise SystemExit(f"{name} does not answer queen: {out}")
                if counted >= 0:
                    times[name].append(seconds)
        ours = times["embcli"]
        ratios = {name: median_ratio(theirs, ours) for name, theirs in times.items()}
        musts = {"gensim, .kv with mmap": "≥ 6", "gensim, text": "≥ 90"}
        for name, theirs in times.items():
            self.add("cold question", name, statistics.median(theirs), ratios[name], musts.get(name, ""))
        fastest = min((ratio, name) for name, ratio in ratios.items() if name != "embcli")
        self.add(
            "cold question", f"fastest peer: {fastest[1]}", statistics.median(times[fastest[1]]), fastest[0], "≥ 2.5"
        )
        anonymous = max(private_memory(commands["embcli"], self.folder) for _ in range(5))
        self.add("cold question", "private memory, MB", statistics.median(ours), anonymous, "≤ 60")

    def warm(self) -> None:
        """One process; ratios to bare numpy."""
        times = json.loads(self.run([self.python, "-c", WARM + TAKE_TURNS, "20" if self.short else "60"])[1])
        for name, seconds in times.items():
            ratio = median_ratio(seconds, times["E @ q, argpartition"])
            self.add("warm question", name, statistics.median(seconds), ratio, "≤ 1.3" if name == "embcli" else "")

    def google(self) -> None:
        """Evaluations; ratios of gensim's time to embcli's."""
        find = "from embcli.evaluation.question_sets import packaged; print(packaged('questions-words.txt'))"
        file = self.run([self.python, "-c", find])[1].strip()
        if self.short:
            sections = Path(file).read_text().split(": ")[1:]
            kept = [": " + "".join(section.splitlines(keepends=True)[:150]) for section in sections]
            file = str(self.folder / "some.txt")
            Path(file).write_text("".join(kept))
        script = self.folder / "our_google.py"
        script.write_text(OUR_GOOGLE)
        runs = [json.loads(self.run([self.python, str(script), file])[1]) for _ in range(1 if self.short else 3)]
        theirs = json.loads(self.run([self.python, "-c", GENSIM_GOOGLE, file])[1])
        if any(runs[0]["counts"][section] != counts for section, counts in theirs["counts"].items()):
            raise SystemExit(f"the counts differ: {runs[0]['counts']} and {theirs['counts']}")
        seconds = statistics.median(one["seconds"] for one in runs)
        asked = sum(line[0] != ":" for line in Path(file).read_text().splitlines())
        self.add("google analogies", "gensim, 300,000 words, inputs barred", theirs["seconds"])
        self.add(
            "google analogies",
            "embcli, 400,000 words, inputs excluded and included",
            seconds,
            theirs["seconds"] / seconds,
            "≥ 12",
        )
        peak = float(self.run([self.python, "-c", PEAK])[1])
        done = asked * 400_000 * 100 / seconds / 1e9  # the time of one dot product of 50 numbers per question and row
        self.add("google analogies", f"worth {done:.0f} GFLOP/s; sgemm's peak is {peak:.0f}", seconds, done / peak)

    def pipe(self) -> None:
        """Questions from stdin."""
        find = "from embcli.evaluation.question_sets import packaged; print(packaged('questions-words.txt'))"
        lines = Path(self.run([self.python, "-c", find])[1].strip()).read_text().lower().splitlines()
        questions = [line.split() for line in lines if not line.startswith(":")][: 2000 if self.short else 10_000]
        text = "".join(f"{b} - {a} + {c}\n" for a, b, c, _ in questions)
        seconds = []
        for _ in range(1 if self.short else 5):
            took, out = self.run([*self.embcli, "analogy", "-"], text)
            if out.count('"results"') != len(questions):
                raise SystemExit("some questions were not answered")
            seconds.append(took)
        rate = len(questions) / statistics.median(seconds)
        self.add(f"pipe of {len(questions):,}", "questions a second", statistics.median(seconds), rate, "≥ 1500")

    def large(self) -> None:
        """A large store."""
        rows = 300_000 if self.short else 3_000_000
        home = self.folder / "home"
        make = MAKE + f"write_large_store(Path('home/models/large.safetensors'), {rows}, 300)"
        self.run([self.python, "-c", make, str(Path(__file__).parent)])
        ours, bare = [], []
        asked = [*self.embcli, "neighbors", "w5000", "-m", "large", "--json"]
        for counted in range(-1, 5):
            times = self.run(asked)[0], self.run([self.python, "-c", BARE, str(home / "models/large.safetensors")])[0]
            if counted >= 0:
                ours.append(times[0])
                bare.append(times[1])
        work = f"{rows:,} × 300"
        self.add(work, "cold: bare mmap and E @ q", statistics.median(bare))
        self.add(work, "cold: embcli", statistics.median(ours), median_ratio(ours, bare), "≤ 1.3")
        warm = json.loads(self.run([self.python, "-c", LARGE_WARM + TAKE_TURNS, "7"])[1])
        self.add(work, "warm: E @ q", statistics.median(warm["E @ q"]))
        for name in ("embcli", "embcli, analogy"):
            ratio = median_ratio(warm[name], warm["E @ q"])
            self.add(work, f"warm: {name}", statistics.median(warm[name]), ratio, "≤ 1.15")

    def search(self) -> None:
        """Exact neighbours, beside libraries that search vectors."""
        from peer_search import compare

        count = 2000 if self.short else 13_207
        spell = f"""
import json
import embcli
from embcli.queries.expression import quote
words = embcli.open_space("glove").vocabulary[:{count}]
# A line that begins with a brace is a JSON object.
print(json.dumps([json.dumps(dict(expression=word)) if word[0] == chr(123) else quote(word) for word in words]))
"""
        listed = json.loads(self.run([self.python, "-c", spell])[1])
        compare(self, "glove", lambda some: [listed[row] for row in some], range(count))
        count = 300_000 if self.short else 1_000_000
        store = self.folder / "home/models/clustered.safetensors"
        make = MAKE + f"write_large_store(Path({str(store)!r}), {count}, 300)"
        self.run([self.python, "-c", make, str(Path(__file__).parent)])
        compare(self, "clustered", lambda some: [f"w{row}" for row in some], range(100 if self.short else 1000))
        store.unlink()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="fewer rounds and questions, a smaller store")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    parser.add_argument("--only", nargs="+", choices=WORKS, default=WORKS, help="what to measure")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    ENVIRONMENT["EMBCLI_HOME"] = str(folder / "home")
    try:
        bench = Bench(folder, arguments.short)
        for work in arguments.only:
            getattr(bench, work)()
    finally:
        shutil.rmtree(folder)
    if arguments.json:
        arguments.json.write_text(json.dumps(bench.rows, indent=1) + "\n")
    print(f"{'work':18} {'':44} {'median':>10} {'ratio':>8}  must be")
    for row in bench.rows:
        ratio = "" if row["ratio"] is None else f"{row['ratio']:8.2f}"
        print(f"{row['work']:18} {row['name']:44} {row['seconds'] * 1000:7,.1f} ms {ratio:>8}  {row['must']}")


def median_ratio(above: list[float], below: list[float]) -> float:
    """The median of the ratios of the rounds of both."""
    return statistics.median(a / b for a, b in zip(above, below, strict=False))


def run(command: list[str], folder: Path | None = None, text: str | None = None) -> tuple[float, str]:
    """Seconds and output of a process."""
    start = time.perf_counter()
    done = subprocess.run(
        command, check=True, cwd=folder, env=ENVIRONMENT, input=text, stdout=subprocess.PIPE, encoding="utf-8"
    )
    return time.perf_counter() - start, done.stdout


def first_answer(command: list[str], folder: Path) -> tuple[float, str]:
    """Seconds until an interactive program has printed the best answer to king - man + woman, and this line."""
    start = time.perf_counter()
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("king man woman\n")
        process.stdin.flush()
        answer = next((line for line in process.stdout if "triplet" in line), "")
        seconds = time.perf_counter() - start
        process.kill()
    return seconds, answer


def private_memory(command: list[str], folder: Path) -> float:
    """Peak of anonymous unshared memory in MB, sampled every millisecond (Linux only)."""
    peak = 0
    with subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            try:
                status = Path(f"/proc/{process.pid}/status").read_text()
                peak = max(peak, int(status.partition("RssAnon:")[2].split()[0]))
            except (OSError, IndexError):
                break
            time.sleep(0.001)
    return peak / 1000


if __name__ == "__main__":
    main()
