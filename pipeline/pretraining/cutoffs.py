"""The cut-offs of a series of vintages, each at the end of a month."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from volcast.pipeline.errors import ConfigError


def parse_cutoffs(text: str) -> list[dt.date]:
    """Return the cut-offs of ``FIRST:LAST:MONTHS``, ends of months.

    Raises
    ------
    ConfigError
        The text does not have this form, or there is no cut-off.

    Examples
    --------
    >>> [str(day) for day in parse_cutoffs("2014-12:2016-12:12")]
    ['2014-12-31', '2015-12-31', '2016-12-31']
    """
    try:
        first, last, months = text.split(":")
        if int(months) < 1:
            raise ValueError("MONTHS must be 1 or more")
        periods = pd.period_range(first, last, freq="M")[:: int(months)]
    except ValueError as error:
        raise ConfigError(
            f"--vintages {text!r} is not FIRST:LAST:MONTHS, such as 2003-12:2017-12:12: {error}"
        ) from error
    if periods.empty:
        raise ConfigError(f"--vintages {text!r} has no cut-off: {last} is before {first}")
    return [period.end_time.date() for period in periods]
