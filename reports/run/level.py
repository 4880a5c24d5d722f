"""Is the level right: squared returns compared with the forecast variance, by ticker and year.

Computed from the forecasts whose returns are known. Shows the ratio by year as figures, the
histogram of standardised returns, the ratios as tables, and the ranking of models on squared
returns.
"""

import pandas as pd
from matplotlib.axes import Axes

from volcast.reports.blocks import (
    Block,
    Figures,
    Folded,
    Notice,
    Panel,
    Paragraph,
    TableBlock,
    fold_table,
)
from volcast.reports.figure_panels import HEIGHT_PX, TICKERS_DRAWN, draw_panel
from volcast.reports.figures.level import level_by_year, standardised_returns
from volcast.reports.model_labels import model_label
from volcast.reports.run.columns import HORIZON, MODEL, ROWS, TICKER
from volcast.reports.run.inputs import ReportInputs
from volcast.reports.run.many_tickers import describe_extremes, select_extremes
from volcast.reports.scoring.level import (
    ALL_YEARS,
)
from volcast.reports.scoring.scores import POOLED
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, p_value, sentence_case, text_table

MOST_WARNINGS = 20
INTRODUCTION = (
    "People size positions by the variance of returns from close to close. Forecasts have that "
    "level if the mean squared return equals the mean forecast variance: a ratio of 1. Above 1 the "
    "volatility was too low, by half the excess. Whiskers are two standard errors; one year of "
    "returns is a noisy sample. About 5 % of the standardised returns lie beyond 1.96 if they are "
    "normal, a little more with fat tails."
)
RANKING = (
    "The models ranked on squared returns, which depend on no measure from the range: mean loss "
    "log v + r² / v less that of HAR, with the test of Diebold and Mariano. The variance measure "
    "is less noisy and separates models better; a model that is better there and worse here owes "
    "its gain to the measure."
)
RATIO_COLUMNS = [
    HORIZON,
    TICKER,
    ROWS,
    Column("ratio", "Ratio", ".2f"),
    Column("standard_error", "Standard error", ".2f"),
    Column("beyond", "Beyond 1.96", ".1%"),
]
YEAR_COLUMNS = [*RATIO_COLUMNS[:2], Column("year", "Year", sentence_case), *RATIO_COLUMNS[2:]]
RANKING_COLUMNS = [
    HORIZON,
    MODEL,
    ROWS,
    Column("difference", "Loss less HAR's", ".4f"),
    Column("dm_statistic", "t", ".2f"),
    Column("dm_p_value", "p", p_value),
]


def build_section(inputs: ReportInputs) -> Section:
    """Return the section on the level of the forecasts."""
    levels = inputs.tables.levels
    blocks: list[Block] = [Paragraph(INTRODUCTION)]
    warnings = inputs.level_warnings
    blocks += [Notice(f"{warning}.", "Wrong level.") for warning in warnings[:MOST_WARNINGS]]
    if len(warnings) > MOST_WARNINGS:
        others = len(warnings) - MOST_WARNINGS
        blocks.append(Notice(f"And {others:,} more tickers.", "Wrong level."))
    if len(levels):
        total = levels[levels["year"] == ALL_YEARS]
        extremes = text_table(select_extremes(total, "ratio"), RATIO_COLUMNS)
        blocks += [
            Figures([*_ratio_panels(levels, inputs), *_histogram_panel(inputs)]),
            Folded(
                "Ratio over all years",
                [
                    *describe_extremes(total, "ratio", "forecasts.parquet"),
                    TableBlock(extremes, tall=True),
                ],
                unfolded=True,
            ),
            fold_table("Ratio by year", text_table(_by_year(levels, inputs), YEAR_COLUMNS)),
        ]
        ranking = inputs.tables.level_ranking
        if len(ranking):
            shown = text_table(ranking, RANKING_COLUMNS, emphasise=inputs.model)
            blocks += [Paragraph(RANKING, style="note"), fold_table("Squared returns", shown)]
    return Section(name="level", title="Is the level right?", short_title="Level", blocks=blocks)


def _by_year(levels: pd.DataFrame, inputs: ReportInputs) -> pd.DataFrame:
    """Return the ratios by year of the shortest horizon; of many tickers, the pooled ones only."""
    years = levels[levels["year"] != ALL_YEARS]
    years = years[years["horizon"] == years["horizon"].min()]
    many = len(inputs.tickers) > TICKERS_DRAWN
    return pd.DataFrame(years[years["ticker"] == POOLED] if many else years)


def _ratio_panels(levels: pd.DataFrame, inputs: ReportInputs) -> list[Panel]:
    years = _by_year(levels, inputs)
    panels = []
    for number, (ticker, part) in enumerate(years.groupby("ticker", sort=False)):
        if ticker == POOLED and 1 < len(inputs.tickers) <= TICKERS_DRAWN:
            continue  # each ticker has a figure of its own

        def draw(axes: Axes, part: pd.DataFrame = part) -> Axes:
            return level_by_year(part, axes, model=inputs.model)

        title = "All tickers" if ticker == POOLED else str(ticker)
        alt = (
            f"Squared return over forecast variance of {title} by year, from "
            f"{part['ratio'].min():.2f} to {part['ratio'].max():.2f}."
        )
        panels.append(draw_panel(title, f"level-{number}", alt, draw, height_px=HEIGHT_PX))
    return panels


def _histogram_panel(inputs: ReportInputs) -> list[Panel]:
    table = inputs.tables.standardised
    if table.empty:
        return []

    def draw(axes: Axes) -> Axes:
        return standardised_returns(table, axes, model=inputs.model)

    title = f"Standardised returns, {model_label(inputs.model)}"
    alt = "Histogram of returns over their forecast standard deviation, beside a normal one."
    return [draw_panel(title, "level-returns", alt, draw, height_px=HEIGHT_PX)]
