"""Time of `volcast verify` on the demo run, and how often its check of a variance column warns.

Usage: python -m benchmarks.look_ahead [--run FOLDER] [--data FILE] [--json FILE]

Without --run the demo run is made first. The columns are realised variances of simulated sessions
of 78 five-minute returns, changed in the ways of `FORMS`; with --data (Parquet: symbol, date, open,
high, low, close), Garman-Klass variances of its symbols too.
"""

import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

if __package__ in (None, ""):  # as a script
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
import pandas as pd

from benchmarks._output import build_parser, print_figures, write_figures
from volcast.features.variance_timing import measure_variance_timing

FORMS: dict[str, Callable[[pd.Series], pd.Series]] = {
    "as measured": lambda v: v,
    "mean of the last 3": lambda v: v.rolling(3).mean(),
    "exponential, past": lambda v: v.ewm(alpha=0.3).mean(),
    "two-sided mean of 3": lambda v: v.rolling(3, center=True).mean(),
    "two-sided 1-2-1": lambda v: (v.shift(1) + 2 * v + v.shift(-1)) / 4,
    "two-sided mean of 5": lambda v: v.rolling(5, center=True).mean(),
    "mean with tomorrow": lambda v: (v + v.shift(-1)) / 2,
    "tomorrow": lambda v: v.shift(-1),
}
SESSIONS = (250, 1000, 4000)
SEEDS = 100
STEPS = 78


def time_verify(run: Path) -> dict[str, Any]:
    """Return wall-clock and processor seconds of the command in a fresh process, and its probes."""
    start = time.perf_counter()
    before = _used_seconds()
    command = [sys.executable, "-m", "volcast", "verify", str(run)]
    completed = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    found = re.search(r"in (\d+) probes", completed.stderr)
    return {
        "seconds": round(seconds, 1),
        "processor_seconds": round(_used_seconds() - before, 1),
        "probes": int(found[1]) if found else 0,
    }


def simulate(sessions: int, seed: int) -> tuple[pd.Series, np.ndarray]:
    """Return realised and Parkinson variance; the log variance is a sum of two AR(1)."""
    rng = np.random.default_rng([seed, sessions])
    slow, fast = np.zeros((2, sessions))
    for t in range(1, sessions):
        slow[t] = 0.985 * slow[t - 1] + rng.normal(0, 0.12)
        fast[t] = 0.5 * fast[t - 1] + rng.normal(0, 0.35)
    deviation = np.exp((slow + fast) / 2)[:, None] * 0.01 / STEPS**0.5
    steps = rng.normal(size=(sessions, STEPS)) * deviation
    path = np.hstack([np.zeros((sessions, 1)), steps.cumsum(axis=1)])
    ranges = np.ptp(path, axis=1) ** 2 / (4 * np.log(2))
    return pd.Series((steps**2).sum(axis=1)), ranges


def read_measures(path: Path) -> list[tuple[pd.Series, np.ndarray]]:
    """Return Garman-Klass and Parkinson variance of each symbol."""
    measures = []
    for _, bars in pd.read_parquet(path).dropna().groupby("symbol"):
        opened = bars["open"].to_numpy()
        high, low, close = (np.log(bars[n].to_numpy() / opened) for n in ("high", "low", "close"))
        spread = (high - low) ** 2
        measured = np.maximum(spread / 2 - (2 * np.log(2) - 1) * close**2, 1e-8)
        measures.append((pd.Series(measured), spread / (4 * np.log(2))))
    return measures


def count_warnings(measures: list[tuple[pd.Series, np.ndarray]]) -> dict[str, float]:
    """Return the share of the columns that are suspicious, by form."""
    return {
        name: float(
            np.mean(
                [
                    measure_variance_timing(form(measured).to_numpy(), ranges).is_suspicious
                    for measured, ranges in measures
                ]
            )
        )
        for name, form in FORMS.items()
    }


def _used_seconds() -> float:
    """Return the processor seconds of all processes that were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure, and report the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--run", type=Path, help="a finished demo run")
    parser.add_argument("--data", type=Path, help="daily bars of many symbols")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = arguments.run or Path(folder) / "demo"
        if arguments.run is None:
            command = [sys.executable, "-m", "volcast", "run", "--source", "sample", "--quiet"]
            subprocess.run([*command, "--out", str(run)], check=True)
        figures: dict[str, Any] = {"verify": time_verify(run)}
    for sessions in SESSIONS:
        simulated = [simulate(sessions, seed) for seed in range(SEEDS)]
        figures[f"warned_{sessions}_sessions"] = count_warnings(simulated)
    if arguments.data:
        measures = read_measures(arguments.data)
        figures["symbols"] = len(measures)
        figures["warned_symbols"] = count_warnings(measures)
    print_figures(figures)
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
