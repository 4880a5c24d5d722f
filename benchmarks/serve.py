"""The server under load: latency, requests a second and memory, alone and beside a retraining.

A ledger of 500 tickers x 250 evenings is written for it: three horizons, the champion's forecast
and HAR's, and their outcomes. Clients of one process ask for the forecasts of tickers drawn at
random; the server is bound to one core, the clients to another.

Usage: python -m benchmarks.serve [--tickers 500] [--evenings 250] [--seconds 10] [--home DIR]
    [--json FILE]
"""

from __future__ import annotations

import argparse
import datetime as dt
import http.client
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

if __package__ in (None, ""):  # as a script
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np

from benchmarks._output import build_parser, print_figures, write_figures
from volcast.pipeline.data.calendars.sessions import following_sessions
from volcast.pipeline.home import Home
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.records import Forecast, Outcome

HORIZONS = (1, 5, 22)
FIRST = dt.date(2023, 1, 3)
EVENING = dt.time(23, 0, tzinfo=dt.UTC)
HOST = "127.0.0.1"
CLIENTS = 4  # threads that ask for throughput; one asks for latency
MEBIBYTE = 1024.0
SETTINGS = """
[data]
source = "sample"
tickers = ["^GSPC"]
[model]
members = 2
epochs = 30
pretrained = "none"
"""


def write_ledger(home: Home, tickers: int, evenings: int) -> None:
    """Write the forecasts and outcomes of all evenings."""
    names = [f"T{number:03d}" for number in range(tickers)]
    rng = np.random.default_rng(0)
    days = [day.date() for day in following_sessions("XNYS", FIRST, evenings + max(HORIZONS))]
    with Ledger.to_write(home.ledger) as ledger:
        for place, origin in enumerate(days[:evenings]):
            now = dt.datetime.combine(origin, EVENING)
            outcomes: list[Outcome] = []
            for horizon in (each for each in HORIZONS if place >= each):
                realized = 1e-4 * np.exp(rng.normal(0, 0.5, tickers))
                returns = rng.normal(0, 0.01, tickers) if horizon == 1 else [np.nan] * tickers
                past = days[place - horizon]
                outcomes += [
                    Outcome(past, name, horizon, float(value), float(back), "source")
                    for name, value, back in zip(names, realized, returns, strict=True)
                ]
            ledger.add_outcomes(outcomes, now=now)
            ledger.add_forecasts(_build_forecasts(names, days, place, rng), now=now)


def _build_forecasts(
    names: list[str], days: list[dt.date], place: int, rng: np.random.Generator
) -> list[Forecast]:
    """Return the forecasts of an evening."""
    found = []
    for horizon in HORIZONS:
        for model, role in (("network", "champion"), ("har", "fallback")):
            variance = 1e-4 * np.exp(rng.normal(0, 0.3, len(names)))
            found += [
                Forecast(
                    *(days[place], days[place + 1], days[place + horizon], horizon, name, "XNYS"),
                    *(model, "2" if model == "network" else "1", role),  # type: ignore[arg-type]
                    *(dt.datetime.combine(days[place], EVENING), "d" * 64, "c" * 64),
                    *(float(value), float(value / 2), float(value * 2)),
                    level_factor=1.1,
                    interval_level=0.9,
                )
                for name, value in zip(names, variance, strict=True)
            ]
    return found


class Server:
    """A server of a home in a process of its own, bound to one core."""

    def __init__(self, home: Home, core: int) -> None:
        words = ["serve", "--home", str(home.folder), "--port", "0", "--rate-limit", "0"]
        began = time.perf_counter()
        self.process = subprocess.Popen(
            ["taskset", "-c", str(core), sys.executable, "-m", "volcast", *words],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        line = self.process.stderr.readline()
        self.port = int(line.rpartition(":")[2])
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        ask(self.connect(), "/healthz")
        self.start_seconds = time.perf_counter() - began

    def connect(self) -> http.client.HTTPConnection:
        """Return a new connection."""
        return http.client.HTTPConnection(HOST, self.port, timeout=60)

    def read_cpu_seconds(self) -> float:
        """Return the processor time that the process has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def read_memory_mib(self, field: str) -> float:
        """Return a field of the memory in the process's status: VmRSS now, VmHWM at the most."""
        status = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        line = next(each for each in status if each.startswith(f"{field}:"))
        return int(line.split()[1]) / MEBIBYTE

    def stop(self) -> float:
        """End it with SIGTERM; return the seconds that it took."""
        began = time.perf_counter()
        self.process.terminate()
        assert self.process.wait(60) == 0
        return time.perf_counter() - began


def ask(connection: http.client.HTTPConnection, path: str) -> float:
    """Return the seconds of one request, which must succeed."""
    began = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, (path, answer.status, body[:200])
    return time.perf_counter() - began


def ask_for(server: Server, seconds: float, tickers: int, seed: int) -> list[float]:
    """Ask for the forecasts of random tickers over one connection; return all latencies."""
    connection, rng, latencies = server.connect(), random.Random(seed), []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        latencies.append(ask(connection, f"/v1/forecasts?ticker=T{rng.randrange(tickers):03d}"))
    return latencies


def measure_throughput(server: Server, seconds: float, tickers: int) -> dict[str, float]:
    """Return the requests a second that several clients get together, and by processor time.

    The second is what one core answers if nothing else runs on it.
    """
    used = server.read_cpu_seconds()
    found: list[list[float]] = []
    threads = [
        threading.Thread(target=lambda n=n: found.append(ask_for(server, seconds, tickers, n)))
        for n in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    count = sum(map(len, found))
    used = server.read_cpu_seconds() - used
    return {"requests_per_second": count / seconds, "requests_per_core_second": count / used}


def measure(folder: Path, arguments: argparse.Namespace) -> dict[str, float]:
    """Return all figures."""
    home = Home((arguments.home or folder / "home").absolute())
    if not home.ledger.exists():
        home.folder.mkdir(parents=True, exist_ok=True)
        (home.folder / "config.toml").write_text(SETTINGS)
        write_ledger(home, arguments.tickers, arguments.evenings)
    with Ledger.to_read(home.ledger) as ledger:
        rows = ledger.head().seq
    own, servers = sorted(os.sched_getaffinity(0))[:2]
    os.sched_setaffinity(0, {own})
    server = Server(home, servers)
    figures = {"rows": float(rows), "start_seconds": server.start_seconds}
    connection = server.connect()
    figures["scores_first_seconds"] = ask(connection, "/v1/scores")
    figures["scores_again_ms"] = 1000 * ask(connection, "/v1/scores")
    alone = ask_for(server, arguments.seconds, arguments.tickers, 99)
    figures |= describe("alone", alone)
    figures |= measure_throughput(server, arguments.seconds, arguments.tickers)
    connection = server.connect()  # the first was quiet for longer than the server keeps it
    for path in ("/", "/ticker/T001", "/v1/tickers", "/metrics", "/v1/forecasts?limit=1000"):
        figures[f"first_ms {path}"] = 1000 * ask(connection, path)
        figures[f"again_ms {path}"] = 1000 * ask(connection, path)
    beside, trained = measure_beside_training(server, arguments, folder / "trained")
    figures |= describe("beside_training", beside) | {"training_seconds": trained}
    figures["memory_mib"] = server.read_memory_mib("VmRSS")
    figures["memory_peak_mib"] = server.read_memory_mib("VmHWM")
    figures["stop_seconds"] = server.stop()
    return figures


def measure_beside_training(
    server: Server, arguments: argparse.Namespace, trained: Path
) -> tuple[list[float], float]:
    """Return latencies while `volcast retrain` runs on both cores, and the seconds it took."""
    trained.mkdir()
    settings = trained / "settings.toml"
    settings.write_text(SETTINGS)
    cores = ",".join(
        map(str, {*os.sched_getaffinity(server.process.pid), *os.sched_getaffinity(0)})
    )
    command = [
        sys.executable,
        "-m",
        "volcast",
        "retrain",
        "--quiet",
        "--home",
        str(trained / "home"),
    ]
    began = time.perf_counter()
    process = subprocess.Popen(
        ["taskset", "-c", cores, "nice", "-n", "10", *command, "--config", str(settings)],
        stdout=subprocess.DEVNULL,
    )
    latencies: list[float] = []
    while process.poll() is None:
        latencies += ask_for(server, 1.0, arguments.tickers, len(latencies))
    assert process.returncode in (0, 3), process.returncode
    return latencies, time.perf_counter() - began


def describe(name: str, latencies: list[float]) -> dict[str, float]:
    """Return median and 99th percentile in milliseconds."""
    median, tail = np.quantile(latencies, (0.5, 0.99)) * 1000
    return {f"{name}_median_ms": float(median), f"{name}_p99_ms": float(tail)}


def main() -> None:
    """Measure and report the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--tickers", type=int, default=500)
    parser.add_argument("--evenings", type=int, default=250)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--home", type=Path, help="keep the ledger here, and use it again")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), arguments)
    figures = {name: round(figure, 3) for name, figure in figures.items()}
    print_figures(figures, ",")
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
