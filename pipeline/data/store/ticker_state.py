"""What is noted of a ticker beside its bars: nothing that a forecast depends on."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any

GONE_AFTER_DAYS = 5  # different days on which the source had nothing
GONE_SPAN = dt.timedelta(days=7)
ALL_THERE_IS = dt.date.min


@dataclass(frozen=True)
class TickerState:
    """What is noted of a ticker.

    Parameters
    ----------
    calendar
        The exchange calendar that the source named.
    asked_from
        The earliest first session ever asked for; `ALL_THERE_IS` for the whole history.
    answered
        The last session that had settled when the source last answered, with bars or without.
    tries
        How many times a missing session was asked for, by its date.
    misses
        The days on which the source knew no such ticker, since it last did.
    failure
        Why the last attempt brought nothing; empty when it succeeded.

    """

    calendar: str | None = None
    asked_from: dt.date | None = None
    answered: dt.date | None = None
    tries: dict[str, int] = field(default_factory=dict)
    misses: tuple[str, ...] = ()
    failure: str = ""

    @classmethod
    def from_json(cls, text: str) -> TickerState:
        """Return the note that `to_json` wrote as text; raise ``ValueError`` if it is none."""
        values = json.loads(text)
        for name in ("asked_from", "answered"):
            values[name] = dt.date.fromisoformat(values[name]) if values[name] else None
        return cls(**{**values, "misses": tuple(values["misses"]), "tries": dict(values["tries"])})

    def to_json(self) -> dict[str, Any]:
        """Return the note as values that JSON holds."""
        dates = {
            name: value.isoformat() if value else None
            for name, value in (("asked_from", self.asked_from), ("answered", self.answered))
        }
        return asdict(self) | dates

    def missed(self, now: dt.datetime, reason: str) -> TickerState:
        """Return the note after the source knew no such ticker."""
        days = sorted({*self.misses, now.date().isoformat()})
        return replace(self, misses=tuple(days), failure=gone(days) or reason)


def gone(misses: list[str]) -> str:
    """Return what to say of a ticker that was not found on many days; empty before that."""
    if len(misses) < GONE_AFTER_DAYS:
        return ""
    first, last = (dt.date.fromisoformat(misses[at]) for at in (0, -1))
    if last - first < GONE_SPAN:
        return ""
    return (
        f"no prices under this name since {first}, asked on {len(misses)} days; "
        "it may be renamed or delisted"
    )
