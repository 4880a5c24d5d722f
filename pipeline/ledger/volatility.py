"""The variances of the ledger as people read them: annualised volatility in percent."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from volcast.features.volatility_columns import add_volatility_columns
from volcast.pipeline.data.calendars.sessions import periods_per_year


def add_volatility(rows: pd.DataFrame) -> pd.DataFrame:
    """Return forecasts of the ledger with their variances as annualised volatility in percent.

    See `add_volatility_columns`; bounds of further intervals are those of `spread_intervals`. The
    sessions of a year are those of the calendar that a row names.
    """
    periods = rows["calendar"].map({n: periods_per_year(n) for n in rows["calendar"].unique()})
    return add_volatility_columns(rows, periods.to_numpy("float64"))


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
