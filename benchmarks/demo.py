"""The main job on the embedded data: seconds, memory and skill of `volcast run --source sample`.

Usage: python benchmarks/demo.py [--json FILE]

The job runs twice in fresh processes and folders; the second, warm run is reported. A fixed
computation (`yardstick_seconds`: 64 products of 1,000 x 1,000 matrices on one thread) says how
fast the machine was at the time.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

YARDSTICK = (
    "import numpy as np, time; x = np.ones((1000, 1000)); s = time.perf_counter(); "
    "[x @ x for _ in range(64)]; print(time.perf_counter() - s)"
)
KIB_PER_MIB = 1024


def run_once(folder: Path) -> tuple[float, dict[str, Any]]:
    """Return the seconds of a whole run, imports included, and its summary."""
    command = [sys.executable, "-m", "volcast", "run", "--source", "sample", "--json"]
    start = time.perf_counter()
    answer = subprocess.run(
        [*command, "--out", str(folder)], check=True, capture_output=True, text=True
    )
    return time.perf_counter() - start, json.loads(answer.stdout)


def ratios_to_har(folder: Path) -> dict[str, dict[str, float]]:
    """Return QLIKE relative to HAR by model and horizon, both indices together."""
    import pandas as pd

    scores = pd.read_csv(folder / "scores.csv")
    pooled = scores[scores["ticker"] == "all"]
    table = pooled.pivot(index="model", columns="horizon", values="ratio_to_har").round(3)
    return {
        str(model): {str(h): float(x) for h, x in row.items()} for model, row in table.iterrows()
    }


def yardstick_seconds() -> float:
    """Return the seconds of the fixed computation."""
    single = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    answer = subprocess.run(
        [sys.executable, "-c", YARDSTICK], check=True, capture_output=True, text=True, env=single
    )
    return float(answer.stdout)


def main() -> None:
    """Run the job, print the figures and write them where asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        run_once(Path(place) / "cold")
        seconds, summary = run_once(Path(place) / "warm")
        figures = {
            "seconds": round(seconds, 1),
            "yardstick_seconds": round(yardstick_seconds(), 2),
            "peak_mib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // KIB_PER_MIB,
            "stage_seconds": summary["seconds"],
            "ratio_to_har": ratios_to_har(Path(place) / "warm"),
        }
    for name, figure in figures.items():
        print(f"{name:>20} {figure}")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
