"""What training costs: scikit-learn, `keras.Model.fit` and the engine, on the same rows.

Usage: python benchmarks/training.py [--rounds 3] [--json FILE]

4,000 rows x 12 features and 800 to validate on, 64-32-1, Adam, batch 32, with validation and early
stopping kept up in every way. Each measurement runs in a process of its own, which also gives its
peak memory; rounds alternate the ways, and medians over rounds are shown. Then one network from
cold to 50 epochs, a map of 192 networks, and trainings to the early stop of up to a million rows,
all with compilation and without imports.
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

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np

ROWS, HELD_OUT, FEATURES, BATCH, HIDDEN, RATE = 4_000, 800, 12, 32, (64, 32), 1e-3
NEVER = 10**6  # epochs of patience
COLD_EPOCHS = 50
MAP_RATES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
MAP_BATCHES = (16, 64, 256, 1024)
MAP_SEEDS, MAP_EPOCHS = 8, 30
FULL_ROWS = (1_000, 10_000, 100_000, 200_000, 400_000, 1_000_000)
FULL_BATCH, FULL_EPOCHS, FULL_PATIENCE = 256, 40, 3
KIB_PER_MIB = 1024


def made_up(rows: int) -> tuple[Any, Any]:
    """Return inputs (rows, 12) and a target (rows,) that a network can learn a part of."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, FEATURES)).astype(np.float32)
    y = x[:, 0] + x[:, 1] * x[:, 2] + rng.normal(size=rows)
    return x, y.astype(np.float32)


def sklearn_epochs() -> Callable[[int], None]:
    """Return what trains an MLPRegressor for so many epochs."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPRegressor

    warnings.simplefilter("ignore", ConvergenceWarning)
    x, y = made_up(ROWS + HELD_OUT)

    def train(epochs: int) -> None:
        MLPRegressor(
            hidden_layer_sizes=HIDDEN,
            batch_size=BATCH,
            max_iter=epochs,
            early_stopping=True,
            validation_fraction=HELD_OUT / (ROWS + HELD_OUT),
            n_iter_no_change=NEVER,
        ).fit(x, y)

    return train


def keras_epochs(**compiling: Any) -> Callable[[int], None]:
    """Return what trains a compiled Keras model for so many epochs by `fit`."""
    from volcast.models.backend import keras

    x, y = made_up(ROWS + HELD_OUT)
    model = keras.Sequential(
        [
            keras.Input((FEATURES,)),
            *(keras.layers.Dense(units, "relu") for units in HIDDEN),
            keras.layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.Adam(RATE), "mse", **compiling)

    def train(epochs: int) -> None:
        stopping = keras.callbacks.EarlyStopping(patience=NEVER, restore_best_weights=True)
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


def engine_epochs(members: int) -> Callable[[int], None]:
    """Return what trains so many members for so many epochs by the engine."""
    from volcast.models.engine.member_groups import Member
    from volcast.models.engine.training import train

    rows = engine_rows(ROWS + HELD_OUT)
    parts = np.arange(ROWS), np.arange(ROWS, ROWS + HELD_OUT)
    team = [Member(seed, *parts, RATE, BATCH) for seed in range(members)]

    def train_team(epochs: int) -> None:
        train(rows, team, engine_plan(epochs, NEVER))

    return train_team


def engine_rows(count: int) -> Any:
    """Return the made-up rows as the engine takes them."""
    from volcast.models.engine.member_groups import Rows

    x, y = made_up(count)
    return Rows(x, np.zeros((count, 1), np.float32), y[:, None])


def engine_plan(epochs: int, patience: int) -> Any:
    """Return the plan of the network that all ways train."""
    from volcast.models.engine.optimization import Optimization
    from volcast.models.engine.stacked_network import Architecture
    from volcast.models.engine.training import TrainingPlan

    network = Architecture(FEATURES, 1, HIDDEN, "relu")
    return TrainingPlan(network, Optimization(loss="mse"), epochs=epochs, patience=patience)


# The name of a way, what makes it, the networks it trains, and the epochs that are timed.
WAYS: dict[str, tuple[Callable[[], Callable[[int], None]], int, int]] = {
    "sklearn": (sklearn_epochs, 1, 20),
    "keras_fit": (keras_epochs, 1, 10),
    "keras_fit_compiled": (
        partial(keras_epochs, jit_compile=True, steps_per_execution=ROWS // BATCH),
        1,
        10,
    ),
    "engine_1": (partial(engine_epochs, 1), 1, 100),
    "engine_8": (partial(engine_epochs, 8), 8, 50),
    "engine_32": (partial(engine_epochs, 32), 32, 30),
    "engine_128": (partial(engine_epochs, 128), 128, 15),
}


def measure_way(name: str) -> dict[str, float]:
    """Return milliseconds a network-epoch once warm, and the peak memory."""
    make, networks, epochs = WAYS[name]
    train = make()
    train(1)
    start = time.perf_counter()
    train(epochs)
    seconds = time.perf_counter() - start
    return {"ms": 1000 * seconds / epochs / networks, "peak_mib": _peak_mib()}


def measure_cold(name: str) -> dict[str, float]:
    """Return the seconds of 50 epochs from cold, imports aside."""
    train = WAYS[name][0]()
    if name.startswith("engine"):
        import volcast.models.engine.training  # noqa: F401  as the other ways have imported theirs
    start = time.perf_counter()
    train(COLD_EPOCHS)
    return {"seconds": time.perf_counter() - start}


def measure_map() -> dict[str, float]:
    """Return the seconds of six rates x four batch sizes x eight seeds, 30 epochs each."""
    from volcast.models.engine.member_groups import Member
    from volcast.models.engine.training import train

    rows = engine_rows(ROWS + HELD_OUT)
    parts = np.arange(ROWS), np.arange(ROWS, ROWS + HELD_OUT)
    team = [
        Member(seed, *parts, rate, batch)
        for batch in MAP_BATCHES
        for rate in MAP_RATES
        for seed in range(MAP_SEEDS)
    ]
    start = time.perf_counter()
    trained = train(rows, team, engine_plan(MAP_EPOCHS, NEVER))
    seconds = time.perf_counter() - start
    return {
        "seconds": seconds,
        "networks": len(team),
        "diverged": int(trained.diverged.sum()),
        "peak_mib": _peak_mib(),
    }


def measure_full(rows: int) -> dict[str, float]:
    """Return the seconds from cold to the early stop of 8 members, and of an epoch."""
    from volcast.models.engine.member_groups import Member
    from volcast.models.engine.training import train

    table = engine_rows(rows + rows // 5)
    parts = np.arange(rows), np.arange(rows, rows + rows // 5)
    team = [Member(seed, *parts, RATE, FULL_BATCH) for seed in range(8)]
    start = time.perf_counter()
    epochs = train(table, team, engine_plan(FULL_EPOCHS, FULL_PATIENCE)).epochs_run
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    train(table, team, engine_plan(3, NEVER))
    warm = (time.perf_counter() - start) / 3
    return {
        "seconds": seconds,
        "epochs": float(epochs.mean()),
        "ms_an_epoch_of_8": 1000 * warm,
        "peak_mib": _peak_mib(),
    }


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MIB


def in_own_process(what: str, argument: str = "") -> dict[str, float]:
    """Return what a measurement in a fresh process says."""
    command = [sys.executable, __file__, "--only", what, argument]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(answer.stdout.splitlines()[-1])
    return figures


def median_of(rounds: list[dict[str, float]], key: str, digits: int = 2) -> float:
    """Return the median of a figure over rounds."""
    return round(statistics.median(figures[key] for figures in rounds), digits)


def compare(rounds: int) -> dict[str, Any]:
    """Return all figures; the ways take turns."""
    turns = [{name: in_own_process("way", name) for name in WAYS} for _ in range(rounds)]
    colds = [
        {name: in_own_process("cold", name) for name in ("sklearn", "engine_1")}
        for _ in range(rounds)
    ]
    of_way = {name: [turn[name] for turn in turns] for name in WAYS}
    ms = {name: median_of(found, "ms") for name, found in of_way.items()}
    maps = [in_own_process("map") for _ in range(rounds)]
    return {
        "ms_per_network_epoch": ms,
        "times_as_fast_as_fit": {name: round(ms["keras_fit"] / x, 1) for name, x in ms.items()},
        "peak_mib": {name: median_of(found, "peak_mib", 0) for name, found in of_way.items()},
        "cold_50_epochs_seconds": {
            name: median_of([cold[name] for cold in colds], "seconds") for name in colds[0]
        },
        "map_seconds": median_of(maps, "seconds"),
        "map_peak_mib": median_of(maps, "peak_mib", 0),
        "full_training": {str(rows): in_own_process("full", str(rows)) for rows in FULL_ROWS},
    }


def show(figures: dict[str, Any]) -> None:
    """Print the figures as tables."""
    print(f"{'way':<20}{'ms a network-epoch':>20}{'against fit':>13}{'peak MiB':>10}")
    for name, ms in figures["ms_per_network_epoch"].items():
        ratio, peak = figures["times_as_fast_as_fit"][name], figures["peak_mib"][name]
        print(f"{name:<20}{ms:>20.2f}{ratio:>12.1f}x{peak:>10.0f}")
    cold = figures["cold_50_epochs_seconds"]
    print(f"\n50 epochs from cold: sklearn {cold['sklearn']} s, engine {cold['engine_1']} s")
    print(f"a map of 192 networks x 30 epochs: {figures['map_seconds']} s")
    print(f"\n{'rows':>9}{'s to the stop of 8':>20}{'epochs':>8}{'ms an epoch':>13}{'MiB':>7}")
    for rows, full in figures["full_training"].items():
        numbers = (full["seconds"], full["epochs"], full["ms_an_epoch_of_8"], full["peak_mib"])
        print(
            f"{rows:>9}{numbers[0]:>20.1f}{numbers[1]:>8.1f}{numbers[2]:>13.0f}{numbers[3]:>7.0f}"
        )


def main() -> None:
    """Run the comparison, or the one measurement that a process of it is for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--only", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        what, argument = arguments.only
        measures: dict[str, Callable[[], dict[str, float]]] = {
            "way": lambda: measure_way(argument),
            "cold": lambda: measure_cold(argument),
            "map": measure_map,
            "full": lambda: measure_full(int(argument)),
        }
        print(json.dumps(measures[what]()))
        return
    figures = compare(arguments.rounds)
    show(figures)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
