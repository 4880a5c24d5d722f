"""Draws the forecasts of one ticker against realised volatility."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import date2num

from volcast.reports.figures.palette import INK, date_axis, label_axes, legend_above, model_colour
from volcast.reports.model_labels import model_label

HEADROOM = 1.08  # the axis ends this far above the highest line
FEW_SESSIONS = 15  # with fewer, single days are named on the axis
DAYS_NAMED = 5
LONE_OUTLIER = 1.5  # an outcome this far above all else is cut and marked
OUTLIER_PLACE = 0.97  # of the mark, as a share of the height


def forecast_against_realized(
    recent: pd.DataFrame,
    axes: Axes,
    *,
    model: str,
    interval_level: float,
    label: str | None = None,
) -> Axes:
    """Draw the table of `volcast.reports.scoring.breakdowns.recent_forecasts` (annualised percent).

    Outcomes are dots, the model (`label` in the legend, its own name if None) a line with its
    interval as a band, HAR a thin line. NaN leaves a gap; the newest forecast, whose outcome is not
    known, is marked by a larger dot with its interval as an upright line. One outcome far above all
    else is cut: a mark at the top gives its value.
    """
    colour, dates = model_colour(model), recent["date"]
    band = f"{interval_level:.0%} interval"
    axes.fill_between(
        dates, recent["lower"], recent["upper"], color=colour, alpha=0.22, linewidth=0, label=band
    )
    few = dates.nunique() <= FEW_SESSIONS
    axes.plot(
        dates,
        recent["realized"],
        linestyle="none",
        marker=".",
        markersize=8.0 if few else 5.5,
        markeredgewidth=0.0,
        color=INK,
        alpha=0.7,
        label="Realised",
    )
    lines = [("volatility", colour, 1.4, label or model_label(model))]
    if model != "har":
        lines.insert(0, ("har", model_colour("har"), 0.9, "HAR"))
    dot = "." if few else ""  # a line of one point would not be seen
    for column, hue, width, name in lines:
        axes.plot(dates, recent[column], marker=dot, color=hue, linewidth=width, label=name)
    newest = recent.tail(1)
    axes.vlines(newest["date"], newest["lower"], newest["upper"], color=colour, linewidth=1.0)
    axes.plot(newest["date"], newest["volatility"], marker="o", markersize=4.5, color=colour)
    _fit_height(recent, axes)
    _name_days(dates, axes)
    label_axes(axes, x="Session forecast (date)", y="Volatility (annualised, %)")
    legend_above(axes)
    return axes


def _fit_height(recent: pd.DataFrame, axes: Axes) -> None:
    """End the axis above the interval and every outcome, except a single outlier."""
    lines = recent[["volatility", "har", "upper"]].to_numpy(np.float64)
    realized = recent["realized"].to_numpy(np.float64)
    others = np.sort(realized[np.isfinite(realized)])
    rest = max([0.0, *lines[np.isfinite(lines)], *others[:-1]])
    highest = max([rest, *others[-1:]])
    if rest > 0 and highest > LONE_OUTLIER * rest:
        _mark_outlier(recent, int(np.nanargmax(realized)), axes)
        highest = rest
    if highest > 0:
        axes.set_ylim(0.0, HEADROOM * highest)


def _mark_outlier(recent: pd.DataFrame, place: int, axes: Axes) -> None:
    upright = axes.get_xaxis_transform()  # dates along, shares of the height upwards
    day = date2num(recent["date"].iloc[place])  # type: ignore[no-untyped-call]
    axes.plot([day], [OUTLIER_PLACE], marker="^", markersize=5.0, color=INK, transform=upright)
    late = place > len(recent) // 2  # its value is then on the left, inside the figure
    axes.annotate(
        f"{recent['realized'].iloc[place]:.0f}",
        (day, OUTLIER_PLACE),
        xycoords=upright,
        xytext=(-5.0 if late else 5.0, 0.0),
        textcoords="offset points",
        ha="right" if late else "left",
        va="center",
    )


def _name_days(dates: pd.Series, axes: Axes) -> None:
    """Show dates, and single days where there are few: never hours."""
    days = dates.drop_duplicates()
    if len(days) > FEW_SESSIONS:
        date_axis(axes)
        return
    named = days.iloc[:: -(-len(days) // DAYS_NAMED) or 1]
    axes.set_xticks(list(named), [f"{day.day} {day:%b}" for day in named])
    if len(days) == 1:  # else the axis would span nothing
        around = pd.Timedelta(days=1)
        axes.set_xlim(days.iloc[0] - around, days.iloc[0] + around)
