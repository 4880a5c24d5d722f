"""The state of a ticker's downloads, next to its bars; no forecast depends on it."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any

GONE_AFTER_DAYS = 5  # different days on which the source had nothing
GONE_SPAN = dt.timedelta(days=7)
FULL_HISTORY = dt.date.min


@dataclass(frozen=True)
class TickerState:
    """The state of a ticker's downloads.

    Parameters
    ----------
    calendar
        The exchange calendar that the source named.
    asked_from
        The earliest first session ever requested; `FULL_HISTORY` for the full history.
    answered
        The last session that had settled when the source last answered, with bars or without.
    tries
        How many times a missing session was requested, by its date.
    misses
        The days on which the source did not know the ticker, since it last answered.
    failure
        Why the last attempt failed; empty if it succeeded.

    Examples
    --------
    >>> state = TickerState(calendar="XNYS", tries={"2024-01-04": 1})
    >>> TickerState.from_json(json.dumps(state.to_json())) == state
    True
    """

    calendar: str | None = None
    asked_from: dt.date | None = None
    answered: dt.date | None = None
    tries: dict[str, int] = field(default_factory=dict)
    misses: tuple[str, ...] = ()
    failure: str = ""

    @classmethod
    def from_json(cls, text: str) -> TickerState:
        """Return the state in the JSON text of `to_json`; ``ValueError`` if it is invalid."""
        values = json.loads(text)
        for name in ("asked_from", "answered"):
            values[name] = dt.date.fromisoformat(values[name]) if values[name] else None
        return cls(**{**values, "misses": tuple(values["misses"]), "tries": dict(values["tries"])})

    def to_json(self) -> dict[str, Any]:
        """Return the state as values that JSON can hold."""
        dates = {
            name: value.isoformat() if value else None
            for name, value in (("asked_from", self.asked_from), ("answered", self.answered))
        }
        return asdict(self) | dates

    def record_miss(self, now: dt.datetime, reason: str) -> TickerState:
        """Return the state after the source did not know the ticker."""
        days = sorted({*self.misses, now.date().isoformat()})
        return replace(self, misses=tuple(days), failure=explain_absence(days) or reason)


def explain_absence(misses: list[str]) -> str:
    """Return why a ticker is missing, if it was not found on many days; empty before that.

    Parameters
    ----------
    misses
        The days on which it was not found, ISO format, ascending.

    Examples
    --------
    >>> explain_absence(["2024-01-02", "2024-01-03"])
    ''
    """
    if len(misses) < GONE_AFTER_DAYS:
        return ""
    first, last = (dt.date.fromisoformat(misses[at]) for at in (0, -1))
    if last - first < GONE_SPAN:
        return ""
    return (
        f"no prices under this name since {first}, requested on {len(misses)} days; it may have "
        "been renamed or delisted"
    )
