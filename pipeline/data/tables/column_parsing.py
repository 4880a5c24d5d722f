"""Columns of dates and tickers in tables that are no prices; the place of a wrong value."""

from pathlib import Path

import numpy as np
import pandas as pd

from volcast.pipeline.errors import DataError

ISO_DATE = r"^(\d{4})([-/]?)(\d{2})\2(\d{2})(?:[T ]\d{2}:?\d{2}.*)?$"
PLAUSIBLE = (pd.Timestamp("1800-01-01"), pd.Timestamp("2200-12-31"))
SHOWN = 60  # characters of a value in a message


def parse_sessions(values: pd.Series, file: Path) -> pd.Series:
    """Return a column as dates, as written: a timezone is dropped, never converted.

    Examples
    --------
    >>> parse_sessions(pd.Series(["2024-01-31", "20240201"]), Path("bars.csv")).dt.day.tolist()
    [31, 1]
    """
    if isinstance(values.dtype, np.dtype | pd.DatetimeTZDtype) and values.dtype.kind == "M":
        dates = pd.Series(pd.DatetimeIndex(values).tz_localize(None), index=values.index)
    else:
        dates = _parse_dates(values.astype("str").fillna(""))
    # The calendars end there, and such a date is a typing error anyway.
    bad = ~dates.between(*PLAUSIBLE)
    reject_values(values[bad], "is not a date such as 2020-01-31, from 1800 to 2200", file)
    return dates


def _parse_dates(text: pd.Series) -> pd.Series:
    # A panel repeats each date for each ticker: parse every date once.
    codes, unique = pd.factorize(text)
    parts = pd.Series(unique, dtype="str").str.strip().str.extract(ISO_DATE)
    iso = parts[0] + "-" + parts[2] + "-" + parts[3]
    dates = pd.to_datetime(iso, format="%Y-%m-%d", errors="coerce").astype("datetime64[us]")
    return pd.Series(dates.to_numpy()[codes], index=text.index)


def parse_tickers(values: pd.Series, file: Path) -> pd.Series:
    """Return a column as tickers; ``DataError`` if one is blank."""
    names = values.astype("str").str.strip()
    reject_values(values[names.isna() | names.eq("")], "is not a ticker", file)
    return names


def reject_values(wrong: pd.Series, rule: str, file: Path) -> None:
    """Raise ``DataError`` if there are wrong values, with the place of the first and the rule.

    Parameters
    ----------
    wrong
        The values that break the rule, indexed by their row from 0, named after their column.
    rule
        The rule as the end of a sentence, such as ``is not a number``.
    file
        The file they are from.
    """
    if len(wrong):
        missing = wrong.isna().iloc[0]
        value, more = "" if missing else str(wrong.iloc[0])[:SHOWN], len(wrong) - 1
        also = f" (and {more} more)" if more else ""
        column = "date" if wrong.name == "session" else wrong.name
        row = int(wrong.index[0]) + 1
        raise DataError(
            f"{file}: column {column}, row {row} below the header: {value!r} {rule}{also}; "
            "fix or drop the row"
        )
