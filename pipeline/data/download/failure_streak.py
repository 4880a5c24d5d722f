"""Failures in a row during an update: which tickers are retried, and when the update gives up."""

from collections.abc import Iterator, Sequence

from volcast.pipeline.data.contract.client import (
    NoBarsError,
    RateLimitError,
    TransientError,
    UnknownTickerError,
    UnreachableError,
)
from volcast.pipeline.data.download.circuit_breaker import CircuitBreaker, RetryPolicy
from volcast.pipeline.errors import VolcastError

TRANSIENT_ERRORS = (TransientError, RateLimitError, UnknownTickerError, NoBarsError)


class FailureStreak:
    """The failures since the last success.

    Parameters
    ----------
    retry_policy
        How many failures in a row end the update.
    breaker
        Whether the source has limited requests for too long.

    Attributes
    ----------
    transient
        Tickers of this round whose failure may be over at its end.
    rate_limited
        Those among them that were refused together with all others. A ticker that was refused
        while the next one was answered is the cause itself, and is not retried again.
    """

    def __init__(self, retry_policy: RetryPolicy, breaker: CircuitBreaker):
        self.retry_policy, self.breaker = retry_policy, breaker
        self._errors: list[VolcastError] = []
        self._refused_alone: set[str] = set()
        self.begin_round()

    def begin_round(self) -> None:
        """Start a round over tickers; the failures in a row are kept."""
        self.transient: list[str] = []
        self.rate_limited: list[str] = []
        self._source_answered = False

    def record_success(self, *, asked: bool) -> None:
        """Record a ticker that is up to date; if the source was not ``asked``, nothing changes."""
        if asked:
            self._source_answered = True
            self._errors.clear()
            self._refused_alone.update(self.rate_limited)
            self.rate_limited.clear()

    def record_failure(self, ticker: str, error: VolcastError) -> None:
        """Record a ticker that failed."""
        self._errors.append(error)
        self._source_answered |= not isinstance(error, UnreachableError)
        if isinstance(error, TRANSIENT_ERRORS):
            self.transient.append(ticker)
        if isinstance(error, RateLimitError) and ticker not in self._refused_alone:
            self.rate_limited.append(ticker)

    def iter_rounds(self, tickers: Sequence[str]) -> Iterator[list[str]]:
        """Yield the tickers of each round, which the caller requests and records.

        A transient failure is tried once more; a ticker that was refused with all others, until the
        circuit breaker ends the update.
        """
        yield list(tickers)
        remaining = self.tickers_to_retry()
        while remaining:
            yield remaining
            remaining = self.rate_limited

    def tickers_to_retry(self) -> list[str]:
        """Return the tickers to request again: none if the source was never reached."""
        return self.transient if self._source_answered else []

    def stop_reason(self) -> str:
        """Return why no more tickers are requested; empty if the update continues."""
        if not self._errors:
            return ""
        latest = self._errors[-1]
        if isinstance(latest, RateLimitError) and self.breaker.exhausted:
            self.transient, self.rate_limited = [], []
            return f"not asked: {latest}, even after long pauses; try again in an hour"
        for kind, limit in (
            (UnreachableError, self.retry_policy.max_unreachable),
            (TransientError, self.retry_policy.max_failing),
        ):
            if len(self._errors) >= limit and all(
                isinstance(error, kind) for error in self._errors[-limit:]
            ):
                self.transient, self.rate_limited = [], []
                return f"not asked, after {limit} tickers in a row failed: {latest}"
        return ""
