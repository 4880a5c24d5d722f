"""Variances as people read them: annualised volatility in percent, by the ticker's calendar."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from volcast.features.units import volatility_annual_pct
from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.calendars.sessions import periods_per_year
from volcast.pipeline.panel.build import assign_calendars

VOLATILITY_OF = {
    "variance": "volatility",
    "realized": "volatility_realized",
    "lower": "volatility_lower",
    "upper": "volatility_upper",
    "variance_without_report": "volatility_without_report",
    "variance_har": "volatility_har",
}


BOUND = re.compile(r"(lower|upper)_[\d.]+")  # of a further interval


def add_volatility(forecasts: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Return the forecast table with its variances also as annualised volatility in percent.

    Columns of `VOLATILITY_OF` that the table does not have are left out; the bounds of further
    intervals, such as `lower_80`, become `volatility_lower_80`.
    """
    number, tickers = pd.factorize(forecasts["ticker"])
    by_ticker = map_periods_per_year(list(tickers), config)
    periods = np.array([by_ticker[ticker] for ticker in tickers], np.int64)[number]
    names = [str(name) for name in forecasts if BOUND.fullmatch(str(name))]
    columns = {**VOLATILITY_OF, **{name: f"volatility_{name}" for name in names}}
    return forecasts.assign(
        **{
            new: volatility_annual_pct(forecasts[old], periods)
            for old, new in columns.items()
            if old in forecasts
        }
    )


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
