"""The panel as a table with one row a bar, in an Arrow file that is read column by column."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
from numpy.typing import NDArray

from volcast.features.feature_table import NO_ROW, FeatureTable
from volcast.features.panel import Panel, flag_features
from volcast.features.registry import is_feature
from volcast.features.target import DATE_DTYPE
from volcast.pipeline.errors import StorageError
from volcast.pipeline.files import write_file
from volcast.pipeline.panel.compute_ahead import compute_ahead

TARGET, TARGET_END = "target_", "target_end_"
GRIDS = ("variance", "log_return", "level_factor", "reaction")
AXES = "volcast"  # the metadata that hold the sessions of the panel
ROWS_PER_BATCH = 500_000
KEPT_CELLS = 2**24  # features of fewer rows are read once and kept, 64 MiB at most
Positions = NDArray[np.integer]


def write_panel(path: Path, panel: Panel) -> None:
    """Write a panel; see `write_panels`."""
    write_panels(path, [panel], panel.tickers, panel.sessions)


def write_panels(
    path: Path, panels: Iterable[Panel], tickers: Sequence[str], sessions: pd.DatetimeIndex
) -> None:
    """Write one panel that is made of others; see `build_table` for the columns of the file.

    Parameters
    ----------
    path
        The file to create or replace.
    panels
        With equal features and horizons and different tickers; two are held at a time.
    tickers, sessions
        Of all panels; the sessions in order.

    Raises
    ------
    StorageError
        The disk is full, or the file cannot be written.
    """

    def write(unfinished: Path) -> None:
        with ExitStack() as stack:
            sink = stack.enter_context(pa.OSFile(str(unfinished), "wb"))
            writer = None
            for panel in compute_ahead(panels):
                for table in _iterate_batches(panel, tickers, sessions):
                    if writer is None:
                        writer = stack.enter_context(pa.ipc.new_file(sink, table.schema))
                    writer.write_table(table)

    write_file(path, write)


def build_table(panel: Panel) -> pa.Table:
    """Return a panel as a table: ticker by ticker, the sessions with a bar.

    Returns
    -------
    ticker, session, variance, log_return, level_factor, reaction and target_start; target_h and
    target_end_h for each horizon h; one column per feature.
    """
    places = _find_bars(panel)
    return _build_rows(panel, *places, panel.tickers).replace_schema_metadata(
        _describe_axes(panel.sessions)
    )


def _describe_axes(sessions: pd.DatetimeIndex) -> dict[str, str]:
    """Return the metadata of a file: the sessions of its panel."""
    return {AXES: json.dumps(sessions.to_numpy("datetime64[D]").astype(int).tolist())}


def _iterate_batches(
    panel: Panel, tickers: Sequence[str], sessions: pd.DatetimeIndex
) -> Iterator[pa.Table]:
    """Yield the rows of a panel, at most `ROWS_PER_BATCH` at a time, and at least one table."""
    ticker, session = _find_bars(panel)
    for start in range(0, max(len(ticker), 1), ROWS_PER_BATCH):
        part = slice(start, start + ROWS_PER_BATCH)
        table = _build_rows(panel, ticker[part], session[part], tickers)
        yield table.replace_schema_metadata(_describe_axes(sessions))


def lay_out_as_stored(panel: Panel) -> Panel:
    """Return the panel with its arrays as `read_panel` makes them, on whose layout sums depend."""
    exists = panel.x.place >= 0
    grids = {name: np.where(exists, getattr(panel, name), np.nan) for name in GRIDS}
    target = np.where(exists[:, :, None], panel.target, np.nan)
    contiguous: dict[str, Any] = {name: np.ascontiguousarray(grid) for name, grid in grids.items()}
    return dataclasses.replace(panel, target=np.ascontiguousarray(target), **contiguous)


def _find_bars(panel: Panel) -> tuple[Positions, Positions]:
    """Return the positions of ticker and session of all bars, ticker by ticker."""
    ticker, session = np.nonzero(panel.x.place.T >= 0)
    return ticker, session


def _build_rows(
    panel: Panel, ticker: Positions, session: Positions, tickers: Sequence[str]
) -> pa.Table:
    """Return some rows of the table, by the positions of ticker and session in the panel.

    `tickers` are those that the file is going to hold.
    """
    number = pd.Index(tickers).get_indexer(pd.Index(panel.tickers))[ticker]
    cell = session, ticker
    row = panel.x.place[cell]
    columns: dict[str, Any] = {
        "ticker": pa.DictionaryArray.from_arrays(number.astype(np.int32), list(tickers)),
        "session": panel.sessions.to_numpy(DATE_DTYPE)[session],
        **{name: getattr(panel, name)[cell] for name in GRIDS},
        "target_start": panel.target_start[cell],
    }
    for position, horizon in enumerate(panel.horizons):
        columns[f"{TARGET}{horizon}"] = panel.target[(*cell, position)]
        columns[f"{TARGET_END}{horizon}"] = panel.target_end[(*cell, position)]
    for name, values in zip(panel.names, panel.x.columns, strict=True):
        columns[name] = values[row]
    return pa.table(columns)


def read_panel(path: Path) -> Panel:
    """Return the panel of a file of `write_panel`; many features are read when they are used.

    Raises
    ------
    StorageError
        The file is missing or damaged.
    """
    if not path.exists():
        raise StorageError(f"{path} is missing; check the path")
    try:
        return _build_panel(*_open_columns(path))
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise StorageError(f"{path} is damaged ({error}); delete it and run again") from error


def open_features(path: Path) -> StoredColumns:
    """Return the features of a file of `write_panels`, which are read when they are used."""
    return _open_columns(path)[1]


def _open_columns(path: Path) -> tuple[pa.Schema, StoredColumns]:
    """Return the schema of a file, and its features."""
    with pa.memory_map(str(path)) as source:
        reader = pa.ipc.open_file(source)
        names = tuple(reader.schema.names)
        features = tuple(name for name in names if is_feature(name))
        return reader.schema, StoredColumns(path, names, features, _count_rows(reader))


@dataclasses.dataclass(frozen=True)
class StoredColumns(Sequence[NDArray[np.float32]]):
    """Columns of a file, each read when it is asked for and not kept.

    Parameters
    ----------
    path
        An Arrow file.
    names
        All columns of the file.
    chosen
        Those of the sequence.
    rows
        Their number.
    """

    path: Path
    names: tuple[str, ...]
    chosen: tuple[str, ...]
    rows: int

    def __len__(self) -> int:
        return len(self.chosen)

    def __getitem__(self, position: Any) -> Any:
        """Return the values of a column, (R,)."""
        return self.read(self.chosen[position])

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        return (self.read(name) for name in self.chosen)

    def read_all(self) -> Sequence[NDArray[np.float32]]:
        """Return the columns of a small file as arrays (R,), and this sequence of a large one."""
        if self.rows * len(self.chosen) > KEPT_CELLS:
            return self
        with self._open(*self.chosen) as table:
            return tuple(_copy_column(table[name]) for name in self.chosen)

    def read(self, name: str) -> Any:
        """Return the values of a named column as a NumPy array, (R,).

        Raises
        ------
        KeyError
            There is none.
        """
        with self._open(name) as table:
            return _copy_column(table[name])

    def read_tickers(self) -> tuple[NDArray[np.int32], tuple[str, ...]]:
        """Return the position of each row's ticker, (R,), and the tickers."""
        with self._open("ticker") as table:
            column = table["ticker"]
            parts = [chunk.indices.to_numpy() for chunk in column.chunks]
            return np.concatenate(parts), tuple(column.chunk(0).dictionary.to_pylist())

    @contextmanager
    def _open(self, *names: str) -> Iterator[pa.Table]:
        """Map the file into memory for a moment; what is not copied from it is gone afterwards.

        The table has all columns: pyarrow reads pages when they are used. Of `included_fields` it
        would make a copy, in a buffer of the size of all columns.
        """
        for name in names:
            if name not in self.names:
                raise KeyError(f"no column {name}")
        with pa.memory_map(str(self.path)) as source:
            yield pa.ipc.open_file(source).read_all()


def _copy_column(column: pa.ChunkedArray) -> Any:
    """Return a column as a NumPy array of its own, (R,)."""
    return np.concatenate([chunk.to_numpy() for chunk in column.chunks])


def _build_panel(schema: pa.Schema, stored: StoredColumns) -> Panel:
    ends = [name for name in schema.names if name.startswith(TARGET_END)]
    horizons = tuple(int(name.removeprefix(TARGET_END)) for name in ends)
    days = np.array(json.loads(schema.metadata[AXES.encode()]), dtype="datetime64[D]")
    sessions = days.astype(DATE_DTYPE)
    column, tickers = stored.read_tickers()
    row = np.searchsorted(sessions, stored.read("session").astype(DATE_DTYPE))
    shape = len(sessions), len(tickers)

    def grid(name: str) -> Any:
        values = np.full(shape, np.nan)
        values[row, column] = stored.read(name)
        return values

    def dates(name: str) -> Any:
        return _spread_dates(stored.read(name), row, column, shape)

    place = np.full(shape, NO_ROW, np.int32)
    place[row, column] = np.arange(stored.rows, dtype=np.int32)
    return Panel(
        sessions=pd.DatetimeIndex(sessions),
        tickers=tickers,
        names=stored.chosen,
        horizons=horizons,
        x=FeatureTable(place, stored.read_all()),
        **flag_features(stored.chosen),
        target=np.stack([grid(f"{TARGET}{h}") for h in horizons], axis=-1),
        target_start=np.broadcast_to(dates("target_start"), shape),
        target_end=np.broadcast_to(
            np.stack([dates(name) for name in ends], axis=-1), (*shape, len(ends))
        ),
        **{name: grid(name) for name in GRIDS},
    )


def _count_rows(reader: pa.RecordBatchFileReader) -> int:
    return sum(reader.get_batch(n).num_rows for n in range(reader.num_record_batches))


def _spread_dates(dates: Any, row: Positions, column: Positions, shape: tuple[int, int]) -> Any:
    """Return the dates of rows as (T, 1) if all tickers of a session have the same, else (T, N)."""
    by_session = np.full(shape[0], np.datetime64("NaT"), DATE_DTYPE)
    by_session[row] = dates
    if (by_session[row] == dates).all():
        return by_session[:, None]
    grid = np.full(shape, np.datetime64("NaT"), DATE_DTYPE)
    grid[row, column] = dates
    return grid
