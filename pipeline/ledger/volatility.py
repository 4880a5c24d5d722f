"""The variances of the ledger as people read them: annualised volatility in percent."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from volcast.features.units import volatility_annual_pct
from volcast.pipeline.data.calendars.sessions import periods_per_year


def add_volatility(rows: pd.DataFrame) -> pd.DataFrame:
    """Return forecasts of the ledger with their variances as annualised volatility in percent.

    `variance` becomes `volatility`, and `realized`, `lower`, `upper` and the bounds of further
    intervals (`spread_intervals`) become `volatility_realized` and so on; the variances stay. The
    sessions of a year are those of the calendar that a row names.
    """
    periods = rows["calendar"].map({n: periods_per_year(n) for n in rows["calendar"].unique()})
    names = {"variance": "volatility", "realized": "volatility_realized"}
    bounds = [str(name) for name in rows if str(name).partition("_")[0] in ("lower", "upper")]
    names |= {bound: f"volatility_{bound}" for bound in bounds}
    return rows.assign(
        **{
            new: volatility_annual_pct(rows[old].to_numpy("float64"), periods.to_numpy("float64"))
            for old, new in names.items()
            if old in rows
        }
    )


def spread_intervals(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with `lower_80`, `upper_80` and so on of their further intervals."""
    stored = [json.loads(text) if isinstance(text, str) else {} for text in rows["intervals"]]
    levels = sorted({level for each in stored for level in each}, key=float)
    columns = {}
    for level in levels:
        from volcast.models.forecast_intervals import name_bounds

        for place, name in enumerate(name_bounds(float(level))):
            bounds = [each[level][place] if level in each else np.nan for each in stored]
            columns[name] = np.array(bounds, np.float64)
    return rows.assign(**columns)


def list_further_levels(rows: pd.DataFrame) -> list[str]:
    """Return the levels of the further intervals that `spread_intervals` found, in percent.

    Examples
    --------
    >>> list_further_levels(pd.DataFrame(columns=["lower", "lower_80", "upper_80", "lower_97.5"]))
    ['80', '97.5']
    """
    names = (str(name) for name in rows)
    return [name.removeprefix("lower_") for name in names if name.startswith("lower_")]
