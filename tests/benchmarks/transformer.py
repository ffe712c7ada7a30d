"""How long the commands on transformers take: whole processes, with compiled bytecode, on SmolLM2 and MiniLM.

    python tests/benchmarks/transformer.py [--runs N]

The models are added to a folder of their own at the first run. Budgets are those of the design; `tokens a second` is of
one process after its start.
"""

import argparse
import compileall
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import embcli

TEXT = "The capital of France is"
CHAT = "The American shrew mole"


def seconds(command: list[str], environment: dict[str, str], runs: int) -> tuple[float, float]:
    """The median wall time of a process, and the peak memory of any of them in MB."""
    times, peak = [], 0
    for _ in range(runs):
        start = time.perf_counter()
        child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        times.append(time.perf_counter() - start)
        assert status == 0, command
        peak = max(peak, usage.ru_maxrss)
    return statistics.median(times), peak / 1024


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    compileall.compile_dir(Path(embcli.__file__).parent, quiet=1)
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "EMBCLI_HOME": folder}
        program = [sys.executable, "-m", "embcli"]
        for name in ("smollm2", "minilm"):
            subprocess.run([*program, "models", "add", name], env=environment, check=True, stdout=subprocess.DEVNULL)
        rows = [
            ("predict, SmolLM2, JSON", [*program, "predict", TEXT, "-m", "smollm2", "--json"], 0.8, runs),
            ("predict, SmolLM2, table", [*program, "predict", TEXT, "-m", "smollm2"], 0.8, runs),
            ("context, MiniLM", [*program, "context", CHAT, "--focus", "mole", "-m", "minilm", "--dictionary", "0",
                                 "--json"], 0.4, runs),
            ("dictionary of 6,000 words", [*program, "context", CHAT, "--focus", "mole", "-m", "smollm2", "--json"],
             20, 1),
            ("context, SmolLM2", [*program, "context", CHAT, "--focus", "mole", "-m", "smollm2", "--json"], None, runs),
            ("attend, SmolLM2", [*program, "attend", CHAT, "--focus", "mole", "-m", "smollm2", "--json"], None, runs),
            ("W_E of SmolLM2 into a store", [*program, "models", "add", "smollm2", "--force"], 2, runs),
        ]  # fmt: skip
        print(f"{'command':30s} {'median':>8s} {'peak MB':>8s}  budget")
        for name, command, budget, count in rows:
            median, peak = seconds(command, environment, count)
            print(f"{name:30s} {median:7.2f}s {peak:8.0f}  {f'≤ {budget} s' if budget else ''}")
        drawn = []
        for tokens in ("1", "100"):
            command = [*program, "predict", "Once upon a time", "-m", "smollm2", "--json", "--sample", "2"]
            began = time.perf_counter()
            out = subprocess.run(
                [*command, "--tokens", tokens], env=environment, check=True, capture_output=True
            ).stdout
            count = sum(len(sample["tokens"]) for sample in json.loads(out)["samples"])
            drawn.append((time.perf_counter() - began, count))
        (short, few), (long, many) = drawn
        print(f"{'tokens a second':30s} {(many - few) / (long - short):7.1f} {'':8s}  ≥ 10")
        print("the peak of predict must stay below 350 MB")


if __name__ == "__main__":
    main()
