"""Alerts with hysteresis: raised once above a limit, cleared only below a lower one."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

Level = Literal["warning", "error"]
Key: TypeAlias = tuple[str, str]


@dataclass(frozen=True)
class Observation:
    """What was measured of a subject, and where an alert begins and ends.

    Raised where ``value > limit``; an open alert is cleared where ``value <= clear``, and `clear`
    is not above `limit`. A NaN was not measured and changes nothing.
    """

    name: str
    subject: str
    value: float
    limit: float
    clear: float
    words: str
    level: Level = "warning"

    def __post_init__(self) -> None:
        if self.clear > self.limit:
            raise ValueError(
                f"{self.name} of {self.subject}: clear must not be above limit; "
                f"clear is {self.clear}, limit is {self.limit}"
            )

    @property
    def key(self) -> Key:
        """Return what names the alert: at most one is open for each."""
        return self.name, self.subject


@dataclass(frozen=True)
class Alert:
    """An observation that went over its limit on the day `since`; the rest is its latest state."""

    name: str
    subject: str
    level: Level
    since: dt.date
    value: float
    limit: float
    words: str

    @property
    def key(self) -> Key:
        """Return what names the alert."""
        return self.name, self.subject


Alerts: TypeAlias = tuple[Alert, ...]


def step(
    open_alerts: Iterable[Alert], observations: Iterable[Observation], day: dt.date
) -> tuple[Alerts, Alerts, Alerts]:
    """Return the alerts that are open after a day, those it raised and those it cleared.

    An alert that stays open keeps its `since` and takes over value, limit, level and words. One
    whose subject was not observed is cleared where others of its name were: nobody watches that
    subject any more; where none was, it stays as it is. All three are sorted by name and subject.
    The same observations twice raise and clear nothing the second time. Raises ``ValueError``
    where a subject was observed twice.
    """
    before = {alert.key: alert for alert in open_alerts}
    now, raised, cleared = dict(before), [], []
    seen: set[Key] = set()
    for observed in sorted(observations, key=lambda o: o.key):
        if observed.key in seen:
            raise ValueError(f"{observed.name} of {observed.subject} was observed twice")
        seen.add(observed.key)
        if observed.key in before:
            if observed.value <= observed.clear:
                cleared.append(_alert(observed, now.pop(observed.key).since))
            elif observed.value > observed.clear:
                now[observed.key] = _alert(observed, before[observed.key].since)
        elif observed.value > observed.limit:
            now[observed.key] = _alert(observed, day)
            raised.append(now[observed.key])
    watched = {name for name, _ in seen}
    for key in [key for key in now if key not in seen and key[0] in watched]:
        alert = now.pop(key)
        cleared.append(replace(alert, words=f"{alert.subject} is no longer watched"))
    cleared.sort(key=lambda alert: alert.key)
    return tuple(now[key] for key in sorted(now)), tuple(raised), tuple(cleared)


def _alert(seen: Observation, since: dt.date) -> Alert:
    return Alert(seen.name, seen.subject, seen.level, since, seen.value, seen.limit, seen.words)
