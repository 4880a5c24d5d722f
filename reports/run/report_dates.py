"""Earnings dates: what is known of each ticker's reports, in the section on data.

Computed from the table of report knowledge. Shows the number of tickers of each kind, and a table
by ticker.
"""

import pandas as pd

from volcast.reports.blocks import Block, Heading, Paragraph, TableBlock, fold_table
from volcast.reports.run.columns import TICKER, TICKERS_IN_FULL
from volcast.reports.run.inputs import ReportInputs
from volcast.reports.text_tables import Column, date, sentence_case, text_table

KINDS = {
    "announced": "the date of the next report is announced",
    "estimated": "only past dates are known, and the next one is estimated from them",
    "none": "no date is known, and the large moves of earlier quarters, the earnings echo, have to "
    "serve",
}
COLUMNS = [
    TICKER,
    Column("knowledge", "Next report", sentence_case),
    Column("next", "On", date),
    Column("reports", "Past reports", ",d"),
    Column("last", "Last report", date),
    Column("lead", "Announced sessions ahead", "d"),
]


def build_blocks(inputs: ReportInputs) -> list[Block]:
    """Return the blocks on earnings dates; none without a source of them."""
    table = inputs.report_knowledge
    if table is None or table.empty:
        return []
    shown = text_table(_blank_leads(table), COLUMNS)
    few = len(table) <= TICKERS_IN_FULL
    by_ticker = TableBlock(shown) if few else fold_table("Earnings dates by ticker", shown)
    return [
        Heading("Earnings dates"),
        Paragraph(_count_kinds(table)),
        by_ticker,
        *(Paragraph(f"{sentence_case(note)}.", style="note") for note in inputs.date_notes),
    ]


def _count_kinds(table: pd.DataFrame) -> str:
    """Return for how many tickers each kind of knowledge holds at the newest origin."""
    counts = table["knowledge"].value_counts()
    parts = [
        f"for {counts[kind]:,} of {len(table):,} tickers {text}"
        for kind, text in KINDS.items()
        if kind in counts.index
    ]
    return sentence_case(f"{'; '.join(parts)}.")


def _blank_leads(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table without the lead of a last report where there is none."""
    return table.assign(lead=table["lead"].astype("Int64").mask(table["reports"] == 0))
