"""The coming report date from Yahoo Finance, through the yfinance package.

Yahoo's calendar of a ticker is read as served: ``yfinance.Ticker.calendar`` turns its moments into
days in the timezone of the machine, which is a day off for some. Where it names no coming date,
Yahoo's page of report dates is tried (``yfinance.Ticker.get_earnings_dates``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pandas as pd

from volcast.pipeline.config.data_settings import DataSettings
from volcast.pipeline.data.calendars.opening_hours import compute_local_date, timezone
from volcast.pipeline.data.calendars.ticker_calendar import find_calendar
from volcast.pipeline.data.contract.client import RateLimitError, TransientError
from volcast.pipeline.data.sources.yahoo_errors import translate_error
from volcast.pipeline.data.sources.yahoo_session import open_yahoo_session
from volcast.pipeline.events.client import EventAnswer, FetchEvents, build_answer
from volcast.pipeline.events.event_table import UNKNOWN
from volcast.pipeline.events.yahoo_moments import find_day, find_time

CALENDAR_URL = "https://query2.finance.yahoo.com/v10/finance/quoteSummary/"
REQUEST_TIMEOUT = 30.0  # seconds
NO_DATE = "Yahoo names no coming report date"
WHAT = "report dates"


class YahooEvents:
    """The coming report date of each ticker, learnt when it is read. See `EventClient`.

    Only the coming date is taken: Yahoo's past ones are often wrong.

    Parameters
    ----------
    settings
        ``calendar`` of the section ``data``, for tickers whose name does not identify an exchange.
    timeout
        Seconds without an answer after which a request has failed.
    """

    name = "yahoo"
    rate = None
    rate_folder = "yahoo"  # the prices are requested from the same address
    near_interval = dt.timedelta(hours=6)

    def __init__(self, settings: DataSettings, *, timeout: float = REQUEST_TIMEOUT):
        self.calendar, self.timeout = settings.calendar or None, timeout

    @contextmanager
    def connected(self, before_request: Callable[[], None]) -> Iterator[FetchEvents]:
        """Return a context that gives the function to fetch with. See `EventClient.connected`."""
        with open_yahoo_session(before_request) as session:

            def fetch(ticker: str, now: dt.datetime, known: Collection[str]) -> EventAnswer:
                calendar = find_calendar(ticker, self.calendar)
                today = compute_local_date(calendar, now)
                moments, estimated = _read_calendar(session, ticker, self.timeout)
                row = _find_coming(moments, calendar, today, estimated=estimated)
                if row is None:
                    row, reason = _ask_page(session, ticker, calendar, today)
                    if row is None:
                        return build_answer(self.name, ticker, [], reason)
                return build_answer(self.name, ticker, [{**row, "learnt_at": now}])

            yield fetch


def _read_calendar(session: Any, ticker: str, timeout: float) -> tuple[list[pd.Timestamp], bool]:
    """Return the moments of the coming report, and whether they are an estimate.

    Two moments are the ends of a range, which Yahoo gives while a date is not confirmed.
    """
    from yfinance.data import YfData

    YfData.cache_get.cache_clear()  # it keeps failed answers as long as the process runs
    query = {"modules": "calendarEvents", "formatted": "false", "symbol": ticker}
    try:
        answer = YfData(session=session).get_raw_json(
            CALENDAR_URL + quote(ticker, safe=""), params=query, timeout=timeout
        )
    except Exception as error:  # yfinance may raise anything
        raise translate_error(error, what=WHAT) from error
    try:
        earnings = answer["quoteSummary"]["result"][0]["calendarEvents"].get("earnings") or {}
        stamps = [_raw(value) for value in earnings.get("earningsDate") or []]
        moments = [pd.Timestamp(stamp, unit="s", tz="UTC") for stamp in stamps]
        return moments, bool(earnings.get("isEarningsDateEstimate")) or len(set(moments)) > 1
    except (AttributeError, KeyError, IndexError, TypeError, ValueError, OverflowError):
        raise TransientError("Yahoo's calendar cannot be read; try again later") from None


def _raw(value: Any) -> Any:
    return value["raw"] if isinstance(value, dict) else value


def _ask_page(
    session: Any, ticker: str, calendar: str, today: pd.Timestamp
) -> tuple[dict[str, object] | None, str]:
    """Return the coming report of Yahoo's page of dates, and else why there is none."""
    import yfinance

    try:
        table = yfinance.Ticker(ticker, session=session).get_earnings_dates()
    except Exception as error:  # yfinance may raise anything
        translated = translate_error(error, what="its page of them")
        if isinstance(translated, RateLimitError):
            raise translated from error
        return None, f"{NO_DATE} ({translated})"
    moments = [] if table is None else [moment.tz_convert("UTC") for moment in table.index]
    return _find_coming(moments, calendar, today), NO_DATE


def _find_coming(
    moments: Sequence[pd.Timestamp],
    calendar: str,
    today: pd.Timestamp,
    *,
    estimated: bool = False,
) -> dict[str, object] | None:
    """Return day and time of the first report that is not past; the time of an estimate is unknown.

    Of a range the first day counts, unless it is past.
    """
    zone = timezone(calendar)
    coming = sorted(moment for moment in moments if find_day(moment, zone) >= today)
    if not coming:
        return None
    day = find_day(coming[0], zone)
    return {"date": day, "time": UNKNOWN if estimated else find_time(coming[0], calendar)}
