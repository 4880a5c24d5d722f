"""Time and memory of training: scikit-learn, `keras.Model.fit` and the engine on the same rows.

Usage: python -m benchmarks.training [--rounds 3] [--json FILE]

4,000 rows x 12 features and 800 validation rows, 64-32-1, Adam, batch 32; every implementation
validates and applies early stopping. Each measurement runs in a process of its own, which also
gives its peak memory; medians over rounds are shown. Then 50 epochs from a cold start, a map of 192
networks, and trainings until the early stop on up to a million rows, all with compilation.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

if __package__ in (None, ""):  # as a script
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np

from benchmarks._output import build_parser, write_figures

ROWS, HELD_OUT, FEATURES, BATCH, HIDDEN, RATE = 4_000, 800, 12, 32, (64, 32), 1e-3
UNLIMITED_PATIENCE, COLD_EPOCHS = 10**6, 50
MAP_RATES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
MAP_BATCHES, MAP_SEEDS, MAP_EPOCHS = (16, 64, 256, 1024), 8, 30
FULL_ROWS = (1_000, 10_000, 100_000, 200_000, 400_000, 1_000_000)
FULL_BATCH, FULL_EPOCHS, FULL_PATIENCE = 256, 40, 3
FULL_FIGURES = ("seconds", "epochs", "ms_per_epoch_of_8", "peak_mib")
KIB_PER_MIB = 1024


def simulate_rows(rows: int) -> tuple[Any, Any]:
    """Return inputs (rows, 12) and a target (rows,) that a network can partly learn."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, FEATURES)).astype(np.float32)
    y = x[:, 0] + x[:, 1] * x[:, 2] + rng.normal(size=rows)
    return x, y.astype(np.float32)


def prepare_sklearn() -> Callable[[int], None]:
    """Return a function that trains an MLPRegressor for a number of epochs."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPRegressor

    warnings.simplefilter("ignore", ConvergenceWarning)
    x, y = simulate_rows(ROWS + HELD_OUT)

    def train(epochs: int) -> None:
        MLPRegressor(
            hidden_layer_sizes=HIDDEN,
            batch_size=BATCH,
            max_iter=epochs,
            early_stopping=True,
            validation_fraction=HELD_OUT / (ROWS + HELD_OUT),
            n_iter_no_change=UNLIMITED_PATIENCE,
        ).fit(x, y)

    return train


def prepare_keras(**compiling: Any) -> Callable[[int], None]:
    """Return a function that trains a compiled Keras model for a number of epochs with `fit`."""
    from volcast.models.backend import keras

    x, y = simulate_rows(ROWS + HELD_OUT)
    model = keras.Sequential(
        [
            keras.Input((FEATURES,)),
            *(keras.layers.Dense(units, "relu") for units in HIDDEN),
            keras.layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.Adam(RATE), "mse", **compiling)

    def train(epochs: int) -> None:
        stopping = keras.callbacks.EarlyStopping(
            patience=UNLIMITED_PATIENCE, restore_best_weights=True
        )
        model.fit(
            x[:ROWS],
            y[:ROWS],
            batch_size=BATCH,
            epochs=epochs,
            validation_data=(x[ROWS:], y[ROWS:]),
            callbacks=[stopping],
            verbose=0,
        )

    return train


def prepare_engine(count: int) -> Callable[[int], None]:
    """Return a function that trains several members for a number of epochs with the engine."""
    from volcast.models.engine.member_groups import Member
    from volcast.models.engine.training import train

    rows = build_engine_rows(ROWS + HELD_OUT)
    parts = np.arange(ROWS), np.arange(ROWS, ROWS + HELD_OUT)
    members = [Member(seed, *parts, RATE, BATCH) for seed in range(count)]

    def train_members(epochs: int) -> None:
        train(rows, members, build_engine_plan(epochs, UNLIMITED_PATIENCE))

    return train_members


def build_engine_rows(count: int) -> Any:
    """Return the simulated rows in the form that the engine takes."""
    from volcast.models.engine.member_groups import Rows

    x, y = simulate_rows(count)
    return Rows(x, np.zeros((count, 1), np.float32), y[:, None])


def build_engine_plan(epochs: int, patience: int) -> Any:
    """Return the training plan of the network that all implementations train."""
    from volcast.models.engine.optimization import Optimization
    from volcast.models.engine.stacked_network import Architecture
    from volcast.models.engine.training import TrainingPlan

    network = Architecture(FEATURES, 1, HIDDEN, "relu")
    return TrainingPlan(network, Optimization(loss="mse"), epochs=epochs, patience=patience)


# By name: what prepares the training, the networks it trains, and the epochs that are timed.
IMPLEMENTATIONS: dict[str, tuple[Callable[[], Callable[[int], None]], int, int]] = {
    "sklearn": (prepare_sklearn, 1, 20),
    "keras_fit": (prepare_keras, 1, 10),
    "keras_fit_compiled": (
        partial(prepare_keras, jit_compile=True, steps_per_execution=ROWS // BATCH),
        1,
        10,
    ),
    "engine_1": (partial(prepare_engine, 1), 1, 100),
    "engine_8": (partial(prepare_engine, 8), 8, 50),
    "engine_32": (partial(prepare_engine, 32), 32, 30),
    "engine_128": (partial(prepare_engine, 128), 128, 15),
}


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
        "peak_mib": _peak_mib(),
    }


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MIB


def run_in_own_process(what: str, argument: str = "") -> dict[str, float]:
    """Return the figures of a measurement in a fresh process."""
    command = [sys.executable, __file__, "--only", what, argument]
    completed = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(completed.stdout.splitlines()[-1])
    return figures


def compute_median(rounds: list[dict[str, float]], key: str, digits: int = 2) -> float:
    """Return the median of a figure over rounds."""
    return round(statistics.median(figures[key] for figures in rounds), digits)


def compare(rounds: int) -> dict[str, Any]:
    """Return all figures; the implementations take turns."""
    turns = [
        {name: run_in_own_process("implementation", name) for name in IMPLEMENTATIONS}
        for _ in range(rounds)
    ]
    colds = [
        {name: run_in_own_process("cold", name) for name in ("sklearn", "engine_1")}
        for _ in range(rounds)
    ]
    by_name = {name: [turn[name] for turn in turns] for name in IMPLEMENTATIONS}
    ms = {name: compute_median(results, "ms") for name, results in by_name.items()}
    maps = [run_in_own_process("map") for _ in range(rounds)]
    return {
        "ms_per_network_epoch": ms,
        "times_as_fast_as_fit": {name: round(ms["keras_fit"] / x, 1) for name, x in ms.items()},
        "peak_mib": {
            name: compute_median(results, "peak_mib", 0) for name, results in by_name.items()
        },
        "cold_50_epochs_seconds": {
            name: compute_median([cold[name] for cold in colds], "seconds") for name in colds[0]
        },
        "map_seconds": compute_median(maps, "seconds"),
        "map_peak_mib": compute_median(maps, "peak_mib", 0),
        "full_training": {str(rows): run_in_own_process("full", str(rows)) for rows in FULL_ROWS},
    }


def print_tables(figures: dict[str, Any]) -> None:
    """Print the figures as tables."""
    print(f"{'implementation':<20}{'ms/network-epoch':>20}{'times fit':>13}{'peak MiB':>10}")
    for name, ms in figures["ms_per_network_epoch"].items():
        ratio, peak = figures["times_as_fast_as_fit"][name], figures["peak_mib"][name]
        print(f"{name:<20}{ms:>20.2f}{ratio:>12.1f}x{peak:>10.0f}")
    cold = figures["cold_50_epochs_seconds"]
    print(f"\nfirst 50 epochs: sklearn {cold['sklearn']} s, engine {cold['engine_1']} s")
    print(f"a map of 192 networks x 30 epochs: {figures['map_seconds']} s")
    print(f"\n{'rows':>9}{'s to stop (8 nets)':>20}{'epochs':>8}{'ms/epoch':>13}{'MiB':>7}")
    for rows, full in figures["full_training"].items():
        seconds, epochs, ms, mib = (full[name] for name in FULL_FIGURES)
        print(f"{rows:>9}{seconds:>20.1f}{epochs:>8.1f}{ms:>13.0f}{mib:>7.0f}")


def main() -> None:
    """Run the comparison, or the single measurement that `--only` names."""
    parser = build_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        what, argument = arguments.only
        measures: dict[str, Callable[[], dict[str, float]]] = {
            "implementation": lambda: measure_implementation(argument),
            "cold": lambda: measure_cold(argument),
            "map": measure_map,
            "full": lambda: measure_full(int(argument)),
        }
        print(json.dumps(measures[what]()))
        return
    figures = compare(arguments.rounds)
    print_tables(figures)
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
