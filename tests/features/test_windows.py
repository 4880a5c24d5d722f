import numpy as np

from volcast.features.windows import lag_rows, window_max, window_mean, window_std


def test_a_wrong_price_leaves_no_trace_in_windows_that_have_passed_it():
    clean = np.full((200, 1), 1e-4)
    struck = clean.copy()
    struck[50] = np.log(1000.0) ** 2
    mean = window_mean(struck, 22)
    assert (mean[~np.isnan(mean)] > 0).all()
    np.testing.assert_allclose(mean[80:], window_mean(clean, 22)[80:], rtol=1e-8)


def test_windows_worked_by_hand_demand_three_of_five():
    x = np.array([1.0, np.nan, 3.0, 5.0, np.nan, np.nan, np.nan])[:, None]
    nan = np.nan
    np.testing.assert_allclose(window_mean(x, 5)[:, 0], [nan, nan, nan, 3, 3, nan, nan])
    np.testing.assert_allclose(window_std(x, 5)[:, 0], [nan, nan, nan, 2, 2, nan, nan])
    np.testing.assert_allclose(window_max(x, 5)[:, 0], [nan, nan, nan, 5, 5, nan, nan])
    np.testing.assert_allclose(lag_rows(x, 2)[:, 0], [nan, nan, 1, nan, 3, 5, nan])
    assert np.isnan(lag_rows(x, 9)).all()
