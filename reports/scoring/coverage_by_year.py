"""How often outcomes fell inside their interval, by year, with an error that allows for overlap."""

import math

import numpy as np
import pandas as pd

from volcast.reports.scoring.inference import (
    average_by_date,
    compute_standard_error,
)

FEWEST_ORIGINS = 100  # of a ticker in a year, to be named as the worst
INPUTS = ["horizon", "origin", "ticker", "realized", "lower", "upper"]
YEAR_COLUMNS = [
    *("horizon", "year", "rows", "below", "inside", "above", "error"),
    *("lowest_ticker", "lowest", "highest_ticker", "highest"),
]


def coverage_by_year(rows: pd.DataFrame, model: str) -> pd.DataFrame:
    """Return the coverage of a model's intervals by horizon and year of the origin.

    Parameters
    ----------
    rows
        The rows of `scored_rows`; those without an interval are left out.
    model
        The model.

    Returns
    -------
    `YEAR_COLUMNS`, one row a horizon and year: the shares of outcomes `below`, `inside` and
    `above`, tickers pooled; `error`, the standard error of `inside`; and the tickers with the
    `lowest` and the `highest` share inside, among those with at least 100 origins in the year.

    Notes
    -----
    Tickers are averaged by date; the error is that of the tests of forecasts
    (`inference.compute_standard_error`). Between years it is itself uncertain: a year holds about
    eleven targets of 22 sessions that do not overlap.
    """
    has_interval = rows["lower"].notna() & rows["upper"].notna()
    own = rows.loc[(rows["model"] == model) & has_interval, INPUTS]
    below, above = own["realized"] < own["lower"], own["realized"] > own["upper"]
    placed = own.assign(below=below, above=above, inside=~(below | above))
    placed["year"] = placed["origin"].dt.year
    records = [
        {"horizon": horizon, "year": year, **_summarise(part, int(str(horizon)))}
        for (horizon, year), part in placed.groupby(["horizon", "year"])
    ]
    return pd.DataFrame(records, columns=YEAR_COLUMNS)


def _summarise(part: pd.DataFrame, horizon: int) -> dict[str, object]:
    inside = part["inside"].to_numpy(np.float64)
    daily = average_by_date(inside, part["origin"])
    inside_of = part.groupby("ticker")["inside"]
    by_ticker = inside_of.mean()[inside_of.size() >= FEWEST_ORIGINS]
    known = len(by_ticker) > 0
    return {
        "rows": len(part),
        "below": float(part["below"].mean()),
        "inside": float(inside.mean()),
        "above": float(part["above"].mean()),
        "error": compute_standard_error(daily, horizon),
        "lowest_ticker": by_ticker.idxmin() if known else "",
        "lowest": float(by_ticker.min()) if known else math.nan,
        "highest_ticker": by_ticker.idxmax() if known else "",
        "highest": float(by_ticker.max()) if known else math.nan,
    }
