"""Interval coverage, and where in the forecast density outcomes fall.

Computed from the scored rows. Shows the share of outcomes inside the interval as figures, by year
with its standard error and the ticker that is furthest below, and by ticker; the same for further
levels, with their newest bounds; and the histogram of the probability integrals.
"""

import pandas as pd
from matplotlib.axes import Axes

from volcast.reports.blocks import (
    Block,
    Figures,
    Folded,
    Heading,
    Panel,
    Paragraph,
    TableBlock,
    fold_table,
)
from volcast.reports.figure_panels import draw_panels_by_horizon
from volcast.reports.figures.coverage import interval_coverage
from volcast.reports.figures.density import pit_bars
from volcast.reports.model_labels import model_label
from volcast.reports.run.columns import HORIZON, MODEL, ROWS, TICKER, select_readable_rows
from volcast.reports.run.inputs import ReportInputs
from volcast.reports.run.many_tickers import describe_extremes, select_extremes
from volcast.reports.scoring.coverage_by_level import newest_bounds
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, text_table

COLUMNS = [
    HORIZON,
    TICKER,
    MODEL,
    ROWS,
    Column("below", "Below", ".1%"),
    Column("inside", "Inside", ".1%"),
    Column("above", "Above", ".1%"),
]
YEAR_COLUMNS = [
    HORIZON,
    Column("year", "Year"),
    ROWS,
    Column("below", "Below", ".1%"),
    Column("inside", "Inside", ".1%"),
    Column("error", "Standard error", ".1%"),
    Column("above", "Above", ".1%"),
    Column("lowest_ticker", "Lowest ticker"),
    Column("lowest", "Its share", ".1%"),
]
LEVEL = Column("level", "Level (%)", "g")
LEVEL_COLUMNS = [HORIZON, LEVEL, ROWS, *COLUMNS[4:]]
BOUND_COLUMNS = [
    TICKER,
    HORIZON,
    LEVEL,
    Column("lower", "Lower", ".1f"),
    Column("volatility", "Forecast", ".1f"),
    Column("upper", "Upper", ".1f"),
]


def build_section(inputs: ReportInputs) -> Section:
    """Return the section on the intervals and the density."""
    table = inputs.tables.coverage
    single = select_readable_rows(table, inputs.model)
    remark = describe_extremes(single, "share inside", "forecasts.parquet")
    shown = text_table(select_extremes(single, "inside"), COLUMNS, emphasise=inputs.model)
    introduction = (
        f"An interval of {inputs.interval_text} should hold that share of the outcomes, with the "
        "rest split evenly below and above. Whiskers are two standard errors as if rows were "
        "independent."
    )
    return Section(
        name="coverage",
        title="Interval coverage",
        short_title="Intervals",
        blocks=[
            Paragraph(introduction),
            Figures(_coverage_panels(table, inputs.interval_level)),
            *_levels(inputs),
            *_years(inputs),
            Folded("Coverage by ticker", [*remark, TableBlock(shown, tall=True)]),
            *_density(inputs),
        ],
    )


def _levels(inputs: ReportInputs) -> list[Block]:
    table = inputs.tables.coverage_by_level
    if table.empty:
        return []
    reading = (
        f"{model_label(inputs.model)}, at the levels of report.intervals. They come from the same "
        f"distribution as the interval of {inputs.interval_text}, whose misses alone widen and "
        "narrow it."
    )
    bounds = newest_bounds(inputs.tables.newest, inputs.model)
    return [
        Heading("Further levels"),
        Paragraph(reading),
        TableBlock(text_table(table, LEVEL_COLUMNS)),
        fold_table("Newest forecasts by level (annualised, %)", text_table(bounds, BOUND_COLUMNS)),
    ]


def _years(inputs: ReportInputs) -> list[Block]:
    table = inputs.tables.coverage_by_year
    if table.empty:
        return []
    reading = (
        f"{model_label(inputs.model)}, by year of the origin. The standard error allows for "
        "overlapping targets and for days that all tickers share; a year has only about eleven "
        "months that do not overlap, so even perfect intervals miss the nominal share there."
    )
    return [Paragraph(reading), fold_table("Coverage by year", text_table(table, YEAR_COLUMNS))]


def _coverage_panels(table: pd.DataFrame, interval_level: float) -> list[Panel]:
    def draw(part: pd.DataFrame, axes: Axes) -> Axes:
        return interval_coverage(part, axes, interval_level=interval_level)

    def alt(_: pd.DataFrame) -> str:
        return f"Share of outcomes inside the interval; nominal {interval_level:.0%}"

    return draw_panels_by_horizon(table, "coverage", draw, alt)


def _density(inputs: ReportInputs) -> list[Block]:
    table, label = inputs.tables.density, model_label(inputs.model)
    if table.empty:
        return []

    def draw(part: pd.DataFrame, axes: Axes) -> Axes:
        return pit_bars(part, axes, model=inputs.model)

    def alt(part: pd.DataFrame) -> str:
        return (
            f"Share of outcomes in each tenth of the forecast density of {label}, from "
            f"{part['share'].min():.0%} to {part['share'].max():.0%}"
        )

    reading = (
        f"{label}. Even bars mean that all its probabilities are right, not only those of the "
        "interval."
    )
    return [
        Heading("Where in the forecast density outcomes fall"),
        Paragraph(reading),
        Figures(draw_panels_by_horizon(table, "density", draw, alt)),
    ]
