"""Seconds and memory of an evening of the daily job without a training, for many tickers.

Usage: python -m benchmarks.evening --data PANEL.parquet [--tickers 3300] [--start 2013-01-01]
    [--keep DIR] [--json FILE]

As many tickers are drawn from the panel (a table in long format) as `benchmarks.scale` draws, with
their bars from `--start` on. `volcast retrain` runs on all sessions but the last two, and trains;
then with one more session, which brings a second evening without a training, and with the last.
There is no shadow period, which would take hours.
The last evening is reported: seconds, processor seconds, and the largest resident memory of the
command and its children; then the seconds of reading commands, and the size of the ledger.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks._output import build_parser, print_figures, write_figures
from benchmarks.scale import INTERVAL, MIB, draw_tickers, read_resident_mib

SETTINGS = """
[data]
source = "files"
path = {path}
start = {start}

[target]
horizons = [1, 5, 22]

[job]
shadow_sessions = 0
"""
DONE = (0, 3)  # exit statuses: everything was done, and alerts are open
READING = (("ledger", "show"), ("ledger", "score"), ("ledger", "verify"), ("models", "list"))


def run_command(*arguments: str) -> tuple[float, float, float]:
    """Run a volcast command; return its seconds, processor seconds and largest MiB."""
    command = [sys.executable, "-m", "volcast", *arguments]
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    largest = 0.0
    while process.poll() is None:
        largest = max(largest, read_resident_mib(process.pid))
        time.sleep(INTERVAL)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode not in DONE:
        raise SystemExit(process.communicate()[0].decode())
    own = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, own, largest


def write_evenings(panel: pd.DataFrame, data: Path, start: str) -> list[Path]:
    """Write the bars up to each of the last three sessions; return the files."""
    session = pd.to_datetime(panel["date" if "date" in panel else "session"])
    files = []
    for number, last in enumerate(sorted(session.unique())[-3:]):
        file = data.with_name(f"bars-{number}.parquet")
        panel[(session >= pd.Timestamp(start)) & (session <= last)].to_parquet(file, index=False)
        files.append(file)
    return files


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Return the figures of the last evening."""
    home, data, settings = (folder / name for name in ("home", "bars.parquet", "volcast.toml"))
    draw_tickers(arguments.data, arguments.tickers, data)
    files = write_evenings(pd.read_parquet(data), data, arguments.start)
    filled = SETTINGS.format(path=json.dumps(str(data)), start=arguments.start)
    settings.write_text(filled)
    evenings = []
    for file in files:
        file.replace(data)
        evenings.append(
            run_command("retrain", "--config", str(settings), "--home", str(home), "--if-due")
        )
    reading = {
        " ".join(command): round(run_command(*command, "--home", str(home))[1], 2)
        for command in READING
    }
    (first, _, _), (seconds, processor, peak) = evenings[0], evenings[-1]
    return {
        "tickers": arguments.tickers,
        "bars": len(pd.read_parquet(data, columns=[])),
        "seconds_with_training": round(first, 1),
        "seconds": round(seconds, 1),
        "processor_seconds": round(processor, 1),
        "peak_mib": round(peak),
        "ledger_mib": round((home / "ledger.db").stat().st_size / MIB, 1),
        "processor_seconds_of": reading,
    }


def main() -> None:
    """Measure and report."""
    parser = build_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a panel in long format")
    parser.add_argument("--tickers", type=int, default=3300)
    parser.add_argument("--start", default="2013-01-01", help="first day of the bars")
    parser.add_argument("--keep", type=Path, help="keep the home here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        figures = measure(arguments, folder)
    print_figures(figures)
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
