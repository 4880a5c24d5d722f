"""The inputs of a run's report: the tables of its folder, its settings and its provenance."""

from __future__ import annotations

import importlib.metadata
import platform
from pathlib import Path
from typing import Any

import pandas as pd

from volcast.pipeline.backtest.forecast_file import read_newest
from volcast.pipeline.backtest.pretrained_use import describe_pretrained_use
from volcast.pipeline.backtest.run_folder import (
    BARS,
    DIAGNOSIS,
    FEATURES,
    FORECASTS,
    HISTORY,
    QUALITY,
    RISK,
    SCORES,
    STEPS,
    collect_failures,
    read_external,
    read_table,
)
from volcast.pipeline.backtest.stored_forecasts import StoredForecasts
from volcast.pipeline.backtest.volatility_columns import find_latest_volatility
from volcast.pipeline.config.events import list_event_entries
from volcast.pipeline.config.settings import AUTOMATIC, NO_VINTAGES, Config
from volcast.pipeline.config.toml import to_toml
from volcast.pipeline.files import hash_path
from volcast.pipeline.panel.build import assign_calendars
from volcast.pipeline.panel.coming_reports import list_coming_reports
from volcast.pipeline.panel.load_series import describe_series
from volcast.pipeline.panel.report_knowledge import (
    describe_report_knowledge,
    describe_undated_reports,
)
from volcast.pipeline.panel.short_histories import find_short_histories, list_histories
from volcast.pipeline.text import format_names
from volcast.reports.run.inputs import ReportInputs
from volcast.reports.section import Section

TICKERS_IN_TITLE = 4
HISTORY_COLUMNS = ("ticker", "horizon", "model", "origin", "variance", "short_history")
LIBRARIES = ("volcast", "tensorflow", "keras", "numpy", "pandas", "scikit-learn", "arch")


def build_report_inputs(folder: Path, config: Config, manifest: dict[str, Any]) -> ReportInputs:
    """Return everything that the report of a run shows."""
    forecasts = StoredForecasts(folder / FORECASTS, config)
    columns = ["ticker", "session", "variance", "level_factor"]
    features = read_table(folder / FEATURES, columns=columns)
    stages = manifest["stages"]
    tickers = list(features["ticker"].unique())
    sessions = pd.DatetimeIndex(features["session"].unique()).sort_values()
    external = read_external(folder)
    origin = read_table(folder / FORECASTS, columns=["origin"])["origin"].max()
    has_events, calendars = bool(list_event_entries(config)), assign_calendars(tickers, config)
    return ReportInputs(
        title=config.report.title or _title(tickers),
        forecasts=forecasts,
        scores=read_table(folder / SCORES),
        history=read_table(folder / HISTORY),
        max_epochs=config.model.epochs,
        quality=read_table(folder / QUALITY, keep_default_na=False),
        today=find_latest_volatility(features, config),
        settings=list_settings(config) | list_pretrained(config, stages),
        provenance=collect_provenance(folder, config, stages),
        failures=collect_failures(manifest),
        steps=read_table(folder / STEPS),
        reports=list_coming_reports(external, origin, calendars) if has_events else None,
        report_knowledge=describe_report_knowledge(external, calendars, sessions)
        if has_events
        else None,
        date_notes=describe_undated_reports(external.events),
        histories=list_histories(
            read_table(folder / BARS, columns=["ticker", "session"]),
            find_short_histories(read_newest(folder / FORECASTS, HISTORY_COLUMNS)),
            origin,
        ),
        risk=read_table(folder / RISK),
        series=describe_series(external.series),
        files=stages["download"]["summary"].get("understood", []),
        diagnostics=build_diagnostic_sections(folder, config),
        interval_level=config.report.interval,
    )


def build_diagnostic_sections(folder: Path, config: Config) -> list[Section]:
    """Return the sections of the diagnostics that [diagnose] names."""
    if not config.diagnose.parts:
        return []
    from volcast.pipeline.backtest.development_split import build_development_problem
    from volcast.pipeline.diagnostics.catalogue import DIAGNOSTICS
    from volcast.pipeline.diagnostics.tables import read_tables
    from volcast.pipeline.panel.panel_table import read_panel

    problem = build_development_problem(read_panel(folder / FEATURES), config)
    tables = read_tables(folder / DIAGNOSIS)
    return [DIAGNOSTICS[name].build_section(tables[name], problem) for name in tables]


def list_settings(config: Config) -> dict[str, str]:
    """Return the training settings for a reader, learning rate and batch size first."""
    model = config.model
    return {
        "Learning rate": f"{model.learning_rate:g}",
        "Batch size": str(model.batch_size or "set from the number of rows"),
        "Optimizer": model.optimizer,
        "Loss": model.loss,
        "Maximum number of epochs": str(model.epochs),
        "Patience": str(model.patience),
        "Hidden layers": "-".join(map(str, model.hidden)) or "none",
        "Networks averaged": str(model.members),
        "Refitted every": f"{config.split.refit_every} sessions, {config.split.window} window",
        "Weight of HAR-X in the blend": "set from the number of rows"
        if model.blend == AUTOMATIC
        else f"{model.blend:.0%}",
        "Seed": str(model.seed),
    }


def list_pretrained(config: Config, stages: dict[str, Any]) -> dict[str, str]:
    """Return the training setting about pretrained networks, for a reader."""
    if config.model.pretrained == NO_VINTAGES:
        return {"Pretrained networks": "not used"}
    uses = stages["train"]["summary"].get("pretrained", [])
    return {"Pretrained networks": describe_pretrained_use(uses)}


def collect_provenance(folder: Path, config: Config, stages: dict[str, Any]) -> dict[str, Any]:
    """Return where the result comes from: configuration, hashes, versions, durations."""
    hashed = (BARS, FEATURES, FORECASTS)
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES}
    return {
        "Configuration": to_toml(config),
        "Data (SHA-256)": {name: str(hash_path(folder / name)) for name in hashed},
        "Versions": {"python": platform.python_version(), **versions},
        "Seeds": {"first network": str(config.model.seed), "networks": str(config.model.members)},
        "Durations": {name: f"{stage['seconds']:.1f} s" for name, stage in stages.items()},
    }


def _title(tickers: list[str]) -> str:
    return f"Volatility of {format_names(tickers, TICKERS_IN_TITLE)}"
