"""Monitoring of a daily run: what is observed of its forecasts and their inputs."""

from __future__ import annotations

import numpy as np

from volcast.pipeline.job.context import JobContext
from volcast.pipeline.job.monitoring.drift import (
    RECENT,
    YEAR,
    observe_input_drift,
    observe_loss_drift,
)
from volcast.pipeline.ledger.queries import RowFilter
from volcast.reports.monitoring.alerts import Observation
from volcast.reports.monitoring.forecasts import clip_rate, coverage

USUAL_CLIP_RATE = 0.01  # share of forecasts that the insanity filter may clip
ISSUED_COLUMNS = [
    *("origin", "ticker", "horizon", "lower", "upper", "interval_level", "clipped", "realized"),
]


def observe_forecasts(context: JobContext) -> list[Observation]:
    """Return what is observed of the issued forecasts and of the features behind them."""
    panel, origin = context.panel, context.origin
    longest = YEAR + max(panel.horizons)  # sessions, of which the last have no outcome yet
    since = RowFilter(since=context.sessions_ago(longest), role="champion")
    issued = context.ledger.table("scored", since, columns=ISSUED_COLUMNS)
    recent = issued[issued["origin"].isin(np.unique(issued["origin"])[-RECENT:])]
    observations = [clip_rate(recent, USUAL_CLIP_RATE)] if len(recent) else []
    level = context.config.report.interval
    # After a change of the setting, intervals of the level before say nothing about this one.
    issued = issued[issued["interval_level"].isna() | (issued["interval_level"] == level)]
    for horizon in panel.horizons:
        known = issued[(issued["horizon"] == horizon) & (issued["realized"] > 0)]
        last = known[known["origin"].isin(np.unique(known["origin"])[-YEAR:])]
        if len(last):
            subject = f"{horizon}-session intervals"
            observations.append(coverage(last, level=level, horizon=horizon, subject=subject))
    return [*observations, observe_loss_drift(context), *observe_input_drift(panel, origin)]


def observe_held_bars(context: JobContext) -> list[Observation]:
    """Return for each ticker whether nothing can be forecast from its newest bar."""
    return [_observe_held_bar(context, ticker) for ticker in context.tickers]


def _observe_held_bar(context: JobContext, ticker: str) -> Observation:
    held = ticker in context.held
    words = (
        f"the bar of {ticker} on {context.day.date()} contradicts the ones before it, or follows a "
        "rejected one: its forecasts use the bars before, until the next bar"
        if held
        else f"no bar of {ticker} is held back"
    )
    return Observation("held bar", ticker, float(held), 0.0, 0.0, words)
