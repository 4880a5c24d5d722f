import dataclasses

import numpy as np
import pytest

from tests.features.leak_search import Leak, find_leak
from tests.features.samples import SERIES
from volcast.features.bar_checks import GRIDS
from volcast.features.bars import Bars
from volcast.features.look_ahead import corrupt_future, find_first_difference
from volcast.features.registry import FEATURES, find_feature, name_series_features
from volcast.features.windows import lag_rows

ORIGINS = (0, 4, 30, 130, 260, 300, 328)


@pytest.mark.parametrize("name", [*FEATURES, *name_series_features(SERIES)])
def test_a_feature_does_not_change_when_the_future_is_corrupted_or_cut_off(name, bars, rng):
    assert find_leak(find_feature(name).compute, bars, ORIGINS, rng) is None


def tomorrow(bars: Bars) -> np.ndarray:
    return lag_rows(bars.log_return[::-1], 1)[::-1]


def standardised_over_all_time(bars: Bars) -> np.ndarray:
    return bars.log_variance - np.nanmean(bars.log_variance, axis=0)


def filled_backwards(bars: Bars) -> np.ndarray:
    filled = bars.close.copy()
    for t in range(len(filled) - 2, -1, -1):
        filled[t] = np.where(np.isnan(filled[t]), filled[t + 1], filled[t])
    return filled


def next_close_of_a_series(bars: Bars) -> np.ndarray:
    series = bars.series[SERIES[0]]
    early = dataclasses.replace(series, known_from=series.known_from - 1)
    return np.broadcast_to(early.align(early.close, len(bars.sessions))[:, None], bars.close.shape)


LEAKING = (tomorrow, standardised_over_all_time, filled_backwards, next_close_of_a_series)


@pytest.mark.parametrize("leaking", LEAKING)
def test_a_planted_leak_is_caught(leaking, bars, rng):
    leak = find_leak(leaking, bars, range(100, 120), rng)
    assert leak is not None
    assert leak.position[0] <= leak.origin


def test_a_feature_that_needs_the_length_of_the_data_is_caught_by_truncation_only(bars, rng):
    def share_of_time(b: Bars) -> np.ndarray:
        return np.broadcast_to(np.arange(len(b.sessions))[:, None] / len(b.sessions), b.close.shape)

    assert find_leak(share_of_time, bars, [200], rng) == Leak("truncated", 200, (1, 0))


def test_corruption_changes_every_grid_after_t_and_nothing_before(bars, rng):
    corrupted = corrupt_future(bars, 200, rng)
    for name in GRIDS:
        before, after = getattr(bars, name), getattr(corrupted, name)
        assert find_first_difference(before, after, 200) is None
        later_before, later_after = before[201:], after[201:]
        both = np.isfinite(later_before) & np.isfinite(later_after) & (later_before != 0)
        assert (later_before[both] != later_after[both]).all()
        assert np.isfinite(later_after).sum() < np.isfinite(later_before).sum()


def test_corruption_replaces_the_closes_of_series_learnt_after_t_and_no_others(bars, rng):
    corrupted = corrupt_future(bars, 200, rng)
    for name in SERIES:
        before, after = bars.series[name], corrupted.series[name]
        np.testing.assert_array_equal(after.until(200).close, before.until(200).close)
        later = after.close[len(after.until(200).close) :]
        assert len(later) and not np.isin(later, before.close).any()


def test_the_first_difference_is_a_position_and_nan_equals_nan():
    before = np.array([[1.0, np.nan], [2.0, 3.0], [4.0, 5.0]])
    after = np.array([[1.0, np.nan], [2.0, np.nan], [0.0, 5.0]])
    assert find_first_difference(before, after, 0) is None
    assert find_first_difference(before, after, 2) == (1, 1)


def test_a_measured_variance_that_begins_late_does_not_leak_into_the_choice_of_proxy(bars, rng):
    realized = np.full_like(bars.realized, np.nan)
    realized[250:, 0] = 1e-4
    late = dataclasses.replace(bars, realized=realized)
    assert find_leak(lambda b: b.variance, late, [100, 249, 260], rng) is None
