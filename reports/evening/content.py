"""What the page of an evening shows."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class EveningContent:
    """What the page of an evening shows.

    Attributes
    ----------
    day
        The origin.
    champion, decision
        Who is champion now; what the gate decided, in words.
    forecasts
        `ticker, horizon, model, target_start, target_end, volatility, low, high, har, change`: what
        went out, annualised percent; `model` is a series such as ``network 2``, or ``HAR``;
        `change` since the evening before.
    past
        `ticker, target_start, volatility, low, high, came, har` of the shortest horizon.
    scores
        Live scores by series and horizon beside those of the validation part before (`first, rows,
        qlike, ratio_to_har, backtest_qlike, backtest_ratio, coverage`); what went out comes first.
    alerts
        `name, subject, message, written_at` of those that stand.
    changes
        `written_at, action, subject, reason, who, why`, the newest first.
    missing
        Tickers asked for that have no forecast of this evening.
    notes
        What went wrong and was got over.
    late
        How many forecasts that went out have an outcome and were written too late to be scored.
    replayed
        Whether the ledger was filled by a replay.
    before
        Address of the last page of an earlier evening; empty where there is none.
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
