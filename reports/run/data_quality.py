"""Data quality: how files were read, what the quality rules found, series, report dates, gaps.

Computed from the lines on files and on exogenous series, the quality table, what is known of
reports, the tickers with a short history and their forecasts, and the counts of unscored rows.
Shows the lines as paragraphs, the others as tables.
"""

import pandas as pd

from volcast.reports.blocks import Block, Heading, Paragraph, TableBlock, fold_table
from volcast.reports.run import report_dates, short_histories
from volcast.reports.run.columns import HORIZON, ROWS, TICKER
from volcast.reports.run.inputs import ReportInputs
from volcast.reports.run.many_tickers import MOST_TICKERS
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, sentence_case, text_table

QUALITY_COLUMNS = [TICKER, Column("rule", "Rule"), Column("action", "Action"), ROWS]
RULE_COLUMNS = [*QUALITY_COLUMNS[1:3], Column("tickers", "Tickers", ",d"), ROWS]
MOST_FINDINGS = 40
UNSCORED_COLUMNS = [HORIZON, Column("reason", "Why not scored", sentence_case), ROWS]


def build_section(inputs: ReportInputs) -> Section:
    """Return the section on data quality and unscored rows."""
    return Section(
        name="quality",
        title="Data quality",
        short_title="Data",
        blocks=[
            *(Paragraph(f"Read {line}.") for line in inputs.files),
            *_quality(inputs.quality),
            *(Paragraph(f"Exogenous series {line}.") for line in inputs.series),
            *report_dates.build_blocks(inputs),
            *short_histories.build_blocks(inputs),
            *_unscored(inputs.tables.unscored),
        ],
    )


def _quality(quality: pd.DataFrame) -> list[Block]:
    counts = quality["rule"] == "bars"
    bars = f"{int(quality.loc[counts, 'rows'].sum()):,} bars."
    applied = quality[~counts]
    if applied.empty:
        return [Paragraph(f"{bars} No rule applied.")]
    if applied["ticker"].nunique() > MOST_TICKERS:
        return [Paragraph(f"{bars} What the rules found:"), *_summarise(applied)]
    table = text_table(applied, QUALITY_COLUMNS)
    return [Paragraph(f"{bars} What the rules found:"), TableBlock(table, tall=True)]


def _summarise(applied: pd.DataFrame) -> list[Block]:
    """Return the findings by rule, and the tickers with the most."""
    by_rule = applied.groupby(["rule", "action"], as_index=False).agg(
        tickers=("ticker", "nunique"), rows=("rows", "sum")
    )
    most = applied.sort_values("rows", ascending=False, kind="stable").head(MOST_FINDINGS)
    remark = Paragraph("`quality.csv` has the findings of every ticker.", style="note")
    return [
        TableBlock(text_table(by_rule, RULE_COLUMNS)),
        fold_table("The tickers with the most findings", text_table(most, QUALITY_COLUMNS)),
        remark,
    ]


def _unscored(unscored: pd.DataFrame) -> list[Block]:
    table = text_table(unscored, UNSCORED_COLUMNS)
    shown = TableBlock(table) if table.rows else Paragraph("None.")
    return [Heading("Rows that were not scored"), shown]
