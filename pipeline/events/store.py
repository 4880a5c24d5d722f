"""The store of events: one Parquet file per ticker and source, to which rows are only ever added.

Each request adds at least one row, so that "asked, and nothing new" can be told from "not asked":

asked_at
    When the source was asked.
reason
    What the source said instead of a date; empty if it has nothing to say.
date, time, kind, learnt_at, authoritative
    As in the event table; date is null in the row of a request that brought nothing new.
reference
    The source's own identifier of the row, such as the number of a filing; empty if it has none.

A file is replaced atomically, by a writer that holds the ticker's lock; a reader needs none.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from volcast.pipeline.data.store.folders import file_stem, ticker_from_stem
from volcast.pipeline.data.store.ticker_lock import lock_ticker
from volcast.pipeline.errors import StorageError
from volcast.pipeline.events.client import EventAnswer
from volcast.pipeline.events.event_table import sort_events
from volcast.pipeline.events.revisions import MAX_MOVE
from volcast.pipeline.files import write_file

READERS = 4  # threads; reading small files waits for the disk and for the decompression
SUFFIX = ".parquet"
SCHEMA = pa.schema(
    [
        ("asked_at", pa.timestamp("us", tz="UTC")),
        ("reason", pa.string()),
        ("date", pa.date32()),
        ("time", pa.string()),
        ("kind", pa.string()),
        ("learnt_at", pa.timestamp("us", tz="UTC")),
        ("authoritative", pa.bool_()),
        ("reference", pa.string()),
    ],
    metadata={"volcast.events": "1"},
)


@dataclass(frozen=True, eq=False)
class StoredLog:
    """What is stored of some tickers.

    Parameters
    ----------
    events
        An event table.
    asked, asked_first
        Ticker to the moment of the last and of the first request, for each that was ever asked for.
    reasons
        Ticker to what the source said at the last request, if it said something.
    references
        Ticker to the identifiers of its rows, if they have any.
    """

    events: pd.DataFrame
    asked: Mapping[str, pd.Timestamp]
    asked_first: Mapping[str, pd.Timestamp]
    reasons: Mapping[str, str]
    references: Mapping[str, frozenset[str]]


class EventStore:
    """The stored events of one source.

    Parameters
    ----------
    folder
        The files of the source; created by the first write.
    name
        The name of the source, for the event table.
    """

    def __init__(self, folder: Path, name: str):
        self.folder, self.name = folder, name

    def tickers(self) -> list[str]:
        """Return the tickers that were ever asked for, sorted."""
        files = self.folder.glob(f"[!.]*{SUFFIX}") if self.folder.is_dir() else []
        return sorted(ticker_from_stem(file.name.removesuffix(SUFFIX)) for file in files)

    def read(self, tickers: Sequence[str], as_of: dt.datetime | None = None) -> StoredLog:
        """Return what was stored of some tickers at a moment (now, if None).

        Raises
        ------
        StorageError
            A file is damaged.
        """
        names = [ticker for ticker in dict.fromkeys(tickers) if self._file(ticker).exists()]
        with ThreadPoolExecutor(READERS) as readers:
            tables = list(readers.map(self._read_file, names))
        lengths = [len(table) for table in tables]
        # One conversion of all files; one of each would take longer than reading them.
        log = pa.concat_tables([SCHEMA.empty_table(), *tables]).to_pandas()
        log = log.assign(ticker=np.repeat(np.array(names, dtype=object), lengths))
        if as_of is not None:
            log = log[log["asked_at"] <= pd.Timestamp(as_of)]
        asked = log.groupby("ticker")[["asked_at", "reason"]]
        first, last = asked.first(), asked.last()
        references = log[log["reference"].ne("")].groupby("ticker")["reference"]
        return StoredLog(
            events=sort_events(log[log["date"].notna()].assign(source=self.name)),
            asked=last["asked_at"].to_dict(),
            asked_first=first["asked_at"].to_dict(),
            reasons=last.loc[last["reason"].ne(""), "reason"].to_dict(),
            references={ticker: frozenset(group) for ticker, group in references},
        )

    def log(self, ticker: str) -> pd.DataFrame:
        """Return every row ever added for a ticker, in order; see the module's docstring."""
        frame: pd.DataFrame = self._read_file(ticker).to_pandas()
        return frame

    def record(self, ticker: str, answer: EventAnswer, asked_at: dt.datetime) -> int:
        """Add what a source answered, and that it was asked; return how many rows are new.

        A clock that went back does not reorder requests.

        Raises
        ------
        StorageError
            The file is damaged, or cannot be written.
        DataError
            Another process holds the lock.
        """
        with lock_ticker(self.folder, ticker):
            before = self._read_file(ticker)
            log = before.to_pandas()
            new = select_new_rows(log, answer.rows)
            asked = max([pd.Timestamp(asked_at), *log["asked_at"].tail(1)])
            request = {"asked_at": asked, "reason": answer.reason, "reference": ""}
            known = new.astype(object).where(new.notna(), None)
            rows = [{**request, **row} for row in known.to_dict("records")] or [request]
            table = pa.Table.from_pylist(rows, schema=SCHEMA)
            whole = pa.concat_tables([before.replace_schema_metadata(SCHEMA.metadata), table])
            write_file(self._file(ticker), lambda file: pq.write_table(whole, file))
        return len(new)

    def _read_file(self, ticker: str) -> pa.Table:
        file = self._file(ticker)
        if not file.exists():
            return SCHEMA.empty_table()
        try:
            return pq.ParquetFile(file).read(columns=SCHEMA.names).select(SCHEMA.names)
        except (pa.ArrowException, OSError, KeyError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise StorageError(
                f"{file}: the stored file is damaged ({reason}); move it away and update again"
            ) from error

    def _file(self, ticker: str) -> Path:
        return self.folder / f"{file_stem(ticker)}{SUFFIX}"


def select_new_rows(log: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of an answer that say something new.

    Parameters
    ----------
    log
        What is stored of the ticker, with the columns of `SCHEMA`.
    rows
        The columns of `client.ANSWER_COLUMNS`.

    Returns
    -------
    The rows whose reference is not stored, and of those without a reference the ones that differ in
    day or time from the stored row on the same event that was added last. An event is the same if
    kind and authority are, and the days lie at most `revisions.MAX_MOVE` apart.
    """
    known = set(log["reference"])
    plain = log[log["date"].notna() & log["reference"].eq("")]
    plain = plain.assign(date=pd.to_datetime(plain["date"]))
    keep, move = [], pd.Timedelta(days=MAX_MOVE)
    for row in rows.to_dict("records"):
        if row["reference"]:
            keep.append(row["reference"] not in known)
            continue
        same = plain[
            (plain["kind"] == row["kind"])
            & (plain["authoritative"] == row["authoritative"])
            & plain["date"].between(row["date"] - move, row["date"] + move)
        ]
        last = same.tail(1)
        keep.append(not ((last["date"] == row["date"]) & (last["time"] == row["time"])).any())
    return rows[pd.Series(keep, index=rows.index, dtype=bool)]
