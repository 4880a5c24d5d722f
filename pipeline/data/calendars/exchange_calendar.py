"""Calendars of the package exchange_calendars, each over the longest span that it supports."""

import warnings
from functools import lru_cache
from typing import Any

import pandas as pd

from volcast.pipeline.data.calendars.offset_repair import repair_offsets
from volcast.pipeline.errors import ConfigError

ALWAYS_OPEN = "24/7"
WEEKDAYS = "24/5"

CALENDAR_SPAN = ("1925-01-01", "2050-12-31")
# Exchanges that exchange_calendars lacks, to the next best calendar with their week of today.
NEXT_BEST = {"XKUW": "XSAU", "DSMD": "XSAU", "XCAI": "XSAU", "XDFM": WEEKDAYS}
PROBE_SPAN = ("2022-01-01", "2022-12-31")  # within the bounds of every calendar
# Seoul's lunar holidays cost exchange_calendars 0.1 s a year.
NARROW_SPANS = {"XKRX": ("2010-01-01", "2028-12-31")}


@lru_cache(maxsize=64)
def load_exchange_calendar(name: str) -> Any:
    """Return a calendar of exchange_calendars, over the longest span that it supports.

    Parameters
    ----------
    name
        A name or an alias of exchange_calendars, such as XNYS or NYSE, or one of `NEXT_BEST`.

    Returns
    -------
    An ``exchange_calendars.ExchangeCalendar``.

    Raises
    ------
    ConfigError
        When there is no such calendar, or exchange_calendars cannot build it.

    Examples
    --------
    >>> load_exchange_calendar("NYSE").name
    'XNYS'
    """
    import exchange_calendars  # half a second that `volcast --help` need not wait for

    name = NEXT_BEST.get(name, name)
    if name not in exchange_calendars.get_calendar_names():
        raise ConfigError(
            f"calendar {name!r} is unknown; use one of exchange_calendars, such as XNYS"
        )
    name = exchange_calendars.resolve_alias(name)
    repair_offsets()
    with warnings.catch_warnings():
        # exchange_calendars 4.13 reads Series.values, which pandas 3.1 is about to change.
        warnings.simplefilter("ignore", pd.errors.Pandas4Warning)
        try:
            return _build(name)
        except (NotImplementedError, ValueError) as error:
            raise ConfigError(
                f"calendar {name} cannot be built by exchange_calendars ({error}); "
                f"use {WEEKDAYS!r}, which treats every weekday as a session"
            ) from error


def _build(name: str) -> Any:
    from exchange_calendars import get_calendar

    first, last = (pd.Timestamp(day) for day in NARROW_SPANS.get(name, CALENDAR_SPAN))
    try:
        return get_calendar(name, first, last)
    except ValueError:
        # Its class has bounds, and only an instance leads to it. To build a short one first for
        # every calendar would double the time of the common ones, 0.1 s.
        bounds = get_calendar(name, *PROBE_SPAN)
        span = max(first, bounds.bound_min() or first), min(last, bounds.bound_max() or last)
        return get_calendar(name, *span)
