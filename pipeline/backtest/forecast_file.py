"""The table of all forecasts of a run, written and read a horizon or a model at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from volcast.pipeline.backtest.run_folder import read_table
from volcast.pipeline.files import write_file


def write_parts(path: Path, parts: Iterable[pd.DataFrame]) -> int:
    """Write a Parquet file from its parts, of which one is held at a time; return their rows.

    Raises
    ------
    StorageError
        The disk is full, or the file cannot be written.
    """
    rows = 0

    def write(unfinished: Path) -> None:
        nonlocal rows
        writer = None
        for part in parts:
            rows += len(part)
            table = pa.Table.from_pandas(part, preserve_index=False)
            del part  # the next one is made with only itself in memory
            writer = writer or pq.ParquetWriter(unfinished, table.schema)
            writer.write_table(table.select(writer.schema.names).cast(writer.schema))
            del table
        if writer is not None:
            writer.close()

    write_file(path, write)
    return rows


def read_newest(path: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return the newest known forecast of each ticker, horizon and model.

    `columns` are those to read, among them these keys, `origin` and `variance`; all by default.
    """
    return pd.concat(
        [
            # The file is sorted by origin within a ticker and model.
            part[part["variance"].notna()].drop_duplicates(["model", "ticker"], keep="last")
            for part in iterate_horizons(path, columns)
        ]
    )


def iterate_horizons(path: Path, columns: Sequence[str] | None = None) -> Iterator[pd.DataFrame]:
    """Yield the part of each horizon of a table of forecasts, the shortest first.

    `columns` are those to read; all by default.

    Raises
    ------
    RunFolderError
        The table has not been written yet.
    StorageError
        The file is damaged.
    """
    for horizon in list_horizons(path):
        yield read_horizon(path, horizon, columns)


def list_horizons(path: Path) -> list[int]:
    """Return the horizons of a table of forecasts, the shortest first."""
    return sorted(int(h) for h in read_table(path, columns=["horizon"])["horizon"].unique())


def count_rows(path: Path) -> int:
    """Return the number of rows of a table of forecasts."""
    return len(read_table(path, columns=[]))


def read_horizon(
    path: Path, horizon: int, columns: Sequence[str] | None = None, model: str | None = None
) -> pd.DataFrame:
    """Return the part of one horizon, of all models or of one; see `iterate_horizons`."""
    chosen = None if columns is None else list(columns)
    filters: list[tuple[str, str, object]] = [("horizon", "==", horizon)]
    if model is not None:
        filters.append(("model", "==", model))
    return read_table(path, columns=chosen, filters=filters)
