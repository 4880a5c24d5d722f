"""What the daily report is built from."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class DailyInputs:
    """Everything that the report of a daily run shows.

    Attributes
    ----------
    day
        The origin of the forecasts.
    champion, decision
        The champion after the run, and the gate's decision as a text.
    forecasts
        The issued forecasts in annualised percent: `ticker, horizon, model, target_start,
        target_end, volatility, low, high, har, change`. `model` is a series such as ``network 2``,
        or ``HAR``; `change` is since the previous daily run. Further intervals are the columns
        `low_80`, `high_80` and so on. With a source of events also
        `report`, what is known of the next earnings report, and `without_report`, the forecast as
        if none came (NaN unless one is expected). `history`, if there, says how short the ticker's
        history is, empty if it is not.
    past
        `ticker, target_start, volatility, low, high, realized, har` of the shortest horizon.
    scores
        Live scores by series and horizon, and those of the validation part before (`first, rows,
        qlike, ratio_to_har, backtest_qlike, backtest_ratio, coverage`); the issued forecasts are
        the first series.
    alerts
        `name, subject, message, written_at` of the open alerts.
    changes
        `written_at, action, subject, reason, who, why`, the newest first.
    missing
        Tickers without a forecast today.
    notes
        Failures that the run recovered from.
    late
        Number of issued forecasts with an outcome that were written too late to be scored.
    replayed
        Whether the ledger was filled by a replay.
    before
        Address of the previous daily report; empty if there is none.
    interval_level
        Nominal coverage of the intervals.
    head
        The hash of the ledger's last row.
    """

    day: pd.Timestamp
    champion: str
    decision: str
    forecasts: pd.DataFrame
    past: pd.DataFrame
    scores: pd.DataFrame
    alerts: pd.DataFrame
    changes: pd.DataFrame
    missing: Sequence[str] = ()
    notes: Sequence[str] = ()
    late: int = 0
    replayed: bool = False
    before: str = ""
    interval_level: float = 0.9
    head: str = ""
