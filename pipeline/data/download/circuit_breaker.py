"""When a source refuses: retries for what is over in a moment, a pause for what is not."""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import stamina

from volcast.pipeline.data.contract.client import RateLimitError, TransientError
from volcast.pipeline.data.download.rate_limit import TokenBucket

Result = TypeVar("Result")


@dataclass(frozen=True)
class RetryPolicy:
    """How long to go on asking.

    Parameters
    ----------
    attempts
        Of one question, while the failures may be over in a moment.
    wait, wait_most
        Seconds before the second attempt, doubled each time with jitter, and their bound.
    pause, pause_most
        Seconds without any request after the source has limited them, doubled each time in a row.
    in_all
        Seconds of such pauses in a row; then the source is asked no more.
    unreachable
        Tickers in a row for which the network failed; then no more are asked.
    failing
        Tickers in a row that failed in any other passing way; likewise.

    """

    attempts: int = 3
    wait: float = 0.5
    wait_most: float = 20.0
    pause: float = 60.0
    pause_most: float = 600.0
    in_all: float = 1800.0
    unreachable: int = 3
    failing: int = 10


class CircuitBreaker:
    """Asks; when the source limits requests, holds back those of everybody for a while.

    The pause is served by whoever asks next: the ticker that was refused may be the cause of it, so
    the next one is tried. An answer ends the row of refusals.

    Parameters
    ----------
    tell
        Called with a sentence at each pause.

    """

    def __init__(self, bucket: TokenBucket, patience: RetryPolicy, tell: Callable[[str], None]):
        self.bucket, self.patience, self.tell = bucket, patience, tell
        self._refused, self._paused = 0, 0.0

    @property
    def exhausted(self) -> bool:
        """Whether the next pause in a row would be longer than patience lasts."""
        return self._paused + self._next_pause() > self.patience.in_all

    def ask(self, question: Callable[[], Result]) -> Result:
        """Return what ``question`` returns.

        Raises
        ------
        RateLimitError
            The source limits requests; a pause has been set.
        TransientError
            It failed at each attempt.

        """
        try:
            result = self._retried(question)
        except RateLimitError as error:
            self._pause(error)
            raise
        self._refused, self._paused = 0, 0.0
        return result

    def _retried(self, question: Callable[[], Result]) -> Result:
        logging.getLogger("stamina").setLevel(logging.ERROR)  # retries are told at the end
        retries = stamina.retry_context(
            on=TransientError,
            attempts=self.patience.attempts,
            timeout=None,
            wait_initial=self.patience.wait,
            wait_max=self.patience.wait_most,
            wait_jitter=self.patience.wait,
        )
        for attempt in retries:
            with attempt:
                return question()
        raise AssertionError("stamina gives up by raising")

    def _pause(self, error: RateLimitError) -> None:
        seconds = self._next_pause()
        if not self.exhausted:
            self.tell(f"{error}: pausing for {math.ceil(seconds)} s, then going on")
        self._refused += 1
        self._paused += seconds
        self.bucket.hold(seconds)

    def _next_pause(self) -> float:
        return min(self.patience.pause * 2.0**self._refused, self.patience.pause_most)
