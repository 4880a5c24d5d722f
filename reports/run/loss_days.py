"""The days that carry the loss.

Computed from the scored rows of the leading model and HAR, tickers averaged by day. Shows the
cumulative difference from HAR as figures, and the days with the largest losses as tables.
"""

import pandas as pd
from matplotlib.axes import Axes

from volcast.reports.blocks import Block, Figures, Panel, Paragraph, TableBlock, fold_table
from volcast.reports.figure_panels import draw_panels_by_horizon
from volcast.reports.figures.loss_days import cumulative_difference
from volcast.reports.model_labels import model_label
from volcast.reports.run.columns import text_tables_by_horizon
from volcast.reports.run.inputs import ReportInputs
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, date

COLUMNS = [
    Column("target_start", "From", date),
    Column("target_end", "To", date),
    Column("qlike", "QLIKE", ".3f"),
    Column("qlike_har", "QLIKE of HAR", ".3f"),
    Column("difference", "Difference", "+.3f"),
    Column("share", "Share of all loss", ".1%"),
    Column("ticker", "Worst ticker"),
    Column("volatility", "Forecast (%)", ".1f"),
    Column("volatility_realized", "Realised (%)", ".1f"),
]


def build_section(inputs: ReportInputs) -> Section:
    """Return the section on the days with the largest losses."""
    worst = inputs.tables.worst_days
    introduction = (
        "A falling line means that the network gains on HAR. One collapsed forecast can ruin a "
        f"mean; the days with the largest losses ({model_label(inputs.model)}) are marked, and "
        "listed with the largest first."
    )
    return Section(
        name="loss-days",
        title="The days that carry the loss",
        short_title="Loss by day",
        blocks=[Paragraph(introduction), Figures(_panels(inputs, worst)), *_tables(worst)],
    )


def _panels(inputs: ReportInputs, worst: pd.DataFrame) -> list[Panel]:
    def draw(part: pd.DataFrame, axes: Axes) -> Axes:
        days = worst[worst["horizon"] == part["horizon"].iloc[0]]
        return cumulative_difference(part, days, axes, model=inputs.model)

    def alt(part: pd.DataFrame) -> str:
        total = part["cumulative"].iloc[-1]
        return f"Cumulative QLIKE of {model_label(inputs.model)} minus HAR, ending at {total:.2f}"

    daily = inputs.tables.daily
    return draw_panels_by_horizon(daily, "loss-days", draw, alt)


def _tables(worst: pd.DataFrame) -> list[Block]:
    """Return a table a horizon; all but the first are folded."""
    tables = text_tables_by_horizon(worst, COLUMNS)
    return [
        fold_table(name, table) if place else TableBlock(table, name)
        for place, (name, table) in enumerate(tables.items())
    ]
