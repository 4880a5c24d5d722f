"""Bringing bars of a user's files into the store: all of them, or none."""

import datetime as dt
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pandas as pd

from volcast.pipeline.data.calendars.sessions import last_settled_session
from volcast.pipeline.data.contract.source import Request, listed
from volcast.pipeline.data.download.update_result import UpdateResult
from volcast.pipeline.data.maintenance.status import assign_stored_calendars
from volcast.pipeline.data.quality.check import check
from volcast.pipeline.data.sources.files import FilesSource
from volcast.pipeline.data.store.bar_log import VALUE_COLUMNS
from volcast.pipeline.data.store.merge import Merge, merge_fetch
from volcast.pipeline.data.store.store import Store
from volcast.pipeline.errors import DataError


def import_files(
    store: Store, files: Sequence[Path], now: dt.datetime, calendar: str | None = None
) -> list[UpdateResult]:
    """Add the bars of files to the store; return what became of each ticker.

    Everything is read, checked and compared before anything is written. Of a session that stands
    in several files the last one counts; sessions that had not settled at ``now`` are left out.

    Raises
    ------
    DataError
        A file cannot be read, a ticker has no usable bar, or its prices disagree with the stored
        ones from the oldest common session on. Nothing is written then.

    """
    bars = _read(files, now)
    calendars = assign_stored_calendars(store, sorted(bars["ticker"].unique()), calendar)
    last = {ticker: last_settled_session(name, now) for ticker, name in calendars.items()}
    settled = bars[bars["session"] <= bars["ticker"].map(last)]
    failures = check(settled, calendars).failures
    with ExitStack() as locks:
        for ticker in calendars:
            locks.enter_context(store.locked(ticker))
        merges = {str(ticker): _merge(store, own) for ticker, own in settled.groupby("ticker")}
        failures |= {
            ticker: "its prices disagree with the stored ones from their oldest common session on; "
            "another scale? import it into another --data-dir"
            for ticker, one in merges.items()
            if one.needs_whole
        }
        if failures:
            raise DataError(f"nothing is imported; {listed(failures)}")
        for ticker, one in merges.items():
            if len(one.rows):
                store.append(ticker, one.rows, fetched_at=now, factor=one.factor)
    return [_outcome(store, ticker, one) for ticker, one in merges.items()]


def _read(files: Sequence[Path], now: dt.datetime) -> pd.DataFrame:
    downloads = [FilesSource(file).load(Request((), None, None, now)) for file in files]
    failures = {ticker: why for one in downloads for ticker, why in one.failures.items()}
    if failures:
        raise DataError(f"nothing is imported; {listed(failures)}")
    return pd.concat([one.bars for one in downloads], ignore_index=True)


def _merge(store: Store, own: pd.DataFrame) -> Merge:
    rows = own.drop_duplicates("session", keep="last").set_index("session").sort_index()
    unknown = dict.fromkeys(set(VALUE_COLUMNS) - set(rows), np.nan)  # a file tells no dividends
    stored = store.known(str(own["ticker"].iloc[0]))
    return merge_fetch(stored, rows.assign(**unknown)[list(VALUE_COLUMNS)], whole=False)


def _outcome(store: Store, ticker: str, one: Merge) -> UpdateResult:
    last = store.known(ticker).index[-1]
    status = "updated" if len(one.rows) else "unchanged"
    return UpdateResult(ticker, status, one.counts(), f"{last:%Y-%m-%d}")  # type: ignore[arg-type]
