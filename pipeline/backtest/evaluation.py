"""The forecast table: all folds together, with prediction intervals and readable volatilities."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from volcast.features.panel import Panel
from volcast.features.units import volatility_annual_pct
from volcast.models.baselines.catalogue import NETWORK, REFERENCE
from volcast.models.conformal import interval, places
from volcast.models.network import Network
from volcast.models.regressor.estimator import KerasVolatilityRegressor
from volcast.pipeline.backtest.walk_forward import TEST, VALIDATION
from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.calendars.sessions import periods_per_year
from volcast.pipeline.panel.build import assign_calendars, build_sample
from volcast.reports.scores import CELL, qlike

HARX = "harx"
COLUMNS = [
    *("fold", "origin", "target_start", "target_end", "ticker", "horizon", "model"),
    *("variance", "lower", "upper", "clipped", "fallback", "realized", "pit"),
]


def forecast_table(folds: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return the test forecasts of all folds with intervals, in the order of docs/tables.md.

    The interval of a fold comes from the log errors of the same model and horizon on origins
    before it whose outcome was known by then: the test parts of earlier folds, and the validation
    part of the first fold, so that the first fold has one too.
    """
    tested = folds[folds["part"] == TEST]
    first_fold = folds["fold"].min()
    past = pd.concat([folds[(folds["part"] == VALIDATION) & (folds["fold"] == first_fold)], tested])
    past = past.assign(residual=np.log(past["realized"] / past["variance"]))
    errors = dict(list(past.groupby(["model", "horizon"], sort=False)))
    parts = []
    for (_, model, horizon), part in tested.groupby(["fold", "model", "horizon"], sort=False):
        history = errors[model, horizon]
        known = history["target_end"] < part["origin"].min()
        residuals = history.loc[known, "residual"].to_numpy()
        lower, upper = interval(part["variance"].to_numpy(), residuals, level)
        log_error = np.log(part["realized"].to_numpy() / part["variance"].to_numpy())
        parts.append(part.assign(lower=lower, upper=upper, pit=places(log_error, residuals)))
    table = pd.concat(parts)[COLUMNS]
    return table.sort_values(["horizon", "model", "ticker", "origin"], ignore_index=True)


def select_tail_rows(folds: pd.DataFrame, panel: Panel) -> pd.DataFrame:
    """Return the one-session forecasts of all folds with the return of the session forecast.

    Those of the first fold's validation part come along as history, not `tested`.
    """
    first = folds["fold"].min()
    wanted = (folds["part"] == TEST) | (folds["fold"] == first)
    rows = folds[(folds["horizon"] == 1) & wanted]
    session = panel.sessions.get_indexer(pd.DatetimeIndex(rows["target_end"]))
    ticker = pd.Index(panel.tickers).get_indexer(pd.Index(rows["ticker"]))
    known = np.where(session >= 0, panel.log_return[session, ticker], np.nan)
    return pd.DataFrame(rows.assign(log_return=known, tested=rows["part"] == TEST))


def forecast_without_refitting(fold: Path, panel: Panel, table: pd.DataFrame) -> pd.DataFrame:
    """Return what the network in the folder `fold` forecasts for all origins of `table`.

    Columns `origin, ticker, horizon, first_fold`, for comparison with networks refitted since.
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
    """Return the losses that `gain_attribution.steps_table` splits the network's gain by.

    `rows` are scored, `members` those of the walk, `first` of `forecast_without_refitting`; its
    losses are     left out in the first fold, where the two networks are one.
    """
    losses = rows[rows["model"] == NETWORK][[*CELL, "fold", "realized", "qlike"]]
    losses = losses.rename(columns={"qlike": NETWORK})
    for model in (REFERENCE, HARX):
        theirs = rows[rows["model"] == model][[*CELL, "qlike"]].rename(columns={"qlike": model})
        if len(theirs):
            losses = losses.merge(theirs, on=CELL)
    losses = losses.merge(members, on=CELL).merge(first, on=CELL)
    refitted = losses["fold"] > losses["fold"].min()
    came, alone, first_fold = (
        losses[name].to_numpy(np.float64) for name in ("realized", "alone", "first_fold")
    )
    return losses.assign(
        single=losses["single_qlike"],
        alone=qlike(came, alone),
        first_fold=np.where(refitted, qlike(came, first_fold), np.nan),
    )


def add_volatility(forecasts: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Return the forecast table with its variances also as annualised volatility in percent."""
    periods = (
        forecasts["ticker"]
        .map(map_periods_per_year(forecasts["ticker"].unique(), config))
        .to_numpy()
    )
    names = {"variance": "volatility", "realized": "volatility_realized"}
    names |= {bound: f"volatility_{bound}" for bound in ("lower", "upper")}
    return forecasts.assign(
        **{new: volatility_annual_pct(forecasts[old], periods) for old, new in names.items()}
    )


def map_periods_per_year(tickers: np.ndarray, config: Config) -> dict[str, int]:
    """Return the sessions a year of each ticker: 252, or 365 where trading never stops."""
    calendar_of = assign_calendars(list(tickers), config)
    return {ticker: periods_per_year(name) for ticker, name in calendar_of.items()}


def today_table(features: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Return what the last session with a variance brought: ticker, session, volatility."""
    last = features.dropna(subset="variance").groupby("ticker", sort=False).tail(1)
    periods = last["ticker"].map(map_periods_per_year(last["ticker"].unique(), config)).to_numpy()
    volatility = volatility_annual_pct(last["variance"], periods)
    return last[["ticker", "session"]].assign(volatility=volatility).reset_index(drop=True)
