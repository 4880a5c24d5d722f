"""A walk-forward on two nodes of a Ray cluster against one process, and what more nodes would do.

Usage: python -m benchmarks.cluster [--tickers 4] [--sessions 1500] [--epochs 60] [--json FILE]

Needs `pip install "volcast[cluster]"`. The panel is made up. A cluster is started on this machine,
a head without processors and two nodes of one; the folds are computed by one process with one
thread, then by the nodes, which get the panel through the object store. Prints whether the
forecasts are equal to the last bit, the ratio of the times from first fold to last with and without
the start of the workers, and the speed-up that 8, 32 and 128 nodes would bring:
start of a worker + transfer of the panel + the longest chain of folds, or, if longer, the
transfer and the writing of all results by the driver.
"""

import argparse
import heapq
import math
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks._output import build_parser, print_figures, write_figures
from tests.pipeline.samples import make_prices
from volcast.pipeline.backtest.fold_folder import save_fold
from volcast.pipeline.backtest.fold_work import build_fold_work
from volcast.pipeline.backtest.folds import build_folds
from volcast.pipeline.cluster.local_threads import ThreadExecutor
from volcast.pipeline.cluster.work import Answer, Executor, Work
from volcast.pipeline.config.settings import Config
from volcast.pipeline.panel.build import build_grids, build_panel
from volcast.pipeline.panel.panel_table import read_panel, write_panel
from volcast.pipeline.progress import Progress

NODES = (8, 32, 128)
BYTES_PER_SECOND = 125e6  # of a network of 1 Gbit/s
STORE = 200 * 2**20  # bytes of each object store


def build_work(arguments: argparse.Namespace, folder: Path) -> tuple[Work, list[Any], Config]:
    """Return the work over a made-up panel, and its folds."""
    names = [f"T{number:03d}" for number in range(arguments.tickers)]
    frames = [make_prices(name, seed, arguments.sessions) for seed, name in enumerate(names)]
    bars = pd.concat(frames, ignore_index=True).rename(columns={"date": "session"})
    config = Config.model_validate(
        {
            "data": {"source": "files", "path": "prices.csv"},
            "target": {"horizons": (1, 5)},
            "split": {"train_sessions": arguments.sessions // 2, "refit_every": arguments.every},
            "model": {"epochs": arguments.epochs, "pretrained": "none"},
            "baselines": {"models": ("har", "harx")},
        }
    )
    bars = bars.assign(adj_close=bars["close"], variance=np.nan)
    file = folder / "features.arrow"
    write_panel(file, build_panel(build_grids(bars, config), config))
    panel = read_panel(file)
    work = replace(build_fold_work(panel, file, config), threads=1)
    return work, build_folds(panel, config), config


def run_measured(
    executor: Executor, work: Work, folds: Sequence[Any]
) -> tuple[dict[int, Answer], float, float]:
    """Return the answers, the seconds, and those until the first fold began."""
    begun: list[float] = []
    started = time.perf_counter()
    answers = dict(
        executor.run(work, folds, Progress(), lambda _: begun.append(time.perf_counter()))
    )
    return answers, time.perf_counter() - started, begun[0] - started


def are_equal(one: dict[int, Answer], other: dict[int, Answer]) -> bool:
    """Return whether all forecasts and member tables are equal to the last bit."""
    return one.keys() == other.keys() and all(
        one[number].value.forecasts.equals(other[number].value.forecasts)
        and one[number].value.members.equals(other[number].value.members)
        for number in one
    )


def measure_writing(answers: dict[int, Answer], folder: Path) -> float:
    """Return the seconds that the driver takes to write a fold, on average."""
    started = time.perf_counter()
    for number, answer in answers.items():
        target = folder / str(number)
        target.mkdir()
        save_fold(target, answer, "key", (1, 5))
    return (time.perf_counter() - started) / len(answers)


def project(
    seconds: Sequence[float], nodes: int, *, ready: float, panel: float, result: float, write: float
) -> float:
    """Return the projected time of some folds on `nodes` nodes, in seconds.

    `panel` and `result` are bytes, `ready` the start of a worker and `write` the writing of a fold,
    in seconds. Nodes pass the panel on to each other; folds go to the node that is free first.
    """
    free = [0.0] * nodes
    for own in seconds:
        heapq.heappush(free, heapq.heappop(free) + own)
    spread = math.ceil(math.log2(nodes + 1)) * panel / BYTES_PER_SECOND
    driver = len(seconds) * (result / BYTES_PER_SECOND + write)
    return ready + spread + max(max(free), driver)


def main() -> None:
    """Measure, project and report."""
    parser = build_parser(__doc__)
    parser.add_argument("--tickers", type=int, default=4)
    parser.add_argument("--sessions", type=int, default=1500)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--every", type=int, default=63, help="sessions of a fold's test part")
    arguments = parser.parse_args()
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    from volcast.pipeline.cluster.ray_connection import connect
    from volcast.pipeline.cluster.ray_executor import RayExecutor

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        work, folds, _ = build_work(arguments, folder)
        serial, serial_seconds, _ = run_measured(ThreadExecutor(), work, folds)
        cluster = Cluster()
        cluster.add_node(num_cpus=0, include_dashboard=False, object_store_memory=STORE)
        for _ in range(2):
            cluster.add_node(num_cpus=1, object_store_memory=STORE)
        with connect(cluster.address):
            executor = RayExecutor(send=True)
            spread, spread_seconds, ready = run_measured(executor, work, folds)
        cluster.shutdown()
        write = measure_writing(serial, folder)
    transfer = executor.transfer
    # The first fold of a process compiles the programs and imports TensorFlow.
    warm = [answer.seconds for _, answer in sorted(serial.items())][1:]
    figures: dict[str, Any] = {
        "folds": len(folds),
        "equal to the last bit": are_equal(serial, spread),
        "serial seconds": serial_seconds,
        "seconds on two nodes": spread_seconds,
        "ratio": spread_seconds / serial_seconds,
        "ratio after the start of the workers": (spread_seconds - ready) / serial_seconds,
        "seconds until a worker is ready": ready,
        "seconds of the first fold": serial[0].seconds,
        "seconds of a later fold": float(np.mean(warm)),
        "seconds to write a fold": write,
        "bytes of the panel": transfer.shared_bytes,
        "bytes of a result": float(np.mean(transfer.result_bytes)),
    }
    cost = {
        "ready": ready + serial[0].seconds - figures["seconds of a later fold"],
        "panel": transfer.shared_bytes,
        "result": figures["bytes of a result"],
        "write": write,
    }
    for scale in (1, 60):
        own = [second * scale for second in warm for _ in range(math.ceil(256 / len(warm)))][:256]
        for nodes in NODES:
            name = f"projected speed-up, 256 folds of {np.mean(own):.1f} s, {nodes} nodes"
            figures[name] = sum(own) / project(own, nodes, **cost)
    print_figures(figures)
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
