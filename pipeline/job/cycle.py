"""One evening's work for one origin; every step may be repeated and then changes nothing.

Outcomes are joined first, then a challenger is trained where one is due, then the gate decides, and
only then forecasts go out, whatever failed before. A process killed anywhere is finished by the
next call: what is in the ledger and the registry is kept, the rest is done.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from volcast.pipeline.data.sources.catalogue import find_entry
from volcast.pipeline.errors import VolcastError
from volcast.pipeline.job.context import JobContext
from volcast.pipeline.job.monitoring.observe import observe, stale, update_alerts
from volcast.pipeline.job.monitoring.webhook import tell
from volcast.pipeline.job.registry_view import RegistryView
from volcast.pipeline.job.steps.gate import evaluate_gate
from volcast.pipeline.job.steps.issue import issue
from volcast.pipeline.job.steps.outcomes import join_outcomes
from volcast.pipeline.job.steps.retrain import retrain_when_due
from volcast.pipeline.job.steps.shadow import keep_shadow
from volcast.pipeline.job.summary import Summary
from volcast.pipeline.ledger.records import Decision
from volcast.pipeline.registry.promotion import GATE, finish, format_version
from volcast.pipeline.registry.versions import Version
from volcast.reports.monitoring.alerts import Alert, Observation

STEPS = (
    *("joining of outcomes", "registry", "training", "shadow period", "gate"),
    *("champion", "fallback"),
)


def run_evening(context: JobContext, *, if_due: bool = True) -> Summary:
    """Do the evening's work; return what was done.

    A challenger is trained, or with `if_due` only where one is due. A step that fails before the
    forecasts is told in a note and an alert; the champion's forecasts go out all the same. An
    evening before one that is in the ledger is over, and nothing is done.
    """
    last = context.ledger.last_origin()
    if last is not None and last > context.day.date():
        return _over(context, last)
    failed: dict[str, str] = {}
    notes, outcomes, trained = list(context.told), 0, None
    decision = "nothing was decided"
    with _whatever_fails("joining of outcomes", failed):
        outcomes = join_outcomes(context)
    if context.registry_view.problem:
        failed["registry"] = context.registry_view.problem
    else:
        with _whatever_fails("registry", failed):
            _finish_promotion(context)
        with _whatever_fails("training", failed):
            trained = retrain_when_due(context, if_due, notes)
        with _whatever_fails("shadow period", failed):
            keep_shadow(context)
        with _whatever_fails("gate", failed):
            decision = _decide(context)
    written = issue(context, notes, failed)
    notes += [f"the {step} failed: {why}" for step, why in failed.items()]
    raised, still_open = _watch(context, failed)
    untold = tell(context.config.job.webhook, context.ledger, now=context.now)
    return Summary(
        origin=context.day.date(),
        outcomes=outcomes,
        trained=trained,
        decision=decision,
        champion=format_version(context.registry_view.champion),
        forecasts=written,
        raised=tuple(raised),
        open_alerts=tuple(still_open),
        notes=(*notes, *([untold] if untold else [])),
        head=context.ledger.head().hash,
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


def _over(context: JobContext, last: dt.date) -> Summary:
    """Return the summary of an evening before one whose forecasts have gone out."""
    day = context.day.date()
    raised, still_open = update_alerts(context.ledger, context.conditions, day, now=context.now)
    untold = tell(context.config.job.webhook, context.ledger, now=context.now)
    return Summary(
        origin=day,
        outcomes=0,
        trained=None,
        decision=f"nothing was done: forecasts of {last} have gone out",
        champion=format_version(context.registry_view.champion),
        forecasts=0,
        raised=tuple(raised),
        open_alerts=tuple(still_open),
        notes=(untold,) if untold else (),
        head=context.ledger.head().hash,
        over=True,
    )


def _finish_promotion(context: JobContext) -> None:
    """Carry out what was decided, by the gate or by hand, before a process was killed."""
    registry_view = context.registry_view
    if finish(registry_view.registry, context.ledger, now=context.now) is not None:
        registry_view.refresh()


def _decide(context: JobContext) -> str:
    """Let the gate decide once an origin, and carry out what it decided."""
    registry_view, ledger = context.registry_view, context.ledger
    key = f"{GATE}{context.day.date()}"
    told = ledger.decision(key)
    if told is not None:
        return told.reason
    judged = evaluate_gate(ledger, registry_view, context.config.job, context.day)
    version = _winner(judged.action, registry_view)
    decision = Decision(
        key=key,
        action=judged.action,
        subject=format_version(version),
        numbers={**judged.numbers, "version": version.number},
        reason=judged.reason,
    )
    ledger.add_decision(decision, now=context.now)
    _finish_promotion(context)
    return judged.reason


def _winner(action: str, registry_view: RegistryView) -> Version:
    if action == "promote" and registry_view.challenger is not None:
        return registry_view.challenger
    return registry_view.registry.fallback() if action == "demote" else registry_view.champion


def _watch(context: JobContext, failed: dict[str, str]) -> tuple[list[Alert], list[Alert]]:
    """Observe, and write which alerts begin and end."""
    grows = find_entry(context.config.data.source).grows
    observations = [
        *context.conditions,
        *(_observed(step, failed.get(step)) for step in STEPS),
        *(stale(context) if grows else []),
        *observe(context),
    ]
    return update_alerts(context.ledger, observations, context.day.date(), now=context.now)


def _observed(step: str, why: str | None) -> Observation:
    words = f"the {step} failed: {why}" if why else f"the {step} works"
    return Observation("failed step", step, float(why is not None), 0.0, 0.0, words, "error")
