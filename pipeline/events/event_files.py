"""Events from CSV or Parquet files: the user's own, and those that are part of volcast."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import pandas as pd

from volcast.pipeline.config.load import names_a_path
from volcast.pipeline.data.sources.files import list_table_files
from volcast.pipeline.data.tables.file_names import ticker_from_file
from volcast.pipeline.data.tables.named_columns import read_named_columns
from volcast.pipeline.errors import DataError
from volcast.pipeline.events.catalogue import EMBEDDED_EVENTS
from volcast.pipeline.events.event_table import (
    build_empty_event_table,
    sort_events,
    to_event_table,
)
from volcast.pipeline.events.source_events import SourceEvents

FILE_NAMES = {
    "ticker": ("ticker", "symbol", "name"),
    "date": ("date", "day", "reportdate", "earningsdate", "eventdate"),
    "time": ("time", "timeofday", "when"),
    "kind": ("kind", "event"),
    "learnt_at": ("learntat", "learnedat", "knownat"),
    "source": ("source",),
    "authoritative": ("authoritative",),
}
OLD = dt.timedelta(days=100)  # a quarter and some days: a report should have come since


def find_event_file(entry: str) -> Path | None:
    """Return the file or folder that an entry of ``data.events`` is read from.

    Parameters
    ----------
    entry
        A path, or the name of a source.

    Returns
    -------
    None for a source of a network, whose events are stored.

    Examples
    --------
    >>> find_event_file("sample-stocks").name, find_event_file("edgar")
    ('report_dates.csv', None)
    """
    if names_a_path(entry):
        return Path(entry).expanduser()
    if entry not in EMBEDDED_EVENTS:
        return None
    package, _, name = EMBEDDED_EVENTS[entry].partition(":")
    return Path(str(resources.files(package) / name))


def load_event_files(path: Path, tickers: Sequence[str], now: dt.datetime) -> SourceEvents:
    """Return the events of some tickers in a file or in the files of a folder.

    Columns are found by name, as in a file of prices: ticker (symbol) and date, and optionally
    time, kind, learnt_at, source and authoritative. A file without tickers holds those of one
    ticker, named like the file.

    Parameters
    ----------
    path
        A CSV or Parquet file, or a folder of them.
    tickers
        The tickers whose events are returned.
    now
        The clock: a note says if the last date lies long before it.

    Raises
    ------
    DataError
        The path does not exist, or a file cannot be read as events.
    """
    frames = [_read_events(file) for file in list_table_files(path)]
    every = pd.concat(frames, ignore_index=True)
    wanted = every[every["ticker"].isin(list(tickers))]
    notes = []
    last = every["date"].max()
    if last < pd.Timestamp(now.astimezone(dt.UTC).date() - OLD):
        notes.append(f"{path.name}: the dates end on {last:%Y-%m-%d}; later reports are not known")
    absent = sorted(set(tickers) - set(wanted["ticker"]))
    reasons = dict.fromkeys(absent, f"{path.name} has no date of it")
    events = sort_events(wanted) if len(wanted) else build_empty_event_table()
    return SourceEvents(path.name, events, tuple(notes), reasons, refreshed=None)


def list_event_tickers(path: Path) -> list[str]:
    """Return the tickers of a file or of the files of a folder; see `load_event_files`."""
    frames = [_read_events(file) for file in list_table_files(path)]
    return sorted({ticker for frame in frames for ticker in frame["ticker"]})


def _read_events(file: Path) -> pd.DataFrame:
    table = read_named_columns(file, FILE_NAMES, required=("date",))
    if table.empty:
        raise DataError(f"{file}: the file has no rows; it needs at least one event")
    if "ticker" not in table:
        table = table.assign(ticker=ticker_from_file(file))
    return to_event_table(table, file.name, origin=file)
