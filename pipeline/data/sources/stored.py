"""A source whose bars are kept in the store: updated from its client, and read from there."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from volcast.pipeline.data.calendars.opening_hours import last_settled_session
from volcast.pipeline.data.calendars.ticker_calendar import find_calendar
from volcast.pipeline.data.contract.bar_table import select_sessions
from volcast.pipeline.data.contract.client import Client
from volcast.pipeline.data.contract.source import Download, Request, build_download
from volcast.pipeline.data.download.circuit_breaker import RetryPolicy
from volcast.pipeline.data.download.downloader import Downloader
from volcast.pipeline.data.download.fetch_plan import FetchPlan, plan_fetch
from volcast.pipeline.data.download.rate_limit import DEFAULT_RATE
from volcast.pipeline.data.download.update_request import UpdateRequest
from volcast.pipeline.data.download.update_result import collect_failures
from volcast.pipeline.data.sources.catalogue import require_tickers
from volcast.pipeline.data.store.content_hash import compute_content_hashes
from volcast.pipeline.data.store.folders import data_folder
from volcast.pipeline.data.store.revisions import build_history_rows
from volcast.pipeline.data.store.store import Store
from volcast.pipeline.data.store.ticker_state import FULL_HISTORY
from volcast.pipeline.progress import Progress
from volcast.pipeline.text import format_count


@dataclass(frozen=True)
class StoreOptions:
    """How a stored source is queried, and where its bars are kept.

    Parameters
    ----------
    folder
        The data folder; None: see `volcast.pipeline.data.store.folders.data_folder`.
    as_of
        Read what was known at this moment, without a request; None: update the store first.
    rate
        Maximum number of requests a second.
    calendar
        The calendar of tickers whose name does not identify an exchange.
    retry_policy
        When a failed request is repeated, and when the download gives up.
    progress
        Notified of each ticker and of pauses.
    """

    folder: Path | None = None
    as_of: dt.datetime | None = None
    rate: float = DEFAULT_RATE
    calendar: str | None = None
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)
    progress: Progress = field(default_factory=Progress)


class StoredSource:
    """The bars of a client, by way of the store. See `Source`.

    Parameters
    ----------
    client
        The source to download from.
    options
        How it is queried, and where its bars are kept.
    """

    def __init__(self, client: Client, options: StoreOptions):
        self.client, self.options = client, options
        self.store = Store(data_folder(options.folder) / client.name)

    def load(self, request: Request) -> Download:
        """Return the final bars of the requested tickers, as new as the source has them.

        Tickers whose last settled session is stored are not requested. If the source does not
        answer, the stored bars are used, and a note says how old they are.

        Raises
        ------
        ConfigError
            When the request names no ticker: the source has no list to default to.
        DataError
            When no ticker has bars.
        """
        tickers = tuple(dict.fromkeys(request.tickers))
        require_tickers(self.client.name, tickers)
        failures = {} if self.options.as_of else self._update_store(tickers, request)
        bars = self._read_settled(tickers, request)
        answer = build_download(request, bars, failures)
        known = set(bars["ticker"])
        stale = {ticker: why for ticker, why in failures.items() if ticker in known}
        return Download(
            answer.bars,
            answer.failures,
            notes=tuple(_describe_stale_bars(answer.bars, stale, request.now.date())),
            vintages=self.store.vintages(tickers, self.options.as_of),
            history=build_history_rows(self.store, tickers, self.options.as_of),
        )

    def state(self, request: Request) -> dict[str, object]:
        """Return what the answer depends on: the stored content, and whether more is due."""
        bars = self._read_settled(request.tickers, request)
        bars = select_sessions(bars, request.start, request.end)
        due = not self.options.as_of and any(
            self._is_due(ticker, request) for ticker in request.tickers
        )
        return {"content": compute_content_hashes(bars), "due": due}

    def _update_store(self, tickers: Sequence[str], request: Request) -> dict[str, str]:
        """Bring the store up to date; return the reasons of the tickers that failed."""
        downloader = Downloader(
            self.client,
            self.store,
            UpdateRequest(request.now, _find_start(request), calendar=self.options.calendar),
            self.options.rate,
            self.options.retry_policy,
            self.options.progress,
        )
        due = [ticker for ticker in tickers if self._plan_fetch(ticker, request) is not None]
        latest = {result.ticker: result for result in (downloader.run(due) if due else ())}
        return collect_failures(list(latest.values()))

    def _read_settled(self, tickers: Sequence[str], request: Request) -> pd.DataFrame:
        """Return the stored bars of sessions that have settled at the request's clock."""
        bars = self.store.bars(tickers, self.options.as_of)
        last = {ticker: self._last_settled(ticker, request) for ticker in bars["ticker"].unique()}
        return bars[bars["session"] <= bars["ticker"].map(last)]

    def _is_due(self, ticker: str, request: Request) -> bool:
        """Return whether a session has settled that the source has not answered for yet."""
        answered = self.store.state(ticker).answered
        settled = self._last_settled(ticker, request).date()
        unanswered = answered is None or answered < settled
        return unanswered and self._plan_fetch(ticker, request) is not None

    def _plan_fetch(self, ticker: str, request: Request) -> FetchPlan | None:
        return plan_fetch(
            self.store.known(ticker),
            self.store.state(ticker),
            self._last_settled(ticker, request).date(),
            _find_start(request),
            calendar=self._calendar(ticker),
        )

    def _last_settled(self, ticker: str, request: Request) -> pd.Timestamp:
        return last_settled_session(self._calendar(ticker), request.now)

    def _calendar(self, ticker: str) -> str:
        return self.store.state(ticker).calendar or find_calendar(ticker, self.options.calendar)


def _describe_stale_bars(
    bars: pd.DataFrame, reasons: dict[str, str], today: dt.date
) -> Iterator[str]:
    """Yield a sentence for each ticker whose stored bars are used in place of newer ones."""
    last = bars.groupby("ticker")["session"].max()
    for ticker, why in reasons.items():
        if ticker in last:
            age = format_count((today - last[ticker].date()).days, "day")
            yield (
                f"{ticker} is not up to date: {why}; the stored bars up to {last[ticker]:%Y-%m-%d} "
                f"are used, {age} old"
            )


def _find_start(request: Request) -> dt.date:
    return request.start or FULL_HISTORY
