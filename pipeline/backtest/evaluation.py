"""From the forecasts of the folds to the tables that are scored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.models.forecast_intervals import compute_intervals, compute_log_error
from volcast.models.network import Network
from volcast.models.regressor.estimator import KerasVolatilityRegressor
from volcast.pipeline.backtest.walk_forward import TEST, VALIDATION
from volcast.pipeline.panel.build import build_sample
from volcast.reports.scoring.scores import CELL, qlike

HARX = "harx"
COLUMNS = [
    *("fold", "origin", "target_start", "target_end", "ticker", "horizon", "model"),
    *("variance", "lower", "upper", "clipped", "fallback", "realized", "pit"),
]


def build_forecast_table(folds: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return the test forecasts of all folds with their prediction intervals.

    The interval of a forecast comes from the log errors of the same model and horizon that were
    known at its origin: those of earlier test origins, and of the validation part of the first
    fold, so that the first forecasts have an interval too (`forecast_intervals`).

    Parameters
    ----------
    folds
        The forecasts of all folds (`walk_forward.FoldResult.forecasts`).
    level
        Probability of the interval.

    Returns
    -------
    The forecast table of docs/tables.md, `COLUMNS`.
    """
    tested = folds[folds["part"] == TEST]
    validated = folds[(folds["part"] == VALIDATION) & (folds["fold"] == folds["fold"].min())]
    validated = validated[validated["target_end"] <= tested["origin"].min()]
    rows = pd.concat([validated, tested], ignore_index=True)
    rows["log_error"] = compute_log_error(rows["realized"], rows["variance"])
    found = compute_intervals(rows, level)
    table = rows.assign(
        lower=rows["variance"] * np.exp(found["log_lower"]),
        upper=rows["variance"] * np.exp(found["log_upper"]),
        pit=found["pit"],
    )
    table = pd.DataFrame(table.loc[rows["part"] == TEST, COLUMNS])
    return table.sort_values(["horizon", "model", "ticker", "origin"], ignore_index=True)


def select_tail_rows(folds: pd.DataFrame, panel: Panel) -> pd.DataFrame:
    """Return the one-session forecasts of all folds with the log return of the target session.

    Those of the first fold's validation part serve as history: they are not `tested`.
    """
    first = folds["fold"].min()
    wanted = (folds["part"] == TEST) | (folds["fold"] == first)
    rows = folds[(folds["horizon"] == 1) & wanted]
    session = panel.sessions.get_indexer(pd.DatetimeIndex(rows["target_end"]))
    ticker = pd.Index(panel.tickers).get_indexer(pd.Index(rows["ticker"]))
    known = np.where(session >= 0, panel.log_return[session, ticker], np.nan)
    return pd.DataFrame(rows.assign(log_return=known, tested=rows["part"] == TEST))


def forecast_without_refitting(fold: Path, panel: Panel, table: pd.DataFrame) -> pd.DataFrame:
    """Return the forecasts of the network in the folder `fold` for all origins of `table`.

    They show what refitting is worth: columns `origin, ticker, horizon, first_fold`.
    """
    first = panel.sessions.searchsorted(table["origin"].min())
    last = panel.sessions.searchsorted(table["origin"].max())
    origins = slice(int(first), int(last) + 1)
    network = Network(KerasVolatilityRegressor.load(fold))
    variance = network.forecast(build_sample(panel), origins)
    shape = variance.shape
    return pd.DataFrame(
        {
            "origin": np.repeat(panel.sessions[origins], shape[1] * shape[2]),
            "ticker": np.tile(np.repeat(np.array(panel.tickers), shape[2]), shape[0]),
            "horizon": np.tile(panel.horizons, shape[0] * shape[1]),
            "first_fold": variance.ravel(),
        }
    )


def build_attribution_losses(
    rows: pd.DataFrame, members: pd.DataFrame, first: pd.DataFrame
) -> pd.DataFrame:
    """Return the losses from which the network's gain over HAR is attributed to its steps.

    Parameters
    ----------
    rows
        The scored rows of the forecast table.
    members
        `walk_forward.FoldResult.members` of all folds.
    first
        `forecast_without_refitting`; NaN in the result in the first fold, where both networks are
        the same.

    Returns
    -------
    The table that `volcast.reports.scoring.gain_attribution` takes.
    """
    losses = rows[rows["model"] == NETWORK][[*CELL, "fold", "realized", "qlike"]]
    losses = losses.rename(columns={"qlike": NETWORK})
    for model in (REFERENCE, HARX):
        other = rows[rows["model"] == model][[*CELL, "qlike"]].rename(columns={"qlike": model})
        if len(other):
            losses = losses.merge(other, on=CELL)
    losses = losses.merge(members, on=CELL).merge(first, on=CELL)
    refitted = losses["fold"] > losses["fold"].min()
    realized, alone, first_fold = (
        losses[name].to_numpy(np.float64) for name in ("realized", "alone", "first_fold")
    )
    return losses.assign(
        single=losses["single_qlike"],
        alone=qlike(realized, alone),
        first_fold=np.where(refitted, qlike(realized, first_fold), np.nan),
    )
