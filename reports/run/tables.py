"""The tables behind the sections of a run's report, computed from one model at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import chain, repeat

import pandas as pd

from volcast.reports.scoring.breakdowns import (
    RECENT_COLUMNS,
    against_baseline,
    by_regime,
    by_report,
    by_year,
    coverage,
    loss_days,
    pit_histogram,
    recent_forecasts,
    regimes,
)
from volcast.reports.scoring.coverage_by_level import coverage_by_level
from volcast.reports.scoring.coverage_by_year import coverage_by_year
from volcast.reports.scoring.horizon_forecasts import HorizonForecasts, ScoredModels
from volcast.reports.scoring.level import (
    level_table,
    squared_return_losses,
    standardised_histogram,
)
from volcast.reports.scoring.newest_forecasts import lead_model, select_newest
from volcast.reports.scoring.scored_rows import CELL, unscored
from volcast.reports.scoring.scores import BASELINE
from volcast.reports.scoring.short_history_losses import short_history_losses

ISSUED_COLUMNS = [*CELL, "model", "variance", *RECENT_COLUMNS]
DAY_COLUMNS = [*CELL, "model", "target_start", "target_end"]
DAY_COLUMNS += ["qlike", "volatility", "volatility_realized"]
BATCH_ROWS = 200_000  # scored rows of models whose tables are made together


@dataclass(frozen=True)
class RunTables:
    """What the report of a run needs of its forecasts.

    Attributes
    ----------
    newest
        The rows of the leading model and of HAR with the newest forecast of each ticker.
    recent
        The forecasts of the shortest horizon over the last year (`breakdowns.recent_forecasts`).
    unscored, levels, level_ranking, standardised, coverage, coverage_by_level,
    coverage_by_year, density
    reports, regimes, years, worst_days, daily, short_histories
        Results of the functions of `volcast.reports.scoring` for all horizons.
    """

    newest: pd.DataFrame
    recent: pd.DataFrame
    unscored: pd.DataFrame
    levels: pd.DataFrame
    level_ranking: pd.DataFrame
    standardised: pd.DataFrame
    coverage: pd.DataFrame
    coverage_by_level: pd.DataFrame
    coverage_by_year: pd.DataFrame
    density: pd.DataFrame
    reports: pd.DataFrame
    regimes: pd.DataFrame
    years: pd.DataFrame
    worst_days: pd.DataFrame
    daily: pd.DataFrame
    short_histories: pd.DataFrame


def collect_tables(horizons: Iterable[HorizonForecasts]) -> RunTables:
    """Return the tables of a run.

    Parameters
    ----------
    horizons
        The forecasts with the volatility columns, the shortest horizon first.
    """
    shortest = chain([True], repeat(False))
    # A comprehension would hold the last horizon.
    found = list(map(tabulate_horizon, horizons, shortest))
    return RunTables(
        **{f.name: _join([getattr(t, f.name) for t in found]) for f in fields(RunTables)}
    )


def tabulate_horizon(forecasts: HorizonForecasts, shortest: bool) -> RunTables:
    """Return the tables of one horizon; only the `shortest` has `recent` and `standardised`."""
    keys = forecasts.read_keys()
    model, scored = lead_model(keys), ScoredModels(forecasts, keys)
    counted = {"unscored": unscored(keys), "short_histories": short_history_losses(keys)}
    del keys
    shown = [name for name in dict.fromkeys((model, BASELINE)) if name in scored]
    newest, issued = _read_issued(forecasts, shown)
    horizon, regime = int(issued["horizon"].min()), regimes(issued)
    recent = recent_forecasts(issued, horizon=horizon, model=model) if shortest else pd.DataFrame()
    del issued
    return RunTables(
        newest=newest,
        recent=recent,
        **counted,
        **_describe_model(scored[model], model, shortest),
        **_compare_by_day(scored, shown),
        **_compare_models(scored, regime),
    )


def _read_issued(
    forecasts: HorizonForecasts, models: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the newest rows of models with all columns, and all rows with `ISSUED_COLUMNS`."""
    newest, issued = [], []
    for model in models:
        rows = forecasts.read_model(model)
        newest.append(select_newest(rows, model))
        issued.append(rows[ISSUED_COLUMNS])
        del rows  # a model of thousands of tickers has gigabytes
    return pd.concat(newest), pd.concat(issued)


def _describe_model(rows: pd.DataFrame, model: str, shortest: bool) -> dict[str, pd.DataFrame]:
    """Return the tables of a model's scored rows."""
    return {
        "levels": level_table(rows, model),
        "standardised": standardised_histogram(rows, model) if shortest else pd.DataFrame(),
        "coverage_by_level": coverage_by_level(rows, model),
        "coverage_by_year": coverage_by_year(rows, model),
        "density": pit_histogram(rows, model),
    }


def _compare_by_day(scored: ScoredModels, models: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Return the tables of the first of the models by day, beside HAR."""
    rows = pd.concat([scored[name][DAY_COLUMNS] for name in models], ignore_index=True)
    return {"worst_days": loss_days(rows, models[0]), "daily": against_baseline(rows, models[0])}


def _compare_models(scored: ScoredModels, regime: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the tables of all models, a batch at a time, each with HAR to compare it with."""
    found: dict[str, list[pd.DataFrame]] = defaultdict(list)
    for models in scored.batch(BATCH_ROWS):
        wanted = models if BASELINE in models or BASELINE not in scored else [BASELINE, *models]
        rows = pd.concat([scored[model] for model in wanted])
        for name, table in {
            "coverage": coverage(rows),
            "level_ranking": squared_return_losses(rows),
            "reports": by_report(rows),
            "regimes": by_regime(rows, regime),
            "years": by_year(rows),
        }.items():
            found[name].append(table[table["model"].isin(models)])
    order = {"reports": "reports", "regimes": "regime", "years": "year"}
    return {
        name: _join(parts).sort_values(order[name], kind="stable", ignore_index=True)
        if name in order
        else _join(parts)
        for name, parts in found.items()
    }


def _join(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return tables one below the other; empty ones count for their columns only."""
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
