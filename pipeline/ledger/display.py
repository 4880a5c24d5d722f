"""The columns of the ledger that people read, with volatilities instead of variances."""

from __future__ import annotations

import numpy as np
import pandas as pd

from volcast.pipeline.ledger.volatility import add_volatility, spread_intervals
from volcast.reports.scoring.coverage_by_level import list_further_levels

COLUMNS = {
    "forecasts": [
        *("origin", "ticker", "horizon", "model", "model_version", "role"),
        *("volatility", "lower", "upper", "realized", "live"),
    ],
    "outcomes": ["origin", "ticker", "horizon", "realized", "log_return", "written_at"],
    "decisions": ["written_at", "action", "subject", "reason", "who", "why"],
    "alerts": ["written_at", "name", "subject", "state", "message"],
}
# The key of a decision that was carried out: the action, from which version to which, the moment.
CARRIED_OUT = r"\w+ \d+ to \d+ "


def select_readable(rows: pd.DataFrame, table: str) -> pd.DataFrame:
    """Return the rows of a table with the columns that people read.

    Forecasts have volatilities, annualised in percent, and a column for each further interval.
    Outcomes keep the daily variance, for the calendar of a ticker is known from its forecasts only.
    A decision of the gate that was carried out is in the ledger twice, and returned once.
    """
    if table == "decisions":
        carried_out = rows["key"].str.match(CARRIED_OUT) & rows["who"].isna()
        rows = rows[~(carried_out & rows.duplicated(["action", "subject", "reason"], keep=False))]
    return _select_forecasts(rows) if table == "forecasts" else rows[COLUMNS[table]]


def _select_forecasts(rows: pd.DataFrame) -> pd.DataFrame:
    """Return forecasts with volatilities, and a column such as `80 %` for each further interval."""
    rows = add_volatility(spread_intervals(rows))
    shown = {name: f"volatility_{name}" for name in ("lower", "upper", "realized")}
    readable = rows.assign(**{name: rows[found] for name, found in shown.items()})
    columns = COLUMNS["forecasts"]
    for level in list_further_levels(rows):
        bounds = rows[[f"volatility_lower_{level:g}", f"volatility_upper_{level:g}"]].to_numpy()
        name = f"{level:g} %"
        readable[name] = [
            f"{low:.1f}\N{EN DASH}{high:.1f}" if np.isfinite(low) else "" for low, high in bounds
        ]
        columns = [*columns[:-2], name, *columns[-2:]]
    return readable[columns]
