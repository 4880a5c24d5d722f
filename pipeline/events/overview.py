"""The coming and the last event of each ticker, as known at a moment."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from volcast.pipeline.data.calendars.opening_hours import compute_local_date
from volcast.pipeline.data.calendars.ticker_calendar import find_calendar
from volcast.pipeline.events.revisions import active_versions

OVERVIEW_COLUMNS = ("ticker", "which", "date", "time", "kind", "source", "learnt_at")


def list_coming_and_last(
    events: pd.DataFrame, now: dt.datetime, calendar: str | None = None
) -> pd.DataFrame:
    """Return for each ticker and kind the last event before today and the next one.

    Parameters
    ----------
    events
        An event table.
    now
        The moment, with a timezone; today is its day at the ticker's exchange, and an event of
        today is to come.
    calendar
        The calendar of tickers whose name does not identify an exchange.

    Returns
    -------
    The columns `OVERVIEW_COLUMNS`, sorted by ticker and date; ``which`` is ``last`` or ``coming``.

    Examples
    --------
    >>> from volcast.pipeline.events.event_table import to_event_table
    >>> rows = pd.DataFrame({"ticker": "AAPL", "date": ["2024-02-01", "2024-05-02"]})
    >>> moment = dt.datetime(2024, 3, 1, tzinfo=dt.timezone.utc)
    >>> list_coming_and_last(to_event_table(rows), moment)["which"].tolist()
    ['last', 'coming']
    """
    cut = pd.Timestamp(now)
    versions = active_versions(events)
    known = ~(versions["learnt_at"] > cut) & ~(versions["superseded_at"] <= cut)
    rows = versions[known].sort_values(["ticker", "date"], kind="stable")
    tickers = rows["ticker"].unique()
    today = {t: compute_local_date(find_calendar(t, calendar), now) for t in tickers}
    to_come = rows["date"] >= pd.DatetimeIndex(rows["ticker"].map(today))
    last = rows[~to_come].groupby(["ticker", "kind"]).tail(1)
    coming = rows[to_come].groupby(["ticker", "kind"]).head(1)
    both = pd.concat([last.assign(which="last"), coming.assign(which="coming")])
    return both.sort_values(["ticker", "date"], ignore_index=True)[list(OVERVIEW_COLUMNS)]
