"""Which tickers have a short history, which too short a one, and what a held bar does to one."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.data.conftest import make_bars
from volcast.features.feature_table import FeatureTable
from volcast.models.forecaster import SHORTEST_HISTORY
from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.settings import Config
from volcast.pipeline.panel.build import build_grids, build_panel, build_sample
from volcast.pipeline.panel.held_bars import carry_features
from volcast.pipeline.panel.short_histories import (
    find_short_histories,
    find_tickers_without_rows,
    list_histories,
)

DAY = pd.Timestamp("2024-06-28")
CONFIG = Config()


def make_market(**sessions):
    """Bars of tickers with so many sessions each up to `DAY`, moving enough to have a variance."""
    bars = pd.concat([make_bars(name, "2022-01-03", str(DAY.date())) for name in sessions])
    return pd.concat(
        [bars[bars["ticker"] == name].tail(count) for name, count in sessions.items()],
        ignore_index=True,
    )


def build(bars, config=CONFIG):
    return build_panel(build_grids(bars, config), config)


def test_the_message_says_how_many_sessions_there_are_and_how_many_are_needed():
    bars = make_market(OLD=400, NEW=SHORTEST_HISTORY + 1, TINY=SHORTEST_HISTORY, ONE=1)
    expected = (
        "its history is too short for any forecast: {} sessions with a variance, 40 are needed"
    )
    reasons = find_tickers_without_rows(build(bars))
    assert reasons == {"TINY": expected.format(39), "ONE": expected.format(0)}


def test_a_ticker_without_a_bar_at_the_origin_cannot_be_forecast_from_it():
    bars = make_market(OLD=400, NEW=64)
    panel = build(bars[(bars["ticker"] == "OLD") | (bars["session"] < DAY)])
    assert find_tickers_without_rows(panel) == {}
    last = len(panel.sessions) - 1
    assert find_tickers_without_rows(panel, last) == {
        "NEW": "a feature that forecasts need is unknown: bars are missing before it; complete "
        "them, or set the calendar that they follow"
    }
    assert find_tickers_without_rows(panel, last - 1) == {}


def test_sixty_bars_are_enough_whichever_features_are_selected():
    bars = make_market(OLD=400, NEW=60)
    for select in (["default"], ["all"], ["har_1", "har_5", "har_22"]):
        sample = build_sample(build(bars, load_config(None, {"features": {"select": select}})))
        assert sample.forecastable()[-1, sample.x.shape[1] - 1], select


def test_a_history_has_the_number_of_its_bars_and_its_first_session():
    bars = make_market(OLD=400, NEW=64)
    first = bars.loc[bars["ticker"] == "NEW", "session"].min()
    found = list_histories(bars, ["NEW", "GONE"], DAY)
    assert found.to_dict("records") == [{"ticker": "NEW", "sessions": 64, "first": first}]
    second = bars.loc[bars["session"] > first, "session"].min()
    assert list_histories(bars, ["NEW"], second)["sessions"].tolist() == [2]


def test_the_newest_forecast_tells_whether_a_history_is_short():
    days = pd.bdate_range("2024-01-01", periods=3)
    table = pd.DataFrame(
        {
            "ticker": ["GROWN"] * 3 + ["NEW"] * 3 + ["NONE"] * 3,
            "origin": [*days, *days[::-1], *days],
            "variance": [1.0] * 6 + [np.nan] * 3,
            "short_history": [True, True, False, True, False, False, *[True] * 3],
        }
    )
    assert find_short_histories(table) == ["NEW"]
    assert find_short_histories(table.drop(columns="short_history")) == []  # of an earlier version


@pytest.mark.parametrize("sessions", [45, 400])
def test_a_held_bar_is_forecast_from_the_row_before_also_in_a_short_history(sessions):
    bars = make_market(OLD=401, NEW=sessions)
    known = bars[(bars["ticker"] == "OLD") | (bars["session"] < DAY)]
    held = {"NEW": DAY}
    panel = build_panel(build_grids(known, CONFIG, held), CONFIG)
    assert not build_sample(panel).forecastable()[-1, 1]
    carried = carry_features(panel, held)
    sample = build_sample(carried)
    assert sample.forecastable()[-1, 1]
    assert sample.short_history()[-1, 1] == (sessions == 45)
    np.testing.assert_array_equal(carried.x[-1, 1], panel.x[-2, 1])
    late = dataclasses.replace(
        panel, x=FeatureTable.from_array(np.where(panel.long_run, np.nan, panel.x))
    )
    assert np.isfinite(
        carry_features(late, held).x[-1, 1][~(panel.optional | panel.long_run)]
    ).all()
