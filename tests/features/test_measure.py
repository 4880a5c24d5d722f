import dataclasses
from math import log

import arch.data.nasdaq
import arch.data.sp500
import numpy as np
import pytest

from tests.features.samples import bars_from_lists
from volcast.features.measure import find_stale_opens, measure_variance

RS = "overnight_rogers_satchell"


def index_bars(rows, overnight_share, seed=0):
    """Return an index whose opens keep a share of the overnight move; the rest follows at once."""
    rng = np.random.default_rng(seed)
    overnight = 0.006 * rng.standard_normal(rows)
    steps = 0.01 / np.sqrt(50) * rng.standard_normal((rows, 50))
    session = np.c_[(1 - overnight_share) * overnight, steps].cumsum(axis=1)
    opens = overnight_share * overnight
    close_before = np.r_[0.0, np.cumsum(opens + session[:, -1])[:-1]]
    path = close_before[:, None] + opens[:, None] + np.c_[np.zeros(rows), session]
    prices = np.exp(path)
    return bars_from_lists(
        open=prices[:, 0],
        high=prices.max(axis=1),
        low=prices.min(axis=1),
        close=prices[:, -1],
    )


def test_an_index_that_opens_at_its_previous_close_is_measured_by_its_true_range():
    bars = index_bars(400, overnight_share=0.0)
    assert find_stale_opens(bars)[30:].all()
    highest = np.maximum(bars.high[1:], bars.close[:-1])
    lowest = np.minimum(bars.low[1:], bars.close[:-1])
    by_hand = np.log(highest / lowest) ** 2 / (4 * log(2))
    assert bars.variance[30:].ravel() == pytest.approx(by_hand[29:].ravel(), rel=1e-12)


@pytest.mark.parametrize("overnight_share", [0.0, 1.0])
def test_measure_times_factor_is_the_variance_of_returns_whether_opens_are_stale_or_not(
    overnight_share,
):
    bars = index_bars(4000, overnight_share, seed=1)
    squared_return = np.nanmean(bars.log_return[500:] ** 2)
    calibrated = (bars.level_factor[499:-1] * bars.variance[500:]).mean()
    assert calibrated == pytest.approx(squared_return, rel=0.05)
    missed = bars.variance[500:].mean() / squared_return
    assert (missed < 0.8) == (overnight_share == 0.0)


def test_stale_opens_are_recognised_from_the_past_only():
    honest, stale = index_bars(300, overnight_share=1.0), index_bars(300, overnight_share=0.0)
    assert not find_stale_opens(honest).any()
    assert not find_stale_opens(stale)[:22].any()  # not before a month is known
    assert (find_stale_opens(stale.until(100)) == find_stale_opens(stale)[:101]).all()


def test_one_bad_price_does_not_end_a_stale_open():
    bars = index_bars(400, overnight_share=0.0)
    opens = bars.open.copy()
    opens[200] /= 100
    broken = dataclasses.replace(bars, open=opens)
    assert find_stale_opens(broken)[30:].all()


def test_a_day_of_pure_trend_is_measured_by_its_true_range():
    """2002-07-29 of the S&P 500: low = open = the close before, high = close, +5.3 %."""
    bars = bars_from_lists(
        open=[852.84, 852.84], high=[853, 898.96], low=[850, 852.84], close=[852.84, 898.96]
    )
    moved = log(898.96 / 852.84)
    assert measure_variance(bars, RS)[1, 0] == pytest.approx(moved**2 / (4 * log(2)))


def test_a_bar_without_a_range_is_measured_by_its_return():
    fund = bars_from_lists(open=[10, 10.2], high=[10, 10.2], low=[10, 10.2], close=[10, 10.2])
    for proxy in (RS, "parkinson", "true_range_parkinson"):
        assert measure_variance(fund, proxy)[1, 0] == pytest.approx(log(1.02) ** 2)


def test_a_bar_without_range_and_return_is_stale():
    flat = bars_from_lists(open=[10, 10], high=[10, 10], low=[10, 10], close=[10, 10])
    assert np.isnan(measure_variance(flat, RS)).all()


@pytest.mark.parametrize(("index", "stale"), [(arch.data.sp500, True), (arch.data.nasdaq, False)])
def test_the_opens_of_one_embedded_index_are_stale_and_no_bar_of_either_is_lost(index, stale):
    frame = index.load()
    bars = bars_from_lists(
        **{name: frame[name.title()] for name in ("open", "high", "low", "close")}
    )
    crisis = (frame.index >= "2000") & (frame.index < "2010")
    assert (find_stale_opens(bars)[crisis] == stale).all()
    assert np.isfinite(bars.variance[1:]).all()
