"""The rows of the forecast table on which all models of a horizon are compared."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from volcast.reports.scoring.inference import Floats
from volcast.reports.short_histories import has_short_history

VARIANCE_FLOOR = 1e-8  # at or below this a day is no target (see docs/tables.md)
CELL = ["horizon", "origin", "ticker"]  # one row to be scored, whatever the model

NOT_KNOWN_YET = "target not known yet"
SHORT_HISTORY = "the ticker's history is short"
NO_TARGET = "target below the floor or missing"
NO_FORECAST = "a model has no forecast"


def qlike(realized: Floats, forecast: Floats) -> Floats:
    """Return the QLIKE loss of each forecast, ``y/p - log(y/p) - 1`` (Patton 2011).

    Parameters
    ----------
    realized, forecast
        Positive daily variances of the same shape.

    Returns
    -------
    ndarray
        Losses without a unit: zero for a perfect forecast, larger for a forecast that is too low
        than for one that is too high by the same factor.

    Examples
    --------
    >>> qlike(np.array([1e-4, 2e-4]), np.array([1e-4, 1e-4])).round(3).tolist()
    [0.0, 0.307]
    """
    ratio = realized / forecast
    return np.asarray(ratio - np.log(ratio) - 1.0, dtype=np.float64)


def scored_rows(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Return the rows on which the models of a horizon are compared, with their losses.

    Parameters
    ----------
    forecasts
        The forecast table of docs/tables.md, with the volatility columns.

    Returns
    -------
    DataFrame
        The forecast table with `qlike`, sorted by horizon, model in the order of first appearance,
        ticker and origin. A row (horizon, origin, ticker) is kept if its outcome is above the
        floor, every model of the horizon has a positive forecast, and the ticker's history is not
        short; `unscored` counts the others.

    Raises
    ------
    ValueError
        A model forecasts the same row twice.
    """
    return sort_rows(add_losses(forecasts[find_complete_rows(forecasts)]))


def find_complete_rows(forecasts: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which rows `scored_rows` keeps.

    Parameters
    ----------
    forecasts
        `horizon, origin, ticker, model, variance, realized` and, unless no history is short,
        `short_history`; all models of each horizon.

    Raises
    ------
    ValueError
        A model forecasts the same row twice.
    """
    cell, cells = _number_cells(forecasts)
    _refuse_duplicates(forecasts, cell)
    usable = (forecasts["variance"] > 0) & (forecasts["realized"] > VARIANCE_FLOOR)
    usable &= ~has_short_history(forecasts)
    complete = np.bincount(cell[usable.to_numpy(bool)], minlength=cells)[cell]
    models = forecasts.groupby("horizon")["model"].nunique()
    return np.asarray(complete == forecasts["horizon"].map(models).to_numpy())


def add_losses(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of the forecast table with their loss, `qlike`."""
    loss = qlike(rows["realized"].to_numpy(np.float64), rows["variance"].to_numpy(np.float64))
    return rows.assign(qlike=loss)


def sort_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows by horizon, model in the order of first appearance, ticker and origin."""
    keys = ("horizon", "model", "ticker", "origin")
    place, _ = _combine(*(pd.factorize(rows[key], sort=key != "model") for key in keys))
    if (np.diff(place) < 0).any():  # a stored table is sorted already; sorting copies it
        rows = rows.take(np.argsort(place, kind="stable"))
    return rows.reset_index(drop=True)


def unscored(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Count the rows that `scored_rows` leaves out, by reason.

    Parameters
    ----------
    forecasts
        The forecast table of docs/tables.md.

    Returns
    -------
    DataFrame
        `horizon, reason, rows`. A row is one (origin, ticker), counted once whatever the number of
        models, under the first reason that holds. A target is not known yet if it ends after the
        ticker's last origin.
    """
    usable, short = forecasts["variance"] > 0, has_short_history(forecasts)
    cells = (
        forecasts[[*CELL, "realized", "target_end"]]
        .assign(usable=usable, short=short)
        .groupby(_number_cells(forecasts)[0])
        .agg(
            horizon=("horizon", "first"),
            origin=("origin", "first"),
            ticker=("ticker", "first"),
            realized=("realized", "max"),
            end=("target_end", "max"),
            usable=("usable", "sum"),
            short=("short", "max"),
        )
    )
    last_origin = cells.groupby("ticker")["origin"].transform("max")
    models = cells["horizon"].map(forecasts.groupby("horizon")["model"].nunique())
    missing = cells["realized"].isna()
    reasons = np.select(
        [
            (missing & ~(cells["end"] <= last_origin)).to_numpy(),
            (~(cells["realized"] > VARIANCE_FLOOR)).to_numpy(),
            cells["short"].to_numpy(),
            (cells["usable"] < models).to_numpy(),
        ],
        [NOT_KNOWN_YET, NO_TARGET, SHORT_HISTORY, NO_FORECAST],
        default="",
    )
    counted = cells.assign(reason=reasons)[reasons != ""].groupby(["horizon", "reason"])
    return pd.DataFrame({"rows": counted.size()}).reset_index()


def _number_cells(forecasts: pd.DataFrame) -> tuple[NDArray[np.intp], int]:
    """Return the number of each row's cell, in the order of `CELL`, and how many there can be."""
    return _combine(*(pd.factorize(forecasts[name], sort=True) for name in CELL))


def _combine(*factors: tuple[NDArray[np.intp], Any]) -> tuple[NDArray[np.intp], int]:
    """Return one number for the codes of several columns, and how many combinations there are."""
    number, count = np.zeros(len(factors[0][0]), np.intp), 1
    for codes, values in factors:
        number, count = number * len(values) + codes, count * len(values)
    return number, count


def _refuse_duplicates(forecasts: pd.DataFrame, cell: NDArray[np.intp]) -> None:
    model, names = pd.factorize(forecasts["model"])
    for place, name in enumerate(names):
        own = cell[model == place]
        if np.bincount(own).max() > 1:
            twice = pd.Series(own).duplicated().to_numpy()
            row = forecasts[model == place][twice].iloc[0]
            raise ValueError(
                f"a model must forecast a row once; {name} has {row['ticker']}, origin "
                f"{row['origin']}, horizon {row['horizon']} twice: drop one of them"
            )
