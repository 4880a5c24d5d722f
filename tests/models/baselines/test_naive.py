"""The last value and the mean of the month, against naive loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.samples import SESSIONS, SPLIT, make_sample
from volcast.models.baselines.naive import LastValue, MonthMean, rolling_month_mean

ALL = slice(0, SESSIONS)

SAMPLE = make_sample()


def test_the_last_value_is_the_variance_of_the_origin_for_every_horizon():
    forecast = LastValue().fit(SAMPLE, SPLIT).forecast(SAMPLE, slice(100, 200))
    for horizon in range(2):
        np.testing.assert_array_equal(forecast[:, 0, horizon], SAMPLE.variance[100:200, 0])


def test_the_month_mean_is_the_mean_of_22_sessions():
    forecast = MonthMean().fit(SAMPLE, SPLIT).forecast(SAMPLE, ALL)
    for origin in range(21, SESSIONS):
        mean = SAMPLE.variance[origin - 21 : origin + 1, 0].mean()
        np.testing.assert_allclose(forecast[origin, 0], mean, rtol=1e-12)


@given(st.lists(st.one_of(st.just(np.nan), st.floats(1e-8, 1.0)), min_size=1, max_size=60))
def test_the_month_mean_needs_14_of_its_22_sessions(values):
    variance = np.array(values)[:, None]
    for row, mean in enumerate(rolling_month_mean(variance)[:, 0]):
        window = variance[max(0, row - 21) : row + 1, 0]
        known = window[np.isfinite(window)]
        if len(known) < 14:
            assert np.isnan(mean)
        else:
            assert mean == pytest.approx(known.mean(), rel=1e-9)
