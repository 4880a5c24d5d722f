import dataclasses

import numpy as np
import pandas as pd
import pytest

from tests.features.samples import bars_from_lists
from volcast.features.bars import Bars
from volcast.features.panel import Panel, build_exchange_panel, join_panels
from volcast.features.registry import FEATURES
from volcast.features.selection import select_features
from volcast.features.target import future_mean_variance

HORIZONS = (1, 5, 22)


@pytest.fixture(scope="module")
def panel(bars: Bars, following: pd.DatetimeIndex) -> Panel:
    return build_exchange_panel(bars, select_features(["all"]), HORIZONS, following)


def weekend_panel(ticker: str) -> Panel:
    """Four sessions, of which the first two and none of the others fall on a weekend."""
    bars = bars_from_lists(open=[1] * 4, high=[1.1] * 4, low=[0.9] * 4, close=[1] * 4)
    sessions = pd.date_range("2018-12-29", periods=4)
    bars = dataclasses.replace(bars, sessions=sessions, tickers=(ticker,))
    return build_exchange_panel(
        bars, select_features(["all"]), HORIZONS, pd.date_range("2019-01-02", periods=22)
    )


def test_the_matrix_holds_every_feature_as_float32(bars, panel):
    assert np.asarray(panel.x).dtype == np.float32
    for position, name in enumerate(panel.names):
        expected = FEATURES[name].compute(bars).astype(np.float32)
        expected[np.isnan(bars.close) & np.isnan(bars.variance)] = np.nan
        np.testing.assert_array_equal(panel.x[:, :, position], expected)
        assert panel.optional[position] == FEATURES[name].optional


def test_the_targets_are_aligned_with_their_dates(bars, panel):
    for position, horizon in enumerate(HORIZONS):
        expected = future_mean_variance(bars.variance, horizon)
        np.testing.assert_array_equal(panel.target[:, :, position], expected)
    assert panel.target_start[0, 0] == bars.sessions[1]
    assert panel.target_end[0, 2, 1] == bars.sessions[5]
    assert panel.target_end[-1, 0, 0] > bars.sessions[-1]


def test_an_empty_cell_of_another_exchange_is_nan_and_nat(panel):
    other = weekend_panel("BTC")
    both = join_panels([panel, other])
    assert both.tickers == (*panel.tickers, "BTC")
    assert both.sessions.is_monotonic_increasing
    weekend, shared = both.sessions.get_indexer(["2018-12-29", "2019-01-01"])
    assert np.isnan(both.x[weekend, :-1]).all()
    assert np.isnat(both.target_end[weekend, :-1]).all()
    assert both.target_start[weekend, -1] == np.datetime64("2018-12-30")
    assert not np.isnat(both.target_start[shared]).any()


def test_joining_changes_no_number(panel):
    both = join_panels([panel, weekend_panel("BTC")])
    rows = both.sessions.get_indexer(panel.sessions)
    for name in ("x", "target", "variance", "log_return", "target_start", "target_end"):
        joined, alone = np.asarray(getattr(both, name)), np.asarray(getattr(panel, name))
        np.testing.assert_array_equal(joined[rows, :-1], alone)
        assert joined.dtype == alone.dtype


def test_one_panel_joined_is_itself(panel):
    assert join_panels([panel]) is panel


def test_panels_that_do_not_fit_are_refused(panel):
    with pytest.raises(ValueError, match="no panel"):
        join_panels([])
    with pytest.raises(ValueError, match=r"\['A'\] are in two panels"):
        join_panels([panel, weekend_panel("A")])
    with pytest.raises(ValueError, match="same features and horizons"):
        join_panels([panel, dataclasses.replace(weekend_panel("BTC"), horizons=(1, 5))])


def test_a_single_ticker_has_no_market_features_and_loses_no_row(bars, following):
    alone = {
        name: getattr(bars, name)[:, :1]
        for name in ("open", "high", "low", "close", "adj_close", "volume", "realized")
    }
    single = dataclasses.replace(bars, tickers=("A",), **alone)
    panel = build_exchange_panel(
        single, select_features(["past_volatility", "market"]), (1,), following
    )
    assert np.isnan(panel.x[:, :, panel.optional]).all()
    assert np.isfinite(panel.x[-1, 0, ~panel.optional]).all()
