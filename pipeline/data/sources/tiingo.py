"""Daily prices from Tiingo, a paid source with a free tier: one request a ticker."""

import logging
import os
import re
from collections.abc import Callable
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

import pandas as pd
import requests
import stamina

from volcast.pipeline.data.calendars.sessions import calendar_name, last_settled_session
from volcast.pipeline.data.contract.source import Download, Request, assemble, conform, listed
from volcast.pipeline.errors import ConfigError, DataError

KEY = "TIINGO_API_KEY"
BASE_URL = "TIINGO_BASE_URL"
PUBLIC_URL = "https://api.tiingo.com"
FIRST_DAY = "1900-01-01"  # without a start Tiingo sends the last bar alone
COLUMN_OF = MappingProxyType(
    {
        "date": "session",
        "open": "open",
        "high": "high",
        "low": "low",
        "close": "close",
        "volume": "volume",
        "adjClose": "adj_close",
        "splitFactor": "split",
    }
)
REQUEST_TIMEOUT = 30.0  # seconds
ATTEMPTS = 4
LONGEST_WAIT = 20.0  # seconds, between attempts
PATIENCE = 3  # tickers in a row that are refused for good; then no more are asked
REASON_OF = MappingProxyType(
    {
        400: "Tiingo does not take this name or these dates; check them",
        404: "Tiingo has no prices under this name; check the spelling",
        429: "Tiingo limits the number of requests (HTTP 429); wait for the next hour",
    }
)
SHOWN = 200  # characters of an error or an answer in a message

# stamina tells every retry to a logger that nobody may have set up: then Python would print it.
logging.getLogger("stamina").addHandler(logging.NullHandler())


class _TryAgainError(Exception):
    """Tiingo or the network failed in a way that another attempt may mend."""


class TiingoSource:
    """Finished daily bars from Tiingo; the key stands in the environment as TIINGO_API_KEY.

    Prices and volume are adjusted for the splits within the range, ``adj_close`` for dividends and
    splits. A bar whose session is not closed and settled at the request's ``now`` is left out. The
    key travels in a header only, and is in no message.

    Parameters
    ----------
    timeout
        Seconds to wait for an answer, for each attempt.

    """

    def __init__(self, *, timeout: float = REQUEST_TIMEOUT):
        self.timeout = timeout

    def load(self, request: Request) -> Download:
        """Return the finished bars of the tickers asked for. See `Source.load`.

        Raises
        ------
        ConfigError
            When no ticker is named, or the key is missing, malformed or not accepted.
        DataError
            When no ticker can be delivered.

        """
        if not request.tickers:
            raise ConfigError("source 'tiingo' needs tickers; name them with --ticker")
        key = _key()
        frames: list[pd.DataFrame] = []
        failures: dict[str, str] = {}
        refused: list[str] = []
        with requests.Session() as session:
            session.headers["Authorization"] = f"Token {key}"
            for ticker in dict.fromkeys(request.tickers):
                if len(refused) == PATIENCE:
                    failures[ticker] = f"not asked, after {', '.join(refused)} failed in a row"
                    continue
                try:
                    frames.append(_finished_bars(self._rows(session, ticker, request), request))
                    refused = []
                except DataError as error:
                    failures[ticker] = str(error).replace(key, "***")
                    refused = (
                        [*refused, ticker] if isinstance(error.__cause__, _TryAgainError) else []
                    )
        if not frames:
            raise DataError(f"no ticker has bars; {listed(failures)}")
        return assemble(request, pd.concat(frames, ignore_index=True), failures)

    def _rows(self, session: requests.Session, ticker: str, request: Request) -> pd.DataFrame:
        """Return Tiingo's rows of a ticker; a failure that may pass is tried again."""
        base = os.environ.get(BASE_URL, PUBLIC_URL).rstrip("/")
        url = f"{base}/tiingo/daily/{quote(ticker, safe='')}/prices"
        dates = {"startDate": str(request.start or FIRST_DAY)}
        if request.end is not None:
            dates["endDate"] = str(request.end)
        try:
            for attempt in stamina.retry_context(
                on=_TryAgainError, attempts=ATTEMPTS, wait_max=LONGEST_WAIT, timeout=None
            ):
                with attempt:
                    answer = _asked(lambda: session.get(url, params=dates, timeout=self.timeout))
        except _TryAgainError as error:
            raise DataError(str(error)) from error
        return _table(answer, ticker)


def _key() -> str:
    key = os.environ.get(KEY, "").strip()
    if not key:
        raise ConfigError(
            f"source 'tiingo' needs a key; set {KEY} in the environment, tiingo.com gives one"
        )
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        raise ConfigError(f"{KEY} must be one word of plain letters and digits; copy it anew")
    return key


def _asked(get: Callable[[], requests.Response]) -> Any:
    """Return the JSON of an answer.

    Raises ``_TryAgainError`` where another attempt may help, ``DataError`` where it will not, and
    ``ConfigError`` where the key is not accepted.
    """
    try:
        answer = get()
    except requests.RequestException as error:
        # The text of the error repeats the address; its kind says enough.
        raise _TryAgainError(
            f"Tiingo cannot be reached ({type(error).__name__}); check the network, "
            "or try again later"
        ) from None
    status = answer.status_code
    if status in (401, 403):
        raise ConfigError(f"Tiingo does not accept the key in {KEY} (HTTP {status}); check it")
    if status == 429 or status >= 500:
        raise _TryAgainError(
            REASON_OF.get(status, f"Tiingo answered HTTP {status}; try again later")
        )
    if status != 200:
        raise DataError(REASON_OF.get(status, f"Tiingo answered HTTP {status}"))
    try:
        return answer.json()
    except requests.JSONDecodeError:
        raise _TryAgainError("Tiingo's answer is no JSON; try again later") from None


def _table(answer: Any, ticker: str) -> pd.DataFrame:
    """Return the rows of an answer as the columns of `COLUMN_OF`."""
    if not isinstance(answer, list):
        told = answer.get("detail", answer) if isinstance(answer, dict) else answer
        raise DataError(f"Tiingo answered: {' '.join(str(told).split())[:SHOWN]}")
    if not answer:
        raise DataError("Tiingo has no bars in this range; ask for a longer one")
    rows = pd.DataFrame([row if isinstance(row, dict) else {} for row in answer])
    missing = [name for name in COLUMN_OF if name not in rows]
    if missing:
        raise DataError(f"Tiingo's rows lack {', '.join(missing)}; it may have changed its answers")
    table = rows[list(COLUMN_OF)].rename(columns=COLUMN_OF)
    try:
        numbers = table.drop(columns="session").astype("float64")
        sessions = pd.to_datetime(table["session"].str[:10], format="%Y-%m-%d")
        if sessions.isna().any():
            raise ValueError("a row has no date")
    except (AttributeError, OverflowError, TypeError, ValueError) as error:
        first = str(error).splitlines()[0][:SHOWN]
        raise DataError(f"Tiingo's rows cannot be read ({first}); try again later") from error
    return numbers.assign(session=sessions, ticker=ticker)


def _finished_bars(table: pd.DataFrame, request: Request) -> pd.DataFrame:
    """Return the settled bars of a ticker, adjusted for the splits that came after each."""
    table = table.sort_values("session", kind="stable")
    # A split counts from its own day on: the days before it are divided by all that came later.
    factor = table["split"].where(table["split"] > 0, 1.0).fillna(1.0)
    later = factor[::-1].cumprod()[::-1] / factor
    prices = table[["open", "high", "low", "close"]].div(later, axis=0)
    bars = conform(table.assign(**prices, volume=table["volume"] * later))
    ticker = str(bars["ticker"].iloc[0])
    final = bars["session"] <= last_settled_session(calendar_name(ticker), request.now)
    if not final.any():
        raise DataError(
            f"no session in this range is closed and settled at {request.now:%Y-%m-%d %H:%M %Z}; "
            "ask for an earlier start"
        )
    return bars[final]
