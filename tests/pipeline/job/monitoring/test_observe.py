"""What a daily run observes of its tickers."""

from dataclasses import replace

import numpy as np
import pytest

from tests.pipeline.job.samples import FIRST, change_settings, make_context, replace_bars
from volcast.features.feature_table import FeatureTable
from volcast.pipeline.home import Home
from volcast.pipeline.job.cycle import run_daily_cycle
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


def test_a_ticker_without_any_bar_counts_from_its_last_forecast(home, config, market, ledger):
    run_daily_cycle(make_context(home, config, market, ledger))
    two = change_settings(config, data={"tickers": ("AAA", "BBB")})
    bars = market.bars[market.bars["ticker"] == "AAA"]
    one = replace_bars(market, bars, two)
    context = make_context(home, two, one, ledger, FIRST + 3)
    words = [o.words for o in observe_stale_tickers(context) if o.subject == "BBB"]
    assert words == ["BBB has no bar for the last 3 sessions"]
