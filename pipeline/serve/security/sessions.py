"""Sign-ins of browsers: a random number in a cookie, which stands for a token until it is over."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import threading

LASTS = dt.timedelta(hours=12)
MAXIMUM_SESSIONS = 1000
COOKIE = "volcast_session"


class Sessions:
    """The sign-ins of one server, in memory: a restart ends all of them.

    Only the hash of each number is kept, so that nothing in memory can be replayed.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sessions: dict[str, tuple[str, dt.datetime]] = {}

    def open(self, token: str, now: dt.datetime) -> str:
        """Return the number of a new session for the token of that id."""
        number = secrets.token_urlsafe(32)
        with self._lock:
            valid = {key: each for key, each in self._sessions.items() if each[1] > now}
            while len(valid) >= MAXIMUM_SESSIONS:
                valid.pop(next(iter(valid)))
            self._sessions = valid
            self._sessions[_hash(number)] = token, now + LASTS
        return number

    def find(self, number: str, now: dt.datetime) -> str | None:
        """Return the id of the token that a session stands for; None if it is over or unknown."""
        with self._lock:
            token, ends = self._sessions.get(_hash(number), (None, now))
        return token if ends > now else None

    def close(self, number: str) -> None:
        """End a session."""
        with self._lock:
            self._sessions.pop(_hash(number), None)


def _hash(number: str) -> str:
    return hashlib.sha256(number.encode("utf-8", "surrogateescape")).hexdigest()
