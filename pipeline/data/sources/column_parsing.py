"""From the text columns of a file to typed bars: dates, numbers and tickers."""

from pathlib import Path

import numpy as np
import pandas as pd

from volcast.pipeline.data.contract.bar_table import NUMBER_COLUMNS, to_bar_table
from volcast.pipeline.errors import DataError

ISO_DATE = r"^(\d{4})([-/]?)(\d{2})\2(\d{2})(?:[T ]\d{2}:?\d{2}.*)?$"
PLAUSIBLE = (pd.Timestamp("1800-01-01"), pd.Timestamp("2200-12-31"))
SHOWN = 60  # characters of a value in a message


def parse_bars(table: pd.DataFrame, file: Path, ticker: str) -> pd.DataFrame:
    """Return the bars of a table of `volcast.pipeline.data.sources.table_reader.read_table`.

    Parameters
    ----------
    table
        Columns session, open, high, low, close, and any of ticker, adj_close, volume, variance.
    file
        The file of the table, for messages.
    ticker
        The ticker, if the table has no ticker column.

    Returns
    -------
    A bar table; see `to_bar_table`. A missing number is NaN.

    Raises
    ------
    DataError
        When a number, a date or a ticker cannot be read, or the table has no row.
    """
    if table.empty:
        raise DataError(f"{file}: the file has no rows; it needs at least one bar")
    columns = {column: table[column] for column in NUMBER_COLUMNS if column in table}
    numbers = {column: parse_numbers(values, file) for column, values in columns.items()}
    names = parse_tickers(table["ticker"], file) if "ticker" in table else ticker
    return to_bar_table(
        pd.DataFrame({"session": parse_sessions(table["session"], file), **numbers}).assign(
            ticker=names
        )
    )


def parse_numbers(values: pd.Series, file: Path) -> pd.Series:
    """Return a column as float64; ``DataError`` if a text is not a number.

    Examples
    --------
    >>> parse_numbers(pd.Series(["1.5", "", "nan"]), Path("bars.csv")).tolist()
    [1.5, nan, nan]
    """
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return values.astype("float64")
    given = values.notna()
    numbers = pd.to_numeric(values[given].astype(str), errors="coerce").astype("float64")
    written_nan = values[given].astype(str).str.strip().str.lower().isin(["nan", ""])
    reject_values(values[given][numbers.isna() & ~written_nan], "is not a number", file)
    return numbers.reindex(values.index)


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
