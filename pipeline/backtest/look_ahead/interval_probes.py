"""Intervals and value at risk, compared with those computed without later outcomes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.models.forecast_intervals import name_bounds
from volcast.pipeline.backtest.evaluation import (
    add_returns,
    build_forecast_table,
    calibrate_level,
    select_tail_rows,
)
from volcast.pipeline.backtest.look_ahead.probe import (
    Future,
    Grids,
    Probe,
    ProbeResult,
    remove_future,
)
from volcast.pipeline.backtest.splits import Fold
from volcast.pipeline.config.settings import Config
from volcast.pipeline.errors import VerificationError
from volcast.pipeline.panel.build import build_panel
from volcast.reports.scoring.value_at_risk import tail_forecasts

INTERVAL = ["lower", "upper"]
INTERVAL_KEYS = ["model", "ticker", "horizon", "origin"]
TAIL = ["var", "es"]
TAIL_KEYS = ["model", "ticker", "level", "origin"]
LOG_FACTOR_SD = 3.0  # of the corruption of later forecasts


def probe_intervals(
    stored: pd.DataFrame,
    panel: Panel,
    bars: Grids,
    probes: Sequence[tuple[Fold, Probe]],
    config: Config,
    seed: int,
) -> Iterator[ProbeResult]:
    """Compute intervals and tails again from later outcomes and forecasts that are corrupted.

    Parameters
    ----------
    stored
        The forecasts of all folds of the run (`walk_forward.FoldResult.forecasts`).
    panel, bars
        Of the run.
    probes
        Each with its fold; the future is corrupted whatever their method, because without later
        outcomes there would be no value at risk to compare.
    config, seed
        The settings of the run, and the seed of the corruption.

    Raises
    ------
    VerificationError
        A bound or a tail up to the origin differs.
    """
    before = _compute_tables(stored, panel, config)
    for _, probe in probes:
        future = remove_future(bars, panel.sessions, Probe(probe.position, "corrupted"), seed)
        other = build_panel(future.bars, config)
        rng = np.random.default_rng([seed, probe.position])
        after = _compute_tables(_corrupt_later(stored, other, future, rng), other, config)
        for subject, (table, keys, names) in before.items():
            compared = _compare(table, after[subject][0], keys, names, future)
            yield ProbeResult(subject, future.method, future.date, compared)


def _compute_tables(
    folds: pd.DataFrame, panel: Panel, config: Config
) -> dict[str, tuple[pd.DataFrame, list[str], list[str]]]:
    """Return the forecast table and the tails, each with its keys and the values to compare."""
    calibrated = calibrate_level(add_returns(_add_level_factor(folds, panel), panel))
    further = config.report.intervals
    intervals = build_forecast_table(calibrated, config.report.interval, further)
    bounds = [name for level in further for name in name_bounds(level)]
    tails = tail_forecasts(select_tail_rows(calibrated))
    return {
        "intervals": (intervals, INTERVAL_KEYS, [*INTERVAL, *bounds]),
        "value at risk": (tails, TAIL_KEYS, TAIL),
    }


def _locate(folds: pd.DataFrame, panel: Panel) -> tuple[np.ndarray, np.ndarray]:
    """Return the row and the column of each forecast's origin and ticker; -1 where it is absent."""
    row = panel.sessions.get_indexer(pd.DatetimeIndex(folds["origin"]))
    return row, pd.Index(panel.tickers).get_indexer(pd.Index(folds["ticker"]))


def _add_level_factor(folds: pd.DataFrame, panel: Panel) -> pd.DataFrame:
    """Return the forecasts with the factors of a panel."""
    row, ticker = _locate(folds, panel)
    factor = np.where((row >= 0) & (ticker >= 0), panel.level_factor[row, ticker], np.nan)
    return folds.assign(level_factor=factor)


def _corrupt_later(
    folds: pd.DataFrame, other: Panel, future: Future, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the forecasts with all that was not known at the origin corrupted."""
    row, ticker = _locate(folds, other)
    horizon = pd.Index(other.horizons).get_indexer(pd.Index(folds["horizon"]))
    realized = np.where(ticker >= 0, other.target[row, ticker, horizon], np.nan)
    factor = np.exp(rng.normal(0.0, LOG_FACTOR_SD, len(folds)))
    later = (folds["origin"] > future.origin).to_numpy()
    return folds.assign(
        realized=realized, variance=folds["variance"].to_numpy() * np.where(later, factor, 1.0)
    )


def _compare(
    before: pd.DataFrame, after: pd.DataFrame, keys: list[str], names: list[str], future: Future
) -> int:
    """Return the number of values compared; raise ``VerificationError`` at a difference.

    A row without an outcome is in no table of tails: only rows of both tables are compared.
    """
    known = before.loc[before["origin"] <= future.origin, [*keys, *names]]
    both = known.merge(after[[*keys, *names]], on=keys, suffixes=("", "_after"))
    for name in names:
        one, two = both[name].to_numpy(), both[f"{name}_after"].to_numpy()
        different = ~((one == two) | (np.isnan(one) & np.isnan(two)))
        if different.any():
            row = both[different].iloc[0]
            raise VerificationError(
                f"look-ahead: {name} of {row['model']} for {row['ticker']} on "
                f"{row['origin']:%Y-%m-%d} changes when {future}"
            )
    return len(both) * len(names)
