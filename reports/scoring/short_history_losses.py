"""The loss of forecasts from short histories, which are not among the scored ones."""

from __future__ import annotations

import numpy as np
import pandas as pd

from volcast.reports.scoring.scored_rows import CELL, VARIANCE_FLOOR, qlike
from volcast.reports.scoring.scores import BASELINE
from volcast.reports.short_histories import has_short_history

COLUMNS = ["horizon", "model", "tickers", "rows", "qlike", "ratio_to_har", "fallback_share"]


def short_history_losses(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Return the mean QLIKE of each model over the forecasts from short histories.

    Parameters
    ----------
    forecasts
        The forecast table of docs/tables.md.

    Returns
    -------
    `COLUMNS`, a row for each horizon and model, over the rows whose outcome is above the floor and
    that every model of the horizon forecasts; all rows count alike. `ratio_to_har` is NaN without
    HAR. Empty if there is no such row.
    """
    rows = forecasts[
        has_short_history(forecasts)
        & (forecasts["variance"] > 0)
        & (forecasts["realized"] > VARIANCE_FLOOR)
    ]
    models = forecasts.groupby("horizon")["model"].nunique()
    complete = rows.groupby(CELL)["model"].transform("size") == rows["horizon"].map(models)
    rows = rows[complete]
    loss = qlike(rows["realized"].to_numpy(np.float64), rows["variance"].to_numpy(np.float64))
    by_model = rows.assign(qlike=loss).groupby(["horizon", "model"], sort=False)
    table = by_model.agg(
        tickers=("ticker", "nunique"),
        rows=("qlike", "size"),
        qlike=("qlike", "mean"),
        fallback_share=("fallback", "mean"),
    ).reset_index()
    har = table[table["model"] == BASELINE].set_index("horizon")["qlike"]
    table["ratio_to_har"] = table["qlike"] / table["horizon"].map(har)
    return table.sort_values(["horizon", "qlike"], ignore_index=True)[COLUMNS]
