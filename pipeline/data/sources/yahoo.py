"""Daily prices from Yahoo Finance, through the yfinance package."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from volcast.pipeline.data.calendars.yahoo_exchanges import CALENDAR_BY_EXCHANGE
from volcast.pipeline.data.contract.bar_table import to_bar_table
from volcast.pipeline.data.contract.client import (
    ACTION_COLUMNS,
    ANSWER_COLUMNS,
    Answer,
    Fetch,
    NoBarsError,
)
from volcast.pipeline.data.sources.yahoo_errors import translate_error
from volcast.pipeline.data.sources.yahoo_session import open_yahoo_session

COLUMN_NAMES = {
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


class YahooClient:
    """Daily bars and actions, ticker by ticker. See `Client`.

    Prices are adjusted for splits, ``adj_close`` for dividends too. A session is a date in the
    exchange's own timezone. The running session may be an ordinary last row.

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
        """Return a context that gives the function to fetch with. See `Client.connected`."""
        with open_yahoo_session(before_request) as session:
            import yfinance

            def fetch(ticker: str, start: dt.date | None, end: dt.date) -> Answer:
                try:
                    stock = yfinance.Ticker(ticker, session=session)
                    return _fetch_history(stock, start, end, self.timeout)
                except Exception as error:  # yfinance may raise anything
                    date_range = f"from {start or 'the start'} to {end}"
                    raise translate_error(error, date_range) from error

            yield fetch


def _fetch_history(stock: Any, start: dt.date | None, end: dt.date, timeout: float) -> Answer:
    """Return the bars and actions of a ``yfinance.Ticker``."""
    from yfinance.data import YfData

    YfData.cache_get.cache_clear()  # it keeps failed answers as long as the process runs
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
    named = frame.sort_index().reset_index().rename(columns=COLUMN_NAMES)
    rows = to_bar_table(named.assign(ticker=stock.ticker))
    rows = rows.assign(**dict.fromkeys(ACTION_COLUMNS, 0.0))
    for name in set(ACTION_COLUMNS) & set(named):
        rows[name] = named[name].to_numpy("float64")
    exchange = stock.get_history_metadata().get("exchangeName", "")
    return Answer(rows[list(ANSWER_COLUMNS)], CALENDAR_BY_EXCHANGE.get(exchange))
