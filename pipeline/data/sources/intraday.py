"""Daily bars from files of intraday bars: each session's prices and its realised variance."""

import datetime as dt
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from volcast.features.realized import GRID_MINUTES, aggregate_to_sessions
from volcast.pipeline.data.calendars.opening_hours import (
    last_settled_session,
    session_hours,
    timezone,
)
from volcast.pipeline.data.calendars.ticker_calendar import find_calendar
from volcast.pipeline.data.contract.source import Download, Request, build_download, format_failures
from volcast.pipeline.data.sources.files import list_table_files, select_files
from volcast.pipeline.data.tables.file_names import ticker_from_file
from volcast.pipeline.data.tables.read_bars import ReadOptions
from volcast.pipeline.data.tables.read_intraday import read_intraday_bars
from volcast.pipeline.errors import DataError

SPACINGS = (1, GRID_MINUTES)  # minutes
DAY = pd.Timedelta(days=1)
MICROSECONDS_A_MINUTE = 60_000_000


class IntradaySource:
    """Daily bars made of the 1- or 5-minute bars in a file, or in every such file of a folder.

    Columns are those of `files.FilesSource`, with a timestamp (datetime, date) at which the bar
    begins. With an offset it is that moment; without one it is the time at the ticker's exchange.
    All bars of one session must be in one file.

    Parameters
    ----------
    path
        A file or a folder, as for `volcast.pipeline.data.sources.files.FilesSource`.
    tickers
        The tickers to read; empty reads all.
    now
        The clock, with a timezone: a session that is not settled then is left out.
    options
        What decides where a file can be read in several ways, and the calendar of a ticker whose
        name does not identify an exchange.

    Attributes
    ----------
    failures
        Ticker or file to reason, for each that cannot be used.
    """

    def __init__(
        self,
        path: Path,
        tickers: tuple[str, ...],
        now: dt.datetime,
        options: ReadOptions | None = None,
    ):
        self.path = Path(path)
        self.tickers = tickers
        self.now = now
        self.options = options or ReadOptions()
        self.failures: dict[str, str] = {}

    def load(self, request: Request) -> Download:
        """Return daily bars of the sessions with enough intraday bars. See `Source.load`.

        ``adj_close`` is ``close``: intraday bars hold no dividends. The variance is added by
        `realized_variance.add_realized_variance`, which knows the overnight return.
        """
        complete = self.days[self.days["variance"].notna()].drop(columns=["variance", "covered"])
        return build_download(request, complete, self.failures)

    @cached_property
    def days(self) -> pd.DataFrame:
        """Ticker and the columns of `realized.aggregate_to_sessions`, read at the first access.

        A file or a ticker that cannot be used is listed in ``failures``.

        Raises
        ------
        DataError
            When nothing can be used; the message lists the reasons.
        """
        files = list_table_files(self.path)
        parts = [
            part for file in select_files(files, self.tickers) for part in self._read_days(file)
        ]
        if not parts:
            reasons = (
                format_failures(self.failures) or f"there are none for {', '.join(self.tickers)}"
            )
            raise DataError(f"{self.path}: no intraday bars can be used; {reasons}")
        days = pd.concat(parts, ignore_index=True)
        return days.drop_duplicates(["ticker", "session"], keep="last", ignore_index=True)

    def _read_days(self, file: Path) -> list[pd.DataFrame]:
        try:
            bars = read_intraday_bars(file, ticker_from_file(file), self.options)
        except DataError as error:
            self.failures[ticker_from_file(file)] = str(error)
            return []
        parts = []
        for name, own in bars.groupby("ticker", sort=False):
            ticker = str(name)
            if self.tickers and ticker not in self.tickers:
                continue
            try:
                days = build_days(own, find_calendar(ticker, self.options.calendar), self.now)
            except DataError as error:
                self.failures[ticker] = f"{file}: {error}"
            else:
                parts.append(days.assign(ticker=ticker))
        return parts


def build_days(bars: pd.DataFrame, calendar: str, now: dt.datetime) -> pd.DataFrame:
    """Return the settled days of one ticker's intraday bars, by `realized.aggregate_to_sessions`.

    Raises
    ------
    DataError
        When the bars are not 1 or 5 minutes apart, or none lies in a settled session.
    """
    zone, moment = timezone(calendar), bars["moment"]
    if moment.dt.tz is None:
        # No exchange is open in the hour that a clock change skips or repeats.
        moment = moment.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT").dt.tz_convert(
            "UTC"
        )
    bars = bars.assign(moment=moment).dropna(subset="moment")
    spacing = _find_spacing(bars["moment"])
    first, last = (
        edge.tz_localize(None).normalize() for edge in bars["moment"].agg(["min", "max"])
    )
    hours = session_hours(calendar, first - DAY, last + DAY)
    hours = hours[hours["session"] <= last_settled_session(calendar, now)]
    days = aggregate_to_sessions(bars, hours.reset_index(drop=True), spacing)
    if days.empty:
        raise DataError(
            f"no bar lies in a settled session of {calendar}; a time without an offset is read as "
            f"{zone}: check the timezone, and that the column holds times"
        )
    return days


def _find_spacing(moments: pd.Series) -> int:
    """Return the most frequent number of minutes between bars."""
    gaps = np.diff(np.unique(pd.DatetimeIndex(moments).as_unit("us").asi8))
    if not len(gaps):
        raise DataError("all bars have the same time; check the timestamps")
    lengths, counts = np.unique(gaps, return_counts=True)
    minutes = lengths[counts.argmax()] / MICROSECONDS_A_MINUTE
    if minutes not in SPACINGS:
        raise DataError(
            f"bars must be {' or '.join(map(str, SPACINGS))} minutes apart; most are {minutes:g}"
        )
    return int(minutes)
