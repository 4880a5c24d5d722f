"""The page of forecasts that were made without a run: a table, and a figure a ticker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes

from volcast.reports.blocks import Block, Figures, Panel, Paragraph, TableBlock
from volcast.reports.figure_panels import TICKERS_DRAWN, draw_panel
from volcast.reports.figures.outlook import draw_outlook
from volcast.reports.section import Page, Section
from volcast.reports.templating import render_html
from volcast.reports.text_tables import Column, date, horizon_name, text_table

NOTE = (
    "By the pretrained network {vintage} alone: nothing was trained or judged. Intervals are for "
    "the measured volatility, from the errors of that network on the market it was trained on."
)


def render_outlook(
    forecasts: pd.DataFrame,
    measured: Mapping[str, pd.DataFrame],
    *,
    levels: Sequence[float],
    vintage: str,
) -> str:
    """Return forecasts as one HTML file without outside resources.

    Parameters
    ----------
    forecasts
        `ticker, horizon, from, to, volatility, har, last, report, history`, `without_report` and
        the bounds `lower_80, upper_80` and so on, annualised percent.
    measured
        Ticker to `session, volatility` of the last months.
    levels
        The levels of the bounds in percent.
    vintage
        The name of the network.
    """
    drawn = list(forecasts["ticker"].unique())[:TICKERS_DRAWN]
    blocks: list[Block] = [
        TableBlock(text_table(forecasts, _list_columns(forecasts, levels))),
        Figures([_draw(name, forecasts, measured[name], levels) for name in drawn]),
        Paragraph(NOTE.format(vintage=vintage), style="note"),
    ]
    subtitle = (
        "Annualised volatility in percent, from data up to the close of "
        f"{forecasts['origin'].max():%Y-%m-%d}."
    )
    section = Section("forecasts", "Forecasts", blocks=blocks, title_shown=False)
    return render_html(Page("Volatility forecast", subtitle, [section]))


def _list_columns(forecasts: pd.DataFrame, levels: Sequence[float]) -> list[Column]:
    bounds = [
        Column(f"{side}_{level:g}", f"{name} {level:g} %", ".1f")
        for level in levels
        for side, name in (("lower", "Lower"), ("upper", "Upper"))
    ]
    notes = [
        Column("without_report", "Without report", ".1f"),
        Column("report", "Earnings", wraps=True),
        Column("history", "History", wraps=True),
    ]
    shown = [column for column in notes if _has_values(forecasts[column.name])]
    return [
        Column("ticker", "Ticker"),
        Column("horizon", "Horizon", horizon_name),
        Column("from", "From", date),
        Column("to", "To", date),
        Column("volatility", "Volatility", ".1f", strong=True),
        *bounds,
        Column("har", "HAR", ".1f"),
        Column("last", "Last", ".1f"),
        *shown,
    ]


def _has_values(column: pd.Series) -> bool:
    return bool((column.notna() & (column != "")).any())


def _draw(
    ticker: str, forecasts: pd.DataFrame, measured: pd.DataFrame, levels: Sequence[float]
) -> Panel:
    own = forecasts[forecasts["ticker"] == ticker]
    newest = own["volatility"].iloc[0]
    alt = f"Measured volatility of {ticker} and its forecasts; the shortest is {newest:.1f} %."

    def draw(axes: Axes) -> Axes:
        return draw_outlook(measured, own, axes, levels=levels)

    return draw_panel(ticker, f"outlook-{ticker}", alt, draw)
