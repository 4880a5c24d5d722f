"""A source whose bars go through the store: brought up to date where it can be, read from there."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from volcast.pipeline.data.calendars.sessions import calendar_name, last_settled_session
from volcast.pipeline.data.contract.client import Client
from volcast.pipeline.data.contract.source import Download, Request, assemble, between
from volcast.pipeline.data.download.circuit_breaker import RetryPolicy
from volcast.pipeline.data.download.downloader import RATE, Update, UpdateRequest
from volcast.pipeline.data.download.fetch_plan import plan_fetch
from volcast.pipeline.data.download.update_result import collect_failures
from volcast.pipeline.data.store.content_hash import content_hashes
from volcast.pipeline.data.store.folders import data_folder
from volcast.pipeline.data.store.revisions import history_rows
from volcast.pipeline.data.store.store import Store
from volcast.pipeline.data.store.ticker_state import ALL_THERE_IS
from volcast.pipeline.errors import ConfigError
from volcast.pipeline.progress import Progress
from volcast.pipeline.text import counted


@dataclass(frozen=True)
class StoreOptions:
    """How a stored source works.

    Parameters
    ----------
    folder
        The data folder; None: see `volcast.pipeline.data.store.folders.data_folder`.
    as_of
        Read what was known at this moment, and ask nobody; None: bring the store up to date first.
    rate
        Requests a second.
    calendar
        Of tickers whose name does not tell it.

    """

    folder: Path | None = None
    as_of: dt.datetime | None = None
    rate: float = RATE
    calendar: str | None = None
    patience: RetryPolicy = field(default_factory=RetryPolicy)
    progress: Progress = field(default_factory=Progress)


class StoredSource:
    """Bars of a client, by way of the store. See `Source.load`."""

    def __init__(self, client: Client, options: StoreOptions):
        self.client, self.options = client, options
        self.store = Store(data_folder(options.folder) / client.name)

    def load(self, request: Request) -> Download:
        """Return the finished bars of the tickers asked for, as fresh as can be had.

        Tickers whose last settled session is stored are not asked for. Where the source does not
        answer, the stored bars are used, and a note says how old they are.

        Raises
        ------
        ConfigError
            When the request names no ticker: such a source has no list to default to.
        DataError
            When no ticker has bars.

        """
        tickers = tuple(dict.fromkeys(request.tickers))
        if not tickers:
            raise ConfigError(f"source '{self.client.name}' needs tickers; name them with --ticker")
        failures = {} if self.options.as_of else self._updated(tickers, request)
        bars = self._read(tickers, request)
        answer = assemble(request, bars, failures)
        reasons = {ticker: why for ticker, why in failures.items() if ticker in set(bars["ticker"])}
        return Download(
            answer.bars,
            answer.failures,
            notes=tuple(self._stale(answer.bars, reasons, request)),
            vintages=self.store.vintages(tickers, self.options.as_of),
            history=history_rows(self.store, tickers, self.options.as_of),
        )

    def state(self, request: Request) -> dict[str, object]:
        """Return what the answer depends on: the stored content, and whether more is to be had."""
        bars = between(self._read(request.tickers, request), request.start, request.end)
        due = not self.options.as_of and any(
            self._is_due(ticker, request) for ticker in request.tickers
        )
        return {"content": content_hashes(bars), "due": due}

    def _updated(self, tickers: Sequence[str], request: Request) -> dict[str, str]:
        """Bring the store up to date; return the reasons of what did not come."""
        wish = UpdateRequest(request.now, _start(request), calendar=self.options.calendar)
        update = Update(
            self.client,
            self.store,
            wish,
            self.options.rate,
            self.options.patience,
            self.options.progress,
        )
        due = [ticker for ticker in tickers if self._next_plan(ticker, request) is not None]
        latest = {outcome.ticker: outcome for outcome in (update.run(due) if due else ())}
        return collect_failures(list(latest.values()))

    def _read(self, tickers: Sequence[str], request: Request) -> pd.DataFrame:
        """Return the stored bars of sessions that have settled at the request's clock."""
        bars = self.store.bars(tickers, self.options.as_of)
        last = {ticker: self._settled(ticker, request) for ticker in bars["ticker"].unique()}
        return bars[bars["session"] <= bars["ticker"].map(last)]

    def _is_due(self, ticker: str, request: Request) -> bool:
        """Whether a session has settled that the source has not answered for yet."""
        answered = self.store.note(ticker).answered
        settled = self._settled(ticker, request).date()
        unanswered = answered is None or answered < settled
        return unanswered and self._next_plan(ticker, request) is not None

    def _next_plan(self, ticker: str, request: Request) -> object:
        note = self.store.note(ticker)
        return plan_fetch(
            self.store.known(ticker),
            note,
            self._settled(ticker, request).date(),
            _start(request),
            calendar=self._calendar(ticker),
        )

    def _stale(self, bars: pd.DataFrame, reasons: dict[str, str], request: Request) -> list[str]:
        """Return a sentence for each ticker whose stored bars stand in for newer ones."""
        last = bars.groupby("ticker")["session"].max()
        return [
            f"{ticker} is not up to date: {why}; the stored bars to {last[ticker]:%Y-%m-%d} are "
            f"used, {counted((request.now.date() - last[ticker].date()).days, 'day')} old"
            for ticker, why in reasons.items()
            if ticker in last
        ]

    def _settled(self, ticker: str, request: Request) -> pd.Timestamp:
        return last_settled_session(self._calendar(ticker), request.now)

    def _calendar(self, ticker: str) -> str:
        return self.store.note(ticker).calendar or calendar_name(ticker, self.options.calendar)


def _start(request: Request) -> dt.date:
    return request.start or ALL_THERE_IS
