"""The clock of the command line; everything below it takes the time as an argument."""

import datetime as dt

from volcast.pipeline.errors import ConfigError
from volcast.pipeline.version import EARLIEST_CLOCK


def utc_now() -> dt.datetime:
    """Return the current time, in UTC."""
    return dt.datetime.now(dt.UTC)


def job_now() -> dt.datetime:
    """Return the current time for what is written to the ledger.

    Raises
    ------
    ConfigError
        The clock lies before the first release of volcast, so that it must be wrong.
    """
    now = utc_now()
    if now.date().isoformat() < EARLIEST_CLOCK:
        raise ConfigError(
            f"the clock says {now:%Y-%m-%d %H:%M} UTC, but volcast did not exist before "
            f"{EARLIEST_CLOCK}; nothing was written: correct the clock and run again"
        )
    return now
