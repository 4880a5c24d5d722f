"""The coverage of intervals of several levels, and their bounds at the newest origins."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

BOUND = re.compile(r"lower_([\d.]+)")  # of a further interval, its level in percent
COLUMNS = ["horizon", "level", "rows", "below", "inside", "above"]


def list_further_levels(forecasts: pd.DataFrame) -> list[float]:
    """Return the levels of the further intervals of a forecast table in percent, ascending.

    Examples
    --------
    >>> list_further_levels(pd.DataFrame(columns=["lower", "lower_95", "upper_95", "lower_80"]))
    [80.0, 95.0]
    """
    found = (BOUND.fullmatch(str(name)) for name in forecasts.columns)
    return sorted(float(match[1]) for match in found if match)


def coverage_by_level(rows: pd.DataFrame, model: str) -> pd.DataFrame:
    """Return the shares of the outcomes of a model below, inside and above each further interval.

    Parameters
    ----------
    rows
        The table of `scored_rows.scored_rows`, with `lower_80, upper_80` and so on.
    model
        Whose intervals.

    Returns
    -------
    `COLUMNS`, tickers pooled, one row a horizon and level; `level` is in percent. Rows without an
    interval do not count.
    """
    own, records = rows[rows["model"] == model], []
    for horizon, part in own.groupby("horizon"):
        for level in list_further_levels(rows):
            lower, upper, outcome = (
                part[name].to_numpy(np.float64)
                for name in (f"lower_{level:g}", f"upper_{level:g}", "realized")
            )
            known = np.isfinite(lower) & np.isfinite(upper)
            if known.any():
                below, above = (outcome < lower)[known], (outcome > upper)[known]
                shares = below.mean(), 1.0 - below.mean() - above.mean(), above.mean()
                records.append((horizon, level, int(known.sum()), *shares))
    return pd.DataFrame(records, columns=COLUMNS)


def newest_bounds(forecasts: pd.DataFrame, model: str) -> pd.DataFrame:
    """Return the newest further intervals of a model in annualised percent.

    Parameters
    ----------
    forecasts
        The forecast table with volatility columns, `volatility_lower_80` and so on.
    model
        Whose intervals.

    Returns
    -------
    `ticker, horizon, level, lower, volatility, upper`, one row a ticker, horizon and level.
    """
    own = forecasts[(forecasts["model"] == model) & forecasts["variance"].notna()]
    newest = own.sort_values("origin").groupby(["ticker", "horizon"]).tail(1)
    parts = [
        pd.DataFrame(
            {
                "ticker": newest["ticker"],
                "horizon": newest["horizon"],
                "level": level,
                "lower": newest[f"volatility_lower_{level:g}"],
                "volatility": newest["volatility"],
                "upper": newest[f"volatility_upper_{level:g}"],
            }
        )
        for level in list_further_levels(forecasts)
    ]
    if not parts:
        return pd.DataFrame(columns=["ticker", "horizon", "level", "lower", "volatility", "upper"])
    return pd.concat(parts).sort_values(["ticker", "horizon", "level"], ignore_index=True)
