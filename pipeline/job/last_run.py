"""Recognises a daily run that would repeat the last one, so that it need not be computed again.

A run that left nothing to be tried again stores the hash of everything that it depends on, the
ledger and the registry included. While that hash is the same, another run could only write what is
written already; what changes with the clock alone, such as how old the bars are, is observed again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from volcast.pipeline.errors import RegistryError
from volcast.pipeline.files import hash_value, write_text
from volcast.pipeline.home import Home
from volcast.pipeline.job.context import JobContext
from volcast.pipeline.job.monitoring.observe_clock import observe_clock
from volcast.pipeline.job.monitoring.open_alerts import preview_alerts
from volcast.pipeline.job.monitoring.webhook import post_alerts
from volcast.pipeline.job.newest_training import is_trained_at_origin, note_repeated_training
from volcast.pipeline.job.report_files import PAGE
from volcast.pipeline.job.summary import Summary
from volcast.pipeline.registry.promotion import format_version
from volcast.pipeline.registry.versions import Version
from volcast.pipeline.version import __version__

FAILED_STEP = "failed step"  # the name of an alert; what failed is tried again


@dataclass(frozen=True)
class LastRun:
    """What a run depended on, as a hash, and the gate's reason in its summary."""

    state: str
    decision: str


def write_last_run(home: Home, context: JobContext, summary: Summary) -> None:
    """Store the state after a run, unless the next one has something to try again."""
    repeated = note_repeated_training(context)
    alerts = {alert.name for alert in summary.open_alerts}
    if set(summary.notes) - {*context.data_notes, repeated} or FAILED_STEP in alerts:
        home.last_run.unlink(missing_ok=True)
        return
    last = LastRun(_hash_state(context), summary.decision)
    write_text(home.last_run, json.dumps(asdict(last), indent=1) + "\n")


def find_repeated_run(home: Home, context: JobContext, *, if_due: bool) -> LastRun | None:
    """Return the last run if this one would do the same; None if anything may be different."""
    if not (if_due or is_trained_at_origin(context)):
        return None
    if not (home.reports / str(context.day.date()) / PAGE).exists():
        return None
    try:
        last = LastRun(**json.loads(home.last_run.read_text(encoding="utf-8")))
        context.registry_view.check_folders()
    except (OSError, ValueError, TypeError, RegistryError):
        return None
    if last.state != _hash_state(context):
        return None
    _, would_change = preview_alerts(context.ledger, observe_clock(context), context.day.date())
    return None if would_change else last


def repeat_last_run(context: JobContext, last: LastRun, *, if_due: bool) -> Summary:
    """Post what could not be posted yet; return the summary of a run that changed nothing."""
    day = context.day.date()
    open_alerts, _ = preview_alerts(context.ledger, observe_clock(context), day)
    failure = post_alerts(context.config.job.webhook, context.ledger, now=context.now)
    return Summary(
        origin=day,
        outcomes=0,
        trained=None,
        decision=last.decision,
        champion=format_version(context.registry_view.champion),
        forecasts=0,
        open_alerts=tuple(open_alerts),
        notes=(
            *context.data_notes,
            *([] if if_due else [note_repeated_training(context)]),
            *([failure] if failure else []),
        ),
        head=context.ledger.head().hash,
    )


def _hash_state(context: JobContext) -> str:
    """Return the hash of what a run's results depend on."""
    view = context.registry_view
    return hash_value(
        {
            "version": __version__,
            "settings": context.config.model_dump(mode="json", exclude={"data": {"dir"}}),
            "origin": str(context.day.date()),
            "bars": dict(context.data_hash),
            "tickers": context.panel.tickers,
            "held": sorted(context.held),
            "notes": context.data_notes,
            "ledger": context.ledger.head().hash,
            "models": _describe((view.champion, view.newest)),
            "read_error": view.read_error,
        }
    )


def _describe(versions: Iterable[Version | None]) -> list[object]:
    return [[each.number, dict(each.facts)] if each else None for each in versions]
