"""From a frame to the text cells of a table that a person reads, for HTML and Markdown alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from volcast.reports.figures.palette import model_label

NOTHING = "\N{EN DASH}"

HORIZON_NAMES = {1: "next session", 5: "next week", 22: "next month"}


@dataclass(frozen=True)
class Column:
    """How one column is shown: its name in the frame, its heading, and how a value becomes text.

    `form` is a format specification such as ``.3f`` (the column is then right-aligned) or a
    function of the value. `wraps` lets long text run over several lines.
    """

    name: str
    heading: str
    form: str | Callable[[Any], str] = str
    wraps: bool = False

    @property
    def numeric(self) -> bool:
        """True where the column holds numbers, which are set flush right."""
        return isinstance(self.form, str) or self.form is p_value

    def text(self, value: Any) -> str:
        """Return the cell's text; a missing value is a dash."""
        if pd.isna(value):
            return NOTHING
        return format(value, self.form) if isinstance(self.form, str) else self.form(value)


@dataclass(frozen=True)
class TextTable:
    """A table of finished text, with the rows that deserve emphasis."""

    columns: Sequence[Column]
    rows: list[list[str]]
    emphasised: list[bool]


def text_table(
    frame: pd.DataFrame, columns: Sequence[Column], *, emphasise: str | None = None
) -> TextTable:
    """Return the text of a frame; rows whose `model` is `emphasise` are emphasised."""
    records = frame[[column.name for column in columns]].to_dict("records")
    rows = [[column.text(record[column.name]) for column in columns] for record in records]
    marks = frame["model"].eq(emphasise).tolist() if emphasise else [False] * len(frame)
    return TextTable(columns, rows, marks)


def date(value: pd.Timestamp) -> str:
    """Return a session as 2018-12-31; the empty string where there is none."""
    return "" if pd.isna(value) else f"{value:%Y-%m-%d}"


def sentence_case(text: str) -> str:
    """Return `text` with a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]


def series_label(name: str) -> str:
    """Return a model's version as a reader knows it: Network 2, HAR 1; Issued for ``issued``."""
    model, _, version = name.partition(" ")
    return f"{sentence_case(model_label(model))} {version}".rstrip()


def p_value(value: float) -> str:
    """Return a p-value as it is printed in papers: 0.031, or < 0.001."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def horizon_name(horizon: int) -> str:
    """Return a horizon in words: next session, next week, next month, next 10 sessions."""
    return HORIZON_NAMES.get(int(horizon), f"next {horizon} sessions")


MODEL = Column("model", "Model", model_label)

SCORE_COLUMNS = [
    MODEL,
    Column("rows", "Rows", ",d"),
    Column("qlike", "QLIKE", ".4f"),
    Column("ratio_to_har", "Ratio to HAR", ".3f"),
    Column("dm_statistic", "DM t", "+.2f"),
    Column("dm_p_value", "DM p", p_value),
    Column("r2_log", "R² (log)", ".3f"),
    Column("rmse_volatility", "RMSE (vol. %)", ".2f"),
    Column("mse", "MSE (var.)", ".2e"),
    Column("mae", "MAE (var.)", ".2e"),
    Column("mz_intercept", "MZ const.", "+.1e"),
    Column("mz_slope", "MZ slope", ".2f"),
    Column("mz_r2", "MZ R²", ".3f"),
    Column("coverage", "Coverage", ".1%"),
    Column("clipped_share", "Clipped", ".1%"),
    Column("fallback_share", "Fallback", ".1%"),
]
WORTH_COLUMNS = [
    MODEL,
    Column("qlike_median", "Median QLIKE", ".4f"),
    Column("tickers_won", "Tickers won", ".0%"),
    Column("mcs_p", "MCS p", p_value),
    Column("pinball", "Pinball (vol. %)", ".2f"),
    Column("utility_bp", "Utility (bp a year)", ".1f"),
]
STEP_COLUMNS = [
    Column("horizon", "Horizon", horizon_name),
    Column("step", "Step", sentence_case),
    Column("rows", "Rows", ",d"),
    Column("qlike_before", "QLIKE before", ".4f"),
    Column("qlike_after", "QLIKE after", ".4f"),
    Column("gain_pct", "Gain (% of HAR's)", "+.1f"),
    Column("error_pct", "Std. error", ".1f"),
]
RISK_COLUMNS = [
    Column("level", "Level", ".0%"),
    MODEL,
    Column("rows", "Rows", ",d"),
    Column("exceedances", "Exceedances", ",d"),
    Column("share", "Share", ".2%"),
    Column("es_ratio", "Loss beyond / ES", ".2f"),
    Column("fz_loss", "FZ loss", ".3f"),
    Column("tickers_passed", "Tickers passed", ".0%"),
    Column("tickers_green", "Green", ".0%"),
]
TICKER_RISK_COLUMNS = [
    RISK_COLUMNS[0],
    Column("ticker", "Ticker"),
    *RISK_COLUMNS[1:7],
    Column("kupiec_p", "Kupiec p", p_value),
    Column("independence_p", "Independence p", p_value),
    Column("coverage_p", "Both p", p_value),
    Column("es_p", "ES p", p_value),
    Column("zone", "Light", str.capitalize),
]
TICKER_SCORE_COLUMNS = [Column("ticker", "Ticker"), *SCORE_COLUMNS]
VERDICT_COLUMNS = [
    Column("fold", "Fold", "d"),
    Column("verdict", "Verdict"),
    Column("best_epoch", "Best epoch", "d"),
    Column("epochs", "Epochs", "d"),
    Column("gain_vs_har_pct", "Gain over HAR (%)", ".1f"),
    Column("rise_from_best_pct", "Rise since best (%)", ".1f"),
    Column("noise_pct", "Noise (%)", ".2f"),
    Column("learning_rate", "Learning rate", ".2g"),
    Column("words", "In words", wraps=True),
]
REGIME_COLUMNS = [
    Column("horizon", "Horizon", horizon_name),
    Column("regime", "Regime", str.capitalize),
    MODEL,
    Column("rows", "Rows", ",d"),
    Column("qlike", "QLIKE", ".4f"),
    Column("ratio_to_har", "Ratio to HAR", ".3f"),
]
YEAR_COLUMNS = [REGIME_COLUMNS[0], Column("year", "Year", "d"), *REGIME_COLUMNS[2:]]
LOSS_DAY_COLUMNS = [
    Column("target_start", "From", date),
    Column("target_end", "To", date),
    Column("qlike", "QLIKE", ".3f"),
    Column("qlike_har", "QLIKE of HAR", ".3f"),
    Column("difference", "Difference", "+.3f"),
    Column("share", "Share of all loss", ".1%"),
    Column("ticker", "Worst ticker"),
    Column("volatility", "Forecast (%)", ".1f"),
    Column("volatility_realized", "Came (%)", ".1f"),
]
COVERAGE_COLUMNS = [
    REGIME_COLUMNS[0],
    Column("ticker", "Ticker"),
    MODEL,
    Column("rows", "Rows", ",d"),
    Column("below", "Below", ".1%"),
    Column("inside", "Inside", ".1%"),
    Column("above", "Above", ".1%"),
]
QUALITY_COLUMNS = [
    Column("ticker", "Ticker"),
    Column("rule", "Rule"),
    Column("action", "Action"),
    Column("rows", "Rows", ",d"),
]
UNSCORED_COLUMNS = [
    REGIME_COLUMNS[0],
    Column("reason", "Why not scored", str.capitalize),
    Column("rows", "Rows", ",d"),
]
