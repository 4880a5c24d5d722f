"""What the report of a run is built from: finished tables, and what several sections share."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from volcast.reports.run.tables import RunTables, collect_tables
from volcast.reports.scoring.gain_attribution import STEP_COLUMNS
from volcast.reports.scoring.horizon_forecasts import FrameForecasts, HorizonForecasts
from volcast.reports.scoring.level import level_warnings
from volcast.reports.scoring.newest_forecasts import lead_model, newest_forecasts
from volcast.reports.scoring.risk import RISK_COLUMNS
from volcast.reports.section import Section

FORECAST_COLUMNS = (
    *("origin", "ticker", "horizon", "model", "variance", "volatility", "realized"),
    *("squared_return", "log_return", "level_factor"),
)
REQUIRED_COLUMNS = {
    "scores": {"horizon", "ticker", "model", "qlike", "ratio_to_har", "dm_p_value"},
    "history": {"fold", "member", "epoch", "train_loss", "val_loss", "learning_rate"},
    "quality": {"ticker", "rule", "action", "rows"},
    "today": {"ticker", "session", "volatility"},
}


@dataclass(frozen=True)
class ReportInputs:
    """Everything that the report of a run shows, in the tables of docs/tables.md.

    Parameters
    ----------
    title
        Heading of the report.
    forecasts
        Forecast table with the volatility columns (annualised percent), newest forecasts included;
        or, if it is too large to be held, its horizons, the shortest first.
    scores
        Result of `volcast.reports.scoring.scores.score_table` on the same forecasts.
    history, max_epochs
        Training curves and the maximum number of epochs; an empty frame if nothing was trained.
    quality
        Rows a ticker and rule that applied, and one row `bars` a ticker.
    today
        `ticker, session, volatility`: realised in the last closed session, annualised percent.
    settings
        Label to text, in the order to be shown: learning rate, batch size and so on.
    provenance
        Heading to text or to a mapping of label to value: configuration, hashes, versions, seeds.
    failures
        Ticker to the reason why it has no forecast.
    reports
        The announced earnings reports, one a ticker: `ticker, date, time`; None without a source.
    report_knowledge
        What is known of each ticker's earnings reports at the newest origin: `ticker, knowledge,
        reports, last, lead, next`; None without a source.
    date_notes
        Sentences on the dates of reports, without a full stop.
    diagnostics
        Sections of the diagnostics of the training; empty if none was measured.
    histories
        The history of every ticker whose newest forecast is from a short one: `ticker, sessions,
        first`, the number of its bars and the session of the first; None if no ticker's is short.
    steps
        Result of `volcast.reports.scoring.gain_attribution.steps_table`; empty if not available.
    risk
        Result of `volcast.reports.scoring.risk.risk_table`; empty without one-session forecasts.
    series
        A line for each exogenous series: its closes, the first and the last one.
    files
        A line for each file of prices: how it was read, and what its variance is measured from.
    interval_level
        Nominal coverage of the prediction intervals, in (0, 1).

    Raises
    ------
    ValueError
        A table lacks a column, or the level lies outside (0, 1).
    """

    title: str
    forecasts: pd.DataFrame | Iterable[HorizonForecasts]
    scores: pd.DataFrame
    history: pd.DataFrame
    max_epochs: int
    quality: pd.DataFrame
    today: pd.DataFrame
    settings: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, object] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)
    steps: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=STEP_COLUMNS))
    reports: pd.DataFrame | None = None
    report_knowledge: pd.DataFrame | None = None
    date_notes: Sequence[str] = ()
    histories: pd.DataFrame | None = None
    risk: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=RISK_COLUMNS))
    diagnostics: Sequence[Section] = ()
    series: Sequence[str] = ()
    files: Sequence[str] = ()
    interval_level: float = 0.9

    def __post_init__(self) -> None:
        for name, required in REQUIRED_COLUMNS.items():
            _check_columns(name, getattr(self, name), required)
        if isinstance(self.forecasts, pd.DataFrame):
            _check_columns("forecasts", self.forecasts, FORECAST_COLUMNS)
        if not 0 < self.interval_level < 1:
            raise ValueError(f"interval_level must lie in (0, 1); it is {self.interval_level}")

    @cached_property
    def tables(self) -> RunTables:
        """The tables made of the forecasts."""
        if not isinstance(self.forecasts, pd.DataFrame):
            return collect_tables(self.forecasts)
        parts = self.forecasts.groupby("horizon")
        return collect_tables(FrameForecasts(part) for _, part in parts)

    @cached_property
    def model(self) -> str:
        """The model that the report is about."""
        return lead_model(self.tables.newest)

    @cached_property
    def newest(self) -> pd.DataFrame:
        """The newest forecast of each ticker and horizon; see `newest_forecasts`."""
        return newest_forecasts(self.tables.newest, self.today, self.reports, self.histories)

    @cached_property
    def level_warnings(self) -> list[str]:
        """A sentence for each ticker whose level is wrong; see `level_warnings`."""
        return level_warnings(self.tables.levels)

    @cached_property
    def tickers(self) -> list[str]:
        """The tickers with a forecast, the most volatile first."""
        return list(dict.fromkeys(self.newest["ticker"]))

    @cached_property
    def interval_text(self) -> str:
        """The nominal coverage of the intervals, such as "90 %"."""
        return f"{100 * self.interval_level:.0f} %"


def _check_columns(name: str, table: pd.DataFrame, required: Collection[str]) -> None:
    missing = sorted(set(required) - set(table.columns))
    if missing:
        raise ValueError(f"the table `{name}` of a report lacks the columns {missing}")
