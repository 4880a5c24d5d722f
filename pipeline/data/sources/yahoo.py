"""Daily prices from Yahoo Finance, through the yfinance package."""

import datetime as dt
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import platformdirs

from volcast.pipeline.data.calendars.yahoo_exchanges import CALENDAR_OF_EXCHANGE
from volcast.pipeline.data.contract.client import (
    ACTION_COLUMNS,
    ANSWER_COLUMNS,
    Answer,
    Fetch,
    NoBarsError,
    RateLimitError,
    TransientError,
    UnknownTickerError,
    UnreachableError,
)
from volcast.pipeline.data.contract.source import conform

COLUMN_OF = {
    "Date": "session",
    "Open": "open",
    "High": "high",
    "Low": "low",
    "Close": "close",
    "Adj Close": "adj_close",
    "Volume": "volume",
    "Dividends": "dividend",
    "Stock Splits": "split",
    "Capital Gains": "capital_gain",
}
REQUEST_TIMEOUT = 30.0  # seconds
NOT_FOUND = 404
UNKNOWN = "Yahoo has no prices under this name now; check the spelling, or try again later"
NOTHING = "Yahoo has no bars {}, the last session that is closed and settled"
TALKATIVE = ("yfinance", "peewee")  # loggers; what they report comes as an exception, too


class YahooClient:
    """Daily bars and actions of one ticker after the other. See `Client`.

    Prices are adjusted for splits, ``adj_close`` for dividends too. A session is a date in the
    exchange's own timezone. The running session may come as an ordinary last row.

    Parameters
    ----------
    timeout
        Seconds without an answer after which a request has failed.

    """

    name = "yahoo"

    def __init__(self, timeout: float = REQUEST_TIMEOUT):
        self.timeout = timeout

    @contextmanager
    def connected(self, before_request: Callable[[], None]) -> Iterator[Fetch]:
        """Return a context that gives the function to ask with. See `Client.connected`."""
        with _own_symbols():
            import yfinance
        with _yfinance(before_request) as session:

            def fetch(ticker: str, start: dt.date | None, end: dt.date) -> Answer:
                try:
                    return _asked(
                        yfinance.Ticker(ticker, session=session), start, end, self.timeout
                    )
                except Exception as error:  # whatever yfinance raises becomes a stated reason
                    raise _translated(error, f"from {start or 'the start'} to {end}") from error

            yield fetch


def _asked(stock: Any, start: dt.date | None, end: dt.date, timeout: float) -> Answer:
    from yfinance.data import YfData

    YfData.cache_get.cache_clear()  # it keeps failed answers for the life of the process
    period = {"period": "max"} if start is None else {"start": start}
    frame = stock.history(
        **period,
        end=end + dt.timedelta(days=1),
        interval="1d",
        auto_adjust=False,
        actions=True,
        keepna=True,  # an empty row is for the quality rules to count
        timeout=timeout,
    )
    if frame.empty:
        raise NoBarsError
    named = frame.sort_index().reset_index().rename(columns=COLUMN_OF).assign(ticker=stock.ticker)
    rows = conform(named).assign(**dict.fromkeys(ACTION_COLUMNS, 0.0))
    for name in set(ACTION_COLUMNS) & set(named):
        rows[name] = named[name].to_numpy("float64")
    exchange = stock.get_history_metadata().get("exchangeName", "")
    return Answer(rows[list(ANSWER_COLUMNS)], CALENDAR_OF_EXCHANGE.get(exchange))


@contextmanager
def _yfinance(before_request: Callable[[], None]) -> Iterator[Any]:
    """Make yfinance raise its errors and cache in our own folder; give a session that waits."""
    import yfinance
    from yfinance.data import YfData

    yfinance.set_tz_cache_location(str(Path(platformdirs.user_cache_dir("volcast")) / "yfinance"))
    hidden = yfinance.config.debug.hide_exceptions
    levels = {name: logging.getLogger(name).level for name in TALKATIVE}
    former = YfData()._session
    yfinance.config.debug.hide_exceptions = False
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            # yfinance 1.7 uses keywords that pandas is about to drop.
            warnings.filterwarnings(
                "ignore", category=pd.errors.Pandas4Warning, module=r"yfinance\."
            )
            yield _session(before_request)
    finally:
        yfinance.config.debug.hide_exceptions = hidden
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        YfData(session=former)


def _session(before_request: Callable[[], None]) -> Any:
    """Return yfinance's own kind of session, which asks before each request that it makes.

    yfinance sends more than was asked for: cookies, a crumb, a timezone, and after an error all of
    it again. All of that is counted where Yahoo counts it.
    """
    from yfinance._http import new_session

    session = new_session()
    send = session.request

    def request(*arguments: Any, **options: Any) -> Any:
        before_request()
        return send(*arguments, **options)

    session.request = request
    return session


@contextmanager
def _own_symbols() -> Iterator[None]:
    """Let the libraries that are loaded meanwhile prefer their own symbols.

    TensorFlow and curl_cffi, yfinance's client, each bring a TLS library of the same names. When
    TensorFlow was there first, curl_cffi would call into the wrong one and refuse to work.
    """
    prefer_own = getattr(os, "RTLD_DEEPBIND", 0)  # Linux; other systems keep them apart anyway
    if not prefer_own:
        yield
        return
    flags = sys.getdlopenflags()
    sys.setdlopenflags(flags | prefer_own)
    try:
        yield
    finally:
        sys.setdlopenflags(flags)


def _translated(error: Exception, asked: str) -> Exception:
    """Return an error of `contract.client`. One miss never means that it is delisted."""
    from yfinance.exceptions import YFPricesMissingError, YFRateLimitError, YFTzMissingError

    status = getattr(getattr(error, "response", None), "status_code", None) or None
    said = (str(error).splitlines() or [""])[0].partition(" See http")[0][:200]
    if isinstance(error, NoBarsError):
        return NoBarsError(NOTHING.format(asked))
    if isinstance(error, YFRateLimitError):
        return RateLimitError("Yahoo limits the number of requests (HTTP 429)")
    if isinstance(error, YFTzMissingError) or status == NOT_FOUND:
        return UnknownTickerError(UNKNOWN)
    if isinstance(error, YFPricesMissingError):
        answer = error.yahoo_reason or ""
        if not answer or "doesn't exist for startDate" in answer:
            return NoBarsError(NOTHING.format(asked))
        if "delisted" in answer:
            return UnknownTickerError(UNKNOWN)
        return TransientError(f"Yahoo answered: {answer}")
    if isinstance(error, OSError) and status is None:
        return UnreachableError(f"Yahoo cannot be reached ({said}); check the network")
    if status is not None:
        return TransientError(f"Yahoo answered HTTP {status}; try again later")
    return TransientError(
        f"Yahoo did not answer with prices ({type(error).__name__}: {said}); try again later"
    )
