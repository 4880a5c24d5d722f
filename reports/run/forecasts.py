"""Forecast against realised volatility of the last year, with notes on how to read it.

Computed from the forecast table. Shows a figure a ticker at the shortest horizon, for the most
volatile ones if there are many.
"""

import pandas as pd
from matplotlib.axes import Axes

from volcast.reports.blocks import Aside, Figures, Panel, Paragraph
from volcast.reports.figure_panels import TICKERS_DRAWN, draw_panel
from volcast.reports.figures.forecast import forecast_against_realized
from volcast.reports.model_labels import model_label
from volcast.reports.run.inputs import ReportInputs
from volcast.reports.section import Section
from volcast.reports.text_tables import horizon_name

HOW_TO_READ = (
    "Realised volatility is itself measured with noise: a variance from one day's prices scatters "
    "widely around the true one. Dots far from the line are therefore not all errors, and "
    "intervals are for the measured value. QLIKE (zero is perfect, lower is better) ranks "
    "forecasts correctly despite that noise; RMSE on volatility does not, and is shown for "
    "information only. Most sources lack delisted tickers, so the past looks calmer than it was. "
    "If a ratio to HAR is far below 0.8 (with known report dates, 0.7), check for look-ahead first."
)


def build_section(inputs: ReportInputs) -> Section:
    """Return the section with the figures by ticker."""
    horizon = int(inputs.newest["horizon"].min())
    introduction = f"The {horizon_name(horizon)}, over about the last year."
    if len(inputs.tickers) > TICKERS_DRAWN:
        introduction += (
            f" Drawn for the {TICKERS_DRAWN} most volatile of {len(inputs.tickers)} tickers."
        )
    drawn = inputs.tickers[:TICKERS_DRAWN]
    return Section(
        name="forecasts",
        title="Forecast against realised",
        short_title="Realised",
        blocks=[
            Paragraph(introduction),
            Figures(
                [_panel(inputs, ticker, place) for place, ticker in enumerate(drawn)],
                Aside("How to read this", [Paragraph(HOW_TO_READ, style="note")]),
            ),
        ],
    )


def _panel(inputs: ReportInputs, ticker: str, place: int) -> Panel:
    model = inputs.model
    every = inputs.tables.recent
    recent: pd.DataFrame = every[every["ticker"] == ticker]
    alt = (
        f"Volatility of {ticker}: {model_label(model)} forecast with interval, HAR and realised, "
        f"last {len(recent)} sessions; the newest forecast is "
        f"{recent['volatility'].iloc[-1]:.1f} % a year."
    )

    def draw(axes: Axes) -> Axes:
        return forecast_against_realized(
            recent, axes, model=model, interval_level=inputs.interval_level
        )

    return draw_panel(ticker, f"forecast-{place}", alt, draw)
