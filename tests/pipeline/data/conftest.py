"""Bars made by hand, and the stand-in for Yahoo."""

import datetime as dt
import itertools

import numpy as np
import pandas as pd
import pytest
import stamina

from tests.pipeline.data.tiingo_standin import KEY, TiingoStandIn
from tests.pipeline.data.yahoo_standin import StandIn
from volcast.pipeline.data.calendars.sessions import sessions_between
from volcast.pipeline.data.contract.bar_table import BAR_COLUMNS
from volcast.pipeline.data.contract.source import Request
from volcast.pipeline.data.download.circuit_breaker import RetryPolicy
from volcast.pipeline.data.sources.stored import StoredSource, StoreOptions
from volcast.pipeline.data.sources.tiingo import ATTEMPTS
from volcast.pipeline.data.sources.yahoo import YahooClient

QUICK = RetryPolicy(wait=0.001, max_wait=0.01, pause=0.05, max_pause=0.1, max_total_pause=0.3)
NOW = dt.datetime(2024, 6, 1, 12, tzinfo=dt.UTC)


def make_bars(ticker="AAA", first="2024-01-02", last="2024-01-31", level=100.0) -> pd.DataFrame:
    """Clean bars on New York's sessions; prices are exact in float32, as Yahoo sends them."""
    sessions = sessions_between("XNYS", pd.Timestamp(first), pd.Timestamp(last))
    steps = np.arange(len(sessions))
    close = level + steps % 7
    return pd.DataFrame(
        {
            "ticker": ticker,
            "session": sessions,
            "open": close - 0.5,
            "high": close + 1.0,
            "low": close - 1.0,
            "close": close,
            "adj_close": close / 2,
            "volume": 1000.0 + steps,
            "variance": np.nan,
        }
    )[list(BAR_COLUMNS)]


def asking(*tickers, start=None, end=None, now=NOW) -> Request:
    return Request(tuple(tickers), start, end, now)


def yahoo_in(folder, **options) -> StoredSource:
    """Yahoo by way of a store in a folder, without long waits."""
    settings = {"rate": 1000.0, "retry_policy": QUICK} | options
    return StoredSource(YahooClient(timeout=5.0), StoreOptions(folder, **settings))


@pytest.fixture
def yahoo(tmp_path):
    """Make sources that start from an empty store each."""
    numbers = itertools.count()
    return lambda **options: yahoo_in(tmp_path / f"data-{next(numbers)}", **options)


@pytest.fixture(scope="session")
def _standin(tmp_path_factory):
    folder = tmp_path_factory.mktemp("yahoo")
    with pytest.MonkeyPatch.context() as patch, StandIn(folder) as server:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        for name, value in server.environment.items():
            patch.setenv(name, value)
        yield server


@pytest.fixture
def standin(_standin):
    _standin.reset()
    return _standin


@pytest.fixture
def empty_tiingo(monkeypatch):
    """The stand-in for Tiingo, without bars; retries do not wait."""
    with TiingoStandIn() as server:
        monkeypatch.setenv("TIINGO_API_KEY", KEY)
        monkeypatch.setenv("TIINGO_BASE_URL", f"{server.url}/")
        stamina.set_testing(True, attempts=ATTEMPTS)
        yield server
        stamina.set_testing(False)
