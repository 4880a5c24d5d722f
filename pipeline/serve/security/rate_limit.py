"""How many requests an address may send: a bucket of tokens each, refilled at a steady rate."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from volcast.pipeline.serve.problems import RequestError, build_problem_answer

MAXIMUM_ADDRESSES = 10_000  # that are remembered; the one that was quiet longest is forgotten
BURST = 2.0  # seconds of the rate that may come at once


class RateLimit:
    """Buckets by address.

    Parameters
    ----------
    rate
        Requests a second; 0 is no limit.
    burst
        Requests at once after a quiet time.
    clock
        Returns seconds that never go back.

    Examples
    --------
    >>> limit = RateLimit(1.0, 2.0, clock=lambda: 0.0)
    >>> [limit.take("a") for _ in range(3)]
    [0.0, 0.0, 1.0]
    """

    def __init__(
        self, rate: float, burst: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str, cost: float = 1.0) -> float:
        """Count a request; return the seconds to wait if it comes too early, else 0."""
        if not self._rate:
            return 0.0
        now = self._clock()
        left, then = self._buckets.pop(address, (self._burst, now))
        left = min(self._burst, left + (now - then) * self._rate)
        allowed = left >= cost
        self._buckets[address] = (left - cost if allowed else left, now)
        if len(self._buckets) > MAXIMUM_ADDRESSES:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (cost - left) / self._rate


class RateLimitMiddleware:
    """Answers 429 to an address that sends too much."""

    def __init__(self, app: ASGIApp, *, rate: float) -> None:
        self._app = app
        self._limit = RateLimit(rate, rate * BURST)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        wait = self._limit.take(find_address(scope)) if scope["type"] == "http" else 0.0
        if wait:
            await build_problem_answer(refuse_rate(wait))(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def find_address(scope: Scope) -> str:
    """Return the address that a request came from."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def refuse_rate(wait: float) -> RequestError:
    """Return the problem of too many requests."""
    headers = {"retry-after": str(math.ceil(wait))}
    return RequestError(429, "too many requests; wait as Retry-After says", headers=headers)
