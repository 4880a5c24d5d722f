"""Reading intraday bars from a file: their times, in UTC if they have an offset, and prices."""

from pathlib import Path

import numpy as np
import pandas as pd

from volcast.pipeline.data.sources.column_parsing import (
    PLAUSIBLE,
    parse_numbers,
    parse_tickers,
    reject_values,
)
from volcast.pipeline.data.sources.files import ticker_from_file
from volcast.pipeline.data.sources.table_reader import COLUMN_NAMES, read_table
from volcast.pipeline.errors import DataError

INTRADAY_NAMES = {
    **{name: COLUMN_NAMES[name] for name in ("ticker", "open", "high", "low", "close", "volume")},
    "session": ("timestamp", "datetime", "moment", "date", "time"),
}
NUMBERS = ("open", "high", "low", "close", "volume")
OFFSET = r"[T ].*(?:Z|[+-]\d{2}:?\d{2})$"


def read_intraday_bars(file: Path) -> pd.DataFrame:
    """Return ticker, moment, open, high, low, close and volume of a file, typed.

    ``moment`` is in UTC if the file has offsets, else without timezone.

    Raises
    ------
    DataError
        When the file, a time, a number or a ticker cannot be read.
    """
    table = read_table(file, INTRADAY_NAMES)
    if table.empty:
        raise DataError(f"{file}: the file has no rows; it needs at least one bar")
    numbers = {name: parse_numbers(table[name], file) for name in NUMBERS if name in table}
    moment = _parse_moments(table["session"].rename("timestamp"), file)
    bars = pd.DataFrame({"moment": moment, "volume": np.nan} | numbers)
    names = parse_tickers(table["ticker"], file) if "ticker" in table else ticker_from_file(file)
    return bars.assign(ticker=names)


def _parse_moments(values: pd.Series, file: Path) -> pd.Series:
    """Return the times: in UTC if they have an offset, else as written."""
    if values.dtype.kind == "M":
        moments = values if values.dt.tz is None else values.dt.tz_convert("UTC")
        has_offset = pd.Series(values.dt.tz is not None, index=values.index)
    else:
        text = values.astype("str").fillna("").str.strip()
        has_offset = text.str.contains(OFFSET)
        moments = pd.to_datetime(text, format="ISO8601", utc=True, errors="coerce")
    plain: pd.Series = moments.dt.tz_localize(None)
    reject_values(
        values[~plain.between(*PLAUSIBLE)],
        "is not a time such as 2024-01-31 09:30 or 2024-01-31T09:30-05:00, from 1800 to 2200",
        file,
    )
    if has_offset.any():
        reject_values(values[~has_offset], "has no offset, but other rows have one", file)
        return pd.Series(moments)
    return plain
