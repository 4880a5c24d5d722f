"""Import of a user's files into the store: all of their bars, or none."""

import datetime as dt
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pandas as pd

from volcast.pipeline.data.calendars.opening_hours import last_settled_session
from volcast.pipeline.data.contract.source import Request, format_failures
from volcast.pipeline.data.download.update_result import UpdateResult
from volcast.pipeline.data.maintenance.status import assign_stored_calendars
from volcast.pipeline.data.quality.check import check_bars
from volcast.pipeline.data.quality.closed_days import explain_closed_days
from volcast.pipeline.data.sources.files import FilesSource
from volcast.pipeline.data.store.bar_log import VALUE_COLUMNS
from volcast.pipeline.data.store.merge import Merge, merge_fetch
from volcast.pipeline.data.store.store import Store
from volcast.pipeline.data.tables.read_bars import ReadOptions
from volcast.pipeline.errors import DataError


def import_files(
    store: Store, files: Sequence[Path], now: dt.datetime, options: ReadOptions | None = None
) -> tuple[list[UpdateResult], list[str]]:
    """Add the bars of files to the store.

    Everything is read, checked and compared before anything is written.

    Parameters
    ----------
    store
        The store to add to.
    files
        Files or folders, as for `files.FilesSource`. If several hold the same session, the last
        one counts.
    now
        The clock, with a timezone: sessions that had not settled then are left out.
    options
        What decides where a file can be read in several ways, and the calendar of tickers whose
        name does not identify an exchange.

    Returns
    -------
    The result of each ticker, and what was understood of each file.

    Raises
    ------
    DataError
        When a file cannot be read, a ticker has no usable bar, or its prices disagree with the
        stored ones from the oldest common session on. Nothing is written then.
    """
    chosen = options or ReadOptions()
    bars, understood = _read(files, now, chosen)
    tickers = sorted(bars["ticker"].unique())
    calendars = assign_stored_calendars(store, tickers, chosen.calendar)
    last = {ticker: last_settled_session(name, now) for ticker, name in calendars.items()}
    settled = bars[bars["session"] <= bars["ticker"].map(last)]
    failures = check_bars(settled, calendars).failures | explain_closed_days(settled, calendars)
    with ExitStack() as locks:
        for ticker in calendars:
            locks.enter_context(store.locked(ticker))
        merges = {str(ticker): _merge(store, own) for ticker, own in settled.groupby("ticker")}
        failures |= {
            ticker: "its prices differ from the stored ones from their oldest common session on, "
            "perhaps by their scale; import it into another --data-dir"
            for ticker, one in merges.items()
            if one.needs_full_history
        }
        if failures:
            raise DataError(f"nothing was imported; {format_failures(failures)}")
        for ticker, one in merges.items():
            if len(one.rows):
                store.append(ticker, one.rows, fetched_at=now, factor=one.factor)
    return [_build_result(store, ticker, one) for ticker, one in merges.items()], understood


def _read(
    files: Sequence[Path], now: dt.datetime, options: ReadOptions
) -> tuple[pd.DataFrame, list[str]]:
    request = Request((), None, None, now)
    downloads = [FilesSource(file, options).load(request) for file in files]
    failures = {ticker: why for one in downloads for ticker, why in one.failures.items()}
    if failures:
        raise DataError(f"nothing was imported; {format_failures(failures)}")
    bars = pd.concat([one.bars for one in downloads], ignore_index=True)
    return bars, [line for one in downloads for line in one.understood]


def _merge(store: Store, own: pd.DataFrame) -> Merge:
    rows = own.drop_duplicates("session", keep="last").set_index("session").sort_index()
    missing = dict.fromkeys(set(VALUE_COLUMNS) - set(rows), np.nan)  # a file holds no dividends
    stored = store.known(str(own["ticker"].iloc[0]))
    return merge_fetch(stored, rows.assign(**missing)[list(VALUE_COLUMNS)], full=False)


def _build_result(store: Store, ticker: str, merge: Merge) -> UpdateResult:
    last = f"{store.known(ticker).index[-1]:%Y-%m-%d}"
    if len(merge.rows):
        return UpdateResult(ticker, "updated", merge.counts(), last)
    return UpdateResult(ticker, "unchanged", merge.counts(), last)
