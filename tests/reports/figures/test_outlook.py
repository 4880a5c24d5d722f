"""The figures of a forecast without a run: what is drawn, and where it ends."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from volcast.reports.figures.attribution import draw_attribution
from volcast.reports.figures.outlook import draw_outlook

DAYS = pd.bdate_range("2024-01-01", periods=60)
MEASURED = pd.DataFrame({"session": DAYS, "volatility": np.linspace(10, 20, 60)})
FORECASTS = pd.DataFrame(
    {
        "from": [DAYS[-1]] * 2,
        "to": DAYS[-1] + pd.to_timedelta([1, 7], unit="D"),
        "volatility": [18.0, 19.0],
        "har": [17.0, 18.0],
        "lower_80": [12.0, 13.0],
        "upper_80": [25.0, 24.0],
        "lower_95": [8.0, 9.0],
        "upper_95": [40.0, 33.0],
    }
)


def draw(measured=MEASURED, levels=(80, 95)):
    return draw_outlook(measured, FORECASTS, Figure().add_subplot(), levels=levels)


def test_every_level_has_a_bar_and_the_first_month_serves_the_mean_alone():
    axes = draw()
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["Measured", "Mean of a month", "95 % interval", "80 % interval", "Forecast",
                      "HAR"]  # fmt: skip
    dots, mean = axes.lines[:2]
    assert len(dots.get_xdata()) == len(mean.get_xdata()) == 60 - 22
    by_hand = np.sqrt((MEASURED["volatility"].iloc[1:23] ** 2).mean())
    assert mean.get_ydata()[0] == pytest.approx(by_hand)


def test_the_axis_holds_every_interval_but_not_every_day():
    assert draw().get_ylim()[1] == pytest.approx(1.08 * 40)
    wild = MEASURED.assign(volatility=[*MEASURED["volatility"][:-1], 500.0])
    assert draw(wild).get_ylim()[1] == pytest.approx(1.08 * 1.6 * 40)


def test_few_measured_sessions_are_all_drawn():
    assert len(draw(MEASURED.tail(10)).lines[0].get_xdata()) == 10


def test_small_effects_are_one_bar_whose_length_is_that_of_their_sum():
    shares = np.array([0.5, -0.3, *[0.02] * 18])
    table = pd.DataFrame(
        {
            "feature": [f"f{n}" for n in range(20)],
            "contribution": shares,
            "effect_pct": 100 * np.expm1(shares / 2),
        }
    )
    axes = draw_attribution(table, Figure().add_subplot())
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names[0] == "f0" and names[-1] == "8 others" and len(axes.patches) == 13
    assert axes.patches[-1].get_width() == pytest.approx(100 * np.expm1(0.08))
