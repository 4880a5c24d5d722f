"""Seconds and memory of each stage of a run, for panels of more and more tickers.

Usage: python -m benchmarks.scale --data PANEL.parquet [--tickers 50 200 800 3300]
    [--test-start 2014-01-02] [--models har harx] [--keep DIR] [--json FILE]

For each number, as many tickers are drawn from the panel (a table in long format, the same draw in
every run) and `volcast run --source files` is run in a process of its own, refitting once a year.
`peak_mib` is the largest resident memory of all its processes together, read twenty times a second;
pages of memory-mapped files count as long as they are in memory. `us_per_row` are the microseconds
per bar of each stage.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from benchmarks._output import build_parser, write_figures

SETTINGS = """
[data]
source = "files"
path = {path}

[split]
test_start = {test_start}
refit_every = 252

[target]
horizons = [1, 5, 22]

[baselines]
models = {models}
"""
SEED = 3
PAGE = os.sysconf("SC_PAGE_SIZE")
MIB = 2**20
INTERVAL = 0.05  # seconds between two readings of the memory
STAGES = ("download", "features", "train", "evaluate", "diagnose", "report")
TICKER_COLUMNS = ("ticker", "symbol", "Name")


def draw_tickers(panel: Path, count: int, target: Path) -> int:
    """Write the bars of `count` tickers, drawn at random, to `target`; return their number."""
    table = pq.read_table(panel)
    column = next(name for name in TICKER_COLUMNS if name in table.column_names)
    names = sorted(pc.unique(table[column].cast("string")).to_pylist())
    if count < len(names):
        drawn = np.random.default_rng(SEED).choice(np.array(names), count, replace=False)
        mask = pc.is_in(table[column].cast("string"), pc.cast(drawn.tolist(), "string"))
        table = table.filter(mask)
    pq.write_table(table, target)
    return int(table.num_rows)


def list_process_tree(root: int) -> list[int]:
    """Return the numbers of a process and of all its descendants."""
    children = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                after_name = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has ended
            children[int(after_name[1])].append(int(entry.name))
    found = [root]
    for process in found:
        found += children[process]
    return found


def read_resident_mib(root: int) -> float:
    """Return the resident memory of a process and its descendants."""
    pages = 0
    for process in list_process_tree(root):
        try:
            pages += int(Path(f"/proc/{process}/statm").read_text().split()[1])
        except (OSError, IndexError):
            continue  # it has ended
    return pages * PAGE / MIB


def run_measured(command: list[str]) -> tuple[dict[str, float], float]:
    """Run a command; return the peak MiB of its stages, and its seconds.

    A stage begins when the command prints its name.
    """
    start = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
    )
    peaks, lines = {"start": 0.0}, ["start"]

    def follow() -> None:
        for line in process.stdout or ():
            lines.append(line.strip())

    reader = threading.Thread(target=follow)
    reader.start()
    while process.poll() is None:
        stage = next(line for line in reversed(lines) if line in ("start", *STAGES))
        peaks[stage] = max(peaks.get(stage, 0.0), read_resident_mib(process.pid))
        time.sleep(INTERVAL)
    reader.join()
    if process.returncode:
        raise SystemExit("\n".join(lines[-20:]))
    return peaks, time.perf_counter() - start


def measure(arguments: argparse.Namespace, count: int, folder: Path) -> dict[str, Any]:
    """Return the figures of a run with `count` tickers."""
    data, settings, out = folder / "bars.parquet", folder / "volcast.toml", folder / "run"
    rows = draw_tickers(arguments.data, count, data)
    filled = SETTINGS.format(
        path=json.dumps(str(data)),
        test_start=arguments.test_start,
        models=json.dumps(arguments.models),
    )
    settings.write_text(filled)
    command = [sys.executable, "-m", "volcast", "run", "--config", str(settings)]
    peaks, seconds = run_measured([*command, "--out", str(out)])
    stages = json.loads((out / "manifest.json").read_text())["stages"]
    spent = {name: record["seconds"] for name, record in stages.items()}
    report = out / "report.html"
    return {
        "rows": rows,
        "seconds": round(seconds, 1),
        "peak_mib": round(max(peaks.values())),
        "stage_seconds": {name: round(own, 1) for name, own in spent.items()},
        "stage_peak_mib": {name: round(peak) for name, peak in peaks.items()},
        "us_per_row": {name: round(own / rows * 1e6, 2) for name, own in spent.items()},
        "report_mib": round(report.stat().st_size / MIB, 2),
    }


def main() -> None:
    """Measure and report."""
    parser = build_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a panel in long format")
    parser.add_argument("--tickers", type=int, nargs="+", default=[50, 200, 800, 3300])
    parser.add_argument("--test-start", default="2014-01-02", help="first tested day")
    parser.add_argument("--models", nargs="*", default=["har", "harx"], help="beside the network")
    parser.add_argument("--keep", type=Path, help="keep the run folders here")
    arguments = parser.parse_args()
    figures: dict[str, Any] = {}
    for count in arguments.tickers:
        with tempfile.TemporaryDirectory() as temporary:
            folder = arguments.keep / str(count) if arguments.keep else Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            figures[str(count)] = found = measure(arguments, count, folder)
        print(
            f"{count:>5} tickers, {found['rows']:>9,} bars: {found['seconds']:.0f} s, "
            f"{found['peak_mib']} MiB, report {found['report_mib']} MiB"
        )
        for name in found["stage_seconds"]:
            print(
                f"      {name:<10}{found['stage_seconds'][name]:>8.1f} s"
                f"{found['us_per_row'][name]:>9.2f} us a row"
                f"{found['stage_peak_mib'].get(name, 0):>8} MiB",
                flush=True,
            )
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
