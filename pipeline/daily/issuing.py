"""The forecasts of an evening: the champion's go out, others are written down beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from models.catalogue import NETWORK, REFERENCE
from pipeline.daily.evening import Evening
from pipeline.daily.forecasting import Cell, cells, network_cells
from pipeline.daily.settings import config_hash
from pipeline.daily.training import fitted_har
from pipeline.data.calendars import sessions_between
from pipeline.errors import VolcastError
from pipeline.ledger.reading import Only
from pipeline.ledger.records import Forecast, Role
from pipeline.panels import calendars_of
from pipeline.promotion import name_of
from pipeline.versions import Version

Key: TypeAlias = tuple[str, int]  # ticker and horizon


def issue(evening: Evening, notes: list[str], failed: dict[str, str]) -> int:
    """Write the forecasts of champion, challenger and HAR; return how many were new.

    What was written earlier this evening stands, also where bars were revised since or another
    became champion: a target has one forecast that goes out. HAR's goes out where the champion
    has none. What gave none, and why, is kept in `failed`; ``VolcastError`` where nothing goes out.
    """
    standing = evening.standing
    there = evening.ledger.table("forecasts", Only(origin=evening.day.date()))
    champions = there[there["role"] == "champion"]
    out: set[Key] = set(zip(champions["ticker"], champions["horizon"], strict=True))
    rows = []
    roles: tuple[tuple[Version | None, Role], ...] = (
        (standing.champion, "champion"),
        (standing.challenger, "challenger"),
    )
    for version, role in roles:
        if version is not None and version.model == NETWORK:
            made, silence = _network_cells(evening, version)
            if silence and role == "champion":
                failed["champion"] = silence
            elif silence:
                notes.append(silence)
            rows += _rows(evening, made, (NETWORK, str(version.number)), role, out)
    try:
        rows += _har_rows(evening, out)
    except VolcastError as error:
        if not out:
            raise
        failed["fallback"] = str(error)
    notes += _without_forecast(evening, out)
    written = set(there[["model", "model_version", "ticker", "horizon"]].itertuples(index=False))
    new = [r for r in rows if (r.model, r.model_version, r.ticker, r.horizon) not in written]
    return evening.ledger.add_forecasts(new, now=evening.now)


def _without_forecast(evening: Evening, out: set[Key]) -> list[str]:
    """Return a note on the tickers whose exchange was open and that have no forecast."""
    forecast = {ticker for ticker, _ in out}
    names = calendars_of(evening.tickers, evening.config)
    day = evening.day
    closed = {name for name in set(names.values()) if not len(sessions_between(name, day, day))}
    missing = [t for t, name in names.items() if t not in forecast and name not in closed]
    return [f"no forecast for {', '.join(missing)}: no bar of {day.date()}"] if missing else []


def _network_cells(evening: Evening, version: Version) -> tuple[list[Cell], str]:
    """Return the forecasts of a network; none, and why, where it can give none."""
    level = evening.config.report.interval
    if evening.has_seen(version):
        return [], f"{name_of(version)} gave no forecast: it was trained on later sessions"
    try:
        model = evening.standing.model(version)
        return network_cells(model, evening.panels, evening.day, level), ""
    except VolcastError as error:
        return [], f"{name_of(version)} gave no forecast: {error}"


def _har_rows(evening: Evening, out: set[Key]) -> list[Forecast]:
    """Return HAR's forecasts, fitted on what the newest network was trained on."""
    newest, first = evening.standing.newest_model, evening.first_trained
    errors: Mapping[int, np.ndarray] = newest.har_log_residuals if newest else {}
    har, bounds = fitted_har(evening.panel, evening.config, first)
    level = evening.config.report.interval
    made = cells(har, bounds, errors, evening.panel, evening.origin, level)
    version = str(evening.panel.sessions[first - 1].date())
    return _rows(evening, made, (REFERENCE, version), "fallback", out)


def _rows(
    evening: Evening, made: list[Cell], model: tuple[str, str], role: Role, out: set[Key]
) -> list[Forecast]:
    """Return the ledger's rows, by (model, version), and add to `out` what goes out with them.

    What has gone out already stays so: then the champion's are written as a challenger's. HAR's
    are the fallback, and go out where nothing else does.
    """
    calendar = calendars_of([cell.ticker for cell in made], evening.config)
    settings = config_hash(evening.config)
    rows = []
    for cell in made:
        free = (cell.ticker, cell.horizon) not in out
        if free and role != "challenger":
            out.add((cell.ticker, cell.horizon))
            mine: Role = "champion"
        else:
            mine = "challenger" if role == "champion" else role
        forecast = Forecast(
            origin=evening.day.date(),
            target_start=cell.target_start.date(),
            target_end=cell.target_end.date(),
            horizon=cell.horizon,
            ticker=cell.ticker,
            calendar=calendar[cell.ticker],
            model=model[0],
            model_version=model[1],
            role=mine,
            data_vintage=evening.vintage,
            data_hash=evening.data_hash[cell.ticker],
            config_hash=settings,
            variance=cell.variance,
            lower=cell.lower,
            upper=cell.upper,
            clipped=cell.clipped,
            fallback=cell.fallback,
        )
        rows.append(forecast)
    return rows
