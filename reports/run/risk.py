"""Value at risk and expected shortfall of the next session.

Computed from the risk table (`volcast.reports.scoring.risk`). Shows the backtests of all models,
and those of the leading model by ticker.
"""

import pandas as pd

from volcast.reports.blocks import Block, Folded, Paragraph, TableBlock
from volcast.reports.model_labels import model_label
from volcast.reports.run.columns import MODEL, ROWS, TICKER
from volcast.reports.run.inputs import ReportInputs
from volcast.reports.run.many_tickers import describe_extremes, select_extremes
from volcast.reports.scoring.scores import POOLED
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, TextTable, p_value, sentence_case, text_table

LEVEL = Column("level", "Level", ".0%")
BACKTEST_COLUMNS = [
    MODEL,
    ROWS,
    Column("exceedances", "Exceedances", ",d"),
    Column("share", "Share", ".2%"),
    Column("es_ratio", "Loss beyond / ES", ".2f"),
    Column("fz_loss", "FZ loss", ".3f"),
]
POOLED_COLUMNS = [
    LEVEL,
    *BACKTEST_COLUMNS,
    Column("tickers_passed", "Tickers passed", ".0%"),
    Column("tickers_green", "Green", ".0%"),
]
TICKER_COLUMNS = [
    LEVEL,
    TICKER,
    *BACKTEST_COLUMNS,
    Column("kupiec_p", "Kupiec p", p_value),
    Column("independence_p", "Independence p", p_value),
    Column("coverage_p", "Both p", p_value),
    Column("es_p", "ES p", p_value),
    Column("zone", "Zone", sentence_case),
]
METHOD = (
    "The return of the next session falls below value at risk (VaR) with the probability given by "
    "the level; expected shortfall (ES) is the mean return beyond it. Both come from the forecast "
    "variance and the residuals of the 500 sessions before (filtered historical simulation). A "
    "ticker passes if Christoffersen's test of conditional coverage does not reject at 1 %; green, "
    "yellow and red are the zones of the Basel Committee. FZ loss ranks VaR and ES together; "
    "smaller is better."
)


def build_section(inputs: ReportInputs) -> Section:
    """Return the section on value at risk."""
    pooled = _pooled_table(inputs.risk, inputs.model)
    blocks: list[Block] = [
        Paragraph(METHOD),
        TableBlock(pooled),
        Folded(f"{model_label(inputs.model)}, ticker by ticker", _list_tickers(inputs)),
    ]
    if not pooled.rows:
        blocks = [Paragraph("No one-session forecast has 250 earlier residuals yet.")]
    return Section(name="risk", title="Value at risk", short_title="Risk", blocks=blocks)


def _pooled_table(risk: pd.DataFrame, model: str) -> TextTable:
    pooled = risk[risk["ticker"] == POOLED].sort_values(["level", "fz_loss"], kind="stable")
    return text_table(pooled, POOLED_COLUMNS, emphasise=model)


def _list_tickers(inputs: ReportInputs) -> list[Block]:
    """Return the leading model's table by ticker, worst first."""
    risk = inputs.risk
    rows = risk[(risk["ticker"] != POOLED) & (risk["model"] == inputs.model)]
    shown = select_extremes(rows, "share", within="level")
    worst_first = shown.sort_values(["level", "share"], ascending=[True, False], kind="stable")
    table = TableBlock(text_table(worst_first, TICKER_COLUMNS), tall=True)
    return [*describe_extremes(rows, "share", "risk.csv"), table]
