"""One evening's work for one origin; every step may be repeated and then changes nothing.

Outcomes are joined first, then a challenger is trained where one is due, then the gate decides, and
only then forecasts go out. A process killed anywhere is finished by the next call: what is in the
ledger and the registry is kept, the rest is done.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, replace

import numpy as np

from features.panel import Panel
from pipeline.daily.challenging import retrain_when_due
from pipeline.daily.evening import Evening
from pipeline.daily.issuing import issue
from pipeline.daily.judging import CHANGES, decision_of
from pipeline.daily.shadow import keep_shadow
from pipeline.daily.standing import Standing
from pipeline.daily.telling import tell
from pipeline.daily.watching import observe, stale, update_alerts
from pipeline.ledger.joining import outcomes_of
from pipeline.ledger.records import Decision
from pipeline.panels import calendars_of
from pipeline.promotion import Grounds, name_of, promote
from pipeline.versions import Version
from pipeline.wording import counted
from reports.monitoring.alerts import Alert

NOTES_SHOWN = 3  # in a line
NEVER_GROWS = ("sample",)  # sources whose prices end in the past


@dataclass(frozen=True)
class Summary:
    """What an evening did."""

    origin: dt.date
    outcomes: int
    trained: str | None
    decision: str
    champion: str
    forecasts: int
    raised: tuple[Alert, ...] = ()
    open_alerts: tuple[Alert, ...] = ()
    notes: tuple[str, ...] = ()

    def line(self) -> str:
        """Return the evening in one line, as a log wants it."""
        told = [*(alert.words for alert in self.raised), *self.notes]
        more = len(told) - NOTES_SHOWN
        parts = [
            f"{self.origin}: {counted(self.forecasts, 'new forecast')}, "
            f"{counted(self.outcomes, 'outcome')}",
            f"champion {self.champion}",
            f"trained {self.trained}" if self.trained else "nothing trained",
            f"{counted(len(self.open_alerts), 'alert')} open, {len(self.raised)} new",
            *told[:NOTES_SHOWN],
            *([f"{more} more in the report"] if more > 0 else []),
        ]
        return "; ".join(parts)


def run_evening(evening: Evening, *, if_due: bool = True) -> Summary:
    """Do the evening's work; return what was done.

    A challenger is trained, or with `if_due` only where one is due. A training that fails is told
    in a note; the champion's forecasts go out all the same. An evening before one that is in the
    ledger is over, and nothing is done.
    """
    if _is_over(evening):
        champion = name_of(evening.standing.champion)
        return Summary(evening.day.date(), 0, None, "a later evening is in the ledger", champion, 0)
    outcomes = _join_outcomes(evening)
    notes = list(evening.told)
    if evening.standing.problem:
        notes.append(evening.standing.problem)
        trained, decision = None, "nothing was decided: the registry cannot be read"
    else:
        trained = retrain_when_due(evening, if_due, notes)
        keep_shadow(evening)
        decision = _decide(evening)
    written = issue(evening, notes)
    raised, still_open = _watch(evening)
    failed = tell(evening.config.job.webhook, evening.ledger, now=evening.now)
    return Summary(
        origin=evening.day.date(),
        outcomes=outcomes,
        trained=trained,
        decision=decision,
        champion=name_of(evening.standing.champion),
        forecasts=written,
        raised=tuple(raised),
        open_alerts=tuple(still_open),
        notes=(*notes, *([failed] if failed else [])),
    )


def _is_over(evening: Evening) -> bool:
    """Return whether forecasts of a later origin have gone out: nothing is added to this one."""
    last = evening.ledger.last_origin()
    return last is not None and last > evening.day.date()


def _join_outcomes(evening: Evening) -> int:
    known = _until(evening.panel, evening.origin)
    awaited = evening.ledger.awaited(evening.day.date())
    return evening.ledger.add_outcomes(
        outcomes_of(awaited, known, evening.data_hash), now=evening.now
    )


def _until(panel: Panel, origin: int) -> Panel:
    """Return the panel with the targets that are not known at `origin` taken out."""
    known = panel.target_end <= panel.sessions.to_numpy()[origin]
    return replace(panel, target=np.where(known, panel.target, np.nan))


def _decide(evening: Evening) -> str:
    """Let the gate decide once an origin, and carry out what it decided, also after a kill."""
    standing, ledger = evening.standing, evening.ledger
    key = f"gate {evening.day.date()}"
    decisions = ledger.table("decisions")
    if not (decisions["key"] == key).any():
        judged = decision_of(ledger, standing, evening.config.job)
        version = _winner(judged.action, standing)
        numbers = {**judged.numbers, "version": version.number}
        decision = Decision(
            key=key,
            action=judged.action,
            subject=name_of(version),
            numbers=numbers,
            reason=judged.reason,
        )
        ledger.add_decision(decision, now=evening.now)
        decisions = ledger.table("decisions")
    place = int(np.flatnonzero(decisions["key"] == key)[-1])
    decided, later = decisions.iloc[place], decisions.iloc[place + 1 :]
    if decided["action"] in CHANGES and not later["action"].isin(CHANGES).any():
        number = int(json.loads(decided["numbers"])["version"])
        grounds = Grounds(str(decided["reason"]), {"decision": key})
        promote(standing.registry, ledger, number, grounds, now=evening.now)
        standing.refresh()
    return str(decided["reason"])


def _winner(action: str, standing: Standing) -> Version:
    if action == "promote" and standing.challenger is not None:
        return standing.challenger
    return standing.registry.fallback() if action == "demote" else standing.champion


def _watch(evening: Evening) -> tuple[list[Alert], list[Alert]]:
    """Observe, and write which alerts begin and end."""
    panel = evening.panel
    names = calendars_of(evening.tickers, evening.config)
    grows = evening.config.data.source not in NEVER_GROWS
    observations = [
        *([evening.disk] if evening.disk else []),
        *(stale(panel, evening.origin, evening.now, names) if grows else []),
        *observe(evening),
    ]
    return update_alerts(evening.ledger, observations, evening.day.date(), now=evening.now)
