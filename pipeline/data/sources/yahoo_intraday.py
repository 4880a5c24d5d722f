"""Yahoo's 5-minute bars, saved in files; Yahoo itself offers only the last 60 days."""

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock

from volcast.pipeline.data.calendars.opening_hours import last_settled_session, session_hours
from volcast.pipeline.data.calendars.ticker_calendar import find_calendar
from volcast.pipeline.data.contract.client import RateLimitError, UnreachableError
from volcast.pipeline.data.download.rate_limit import DEFAULT_RATE, TokenBucket
from volcast.pipeline.data.sources.yahoo_errors import translate_error
from volcast.pipeline.data.sources.yahoo_session import open_yahoo_session
from volcast.pipeline.errors import DataError
from volcast.pipeline.files import LOCK, read_frame, write_frame

PERIOD = "60d"  # the longest period of 5-minute bars that Yahoo offers
COLUMN_NAMES = {
    "Datetime": "timestamp",
    "Open": "open",
    "High": "high",
    "Low": "low",
    "Close": "close",
    "Volume": "volume",
}
REQUEST_TIMEOUT = 30  # seconds
SCHEDULE_SPAN = pd.Timedelta(days=90)  # longer than `PERIOD`


def update_intraday(folder: Path, tickers: tuple[str, ...], now: dt.datetime) -> dict[str, str]:
    """Add Yahoo's 5-minute bars of the last 60 days to the files of a folder, one per ticker.

    Called at least every 60 days, it collects the history that `data.intraday` reads; a bar that is
    downloaded again replaces the older one. Only sessions closed and settled at ``now`` are saved.

    Parameters
    ----------
    folder
        Created if needed; locked meanwhile.
    tickers
        As Yahoo names them; each is requested once.
    now
        The clock, with a timezone.

    Returns
    -------
    Ticker to reason, for each ticker without new bars. Once Yahoo limits the requests or cannot be
    reached, the others are not requested.
    """
    folder.mkdir(parents=True, exist_ok=True)
    bucket = TokenBucket(folder / ".rate.json", DEFAULT_RATE)
    failures: dict[str, str] = {}
    refused = ""
    with FileLock(folder / LOCK), open_yahoo_session(bucket.take) as session:
        import yfinance

        for ticker in dict.fromkeys(tickers):
            if refused:
                failures[ticker] = f"not asked, after {refused} failed"
                continue
            try:
                fresh = fetch_settled_bars(yfinance.Ticker(ticker, session=session), ticker, now)
            except Exception as error:  # yfinance may raise anything
                reason = _translate(error)
                failures[ticker] = str(reason)
                refused = ticker if isinstance(reason, RateLimitError | UnreachableError) else ""
            else:
                _merge_into_file(folder / f"{ticker}.parquet", fresh)
    return failures


def _translate(error: Exception) -> Exception:
    if isinstance(error, DataError):
        return error
    return translate_error(error, "of the last 60 days")


def fetch_settled_bars(stock: Any, ticker: str, now: dt.datetime) -> pd.DataFrame:
    """Return the 5-minute bars of a ``yfinance.Ticker`` in sessions that are settled at ``now``.

    Returns
    -------
    timestamp (the beginning of the bar, in UTC), open, high, low, close and volume.

    Raises
    ------
    DataError
        When Yahoo has no bar of a session that is closed and settled at ``now``.
    """
    if Path(ticker).name != ticker:
        raise DataError(f"{ticker!r} cannot be used as a file name; fix the ticker")
    frame = stock.history(
        period=PERIOD,
        interval="5m",
        auto_adjust=False,
        actions=False,
        timeout=REQUEST_TIMEOUT,
    )
    if frame.empty:
        raise DataError("Yahoo has no 5-minute bars of this ticker in the last 60 days")
    bars = frame.reset_index().rename(columns=COLUMN_NAMES)[list(COLUMN_NAMES.values())]
    bars["timestamp"] = bars["timestamp"].dt.tz_convert("UTC").dt.as_unit("us")
    calendar = find_calendar(ticker)
    last = last_settled_session(calendar, now)
    last_close = session_hours(calendar, last - SCHEDULE_SPAN, last)["closes"].max()
    final = bars["timestamp"] < last_close
    if not final.any():
        raise DataError(
            f"no session is closed and settled at {now:%Y-%m-%d %H:%M %Z}; try again later"
        )
    return pd.DataFrame(bars[final].astype({"volume": "float64"}))


def _merge_into_file(file: Path, fresh: pd.DataFrame) -> None:
    """Write the bars of a file and the fresh ones, which take precedence, in order of time."""
    frames = [read_frame(file), fresh] if file.exists() else [fresh]
    bars = pd.concat(frames).drop_duplicates("timestamp", keep="last")
    write_frame(file, bars.sort_values("timestamp", ignore_index=True))
