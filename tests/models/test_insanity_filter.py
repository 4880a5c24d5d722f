"""The insanity filter: the range of the targets, and the count of clipped forecasts."""

from dataclasses import replace

import numpy as np

from tests.models.samples import LAST_KNOWN, SPLIT, make_sample
from volcast.models.forecaster import select_fit_rows
from volcast.models.insanity_filter import Bounds

SAMPLE = make_sample()


def test_bounds_are_the_range_of_the_targets_before_the_test():
    bounds = Bounds.fit(SAMPLE.until(LAST_KNOWN), SPLIT)
    rows = select_fit_rows(SAMPLE.until(LAST_KNOWN), SPLIT.both)
    for ticker in range(3):
        mine = SAMPLE.target[np.flatnonzero(rows[:, ticker]), ticker]
        np.testing.assert_array_equal(bounds.low[ticker], mine.min(axis=0))
        np.testing.assert_array_equal(bounds.high[ticker], mine.max(axis=0))


def test_a_ticker_without_rows_takes_the_range_of_all():
    target = SAMPLE.target.copy()
    target[:, 1] = np.nan
    bounds = Bounds.fit(replace(SAMPLE, target=target).until(LAST_KNOWN), SPLIT)
    np.testing.assert_array_equal(bounds.low[1], bounds.low[[0, 2]].min(axis=0))
    np.testing.assert_array_equal(bounds.high[1], bounds.high[[0, 2]].max(axis=0))


def test_every_changed_forecast_is_counted_as_clipped_and_no_other():
    bounds = Bounds(low=np.array([[1.0]]), high=np.array([[2.0]]))
    forecast = np.array([0.5, 1.0, 1.5, 2.0, 9.0, np.inf, np.nan]).reshape(-1, 1, 1)
    bounded, clipped = bounds.clip(forecast)
    np.testing.assert_array_equal(bounded.ravel(), [1.0, 1.0, 1.5, 2.0, 2.0, 2.0, np.nan])
    assert clipped.ravel().tolist() == [True, False, False, False, True, True, False]
