"""Time of the completion of a word, as a whole process, on GloVe and on a made model of 3,000,000 words.

    python tests/benchmarks/completing.py [--runs N] [--words N] [--json]

Prints medians for several prefixes, each a fresh process on a warm page cache; the budget is 150 ms. The words of the
made model are syllables in a random order, and its vectors are random numbers in 4 dimensions. `python -c pass` and
the import of typer are measured in the same rounds: a completion cannot be faster.
"""

import argparse
import itertools
import json
import random
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from startup import ENVIRONMENT, measure

import embcli
from embcli.store.read import Block
from embcli.store.write import write_store

BUDGET_MS = 150
DIM, BLOCK_ROWS = 4, 100_000
SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]
PREFIXES = {"glove": ("", "k", "kin", "king"), "made": ("", "k", "ka", "kamo", "kamoni")}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15, help="rounds that count (default: %(default)s)")
    parser.add_argument("--words", type=int, default=3_000_000, help="words of the made model (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        models = Path(folder) / "models"
        models.mkdir()
        (models / "glove.safetensors").symlink_to(embcli.open_space("glove").path.absolute())
        write_store(models / "made.safetensors", blocks(arguments.words), {"source": "made"})
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "python -c 'import typer'": [sys.executable, "-c", "import typer"],
        }
        for model, prefixes in PREFIXES.items():
            for prefix in prefixes:
                line = ["analogy", "man", "+", prefix, "-m", model]
                command = [sys.executable, "-m", "embcli", "_complete", "zsh", "3", prefix, *line]
                commands[f'{model}, "{prefix}"'] = command
        ENVIRONMENT["EMBCLI_HOME"] = folder
        times = measure(commands, arguments.runs)
    medians = {name: 1000 * statistics.median(seconds) for name, seconds in times.items()}
    if arguments.json:
        print(json.dumps({"runs": arguments.runs, "words": arguments.words, "median_ms": medians}))
        return
    print(f"{'completion of':26} {'median':>9}  budget")
    for name, median in medians.items():
        budget = "" if name.startswith("python") else f"≤ {BUDGET_MS} ms"
        print(f"{name:26} {median:6.0f} ms  {budget}")


def blocks(words: int) -> Iterator[Block]:
    """Distinct words of four syllables in a random order, with random vectors."""
    numbers = random.Random(1).sample(range(len(SYLLABLES) ** 4), words)
    generator = np.random.default_rng(1)
    pairs = ["".join(pair).encode() for pair in itertools.product(SYLLABLES, repeat=2)]
    for start in range(0, words, BLOCK_ROWS):
        some = numbers[start : start + BLOCK_ROWS]
        names = [pairs[number // len(pairs)] + pairs[number % len(pairs)] for number in some]
        yield names, generator.standard_normal((len(names), DIM), np.float32)


if __name__ == "__main__":
    main()
