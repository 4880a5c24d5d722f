"""Adaptive intervals against a loop over single errors, and what they must never do."""

import numpy as np
import pytest

from volcast.models import conformal
from volcast.models.conformal import (
    FEWEST_ERRORS,
    ForecastRows,
    SeriesLabels,
    compute_log_intervals,
)
from volcast.models.decayed_histogram import DecayedHistogram


def make_rows(error, horizon=1, short=None):
    """Rows of a panel (T, N), one group, whose errors are known `horizon` sessions later."""
    tickers = error.shape[1]
    short = np.zeros(error.shape, bool) if short is None else short
    origin, series = np.divmod(np.arange(error.size), tickers)
    rows = ForecastRows(series, origin, origin + horizon, error.ravel(), short.ravel())
    return rows, SeriesLabels(np.zeros(tickers, np.intp), np.full(tickers, horizon))


def compute_panel(error, horizon=1, level=0.9, short=None):
    found = compute_log_intervals(*make_rows(error, horizon, short), level)
    return tuple(bound.reshape(error.shape) for bound in (found.lower, found.upper, found.pit))


def compute_naively(error, horizon, tail):
    """Return the bounds (T, N), one error after the other, with the sums written out."""
    sessions, tickers = error.shape
    decay = 0.5 ** (1 / (conformal.SIZE_HALF_LIFE * horizon))
    shape = DecayedHistogram(1, conformal.SHAPE_HALF_LIFE)
    stretch = {(side, n): 0.0 for side in ("both", "low", "high") for n in range(tickers)}
    lower, upper, size = (np.full(error.shape, np.nan) for _ in range(3))
    limit = conformal.LARGEST_STRETCH

    def mean_square(errors):
        weight = decay ** np.arange(len(errors))[::-1]
        return (weight * errors).sum(), weight.sum()

    def compute_size(n, last):
        own, weight = mean_square(error[: last + 1, n] ** 2)
        panel, panel_weight = mean_square((error[: last + 1] ** 2).mean(axis=1))
        prior = conformal.PANEL_WEIGHT * horizon
        panel /= panel_weight
        return np.sqrt((own + prior * panel) / (weight + prior) / panel)

    for t in range(sessions):
        last = t - horizon
        if last >= 0:
            for n in range(tickers):
                if np.isfinite(lower[last, n]):
                    low = (error[last, n] < lower[last, n]) - tail
                    high = (error[last, n] > upper[last, n]) - tail
                    for side, change in (
                        ("both", conformal.MISS_RATE * (low + high)),
                        ("low", conformal.SIDE_RATE * low),
                        ("high", conformal.SIDE_RATE * high),
                    ):
                        moved = stretch[side, n] + change
                        stretch[side, n] = min(max(moved, -limit), limit)
            first = [compute_size(n, last) for n in range(tickers)]
            units = np.where(np.isfinite(size[last]), size[last], first)
            shape.add(np.zeros(tickers, np.intp), error[last] / units)
            size[t] = first
        if (last + 1) * tickers >= FEWEST_ERRORS:
            low, high = (bound[0] for bound in shape.quantiles(tail))
            for n in range(tickers):
                both = stretch["both", n]
                lower[t, n] = min(size[t, n] * np.exp(both + stretch["low", n]) * low, 0.0)
                upper[t, n] = max(size[t, n] * np.exp(both + stretch["high", n]) * high, 0.0)
    return lower, upper


@pytest.mark.parametrize("horizon", [1, 5])
def test_the_bounds_are_those_of_a_loop_over_single_errors(horizon):
    error = np.random.default_rng(0).standard_t(4, size=(90, 3)) * [0.5, 1.0, 2.0]
    lower, upper, _ = compute_panel(error, horizon)
    naive_lower, naive_upper = compute_naively(error, horizon, tail=0.05)
    np.testing.assert_allclose(lower, naive_lower, rtol=1e-9)
    np.testing.assert_allclose(upper, naive_upper, rtol=1e-9)
    assert np.isfinite(lower).mean() > 0.5


@pytest.mark.parametrize("horizon", [1, 7])
def test_an_interval_depends_on_no_error_before_it_is_known(horizon):
    rng = np.random.default_rng(1)
    error, at = rng.normal(size=(80, 2)), 60
    before = compute_panel(error, horizon)
    changed = error.copy()
    changed[at - horizon + 1 :] = rng.normal(size=(80 - at + horizon - 1, 2)) * 9
    after = compute_panel(changed, horizon)
    for one, two in zip(before[:2], after[:2], strict=True):
        np.testing.assert_array_equal(one[: at + 1], two[: at + 1])
    changed[at - horizon] = 9.0  # the last one that was known: the test above could fail
    assert (compute_panel(changed, horizon)[1][at] != before[1][at]).all()


def test_coverage_returns_after_the_errors_have_doubled():
    error = np.random.default_rng(2).normal(size=(1500, 1))
    error[750:] *= 2.0
    lower, upper, _ = compute_panel(error)
    inside = (lower <= error) & (error <= upper)
    assert inside[750:1000].mean() > 0.86
    assert inside[1000:].mean() == pytest.approx(0.9, abs=0.02)
    below, above = (error < lower)[250:].mean(), (error > upper)[250:].mean()
    assert below == pytest.approx(0.05, abs=0.015) and above == pytest.approx(0.05, abs=0.015)


def test_a_ticker_with_larger_errors_gets_wider_intervals_than_the_others():
    error = np.random.default_rng(3).normal(size=(600, 10)) * np.r_[np.ones(9), 3.0]
    lower, upper, _ = compute_panel(error)
    inside = ((lower <= error) & (error <= upper))[200:].mean(axis=0)
    assert inside == pytest.approx(np.full(10, 0.9), abs=0.03)
    width = (upper - lower)[-1]
    assert width[-1] > 2 * width[:-1].max()


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_the_probability_is_outside_the_tails_exactly_where_the_outcome_is_inside(level):
    error = np.random.default_rng(4).standard_t(3, size=(400, 3))
    lower, upper, pit = compute_panel(error, level=level)
    known = np.isfinite(lower)
    tail = (1 - level) / 2
    assert ((pit < tail) == (error < lower))[known].all()
    assert ((pit > 1 - tail) == (error > upper))[known].all()
    assert (pit[known] > 0).all() and (pit[known] < 1).all()
    counts, _ = np.histogram(pit[known], bins=5, range=(0, 1))
    assert counts / known.sum() == pytest.approx(np.full(5, 0.2), abs=0.05)


def test_the_forecast_lies_in_its_interval_even_if_all_errors_were_positive():
    error = np.random.default_rng(5).uniform(1.0, 2.0, size=(100, 1))
    lower, upper, _ = compute_panel(error)
    assert (lower[60:] == 0.0).all() and (upper[60:] > 0.0).all()


def test_there_is_no_interval_before_fifty_errors_are_known():
    error = np.random.default_rng(6).normal(size=(60, 1))
    error[10] = np.nan  # no outcome: it does not count
    lower, _, pit = compute_panel(error)
    assert np.flatnonzero(np.isfinite(lower[:, 0]))[0] == FEWEST_ERRORS + 1
    assert np.isnan(pit[: FEWEST_ERRORS + 1]).all()


def test_the_order_of_the_rows_and_other_groups_change_nothing():
    rng = np.random.default_rng(7)
    rows, labels = make_rows(rng.normal(size=(80, 4)))
    alone = compute_log_intervals(rows, labels, 0.9)
    order = rng.permutation(len(rows.series))
    shuffled = ForecastRows(
        *(
            each[order]
            for each in (
                *(rows.series, rows.origin, rows.known_at, rows.log_error),
                rows.short_history,
            )
        )
    )
    np.testing.assert_array_equal(
        compute_log_intervals(shuffled, labels, 0.9).lower, alone.lower[order]
    )
    two = ForecastRows(
        np.r_[rows.series, rows.series + 4],
        np.r_[rows.origin, rows.origin],
        np.r_[rows.known_at, rows.known_at + 4],
        np.r_[rows.log_error, 5 * rows.log_error],
        np.r_[rows.short_history, rows.short_history],
    )
    both = SeriesLabels(np.repeat([0, 1], 4), np.repeat([1, 5], 4))
    np.testing.assert_array_equal(
        compute_log_intervals(two, both, 0.9).lower[: len(order)], alone.lower
    )


def test_several_outcomes_known_at_once_are_learnt_in_the_order_of_their_origins():
    error = np.random.default_rng(8).normal(size=70) * np.linspace(0.1, 3.0, 70)
    origin, series = np.arange(70), np.zeros(70, np.intp)
    labels = SeriesLabels(np.zeros(1, np.intp), np.ones(1, np.intp))

    def compute(order, errors):
        known_at = np.maximum(origin + 1, 60)[order]
        rows = ForecastRows(series, origin[order], known_at, errors[order], np.zeros(70, bool))
        return compute_log_intervals(rows, labels, 0.9).upper[np.argsort(order)]

    found = compute(origin, error)
    assert np.isnan(found[:60]).all() and np.isfinite(found[60:]).all()
    backwards = np.r_[origin[:60][::-1], origin[60:]]
    np.testing.assert_array_equal(compute(backwards, error), found)
    assert compute(origin, error[backwards])[60] < found[60]  # now the small errors are the latest


def test_errors_of_short_histories_count_for_their_own_ticker_only():
    rng = np.random.default_rng(9)
    error = rng.normal(size=(200, 4)) * np.r_[1.0, 1.0, 1.0, 3.0]
    short = np.zeros(error.shape, bool)
    short[:120, 3] = True
    error[:60, 3] = np.nan  # not listed yet
    found = compute_panel(error, short=short)
    other = error.copy()
    other[:120, 3] *= -5.0
    changed = compute_panel(other, short=short)
    for one, two in zip(found[:2], changed[:2], strict=True):
        np.testing.assert_array_equal(one[:120, :3], two[:120, :3])
        assert (one[62:120, 3] != two[62:120, 3]).all()
    long = compute_panel(error, short=np.zeros(error.shape, bool))
    assert (long[0][70:120, :3] != found[0][70:120, :3]).any()


def test_a_ticker_without_errors_of_its_own_has_the_interval_of_the_panel():
    error = np.random.default_rng(10).normal(size=(100, 3))
    error[:80, 2] = np.nan
    error[:, 1] = error[:, 0]  # two tickers alike: their sizes are that of the panel
    short = np.zeros(error.shape, bool)
    short[80:, 2] = True
    rows, labels = make_rows(error, short=short)
    found = compute_log_intervals(rows, labels, 0.9)
    lower, upper = (bound.reshape(error.shape) for bound in (found.lower, found.upper))
    shape = DecayedHistogram(1, conformal.SHAPE_HALF_LIFE)
    for t in range(80):
        shape.add(np.zeros(2, np.intp), error[t, :2])
    low, high = shape.quantiles(0.05)
    assert (lower[80, 2], upper[80, 2]) == pytest.approx((low[0], high[0]), rel=1e-9)


def test_where_every_history_is_short_their_errors_are_the_panels():
    error = np.random.default_rng(11).normal(size=(150, 3))
    every = np.ones(error.shape, bool)
    for one, two in zip(compute_panel(error), compute_panel(error, short=every), strict=True):
        np.testing.assert_array_equal(one, two)
    begun = every.copy()
    begun[100:, 0] = False  # from then on only those of the long history count
    later = compute_panel(error, short=begun)
    np.testing.assert_array_equal(later[0][:101], compute_panel(error)[0][:101])
    assert (later[0][103:] != compute_panel(error)[0][103:]).all()


def test_further_tails_are_quantiles_of_the_distribution_that_gives_the_interval():
    """At the tail of the interval they are its bounds; farther ones lie outside it."""
    error = np.random.default_rng(8).normal(size=(400, 3))
    rows, labels = make_rows(error)
    tails = (0.025, 0.05, 0.1)
    found = compute_log_intervals(rows, labels, 0.9, tails)
    known = np.isfinite(found.lower)
    np.testing.assert_allclose(found.below[known, 1], found.lower[known], rtol=1e-12)
    np.testing.assert_allclose(found.above[known, 1], found.upper[known], rtol=1e-12)
    assert (np.diff(found.below[known], axis=1) > 0).all()
    assert (np.diff(found.above[known], axis=1) < 0).all()
    late = known & (rows.origin > 150)
    for place, tail in enumerate(tails):
        outside = rows.log_error < found.below[:, place]
        outside |= rows.log_error > found.above[:, place]
        assert outside[late].mean() == pytest.approx(2 * tail, abs=0.03)
        beyond = (found.pit < tail) | (found.pit > 1 - tail)
        assert (beyond == outside)[late].mean() > 0.99


def test_further_tails_change_nothing_else():
    rows, labels = make_rows(np.random.default_rng(9).normal(size=(120, 2)))
    alone, more = (compute_log_intervals(rows, labels, 0.9, tails) for tails in ((), (0.2,)))
    for name in ("lower", "upper", "pit"):
        np.testing.assert_array_equal(getattr(alone, name), getattr(more, name))
    assert alone.below.shape == (240, 0) and more.below.shape == (240, 1)
