"""The forecast table: all folds together, with prediction intervals and readable volatilities."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.units import volatility_annual_pct
from models.interval import interval
from pipeline.config import Config
from pipeline.data.calendars import periods_per_year
from pipeline.panels import calendars_of
from pipeline.walk import TEST, VALIDATION

COLUMNS = [
    *("fold", "origin", "target_start", "target_end", "ticker", "horizon", "model"),
    *("variance", "lower", "upper", "clipped", "fallback", "realized"),
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
        lower, upper = interval(
            part["variance"].to_numpy(), history.loc[known, "residual"].to_numpy(), level
        )
        parts.append(part.assign(lower=lower, upper=upper))
    table = pd.concat(parts)[COLUMNS]
    return table.sort_values(["horizon", "model", "ticker", "origin"], ignore_index=True)


def with_volatility(forecasts: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Return the forecast table with its variances also as annualised volatility in percent."""
    periods = forecasts["ticker"].map(periods_of(forecasts["ticker"].unique(), config)).to_numpy()
    names = {"variance": "volatility", "realized": "volatility_realized"}
    names |= {bound: f"volatility_{bound}" for bound in ("lower", "upper")}
    return forecasts.assign(
        **{new: volatility_annual_pct(forecasts[old], periods) for old, new in names.items()}
    )


def periods_of(tickers: np.ndarray, config: Config) -> dict[str, int]:
    """Return the sessions a year of each ticker: 252, or 365 where trading never stops."""
    calendar_of = calendars_of(list(tickers), config)
    return {ticker: periods_per_year(name) for ticker, name in calendar_of.items()}


def today_table(features: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Return what the last session with a variance brought: ticker, session, volatility."""
    last = features.dropna(subset="variance").groupby("ticker", sort=False).tail(1)
    periods = last["ticker"].map(periods_of(last["ticker"].unique(), config)).to_numpy()
    volatility = volatility_annual_pct(last["variance"], periods)
    return last[["ticker", "session"]].assign(volatility=volatility).reset_index(drop=True)
