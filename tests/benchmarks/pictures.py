"""How long pictures take: whole processes with compiled bytecode, and pages in headless Chromium, on GloVe.

    python tests/benchmarks/pictures.py [--runs N]

Budgets are those of the design. A page is `drawn` when it is open and its first picture is on the screen; a `step` of
its zoom includes the labels, which are placed again. Both include a wait of 50 ms and of two frames. Without Chromium
the pages are not measured.
"""

import argparse
import compileall
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import embcli

sys.path.insert(0, str(Path(__file__).parents[1]))
from chromium import Browser

WORDS = (
    "king", "queen", "man", "woman", "prince", "princess", "boy", "girl", "uncle", "aunt", "cat", "dog", "horse", "cow",
    "apple", "pear", "plum", "london", "paris", "berlin", "rome", "madrid", "tower", "bridge", "river", "one", "two",
    "three", "four", "five",
)  # fmt: skip
STEPS = 5  # of the wheel


def seconds(command: list[str], environment: dict[str, str], runs: int) -> float:
    """The median wall time of a process."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def in_browser(page: Path, profile: Path, runs: int) -> tuple[float, float]:
    """The median times from opening a page to its first picture, and of a step of its zoom."""
    opened, steps = [], []
    with Browser(profile) as browser:
        for _ in range(runs):
            start = time.perf_counter()
            browser.open(page)
            opened.append(time.perf_counter() - start)
            for _ in range(STEPS):
                start = time.perf_counter()
                browser.turn_wheel(640, 400, -60)
                steps.append(time.perf_counter() - start)
        assert browser.problems == []
    return statistics.median(opened), statistics.median(steps)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    compileall.compile_dir(Path(embcli.__file__).parent, quiet=1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = {**os.environ}
        plot = [sys.executable, "-m", "embcli", "plot"]
        subprocess.run([*plot, "king", "queen"], env=environment, check=True, stdout=subprocess.DEVNULL)
        rows = [
            ("terminal, 30 words", [*plot, *WORDS], 0.5),
            *((f"{suffix}, 30 words", [*plot, *WORDS, "-o", str(folder / f"30.{suffix}")], budget)
              for suffix, budget in (("svg", 1.2), ("png", None), ("pdf", None), ("json", None))),
            *((f"page, {count:,} words", [*plot, "--vocab", str(count), "-o", str(folder / f"{count}.html")], budget)
              for count, budget in ((300, 2.5), (2000, 2.5), (5000, None))),
            ("table as SVG", [sys.executable, "-m", "embcli", "analogy", "king - man + woman", "-o",
                              str(folder / "table.svg")], None),
        ]  # fmt: skip
        print(f"{'whole process':24s} {'median':>8s}  budget")
        for row, command, budget in rows:
            print(f"{row:24s} {seconds(command, environment, runs):7.2f}s  {f'≤ {budget} s' if budget else ''}")
        print(f"\n{'page':24s} {'size':>8s} {'drawn':>8s} {'step':>8s}")
        for page in sorted(folder.glob("*.html"), key=lambda path: int(path.stem)):
            times = ""
            if shutil.which("chromium") or shutil.which("chromium-browser"):
                times = "".join(f"{one:8.2f}s" for one in in_browser(page, folder / f"profile{page.stem}", runs))
            print(f"{page.stem:>6s} words {'':11s} {page.stat().st_size / 1e6:5.2f} MB{times}")
        print("the page of 2,000 words must not be larger than 1.3 MB")


if __name__ == "__main__":
    main()
