"""Sessions as text."""

import datetime as dt

from volcast.pipeline.data.calendars.sessions import (
    sessions_between,
)


def days(index) -> list[str]:
    return [str(day.date()) for day in index]


def between(name, first, last) -> list[str]:
    return days(sessions_between(name, dt.date.fromisoformat(first), dt.date.fromisoformat(last)))
