"""The forecasts of an evening: the champion's go out, others are written down beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.pipeline.data.calendars.sessions import sessions_between
from volcast.pipeline.errors import VolcastError
from volcast.pipeline.job.challenger import fitted_har
from volcast.pipeline.job.config_archive import config_hash
from volcast.pipeline.job.context import JobContext
from volcast.pipeline.job.forecasts import Cell, cells, network_cells
from volcast.pipeline.ledger.queries import RowFilter
from volcast.pipeline.ledger.records import Forecast, Role
from volcast.pipeline.panel.build import assign_calendars
from volcast.pipeline.registry.promotion import format_version
from volcast.pipeline.registry.versions import Version

Key: TypeAlias = tuple[str, int]  # ticker and horizon


def issue(context: JobContext, notes: list[str], failed: dict[str, str]) -> int:
    """Write the forecasts of champion, challenger and HAR; return how many were new.

    What was written earlier this evening stands, also where bars were revised since or another
    became champion: a target has one forecast that goes out. HAR's goes out where the champion
    has none. What gave none, and why, is kept in `failed`; ``VolcastError`` where nothing goes out.
    """
    registry_view = context.registry_view
    there = context.ledger.table("forecasts", RowFilter(origin=context.day.date()))
    champions = there[there["role"] == "champion"]
    out: set[Key] = set(zip(champions["ticker"], champions["horizon"], strict=True))
    rows = []
    roles: tuple[tuple[Version | None, Role], ...] = (
        (registry_view.champion, "champion"),
        (registry_view.challenger, "challenger"),
    )
    for version, role in roles:
        if version is not None and version.model == NETWORK:
            made, silence = _network_cells(context, version)
            if silence and role == "champion":
                failed["champion"] = silence
            elif silence:
                notes.append(silence)
            rows += _rows(context, made, (NETWORK, str(version.number)), role, out)
    try:
        rows += _har_rows(context, out)
    except VolcastError as error:
        if not out:
            raise
        failed["fallback"] = str(error)
    notes += _without_forecast(context, out)
    written = set(there[["model", "model_version", "ticker", "horizon"]].itertuples(index=False))
    new = [r for r in rows if (r.model, r.model_version, r.ticker, r.horizon) not in written]
    return context.ledger.add_forecasts(new, now=context.now)


def _without_forecast(context: JobContext, out: set[Key]) -> list[str]:
    """Return a note on the tickers whose exchange was open and that have no forecast."""
    forecast = {ticker for ticker, _ in out}
    names = assign_calendars(context.tickers, context.config)
    day = context.day
    closed = {name for name in set(names.values()) if not len(sessions_between(name, day, day))}
    missing = [t for t, name in names.items() if t not in forecast and name not in closed]
    return [f"no forecast for {', '.join(missing)}: no bar of {day.date()}"] if missing else []


def _network_cells(context: JobContext, version: Version) -> tuple[list[Cell], str]:
    """Return the forecasts of a network; none, and why, where it can give none."""
    level = context.config.report.interval
    if context.has_seen(version):
        return [], f"{format_version(version)} gave no forecast: it was trained on later sessions"
    try:
        model = context.registry_view.model(version)
        return network_cells(model, context.panels, context.day, level), ""
    except VolcastError as error:
        return [], f"{format_version(version)} gave no forecast: {error}"


def _har_rows(context: JobContext, out: set[Key]) -> list[Forecast]:
    """Return HAR's forecasts, fitted on what the newest network was trained on."""
    newest, first = context.registry_view.newest_model, context.first_trained
    errors: Mapping[int, np.ndarray] = newest.har_log_residuals if newest else {}
    har, bounds = fitted_har(context.panel, context.config, first)
    level = context.config.report.interval
    made = cells(har, bounds, errors, context.panel, context.origin, level)
    version = str(context.panel.sessions[first - 1].date())
    return _rows(context, made, (REFERENCE, version), "fallback", out)


def _rows(
    context: JobContext, made: list[Cell], model: tuple[str, str], role: Role, out: set[Key]
) -> list[Forecast]:
    """Return the ledger's rows, by (model, version), and add to `out` what goes out with them.

    What has gone out already stays so: then the champion's are written as a challenger's. HAR's
    are the fallback, and go out where nothing else does.
    """
    calendar = assign_calendars([cell.ticker for cell in made], context.config)
    settings = config_hash(context.config)
    rows = []
    for cell in made:
        free = (cell.ticker, cell.horizon) not in out
        if free and role != "challenger":
            out.add((cell.ticker, cell.horizon))
            mine: Role = "champion"
        else:
            mine = "challenger" if role == "champion" else role
        forecast = Forecast(
            origin=context.day.date(),
            target_start=cell.target_start.date(),
            target_end=cell.target_end.date(),
            horizon=cell.horizon,
            ticker=cell.ticker,
            calendar=calendar[cell.ticker],
            model=model[0],
            model_version=model[1],
            role=mine,
            data_vintage=context.vintage,
            data_hash=context.data_hash[cell.ticker],
            config_hash=settings,
            variance=cell.variance,
            lower=cell.lower,
            upper=cell.upper,
            clipped=cell.clipped,
            fallback=cell.fallback,
        )
        rows.append(forecast)
    return rows
