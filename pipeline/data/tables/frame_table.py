"""A pandas frame of prices as a table: the same columns are found in it as in a file."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]

from volcast.pipeline.data.tables.parquet_table import build_parquet_table
from volcast.pipeline.data.tables.typed_table import TypedTable, build_typed_table
from volcast.pipeline.errors import DataError

PLACE = Path("the frame")  # in messages, where the name of a file stands otherwise


def read_frame_table(frame: pd.DataFrame) -> TypedTable:
    """Return a frame as a table of bars.

    Parameters
    ----------
    frame
        One row a session, or one a session and ticker. Dates may be the index or a column; columns
        in two levels, as yfinance returns them, hold the field and the ticker in either order.

    Raises
    ------
    DataError
        The frame has no rows, a column cannot be read, or dates or prices are not found.

    Examples
    --------
    >>> days = pd.bdate_range("2024-01-01", periods=2, name="Date")
    >>> frame = pd.DataFrame({("Close", "AAA"): [1.0, 2.0]}, index=days)
    >>> read_frame_table(frame).columns.fields
    {'AAA': {'close': 1}}
    """
    if frame.empty:
        raise DataError(f"{PLACE} has no rows or no columns; it needs at least one bar")
    flat = frame if _has_plain_index(frame) else _to_columns(frame)
    levels = flat.columns.nlevels
    header = [[_to_text(name) for name in flat.columns.get_level_values(n)] for n in range(levels)]
    names = [" ".join(part for part in column if part) for column in zip(*header, strict=True)]
    try:
        arrow = [_to_arrow(flat.iloc[:, n], name) for n, name in enumerate(names)]
    except (pa.ArrowException, TypeError, ValueError) as error:
        line = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise DataError(f"{PLACE} cannot be read; {line}") from error
    table = build_parquet_table(pa.table(arrow, names=names), "pandas", PLACE)
    return build_typed_table(table, header, PLACE)


def _has_plain_index(frame: pd.DataFrame) -> bool:
    """Return whether the index only numbers the rows."""
    return frame.index.name is None and pd.api.types.is_integer_dtype(frame.index.dtype)


def _to_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with its index as its first columns."""
    index = frame.index.to_frame(index=False).set_axis(
        [_to_text(name) for name in frame.index.names], axis=1
    )
    rest = ("",) * (frame.columns.nlevels - 1)
    index.columns = (
        pd.MultiIndex.from_tuples([(name, *rest) for name in index.columns])
        if rest
        else index.columns
    )
    return pd.concat([index, frame.reset_index(drop=True)], axis=1)


def _to_arrow(column: pd.Series, name: str) -> pa.Array:
    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.to_timestamp()
    if column.dtype == object and column.map(type).isin([str, float, type(None)]).all():
        column = column.astype("str")
    try:
        array = pa.array(column, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise ValueError(f"column {name!r}: {error}") from error
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _to_text(name: object) -> str:
    empty = name is None or (isinstance(name, float) and np.isnan(name))
    return "" if empty else str(name)
