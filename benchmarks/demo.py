"""The demo run on the embedded data: time, memory and skill of `volcast run --source sample`.

Usage: python -m benchmarks.demo [--rounds 1] [--before CHECKOUT] [--json FILE]

The command runs in fresh processes and folders, once to warm up and then `--rounds` times; medians
of the seconds are reported. With `--before`, the demo of another checkout of the project runs in
turn with it, with the same installed packages. The time of a fixed computation
(`yardstick_seconds`: 64 products of 1,000 x 1,000 matrices on one thread) shows how fast the
machine was at the time.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

if __package__ in (None, ""):  # as a script
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks._output import build_parser, print_figures, write_figures

YARDSTICK = (
    "import numpy as np, time; x = np.ones((1000, 1000)); s = time.perf_counter(); "
    "[x @ x for _ in range(64)]; print(time.perf_counter() - s)"
)
KIB_PER_MIB = 1024
CHECKOUT = Path(__file__).resolve().parents[1]


def run_once(folder: Path, checkout: Path) -> tuple[float, dict[str, Any]]:
    """Return the seconds of a complete run, imports included, and its summary."""
    module = "volcast" if (checkout / "volcast").is_dir() else "pipeline"  # of older versions
    command = [sys.executable, "-m", module, "run", "--source", "sample", "--json"]
    start = time.perf_counter()
    completed = subprocess.run(
        [*command, "--out", str(folder)],
        check=True,
        capture_output=True,
        text=True,
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
    )
    return time.perf_counter() - start, json.loads(completed.stdout)


def read_ratios_to_har(folder: Path) -> dict[str, dict[str, float]]:
    """Return QLIKE relative to HAR by model and horizon, both indices together."""
    import pandas as pd

    scores = pd.read_csv(folder / "scores.csv")
    pooled = scores[scores["ticker"] == "all"]
    table = pooled.pivot(index="model", columns="horizon", values="ratio_to_har").round(3)
    return {
        str(model): {str(h): float(x) for h, x in row.items()} for model, row in table.iterrows()
    }


def time_yardstick() -> float:
    """Return the seconds of the fixed computation."""
    single = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    completed = subprocess.run(
        [sys.executable, "-c", YARDSTICK], check=True, capture_output=True, text=True, env=single
    )
    return float(completed.stdout)


def main() -> None:
    """Run the demo and report the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--before", type=Path, help="another checkout to be timed in turn")
    arguments = parser.parse_args()
    checkouts = {"seconds": CHECKOUT}
    if arguments.before:
        checkouts["seconds_before"] = arguments.before.resolve()
    seconds: dict[str, list[float]] = {name: [] for name in checkouts}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(arguments.rounds + 1):
            for name, checkout in checkouts.items():
                own, summary = run_once(Path(folder) / f"{name}-{number}", checkout)
                seconds[name] += [own] if number else []
                if name == "seconds":
                    stage_seconds = summary["seconds"]
        figures = {
            **{name: round(statistics.median(times), 1) for name, times in seconds.items()},
            "yardstick_seconds": round(time_yardstick(), 2),
            "peak_mib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // KIB_PER_MIB,
            "stage_seconds": stage_seconds,
            "ratio_to_har": read_ratios_to_har(Path(folder) / f"seconds-{arguments.rounds}"),
        }
    print_figures(figures)
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
