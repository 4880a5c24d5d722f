"""A change of champion: first the reason into the ledger, then the alias of the registry.

A process killed between the two has lost nothing: the decision stands, and the next call makes it
true.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from volcast.pipeline.errors import RegistryError
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.records import Decision
from volcast.pipeline.ledger.scoring import format_series
from volcast.pipeline.registry.registry import Registry
from volcast.pipeline.registry.versions import Change, Version

CHANGES = ("promote", "demote", "rollback")  # the actions of decisions on the champion
GATE = "gate "  # how the keys of the gate's decisions begin; the day follows


@dataclass(frozen=True)
class Grounds:
    """Why a champion is changed: reason in words, numbers; who and why of a manual override."""

    reason: str
    numbers: Mapping[str, Any] = field(default_factory=dict)
    who: str | None = None
    why: str | None = None

    @classmethod
    def by_hand(cls, who: str, why: str) -> Grounds:
        """Return the grounds of a manual override; ``RegistryError`` without who and why."""
        if not (who.strip() and why.strip()):
            raise RegistryError("a manual override needs who and why: name both --who and --why")
        return cls("a manual override", who=who, why=why)


def promote(
    registry: Registry, ledger: Ledger, number: int, grounds: Grounds, *, now: dt.datetime
) -> Change | None:
    """Make a version the champion (HAR's is a demotion to the fallback); None if it is already."""
    change = registry.promotion(number)
    if change is not None:
        _carry_out(registry, ledger, change, grounds, now)
    return change


def rollback(registry: Registry, ledger: Ledger, grounds: Grounds, *, now: dt.datetime) -> Change:
    """Return to the version that the champion took over from; ``RegistryError`` without one."""
    change = registry.reversal()
    _carry_out(registry, ledger, change, grounds, now)
    return change


def finish(registry: Registry, ledger: Ledger, *, now: dt.datetime) -> Change | None:
    """Make true what the last decision on the champion says, if a killed process did not.

    Returns the change, None where nothing was left to do.
    """
    last = next(ledger.decisions(*CHANGES), None)
    change = registry.promotion(int(last.numbers["version"])) if last else None
    if last is None or change is None:
        return None
    if last.key.startswith(GATE):
        grounds = Grounds(last.reason, {"decision": last.key})
        _carry_out(registry, ledger, change, grounds, now)
    else:
        registry.apply(replace(change, action=last.action))
    return change


def format_version(version: Version) -> str:
    """Return how decisions and scores name a version: ``network 7``."""
    return format_series(version.model, str(version.number))


def _carry_out(
    registry: Registry, ledger: Ledger, change: Change, grounds: Grounds, now: dt.datetime
) -> None:
    moment = now.astimezone(dt.UTC).isoformat(timespec="microseconds")
    over = {"over": format_version(change.before), "version": change.after.number}
    decision = Decision(
        key=f"{change.action} {change.before.number} to {change.after.number} {moment}",
        action=change.action,
        subject=format_version(change.after),
        reason=grounds.reason,
        numbers={**grounds.numbers, **over},
        who=grounds.who,
        why=grounds.why,
    )
    ledger.add_decision(decision, now=now)
    registry.apply(change)
