"""From a table as a file holds it to typed bars: dates, numbers, tickers."""

from pathlib import Path

import numpy as np
import pandas as pd

from volcast.pipeline.data.contract.source import NUMBER_COLUMNS, conform
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
        Where it comes from, for the messages.
    ticker
        The ticker of a table that has no ticker column.

    Returns
    -------
    The columns of `source.COLUMNS`, as `conform` makes them. A missing number is NaN.

    Raises
    ------
    DataError
        On a number, a date or a ticker that cannot be read, and on a table without rows.

    """
    if table.empty:
        raise DataError(f"{file}: the file has no row; it needs at least one bar")
    columns = {column: table[column] for column in NUMBER_COLUMNS if column in table}
    numbers = {column: parse_numbers(values, file) for column, values in columns.items()}
    names = parse_tickers(table["ticker"], file) if "ticker" in table else ticker
    return conform(
        pd.DataFrame({"session": _sessions(table["session"], file), **numbers}).assign(ticker=names)
    )


def parse_numbers(values: pd.Series, file: Path) -> pd.Series:
    """Return a column as float64; text that is no number is an error."""
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return values.astype("float64")
    given = values.notna()
    numbers = pd.to_numeric(values[given].astype(str), errors="coerce").astype("float64")
    written_nan = values[given].astype(str).str.strip().str.lower().isin(["nan", ""])
    complain(values[given][numbers.isna() & ~written_nan], "is not a number", file)
    return numbers.reindex(values.index)


def _sessions(values: pd.Series, file: Path) -> pd.Series:
    """Return the dates as written: a timezone is dropped, never converted."""
    if isinstance(values.dtype, np.dtype | pd.DatetimeTZDtype) and values.dtype.kind == "M":
        dates = pd.Series(pd.DatetimeIndex(values).tz_localize(None), index=values.index)
    else:
        dates = _parsed(values.astype("str").fillna(""))
    # Beyond these the calendars end, and the date is a slip anyway.
    bad = ~dates.between(*PLAUSIBLE)
    complain(values[bad], "is not a date such as 2020-01-31, from 1800 to 2200", file)
    return dates


def _parsed(text: pd.Series) -> pd.Series:
    # A panel repeats each date for each ticker: parse every date once.
    codes, unique = pd.factorize(text)
    parts = pd.Series(unique, dtype="str").str.strip().str.extract(ISO_DATE)
    iso = parts[0] + "-" + parts[2] + "-" + parts[3]
    dates = pd.to_datetime(iso, format="%Y-%m-%d", errors="coerce").astype("datetime64[us]")
    return pd.Series(dates.to_numpy()[codes], index=text.index)


def parse_tickers(values: pd.Series, file: Path) -> pd.Series:
    """Return a column as tickers; a blank one is an error."""
    names = values.astype("str").str.strip()
    complain(values[names.isna() | names.eq("")], "is no ticker", file)
    return names


def complain(wrong: pd.Series, rule: str, file: Path) -> None:
    """Raise ``DataError`` if any value is ``wrong``, with its place and the rule it breaks."""
    if len(wrong):
        missing = wrong.isna().iloc[0]
        value, more = "" if missing else str(wrong.iloc[0])[:SHOWN], len(wrong) - 1
        also = f" (and {more} more)" if more else ""
        column = "date" if wrong.name == "session" else wrong.name
        row = int(wrong.index[0]) + 1
        raise DataError(
            f"{file}: column {column}, row {row} below the header: {value!r} {rule}{also}; "
            "mend or drop the row"
        )
