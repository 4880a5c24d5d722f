"""Days from files of intraday bars: each session's prices and its realised variance."""

import datetime as dt
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from volcast.features.realized import GRID_MINUTES, by_session
from volcast.pipeline.data.calendars.hours import session_hours, timezone
from volcast.pipeline.data.calendars.sessions import calendar_name, last_settled_session
from volcast.pipeline.data.contract.source import Download, Request, assemble, listed
from volcast.pipeline.data.sources.column_parsing import (
    PLAUSIBLE,
    complain,
    parse_numbers,
    parse_tickers,
)
from volcast.pipeline.data.sources.files import list_table_files, select_files, ticker_from_file
from volcast.pipeline.data.sources.table_reader import NAMES_OF, read_table
from volcast.pipeline.errors import DataError

INTRADAY_NAMES = {
    **{name: NAMES_OF[name] for name in ("ticker", "open", "high", "low", "close", "volume")},
    "session": ("timestamp", "datetime", "moment", "date", "time"),
}
NUMBERS = ("open", "high", "low", "close", "volume")
SPACINGS = (1, GRID_MINUTES)  # minutes
OFFSET = r"[T ].*(?:Z|[+-]\d{2}:?\d{2})$"
DAY = pd.Timedelta(days=1)
MICROSECONDS_A_MINUTE = 60_000_000


class IntradaySource:
    """Days made of the 1- or 5-minute bars in a file, or in every such file of a folder.

    Columns are those of `files.FilesSource`, with a timestamp (datetime, date) that
    says when the bar begins. With an offset it is that moment; without one it is the time at the
    ticker's exchange. All bars of one session stand in one file.

    Parameters
    ----------
    path
        A file or a folder, as for `volcast.pipeline.data.sources.files.FilesSource`.
    tickers
        Those to read; empty reads all.
    now
        The clock: a session that is not settled then is left out.
    calendar
        Of a ticker whose name does not tell its exchange; New York when None.

    """

    def __init__(
        self, path: Path, tickers: tuple[str, ...], now: dt.datetime, calendar: str | None = None
    ):
        self.path = Path(path)
        self.tickers = tickers
        self.now = now
        self.calendar = calendar
        self.failures: dict[str, str] = {}

    def load(self, request: Request) -> Download:
        """Return daily bars of the sessions with enough intraday bars. See `Source.load`.

        ``adj_close`` is ``close``: intraday bars tell no dividend. The variance of the bars is left
        for `realized_variance.with_realized`, which knows the overnight return.
        """
        whole = self.days[self.days["variance"].notna()].drop(columns=["variance", "covered"])
        return assemble(request, whole, self.failures)

    @cached_property
    def days(self) -> pd.DataFrame:
        """Ticker and the columns of `realized.by_session`, read when first asked for.

        A file or a ticker that cannot be used is named in ``failures``.

        Raises
        ------
        DataError
            When nothing can be used; the message lists the reasons.

        """
        files = list_table_files(self.path)
        parts = [
            part for file in select_files(files, self.tickers) for part in self._days_of_file(file)
        ]
        if not parts:
            reasons = listed(self.failures) or f"there is none of {', '.join(self.tickers)}"
            raise DataError(f"{self.path}: no intraday bars can be used; {reasons}")
        days = pd.concat(parts, ignore_index=True)
        return days.drop_duplicates(["ticker", "session"], keep="last", ignore_index=True)

    def _days_of_file(self, file: Path) -> list[pd.DataFrame]:
        try:
            bars = intraday_bars(file)
        except DataError as error:
            self.failures[ticker_from_file(file)] = str(error)
            return []
        parts = []
        for name, own in bars.groupby("ticker", sort=False):
            ticker = str(name)
            if self.tickers and ticker not in self.tickers:
                continue
            try:
                days = build_days(own, calendar_name(ticker, self.calendar), self.now)
            except DataError as error:
                self.failures[ticker] = f"{file}: {error}"
            else:
                parts.append(days.assign(ticker=ticker))
        return parts


def build_days(bars: pd.DataFrame, calendar: str, now: dt.datetime) -> pd.DataFrame:
    """Return the settled days of one ticker's intraday bars, by `realized.by_session`.

    Raises
    ------
    DataError
        When the bars are not 1 or 5 minutes apart, or none lies in a settled session.

    """
    zone, moment = timezone(calendar), bars["moment"]
    if moment.dt.tz is None:
        # No session is held in the hour that a change of clocks skips or repeats.
        moment = moment.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT").dt.tz_convert(
            "UTC"
        )
    bars = bars.assign(moment=moment).dropna(subset="moment")
    spacing = _spacing(bars["moment"])
    first, last = (
        edge.tz_localize(None).normalize() for edge in bars["moment"].agg(["min", "max"])
    )
    hours = session_hours(calendar, first - DAY, last + DAY)
    hours = hours[hours["session"] <= last_settled_session(calendar, now)]
    days = by_session(bars, hours.reset_index(drop=True), spacing)
    if days.empty:
        raise DataError(
            f"no bar lies in a settled session of {calendar}; a time without an offset is taken as "
            f"{zone}: check the timezone, and that the column holds times"
        )
    return days


def intraday_bars(file: Path) -> pd.DataFrame:
    """Return ticker, moment, open, high, low, close and volume of a file, typed.

    ``moment`` is in UTC where the file tells the offset, else without timezone.

    Raises
    ------
    DataError
        When the file, a time, a number or a ticker cannot be read.

    """
    table = read_table(file, INTRADAY_NAMES)
    if table.empty:
        raise DataError(f"{file}: the file has no row; it needs at least one bar")
    numbers = {name: parse_numbers(table[name], file) for name in NUMBERS if name in table}
    moment = _moments(table["session"].rename("timestamp"), file)
    bars = pd.DataFrame({"moment": moment, "volume": np.nan} | numbers)
    names = parse_tickers(table["ticker"], file) if "ticker" in table else ticker_from_file(file)
    return bars.assign(ticker=names)


def _moments(values: pd.Series, file: Path) -> pd.Series:
    """Return the times: in UTC where they tell their offset, else as written."""
    if values.dtype.kind == "M":
        moments = values if values.dt.tz is None else values.dt.tz_convert("UTC")
        told = pd.Series(values.dt.tz is not None, index=values.index)
    else:
        text = values.astype("str").fillna("").str.strip()
        told = text.str.contains(OFFSET)
        moments = pd.to_datetime(text, format="ISO8601", utc=True, errors="coerce")
    plain: pd.Series = moments.dt.tz_localize(None)
    complain(
        values[~plain.between(*PLAUSIBLE)],
        "is not a time such as 2024-01-31 09:30 or 2024-01-31T09:30-05:00, from 1800 to 2200",
        file,
    )
    if told.any():
        complain(values[~told], "has no offset, and other rows have one", file)
        return pd.Series(moments)
    return plain


def _spacing(moments: pd.Series) -> int:
    """Return the minutes from bar to bar that occur most."""
    gaps = np.diff(np.unique(pd.DatetimeIndex(moments).as_unit("us").asi8))
    if not len(gaps):
        raise DataError("one moment alone makes no session; check the timestamps")
    lengths, counts = np.unique(gaps, return_counts=True)
    minutes = lengths[counts.argmax()] / MICROSECONDS_A_MINUTE
    if minutes not in SPACINGS:
        raise DataError(
            f"bars must be {' or '.join(map(str, SPACINGS))} minutes apart; most are {minutes:g}"
        )
    return int(minutes)
