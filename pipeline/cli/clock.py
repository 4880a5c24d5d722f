"""The clock of the command line; everything below it takes the time as an argument."""

import datetime as dt


def utc_now() -> dt.datetime:
    """Return the current time, in UTC."""
    return dt.datetime.now(dt.UTC)
