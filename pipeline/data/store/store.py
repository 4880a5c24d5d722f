"""The bar store: one Parquet file per ticker, to which rows are only ever added.

A file is replaced atomically: a reader, which needs no lock, sees the old one or the new one, and a
process killed at any moment leaves one of them. A writer holds the ticker's lock.
"""

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from volcast.pipeline.data.contract.bar_table import BAR_COLUMNS, NUMBER_COLUMNS
from volcast.pipeline.data.contract.client import ACTION_COLUMNS
from volcast.pipeline.data.store.bar_log import (
    ORDER_COLUMNS,
    SCHEMA,
    VALUE_COLUMNS,
    Columns,
    Rows,
    compute_adjusted_close,
    select_known_rows,
)
from volcast.pipeline.data.store.folders import file_stem, ticker_from_stem
from volcast.pipeline.data.store.ticker_lock import LOCK_TIMEOUT, lock_ticker
from volcast.pipeline.data.store.ticker_state import TickerState
from volcast.pipeline.errors import DataError
from volcast.pipeline.files import write_file, write_text

READERS = 4  # threads; reading small files waits for the disk and for the decompression
SUFFIX = ".parquet"


class Store:
    """The stored bars of one source.

    Parameters
    ----------
    folder
        The files of the source; created by the first write.
    """

    def __init__(self, folder: Path):
        self.folder = folder

    def tickers(self) -> list[str]:
        """Return the tickers that have bars, sorted."""
        files = self.folder.glob(f"[!.]*{SUFFIX}") if self.folder.is_dir() else []
        return sorted(ticker_from_stem(file.name.removesuffix(SUFFIX)) for file in files)

    def bars(self, tickers: Sequence[str], as_of: dt.datetime | None = None) -> pd.DataFrame:
        """Return the bars known at ``as_of`` (now, if None) of those tickers that have any.

        The bar table of `contract.bar_table`: prices on the newest basis known then, adj_close
        scaled by the dividends known then. The rows are as served, before the quality rules.

        Raises
        ------
        DataError
            A file is damaged.
        """
        names, logs = self._read(tickers, (*ORDER_COLUMNS, *NUMBER_COLUMNS))
        log, ticker = _concat_tables(logs)
        rows = select_known_rows(log, ticker, as_of)
        columns: dict[str, object] = {name: log[name][rows] for name in NUMBER_COLUMNS}
        columns["adj_close"] = compute_adjusted_close(log, ticker, rows, as_of)
        columns["session"] = log["session"][rows].astype("datetime64[us]")
        columns["ticker"] = _repeat_names(names, ticker[rows])
        return pd.DataFrame(columns)[list(BAR_COLUMNS)]

    def known(self, ticker: str, as_of: dt.datetime | None = None) -> pd.DataFrame:
        """Return the bars and actions of one ticker known at ``as_of``, one row per session."""
        _, logs = self._read([ticker], (*ORDER_COLUMNS, *VALUE_COLUMNS))
        log, number = _concat_tables(logs)
        rows = select_known_rows(log, number, as_of)
        frame = pd.DataFrame({name: log[name][rows] for name in VALUE_COLUMNS})
        frame["adj_close"] = compute_adjusted_close(log, number, rows, as_of)
        sessions = pd.DatetimeIndex(log["session"][rows].astype("datetime64[us]"), name="session")
        return frame.set_index(sessions)

    def actions(self, tickers: Sequence[str], as_of: dt.datetime | None = None) -> pd.DataFrame:
        """Return ticker, session and `ACTION_COLUMNS` of the sessions that have any action."""
        frames = [pd.DataFrame(columns=["ticker", "session", *ACTION_COLUMNS])]
        for ticker in tickers:
            actions = self.known(ticker, as_of)[list(ACTION_COLUMNS)].fillna(0.0)
            some = actions[(actions != 0).any(axis=1)].reset_index()
            frames.append(some.assign(ticker=ticker))
        return pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)

    def log(self, ticker: str) -> pd.DataFrame:
        """Return every row ever added, in its order, with the columns of `bar_log.SCHEMA`."""
        _, tables = self._read([ticker], SCHEMA.names)
        frame: pd.DataFrame = pa.concat_tables(tables or [SCHEMA.empty_table()]).to_pandas()
        return frame.assign(session=pd.DatetimeIndex(frame["session"]).as_unit("us"))

    def changes(self, tickers: Sequence[str], as_of: dt.datetime | None = None) -> pd.DataFrame:
        """Return ticker, session and change of every row ever added."""
        names, tables = self._read(tickers, ("session", "change", "fetched_at"))
        frames = [
            table.to_pandas().assign(ticker=name) for name, table in zip(names, tables, strict=True)
        ]
        empty = SCHEMA.empty_table().to_pandas().assign(ticker="")
        changes = pd.concat(frames or [empty], ignore_index=True)
        if as_of is not None:
            changes = changes[changes["fetched_at"] <= pd.Timestamp(as_of)]
        sessions = pd.DatetimeIndex(changes["session"]).as_unit("us")
        return pd.DataFrame(changes.assign(session=sessions)[["ticker", "session", "change"]])

    def vintages(self, tickers: Sequence[str], as_of: dt.datetime | None = None) -> dict[str, str]:
        """Return for each stored ticker when its newest known row was fetched, in ISO format."""
        names, tables = self._read(tickers, ["fetched_at"])
        newest = {}
        for name, table in zip(names, tables, strict=True):
            moments = pd.DatetimeIndex(table["fetched_at"].to_pandas())
            known = moments if as_of is None else moments[moments <= pd.Timestamp(as_of)]
            if len(known):
                newest[name] = known.max().isoformat()
        return newest

    def append(
        self,
        ticker: str,
        rows: pd.DataFrame,
        *,
        fetched_at: dt.datetime,
        factor: float = 1.0,
        new_basis: bool = False,
    ) -> None:
        """Add the rows of one fetch: `VALUE_COLUMNS` and ``change``, indexed by session.

        The caller holds the ticker's lock. A clock that went back does not reorder vintages.
        """
        _, tables = self._read([ticker], SCHEMA.names)
        before = tables[0] if tables else SCHEMA.empty_table()
        last = {name: before[name][-1].as_py() for name in ORDER_COLUMNS} if len(before) else None
        constants = {
            "vintage": last["vintage"] + 1 if last else 0,
            "basis": last["basis"] + new_basis if last else 0,
            "factor": factor,
            "fetched_at": max(fetched_at, last["fetched_at"]) if last else fetched_at,
        }
        frame = rows.reset_index().assign(**constants)[SCHEMA.names]
        frame["session"] = frame["session"].dt.date
        added = pa.Table.from_pandas(frame, schema=SCHEMA, preserve_index=False)
        table = pa.concat_tables([before.replace_schema_metadata(SCHEMA.metadata), added])
        self.folder.mkdir(parents=True, exist_ok=True)
        write_file(self._file(ticker), lambda file: pq.write_table(table, file, compression="zstd"))

    def state(self, ticker: str) -> TickerState:
        """Return the state of a ticker; an empty one if its file is missing or damaged."""
        try:
            return TickerState.from_json(self._state_file(ticker).read_text(encoding="utf-8"))
        except (OSError, ValueError, TypeError, KeyError):
            return TickerState()

    def write_state(self, ticker: str, state: TickerState) -> None:
        """Replace the state of a ticker; losing it costs one more request, but no bar."""
        file = self._state_file(ticker)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, json.dumps(state.to_json(), indent=1) + "\n")

    @contextmanager
    def locked(self, ticker: str, timeout: float = LOCK_TIMEOUT) -> Iterator[None]:
        """Hold the ticker's lock, which is also freed if the process dies.

        Raises
        ------
        DataError
            Another process has held it for ``timeout`` seconds.
        """
        with lock_ticker(self.folder, ticker, timeout):
            yield

    def _read(
        self, tickers: Sequence[str], columns: Sequence[str]
    ) -> tuple[list[str], list[pa.Table]]:
        """Return the tickers that have a file, sorted, and the table of each."""
        names = sorted(ticker for ticker in set(tickers) if self._file(ticker).exists())
        files = [self._file(name) for name in names]
        with ThreadPoolExecutor(READERS) as readers:
            return names, list(readers.map(lambda file: _read_table(file, columns), files))

    def _file(self, ticker: str) -> Path:
        return self.folder / f"{file_stem(ticker)}{SUFFIX}"

    def _state_file(self, ticker: str) -> Path:
        return self.folder / ".notes" / f"{file_stem(ticker)}.json"


def _read_table(file: Path, columns: Sequence[str]) -> pa.Table:
    try:
        return pq.ParquetFile(file).read(columns=list(columns), use_threads=False).select(columns)
    except (pa.ArrowException, OSError, KeyError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(
            f"{file}: the stored file is damaged ({reason}); move it away and update again"
        ) from error


def _concat_tables(tables: list[pa.Table]) -> tuple[Columns, Rows]:
    """Return the columns of all tables one after the other, and the number of each row's table."""
    lengths = [len(table) for table in tables]
    number = np.repeat(np.arange(len(tables)), lengths)
    names = tables[0].column_names if tables else (*ORDER_COLUMNS, *VALUE_COLUMNS)
    empty = SCHEMA.empty_table().select(names)
    joined = pa.concat_tables([table.replace_schema_metadata(None) for table in tables] or [empty])
    return {name: joined[name].to_numpy() for name in names}, number


def _repeat_names(names: Sequence[str], number: Rows) -> pd.Series:
    encoded = pa.DictionaryArray.from_arrays(
        pa.array(number, pa.int32()), pa.array(names, pa.string())
    )
    return pd.Series(encoded.cast(pa.large_string()).to_pandas(), dtype="str")
