"""Bars made by hand, and the stand-in for Yahoo."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
import stamina

from pipeline.data.calendars import sessions_between
from pipeline.data.source import COLUMNS, Request
from pipeline.data.tiingo import ATTEMPTS
from tests.data.tiingo_standin import KEY, TiingoStandIn
from tests.data.yahoo_standin import StandIn

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
    )[list(COLUMNS)]


def asking(*tickers, start=None, end=None, now=NOW) -> Request:
    return Request(tuple(tickers), start, end, now)


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
