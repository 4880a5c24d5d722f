"""The failures of an update in a row: who is asked once more, and when nobody is."""

from volcast.pipeline.data.contract.client import (
    NoBarsError,
    RateLimitError,
    TransientError,
    UnknownTickerError,
    UnreachableError,
)
from volcast.pipeline.data.download.circuit_breaker import CircuitBreaker, RetryPolicy
from volcast.pipeline.errors import VolcastError

PASSING = (TransientError, RateLimitError, UnknownTickerError, NoBarsError)


class FailureStreak:
    """What failed since something came.

    Attributes
    ----------
    passing
        Tickers of this round that failed in a way that may be over at its end.
    refused
        Those among them that were refused together with all others. A ticker that was refused
        while the next one was answered is the cause itself, and not waited for again.

    """

    def __init__(self, patience: RetryPolicy, breaker: CircuitBreaker):
        self.patience, self.breaker = patience, breaker
        self._errors: list[VolcastError] = []
        self._singled: set[str] = set()
        self.begin()

    def begin(self) -> None:
        """Begin a round."""
        self.passing: list[str] = []
        self.refused: list[str] = []
        self._answered = False

    def came(self, *, asked: bool) -> None:
        """Note a ticker that came; one that was not asked for says nothing of the source."""
        if asked:
            self._answered = True
            self._errors.clear()
            self._singled.update(self.refused)
            self.refused.clear()

    def failed(self, ticker: str, error: VolcastError) -> None:
        """Note a ticker that did not come."""
        self._errors.append(error)
        self._answered |= not isinstance(error, UnreachableError)
        if isinstance(error, PASSING):
            self.passing.append(ticker)
        if isinstance(error, RateLimitError) and ticker not in self._singled:
            self.refused.append(ticker)

    def worth_asking_again(self) -> list[str]:
        """Return who to ask once more: nobody if the whole round met no network."""
        return self.passing if self._answered else []

    def hopeless(self) -> str:
        """Return why no more tickers are asked; empty while there is hope."""
        if not self._errors:
            return ""
        latest = self._errors[-1]
        if isinstance(latest, RateLimitError) and self.breaker.exhausted:
            self.passing, self.refused = [], []
            return f"not asked: {latest}, for long; try again in an hour"
        for kind, most in (
            (UnreachableError, self.patience.unreachable),
            (TransientError, self.patience.failing),
        ):
            if len(self._errors) >= most and all(
                isinstance(error, kind) for error in self._errors[-most:]
            ):
                self.passing, self.refused = [], []
                return f"not asked, after {most} tickers in a row: {latest}"
        return ""
