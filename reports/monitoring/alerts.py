"""Alerts with hysteresis: raised once above a limit, cleared only below a lower one."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

Level = Literal["warning", "error"]
Key: TypeAlias = tuple[str, str]


@dataclass(frozen=True)
class Observation:
    """A measured value of a subject, with the limits at which an alert begins and ends.

    An alert is raised if ``value > limit`` and cleared if ``value <= clear``; `clear` must not be
    above `limit`. NaN means not measured and changes nothing.

    Raises
    ------
    ValueError
        `clear` is above `limit`.
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
        """The name and subject; at most one alert is open for each."""
        return self.name, self.subject


@dataclass(frozen=True)
class Alert:
    """An observation that exceeded its limit on the day `since`, in its latest state."""

    name: str
    subject: str
    level: Level
    since: dt.date
    value: float
    limit: float
    words: str

    @property
    def key(self) -> Key:
        """The name and subject."""
        return self.name, self.subject


Alerts: TypeAlias = tuple[Alert, ...]


def step(
    open_alerts: Iterable[Alert], observations: Iterable[Observation], day: dt.date
) -> tuple[Alerts, Alerts, Alerts]:
    """Update the open alerts with the observations of a day.

    Returns
    -------
    tuple of three tuples of Alert
        The alerts that are open after the day, those it raised and those it cleared, each sorted
        by name and subject. An alert that remains open keeps its `since` and takes the new value,
        limit, level and words. If its subject was not observed but others of its name were, it is
        cleared, as that subject is no longer monitored; otherwise it is unchanged. The same
        observations twice raise and clear nothing the second time.

    Raises
    ------
    ValueError
        A subject was observed twice.

    Examples
    --------
    >>> high = Observation("input drift", "volume", 0.4, limit=0.3, clear=0.2, words="PSI 0.40")
    >>> open_alerts, raised, cleared = step([], [high], dt.date(2018, 12, 28))
    >>> [alert.subject for alert in raised], cleared
    (['volume'], ())
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
        cleared.append(replace(alert, words=f"{alert.subject} is no longer monitored"))
    cleared.sort(key=lambda alert: alert.key)
    return tuple(now[key] for key in sorted(now)), tuple(raised), tuple(cleared)


def _alert(seen: Observation, since: dt.date) -> Alert:
    return Alert(seen.name, seen.subject, seen.level, since, seen.value, seen.limit, seen.words)
