"""Scores of all models on the same rows.

Computed from the score table, and from the scored rows by year. Shows the ratio to HAR as figures,
and tables by horizon, by ticker and by year.
"""

import pandas as pd

from volcast.reports.blocks import Block, Figures, Folded, Panel, Paragraph, TableBlock, fold_table
from volcast.reports.figure_panels import draw_panels_by_horizon
from volcast.reports.figures.scores import ratio_to_har
from volcast.reports.model_labels import model_label
from volcast.reports.run.columns import (
    HORIZON,
    MODEL,
    QLIKE,
    RATIO_TO_HAR,
    ROWS,
    TICKER,
    select_readable_rows,
    text_tables_by_horizon,
)
from volcast.reports.run.inputs import ReportInputs
from volcast.reports.run.many_tickers import describe_extremes, select_extremes
from volcast.reports.scoring.scores import POOLED
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, p_value, text_table

SCORE_COLUMNS = [
    MODEL,
    ROWS,
    QLIKE,
    RATIO_TO_HAR,
    Column("dm_statistic", "DM t", "+.2f"),
    Column("dm_p_value", "DM p", p_value),
    Column("dm_harx_statistic", "t, HAR-X", "+.2f"),
    Column("dm_harx_p_value", "p, HAR-X", p_value),
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
FURTHER_COLUMNS = [
    MODEL,
    Column("qlike_median", "Median QLIKE", ".4f"),
    Column("tickers_won", "Tickers won", ".0%"),
    Column("mcs_p", "MCS p", p_value),
    Column("pinball", "Pinball (vol. %)", ".2f"),
    Column("utility_bp", "Utility (bp a year)", ".1f"),
]
YEAR_COLUMNS = [HORIZON, Column("year", "Year", "d"), MODEL, ROWS, QLIKE, RATIO_TO_HAR]
INTRODUCTION = (
    "All models of a horizon are scored on the same rows. Losses are averaged over the tickers of "
    "a date, then over dates. DM t is the Diebold-Mariano statistic of QLIKE against HAR, with HAC "
    "errors; negative is better than HAR. The next two columns test against HAR-X, the linear "
    "model on the network's inputs. In the figures an arrow marks a ratio above 2."
)
FURTHER = (
    "Median QLIKE is not dominated by the few volatile days that carry the mean. MCS p below 0.1: "
    "not among the best models (Model Confidence Set, 90 %). Pinball is the quantile loss of the "
    "interval. Utility is the yearly gain from targeting a constant volatility with this forecast "
    "(400 for a perfect one, Sharpe ratio 0.4, risk aversion 2)."
)


def build_section(inputs: ReportInputs) -> Section:
    """Return the section with the scores."""
    return Section(
        name="scores",
        title="Scores",
        blocks=[
            Paragraph(INTRODUCTION),
            Figures(_panels(inputs.scores)),
            *_pooled(inputs.scores, inputs.model),
            *_by_ticker(inputs),
        ],
    )


def _panels(scores: pd.DataFrame) -> list[Panel]:
    pooled = scores[(scores["ticker"] == POOLED) & scores["ratio_to_har"].notna()]

    def alt(part: pd.DataFrame) -> str:
        ratios = zip(part["model"], part["ratio_to_har"], strict=True)
        return "QLIKE as a ratio to HAR: " + ", ".join(
            f"{model_label(model)} {ratio:.3f}" for model, ratio in ratios
        )

    return draw_panels_by_horizon(pooled, "scores", ratio_to_har, alt)


def _pooled(scores: pd.DataFrame, model: str) -> list[Block]:
    pooled = scores[scores["ticker"] == POOLED].sort_values("qlike", kind="stable")
    further = text_tables_by_horizon(pooled, FURTHER_COLUMNS, emphasise=model)
    blocks: list[Block] = []
    for name, table in text_tables_by_horizon(pooled, SCORE_COLUMNS, emphasise=model).items():
        blocks.append(TableBlock(table, f"{name}, all tickers"))
        shown = TableBlock(further[name])
        blocks.append(Folded(f"{name}: further scores", [Paragraph(FURTHER), shown]))
    return blocks or [Paragraph("No row is scored yet.")]


def _by_ticker(inputs: ReportInputs) -> list[Block]:
    rows = inputs.scores[inputs.scores["ticker"] != POOLED]
    rows = select_readable_rows(rows, inputs.model)
    if rows.empty:
        return []
    remark = describe_extremes(rows, "ratio to HAR", "scores.csv")
    rows = select_extremes(rows, "ratio_to_har").sort_values(["ticker", "qlike"], kind="stable")
    tables = text_tables_by_horizon(rows, [TICKER, *SCORE_COLUMNS], emphasise=inputs.model)
    years = inputs.tables.years
    of_model = text_table(years[years["model"] == inputs.model], YEAR_COLUMNS)
    shown = [TableBlock(table, name, tall=True) for name, table in tables.items()]
    return [Folded("Scores by ticker", [*remark, *shown]), fold_table("QLIKE by year", of_model)]
