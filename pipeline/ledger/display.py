"""The columns of the ledger that people read, with volatilities instead of variances."""

from __future__ import annotations

import pandas as pd

from volcast.features.units import volatility_annual_pct
from volcast.pipeline.data.calendars.sessions import periods_per_year

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

    Forecasts have volatilities, annualised in percent. Outcomes keep the daily variance, for the
    calendar of a ticker is known from its forecasts only. A decision of the gate that was carried
    out is in the ledger twice, and returned once.
    """
    if table == "decisions":
        carried_out = rows["key"].str.match(CARRIED_OUT) & rows["who"].isna()
        rows = rows[~(carried_out & rows.duplicated(["action", "subject", "reason"], keep=False))]
    if table == "forecasts":
        periods = rows["calendar"].map({n: periods_per_year(n) for n in rows["calendar"].unique()})
        volatilities = {
            name: volatility_annual_pct(rows[name].to_numpy(), periods.to_numpy("float64"))
            for name in ("variance", "lower", "upper", "realized")
        }
        rows = rows.assign(**volatilities).rename(columns={"variance": "volatility"})
    return rows[COLUMNS[table]]
