"""Draws a model's cumulative loss difference from HAR, and the days of its largest losses."""

import pandas as pd
from matplotlib.axes import Axes

from volcast.reports.figures.palette import INK, date_axis, label_axes, legend_above, model_colour
from volcast.reports.model_labels import model_label

NUMBERED_DAYS = 3
APART = 0.04  # of the time shown; closer numbers would cover each other


def cumulative_difference(
    daily: pd.DataFrame, worst: pd.DataFrame, axes: Axes, *, model: str
) -> Axes:
    """Draw one horizon of `against_baseline` and `loss_days` (volcast.reports.scoring.breakdowns).

    A falling line is a model that beats HAR. The days of the model's largest losses are dots, and
    the three largest are numbered, unless a larger one is close by.
    """
    colour = model_colour(model)
    axes.axhline(0.0, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.plot(
        daily["target_start"],
        daily["cumulative"],
        color=colour,
        linewidth=1.4,
        label=f"{model_label(model)} minus HAR",
    )
    axes.plot(
        worst["target_start"],
        worst["cumulative"],
        linestyle="none",
        marker="o",
        markersize=4,
        color=model_colour("har"),
        label="Largest losses",
    )
    _number_days(daily, worst, axes)
    date_axis(axes)
    label_axes(axes, x="Session forecast (date)", y="Cumulative QLIKE difference (no unit)")
    legend_above(axes)
    return axes


def _number_days(daily: pd.DataFrame, worst: pd.DataFrame, axes: Axes) -> None:
    apart = APART * (daily["target_start"].max() - daily["target_start"].min())
    placed: list[pd.Timestamp] = []
    days = worst[["target_start", "cumulative"]].head(NUMBERED_DAYS)
    for number, (date, level) in enumerate(days.itertuples(index=False), start=1):
        if all(abs(date - other) > apart for other in placed):
            placed.append(date)
            axes.annotate(str(number), (date, level), xytext=(4, 5), textcoords="offset points")
