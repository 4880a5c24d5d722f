"""Decayed distribution functions, by hand and against numpy's weighted quantiles."""

import numpy as np
import pytest

from volcast.models.decayed_histogram import LIMIT, WIDTH, DecayedHistogram

ONE = np.zeros(1, np.intp)


def make_histogram(values, half_life=1e12):
    histogram = DecayedHistogram(1, half_life)
    histogram.add(np.zeros(len(values), np.intp), np.asarray(values, float))
    return histogram


@pytest.mark.parametrize(("count", "rank"), [(99, 5), (199, 10), (59, 3)])
def test_the_tails_are_cut_at_the_ranks_of_split_conformal_prediction(count, rank):
    """Of m values the smallest tail (m + 1) lie below the lower bound, to half a bin."""
    values = np.linspace(-5, 5, count)
    lower, upper = make_histogram(values).quantiles(0.05)
    assert lower[0] == pytest.approx(values[rank - 1], abs=WIDTH)
    assert upper[0] == pytest.approx(values[-rank], abs=WIDTH)


def test_without_enough_values_for_a_tail_the_outermost_value_is_cut_off():
    lower, upper = make_histogram([-1.003, 0.5, 2.003]).quantiles(0.001)
    assert lower[0] == pytest.approx(-1.003, abs=WIDTH)
    assert upper[0] == pytest.approx(2.003, abs=WIDTH)


def test_an_older_value_counts_half_after_the_half_life():
    histogram = DecayedHistogram(1, half_life=2.0)
    for value, count in ((-1.0, 4), (0.0, 0), (1.0, 6)):
        histogram.add(np.zeros(count, np.intp) if count else ONE, np.full(max(count, 1), value))
    share = histogram.distribution(ONE, np.array([-0.5]))[0]
    weights = [4 / 2, 1 / 2**0.5, 6.0]
    assert share == pytest.approx((weights[0] + 0.5) / (sum(weights) + 1.0))
    assert histogram.added[0] == 11


def test_probabilities_invert_the_quantiles():
    histogram = make_histogram(np.random.default_rng(0).normal(size=500))
    for tail in (0.01, 0.05, 0.3):
        lower, upper = histogram.quantiles(tail)
        found = histogram.distribution(np.zeros(2, np.intp), np.r_[lower, upper])
        assert found == pytest.approx([tail, 1 - tail], abs=1e-9)


def test_groups_do_not_touch_each_other_and_an_empty_one_has_no_quantile():
    histogram = DecayedHistogram(3, half_life=10.0)
    values = np.random.default_rng(1).normal(size=60)
    histogram.add(np.full(60, 1), values)
    before = [bound[1] for bound in histogram.quantiles(0.1)]
    histogram.add(np.full(60, 2), values + 3.0)
    lower, upper = histogram.quantiles(0.1)
    assert [lower[1], upper[1]] == before and lower[2] > lower[1] + 2.5
    assert np.isnan([lower[0], upper[0]]).all()


def test_values_beyond_the_limits_count_as_outermost_and_nan_has_no_probability():
    histogram = make_histogram([-99.0, 0.0, 99.0])
    found = histogram.distribution(np.zeros(3, np.intp), np.array([-99.0, 99.0, np.nan]))
    assert found[:2] == pytest.approx([0.125, 0.875]) and np.isnan(found[2])
    assert make_histogram(np.full(9, 99.0)).quantiles(0.05)[1][0] <= LIMIT
