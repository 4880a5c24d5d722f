"""The coming earnings reports on the page of a daily run, and what the champion expects of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from volcast.features.units import volatility_annual_pct
from volcast.models.baselines.catalogue import NETWORK
from volcast.pipeline.backtest.walk_forward import (
    WITHOUT_REPORT_COLUMN,
    forecast_without_reports,
)
from volcast.pipeline.config.events import list_event_entries
from volcast.pipeline.data.calendars.sessions import periods_per_year
from volcast.pipeline.job.context import JobContext
from volcast.pipeline.panel.build import assign_calendars, build_sample
from volcast.pipeline.panel.coming_reports import list_coming_reports
from volcast.reports.coming_reports import add_report_notes

Cell = tuple[str, int]  # ticker and horizon


def describe_coming_reports(issued: pd.DataFrame, context: JobContext) -> pd.DataFrame:
    """Return issued forecasts with `report` and `without_report`.

    Parameters
    ----------
    issued
        The forecasts of the run, with `ticker` and `horizon`.
    context
        Of the run.

    Returns
    -------
    The forecasts with what is known of the ticker's next report, and the champion's volatility
    forecast in percent as if none came (NaN unless one is expected).
    """
    calendars = assign_calendars(list(issued["ticker"].unique()), context.config)
    found = _forecast_without_reports(context)
    cells = zip(issued["ticker"], issued["horizon"], strict=True)
    variance = np.array([found.get(cell, np.nan) for cell in cells], dtype=np.float64)
    periods = [periods_per_year(calendars[ticker]) for ticker in issued["ticker"]]
    volatility = volatility_annual_pct(variance, np.array(periods))
    reports = list_coming_reports(context.panels.external, context.day, calendars)
    return add_report_notes(issued.assign(without_report=volatility), reports)


def _forecast_without_reports(context: JobContext) -> Mapping[Cell, float]:
    """Return the champion's calibrated variances as if no report came, where one is expected."""
    view = context.registry_view
    if view.champion.model != NETWORK or not list_event_entries(context.config):
        return {}
    model = view.load(view.champion)
    panel = context.panels.for_model(model)
    origin = int(panel.sessions.get_indexer(pd.DatetimeIndex([context.day]))[0])
    known, origins = build_sample(panel).until(origin), slice(origin, origin + 1)
    table = forecast_without_reports(model.network, known, origins, model.bounds)
    found = table[WITHOUT_REPORT_COLUMN]
    variance = found[0] * panel.level_factor[origin][:, None]
    return {
        (panel.tickers[ticker], panel.horizons[place]): float(variance[ticker, place])
        for ticker, place in np.argwhere(np.isfinite(variance))
    }
