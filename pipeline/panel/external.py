"""What is known beside the bars: versions of events, and series of other markets."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

VERSION_COLUMNS = {
    "ticker": "str",
    "date": "datetime64[us]",
    "time": "str",
    "kind": "str",
    "learnt_at": "datetime64[us, UTC]",
    "superseded_at": "datetime64[us, UTC]",
    "source": "str",
}
SERIES_COLUMNS = {
    "series": "str",
    "session": "datetime64[us]",
    "close": "float64",
    "known_at": "datetime64[us, UTC]",
}


@dataclass(frozen=True)
class EventSourceState:
    """When a source of events last answered, and how far its dates reach.

    Parameters
    ----------
    name
        An entry of ``data.events``; of a file or folder, its name.
    is_file
        Whether it is a file or folder, which is read and not asked.
    answered
        When it last answered about any of the tickers; None for files, or if it never did.
    last_date
        The newest date that it has of the tickers; None without any.
    faults
        What is wrong with its stored files, such as that one is damaged.
    """

    name: str
    is_file: bool
    answered: dt.datetime | None
    last_date: dt.date | None
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class ExternalData:
    """The tables of what is known beside the bars; both are empty by default.

    Parameters
    ----------
    events
        Versions of events (`VERSION_COLUMNS`), each valid from `learnt_at` (NaT: not known when) to
        `superseded_at` (NaT: it still is).
    series
        Closes of exogenous series (`SERIES_COLUMNS`), each with the moment it became known.
    notes
        What the sources reported.
    event_sources
        The state of each source of events, in the order of the settings.
    """

    events: pd.DataFrame
    series: pd.DataFrame
    notes: tuple[str, ...] = ()
    event_sources: tuple[EventSourceState, ...] = ()


def build_empty_table(columns: dict[str, str]) -> pd.DataFrame:
    """Return a table without rows.

    Examples
    --------
    >>> len(build_empty_table(SERIES_COLUMNS))
    0
    """
    return pd.DataFrame({name: pd.Series([], dtype=kind) for name, kind in columns.items()})


NOTHING_EXTERNAL = ExternalData(
    build_empty_table(VERSION_COLUMNS), build_empty_table(SERIES_COLUMNS)
)
