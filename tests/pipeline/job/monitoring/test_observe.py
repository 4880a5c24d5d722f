"""What a daily run observes of its tickers."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from tests.pipeline.job.samples import FIRST, change_settings, make_context, replace_bars
from tests.pipeline.ledger.samples import DAY, EVENING, forecast, outcome
from volcast.features.feature_table import FeatureTable
from volcast.pipeline.home import Home
from volcast.pipeline.job.cycle import run_daily_cycle
from volcast.pipeline.job.monitoring.observe import observe_forecasts
from volcast.pipeline.job.monitoring.observe_clock import observe_stale_tickers
from volcast.pipeline.ledger.ledger import Ledger

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")


def test_a_ticker_without_new_bars_raises_an_alert_and_the_others_are_forecast(
    tmp_path, config, market
):
    panel = market.panel
    variance, x = panel.variance.copy(), np.array(panel.x)
    variance[FIRST - 2 :, 1], x[FIRST - 2 :, 1] = np.nan, np.nan
    dying = replace(market, panel=replace(panel, variance=variance, x=FeatureTable.from_array(x)))
    home = Home(tmp_path)
    with Ledger.to_write(home.ledger) as ledger:
        summary = run_daily_cycle(make_context(home, config, dying, ledger))
        issued = ledger.issued(panel.sessions[FIRST].date())
    assert set(issued["ticker"]) == {panel.tickers[0]}
    assert [(a.name, a.subject) for a in summary.raised] == [("missing ticker", panel.tickers[1])]


def test_coverage_is_that_of_intervals_of_the_level_that_is_set(home, config, market, ledger):
    sessions = [day.date() for day in market.panel.sessions[FIRST : FIRST + 50]]
    for number, day in enumerate(sessions):
        now = dt.datetime.combine(day, EVENING.timetz())
        is_inside, level = number >= 25, 0.8 if number < 25 else config.report.interval
        made = forecast(1e-4, day, interval_level=level, data_vintage=now - DAY)
        ledger.add_forecasts([made], now=now)
        ledger.add_outcomes([outcome(1.1e-4 if is_inside else 9e-4, day)], now=now + DAY)
    found = observe_forecasts(make_context(home, config, market, ledger, FIRST + 50))
    (words,) = [each.words for each in found if each.subject == "1-session intervals"]
    assert words.startswith("1-session intervals: 100.0% of the outcomes of 25 sessions")


def test_a_ticker_without_any_bar_counts_from_its_last_forecast(home, config, market, ledger):
    run_daily_cycle(make_context(home, config, market, ledger))
    two = change_settings(config, data={"tickers": ("AAA", "BBB")})
    bars = market.bars[market.bars["ticker"] == "AAA"]
    one = replace_bars(market, bars, two)
    context = make_context(home, two, one, ledger, FIRST + 3)
    words = [o.words for o in observe_stale_tickers(context) if o.subject == "BBB"]
    assert words == ["BBB has no bar for the last 3 sessions"]
