"""What a forecast used beside the bars: hashes of the closes and events known at its origin."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import pandas as pd

from volcast.pipeline.data.calendars.opening_hours import closing_moments
from volcast.pipeline.panel.external import ExternalData
from volcast.pipeline.panel.known_reports import find_announced_day, is_learnt

EVENT_FACTS = ["date", "time", "kind", "learnt_at", "superseded_at"]
CACHED_ORIGINS = 64  # tickers of one exchange share the closes of series


class ExternalHashes:
    """The hashes of the rows of external data that were known at any session of a ticker.

    Parameters
    ----------
    external
        Events and series.
    calendars
        Ticker to the name of its exchange calendar, whose closing times decide what was known.
    """

    def __init__(self, external: ExternalData, calendars: Mapping[str, str]) -> None:
        self._calendars = calendars
        self._series = external.series
        self._series_hashes = _hash_rows(external.series)
        self._events = {
            str(ticker): own[EVENT_FACTS].reset_index(drop=True)
            for ticker, own in external.events.groupby("ticker")
        }
        self._series_until = lru_cache(CACHED_ORIGINS)(self._hash_series_until)

    def until(self, ticker: str, session: pd.Timestamp) -> bytes:
        """Return the hashes of what was known at the close of a session; empty if nothing was."""
        if self._series.empty and ticker not in self._events:
            return b""
        calendar = self._calendars[ticker]
        return self._series_until(calendar, session) + self._hash_events_until(ticker, session)

    def _hash_series_until(self, calendar: str, session: pd.Timestamp) -> bytes:
        known = (self._series["known_at"] <= _find_close(calendar, session)).to_numpy()
        return self._series_hashes[known].tobytes()

    def _hash_events_until(self, ticker: str, session: pd.Timestamp) -> bytes:
        """Return the hashes of a ticker's events, in an order that is not that of the table.

        That an event was superseded later was not known then.
        """
        if ticker not in self._events:
            return b""
        events, calendar = self._events[ticker], self._calendars[ticker]
        close = _find_close(calendar, session)
        known = is_learnt(events, close, find_announced_day(calendar, session))
        ended = events["superseded_at"].where(events["superseded_at"] <= close)
        return np.sort(_hash_rows(events.assign(superseded_at=ended)[known])).tobytes()


def _find_close(calendar: str, session: pd.Timestamp) -> pd.Timestamp:
    return closing_moments(calendar, pd.DatetimeIndex([session]))[0]


def _hash_rows(table: pd.DataFrame) -> np.ndarray:
    return pd.util.hash_pandas_object(table, index=False).to_numpy()
