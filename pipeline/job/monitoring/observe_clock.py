"""What is observed of a daily run that changes with the clock, even if no bar is new."""

from __future__ import annotations

import numpy as np

from volcast.features.panel import align_tickers
from volcast.pipeline.data.calendars.opening_hours import last_settled_session
from volcast.pipeline.data.calendars.sessions import sessions_between
from volcast.pipeline.data.sources.catalogue import find_entry
from volcast.pipeline.job.context import JobContext
from volcast.pipeline.job.monitoring.observe_external import observe_external
from volcast.pipeline.panel.build import assign_calendars
from volcast.reports.monitoring.alerts import Observation
from volcast.reports.monitoring.freshness import freshness


def observe_clock(context: JobContext) -> list[Observation]:
    """Return the preconditions of the run, and how old bars, report dates and series are."""
    if not find_entry(context.config.data.source).grows:
        return list(context.preconditions)
    return [*context.preconditions, *observe_stale_tickers(context), *observe_external(context)]


def observe_stale_tickers(context: JobContext) -> list[Observation]:
    """Return whether prices are up to date, for all tickers together and for each.

    A ticker without any bars counts from the last origin for which it was forecast.
    """
    panel, origin, now = context.panel, context.origin, context.now
    calendars = assign_calendars(context.tickers, context.config)
    variance = align_tickers(panel, tuple(calendars)).variance[: origin + 1]
    settled = {name: last_settled_session(name, now) for name in set(calendars.values())}
    behind = {}
    for known, (ticker, name) in zip(np.isfinite(variance).T, calendars.items(), strict=True):
        if known.any():
            last = panel.sessions[np.flatnonzero(known)[-1]].date()
        else:
            forecast = context.ledger.last_origin(ticker=ticker)
            last = forecast or panel.sessions[0].date()
        since = sessions_between(name, last, settled[name].date())
        behind[ticker] = max(0, len(since) - 1)
    return freshness(behind, tolerated=0)
