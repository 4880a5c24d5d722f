"""What people are shown of the ledger: fewer columns, volatilities instead of variances."""

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
# The key of a decision carried out: the action, from which version to which, and the moment.
CARRIED_OUT = r"\w+ \d+ to \d+ "


def shown(rows: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return the rows of a table as people read them; volatilities are annualised percent.

    Outcomes keep the daily variance: without its forecast the exchange of a ticker is not known.
    A decision of the gate that was carried out stands in the ledger twice, and is shown once.
    """
    if kind == "decisions":
        carried = rows["key"].str.match(CARRIED_OUT) & rows["who"].isna()
        rows = rows[~(carried & rows.duplicated(["action", "subject", "reason"], keep=False))]
    if kind == "forecasts":
        periods = rows["calendar"].map({n: periods_per_year(n) for n in rows["calendar"].unique()})
        percent = {
            name: volatility_annual_pct(rows[name].to_numpy(), periods.to_numpy("float64"))
            for name in ("variance", "lower", "upper", "realized")
        }
        rows = rows.assign(**percent).rename(columns={"variance": "volatility"})
    return rows[COLUMNS[kind]]
