"""The text about a short history beside a forecast."""

from __future__ import annotations

import pandas as pd

from volcast.reports.text_tables import date

COLUMNS = ["ticker", "sessions", "first"]  # of a table of the histories of tickers
YEAR = 250  # sessions
TICKERS_NAMED = 3
EXPLANATION = "long-run features are unknown and count as the average of the panel"


def describe_history(sessions: int, first: pd.Timestamp) -> str:
    """Return how short a history is.

    Parameters
    ----------
    sessions, first
        Number of bars, and the session of the first of them. With a year of them or more, what is
        short are the last 250 sessions, of which too many have no bar.

    Examples
    --------
    >>> describe_history(64, pd.Timestamp("2021-03-01"))
    '64 sessions since 2021-03-01'
    """
    if sessions >= YEAR:
        return f"few of the last {YEAR} sessions"
    return f"{sessions} sessions since {date(first)}"


def add_history_notes(forecasts: pd.DataFrame, histories: pd.DataFrame) -> pd.DataFrame:
    """Return forecasts with `history`, a text, empty where the ticker's history is long enough.

    Parameters
    ----------
    forecasts
        With `ticker`, and `short_history` unless they were made by a version without it.
    histories
        The history of every ticker with a short one: `ticker, sessions, first`.
    """
    texts = {
        str(ticker): describe_history(int(sessions), first)
        for ticker, sessions, first in histories[COLUMNS].itertuples(index=False)
    }
    rows = zip(forecasts["ticker"], has_short_history(forecasts), strict=True)
    return forecasts.assign(
        history=[texts.get(ticker, "") if short else "" for ticker, short in rows]
    )


def has_short_history(forecasts: pd.DataFrame) -> pd.Series:
    """Return whether each forecast was made from a short history; not where that is not known."""
    if "short_history" not in forecasts:
        return pd.Series(False, index=forecasts.index)
    return pd.Series(forecasts["short_history"].eq(True).fillna(False).astype(bool))


def list_histories(forecasts: pd.DataFrame) -> str:
    """Return the first tickers with a short history, each with it, and the number of the others.

    Parameters
    ----------
    forecasts
        From `add_history_notes`.

    Returns
    -------
    Empty if no history is short.

    Examples
    --------
    >>> list_histories(pd.DataFrame({"ticker": ["A", "NEW"], "history": ["", "64 sessions"]}))
    'NEW (64 sessions)'
    """
    short = forecasts[forecasts["history"] != ""].drop_duplicates("ticker")
    named = [f"{ticker} ({text})" for ticker, text in short[["ticker", "history"]].to_numpy()]
    more = len(named) - TICKERS_NAMED
    return ", ".join(named[:TICKERS_NAMED]) + (f" and {more:,} more" if more > 0 else "")
