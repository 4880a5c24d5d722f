"""What a report is about: the finished tables and texts, handed over in one frozen record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from volcast.reports.gain_attribution import STEP_COLUMNS
from volcast.reports.risk import RISK_COLUMNS
from volcast.reports.section import Section

REQUIRED_COLUMNS = {
    "forecasts": {"origin", "ticker", "horizon", "model", "variance", "volatility", "realized"},
    "scores": {"horizon", "ticker", "model", "qlike", "ratio_to_har", "dm_p_value"},
    "unscored": {"horizon", "reason", "rows"},
    "history": {"fold", "member", "epoch", "train_loss", "val_loss", "learning_rate"},
    "quality": {"ticker", "rule", "action", "rows"},
    "today": {"ticker", "session", "volatility"},
}


@dataclass(frozen=True)
class ReportContent:
    """Everything that a report shows, in the tables of docs/tables.md.

    Parameters
    ----------
    title
        Heading of the report.
    forecasts
        Forecast table with the volatility columns (annualised percent), newest forecasts included.
    scores, unscored
        Results of `volcast.reports.scores.score_table` and `unscored` on the same forecasts.
    history, max_epochs
        Training curves and the cap on epochs; an empty frame where nothing was trained.
    quality
        Rows a ticker and rule that fired, and one row `bars` a ticker.
    today
        `ticker, session, volatility`: what the last closed session brought, annualised percent.
    settings
        Label to text, in the order to be shown: learning rate, batch size and so on.
    provenance
        Heading to text or to a mapping of label to value: configuration, hashes, versions, seeds.
    failures
        Ticker to the reason why it has no forecast.
    findings
        What the diagnostics of the training found; empty where none was asked for.
    steps
        Result of `volcast.reports.gain_attribution.steps_table`; empty where it cannot be had.
    risk
        Result of `volcast.reports.risk.risk_table`; empty without one-session forecasts.
    interval_level
        Nominal coverage of the prediction intervals, in (0, 1).

    Raises ``ValueError`` for a missing column or a level outside (0, 1).
    """

    title: str
    forecasts: pd.DataFrame
    scores: pd.DataFrame
    unscored: pd.DataFrame
    history: pd.DataFrame
    max_epochs: int
    quality: pd.DataFrame
    today: pd.DataFrame
    settings: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, object] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)
    steps: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=STEP_COLUMNS))
    risk: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=RISK_COLUMNS))
    findings: Sequence[Section] = ()
    interval_level: float = 0.9

    def __post_init__(self) -> None:
        for name, required in REQUIRED_COLUMNS.items():
            missing = sorted(required - set(getattr(self, name).columns))
            if missing:
                raise ValueError(f"the table `{name}` of a report lacks the columns {missing}")
        if not 0 < self.interval_level < 1:
            raise ValueError(f"interval_level lies in (0, 1), not at {self.interval_level}")
