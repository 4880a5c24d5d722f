"""Yahoo's 5-minute bars, kept in files before Yahoo forgets them after 60 days."""

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock

from volcast.pipeline.data.calendars.hours import session_hours
from volcast.pipeline.data.calendars.sessions import calendar_name, last_settled_session
from volcast.pipeline.data.contract.client import RateLimitError, UnreachableError
from volcast.pipeline.data.download.downloader import RATE
from volcast.pipeline.data.download.rate_limit import TokenBucket
from volcast.pipeline.data.sources.yahoo import _own_symbols, _translated, _yfinance
from volcast.pipeline.errors import DataError
from volcast.pipeline.files import LOCK, read_frame, write_frame

REACH = "60d"  # the longest past of 5-minute bars that Yahoo gives
COLUMN_OF = {
    "Datetime": "timestamp",
    "Open": "open",
    "High": "high",
    "Low": "low",
    "Close": "close",
    "Volume": "volume",
}
REQUEST_TIMEOUT = 30  # seconds
MONTHS = pd.Timedelta(days=90)  # longer than Yahoo's reach


def update_intraday(folder: Path, tickers: tuple[str, ...], now: dt.datetime) -> dict[str, str]:
    """Add Yahoo's 5-minute bars of the last 60 days to the files of a folder, one a ticker.

    Called at least every 60 days, it makes the history that `data.intraday` takes; a bar that came
    again takes the place of the older one. Only sessions closed and settled at ``now`` are kept.

    Returns
    -------
    Ticker to reason, for each ticker that brought nothing. After a refusal no more are asked.

    """
    folder.mkdir(parents=True, exist_ok=True)
    polite = TokenBucket(folder / ".rate.json", RATE).take
    failures: dict[str, str] = {}
    refused = ""
    with _own_symbols():
        import yfinance
    with FileLock(folder / LOCK), _yfinance(polite) as session:
        for ticker in dict.fromkeys(tickers):
            if refused:
                failures[ticker] = f"not asked, after {refused} failed"
                continue
            try:
                fresh = settled_bars(yfinance.Ticker(ticker, session=session), ticker, now)
            except Exception as error:  # whatever yfinance raises becomes a stated reason
                told = error
                if not isinstance(error, DataError):
                    told = _translated(error, "of the last 60 days")
                failures[ticker] = str(told)
                refused = ticker if isinstance(told, RateLimitError | UnreachableError) else ""
            else:
                _merge(folder / f"{ticker}.parquet", fresh)
    return failures


def settled_bars(stock: Any, ticker: str, now: dt.datetime) -> pd.DataFrame:
    """Return timestamp (UTC), open, high, low, close and volume of a ``yfinance.Ticker``.

    Raises
    ------
    DataError
        When Yahoo has no bar of a session that is closed and settled at ``now``.

    """
    if Path(ticker).name != ticker:
        raise DataError(f"{ticker!r} cannot be the name of a file; mend the ticker")
    frame = stock.history(
        period=REACH,
        interval="5m",
        auto_adjust=False,
        actions=False,
        timeout=REQUEST_TIMEOUT,
    )
    if frame.empty:
        raise DataError("Yahoo has no 5-minute bars of this ticker in the last 60 days")
    bars = frame.reset_index().rename(columns=COLUMN_OF)[list(COLUMN_OF.values())]
    bars["timestamp"] = bars["timestamp"].dt.tz_convert("UTC").dt.as_unit("us")
    calendar = calendar_name(ticker)
    last = last_settled_session(calendar, now)
    over = session_hours(calendar, last - MONTHS, last)["closes"].max()
    final = bars["timestamp"] < over
    if not final.any():
        raise DataError(f"no session is closed and settled at {now:%Y-%m-%d %H:%M %Z}; wait for it")
    return pd.DataFrame(bars[final].astype({"volume": "float64"}))


def _merge(file: Path, fresh: pd.DataFrame) -> None:
    """Write the bars of a file and the fresh ones, which take precedence, in order of time."""
    kept = [read_frame(file), fresh] if file.exists() else [fresh]
    bars = pd.concat(kept).drop_duplicates("timestamp", keep="last")
    write_frame(file, bars.sort_values("timestamp", ignore_index=True))
