"""A new listing among tickers with a long history: what it lacks, and that it changes no other."""

import dataclasses

import numpy as np
import pytest

from tests.features.leak_search import find_leak
from tests.features.samples import bars_from_lists, random_bars
from volcast.features.bar_checks import GRIDS
from volcast.features.bars import Bars
from volcast.features.registry import FEATURES
from volcast.features.windows import is_mostly_valid

ROWS, NEW = 420, 1
LISTED, IN_MARKET = 300, 449  # the first bar, and the row at which 150 of 250 sessions have one
LONG_RUN = ["har_250", "mean_log_250", "mean_log_all", "own_level_250", "jumpiness_250"]


def with_listing(bars: Bars, listed: int) -> Bars:
    """The same bars, the ticker `NEW` with none before its listing and all from there on."""
    grids = {}
    for name in GRIDS:
        grids[name] = getattr(bars, name).copy()
        grids[name][:listed, NEW] = np.nan
    return dataclasses.replace(bars, **grids)


@pytest.fixture(scope="module")
def complete() -> Bars:
    """Bars without gaps in which no ticker brings a variance of its own."""
    bars = random_bars(rows=ROWS + 60, seed=5)
    rng = np.random.default_rng(5)
    grids = {name: getattr(bars, name).copy() for name in GRIDS}
    missing = np.isnan(grids["close"])
    for name in GRIDS[:-1]:
        usual = np.exp(rng.normal(0.0, 0.01, missing.sum())) * (1e3 if name == "volume" else 40.0)
        grids[name][missing] = usual
    grids["high"][missing] = 42.0
    grids["low"][missing] = 38.0
    grids["realized"][:] = np.nan
    return dataclasses.replace(bars, **grids)


def test_sixty_percent_are_counted_from_the_first_row_on_by_hand():
    x = np.array([np.nan, 1.0, 1.0, 1.0, np.nan, np.nan, 1.0])[:, None]
    valid = is_mostly_valid(x, 5)[:, 0].tolist()  # 0/1 1/2 2/3 3/4 3/5 3/5 3/5
    assert valid == [False, False, True, True, True, True, True]
    assert is_mostly_valid(x[4:], 5)[:, 0].tolist() == [False, False, False]  # 0/1 0/2 1/3


@pytest.mark.parametrize("sessions", [1, 5, 22, 250])
def test_sixty_percent_are_those_of_a_loop(sessions):
    x = np.where(np.random.default_rng(0).random((300, 3)) < 0.4, np.nan, 1.0)
    valid = is_mostly_valid(x, sessions)
    for t in range(len(x)):
        window = x[max(0, t - sessions + 1) : t + 1]
        expected = 10 * np.isfinite(window).sum(axis=0) >= 6 * len(window)
        np.testing.assert_array_equal(valid[t], expected)


def test_the_long_run_features_are_the_five_that_need_most_of_a_year_or_the_long_run_level():
    assert [item.name for item in FEATURES.values() if item.long_run] == LONG_RUN
    assert not any(FEATURES[name].optional for name in LONG_RUN)


def test_a_listing_has_all_but_its_long_run_features_from_its_fortieth_variance_on(complete):
    bars = with_listing(complete, LISTED)
    known = np.isfinite(bars.variance[:, NEW]).cumsum()
    row = int(np.argmax(known == 40))
    for name, item in FEATURES.items():
        if not item.optional:
            values = item.compute(bars)[:, NEW]
            assert np.isfinite(values[row]) == (name not in LONG_RUN), name
    quarter = FEATURES["har_66"].compute(bars)[:, NEW]
    assert np.isnan(quarter[row - 1]) and np.isfinite(quarter[row])
    level = FEATURES["mean_log_all"].compute(bars)[:, NEW]
    assert np.isnan(level[known < 60]).all() and np.isfinite(level[known >= 60]).all()


@pytest.mark.parametrize("name", FEATURES)
def test_a_listing_changes_no_feature_of_another_ticker_until_it_is_in_the_market(complete, name):
    before = FEATURES[name].compute(with_listing(complete, len(complete.sessions)))
    after = FEATURES[name].compute(with_listing(complete, LISTED))
    others = np.arange(after.shape[1]) != NEW
    np.testing.assert_array_equal(after[:IN_MARKET, others], before[:IN_MARKET, others])
    if FEATURES[name].family == "market":  # from here on it is a part of it
        assert (after[IN_MARKET:, others] != before[IN_MARKET:, others]).any()


def test_a_listing_takes_the_level_of_the_panel_and_does_not_change_it(complete):
    before = with_listing(complete, len(complete.sessions)).level_factor
    after = with_listing(complete, LISTED).level_factor
    others = np.arange(after.shape[1]) != NEW
    np.testing.assert_array_equal(after[:IN_MARKET, others], before[:IN_MARKET, others])
    assert (after[IN_MARKET:, others] != before[IN_MARKET:, others]).all()
    assert (after[LISTED + 60 : IN_MARKET, NEW] != before[LISTED + 60 : IN_MARKET, NEW]).all()


def test_tickers_that_begin_together_are_a_market_from_the_first_session_on(complete):
    assert complete.in_market.all()
    one = bars_from_lists(open=[1.0] * 3, high=[1.1] * 3, low=[0.9] * 3, close=[1.0] * 3)
    assert one.in_market.all()


def test_who_is_in_the_market_does_not_depend_on_the_future(complete, rng):
    bars = with_listing(complete, LISTED)
    origins = (LISTED, LISTED + 40, IN_MARKET - 1, IN_MARKET, IN_MARKET + 10)
    in_market = find_leak(lambda b: b.in_market.astype(float), bars, origins, rng)
    assert in_market is None and find_leak(lambda b: b.level_factor, bars, origins, rng) is None
