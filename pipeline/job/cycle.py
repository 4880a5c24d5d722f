"""The daily cycle of one origin: outcomes, training, gate, forecasts, alerts.

Outcomes are joined first, then a challenger is trained if one is due, then the gate decides, and
then forecasts are issued, whatever failed before. Every step can be repeated without changing
anything: after a process was killed, the next call keeps what is in ledger and registry, and does
the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from volcast.pipeline.errors import VolcastError
from volcast.pipeline.job.context import JobContext
from volcast.pipeline.job.monitoring.observe import (
    observe_forecasts,
    observe_held_bars,
)
from volcast.pipeline.job.monitoring.observe_clock import observe_clock
from volcast.pipeline.job.monitoring.open_alerts import update_alerts
from volcast.pipeline.job.monitoring.webhook import post_alerts
from volcast.pipeline.job.registry_view import RegistryView
from volcast.pipeline.job.steps.gate import evaluate_gate
from volcast.pipeline.job.steps.issue import issue_forecasts
from volcast.pipeline.job.steps.outcomes import join_outcomes
from volcast.pipeline.job.steps.retrain import retrain_when_due
from volcast.pipeline.job.steps.shadow import write_shadow_period
from volcast.pipeline.job.summary import Summary
from volcast.pipeline.ledger.records import Decision
from volcast.pipeline.registry.promotion import GATE, complete_last_change, format_version
from volcast.pipeline.registry.versions import Version
from volcast.reports.monitoring.alerts import Observation

# The subjects of the alert "failed step", as ledgers of every version have them, and how messages
# name each step.
STEPS = {
    "joining of outcomes": "joining outcomes",
    "registry": "the registry",
    "training": "training",
    "shadow period": "the shadow period",
    "gate": "the gate",
    "champion": "the champion's forecast",
    "fallback": "HAR's forecast",
}


@dataclass
class Work:
    """What the steps of a run have done so far; failures by the name of the step."""

    decision: str = "nothing was decided"
    outcomes: int = 0
    trained: str | None = None
    forecasts: int = 0
    notes: list[str] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)


def run_daily_cycle(context: JobContext, *, if_due: bool = True) -> Summary:
    """Run all steps for the origin of `context`; return what was done.

    A step that fails before the forecasts is reported in a note and an alert; forecasts are issued
    all the same. If the ledger has forecasts of a later origin, nothing is done.

    Parameters
    ----------
    context
        What the steps work with.
    if_due
        Train a challenger only if one is due.

    Raises
    ------
    VolcastError
        No forecast can be issued.
    """
    last = context.ledger.last_origin()
    if last is not None and last > context.day.date():
        decision = f"nothing was done: the forecasts of {last} have already been issued"
        return _finish_run(context, Work(decision), context.preconditions, over=True)
    work = Work(notes=list(context.data_notes))
    _run_steps_before_forecasts(context, work, if_due=if_due)
    issued = issue_forecasts(context)
    work.forecasts = issued.new
    work.failures |= issued.failures
    work.notes += issued.notes
    work.notes += [_describe_step(step, reason) for step, reason in work.failures.items()]
    return _finish_run(context, work, _observe_run(context, work.failures))


def _run_steps_before_forecasts(context: JobContext, work: Work, *, if_due: bool) -> None:
    """Join outcomes, train and decide; add what was done to `work`."""
    failures = work.failures
    with _record_failure("joining of outcomes", failures):
        work.outcomes = join_outcomes(context)
    if context.registry_view.read_error:
        failures["registry"] = context.registry_view.read_error
        return
    with _record_failure("registry", failures):
        _finish_promotion(context)
    with _record_failure("training", failures):
        work.trained, note = retrain_when_due(context, if_due=if_due)
        work.notes += [note] if note else []
    with _record_failure("shadow period", failures):
        write_shadow_period(context)
    with _record_failure("gate", failures):
        work.decision = _run_gate(context)


@contextmanager
def _record_failure(step: str, failures: dict[str, str]) -> Iterator[None]:
    """Record a step's failure under its name: no failure before the forecasts may stop them."""
    try:
        yield
    except VolcastError as error:
        failures[step] = str(error)
    except Exception as error:  # of any kind: the alert and the note report it
        failures[step] = f"{type(error).__name__}: {error}"


def _finish_promotion(context: JobContext) -> None:
    """Carry out a promotion, by the gate or manual, that a killed process left undone."""
    registry_view = context.registry_view
    change = complete_last_change(registry_view.registry, context.ledger, now=context.now)
    if change is not None:
        registry_view.refresh()


def _run_gate(context: JobContext) -> str:
    """Let the gate decide, once for each origin, and carry out its decision; return its reason."""
    registry_view, ledger = context.registry_view, context.ledger
    key = f"{GATE}{context.day.date()}"
    stored = ledger.decision(key)
    if stored is not None:
        return stored.reason
    result = evaluate_gate(ledger, registry_view, context.config.job, context.day)
    version = _choose_champion(result.action, registry_view)
    decision = Decision(
        key=key,
        action=result.action,
        subject=format_version(version),
        numbers={**result.numbers, "version": version.number},
        reason=result.reason,
    )
    ledger.add_decision(decision, now=context.now)
    _finish_promotion(context)
    return result.reason


def _choose_champion(action: str, registry_view: RegistryView) -> Version:
    """Return the version that is champion after the gate's action."""
    if action == "promote" and registry_view.challenger is not None:
        return registry_view.challenger
    return registry_view.registry.fallback() if action == "demote" else registry_view.champion


def _observe_run(context: JobContext, failures: dict[str, str]) -> list[Observation]:
    """Return all observations of this run: disk and ledger, steps, data and forecasts."""
    return [
        *observe_clock(context),
        *(_observe_step(step, failures.get(step)) for step in STEPS),
        *observe_held_bars(context),
        *observe_forecasts(context),
    ]


def _observe_step(step: str, reason: str | None) -> Observation:
    failed = float(reason is not None)
    return Observation("failed step", step, failed, 0.0, 0.0, _describe_step(step, reason), "error")


def _describe_step(step: str, reason: str | None) -> str:
    return f"{STEPS[step]} failed: {reason}" if reason else f"{STEPS[step]} works again"


def _finish_run(
    context: JobContext, work: Work, observations: Iterable[Observation], *, over: bool = False
) -> Summary:
    """Raise, clear and post alerts; return the summary."""
    ledger, day = context.ledger, context.day.date()
    raised, still_open = update_alerts(ledger, observations, day, now=context.now)
    failure = post_alerts(context.config.job.webhook, ledger, now=context.now)
    return Summary(
        origin=day,
        outcomes=work.outcomes,
        trained=work.trained,
        decision=work.decision,
        champion=format_version(context.registry_view.champion),
        forecasts=work.forecasts,
        raised=tuple(raised),
        open_alerts=tuple(still_open),
        notes=(*work.notes, *([failure] if failure else [])),
        head=ledger.head().hash,
        over=over,
    )
