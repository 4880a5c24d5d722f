"""The price store against a stand-in for Yahoo: completeness of the bars, and speed.

500 tickers x 1,260 sessions are downloaded by the real yfinance client, while a share of the
responses fails in various ways: an update is stopped half-way and another one goes on. Then they
are updated again, rechecked and read. `minutes_at_yahoos_limit` is what the first update takes at
the rate that volcast keeps to.

Usage: python -m benchmarks.store [--tickers 500] [--sessions 1260] [--faults 0.05] [--json FILE]
"""

import datetime as dt
import os
import statistics
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

if __package__ in (None, ""):  # as a script
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from benchmarks._output import build_parser, print_figures, write_figures
from tests.pipeline.data.yahoo_standin import Listing, StandIn
from volcast.pipeline.data.calendars.sessions import sessions_between
from volcast.pipeline.data.contract.bar_table import to_bar_table
from volcast.pipeline.data.download.circuit_breaker import RetryPolicy
from volcast.pipeline.data.download.downloader import Downloader
from volcast.pipeline.data.download.fetch_plan import OVERLAP
from volcast.pipeline.data.download.rate_limit import DEFAULT_RATE
from volcast.pipeline.data.download.update_request import UpdateRequest
from volcast.pipeline.data.download.update_result import collect_failures, format_summary
from volcast.pipeline.data.sources.yahoo import YahooClient
from volcast.pipeline.data.store.bar_log import SCHEMA, VALUE_COLUMNS
from volcast.pipeline.data.store.store import Store

NOW = dt.datetime(2024, 6, 1, 12, tzinfo=dt.UTC)
RATE = 10_000.0  # requests per second; a server on loopback needs no rate limit
QUICK = RetryPolicy(wait=0.01, max_wait=0.1, pause=0.1, max_pause=0.5, max_total_pause=60.0)
PRICES = ["open", "high", "low", "close", "adj_close"]
REPEATS = 5
QUARTER = 63  # sessions
CHANGE = SCHEMA.field("change").type


def simulate_bars(sessions: int, seed: int) -> pd.DataFrame:
    """Return bars of a random walk, rounded to float32 as Yahoo sends them."""
    days = sessions_between("XNYS", dt.date(2015, 1, 1), dt.date(2024, 5, 31))[-sessions:]
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, sessions)))
    opened = close * np.exp(rng.normal(0, 0.005, sessions))
    bars = pd.DataFrame({"open": opened, "close": close, "adj_close": close * 0.9}, index=days)
    bars["high"] = bars[["open", "close"]].max(axis=1) * 1.004
    bars["low"] = bars[["open", "close"]].min(axis=1) * 0.996
    bars[PRICES] = bars[PRICES].astype("float32").astype("float64")
    return bars.assign(volume=rng.integers(1_000, 1_000_000, sessions).astype("float64"))


def time_update(
    store: Store, tickers: list[str], *, recheck: bool = False, stop_after: int | None = None
) -> float:
    """Return the seconds of one update, and print its summary; or stop it after some tickers."""
    start = time.perf_counter()
    update = Downloader(YahooClient(5.0), store, UpdateRequest(NOW, recheck=recheck), RATE, QUICK)
    latest = {outcome.ticker: outcome for outcome in islice(update.run(tickers), stop_after)}
    seconds = time.perf_counter() - start
    print(format_summary(list(latest.values())), collect_failures(list(latest.values())) or "")
    return seconds


def compare_with_served(store: Store, served: dict[str, pd.DataFrame]) -> dict[str, int]:
    """Return the numbers of served bars, and of lost, repeated and unequal stored bars."""
    frames = [
        bars.rename_axis("session").reset_index().assign(ticker=t) for t, bars in served.items()
    ]
    expected = to_bar_table(pd.concat(frames)).set_index(["ticker", "session"])
    stored = store.bars(list(served)).set_index(["ticker", "session"])
    same = stored[~stored.index.duplicated()].reindex(expected.index)
    return {
        "bars_served": len(expected),
        "bars_lost": int(same["close"].isna().sum()),
        "bars_repeated": int(stored.index.duplicated().sum()),
        "bars_unequal": int(
            (same[[*PRICES, "volume"]] != expected[[*PRICES, "volume"]]).any(axis=1).sum()
        ),
    }


def build_daily_updated_store(folder: Path, tickers: int, sessions: int) -> Store:
    """Return a store as daily updates leave it, with one dividend and its overlap per quarter."""
    overlap = {day: range(day - OVERLAP, day + 1) for day in range(QUARTER, sessions, QUARTER)}
    parts = [np.array(overlap.get(day, [day])) for day in range(sessions)]
    session, vintage = np.concatenate(parts), np.repeat(range(sessions), [len(p) for p in parts])
    moment = pa.array(vintage * 86_400_000_000, pa.timestamp("us", tz="UTC"))
    columns = {
        "session": pa.array(session.astype("int32")).cast(pa.date32()),
        "change": pa.array(["new"] * len(session)).dictionary_encode().cast(CHANGE),
        "vintage": pa.array(vintage, pa.int32()),
        "basis": pa.array(np.zeros(len(session)), pa.int32()),
        "factor": pa.array(np.where(np.isin(vintage, list(overlap)), 0.995, 1.0)),
        "fetched_at": moment,
    }
    folder.mkdir()
    for number in range(tickers):
        values = np.random.default_rng(number).random((len(VALUE_COLUMNS), len(session)))
        numbers = {name: pa.array(row) for name, row in zip(VALUE_COLUMNS, values, strict=True)}
        table = pa.table(columns | numbers).select(SCHEMA.names).cast(SCHEMA)
        pq.write_table(table, folder / f"T{number}.parquet", compression="zstd")
    return Store(folder)


def time_reading(store: Store, tickers: list[str]) -> float:
    """Return the median seconds of loading all bars."""
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        store.bars(tickers)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def measure(folder: Path, tickers: int, sessions: int, faults: float) -> dict[str, float]:
    """Return all figures."""
    served = {f"T{number}": simulate_bars(sessions, number) for number in range(tickers)}
    store = Store(folder / "data")
    with StandIn(folder / "certificates") as standin:
        os.environ.update(standin.environment, XDG_CACHE_HOME=str(folder / "cache"))
        standin.listings = {name: Listing(bars) for name, bars in served.items()}
        standin.share = faults
        stopped = time_update(store, list(served), stop_after=tickers // 2)
        stored_then = len(store.tickers())
        figures = {"first_update_seconds": stopped + time_update(store, list(served))}
        requests = len(standin.requests)
        minutes = max(figures["first_update_seconds"], requests / DEFAULT_RATE) / 60
        figures |= {"stored_when_stopped": stored_then, "first_update_requests": requests}
        figures["minutes_at_yahoos_limit"] = minutes
        figures |= compare_with_served(store, served)
        standin.share = 0.0
        standin.requests.clear()
        figures["second_update_seconds"] = time_update(store, list(served))
        figures["second_update_requests"] = len(standin.requests)
        standin.requests.clear()
        figures["recheck_seconds"] = time_update(store, list(served), recheck=True)
        figures["recheck_requests_per_ticker"] = max(
            sum(f"/chart/{name}?" in request for request in standin.requests) for name in served
        )
        figures |= {
            f"{name}_at_the_end": n for name, n in compare_with_served(store, served).items()
        }
    figures["load_seconds"] = time_reading(store, list(served))
    grown = build_daily_updated_store(folder / "grown", tickers, sessions)
    return figures | {"load_seconds_grown_daily": time_reading(grown, list(served))}


def main() -> None:
    """Measure and report the figures."""
    parser = build_parser(__doc__)
    parser.add_argument("--tickers", type=int, default=500)
    parser.add_argument("--sessions", type=int, default=1260)
    parser.add_argument("--faults", type=float, default=0.05, help="share of responses that fail")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), arguments.tickers, arguments.sessions, arguments.faults)
    figures = {name: round(figure, 3) for name, figure in figures.items()}
    print_figures(figures, ",")
    write_figures(figures, arguments.json)


if __name__ == "__main__":
    main()
