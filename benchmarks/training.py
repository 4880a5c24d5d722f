"""Time and memory of training: scikit-learn, `keras.Model.fit`, JAX and the engine.

Usage: python -m benchmarks.training [--rounds 5] [--json FILE]

4,000 rows x 12 features and 800 validation rows, 64-32-1, Adam, batch 32; every implementation
validates and applies early stopping; JAX takes part where it is installed. Each measurement runs in
a process of its own, which also gives its peak memory; medians over rounds are shown. The limit is
the time of the matrix products alone, at the speed that large products reach on this machine: on
one processor for one network, whose steps follow each other, else on all. Then 50 epochs from a
cold start, with compilation and without imports, with and without the store of compiled programs;
a map of 192 networks; and trainings until the early stop on up to a million rows.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

if __package__ in (None, ""):  # as a script
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np

from benchmarks._output import build_parser, write_figures
from benchmarks._training_implementations import (
    HELD_OUT,
    IMPLEMENTATIONS,
    RATE,
    ROWS,
    UNLIMITED_PATIENCE,
    build_engine_plan,
    build_engine_rows,
    count_operations,
    list_implementations,
)

COLD_EPOCHS = 50
MAP_RATES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
MAP_BATCHES, MAP_SEEDS, MAP_EPOCHS = (16, 64, 256, 1024), 8, 30
FULL_ROWS = (1_000, 10_000, 100_000, 200_000, 400_000, 1_000_000)
FULL_BATCH, FULL_EPOCHS, FULL_PATIENCE = 256, 40, 3
FULL_FIGURES = ("seconds", "epochs", "ms_per_epoch_of_8", "us_per_row", "peak_mib")
LIMIT_SIZE, LIMIT_PRODUCTS = 1_024, 40  # of the products that measure the processors' speed
KIB_PER_MIB = 1024


def measure_implementation(name: str) -> dict[str, float]:
    """Return milliseconds per network and epoch after a first epoch, and the peak memory."""
    prepare, networks, epochs = IMPLEMENTATIONS[name]
    train = prepare()
    train(1)
    start = time.perf_counter()
    train(epochs)
    seconds = time.perf_counter() - start
    return {"ms": 1000 * seconds / epochs / networks, "peak_mib": _peak_mib()}


def measure_cold(name: str) -> dict[str, float]:
    """Return the seconds of the first 50 epochs, without imports."""
    train = IMPLEMENTATIONS[name][0]()
    if name.startswith("engine"):
        import volcast.models.engine.training  # noqa: F401  the others have imported theirs
    start = time.perf_counter()
    train(COLD_EPOCHS)
    return {"seconds": time.perf_counter() - start}


def measure_map() -> dict[str, float]:
    """Return the seconds of six rates x four batch sizes x eight seeds, 30 epochs each."""
    from volcast.models.engine.member_groups import Member
    from volcast.models.engine.training import train

    rows = build_engine_rows(ROWS + HELD_OUT)
    parts = np.arange(ROWS), np.arange(ROWS, ROWS + HELD_OUT)
    members = [
        Member(seed, *parts, rate, batch)
        for batch in MAP_BATCHES
        for rate in MAP_RATES
        for seed in range(MAP_SEEDS)
    ]
    start = time.perf_counter()
    trained = train(rows, members, build_engine_plan(MAP_EPOCHS, UNLIMITED_PATIENCE))
    seconds = time.perf_counter() - start
    return {
        "seconds": seconds,
        "networks": len(members),
        "diverged": int(trained.diverged.sum()),
        "peak_mib": _peak_mib(),
    }


def measure_full(rows: int) -> dict[str, float]:
    """Return the seconds of 8 members from a cold start to the early stop, and per epoch."""
    from volcast.models.engine.member_groups import Member
    from volcast.models.engine.training import train

    table = build_engine_rows(rows + rows // 5)
    parts = np.arange(rows), np.arange(rows, rows + rows // 5)
    members = [Member(seed, *parts, RATE, FULL_BATCH) for seed in range(8)]
    start = time.perf_counter()
    epochs = train(table, members, build_engine_plan(FULL_EPOCHS, FULL_PATIENCE)).epochs_run
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    train(table, members, build_engine_plan(3, UNLIMITED_PATIENCE))
    warm = (time.perf_counter() - start) / 3
    return {
        "seconds": seconds,
        "epochs": float(epochs.mean()),
        "ms_per_epoch_of_8": 1000 * warm,
        "us_per_row": 1e6 * warm / rows,
        "peak_mib": _peak_mib(),
    }


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MIB


def measure_speed() -> dict[str, float]:
    """Return the floating-point operations a second of large float32 matrix products."""
    matrix = np.ones((LIMIT_SIZE, LIMIT_SIZE), np.float32)
    seconds = []
    for _ in range(LIMIT_PRODUCTS):
        start = time.perf_counter()
        np.dot(matrix, matrix)
        seconds.append(time.perf_counter() - start)
    return {"per_second": 2 * LIMIT_SIZE**3 / min(seconds)}


def run_in_own_process(
    what: str, argument: str = "", environment: Mapping[str, str] | None = None
) -> dict[str, float]:
    """Return the figures of a measurement in a fresh process."""
    command = [sys.executable, __file__, "--only", what, argument]
    completed = subprocess.run(
        command,
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    figures: dict[str, float] = json.loads(completed.stdout.splitlines()[-1])
    return figures


def compute_median(rounds: list[dict[str, float]], key: str, digits: int = 2) -> float:
    """Return the median of a figure over rounds."""
    return round(statistics.median(figures[key] for figures in rounds), digits)


def measure_limits() -> dict[str, float]:
    """Return the least milliseconds a network and epoch, by implementation."""
    one = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    single, all_of_them = (
        1000 * count_operations() / run_in_own_process("speed", environment=own)["per_second"]
        for own in (one, None)
    )
    return {
        name: round(single if IMPLEMENTATIONS[name][1] == 1 else all_of_them, 3)
        for name in list_implementations()
    }


def compare(rounds: int) -> dict[str, Any]:
    """Return all figures; the implementations take turns."""
    names = list_implementations()
    turns = [
        {name: run_in_own_process("implementation", name) for name in names} for _ in range(rounds)
    ]
    by_name = {name: [turn[name] for turn in turns] for name in names}
    ms = {name: compute_median(results, "ms") for name, results in by_name.items()}
    ratios = {
        name: sorted(round(turn["keras_fit"]["ms"] / turn[name]["ms"], 1) for turn in turns)
        for name in names
    }
    maps = [run_in_own_process("map") for _ in range(rounds)]
    return {
        "ms_per_network_epoch": ms,
        "limit_ms": measure_limits(),
        "times_as_fast_as_fit": {name: statistics.median(own) for name, own in ratios.items()},
        "times_as_fast_as_fit_by_round": ratios,
        "peak_mib": {
            name: compute_median(results, "peak_mib", 0) for name, results in by_name.items()
        },
        "cold_50_epochs_seconds": measure_cold_starts(rounds),
        "map_seconds": compute_median(maps, "seconds"),
        "map_peak_mib": compute_median(maps, "peak_mib", 0),
        "full_training": {str(rows): run_in_own_process("full", str(rows)) for rows in FULL_ROWS},
    }


def measure_cold_starts(rounds: int) -> dict[str, float]:
    """Return the seconds of the first 50 epochs; `engine_1_stored` has its programs on disk."""
    found: dict[str, list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        stored = {"TF_XLA_FLAGS": f"--tf_xla_persistent_cache_directory={folder}"}
        run_in_own_process("cold", "engine_1", stored)
        for _ in range(rounds):
            for name in ("sklearn", "engine_1"):
                found.setdefault(name, []).append(run_in_own_process("cold", name))
            again = run_in_own_process("cold", "engine_1", stored)
            found.setdefault("engine_1_stored", []).append(again)
    return {name: compute_median(colds, "seconds") for name, colds in found.items()}


def print_tables(figures: dict[str, Any]) -> None:
    """Print the figures as tables."""
    titles = f"{'ms/network-epoch':>18}{'limit':>8}{'times fit':>11}{'rounds':>16}{'peak MiB':>10}"
    print(f"{'implementation':<20}{titles}")
    for name, ms in figures["ms_per_network_epoch"].items():
        ratio, peak = figures["times_as_fast_as_fit"][name], figures["peak_mib"][name]
        rounds = figures["times_as_fast_as_fit_by_round"][name]
        print(
            f"{name:<20}{ms:>18.2f}{figures['limit_ms'][name]:>8.2f}{ratio:>10.1f}x"
            f"{f'{rounds[0]:.0f} to {rounds[-1]:.0f}':>16}{peak:>10.0f}"
        )
    cold = "".join(f", {name} {x} s" for name, x in figures["cold_50_epochs_seconds"].items())
    print(f"\nfirst 50 epochs{cold}".replace("epochs,", "epochs:"))
    print(f"a map of 192 networks x 30 epochs: {figures['map_seconds']} s")
    titles = f"{'s to stop (8 nets)':>20}{'epochs':>8}{'ms/epoch':>13}{'us/row':>8}{'MiB':>7}"
    print(f"\n{'rows':>9}{titles}")
    for rows, full in figures["full_training"].items():
        seconds, epochs, ms, us, mib = (full[name] for name in FULL_FIGURES)
        print(f"{rows:>9}{seconds:>20.1f}{epochs:>8.1f}{ms:>13.0f}{us:>8.2f}{mib:>7.0f}")


def main() -> None:
    """Run the comparison, or the single measurement that `--only` names."""
    parser = build_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        what, argument = arguments.only
        measures: dict[str, Callable[[], dict[str, float]]] = {
            "implementation": lambda: measure_implementation(argument),
            "cold": lambda: measure_cold(argument),
            "map": measure_map,
            "speed": measure_speed,
            "full": lambda: measure_full(int(argument)),
        }
        print(json.dumps(measures[what]()))
        return
    figures = compare(arguments.rounds)
    print_tables(figures)
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
