"""The losses of two models by session, with what the gate's evidence needs of each session."""

import numpy as np
import pandas as pd

from volcast.reports.scoring.e_process import SplitGains, split_gains
from volcast.reports.scoring.inference import collapse_by_date
from volcast.reports.scoring.scored_rows import qlike

SESSION_COLUMNS = [
    *("origin", "incumbent_loss", "rival_loss", "gain_lower", "worst_higher", "worst_lower"),
    "unanswered",
]


def pair_sessions(forecasts: pd.DataFrame, incumbent: str, rival: str) -> pd.DataFrame:
    """Return one row for each session, averaged over the tickers.

    Parameters
    ----------
    forecasts
        One row for each origin and ticker, all of one horizon: `origin`, `ticker`, `realized`
        (positive) and for each of the two models a column with its forecast; daily variances.
    incumbent, rival
        The names of the two columns.

    Returns
    -------
    DataFrame
        `SESSION_COLUMNS`, origins ascending. The losses are QLIKE; `gain_lower`, `worst_higher` and
        `worst_lower` are means of `SplitGains` over all tickers. Rows without a finite forecast of
        the incumbent are left out; those without one of the rival only are counted as `unanswered`,
        and a session that has no others is NaN.

    Raises
    ------
    ValueError
        A column is missing, or a row appears twice.

    Examples
    --------
    >>> rows = pd.DataFrame({"origin": pd.Timestamp("2018-01-02"), "ticker": ["A", "B"],
    ...                      "realized": 1.0, "har": 1.0, "network": [2.0, 0.5]})
    >>> pair_sessions(rows, "har", "network").drop(columns="origin").round(3).iloc[0].tolist()
    [0.0, 0.25, -0.153, 0.347, 49.653, 0.0]
    """
    rows = _check(forecasts, incumbent, rival)
    if rows.empty:
        return pd.DataFrame(columns=SESSION_COLUMNS)
    realized, first, second = (
        rows[name].to_numpy(np.float64) for name in ("realized", incumbent, rival)
    )
    answered = np.isfinite(second)
    second = np.where(answered, second, first)
    gains = split_gains(realized, first, second)
    cells = [qlike(realized, first), qlike(realized, second)]
    cells += [gains.lower, gains.worst_higher, gains.worst_lower]
    kept = np.where(answered, cells, 0.0)
    sums, _ = collapse_by_date(np.column_stack([*kept, answered, ~answered]), rows["origin"])
    count = np.where(sums[:, 5] > 0, sums[:, 5], np.nan)
    table = pd.DataFrame(sums[:, :5] / count[:, None], columns=SESSION_COLUMNS[1:6])
    table.insert(0, "origin", np.unique(rows["origin"].to_numpy()))
    return table.assign(unanswered=sums[:, 6].astype(int))


def read_gains(sessions: pd.DataFrame) -> SplitGains:
    """Return the gains of the rival, (n,), from the columns of `pair_sessions`."""
    lower = sessions["gain_lower"].to_numpy(np.float64)
    gain = (sessions["incumbent_loss"] - sessions["rival_loss"]).to_numpy(np.float64)
    worst = (sessions[name].to_numpy(np.float64) for name in ("worst_higher", "worst_lower"))
    return SplitGains(gain - lower, lower, *worst)


def _check(forecasts: pd.DataFrame, incumbent: str, rival: str) -> pd.DataFrame:
    """Return the rows that the incumbent forecast."""
    needed = ("origin", "ticker", "realized", incumbent, rival)
    missing = [name for name in needed if name not in forecasts]
    if missing:
        raise ValueError(f"the forecasts need a column {missing[0]!r}; they have {list(forecasts)}")
    twice = forecasts.duplicated(["origin", "ticker"])
    if twice.any():
        row = forecasts[twice].iloc[0]
        raise ValueError(f"the forecasts hold {row['ticker']} at {row['origin']:%Y-%m-%d} twice")
    rows: pd.DataFrame = forecasts[np.isfinite(forecasts[incumbent].to_numpy(np.float64))]
    return rows
