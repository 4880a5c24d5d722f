"""Report dates from EDGAR: Forms 8-K with results of operations (item 2.02)."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

import requests

from volcast.pipeline.config.data_settings import DataSettings
from volcast.pipeline.data.calendars.ticker_calendar import find_calendar
from volcast.pipeline.data.contract.client import (
    RateLimitError,
    TransientError,
    UnknownTickerError,
    UnreachableError,
)
from volcast.pipeline.errors import ConfigError
from volcast.pipeline.events.acceptance import (
    CALENDAR,
    Filing,
    describe_report,
    find_usual_clock,
    with_header,
)
from volcast.pipeline.events.client import EventAnswer, FetchEvents, build_answer

BASE_URL = "EDGAR_BASE_URL"  # takes the place of both hosts
WWW, DATA = "https://www.sec.gov", "https://data.sec.gov"
REQUEST_TIMEOUT = 30.0  # seconds
RATE = 6.0  # requests a second; with a burst of 4 at most the 10 in a second that the SEC allows
CALENDARS = (CALENDAR, "XNAS")
# Item 2.02 is results of operations and financial condition; until August 2004 it was item 12.
RESULTS = frozenset({"2.02", "12"})
COLUMNS = ("accessionNumber", "form", "items", "acceptanceDateTime", "filingDate")
CHECKED = 4  # newest filings whose header is read: a year of reports
HEADER_BYTES = 2048
HEADER = re.compile(rb"<ACCEPTANCE-DATETIME>\s*(\d{14})")
NO_CONTACT = (
    "source 'edgar' needs your name and e-mail address, which the SEC wants to know; set "
    'data.contact = "Jane Doe jane@example.com" in the settings'
)
NOT_LISTED = "it is not in the SEC's list of tickers"
NO_RESULTS = (
    "the SEC has no Form 8-K with results (item 2.02) of it; funds file none, and foreign "
    "companies file Form 6-K"
)


class EdgarEvents:
    """Reports on record at the SEC, each learnt when it was accepted. See `EventClient`.

    Parameters
    ----------
    settings
        ``contact`` and ``calendar`` of the section ``data``.
    timeout
        Seconds without an answer after which a request has failed.

    Raises
    ------
    ConfigError
        ``data.contact`` is no name with an e-mail address.
    """

    name = "edgar"
    rate = RATE
    rate_folder = "events/edgar"
    near_interval = None

    def __init__(self, settings: DataSettings, *, timeout: float = REQUEST_TIMEOUT):
        contact = settings.contact.strip()
        if not re.fullmatch(r"[\x20-\x7e]*\S@\S+\.\S+[\x20-\x7e]*", contact):
            raise ConfigError(f"{NO_CONTACT}; it is {contact!r}")
        self.contact, self.calendar = contact, settings.calendar or None
        self.timeout = timeout
        base = os.environ.get(BASE_URL, "").rstrip("/")
        self.www, self.data = base or WWW, base or DATA

    @contextmanager
    def connected(self, before_request: Callable[[], None]) -> Iterator[FetchEvents]:
        """Return a context that gives the function to fetch with. See `EventClient.connected`."""
        with requests.Session() as session:
            session.headers["User-Agent"] = f"volcast {self.contact}"
            connection = _Connection(session, before_request, self.timeout)
            companies: dict[str, int] = {}

            def fetch(ticker: str, now: dt.datetime, known: Collection[str]) -> EventAnswer:
                symbol = ticker.upper().replace(".", "-")
                if find_calendar(ticker, self.calendar) not in CALENDARS:
                    raise UnknownTickerError(NOT_LISTED)
                if not companies:
                    companies.update(_list_companies(connection, self.www))
                if symbol not in companies:
                    raise UnknownTickerError(NOT_LISTED)
                return self._fetch(connection, ticker, companies[symbol], known)

            yield fetch

    def _fetch(
        self, connection: _Connection, ticker: str, cik: int, known: Collection[str]
    ) -> EventAnswer:
        filings = _list_reports(connection, self.data, cik, complete=not known)
        if not filings:
            return build_answer(self.name, ticker, [], NO_RESULTS)
        new = sorted(
            (filing for filing in filings if filing.accession not in known),
            key=lambda filing: filing.written,
            reverse=True,
        )
        checked = [
            with_header(one, self._read_header(connection, cik, one)) for one in new[:CHECKED]
        ]
        usual = find_usual_clock(checked)
        rows = [describe_report(filing, usual) for filing in (*checked, *new[CHECKED:])]
        return build_answer(self.name, ticker, rows)

    def _read_header(self, connection: _Connection, cik: int, filing: Filing) -> dt.datetime | None:
        """Return New York's clock of the header of a submission; None if there is none."""
        url = f"{self.www}/Archives/edgar/data/{cik}/{filing.accession}.txt"
        found = HEADER.search(connection.read_start(url))
        return dt.datetime.strptime(found[1].decode(), "%Y%m%d%H%M%S") if found else None


class _Connection:
    """Requests to the SEC within its rate limit; faults become the errors of the contract."""

    def __init__(
        self, session: requests.Session, before_request: Callable[[], None], timeout: float
    ):
        self.session, self.before_request, self.timeout = session, before_request, timeout

    def read_json(self, url: str) -> Any:
        """Return the JSON at an address."""
        with self._get(url) as answer:
            if answer.status_code == 404:
                raise UnknownTickerError(f"the SEC has no {url.rpartition('/')[2]} (HTTP 404)")
            try:
                return answer.json()
            except requests.JSONDecodeError:
                raise TransientError("the SEC's answer is not JSON; try again later") from None
            except requests.RequestException as error:
                raise _unreachable(error) from None

    def read_start(self, url: str) -> bytes:
        """Return the first bytes at an address; none if there is nothing."""
        with self._get(url) as answer:
            if answer.status_code == 404:
                return b""
            try:
                return next(answer.iter_content(HEADER_BYTES), b"")
            except requests.RequestException as error:
                raise _unreachable(error) from None

    def _get(self, url: str) -> requests.Response:
        self.before_request()
        try:
            answer = self.session.get(url, timeout=self.timeout, stream=True)
        except requests.RequestException as error:
            raise _unreachable(error) from None
        status = answer.status_code
        if status not in (200, 404):
            answer.close()
        if status in (403, 429):
            raise RateLimitError(
                f"the SEC refuses requests (HTTP {status}): there were too many, or it does not "
                "accept data.contact"
            )
        if status not in (200, 404):
            raise TransientError(f"the SEC answered HTTP {status}; try again later")
        return answer


def _unreachable(error: Exception) -> UnreachableError:
    return UnreachableError(
        f"the SEC cannot be reached ({type(error).__name__}); check the network"
    )


def _list_companies(connection: _Connection, www: str) -> dict[str, int]:
    """Return the number (CIK) of each ticker."""
    answer = connection.read_json(f"{www}/files/company_tickers.json")
    try:
        return {str(row["ticker"]): int(row["cik_str"]) for row in answer.values()}
    except (AttributeError, KeyError, TypeError, ValueError):
        raise TransientError("the SEC's list of tickers cannot be read; try again later") from None


def _list_reports(connection: _Connection, data: str, cik: int, *, complete: bool) -> list[Filing]:
    """Return a company's reports; without ``complete`` those of the recent filings only.

    The recent filings are those of a year and more: a company without a report among them files
    none, and its older filings are not read.
    """
    answer = connection.read_json(f"{data}/submissions/CIK{cik:010d}.json")
    try:
        page = answer["filings"]["recent"]
        older = [str(file["name"]) for file in answer["filings"]["files"]]
    except (KeyError, TypeError):
        raise _unreadable() from None
    recent = _read_page(page)
    if not (complete and recent):
        return recent
    pages = [_read_page(connection.read_json(f"{data}/submissions/{name}")) for name in older]
    return [*recent, *(filing for one in pages for filing in one)]


def _read_page(page: Any) -> list[Filing]:
    try:
        rows = zip(*(page[name] for name in COLUMNS), strict=True)
        return [
            Filing(
                str(accession),
                dt.datetime.fromisoformat(accepted.removesuffix("Z")).replace(tzinfo=None),
                dt.date.fromisoformat(filed),
            )
            for accession, form, items, accepted, filed in rows
            if form == "8-K" and RESULTS & {item.strip() for item in items.split(",")}
        ]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise _unreadable() from None


def _unreadable() -> TransientError:
    return TransientError("the SEC's list of filings cannot be read; try again later")
