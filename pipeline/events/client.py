"""The contract of a source of events over a network: one ticker is asked for at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from volcast.pipeline.events.event_table import EVENT_COLUMNS, parse_events

ANSWER_COLUMNS = (*EVENT_COLUMNS, "reference")


@dataclass(frozen=True, eq=False)
class EventAnswer:
    """What a source says about one ticker.

    Parameters
    ----------
    rows
        The columns `ANSWER_COLUMNS`: an event table with the source's own identifier of each row,
        such as the number of a filing; empty if it has none.
    reason
        Why there is no row, or no coming date; empty if there is nothing to say.
    """

    rows: pd.DataFrame
    reason: str = ""


# Takes the ticker, the clock, and the references of the rows that are stored already.
FetchEvents = Callable[[str, dt.datetime, Collection[str]], EventAnswer]


class EventClient(Protocol):
    """A source of events over a network.

    Attributes
    ----------
    name
        The name of the source.
    rate
        Maximum number of requests a second; None: that of the settings.
    rate_folder
        Where in the data folder the rate limit is kept; sources at one address share it.
    near_interval
        How often a ticker is asked for when its next date is near; None: once a day as always.
    """

    name: str
    rate: float | None
    rate_folder: str
    near_interval: dt.timedelta | None

    def connected(self, before_request: Callable[[], None]) -> AbstractContextManager[FetchEvents]:
        """Return a context that gives the function to fetch with.

        That function raises one of the errors of `volcast.pipeline.data.contract.client`.

        Parameters
        ----------
        before_request
            Called before every single request; it waits until the request may be sent.
        """
        ...


def build_answer(
    name: str, ticker: str, rows: pd.DataFrame | list[dict[str, object]], reason: str = ""
) -> EventAnswer:
    """Return an answer about one ticker.

    Parameters
    ----------
    name, ticker
        The source and the ticker.
    rows
        Rows with date, and any of time, kind, learnt_at, authoritative and reference.
    reason
        See `EventAnswer`.

    Raises
    ------
    DataError
        A value breaks a rule of the event table.

    Examples
    --------
    >>> build_answer("mine", "SPY", [{"date": "2024-02-01"}]).rows["reference"].tolist()
    ['']
    """
    frame = pd.DataFrame(rows, columns=None if len(rows) else ["date"])
    given = frame.assign(ticker=ticker, source=name)
    references = given.get("reference", "")
    events = parse_events(given, origin=f"source '{name}'")
    return EventAnswer(events.assign(reference=references).astype({"reference": "str"}), reason)
