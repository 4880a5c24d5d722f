"""From moments to sessions: the date at the exchange."""

import datetime as dt
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from volcast.pipeline.data.calendars.exchange_calendar import WEEKDAYS
from volcast.pipeline.data.calendars.opening_hours import timezone
from volcast.pipeline.data.tables.dates import Moments
from volcast.pipeline.errors import ConfigError

Days = NDArray[np.datetime64]
LONDON = ZoneInfo("Europe/London")  # in whose days Yahoo stamps currencies


def find_sessions(moments: Moments, calendar: str, zone: str = "") -> Days:
    """Return the date at the exchange of each moment, datetime64[us] at midnight.

    A date alone is the session. A time without an offset keeps the date that is written, unless
    `zone` says where it was written. A time with an offset becomes the date at the exchange; but
    where all of them are midnight as they are written, they stand for dates, and are kept.

    Parameters
    ----------
    moments
        NaT stays NaT.
    calendar
        Of the ticker.
    zone
        ``data.timezone``: of times without an offset; empty: that of the exchange.

    Raises
    ------
    ConfigError
        There is no such time zone.

    Examples
    --------
    >>> stamp = np.array(["2020-01-05T15:00"], "M8[us]")
    >>> utc = Moments(stamp, np.array([0], "m8[us]"), "", has_times=True)
    >>> find_sessions(utc, "XTKS").astype("M8[D]").tolist(), find_sessions(utc, "XNYS").tolist()
    ([datetime.date(2020, 1, 6)], [datetime.datetime(2020, 1, 5, 0, 0)])
    """
    days = moments.written.astype("M8[D]")
    if not moments.has_times:
        return days.astype("M8[us]")
    with_offset = ~np.isnat(moments.offset)
    utc = np.where(with_offset, moments.written - moments.offset, moments.written)
    if zone and not with_offset.any():
        utc = _to_utc(moments.written, find_timezone(zone))
    elif not with_offset.all() or (moments.written == days).all():
        return days.astype("M8[us]")
    local = _to_local(utc, timezone(calendar))
    if calendar == WEEKDAYS:
        in_london = _to_local(utc, LONDON)
        if (in_london == in_london.astype("M8[D]")).all():
            local = in_london
    return local.astype("M8[D]").astype("M8[us]")


def find_timezone(name: str) -> dt.tzinfo:
    """Return a time zone by its name; ``ConfigError`` if there is none.

    Examples
    --------
    >>> find_timezone("Asia/Tokyo")
    zoneinfo.ZoneInfo(key='Asia/Tokyo')
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(
            f"data.timezone: there is no time zone {name!r}; use one such as UTC or Asia/Tokyo"
        ) from error


def _to_utc(written: Days, zone: dt.tzinfo) -> Days:
    index = pd.DatetimeIndex(written).tz_localize(
        zone, ambiguous=np.zeros(len(written), dtype=bool), nonexistent="shift_forward"
    )
    return np.asarray(index.tz_convert("UTC").tz_localize(None).to_numpy())


def _to_local(utc: Days, zone: dt.tzinfo) -> Days:
    index = pd.DatetimeIndex(utc).tz_localize("UTC").tz_convert(zone)
    return np.asarray(index.tz_localize(None).to_numpy().astype("M8[us]"))
