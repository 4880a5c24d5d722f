import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from volcast.features.target import compute_target_dates, future_mean_variance


def naive(variance: np.ndarray, horizon: int) -> np.ndarray:
    rows, columns = variance.shape
    result = np.full_like(variance, np.nan)
    for t in range(rows):
        for n in range(columns):
            ahead = [variance[t + k, n] for k in range(1, horizon + 1) if t + k < rows]
            valid = [v for v in ahead if not math.isnan(v)]
            if len(ahead) == horizon and len(valid) >= math.ceil(0.75 * horizon):
                result[t, n] = math.fsum(valid) / len(valid)
    return result


@pytest.mark.parametrize("horizon", [1, 2, 5, 22, 400])
def test_the_target_equals_the_naive_loop(bars, horizon):
    np.testing.assert_allclose(
        future_mean_variance(bars.variance, horizon), naive(bars.variance, horizon), rtol=1e-13
    )


def test_the_target_worked_by_hand_leaves_out_missing_days_up_to_a_quarter():
    variance = np.array([9.0, 1.0, 2.0, np.nan, 3.0, np.nan, 5.0])[:, None]
    expected = [2.0, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan]
    np.testing.assert_array_equal(future_mean_variance(variance, 4)[:, 0], expected)


@given(
    row=st.integers(0, 39),
    wild=st.floats(1e-300, 1e300),
    horizon=st.sampled_from([1, 3, 5, 22]),
)
def test_a_corrupt_bar_reaches_only_the_targets_that_hold_it(row, wild, horizon):
    variance = np.random.default_rng(2).uniform(1e-5, 1e-3, (40, 1))
    corrupt = variance.copy()
    corrupt[row] = wild
    untouched = np.ones(40, dtype=bool)
    untouched[max(row - horizon, 0) : row] = False
    before = future_mean_variance(variance, horizon)[untouched]
    np.testing.assert_array_equal(future_mean_variance(corrupt, horizon)[untouched], before)


@pytest.mark.parametrize("horizon", [0, -1])
def test_a_horizon_below_one_is_refused(horizon):
    with pytest.raises(ValueError, match="at least 1"):
        future_mean_variance(np.ones((3, 1)), horizon)


def test_target_dates_run_into_the_sessions_after_the_data():
    sessions = pd.DatetimeIndex(["2024-01-04", "2024-01-05"])
    following = pd.DatetimeIndex(["2024-01-08", "2024-01-09"])
    start, end = compute_target_dates(sessions, following, (1, 2))
    assert pd.DatetimeIndex(start).equals(pd.DatetimeIndex(["2024-01-05", "2024-01-08"]))
    np.testing.assert_array_equal(end[:, 0], start)
    np.testing.assert_array_equal(end[:, 1], following.to_numpy("datetime64[us]"))


@pytest.mark.parametrize(
    ("following", "message"),
    [
        (["2024-01-08"], "as many sessions after the data, got 1"),
        (["2024-01-05", "2024-01-08"], "must come after 2024-01-05"),
    ],
)
def test_a_calendar_that_does_not_reach_is_refused(following, message):
    sessions = pd.DatetimeIndex(["2024-01-04", "2024-01-05"])
    with pytest.raises(ValueError, match=message):
        compute_target_dates(sessions, pd.DatetimeIndex(following), (1, 2))
