"""Daily prices from Tiingo, a paid source with a free tier: one request per ticker."""

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

from volcast.pipeline.data.contract.source import (
    Download,
    Request,
    build_download,
    format_failures,
)
from volcast.pipeline.data.sources.catalogue import require_tickers
from volcast.pipeline.data.sources.tiingo_table import adjust_final_bars, parse_rows
from volcast.pipeline.errors import ConfigError, DataError

KEY = "TIINGO_API_KEY"
BASE_URL = "TIINGO_BASE_URL"
PUBLIC_URL = "https://api.tiingo.com"
FIRST_DAY = "1900-01-01"  # without a start Tiingo sends only the last bar
REQUEST_TIMEOUT = 30.0  # seconds
ATTEMPTS = 4
LONGEST_WAIT = 20.0  # seconds, between attempts
MAX_REFUSALS = 3  # tickers in a row that fail at every attempt; after them no more are requested
REASON_BY_STATUS = MappingProxyType(
    {
        400: "Tiingo does not accept this name or these dates; check them",
        404: "Tiingo has no prices under this name; check the spelling",
        429: "Tiingo limits the number of requests (HTTP 429); wait for the next hour",
    }
)

# stamina logs every retry; without a handler Python would print it.
logging.getLogger("stamina").addHandler(logging.NullHandler())


class _TryAgainError(Exception):
    """Tiingo or the network failed in a way that may be over at the next attempt."""


class TiingoSource:
    """Final daily bars from Tiingo; the key is the environment variable TIINGO_API_KEY.

    Prices and volume are adjusted for the splits within the range, ``adj_close`` for dividends and
    splits. A bar whose session is not closed and settled at the request's ``now`` is left out. The
    key is sent only in a header, and appears in no message.

    Parameters
    ----------
    timeout
        Seconds to wait for an answer, for each attempt.
    """

    def __init__(self, *, timeout: float = REQUEST_TIMEOUT):
        self.timeout = timeout

    def load(self, request: Request) -> Download:
        """Return the final bars of the requested tickers. See `Source.load`.

        Raises
        ------
        ConfigError
            When no ticker is named, or the key is missing, malformed or not accepted.
        DataError
            When no ticker can be delivered.
        """
        require_tickers("tiingo", request.tickers)
        key = _read_key()
        frames: list[pd.DataFrame] = []
        failures: dict[str, str] = {}
        refused: list[str] = []
        with requests.Session() as session:
            session.headers["Authorization"] = f"Token {key}"
            for ticker in dict.fromkeys(request.tickers):
                if len(refused) == MAX_REFUSALS:
                    failures[ticker] = f"not asked, after {', '.join(refused)} failed in a row"
                    continue
                try:
                    frames.append(
                        adjust_final_bars(self._fetch_rows(session, ticker, request), request)
                    )
                    refused = []
                except DataError as error:
                    failures[ticker] = str(error).replace(key, "***")
                    refused = (
                        [*refused, ticker] if isinstance(error.__cause__, _TryAgainError) else []
                    )
        if not frames:
            raise DataError(f"no ticker has bars; {format_failures(failures)}")
        return build_download(request, pd.concat(frames, ignore_index=True), failures)

    def _fetch_rows(self, session: requests.Session, ticker: str, request: Request) -> pd.DataFrame:
        """Return Tiingo's rows of a ticker; a transient failure is retried."""
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
                    answer = _request_json(
                        lambda: session.get(url, params=dates, timeout=self.timeout)
                    )
        except _TryAgainError as error:
            raise DataError(str(error)) from error
        return parse_rows(answer, ticker)


def _read_key() -> str:
    key = os.environ.get(KEY, "").strip()
    if not key:
        raise ConfigError(
            f"source 'tiingo' needs an API key; get one at tiingo.com and set {KEY} in the "
            "environment"
        )
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        raise ConfigError(
            f"{KEY} must consist of printable ASCII characters without spaces; copy it again"
        )
    return key


def _request_json(get: Callable[[], requests.Response]) -> Any:
    """Return the JSON of an answer.

    Raises ``_TryAgainError`` if another attempt may help, ``DataError`` if it will not, and
    ``ConfigError`` if the key is not accepted.
    """
    try:
        answer = get()
    except requests.RequestException as error:
        # The text of the error repeats the address; its type says enough.
        raise _TryAgainError(
            f"Tiingo cannot be reached ({type(error).__name__}); check the network, "
            "or try again later"
        ) from None
    status = answer.status_code
    if status in (401, 403):
        raise ConfigError(f"Tiingo does not accept the key in {KEY} (HTTP {status}); check it")
    if status == 429 or status >= 500:
        raise _TryAgainError(
            REASON_BY_STATUS.get(status, f"Tiingo answered HTTP {status}; try again later")
        )
    if status != 200:
        raise DataError(REASON_BY_STATUS.get(status, f"Tiingo answered HTTP {status}"))
    try:
        return answer.json()
    except requests.JSONDecodeError:
        raise _TryAgainError("Tiingo's answer is not JSON; try again later") from None
