"""When the next run is due: by the exchanges' calendars, after the last of them has settled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pandas as pd

from volcast.pipeline.data.calendars.sessions import sessions_between, settled_at, timezone_name
from volcast.pipeline.errors import ConfigError

DAYS_AHEAD = 40  # no exchange is closed for longer
YEAR = dt.timedelta(days=366)


@dataclass(frozen=True)
class Due:
    """A run: when, for which session, and by which of the calendars (the one that settles last)."""

    at: dt.datetime
    session: dt.date
    calendar: str
    timezone: str

    @property
    def local(self) -> dt.datetime:
        """Return the time at the exchange."""
        return self.at.astimezone(ZoneInfo(self.timezone))


@dataclass(frozen=True)
class Slot:
    """A time of the week in an exchange's timezone at which any session's bars have settled.

    `weekdays` are those of the run, Monday 0; a run after midnight belongs to the session before.
    """

    timezone: str
    time: dt.time
    weekdays: tuple[int, ...]


def due_times(names: Sequence[str], now: dt.datetime) -> Iterator[Due]:
    """Yield all runs after `now`, the soonest first; one for each date that is a session anywhere.

    Parameters
    ----------
    names
        The calendars of all tickers.
    now
        The clock, with a timezone.

    A run is due when the bars of the date are final at every exchange that trades on it: the close
    (that of a half day too) and the settling time of `calendars.sessions`. Exchanges on
    holiday are not waited for. Raises ``ConfigError`` without calendars or timezone.
    """
    if not names:
        raise ConfigError("a schedule needs at least one calendar; name a ticker")
    if now.tzinfo is None:
        raise ConfigError(f"now needs a timezone; it is {now}; add one, such as datetime.UTC")
    first = (now - dt.timedelta(days=3)).date()
    while True:
        last = first + dt.timedelta(days=DAYS_AHEAD)
        found = [due for due in _between(names, first, last) if due.at > now]
        yield from found
        now = max([now, *(due.at for due in found)])
        first = last - dt.timedelta(days=3)


def next_due(names: Sequence[str], now: dt.datetime) -> Due:
    """Return the first run after `now`; see `due_times`."""
    return next(due_times(names, now))


def weekly_slot(names: Sequence[str], now: dt.datetime) -> Slot:
    """Return the time of the week that is late enough on every session of the year from `now` on.

    For schedulers that know weekdays and timezones, but no holidays. The timezone is that of the
    exchange that settles last most often; the time is the latest of the year, so that it holds in
    both halves of daylight saving. On a half day the run comes later than it could.
    """
    year = []
    for due in due_times(names, now):
        if due.at > now + YEAR:
            break
        year.append(due)
    zones = pd.Series([due.timezone for due in year])
    timezone = str(zones.value_counts().index[0])
    local = [due.at.astimezone(ZoneInfo(timezone)).replace(tzinfo=None) for due in year]
    midnights = [dt.datetime.combine(due.session, dt.time()) for due in year]
    after = max(at - midnight for at, midnight in zip(local, midnights, strict=True))
    runs = [midnight + after for midnight in midnights]
    return Slot(timezone, runs[0].time(), tuple(sorted({run.weekday() for run in runs})))


def _between(names: Sequence[str], first: dt.date, last: dt.date) -> list[Due]:
    """Return the runs of the sessions from `first` to `last`, in order of time."""
    latest: dict[dt.date, tuple[pd.Timestamp, str]] = {}
    for name in dict.fromkeys(names):
        for session in sessions_between(name, first, last):
            day, at = session.date(), settled_at(name, session)
            if day not in latest or at > latest[day][0]:
                latest[day] = at, name
    runs = [
        Due(at.to_pydatetime(), day, name, timezone_name(name))
        for day, (at, name) in latest.items()
    ]
    return sorted(runs, key=lambda due: due.at)
