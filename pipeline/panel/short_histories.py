"""Which tickers have a short history at an origin, and which have too short a one."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.models.forecaster import SHORTEST_HISTORY, count_recent_sessions
from volcast.pipeline.panel.build import build_sample
from volcast.reports.short_histories import COLUMNS, has_short_history


def list_histories(
    bars: pd.DataFrame, tickers: Collection[str], origin: pd.Timestamp
) -> pd.DataFrame:
    """Return the history of tickers up to the close of an origin.

    Parameters
    ----------
    bars
        `ticker, session`, one row a bar.
    tickers
        Those that are listed; one without a bar is left out.
    origin
        The last session that counts.

    Returns
    -------
    `ticker, sessions, first`: the number of its bars and the session of the first.
    """
    known = bars[bars["ticker"].isin(tickers) & (bars["session"] <= origin)]
    found = known.groupby("ticker", sort=False)["session"].agg(sessions="size", first="min")
    return found.reset_index()[COLUMNS]


def find_short_histories(forecasts: pd.DataFrame) -> list[str]:
    """Return the tickers whose newest forecast was made from a short history.

    `forecasts` has the columns `ticker, origin, variance` and, unless an earlier version made them,
    `short_history`.
    """
    known = forecasts[forecasts["variance"].notna()].sort_values("origin")
    newest = has_short_history(known).groupby(known["ticker"], sort=False).last()
    return [str(ticker) for ticker in newest.index[newest]]


def find_tickers_without_rows(panel: Panel, origin: int | None = None) -> dict[str, str]:
    """Return the reason for each ticker that cannot be forecast.

    Parameters
    ----------
    panel
        Features of all tickers.
    origin
        Position of the session that forecasts are made from; None: any session.

    Returns
    -------
    Ticker to reason, which says how many sessions there are and how many are needed.
    """
    rows = slice(None) if origin is None else slice(origin, origin + 1)
    forecastable = np.asarray(build_sample(panel).forecastable()[rows].any(axis=0))
    sessions = count_recent_sessions(panel.variance)[rows].max(axis=0)
    return {
        ticker: _explain(int(sessions[n]))
        for n, ticker in enumerate(panel.tickers)
        if not forecastable[n]
    }


def _explain(sessions: int) -> str:
    if sessions >= SHORTEST_HISTORY:
        return (
            "a feature that forecasts need is unknown: bars are missing before it; complete them, "
            "or set the calendar that they follow"
        )
    return (
        f"its history is too short for any forecast: {sessions} sessions with a variance, "
        f"{SHORTEST_HISTORY} are needed"
    )
