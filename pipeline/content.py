"""What the report is told: the tables of a run folder, its settings and its provenance."""

from __future__ import annotations

import importlib.metadata
import platform
from pathlib import Path
from typing import Any

from pipeline import artifacts
from pipeline.config import Config
from pipeline.config_text import to_toml
from pipeline.evaluation import today_table, with_volatility
from reports.content import ReportContent
from reports.finding import Finding
from reports.scores import unscored

TICKERS_IN_TITLE = 4
LIBRARIES = ("volcast", "tensorflow", "keras", "numpy", "pandas", "scikit-learn", "arch")


def report_content(folder: Path, config: Config, manifest: dict[str, Any]) -> ReportContent:
    """Return everything that the report of a run shows."""
    forecasts = with_volatility(artifacts.read_frame(folder / artifacts.FORECASTS), config)
    columns = ["ticker", "session", "variance"]
    features = artifacts.read_frame(folder / artifacts.FEATURES, columns=columns)
    stages = manifest["stages"]
    tickers = list(features["ticker"].unique())
    return ReportContent(
        title=config.report.title or _title(tickers),
        forecasts=forecasts,
        scores=artifacts.read_frame(folder / artifacts.SCORES),
        unscored=unscored(forecasts),
        history=artifacts.read_frame(folder / artifacts.HISTORY),
        max_epochs=config.model.epochs,
        quality=artifacts.read_frame(folder / artifacts.QUALITY, keep_default_na=False),
        today=today_table(features, config),
        settings=settings(config),
        provenance=provenance(folder, config, stages),
        failures=artifacts.failures(manifest),
        steps=artifacts.read_frame(folder / artifacts.STEPS),
        risk=artifacts.read_frame(folder / artifacts.RISK),
        findings=findings(folder, config),
        interval_level=config.report.interval,
    )


def findings(folder: Path, config: Config) -> list[Finding]:
    """Return what the diagnostics of [diagnose] found."""
    if not config.diagnose.parts:
        return []
    from pipeline import diagnosis, panels
    from pipeline.problem import development_problem

    problem = development_problem(panels.read(folder / artifacts.FEATURES), config)
    tables = diagnosis.read_tables(folder / artifacts.DIAGNOSIS)
    return [diagnosis.DIAGNOSTICS[name].finding(tables[name], problem) for name in tables]


def settings(config: Config) -> dict[str, str]:
    """Return the training settings as a reader wants them: learning rate and batch size first."""
    model = config.model
    return {
        "learning rate": f"{model.learning_rate:g}",
        "batch size": str(model.batch_size or "by the rows"),
        "optimizer": model.optimizer,
        "loss": model.loss,
        "epochs at most": str(model.epochs),
        "patience": str(model.patience),
        "hidden layers": "-".join(map(str, model.hidden)) or "none",
        "networks averaged": str(model.members),
        "refit every": f"{config.split.refit_every} sessions, {config.split.window} window",
        "blended with HAR-X": f"{model.blend:.0%}",
        "seed": str(model.seed),
    }


def provenance(folder: Path, config: Config, stages: dict[str, Any]) -> dict[str, Any]:
    """Return where the result comes from: configuration, hashes, versions, durations."""
    hashed = (artifacts.BARS, artifacts.FEATURES, artifacts.FORECASTS)
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES}
    return {
        "configuration": to_toml(config),
        "data (SHA-256)": {name: str(artifacts.digest(folder / name)) for name in hashed},
        "versions": {"python": platform.python_version(), **versions},
        "seeds": {"first network": str(config.model.seed), "networks": str(config.model.members)},
        "durations": {name: f"{stage['seconds']:.1f} s" for name, stage in stages.items()},
    }


def _title(tickers: list[str]) -> str:
    shown = ", ".join(tickers[:TICKERS_IN_TITLE])
    more = len(tickers) - TICKERS_IN_TITLE
    return f"Volatility of {shown}" + (f" and {more} more" if more > 0 else "")
