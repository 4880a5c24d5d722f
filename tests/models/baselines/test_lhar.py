"""LHAR: its negative returns against a loop, its coefficients against the normal equations."""

import numpy as np
import pytest

from tests.models.samples import LAST_KNOWN, SESSIONS, SPLIT, make_sample
from volcast.models.baselines.har import FEWEST_ROWS, LogHAR
from volcast.models.baselines.lhar import LHAR, compute_negative_returns
from volcast.models.forecaster import Split, select_fit_rows

ALL = slice(0, SESSIONS)

SAMPLE = make_sample()

KNOWN = SAMPLE.until(LAST_KNOWN)


def negative_mean(log_return, row, window):
    """Return min(mean of the window, 0), or 0 with fewer than 60 % of its returns."""
    known = [r for r in log_return[max(0, row - window + 1) : row + 1] if np.isfinite(r)]
    return min(np.mean(known), 0.0) if len(known) >= 0.6 * window else 0.0


def build_design(ticker):
    """Return a one, the HAR logs and the negative returns of a ticker, (T, 7)."""
    returns = SAMPLE.log_return[:, ticker]
    negative = [[negative_mean(returns, t, w) for w in (1, 5, 22)] for t in range(SESSIONS)]
    har = np.nan_to_num(SAMPLE.x[:, ticker, :3].astype(float))
    return np.column_stack([np.ones(SESSIONS), har, negative])


def least_squares(inside, log_y):
    """Return the coefficients with the smearing in the intercept, by the normal equations."""
    coefficients = np.linalg.solve(inside.T @ inside, inside.T @ log_y)
    coefficients[0] += np.log(np.exp(log_y - inside @ coefficients).mean(axis=0))
    return coefficients


def test_negative_returns_are_those_of_a_loop_with_gaps_left_out():
    returns = SAMPLE.log_return.copy()
    returns[np.random.default_rng(0).random(returns.shape) < 0.3] = np.nan
    found = compute_negative_returns(returns)
    for ticker in range(3):
        for place, window in enumerate((1, 5, 22)):
            expected = [negative_mean(returns[:, ticker], t, window) for t in range(SESSIONS)]
            np.testing.assert_allclose(found[:, ticker, place], expected, atol=1e-15)
    assert (found <= 0).all() and (found == 0).any() and (found < 0).any()


def test_lhar_is_least_squares_on_har_and_negative_returns():
    forecast = LHAR().fit(KNOWN, SPLIT).forecast(SAMPLE, ALL)
    rows = select_fit_rows(KNOWN, SPLIT.both)
    for ticker in range(3):
        own = np.flatnonzero(rows[:, ticker])
        assert len(own) >= FEWEST_ROWS
        design = build_design(ticker)
        coefficients = least_squares(design[own], np.log(SAMPLE.target[own, ticker]))
        usable = SAMPLE.usable()[:, ticker]
        expected = np.exp(design @ coefficients)[usable]
        np.testing.assert_allclose(forecast[usable, ticker], expected, rtol=1e-6)


def test_pooled_lhar_has_the_same_coefficients_for_all():
    forecast = LHAR(pooled=True).fit(KNOWN, SPLIT).forecast(SAMPLE, ALL)
    rows = select_fit_rows(KNOWN, SPLIT.both)
    designs = [build_design(ticker) for ticker in range(3)]
    inside = np.concatenate([designs[n][np.flatnonzero(rows[:, n])] for n in range(3)])
    log_y = np.concatenate([np.log(SAMPLE.target[np.flatnonzero(rows[:, n]), n]) for n in range(3)])
    coefficients = least_squares(inside, log_y)
    for ticker in range(3):
        usable = SAMPLE.usable()[:, ticker]
        expected = np.exp(designs[ticker] @ coefficients)[usable]
        np.testing.assert_allclose(forecast[usable, ticker], expected, rtol=1e-6)


def test_a_ticker_with_few_rows_takes_the_coefficients_of_all():
    short = Split(train=slice(0, 250), validation=slice(255, 320))
    own, pooled = (LHAR(pooled=p).fit(SAMPLE.until(330), short) for p in (False, True))
    np.testing.assert_array_equal(own.models_[1].slopes, pooled.models_[1].slopes)
    assert (own.models_[0].slopes != pooled.models_[0].slopes).all()


def test_after_a_fall_lhar_forecasts_more_where_falls_raised_the_variance():
    rng = np.random.default_rng(5)
    sample = make_sample(1)
    fall = np.minimum(sample.log_return, 0.0)
    target = np.exp(sample.x[:, :, :1] - 60.0 * fall[..., None]) * rng.gamma(9, 1 / 9, (600, 1, 2))
    object.__setattr__(sample, "target", target)
    model = LHAR().fit(sample, SPLIT).models_[0]
    assert model.slopes[3] == pytest.approx([-0.6, -0.6], abs=0.1)  # per percent of a fall
    errors = [
        np.nanmean((np.log(m.fit(sample, SPLIT).forecast(sample, ALL)) - np.log(target)) ** 2)
        for m in (LHAR(), LogHAR())
    ]
    assert errors[0] < 0.9 * errors[1]
