"""EGARCH: the recursion against arch, several sessions ahead by hand, and the scaling."""

import numpy as np
from arch import arch_model

from tests.models.samples import LAST_KNOWN, SESSIONS, SPLIT, make_sample
from volcast.models.baselines import egarch
from volcast.models.baselines.egarch import EGARCH, EGARCHRecursion
from volcast.models.forecaster import select_fit_rows

SAMPLE = make_sample()
RECURSION = EGARCHRecursion(mean=0.05, omega=0.01, alpha=0.15, gamma=-0.08, beta=0.96)


def test_the_next_session_is_that_of_arch_with_the_same_parameters():
    log_return = np.random.default_rng(0).normal(size=900) * 0.01
    model = arch_model(100.0 * log_return, vol="EGARCH", p=1, o=1, q=1, rescale=False)
    theirs = model.fix([0.05, 0.01, 0.15, -0.08, 0.96]).forecast(horizon=1, start=0).variance
    mine = np.exp(RECURSION.forecast_next(log_return))
    np.testing.assert_allclose(mine[600:], theirs.to_numpy()[600:, 0], rtol=1e-8)


def test_several_sessions_ahead_the_log_variance_returns_to_its_level():
    log_return = np.array([0.0, -0.05, np.nan])
    log_s = RECURSION.forecast_next(log_return)
    means = RECURSION.forecast_mean(log_return, (1, 2))
    second = 0.01 + 0.96 * log_s
    np.testing.assert_allclose(means[:, 0], np.exp(log_s) / 1e4)
    np.testing.assert_allclose(means[:, 1], (np.exp(log_s) + np.exp(second)) / 2e4)
    np.testing.assert_allclose(log_s[2], second[1])  # a missing return is no news


def test_an_exploding_estimate_stays_a_number():
    wild = EGARCHRecursion(mean=0.0, omega=0.0, alpha=9.0, gamma=-9.0, beta=0.999)
    assert np.isfinite(wild.forecast_next(np.full(500, -0.9))).all()


def test_the_mean_over_the_fitted_rows_is_that_of_the_target():
    known = SAMPLE.until(LAST_KNOWN)
    forecast = EGARCH().fit(known, SPLIT).forecast(SAMPLE, slice(0, SESSIONS))
    rows = select_fit_rows(known, SPLIT.both)[:, 0]
    np.testing.assert_allclose(
        forecast[: LAST_KNOWN + 1, 0][rows].mean(axis=0), known.target[rows, 0].mean(axis=0)
    )


def test_an_estimate_that_forecasts_next_to_nothing_is_a_failed_fit(monkeypatch):
    wild = np.array([0.0, 0.0, 9.0, -9.0, 0.999])
    monkeypatch.setattr(egarch, "estimate_parameters", lambda *_: [wild] * 3)
    model = EGARCH().fit(SAMPLE.until(LAST_KNOWN), SPLIT)
    assert model.recursions_ == [None] * 3
    assert np.isnan(model.forecast(SAMPLE, slice(0, SESSIONS))).all()
