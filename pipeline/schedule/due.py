"""When daily runs are due: after the last exchange of a session has settled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pandas as pd

from volcast.pipeline.data.calendars.opening_hours import settled_at, timezone_name
from volcast.pipeline.data.calendars.sessions import sessions_between
from volcast.pipeline.errors import ConfigError

DAYS_AHEAD = 40  # no exchange is closed for longer
YEAR = dt.timedelta(days=366)


@dataclass(frozen=True)
class DueRun:
    """A daily run: when it is due, for which session, and by which calendar.

    Attributes
    ----------
    at
        When the bars of the session are final on every exchange, in UTC.
    session
        The date whose bars it uses.
    calendar, timezone
        The calendar that settles last on that date, and its timezone.
    """

    at: dt.datetime
    session: dt.date
    calendar: str
    timezone: str

    @property
    def local(self) -> dt.datetime:
        """Return the time at the exchange."""
        return self.at.astimezone(ZoneInfo(self.timezone))


@dataclass(frozen=True)
class WeeklySlot:
    """A time of the week in an exchange's timezone at which the bars of any session are final.

    Attributes
    ----------
    timezone
        The exchange's.
    time
        The local time.
    weekdays
        Days of the run, Monday 0; a run after midnight belongs to the session before.
    """

    timezone: str
    time: dt.time
    weekdays: tuple[int, ...]


def iter_due_runs(calendars: Sequence[str], now: dt.datetime) -> Iterator[DueRun]:
    """Yield all runs after `now` in order of time, one for each date that is a session anywhere.

    A run is due when the bars of its date are final on every exchange that trades on it: after the
    close (the early one of a half day) and the settling time of `calendars.opening_hours`.
    Exchanges on holiday are not waited for.

    Parameters
    ----------
    calendars
        The calendars of all tickers.
    now
        The time, with a timezone.

    Raises
    ------
    ConfigError
        There are no calendars, or `now` has no timezone.
    """
    if not calendars:
        raise ConfigError("a schedule needs at least one calendar; name a ticker")
    if now.tzinfo is None:
        raise ConfigError(f"now needs a timezone; got {now}; add one, such as datetime.UTC")
    first = (now - dt.timedelta(days=3)).date()
    while True:
        last = first + dt.timedelta(days=DAYS_AHEAD)
        runs = [run for run in _list_runs(calendars, first, last) if run.at > now]
        yield from runs
        now = max([now, *(run.at for run in runs)])
        first = last - dt.timedelta(days=3)


def find_next_due(calendars: Sequence[str], now: dt.datetime) -> DueRun:
    """Return the first run after `now`; parameters and errors are those of `iter_due_runs`.

    Examples
    --------
    >>> import datetime as dt
    >>> run = find_next_due(["XNYS"], dt.datetime(2018, 7, 4, 12, tzinfo=dt.UTC))
    >>> str(run.session), f"{run.local:%Y-%m-%d %H:%M}", run.timezone
    ('2018-07-05', '2018-07-05 17:00', 'America/New_York')
    """
    return next(iter_due_runs(calendars, now))


def find_weekly_slot(calendars: Sequence[str], now: dt.datetime) -> WeeklySlot:
    """Return a time of the week that is late enough for every session of the year from `now` on.

    For schedulers that know weekdays and timezones, but no holidays. The timezone is that of the
    exchange that most often settles last; the time is the latest of the year, so that it is right
    in both halves of daylight saving time. On a half day the run comes later than necessary.
    """
    year = []
    for run in iter_due_runs(calendars, now):
        if run.at > now + YEAR:
            break
        year.append(run)
    zones = pd.Series([run.timezone for run in year])
    timezone = str(zones.value_counts().index[0])
    local = [run.at.astimezone(ZoneInfo(timezone)).replace(tzinfo=None) for run in year]
    midnights = [dt.datetime.combine(run.session, dt.time()) for run in year]
    after = max(at - midnight for at, midnight in zip(local, midnights, strict=True))
    times = [midnight + after for midnight in midnights]
    return WeeklySlot(timezone, times[0].time(), tuple(sorted({time.weekday() for time in times})))


def _list_runs(calendars: Sequence[str], first: dt.date, last: dt.date) -> list[DueRun]:
    """Return the runs of the sessions from `first` to `last`, in order of time."""
    latest: dict[dt.date, tuple[pd.Timestamp, str]] = {}
    for name in dict.fromkeys(calendars):
        for session in sessions_between(name, first, last):
            day, at = session.date(), settled_at(name, session)
            if day not in latest or at > latest[day][0]:
                latest[day] = at, name
    runs = [
        DueRun(at.to_pydatetime(), day, name, timezone_name(name))
        for day, (at, name) in latest.items()
    ]
    return sorted(runs, key=lambda run: run.at)
