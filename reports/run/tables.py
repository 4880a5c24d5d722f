"""The tables behind the sections of a run's report, computed one horizon at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from itertools import chain, repeat

import pandas as pd

from volcast.reports.scoring.breakdowns import (
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
from volcast.reports.scoring.level import (
    level_table,
    squared_return_losses,
    standardised_histogram,
)
from volcast.reports.scoring.newest_forecasts import lead_model, select_newest
from volcast.reports.scoring.scored_rows import scored_rows, unscored
from volcast.reports.scoring.scores import BASELINE
from volcast.reports.scoring.short_history_losses import short_history_losses


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


def collect_tables(forecasts: Iterable[pd.DataFrame]) -> RunTables:
    """Return the tables of a run.

    Parameters
    ----------
    forecasts
        The forecast table with the volatility columns, a part for each horizon, the shortest first.
        Only one part is held at a time.
    """
    shortest = chain([True], repeat(False))
    # A comprehension would hold the last part.
    found = list(map(tabulate_horizon, forecasts, shortest))
    tables = {}
    for field in fields(RunTables):
        parts = [getattr(one, field.name) for one in found]
        kept = [part for part in parts if len(part)] or parts[:1]
        tables[field.name] = pd.concat(kept, ignore_index=True)
    return RunTables(**tables)


def tabulate_horizon(forecasts: pd.DataFrame, shortest: bool) -> RunTables:
    """Return the tables of one horizon; only the `shortest` has `recent` and `standardised`."""
    model, scored = lead_model(forecasts), scored_rows(forecasts)
    newest = pd.concat(
        [select_newest(forecasts, name) for name in dict.fromkeys((model, BASELINE))]
    )
    recent = standardised = pd.DataFrame()
    if shortest:
        recent = recent_forecasts(forecasts, horizon=int(newest["horizon"].min()), model=model)
        standardised = standardised_histogram(scored, model)
    return RunTables(
        newest=newest,
        recent=recent,
        unscored=unscored(forecasts),
        levels=level_table(scored, model),
        level_ranking=squared_return_losses(scored),
        standardised=standardised,
        coverage=coverage(scored),
        coverage_by_level=coverage_by_level(scored, model),
        coverage_by_year=coverage_by_year(scored, model),
        density=pit_histogram(scored, model),
        reports=by_report(scored),
        regimes=by_regime(scored, regimes(forecasts)),
        years=by_year(scored),
        worst_days=loss_days(scored, model),
        daily=against_baseline(scored, model),
        short_histories=short_history_losses(forecasts),
    )
