"""One evening's work for one origin; every step may be repeated and then changes nothing.

Outcomes are joined first, then a challenger is trained where one is due, then the gate decides, and
only then forecasts go out, whatever failed before. A process killed anywhere is finished by the
next call: what is in the ledger and the registry is kept, the rest is done.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.daily.challenging import retrain_when_due
from pipeline.daily.evening import Evening
from pipeline.daily.issuing import issue
from pipeline.daily.judging import decision_of
from pipeline.daily.outcomes import join_outcomes
from pipeline.daily.shadow import keep_shadow
from pipeline.daily.standing import Standing
from pipeline.daily.summary import Summary
from pipeline.daily.telling import tell
from pipeline.daily.watching import observe, stale, update_alerts
from pipeline.errors import VolcastError
from pipeline.ledger.records import Decision
from pipeline.promotion import GATE, finish, name_of
from pipeline.versions import Version
from reports.monitoring.alerts import Alert, Observation

NEVER_GROWS = ("sample",)  # sources whose prices end in the past
STEPS = (
    *("joining of outcomes", "registry", "training", "shadow period", "gate"),
    *("champion", "fallback"),
)


def run_evening(evening: Evening, *, if_due: bool = True) -> Summary:
    """Do the evening's work; return what was done.

    A challenger is trained, or with `if_due` only where one is due. A step that fails before the
    forecasts is told in a note and an alert; the champion's forecasts go out all the same. An
    evening before one that is in the ledger is over, and nothing is done.
    """
    last = evening.ledger.last_origin()
    if last is not None and last > evening.day.date():
        return _over(evening, last)
    failed: dict[str, str] = {}
    notes, outcomes, trained = list(evening.told), 0, None
    decision = "nothing was decided"
    with _whatever_fails("joining of outcomes", failed):
        outcomes = join_outcomes(evening)
    if evening.standing.problem:
        failed["registry"] = evening.standing.problem
    else:
        with _whatever_fails("registry", failed):
            _finish_promotion(evening)
        with _whatever_fails("training", failed):
            trained = retrain_when_due(evening, if_due, notes)
        with _whatever_fails("shadow period", failed):
            keep_shadow(evening)
        with _whatever_fails("gate", failed):
            decision = _decide(evening)
    written = issue(evening, notes, failed)
    notes += [f"the {step} failed: {why}" for step, why in failed.items()]
    raised, still_open = _watch(evening, failed)
    untold = tell(evening.config.job.webhook, evening.ledger, now=evening.now)
    return Summary(
        origin=evening.day.date(),
        outcomes=outcomes,
        trained=trained,
        decision=decision,
        champion=name_of(evening.standing.champion),
        forecasts=written,
        raised=tuple(raised),
        open_alerts=tuple(still_open),
        notes=(*notes, *([untold] if untold else [])),
        head=evening.ledger.head().hash,
    )


@contextmanager
def _whatever_fails(step: str, failed: dict[str, str]) -> Iterator[None]:
    """Keep a step's failure for the notes: no failure before the forecasts may stop them."""
    try:
        yield
    except VolcastError as error:
        failed[step] = str(error)
    except Exception as error:  # of any kind: the alert and the note tell of it
        failed[step] = f"{type(error).__name__}: {error}"


def _over(evening: Evening, last: dt.date) -> Summary:
    """Return the summary of an evening before one whose forecasts have gone out."""
    day = evening.day.date()
    raised, still_open = update_alerts(evening.ledger, evening.conditions, day, now=evening.now)
    untold = tell(evening.config.job.webhook, evening.ledger, now=evening.now)
    return Summary(
        origin=day,
        outcomes=0,
        trained=None,
        decision=f"nothing was done: forecasts of {last} have gone out",
        champion=name_of(evening.standing.champion),
        forecasts=0,
        raised=tuple(raised),
        open_alerts=tuple(still_open),
        notes=(untold,) if untold else (),
        head=evening.ledger.head().hash,
        over=True,
    )


def _finish_promotion(evening: Evening) -> None:
    """Carry out what was decided, by the gate or by hand, before a process was killed."""
    standing = evening.standing
    if finish(standing.registry, evening.ledger, now=evening.now) is not None:
        standing.refresh()


def _decide(evening: Evening) -> str:
    """Let the gate decide once an origin, and carry out what it decided."""
    standing, ledger = evening.standing, evening.ledger
    key = f"{GATE}{evening.day.date()}"
    told = ledger.decision(key)
    if told is not None:
        return told.reason
    judged = decision_of(ledger, standing, evening.config.job, evening.day)
    version = _winner(judged.action, standing)
    decision = Decision(
        key=key,
        action=judged.action,
        subject=name_of(version),
        numbers={**judged.numbers, "version": version.number},
        reason=judged.reason,
    )
    ledger.add_decision(decision, now=evening.now)
    _finish_promotion(evening)
    return judged.reason


def _winner(action: str, standing: Standing) -> Version:
    if action == "promote" and standing.challenger is not None:
        return standing.challenger
    return standing.registry.fallback() if action == "demote" else standing.champion


def _watch(evening: Evening, failed: dict[str, str]) -> tuple[list[Alert], list[Alert]]:
    """Observe, and write which alerts begin and end."""
    grows = evening.config.data.source not in NEVER_GROWS
    observations = [
        *evening.conditions,
        *(_observed(step, failed.get(step)) for step in STEPS),
        *(stale(evening) if grows else []),
        *observe(evening),
    ]
    return update_alerts(evening.ledger, observations, evening.day.date(), now=evening.now)


def _observed(step: str, why: str | None) -> Observation:
    words = f"the {step} failed: {why}" if why else f"the {step} works"
    return Observation("failed step", step, float(why is not None), 0.0, 0.0, words, "error")
