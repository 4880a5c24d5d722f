"""The forecasts of an evening: the champion's go out, others are written down beside them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from models.catalogue import NETWORK, REFERENCE
from pipeline.daily.evening import Evening, config_hash
from pipeline.daily.forecasting import Cell, cells, network_cells
from pipeline.daily.training import fitted_har
from pipeline.errors import VolcastError
from pipeline.ledger.records import Forecast, Role
from pipeline.panels import calendars_of
from pipeline.promotion import name_of
from pipeline.versions import Version


def issue(evening: Evening, notes: list[str]) -> int:
    """Write the forecasts of champion, challenger and HAR; return how many were new."""
    standing, level = evening.standing, evening.config.report.interval
    champion, challenger = standing.champion, standing.challenger
    written = []
    roles: tuple[tuple[Version | None, Role], ...] = (
        (champion, "champion"),
        (challenger, "challenger"),
    )
    for version, role in roles:
        if version is None or version.model != NETWORK:
            continue
        try:
            made = network_cells(standing.model(version), evening.panel, evening.origin, level)
        except VolcastError as error:
            notes.append(f"{name_of(version)} gave no forecast: {error}")
            continue
        written += _rows(evening, made, NETWORK, str(version.number), role)
    out = any(row.role == "champion" for row in written)
    written += _har_rows(evening, "fallback" if out else "champion")
    return evening.ledger.add_forecasts(written, now=evening.now)


def _har_rows(evening: Evening, role: Role) -> list[Forecast]:
    """Return HAR's forecasts; they go out where no network's do."""
    newest, first = evening.standing.newest, evening.first_trained
    errors: Mapping[int, np.ndarray] = {}
    if newest is not None:
        errors = evening.standing.model(newest).har_log_residuals
    har, bounds = fitted_har(evening.panel, evening.config, first)
    level = evening.config.report.interval
    made = cells(har, bounds, errors, evening.panel, evening.origin, level)
    version = str(evening.panel.sessions[first - 1].date())
    return _rows(evening, made, REFERENCE, version, role)


def _rows(
    evening: Evening, made: list[Cell], model: str, version: str, role: Role
) -> list[Forecast]:
    calendar = calendars_of(evening.panel.tickers, evening.config)
    return [
        Forecast(
            origin=evening.day.date(),
            target_start=cell.target_start.date(),
            target_end=cell.target_end.date(),
            horizon=cell.horizon,
            ticker=cell.ticker,
            calendar=calendar[cell.ticker],
            model=model,
            model_version=version,
            role=role,
            data_vintage=evening.vintage,
            data_hash=evening.data_hash[cell.ticker],
            config_hash=config_hash(evening.config),
            variance=cell.variance,
            lower=cell.lower,
            upper=cell.upper,
            clipped=cell.clipped,
            fallback=cell.fallback,
        )
        for cell in made
    ]
