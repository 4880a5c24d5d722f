"""Update the store: ticker by ticker, within the rate limit."""

import datetime as dt
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from volcast.pipeline.data.calendars.opening_hours import last_settled_session
from volcast.pipeline.data.contract.client import Answer, Client, Fetch
from volcast.pipeline.data.download.circuit_breaker import CircuitBreaker, RetryPolicy
from volcast.pipeline.data.download.failure_streak import FailureStreak
from volcast.pipeline.data.download.rate_limit import DEFAULT_RATE, TokenBucket
from volcast.pipeline.data.download.ticker_update import TickerUpdate
from volcast.pipeline.data.download.update_request import UpdateRequest
from volcast.pipeline.data.download.update_result import UpdateResult
from volcast.pipeline.data.store.store import Store
from volcast.pipeline.errors import ConfigError, DataError
from volcast.pipeline.progress import Progress


@dataclass
class Downloader:
    """One update of a store from a client.

    Parameters
    ----------
    client
        The source to download from.
    store
        Where its bars are kept.
    request
        What the store should hold.
    rate
        Maximum number of requests a second, of all processes that share the store.
    retry_policy
        When a failed request is repeated, and when the update gives up.
    progress
        Notified of each ticker and of pauses.
    """

    client: Client
    store: Store
    request: UpdateRequest
    rate: float = DEFAULT_RATE
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)
    progress: Progress = field(default_factory=Progress)

    def run(self, tickers: Sequence[str]) -> Iterator[UpdateResult]:
        """Yield the result of each ticker as soon as it is stored; its last result counts.

        A ticker with a transient failure is requested once more at the end; if the source limits
        all requests, as often as the retry policy allows. Whatever was yielded is on disk: an
        interruption loses nothing.

        Parameters
        ----------
        tickers
            As the source names them; each is updated once.

        Raises
        ------
        ConfigError
            When the calendar of the request is unknown.
        """
        if self.request.calendar:
            last_settled_session(self.request.calendar, self.request.now)  # raises on a wrong name
        bucket = TokenBucket(self.store.folder / ".rate.json", self.rate)
        breaker = CircuitBreaker(bucket, self.retry_policy, self.progress.note)
        if bucket.blocked_for() > 1:
            self.progress.note(
                f"recent requests were rate-limited: waiting {bucket.blocked_for():.0f} s"
            )
        streak = FailureStreak(self.retry_policy, breaker)
        with self.client.connected(bucket.take) as fetch:
            guarded_fetch = partial(_fetch_through, breaker, fetch)
            for batch in streak.iter_rounds(list(dict.fromkeys(tickers))):
                yield from self._run_round(batch, guarded_fetch, streak)

    def _run_round(
        self, tickers: list[str], fetch: Fetch, streak: FailureStreak
    ) -> Iterator[UpdateResult]:
        """Update each ticker in turn; once the streak gives up, the others are not requested."""
        started = time.monotonic()
        streak.begin_round()
        for number, ticker in enumerate(tickers):
            update = TickerUpdate(ticker, self.store, self.request)
            stop = streak.stop_reason()
            if stop:
                yield UpdateResult(ticker, "not asked", {}, update.last_stored_session(), stop)
                continue
            yield _run_update(update, fetch, streak)
            left = (time.monotonic() - started) / (number + 1) * (len(tickers) - number - 1)
            self.progress.count(number + 1, len(tickers), ticker, left)


def _run_update(update: TickerUpdate, fetch: Fetch, streak: FailureStreak) -> UpdateResult:
    """Return the result of one ticker, a failure included."""
    try:
        result = update.run(fetch)
    except (DataError, ConfigError) as error:  # an unknown calendar concerns its ticker only
        streak.record_failure(update.ticker, error)
        reason = update.record_failure(error)
        return UpdateResult(update.ticker, "failed", {}, update.last_stored_session(), reason)
    streak.record_success(asked=result.status != "not due")
    return result


def _fetch_through(
    breaker: CircuitBreaker, fetch: Fetch, ticker: str, start: dt.date | None, end: dt.date
) -> Answer:
    return breaker.call(lambda: fetch(ticker, start, end))
