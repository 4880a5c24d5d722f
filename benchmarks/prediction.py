"""Time and memory of a forecast: networks computed with NumPy, and called with Keras.

Usage: python -m benchmarks.prediction [--repeats 5] [--json FILE]

24 networks (8 members, 3 horizons) of 110 inputs and 32-16 hidden units, with swish. First fresh
processes load the saved regressor and forecast 500 rows; then the networks alone are computed in
this process. Both ways take turns, and medians are shown. `first_call` is that of the networks in
a fresh process.
"""

import resource
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

if __package__ in (None, ""):  # as a script
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np

from benchmarks._output import build_parser, print_figures, write_figures

INPUTS, HORIZONS, TRAINED, FORECAST = 110, 3, 2_000, 500
ROWS = (1, 500, 200_000)
WAYS = ("numpy", "keras")
KIB_PER_MIB, BYTES_PER_MIB = 1024, 1024**2


def simulate_rows(count: int) -> tuple[Any, Any]:
    """Return inputs (count, 110) and variances (count, 3)."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(count, INPUTS)).astype(np.float32)
    noise = 0.3 * rng.normal(size=(count, HORIZONS))
    return x, np.exp(0.3 * x[:, :1] + 0.1 * x[:, 1:2] ** 2 - 9.0 + noise)


def load_and_forecast(way: str, folder: Path) -> None:
    """Load the regressor of a folder, forecast, and print the first call's ms and the peak MiB."""
    from volcast.models.regressor.estimator import KerasVolatilityRegressor

    regressor = KerasVolatilityRegressor.load(folder)
    inputs, _ = regressor.inputs_.transform(simulate_rows(FORECAST)[0])
    compute = regressor.numpy_network_.compute_outputs
    if way == "keras":
        from volcast.models.backend import keras
        from volcast.models.engine.stacked_network import compute_outputs
        from volcast.models.regressor.storage import NETWORK

        compute = partial(compute_outputs, keras.saving.load_model(folder / NETWORK, compile=False))
    milliseconds = time_call(compute, inputs)
    print(milliseconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MIB)


def train_and_save(folder: Path) -> None:
    """Train a regressor for one epoch and save it."""
    from volcast.models.regressor.estimator import KerasVolatilityRegressor

    regressor = KerasVolatilityRegressor(1e-2, epochs=1, anchor=[0], purge=0)
    regressor.fit(*simulate_rows(TRAINED)).save(folder)


def measure_processes(folder: Path, repeats: int) -> dict[str, float]:
    """Return the medians of fresh processes: seconds, ms of the first call and peak MiB, by way."""
    found: dict[str, list[list[float]]] = {way: [] for way in WAYS}
    for _ in range(repeats):
        for way in WAYS:
            start = time.perf_counter()
            printed = run_in_own_process(way, folder)
            found[way].append([time.perf_counter() - start, *map(float, printed.split())])
    medians = {way: np.median(found[way], axis=0).tolist() for way in WAYS}
    figures = {
        f"{name}_{way}": medians[way][place]
        for place, name in enumerate(("process_seconds", f"first_call_ms_{FORECAST}", "peak_mib"))
        for way in WAYS
    }
    ratio = figures["process_seconds_numpy"] / figures["process_seconds_keras"]
    return figures | {"process_seconds_ratio": ratio}


def run_in_own_process(task: str, folder: Path) -> str:
    """Run one task of this script in a fresh process and return what it prints."""
    command = [sys.executable, "-m", "benchmarks.prediction", "--task", task]
    command += ["--folder", str(folder)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def measure_networks(folder: Path, repeats: int) -> dict[str, float]:
    """Return the milliseconds of the networks alone by number of rows, and their difference."""
    from volcast.models.engine.stacked_network import compute_outputs
    from volcast.models.regressor.estimator import KerasVolatilityRegressor

    regressor = KerasVolatilityRegressor.load(folder)
    numpy_network, keras_network = regressor.numpy_network_, regressor.network_
    figures: dict[str, float] = {}
    ways: dict[str, Callable[[Any], Any]] = {
        "numpy": numpy_network.compute_outputs,
        "keras": lambda inputs: compute_outputs(keras_network, inputs),
    }
    inputs = regressor.inputs_.transform(simulate_rows(max(ROWS))[0])[0]
    for count in ROWS:
        spent: dict[str, list[float]] = {way: [] for way in WAYS}
        for _ in range(repeats):
            for way, compute in ways.items():
                spent[way].append(time_call(compute, inputs[:count]))
        medians = {way: float(np.median(spent[way])) for way in WAYS}
        figures |= {f"ms_{way}_{count}": medians[way] for way in WAYS}
        figures[f"ratio_{count}"] = medians["numpy"] / medians["keras"]
    outputs = [compute(inputs[:FORECAST]) for compute in ways.values()]
    figures["largest_difference"] = float(np.abs(outputs[0] - outputs[1]).max())
    return figures | {"extra_mib_numpy": measure_extra_memory(ways["numpy"], inputs)}


def time_call(compute: Callable[[Any], Any], inputs: Any) -> float:
    """Return the milliseconds of one call."""
    start = time.perf_counter()
    compute(inputs)
    return 1000.0 * (time.perf_counter() - start)


def measure_extra_memory(compute: Callable[[Any], Any], inputs: Any) -> float:
    """Return the MiB that a call needs at its peak, beyond inputs and outputs."""
    tracemalloc.start()
    outputs = compute(inputs)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return float(peak - outputs.nbytes) / BYTES_PER_MIB


def main() -> None:
    """Train and save a regressor, then time its forecasts."""
    parser = build_parser(__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--task", choices=("train", *WAYS), help="of a process of its own")
    parser.add_argument("--folder", type=Path, help="of the saved regressor, with --task")
    arguments = parser.parse_args()
    if arguments.task == "train":
        train_and_save(arguments.folder)
        return
    if arguments.task:
        load_and_forecast(arguments.task, arguments.folder)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run_in_own_process("train", folder)
        figures = measure_processes(folder, arguments.repeats)
        figures |= measure_networks(folder, arguments.repeats)
    figures = {name: float(f"{figure:.4g}") for name, figure in figures.items()}
    print_figures(figures)
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
