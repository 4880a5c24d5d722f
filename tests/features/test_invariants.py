import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.features.samples import random_bars
from volcast.features.bar_checks import PRICES
from volcast.features.bars import Bars
from volcast.features.registry import FEATURES

BARS = random_bars()
COMPUTED = {name: item.compute(BARS) for name, item in FEATURES.items()}
# Where no date is announced, the errors of the estimates of all tickers tell the chances; surprises
# are shrunk to the mean of all tickers.
POOLED_REPORTS = {
    *("report_next", "report_in_2", "report_in_3_to_5", "report_within_5", "report_within_22"),
    *("report_own_surprise", "report_own_next", "report_own_within_5", "report_own_within_22"),
}
PER_TICKER = [
    name
    for name, item in FEATURES.items()
    if item.family != "market" and name not in POOLED_REPORTS
]


def scaled(bars: Bars, factor: np.ndarray | float, names: tuple[str, ...] = PRICES) -> Bars:
    return dataclasses.replace(bars, **{name: getattr(bars, name) * factor for name in names})


def assert_unchanged(bars: Bars) -> None:
    for name, item in FEATURES.items():
        np.testing.assert_allclose(
            item.compute(bars), COMPUTED[name], rtol=1e-7, atol=1e-9, err_msg=name
        )


@settings(max_examples=15, deadline=None)
@given(factor=st.floats(1e-4, 1e4))
def test_a_change_of_currency_leaves_every_feature_unchanged(factor):
    assert_unchanged(scaled(BARS, factor))


@settings(max_examples=15, deadline=None)
@given(ratio=st.sampled_from([0.1, 0.5, 2.0, 3.0, 7.0]), row=st.integers(1, 329))
def test_a_split_with_a_consistent_adjusted_close_leaves_every_feature_unchanged(ratio, row):
    before = np.where(np.arange(len(BARS.sessions)) < row, ratio, 1.0)[:, None]
    assert_unchanged(scaled(BARS, before, ("open", "high", "low", "close")))


@pytest.mark.parametrize("name", PER_TICKER)
def test_a_ticker_has_the_same_features_alone_as_with_others(name):
    grids = (*PRICES, "volume", "realized")
    for n, ticker in enumerate(BARS.tickers):
        column = {grid: getattr(BARS, grid)[:, n : n + 1] for grid in grids}
        own = BARS.reports.split_by_column(len(BARS.tickers))[n]
        reports = dataclasses.replace(own, column=np.zeros_like(own.column))
        alone = dataclasses.replace(BARS, tickers=(ticker,), reports=reports, **column)
        np.testing.assert_array_equal(FEATURES[name].compute(alone)[:, 0], COMPUTED[name][:, n])


@pytest.mark.parametrize("name", sorted(POOLED_REPORTS))
def test_a_feature_that_is_pooled_over_tickers_depends_on_the_others(name):
    grids = (*PRICES, "volume", "realized")
    kept = [1, 3]
    others = {grid: getattr(BARS, grid)[:, kept] for grid in grids}
    own = BARS.reports.select(BARS.reports.column == 1)
    reports = dataclasses.replace(own, column=np.zeros_like(own.column))
    fewer = dataclasses.replace(BARS, tickers=("B", "D"), reports=reports, **others)
    assert not np.array_equal(
        FEATURES[name].compute(fewer), COMPUTED[name][:, kept], equal_nan=True
    )


@pytest.mark.parametrize("name", [name for name, f in FEATURES.items() if f.family == "reports"])
def test_the_order_of_tickers_and_of_versions_does_not_matter_to_reports(name, rng):
    order = rng.permutation(len(BARS.tickers))
    grids = {grid: getattr(BARS, grid)[:, order] for grid in (*PRICES, "volume", "realized")}
    shuffled = BARS.reports.select(rng.permutation(len(BARS.reports.column)))
    reports = dataclasses.replace(shuffled, column=np.argsort(order)[shuffled.column])
    tickers = tuple(BARS.tickers[n] for n in order)
    other = dataclasses.replace(BARS, tickers=tickers, reports=reports, **grids)
    # The pooled sums add up in another order.
    np.testing.assert_allclose(
        FEATURES[name].compute(other), COMPUTED[name][:, order], rtol=3e-7, atol=1e-13
    )


@pytest.mark.parametrize("rows", [1, 2, 5, 20])
def test_a_short_history_gives_nan_and_no_error(rows):
    short = BARS.until(rows - 1)
    for item in FEATURES.values():
        assert item.compute(short).shape == (rows, len(BARS.tickers))
