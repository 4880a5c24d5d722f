"""From the forecasts of the folds to the tables that are scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.models.forecast_intervals import (
    compute_intervals,
    compute_log_error,
    compute_log_quantiles,
    name_bounds,
)
from volcast.models.pretrained.network_folder import load_network
from volcast.pipeline.backtest.walk_forward import TEST, VALIDATION, WITHOUT_REPORT_COLUMN
from volcast.pipeline.panel.build import build_sample
from volcast.reports.scoring.scored_rows import CELL, qlike

HARX = "harx"
COLUMNS = [
    *("fold", "origin", "target_start", "target_end", "ticker", "horizon", "model"),
    *("variance", "lower", "upper", "clipped", "fallback", "short_history", "realized", "pit"),
    *("log_return", "squared_return", "level_factor", "reactions", WITHOUT_REPORT_COLUMN),
]


def add_returns(folds: pd.DataFrame, panel: Panel) -> pd.DataFrame:
    """Return forecasts with returns from close to close, and reports, over their targets.

    `log_return` is the return from the close of the origin to that of `target_end`,
    `squared_return` the mean of the squared daily returns between them, which is what a variance in
    the level of close-to-close returns forecasts. Both are NaN unless every one of these returns is
    known. `reactions` is the number of sessions that traded on an earnings report; NaN where no
    report of the ticker was known.
    """
    first = panel.sessions.get_indexer(pd.DatetimeIndex(folds["origin"]))
    last = panel.sessions.get_indexer(pd.DatetimeIndex(folds["target_end"]))
    ticker = pd.Index(panel.tickers).get_indexer(pd.Index(folds["ticker"]))
    sums = {}
    for name, daily in {
        "log_return": panel.log_return,
        "squared_return": panel.log_return**2,
        "known": np.ones_like(panel.log_return),
        "reactions": panel.reaction,
    }.items():
        counted = np.isfinite(daily) & np.isfinite(panel.log_return)
        running = np.cumsum(np.where(counted, daily, 0.0), axis=0)
        sums[name] = running[last, ticker] - running[first, ticker]
    horizon = folds["horizon"].to_numpy()
    known = (last >= 0) & (sums["known"] == horizon)
    has_reports = np.isfinite(panel.reaction[first, ticker])
    return folds.assign(
        log_return=np.where(known, sums["log_return"], np.nan),
        squared_return=np.where(known, sums["squared_return"] / horizon, np.nan),
        reactions=np.where(known & has_reports, sums["reactions"], np.nan),
    )


def calibrate_level(folds: pd.DataFrame) -> pd.DataFrame:
    """Return the forecasts of all folds in the level of close-to-close returns.

    Models are fitted to the variance measure and forecast it. Forecast and outcome are multiplied
    by the `level_factor` that was known at the origin, so that losses that depend on their ratio,
    such as QLIKE, are those of the measure.
    """
    factor = folds["level_factor"]
    names = ("variance", "realized", WITHOUT_REPORT_COLUMN)
    return folds.assign(**{name: folds[name] * factor for name in names})


def build_forecast_table(
    folds: pd.DataFrame, level: float, further: Sequence[float] = ()
) -> pd.DataFrame:
    """Return the test forecasts of all folds with their prediction intervals.

    The interval of a forecast comes from the log errors of the same model and horizon that were
    known at its origin: those of earlier test origins, and of the validation part of the first
    fold, so that the first forecasts have an interval too (`forecast_intervals`).

    Parameters
    ----------
    folds
        The forecasts of all folds (`walk_forward.FoldResult.forecasts`), after `add_returns` and
        `calibrate_level`.
    level
        Probability of the interval.
    further
        Probabilities of further intervals.

    Returns
    -------
    The forecast table of docs/tables.md: `COLUMNS`, and the bounds of further intervals.
    """
    rows = _select_interval_rows(folds)
    found = compute_intervals(rows, level, further)
    names = ["lower", "upper", *(name for each in further for name in name_bounds(each))]
    bounds = {name: rows["variance"] * np.exp(found[f"log_{name}"]) for name in names}
    table = rows.assign(**bounds, pit=found["pit"])
    table = pd.DataFrame(table.loc[rows["part"] == TEST, [*COLUMNS, *names[2:]]])
    return table.sort_values(["horizon", "model", "ticker", "origin"], ignore_index=True)


def build_quantile_table(
    folds: pd.DataFrame, level: float, probabilities: Sequence[float]
) -> pd.DataFrame:
    """Return quantiles of the measured variance at the newest origin of each ticker and horizon.

    Parameters
    ----------
    folds, level
        See `build_forecast_table`; the forecasts of one model.
    probabilities
        In (0, 1).

    Returns
    -------
    `ticker, horizon` and a column for each probability, daily variances.
    """
    rows = _select_interval_rows(folds)
    log_errors = compute_log_quantiles(rows, level, probabilities)
    newest = rows[rows["part"] == TEST].sort_values("origin")
    newest = newest.groupby(["ticker", "horizon"]).tail(1).sort_values(["ticker", "horizon"])
    errors = log_errors.loc[newest.index].to_numpy(np.float64)
    values = np.exp(errors) * newest["variance"].to_numpy(np.float64)[:, None]
    found = pd.DataFrame(dict(zip(probabilities, values.T, strict=True)))
    return pd.concat([newest[["ticker", "horizon"]].reset_index(drop=True), found], axis=1)


def _select_interval_rows(folds: pd.DataFrame) -> pd.DataFrame:
    """Return the test rows, and those whose errors are known before, with `log_error`."""
    tested = folds[folds["part"] == TEST]
    validated = folds[(folds["part"] == VALIDATION) & (folds["fold"] == folds["fold"].min())]
    validated = validated[validated["target_end"] <= tested["origin"].min()]
    rows = pd.concat([validated, tested], ignore_index=True)
    rows["log_error"] = compute_log_error(rows["realized"], rows["variance"])
    return pd.DataFrame(rows)


def select_tail_rows(folds: pd.DataFrame) -> pd.DataFrame:
    """Return the one-session forecasts of all folds, after `add_returns`.

    Those of the first fold's validation part serve as history: they are not `tested`. Those of
    short histories are left out, as they are not scored.
    """
    first = folds["fold"].min()
    wanted = (folds["part"] == TEST) | (folds["fold"] == first)
    rows = folds[(folds["horizon"] == 1) & wanted & ~folds["short_history"]]
    return pd.DataFrame(rows.assign(tested=rows["part"] == TEST))


class FirstNetwork:
    """The forecasts of the first fold's network for all tested origins, as if never refitted.

    They show what refitting is worth.

    Parameters
    ----------
    fold
        The folder of the first fold.
    panel
        The panel of the run.
    first_test
        Position of the first tested origin.
    """

    def __init__(self, fold: Path, panel: Panel, first_test: int) -> None:
        self._panel, self._origins = panel, slice(first_test, len(panel.sessions))
        self._variance = load_network(fold).forecast(build_sample(panel), self._origins)

    def tabulate(self, horizon: int) -> pd.DataFrame:
        """Return `origin, ticker, horizon, first_fold` for one horizon."""
        panel = self._panel
        variance = self._variance[:, :, panel.horizons.index(horizon)]
        return pd.DataFrame(
            {
                "origin": np.repeat(panel.sessions[self._origins], variance.shape[1]),
                "ticker": np.tile(np.array(panel.tickers), variance.shape[0]),
                "horizon": horizon,
                "first_fold": variance.ravel(),
            }
        )


def build_attribution_losses(
    models: Mapping[str, pd.DataFrame], members: pd.DataFrame, first: pd.DataFrame
) -> pd.DataFrame:
    """Return the losses from which the network's gain over HAR is attributed to its steps.

    Parameters
    ----------
    models
        The scored rows of each model.
    members
        `walk_forward.FoldResult.members` of all folds, not calibrated.
    first
        `FirstNetwork.tabulate`, not calibrated; NaN in the result in the first fold, where
        both networks are the same.

    Returns
    -------
    The table that `volcast.reports.scoring.gain_attribution` takes.
    """
    losses = models[NETWORK][[*CELL, "fold", "realized", "level_factor", "qlike"]]
    losses = losses.rename(columns={"qlike": NETWORK})
    for model in (REFERENCE, HARX):
        if model in models:
            other = models[model][[*CELL, "qlike"]].rename(columns={"qlike": model})
            losses = losses.merge(other, on=CELL)
    losses = losses.merge(members, on=CELL).merge(first, on=CELL)
    refitted = losses["fold"] > losses["fold"].min()
    realized, factor, local, alone, first_fold = (
        losses[name].to_numpy(np.float64)
        for name in ("realized", "level_factor", "local", "alone", "first_fold")
    )
    return losses.assign(
        single=losses["single_qlike"],
        local=qlike(realized, local * factor),
        alone=qlike(realized, alone * factor),
        first_fold=np.where(refitted, qlike(realized, first_fold * factor), np.nan),
    )
