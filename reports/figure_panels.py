"""Composes the figures of a report: a finished table, a drawing, a title and words for it."""

from collections.abc import Callable

import pandas as pd
from matplotlib.axes import Axes

from volcast.reports import breakdowns
from volcast.reports.content import ReportContent
from volcast.reports.figures.coverage import interval_coverage
from volcast.reports.figures.density import pit_bars
from volcast.reports.figures.forecast import forecast_against_realized
from volcast.reports.figures.loss_days import cumulative_difference
from volcast.reports.figures.palette import model_label
from volcast.reports.figures.regimes import error_by_regime
from volcast.reports.figures.render import figure_svg
from volcast.reports.figures.scores import ratio_to_har
from volcast.reports.figures.training import LABEL_OF_LOSS, curves_by_fold, training_curves
from volcast.reports.headline import lead_model
from volcast.reports.scores import POOLED
from volcast.reports.section import Panel
from volcast.reports.text_tables import horizon_name

TICKERS_DRAWN = 6  # figures of more would make the page long and heavy


def forecast_panels(content: ReportContent, tickers: list[str]) -> list[Panel]:
    """Return a figure for each of the first six tickers, at the shortest horizon."""
    model, horizon = lead_model(content.forecasts), int(content.forecasts["horizon"].min())
    panels = []
    for place, ticker in enumerate(tickers[:TICKERS_DRAWN]):
        recent = breakdowns.recent_forecasts(
            content.forecasts, ticker, horizon=horizon, model=model
        )
        alt = (
            f"Volatility of {ticker}, {model_label(model)} forecast with interval, HAR and "
            f"outcome, last {len(recent)} sessions; the newest forecast is "
            f"{recent['volatility'].iloc[-1]:.1f} % a year."
        )

        def draw(axes: Axes, recent: pd.DataFrame = recent) -> Axes:
            return forecast_against_realized(
                recent, axes, model=model, interval_level=content.interval_level
            )

        panels.append(Panel(ticker, figure_svg(draw, name=f"forecast-{place}", alt=alt)))
    return panels


def score_panels(scores: pd.DataFrame) -> list[Panel]:
    """Return the ratio to HAR of every model, a figure a horizon, tickers pooled."""
    pooled = scores[(scores["ticker"] == POOLED) & scores["ratio_to_har"].notna()]
    return _by_horizon(
        pooled,
        "scores",
        ratio_to_har,
        lambda part: (
            "QLIKE as a ratio to HAR: "
            + ", ".join(
                f"{model_label(model)} {ratio:.3f}"
                for model, ratio in zip(part["model"], part["ratio_to_har"], strict=True)
            )
        ),
    )


def training_panels(history: pd.DataFrame) -> list[Panel]:
    """Return the validation and the train curves of all folds; none without a history."""
    panels = []
    for loss in LABEL_OF_LOSS if len(history) else []:
        curves = curves_by_fold(history, loss)
        alt = (
            f"{LABEL_OF_LOSS[loss]} of {curves.shape[1]} folds by epoch, as a share of the HAR "
            f"start; the median of the lowest points is {curves.min().median():.3f}."
        )

        def draw(axes: Axes, curves: pd.DataFrame = curves, loss: str = loss) -> Axes:
            return training_curves(curves, axes, loss=loss)

        panels.append(
            Panel(LABEL_OF_LOSS[loss], figure_svg(draw, name=f"training-{loss}", alt=alt))
        )
    return panels


def regime_panels(table: pd.DataFrame) -> list[Panel]:
    """Return the error by regime, a figure a horizon."""
    return _by_horizon(
        table, "regimes", error_by_regime, lambda part: "QLIKE of each model on calm to stormy days"
    )


def loss_panels(daily: pd.DataFrame, worst: pd.DataFrame, model: str) -> list[Panel]:
    """Return the cumulative difference against HAR, a figure a horizon."""

    def draw(part: pd.DataFrame, axes: Axes) -> Axes:
        days = worst[worst["horizon"] == part["horizon"].iloc[0]]
        return cumulative_difference(part, days, axes, model=model)

    return _by_horizon(
        daily,
        "loss-days",
        draw,
        lambda part: (
            f"Cumulative QLIKE of {model_label(model)} minus HAR, ending at "
            f"{part['cumulative'].iloc[-1]:.2f}"
        ),
    )


def coverage_panels(table: pd.DataFrame, interval_level: float) -> list[Panel]:
    """Return the coverage of the intervals, a figure a horizon, tickers pooled."""

    def draw(part: pd.DataFrame, axes: Axes) -> Axes:
        return interval_coverage(part, axes, interval_level=interval_level)

    return _by_horizon(
        table,
        "coverage",
        draw,
        lambda part: f"Share of outcomes inside the interval; nominal {interval_level:.0%}",
    )


def density_panels(table: pd.DataFrame, model: str) -> list[Panel]:
    """Return the histogram of the probability integrals, a figure a horizon."""

    def draw(part: pd.DataFrame, axes: Axes) -> Axes:
        return pit_bars(part, axes, model=model)

    return _by_horizon(
        table,
        "density",
        draw,
        lambda part: (
            f"Share of outcomes in each tenth of the forecast density of {model_label(model)}, "
            f"from {part['share'].min():.0%} to {part['share'].max():.0%}"
        ),
    )


def _by_horizon(
    table: pd.DataFrame,
    name: str,
    draw: Callable[[pd.DataFrame, Axes], Axes],
    alt: Callable[[pd.DataFrame], str],
) -> list[Panel]:
    panels = []
    for horizon, part in table.groupby("horizon"):
        heading = horizon_name(int(str(horizon)))

        def draw_part(axes: Axes, part: pd.DataFrame = part) -> Axes:
            return draw(part, axes)

        text = f"{alt(part)} ({heading})."
        svg = figure_svg(draw_part, name=f"{name}-{horizon}", alt=text, height_px=240)
        panels.append(Panel(heading.capitalize(), svg))
    return panels
