"""A `variance` column with tomorrow in it gives a warning, also where only its newest year has."""

from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.samples import make_prices
from volcast.pipeline.backtest.look_ahead.result_log import ResultLog
from volcast.pipeline.backtest.look_ahead.variance_column import check_variance_timing
from volcast.pipeline.config.settings import Config
from volcast.pipeline.data.quality.check import check_bars
from volcast.pipeline.panel.build import build_grids

SESSIONS = 1200
RECENT = np.arange(SESSIONS) >= SESSIONS - 250


def garman_klass(prices):
    high, low, close = (np.log(prices[name] / prices["open"]) for name in ("high", "low", "close"))
    return ((high - low) ** 2 / 2 - (2 * np.log(2) - 1) * close**2).clip(lower=1e-7)


def check(change):
    """Return the warnings on a ticker with a changed variance, and on one without any."""
    prices = make_prices("AAA", 1, SESSIONS).assign(variance=lambda p: change(garman_klass(p)))
    raw = pd.concat([prices, make_prices("BBB", 2, SESSIONS)]).rename(columns={"date": "session"})
    return list(check_variance_timing(build_grids(check_bars(raw).bars, Config())))


@pytest.mark.parametrize("change", [lambda v: v, lambda v: v.rolling(3, min_periods=1).mean()])
def test_an_honest_column_and_one_smoothed_over_the_past_give_no_warning(change):
    results = check(change)
    assert [result.warning for result in results] == ["", ""]
    assert results[0].compared > 1000 and results[1].compared > 200


def test_a_column_smoothed_over_both_sides_gives_a_warning():
    results = check(lambda v: v.rolling(3, center=True, min_periods=1).mean())
    assert results[0].warning.startswith("the variance of AAA may contain the next session")
    assert results[1].warning.startswith("the variance of the last 250 sessions of AAA may contain")


def test_tomorrows_variance_in_the_newest_sessions_gives_a_warning():
    results = check(lambda v: v.where(~RECENT, v.shift(-1)))
    assert results[0].warning == "" and "the last 250 sessions of AAA" in results[1].warning


def test_a_run_without_a_measured_variance_is_not_checked():
    raw = make_prices().rename(columns={"date": "session"})
    assert list(check_variance_timing(build_grids(check_bars(raw).bars, Config()))) == []


def test_a_warning_is_shown_and_counted_and_is_no_failure():
    shown = []
    log = ResultLog(Mock(note=shown.append))
    log.add("variance column", check(lambda v: v.where(~RECENT, v.shift(-1))))
    (warning,) = shown
    assert warning.startswith("warning: the variance of the last 250 sessions of AAA")
    assert log.summary() == "no look-ahead found in 2 probes, 1 warning"
