"""Variances as people read them: annualised volatility in percent, by the ticker's calendar."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from volcast.features.units import volatility_annual_pct
from volcast.features.volatility_columns import add_volatility_columns
from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.calendars.sessions import periods_per_year
from volcast.pipeline.panel.build import assign_calendars


def add_volatility(forecasts: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Return the forecast table with the columns of `add_volatility_columns`."""
    number, tickers = pd.factorize(forecasts["ticker"])
    by_ticker = map_periods_per_year(list(tickers), config)
    periods = np.array([by_ticker[ticker] for ticker in tickers], np.int64)[number]
    return add_volatility_columns(forecasts, periods)


def map_periods_per_year(tickers: Sequence[str], config: Config) -> dict[str, int]:
    """Return the sessions per year of each ticker: 252, or 365 for one that trades every day.

    Examples
    --------
    >>> map_periods_per_year(["SPY", "BTC-USD"], Config())
    {'SPY': 252, 'BTC-USD': 365}
    """
    calendars = assign_calendars(tickers, config)
    return {ticker: periods_per_year(name) for ticker, name in calendars.items()}


def find_latest_volatility(features: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Return `ticker, session, volatility` of each ticker's last session with a variance.

    It is in the level of close-to-close returns, as forecasts are. `features` has the columns
    `ticker`, `session`, `variance` and `level_factor`.
    """
    last = features.dropna(subset="variance").groupby("ticker", sort=False).tail(1)
    tickers = list(last["ticker"].unique())
    periods = last["ticker"].map(map_periods_per_year(tickers, config)).to_numpy()
    volatility = volatility_annual_pct(last["variance"] * last["level_factor"], periods)
    return last[["ticker", "session"]].assign(volatility=volatility).reset_index(drop=True)
