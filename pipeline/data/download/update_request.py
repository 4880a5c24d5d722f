"""The settings of an update of the store."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class UpdateRequest:
    """Which bars the store should hold after an update.

    Parameters
    ----------
    now
        The clock, with a timezone: only sessions that have settled by then are stored.
    start
        First session; `ticker_state.FULL_HISTORY` for the full history; None: as in earlier
        updates, and for a new ticker the full history.
    recheck
        Compare the last stored sessions with the source again, even if no new session is due.
    anew
        Download the full history again, and record what changed in it.
    calendar
        The calendar of tickers whose name does not identify an exchange.

    Examples
    --------
    >>> import datetime as dt
    >>> UpdateRequest(dt.datetime(2024, 1, 8, tzinfo=dt.timezone.utc)).recheck
    False
    """

    now: dt.datetime
    start: dt.date | None = None
    recheck: bool = False
    anew: bool = False
    calendar: str | None = None
