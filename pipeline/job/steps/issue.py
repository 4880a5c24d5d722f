"""The forecasts of a daily run: the champion's are issued, the others are stored with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.pipeline.data.calendars.sessions import sessions_between
from volcast.pipeline.errors import VolcastError
from volcast.pipeline.job.challenger import fit_har
from volcast.pipeline.job.config_archive import hash_config
from volcast.pipeline.job.context import JobContext
from volcast.pipeline.job.forecasts import (
    Cell,
    FittedModel,
    forecast_cells,
    forecast_with_network,
    list_levels,
)
from volcast.pipeline.job.steps.past_errors import collect_past_errors
from volcast.pipeline.ledger.queries import RowFilter
from volcast.pipeline.ledger.records import Forecast, Role
from volcast.pipeline.panel.build import assign_calendars
from volcast.pipeline.panel.short_histories import find_tickers_without_rows
from volcast.pipeline.registry.promotion import format_version
from volcast.pipeline.registry.versions import Version

Key: TypeAlias = tuple[str, int]  # ticker and horizon


@dataclass(frozen=True)
class IssueResult:
    """What was issued.

    Attributes
    ----------
    new
        Number of new rows in the ledger.
    notes
        Challengers and tickers without a forecast.
    failures
        Why the champion or the fallback gave no forecast, by the name of the step.
    """

    new: int
    notes: list[str]
    failures: dict[str, str]


def issue_forecasts(context: JobContext) -> IssueResult:
    """Write the forecasts of champion, challenger and HAR to the ledger.

    Forecasts written earlier for this origin stay as they are, even if bars were revised since or
    another model became champion: one forecast is issued for each target. HAR's is issued where the
    champion has none.

    Raises
    ------
    VolcastError
        Nothing can be issued.
    """
    stored = context.ledger.table("forecasts", RowFilter(origin=context.day.date()))
    champions = stored[stored["role"] == "champion"]
    issued: set[Key] = set(zip(champions["ticker"], champions["horizon"], strict=True))
    rows, notes, failures = _build_network_rows(context, issued)
    try:
        rows += _build_har_rows(context, issued)
    except VolcastError as error:
        if not issued:
            raise
        failures["fallback"] = str(error)
    notes += _note_missing_forecasts(context, issued)
    names = ["model", "model_version", "ticker", "horizon"]
    written = set(stored[names].itertuples(index=False))
    new = [r for r in rows if (r.model, r.model_version, r.ticker, r.horizon) not in written]
    added = context.ledger.add_forecasts(new, now=context.now)
    return IssueResult(added, notes, failures)


def _build_network_rows(
    context: JobContext, issued: set[Key]
) -> tuple[list[Forecast], list[str], dict[str, str]]:
    """Return the rows of champion and challenger, with notes and failures."""
    view = context.registry_view
    versions: tuple[tuple[Version | None, Role], ...] = (
        (view.champion, "champion"),
        (view.challenger, "challenger"),
    )
    rows: list[Forecast] = []
    notes: list[str] = []
    failures: dict[str, str] = {}
    for version, role in versions:
        if version is None or version.model != NETWORK:
            continue
        cells, reason = _forecast_with_version(context, version)
        if reason and role == "champion":
            failures["champion"] = reason
        elif reason:
            notes.append(reason)
        rows += _build_rows(context, cells, (NETWORK, str(version.number)), role, issued)
    return rows, notes, failures


def _forecast_with_version(context: JobContext, version: Version) -> tuple[list[Cell], str]:
    """Return the forecasts of a network, or none and the reason."""
    if context.was_trained_on_origin(version):
        return (
            [],
            f"{format_version(version)} produced no forecast: it was trained on later sessions",
        )
    levels = list_levels(context.config)
    try:
        model = context.registry_view.load(version)
        past = collect_past_errors(context.ledger, model, context.day, newest=version.number)
        past = past[past["model"] == NETWORK]
        return forecast_with_network(model, context.panels, context.day, past, levels), ""
    except VolcastError as error:
        return [], f"{format_version(version)} produced no forecast: {error}"


def _build_har_rows(context: JobContext, issued: set[Key]) -> list[Forecast]:
    """Return the rows of HAR, fitted on the sessions that the newest network was trained on."""
    newest, first = context.registry_view.newest_model, context.first_origin_after_training
    past = collect_past_errors(context.ledger, newest, context.day)
    past = past[past["model"] == REFERENCE]
    har = FittedModel(*fit_har(context.panel, context.config, first), past)
    levels = list_levels(context.config)
    cells = forecast_cells(har, context.panel, context.origin, levels)
    version = str(context.panel.sessions[first - 1].date())
    return _build_rows(context, cells, (REFERENCE, version), "fallback", issued)


def _build_rows(
    context: JobContext, cells: list[Cell], model: tuple[str, str], role: Role, issued: set[Key]
) -> list[Forecast]:
    """Return the ledger's rows of a (model, version); add to `issued` what they issue.

    A champion's forecast of a target for which another was issued already is stored as a
    challenger's. HAR's are fallbacks, issued where nothing else is.
    """
    calendars = assign_calendars([cell.ticker for cell in cells], context.config)
    settings = hash_config(context.config)
    rows = []
    for cell in cells:
        is_free = (cell.ticker, cell.horizon) not in issued
        row_role: Role = "challenger" if role == "champion" else role
        if is_free and role != "challenger":
            issued.add((cell.ticker, cell.horizon))
            row_role = "champion"
        forecast = Forecast(
            origin=context.day.date(),
            target_start=cell.target_start.date(),
            target_end=cell.target_end.date(),
            horizon=cell.horizon,
            ticker=cell.ticker,
            calendar=calendars[cell.ticker],
            model=model[0],
            model_version=model[1],
            role=row_role,
            data_vintage=context.vintage,
            data_hash=context.data_hash[cell.ticker],
            config_hash=settings,
            variance=cell.variance,
            lower=cell.lower,
            upper=cell.upper,
            clipped=cell.clipped,
            fallback=cell.fallback,
            level_factor=cell.level_factor,
            held=cell.ticker in context.held,
            pretrained=cell.pretrained,
            short_history=cell.short_history,
            intervals=cell.intervals,
            interval_level=context.config.report.interval if np.isfinite(cell.lower) else np.nan,
        )
        rows.append(forecast)
    return rows


def _note_missing_forecasts(context: JobContext, issued: set[Key]) -> list[str]:
    """Return notes on the tickers without a forecast whose exchange was open, and why."""
    forecast = {ticker for ticker, _ in issued}
    calendars = assign_calendars(context.tickers, context.config)
    day = context.day
    closed = {name for name in set(calendars.values()) if not len(sessions_between(name, day, day))}
    missing = [t for t, name in calendars.items() if t not in forecast and name not in closed]
    traded = np.isfinite(context.panel.variance[context.origin])
    with_bar = {
        ticker for ticker, known in zip(context.panel.tickers, traded, strict=True) if known
    }
    absent = [ticker for ticker in missing if ticker not in with_bar]
    reasons = find_tickers_without_rows(context.panel, context.origin)
    short = [ticker for ticker in missing if ticker in with_bar and ticker in reasons]
    return [
        *([f"no forecast for {', '.join(absent)}: no bar on {day.date()}"] if absent else []),
        *(f"no forecast for {ticker}: {reasons[ticker]}" for ticker in short),
    ]
