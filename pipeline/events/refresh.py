"""Asking a source for events: which tickers are due, within the rate limit and with retries."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from volcast.pipeline.data.calendars.opening_hours import compute_local_date
from volcast.pipeline.data.calendars.sessions import sessions_between
from volcast.pipeline.data.calendars.ticker_calendar import find_calendar
from volcast.pipeline.data.contract.client import UnknownTickerError
from volcast.pipeline.data.download.circuit_breaker import CircuitBreaker, RetryPolicy
from volcast.pipeline.data.download.failure_streak import FailureStreak
from volcast.pipeline.data.download.rate_limit import TokenBucket
from volcast.pipeline.errors import DataError
from volcast.pipeline.events.client import EventClient, FetchEvents, build_answer
from volcast.pipeline.events.store import EventStore, StoredLog
from volcast.pipeline.progress import Progress

NEAR_SESSIONS = 5  # a report within so many sessions is near: dates are confirmed and moved then


@dataclass
class EventRefresh:
    """One refresh of a store of events.

    Parameters
    ----------
    client
        The source that is asked.
    store
        Where its answers are kept.
    bucket
        The rate limit of the source.
    now
        The clock, with a timezone.
    retry_policy
        When a failed request is repeated, and when the refresh gives up.
    progress
        Notified of each ticker and of pauses.
    """

    client: EventClient
    store: EventStore
    bucket: TokenBucket
    now: dt.datetime
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)
    progress: Progress = field(default_factory=Progress)

    def run(self, tickers: Sequence[str]) -> dict[str, str]:
        """Ask for each ticker and store the answers; return the reasons of those that failed.

        Whatever was answered is on disk: an interruption loses nothing. A ticker with a transient
        failure is asked for once more at the end; if the source limits all requests, as often as
        the retry policy allows.
        """
        breaker = CircuitBreaker(self.bucket, self.retry_policy, self.progress.note)
        streak = FailureStreak(self.retry_policy, breaker)
        failures: dict[str, str] = {}
        with self.client.connected(self.bucket.take) as fetch:
            for batch in streak.iter_rounds(tickers):
                again = self._run_round(batch, fetch, streak)
                kept = {ticker: why for ticker, why in failures.items() if ticker not in batch}
                failures = kept | again
        return failures

    def _run_round(
        self, tickers: Sequence[str], fetch: FetchEvents, streak: FailureStreak
    ) -> dict[str, str]:
        started, failures = time.monotonic(), {}
        references = self.store.read(tickers).references
        streak.begin_round()
        for number, ticker in enumerate(tickers):
            stop = streak.stop_reason()
            if stop:
                failures[ticker] = stop
                continue
            try:
                self._ask(ticker, references.get(ticker, frozenset()), fetch, streak)
            except DataError as error:
                streak.record_failure(ticker, error)
                failures[ticker] = str(error)
            left = (time.monotonic() - started) / (number + 1) * (len(tickers) - number - 1)
            self.progress.count(number + 1, len(tickers), ticker, left)
        return failures

    def _ask(
        self, ticker: str, known: frozenset[str], fetch: FetchEvents, streak: FailureStreak
    ) -> None:
        try:
            answer = streak.breaker.call(lambda: fetch(ticker, self.now, known))
        except UnknownTickerError as error:  # an answer too: it is asked for again tomorrow
            answer = build_answer(self.client.name, ticker, [], str(error))
        self.store.record(ticker, answer, self.now)
        streak.record_success(asked=True)


def find_due(
    stored: StoredLog,
    tickers: Sequence[str],
    now: dt.datetime,
    near_interval: dt.timedelta | None,
    calendar: str | None = None,
) -> list[str]:
    """Return the tickers that a source is to be asked for.

    Parameters
    ----------
    stored
        What is stored of them.
    tickers
        The tickers.
    now
        The clock, with a timezone.
    near_interval
        A ticker is asked for once a UTC day, and once in this interval when its next date lies
        within `NEAR_SESSIONS` sessions; None: once a day in any case.
    calendar
        The calendar of tickers whose name does not identify an exchange.
    """
    dates = stored.events.groupby("ticker")["date"]
    days = {str(ticker): list(group) for ticker, group in dates}
    due = []
    for ticker in tickers:
        asked = stored.asked.get(ticker)
        if asked is None or asked.tz_convert("UTC").date() < now.astimezone(dt.UTC).date():
            due.append(ticker)
        elif near_interval is not None and now - asked >= near_interval:
            name = find_calendar(ticker, calendar)
            if any(_is_near(day, name, now) for day in days.get(ticker, [])):
                due.append(ticker)
    return due


def _is_near(day: pd.Timestamp, calendar: str, now: dt.datetime) -> bool:
    """Return whether a day lies ahead, at most `NEAR_SESSIONS` sessions after today's."""
    today = compute_local_date(calendar, now)
    if not today <= day <= today + pd.Timedelta(days=4 * NEAR_SESSIONS):
        return False
    return len(sessions_between(calendar, today + pd.Timedelta(days=1), day)) <= NEAR_SESSIONS
