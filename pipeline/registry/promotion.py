"""Changes of champion: first the decision in the ledger, then the alias in the registry.

If a process is killed between the two nothing is lost: the next daily run carries the decision out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from volcast.pipeline.errors import RegistryError
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.records import Decision
from volcast.pipeline.ledger.version_names import format_series
from volcast.pipeline.registry.registry import Registry
from volcast.pipeline.registry.versions import ChampionChange, Version

CHANGES = ("promote", "demote", "rollback")  # the actions of decisions on the champion
GATE = "gate "  # prefix of the keys of the gate's decisions; the day follows


@dataclass(frozen=True)
class Justification:
    """Why the champion changes: a reason, numbers, and who and why of a manual override."""

    reason: str
    numbers: Mapping[str, Any] = field(default_factory=dict)
    who: str | None = None
    why: str | None = None

    @classmethod
    def manual_override(cls, who: str, why: str) -> Justification:
        """Return that of a manual override; ``RegistryError`` without who and why."""
        if not (who.strip() and why.strip()):
            raise RegistryError("a manual override needs a name and a reason: give --who and --why")
        return cls("a manual override", who=who, why=why)


def promote(
    registry: Registry,
    ledger: Ledger,
    number: int,
    justification: Justification,
    *,
    now: dt.datetime,
) -> ChampionChange | None:
    """Make a version the champion, with the reason in the ledger.

    Parameters
    ----------
    registry, ledger
        Of one home; the ledger open to be written.
    number
        The version; that of HAR returns to the fallback.
    justification
        Why the champion changes.
    now
        The moment of writing.

    Returns
    -------
    ChampionChange or None
        None if the version is champion already; nothing is written then.
    """
    change = registry.plan_promotion(number)
    if change is not None:
        _carry_out(registry, ledger, change, justification, now)
    return change


def rollback(
    registry: Registry, ledger: Ledger, justification: Justification, *, now: dt.datetime
) -> ChampionChange:
    """Return to the version that the champion replaced; ``RegistryError`` without one."""
    change = registry.plan_rollback()
    _carry_out(registry, ledger, change, justification, now)
    return change


def complete_last_change(
    registry: Registry, ledger: Ledger, *, now: dt.datetime
) -> ChampionChange | None:
    """Carry out the last decision on the champion, if a killed process did not.

    Returns
    -------
    ChampionChange or None
        None if nothing was left to do.
    """
    last = next(ledger.decisions(*CHANGES), None)
    change = registry.plan_promotion(int(last.numbers["version"])) if last else None
    if last is None or change is None:
        return None
    if last.key.startswith(GATE):
        justification = Justification(last.reason, {"decision": last.key})
        _carry_out(registry, ledger, change, justification, now)
    else:
        registry.apply_change(replace(change, action=last.action))
    return change


def format_version(version: Version) -> str:
    """Return how decisions and scores name a version: ``network 7``."""
    return format_series(version.model, str(version.number))


def _carry_out(
    registry: Registry,
    ledger: Ledger,
    change: ChampionChange,
    justification: Justification,
    now: dt.datetime,
) -> None:
    moment = now.astimezone(dt.UTC).isoformat(timespec="microseconds")
    versions = {"over": format_version(change.before), "version": change.after.number}
    decision = Decision(
        key=f"{change.action} {change.before.number} to {change.after.number} {moment}",
        action=change.action,
        subject=format_version(change.after),
        reason=justification.reason,
        numbers={**justification.numbers, **versions},
        who=justification.who,
        why=justification.why,
    )
    ledger.add_decision(decision, now=now)
    registry.apply_change(change)
