"""Requests that fail: retries after a transient failure, a pause after a rate limit."""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from volcast.pipeline.data.contract.client import RateLimitError, TransientError
from volcast.pipeline.data.download.rate_limit import TokenBucket

Result = TypeVar("Result")


@dataclass(frozen=True)
class RetryPolicy:
    """How long to keep trying.

    Parameters
    ----------
    attempts
        Maximum number of attempts of one request with transient failures.
    wait, max_wait
        Seconds before the second attempt, doubled each time with jitter, and their maximum.
    pause, max_pause
        Seconds without any request after the source has limited them, doubled each time in a row,
        and their maximum.
    max_total_pause
        Maximum seconds of such pauses in a row; after them the update gives up.
    max_unreachable
        Maximum number of tickers in a row for which the network fails; after them the update gives
        up.
    max_failing
        The same for tickers in a row with any other transient failure.
    """

    attempts: int = 3
    wait: float = 0.5
    max_wait: float = 20.0
    pause: float = 60.0
    max_pause: float = 600.0
    max_total_pause: float = 1800.0
    max_unreachable: int = 3
    max_failing: int = 10


class CircuitBreaker:
    """Sends requests; when the source limits them, blocks those of all processes for a while.

    The next caller waits for the end of the pause: the ticker that was refused may be the cause of
    it, so the next one is tried. An answer ends the series of pauses.

    Parameters
    ----------
    bucket
        The rate limit that all processes share.
    retry_policy
        How often and how long to retry.
    notify
        Called with a sentence at each pause.
    """

    def __init__(
        self, bucket: TokenBucket, retry_policy: RetryPolicy, notify: Callable[[str], None]
    ):
        self.bucket, self.retry_policy, self.notify = bucket, retry_policy, notify
        self._refusals, self._total_pause = 0, 0.0

    @property
    def exhausted(self) -> bool:
        """Whether the next pause would exceed the total that the retry policy allows."""
        return self._total_pause + self._next_pause() > self.retry_policy.max_total_pause

    def call(self, request: Callable[[], Result]) -> Result:
        """Return what ``request`` returns.

        Raises
        ------
        RateLimitError
            The source limits requests; a pause has begun.
        TransientError
            Every attempt failed.
        """
        try:
            result = self._retry(request)
        except RateLimitError as error:
            self._begin_pause(error)
            raise
        self._refusals, self._total_pause = 0, 0.0
        return result

    def _retry(self, request: Callable[[], Result]) -> Result:
        import stamina  # 0.06 s that commands without a download need not wait for

        logging.getLogger("stamina").setLevel(logging.ERROR)  # failures are reported at the end
        retries = stamina.retry_context(
            on=TransientError,
            attempts=self.retry_policy.attempts,
            timeout=None,
            wait_initial=self.retry_policy.wait,
            wait_max=self.retry_policy.max_wait,
            wait_jitter=self.retry_policy.wait,
        )
        for attempt in retries:
            with attempt:
                return request()
        raise AssertionError("stamina gives up by raising")

    def _begin_pause(self, error: RateLimitError) -> None:
        seconds = self._next_pause()
        if not self.exhausted:
            self.notify(f"{error}: pausing for {math.ceil(seconds)} s, then continuing")
        self._refusals += 1
        self._total_pause += seconds
        self.bucket.block(seconds)

    def _next_pause(self) -> float:
        return min(self.retry_policy.pause * 2.0**self._refusals, self.retry_policy.max_pause)
