"""How often a source is asked: one token bucket for all processes that share a store."""

import json
import time
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from volcast.pipeline.errors import ConfigError

BURST = 4  # requests at once after a rest: cookie, crumb, timezone, prices
TICK = 1e-6  # seconds; a clock need not be finer
LONGEST_HOLD = 3600.0  # seconds; a later moment was written by a clock that was wrong


class TokenBucket:
    """Lets at most ``BURST + rate * t`` requests through in any ``t`` seconds.

    The state is the moment at which the bucket is full again (the generic cell rate algorithm), and
    the moment before which nobody may ask. It lies in a file beside the bars, because a source
    counts the requests of an address and not those of a process.

    Parameters
    ----------
    file
        Made when it is needed; losing it only forgets the last seconds.
    rate
        Requests a second, above 0.
    clock, sleep
        The seconds since 1970, shared by all processes, and how to wait.

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
        while wait := self._claimed():
            self.sleep(wait)

    def held(self) -> float:
        """Return for how many seconds nobody may ask."""
        with self._locked():
            now = self.clock()
            return max(0.0, self._read(now)[1] - now)

    def hold(self, seconds: float) -> None:
        """Let no request of any process through for so long."""
        with self._locked():
            now = self.clock()
            full_at, held_until = self._read(now)
            self._write(full_at, max(held_until, now + seconds))

    def _claimed(self) -> float:
        """Take a token and return 0, or return the seconds until there may be one."""
        with self._locked():
            now = self.clock()
            full_at, held_until = self._read(now)
            ready_at = max(full_at - (BURST - 1) / self.rate, held_until)
            if ready_at - now > TICK:
                return ready_at - now
            self._write(full_at + 1 / self.rate, held_until)
            return 0.0

    def _locked(self) -> FileLock:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(self.file.with_name(f"{self.file.name}.lock"))

    def _read(self, now: float) -> tuple[float, float]:
        """Return the state; moments too far ahead were written before the clock went back."""
        try:
            full_at, held_until = json.loads(self.file.read_text(encoding="utf-8"))
            possible = (
                now <= full_at <= now + BURST / self.rate + TICK,
                now <= held_until <= now + LONGEST_HOLD,
            )
            return full_at if possible[0] else now, held_until if possible[1] else 0.0
        except (OSError, ValueError, TypeError):
            return now, 0.0

    def _write(self, full_at: float, held_until: float) -> None:
        # Torn or lost it reads as an empty one: no need to pay for a flush at every request.
        self.file.write_text(json.dumps([full_at, held_until]), encoding="utf-8")
