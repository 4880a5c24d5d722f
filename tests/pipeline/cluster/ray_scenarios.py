"""What a real Ray cluster does, as JSON: a head without processors and two nodes with one each.

Usage: python -m tests.pipeline.cluster.ray_scenarios FOLDER [SETTINGS SERIAL_RUN]

In a process of its own: Ray opens sockets, which the tests may not. With settings, the run of a
driver that is killed and the run of workers that are killed are compared with a serial run.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import ray
from ray.cluster_utils import Cluster

from tests.pipeline.cluster.units import (
    KILL_SELF,
    WAIT_FOREVER,
    add_slowly,
    fail,
    kill_always,
    make_array,
    make_work,
    read_size,
    trouble_once,
)
from volcast.pipeline.cluster.ray_connection import connect
from volcast.pipeline.cluster.ray_executor import RayExecutor
from volcast.pipeline.cluster.work import CollectedNotes, Work

STARTS = 3
NODE = {
    "num_cpus": 1,
    "object_store_memory": 80 * 2**20,  # Ray's least is 75 MiB
    "include_log_monitor": False,
}


def start_cluster() -> Cluster:
    """Return a running cluster; on a busy machine Ray's patience of 30 s for a node may not do."""
    for attempt in range(STARTS):
        cluster = Cluster()
        try:
            cluster.add_node(**NODE | {"num_cpus": 0}, include_dashboard=False, no_monitor=True)
            for _ in range(2):
                cluster.add_node(**NODE)
            return cluster
        except Exception as error:
            print(f"start {attempt + 1}: {error}", file=sys.stderr)
            cluster.shutdown()
    raise SystemExit(f"no cluster after {STARTS} starts")


def collect(work: Work, units: list, **options: Any) -> dict[str, Any]:
    progress, executor = CollectedNotes(), RayExecutor(**options)
    values: dict[int, Any] = {}
    error = ""
    try:
        for number, answer in executor.run(work, units, progress, lambda _: None):
            values[number] = answer.value
    except Exception as raised:
        error = f"{type(raised).__name__}: {raised}"
    return {
        "values": values,
        "notes": progress.notes,
        "error": error,
        "shared_bytes": executor.transfer.shared_bytes,
        "result_bytes": executor.transfer.result_bytes,
    }


def kill_worker_and_node(cluster: Cluster, folder: Path) -> dict[str, Any]:
    """Unit 1 kills its worker, unit 3 waits until its node is killed."""
    work = make_work(folder / "n", trouble_once, marker=folder / "m")
    node = cluster.add_node(**NODE)
    compute = partial(wait_on_node, node=node.node_id, inner=work.compute)
    killer = threading.Thread(target=kill_node, args=(cluster, node, folder / f"m.{WAIT_FOREVER}"))
    killer.start()
    units = [(1, KILL_SELF), (2, 0), (3, WAIT_FOREVER), (4, WAIT_FOREVER), (5, WAIT_FOREVER)]
    found = collect(Work(compute, work.load, work.file, work.shared), units)
    killer.join()
    return found


def wait_on_node(shared, unit, progress, *, node, inner):
    """Only a unit on the node that will be killed waits; on others it is computed."""
    number, fate = unit
    here = ray.get_runtime_context().get_node_id()
    return inner(shared, (number, 0 if fate == WAIT_FOREVER and here != node else fate), progress)


def kill_node(cluster: Cluster, node: Any, marker: Path) -> None:
    while not marker.exists():
        time.sleep(0.05)
    cluster.remove_node(node, allow_graceful=False)


def spill(folder: Path) -> dict[str, Any]:
    path, size = folder / "large", 200 * 2**20
    path.write_bytes(np.random.default_rng(0).bytes(size))
    found = collect(Work(make_array, read_size, path, size), [1, 2, 3, 4], send=True)
    found["values"] = {n: [array[0], array[-1]] for n, array in found["values"].items()}
    return found


def refuse_version(cluster: Cluster, folder: Path) -> dict[str, Any]:
    package = folder / "old" / "volcast" / "pipeline"
    package.mkdir(parents=True)
    for each in (package, package.parent):
        (each / "__init__.py").touch()
    (package / "version.py").write_text('__version__ = "0.1.9"\n')
    paths = os.pathsep.join([str(folder / "old"), os.environ["PYTHONPATH"]])
    old = cluster.add_node(**NODE, env_vars={"PYTHONPATH": paths})
    found = collect(make_work(folder / "v", add_slowly), list(range(6)))
    cluster.remove_node(old)
    return found


def run_volcast(settings: str, out: Path, address: str, until: Path | None = None) -> str:
    """Run on the cluster, killed when `until` exists; return what it said."""
    words = ["run", "--config", settings, "--out", str(out), "--cluster", address]
    process = subprocess.Popen(
        [sys.executable, "-m", "volcast", *words], stderr=subprocess.PIPE, text=True
    )
    while until is not None and process.poll() is None and not until.exists():
        time.sleep(0.005)
    if until is not None:
        process.send_signal(signal.SIGKILL)
    return f"{process.communicate()[1]}exit code {process.returncode}"


def main() -> None:
    """Run the scenarios and print what they did."""
    folder = Path(sys.argv[1])
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # Ray reads this name as it is written; a node on a busy machine takes long.
    os.environ["RAY_agent_register_timeout_ms"] = "300000"  # noqa: SIM112
    found: dict[str, Any] = {}

    def measure(name: str, scenario: Callable[[], Any]) -> None:
        started = time.perf_counter()
        found[name] = scenario()
        print(name, round(time.perf_counter() - started, 1), file=sys.stderr, flush=True)

    with contextlib.redirect_stdout(sys.stderr):
        cluster = start_cluster()
        if len(sys.argv) > 2:
            settings, run = sys.argv[2], folder / "run"
            first = run / "model" / "fold-000"
            measure("killed", lambda: run_volcast(settings, run, cluster.address, first))
            measure("resumed", lambda: run_volcast(settings, run, cluster.address))
        else:
            with connect(cluster.address):
                work = make_work(folder / "a")
                measure("plain", lambda: collect(work, [1, 2, 3]))
                measure("failed", lambda: collect(make_work(folder / "b", fail), [7]))
                deadly = make_work(folder / "c", kill_always)
                measure("given up", lambda: collect(deadly, [KILL_SELF]))
                measure("killed", lambda: kill_worker_and_node(cluster, folder))
                measure("spilled", lambda: spill(folder))
                measure("refused", lambda: refuse_version(cluster, folder))
        cluster.shutdown()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
