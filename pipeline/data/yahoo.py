"""Daily prices from Yahoo Finance, through the yfinance package."""

import datetime as dt
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import platformdirs

from pipeline.data.calendars import calendar_name, last_settled_session
from pipeline.data.source import Download, Request, assemble, conform, listed
from pipeline.errors import ConfigError, DataError

COLUMN_OF = {
    "Date": "session",
    "Open": "open",
    "High": "high",
    "Low": "low",
    "Close": "close",
    "Adj Close": "adj_close",
    "Volume": "volume",
}
REQUEST_TIMEOUT = 30  # seconds
PATIENCE = 3  # tickers in a row that Yahoo refuses or the network fails; then no more are asked
NOT_FOUND = 404
UNKNOWN = "Yahoo has no prices under this name now; check the spelling, or try again later"


class YahooSource:
    """Finished daily bars from Yahoo Finance, one ticker at a time.

    Prices are adjusted for splits, ``adj_close`` for dividends too. A session is a date in the
    exchange's own timezone. The bar of a session that is not closed and settled at the request's
    ``now`` is left out: until then Yahoo shows the running prices as an ordinary last row.
    """

    def load(self, request: Request) -> Download:
        """Return the finished bars of the tickers asked for. See `Source.load`.

        Raises
        ------
        ConfigError
            When the request names no ticker: Yahoo has no list to default to.
        DataError
            When no ticker can be delivered.

        """
        if not request.tickers:
            raise ConfigError("source 'yahoo' needs tickers; name them with --ticker")
        frames: list[pd.DataFrame] = []
        failures: dict[str, str] = {}
        refused: list[str] = []
        with _yahoo_client():
            for ticker in dict.fromkeys(request.tickers):
                if len(refused) == PATIENCE:
                    failures[ticker] = f"not asked, after {', '.join(refused)} failed in a row"
                    continue
                try:
                    frames.append(_finished_bars(ticker, request))
                    refused = []
                except Exception as error:  # whatever yfinance raises becomes a stated reason
                    failures[ticker] = _reason(error)
                    refused = [*refused, ticker] if _is_refusal(error) else []
        if not frames:
            raise DataError(f"no ticker has bars; {listed(failures)}")
        return assemble(request, pd.concat(frames, ignore_index=True), failures)


def _finished_bars(ticker: str, request: Request) -> pd.DataFrame:
    import yfinance

    after = None if request.end is None else request.end + dt.timedelta(days=1)
    period = {"period": "max"} if request.start is None else {"start": request.start}
    frame = yfinance.Ticker(ticker).history(
        **period,
        end=after,
        interval="1d",
        auto_adjust=False,
        actions=False,  # they would add rows for dividends outside the range
        keepna=True,  # an empty row is for the quality rules to count
        timeout=REQUEST_TIMEOUT,
    )
    if frame.empty:
        raise DataError("Yahoo has no bars in this range; ask for a longer one")
    bars = conform(frame.reset_index().rename(columns=COLUMN_OF).assign(ticker=ticker))
    final = bars["session"] <= last_settled_session(calendar_name(ticker), request.now)
    if not final.any():
        raise DataError(
            f"no session in this range is closed and settled at {request.now:%Y-%m-%d %H:%M %Z}; "
            "ask for an earlier start"
        )
    return bars[final]


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


@contextmanager
def _yahoo_client() -> Iterator[None]:
    """Make yfinance raise its errors, forget old answers, and cache in our own folder."""
    with _own_symbols():
        import yfinance
    from yfinance.data import YfData

    yfinance.set_tz_cache_location(str(Path(platformdirs.user_cache_dir("volcast")) / "yfinance"))
    YfData.cache_get.cache_clear()  # it keeps failed answers for the life of the process
    hidden = yfinance.config.debug.hide_exceptions
    yfinance.config.debug.hide_exceptions = False
    try:
        with warnings.catch_warnings():
            # yfinance 1.7 uses keywords that pandas is about to drop.
            warnings.filterwarnings(
                "ignore", category=pd.errors.Pandas4Warning, module=r"yfinance\."
            )
            yield
    finally:
        yfinance.config.debug.hide_exceptions = hidden


def _is_refusal(error: Exception) -> bool:
    """Whether asking for the next ticker would fail in the same way."""
    from yfinance.exceptions import YFRateLimitError

    return isinstance(error, YFRateLimitError) or _is_unreachable(error)


def _is_unreachable(error: Exception) -> bool:
    return isinstance(error, OSError) and _status(error) is None


def _status(error: Exception) -> int | None:
    return getattr(getattr(error, "response", None), "status_code", None) or None


def _reason(error: Exception) -> str:
    """Return in one line why a ticker has no bars. One miss never means that it is delisted."""
    from yfinance.exceptions import YFPricesMissingError, YFRateLimitError, YFTzMissingError

    if isinstance(error, DataError):
        return str(error)
    if isinstance(error, YFRateLimitError):
        return "Yahoo limits the number of requests (HTTP 429); wait some minutes and try again"
    if isinstance(error, YFTzMissingError) or _status(error) == NOT_FOUND:
        return UNKNOWN
    if isinstance(error, YFPricesMissingError):
        answer = error.yahoo_reason or ""
        return f"Yahoo answered: {answer}" if answer and "delisted" not in answer else UNKNOWN
    if _is_unreachable(error):
        return (
            f"Yahoo cannot be reached ({_first_line(error)}); check the network, or try again later"
        )
    if _status(error) is not None:
        return f"Yahoo answered HTTP {_status(error)}; try again later"
    return (
        f"Yahoo did not answer with prices ({type(error).__name__}: {_first_line(error)}); "
        "try again later"
    )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:200]
