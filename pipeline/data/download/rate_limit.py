"""The rate limit: one token bucket for all processes that share a store."""

import json
import time
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from volcast.pipeline.errors import ConfigError

DEFAULT_RATE = 2.0  # requests a second
BURST = 4  # requests at once after a quiet time: cookie, crumb, timezone, prices
TICK = 1e-6  # seconds; a clock need not be finer
MAX_BLOCK = 3600.0  # seconds; a later moment was written by a clock that was wrong


class TokenBucket:
    """Lets at most ``BURST + rate * t`` requests through in any ``t`` seconds.

    The state is the moment at which the bucket is full again (the generic cell rate algorithm), and
    the moment before which no request may be sent. It is kept in a file next to the bars, because a
    source counts the requests of an address and not those of a process.

    Parameters
    ----------
    file
        Created when needed; losing it only forgets the last seconds.
    rate
        Requests a second, above 0.
    clock
        Returns the seconds since 1970, the same for all processes.
    sleep
        Waits for a number of seconds.

    Raises
    ------
    ConfigError
        When ``rate`` is not above 0.
    """

    def __init__(
        self,
        file: Path,
        rate: float,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ):
        if not rate > 0:
            raise ConfigError(f"the rate must be above 0 requests a second; it is {rate}")
        self.file, self.rate = file, rate
        self.clock, self.sleep = clock, sleep

    def take(self) -> None:
        """Wait until one request may be sent."""
        while wait := self._try_to_take():
            self.sleep(wait)

    def blocked_for(self) -> float:
        """Return for how many seconds no request may be sent."""
        with self._locked():
            now = self.clock()
            return max(0.0, self._read(now)[1] - now)

    def block(self, seconds: float) -> None:
        """Block the requests of all processes for a number of seconds."""
        with self._locked():
            now = self.clock()
            full_at, blocked_until = self._read(now)
            self._write(full_at, max(blocked_until, now + seconds))

    def _try_to_take(self) -> float:
        """Take a token and return 0, or return the seconds until one may be free."""
        with self._locked():
            now = self.clock()
            full_at, blocked_until = self._read(now)
            ready_at = max(full_at - (BURST - 1) / self.rate, blocked_until)
            if ready_at - now > TICK:
                return ready_at - now
            self._write(full_at + 1 / self.rate, blocked_until)
            return 0.0

    def _locked(self) -> FileLock:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(self.file.with_name(f"{self.file.name}.lock"))

    def _read(self, now: float) -> tuple[float, float]:
        """Return the state; moments too far ahead were written before the clock went back."""
        try:
            full_at, blocked_until = json.loads(self.file.read_text(encoding="utf-8"))
            possible = (
                now <= full_at <= now + BURST / self.rate + TICK,
                now <= blocked_until <= now + MAX_BLOCK,
            )
            return full_at if possible[0] else now, blocked_until if possible[1] else 0.0
        except (OSError, ValueError, TypeError):
            return now, 0.0

    def _write(self, full_at: float, blocked_until: float) -> None:
        # A torn or lost file reads as a full bucket; a flush at every request would cost more.
        self.file.write_text(json.dumps([full_at, blocked_until]), encoding="utf-8")
