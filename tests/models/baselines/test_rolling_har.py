"""HAR estimated at every origin: against least squares in a loop, and against leaks."""

from dataclasses import replace

import numpy as np
import pytest

from tests.models.samples import (
    DEAD,
    HORIZONS,
    LAST_KNOWN,
    SESSIONS,
    SPLIT,
    assert_no_look_ahead,
    make_sample,
    only,
)
from volcast.models.baselines import rolling_har
from volcast.models.baselines.har import FEWEST_ROWS, LogHAR
from volcast.models.baselines.rolling_har import RollingHAR

ALL = slice(0, SESSIONS)

SAMPLE = make_sample()

WINDOW = 300


def fit_loop(sample, origin, ticker, place):
    """Return design, log target and coefficients of one origin's least squares; None if few."""
    row = np.arange(SESSIONS)
    end = sample.target_end[:, ticker, place]
    known = np.isfinite(sample.target[:, ticker, place]) & sample.usable()[:, ticker]
    known &= (end <= sample.sessions[origin]) & (end > sample.sessions[origin] - WINDOW)
    if known.sum() < FEWEST_ROWS:
        return None
    design = np.column_stack([np.ones(SESSIONS), sample.x[:, ticker, :3].astype(float)])[row[known]]
    log_y = np.log(sample.target[known, ticker, place])
    return design, log_y, np.linalg.lstsq(design, log_y)[0]


def forecast_loop(sample, ticker, place):
    """Return the forecasts from every ninth origin, one least squares per origin; else NaN."""
    fits = {t: fit_loop(sample, t, ticker, place) for t in range(SESSIONS)}
    first = min(t for t, fit in fits.items() if fit is not None)
    days = sample.target_end[:, ticker, place]
    forecast = np.full(SESSIONS, np.nan)
    for origin, fit in fits.items():
        if fit is None or origin % 9:
            continue
        residuals = []
        for row in range(SESSIONS):
            is_in_window = sample.sessions[origin] - WINDOW < days[row] <= sample.sessions[origin]
            if is_in_window and sample.usable()[row, ticker]:
                ended = int(np.searchsorted(sample.sessions, days[row]))
                x = np.array([1.0, *sample.x[row, ticker, :3].astype(float)])
                log_fit = x @ fits[max(ended, first)][2]
                residuals.append(np.log(sample.target[row, ticker, place]) - log_fit)
        smearing = np.log(np.mean(np.exp(residuals))) - np.mean(residuals)
        x = np.array([1.0, *sample.x[origin, ticker, :3].astype(float)])
        forecast[origin] = np.exp(x @ fit[2] + smearing)
    return forecast


@pytest.mark.parametrize("place", range(len(HORIZONS)))
def test_each_origin_has_the_least_squares_of_the_targets_known_by_then(place):
    sample = only(SAMPLE, 0)
    model = RollingHAR(WINDOW).fit(sample.until(LAST_KNOWN), SPLIT)
    expected = forecast_loop(sample, 0, place)
    estimated = np.isfinite(expected)
    assert 30 < estimated.sum() < SESSIONS / 9
    forecast = model.forecast(sample, ALL)[:, 0, place]
    np.testing.assert_allclose(forecast[estimated], expected[estimated], rtol=1e-6)


def test_before_enough_targets_are_known_log_har_stands_in():
    known = SAMPLE.until(LAST_KNOWN)
    rolling = RollingHAR(WINDOW).fit(known, SPLIT).forecast(SAMPLE, ALL)
    fixed = LogHAR().fit(known, SPLIT).forecast(SAMPLE, ALL)
    last_young = 21 + FEWEST_ROWS - 1  # its window holds the rows 21 .. 269, one too few
    for ticker in (0, 2):
        np.testing.assert_array_equal(
            rolling[: last_young + 1, ticker], fixed[: last_young + 1, ticker]
        )
        own = slice(last_young + 1, DEAD)
        assert (rolling[own, ticker, 0] != fixed[own, ticker, 0]).all()


def test_blocks_of_tickers_do_not_change_a_bit(monkeypatch):
    model = RollingHAR(WINDOW).fit(SAMPLE.until(LAST_KNOWN), SPLIT)
    whole = model.forecast(SAMPLE, ALL)
    monkeypatch.setattr(rolling_har, "TICKERS_PER_BLOCK", 2)
    np.testing.assert_array_equal(model.forecast(SAMPLE, ALL), whole)


def test_smearing_is_close_to_that_of_the_current_coefficients():
    sample = only(SAMPLE, 0)
    forecast = RollingHAR(WINDOW).fit(sample.until(LAST_KNOWN), SPLIT).forecast(sample, ALL)
    for origin in (400, 500, 590):
        design, log_y, coefficients = fit_loop(sample, origin, 0, 0)
        smearing = np.mean(np.exp(log_y - design @ coefficients))
        x = np.array([1.0, *sample.x[origin, 0, :3].astype(float)])
        expected = np.exp(x @ coefficients) * smearing
        assert forecast[origin, 0, 0] == pytest.approx(expected, rel=0.01)


def test_the_coefficients_follow_a_change_that_a_fixed_fit_does_not_know():
    late = np.arange(SESSIONS) >= LAST_KNOWN
    risen = replace(
        SAMPLE, target=np.where(late[:, None, None], 3.0 * SAMPLE.target, SAMPLE.target)
    )
    ratios = {}
    for model in (RollingHAR(WINDOW), LogHAR()):
        forecast = model.fit(risen.until(LAST_KNOWN), SPLIT).forecast(risen, ALL)
        ratios[type(model)] = np.nanmean(np.log(forecast[590:, 0] / forecast[490, 0]))
    assert ratios[RollingHAR] > ratios[LogHAR] + 0.2


def test_a_ticker_of_constant_variance_is_forecast_at_its_level():
    flat = replace(
        only(SAMPLE, 0),
        x=np.full((SESSIONS, 1, 5), np.log(2e-4), np.float32),
        target=np.full((SESSIONS, 1, 2), 2e-4),
    )
    forecast = RollingHAR().fit(flat.until(LAST_KNOWN), SPLIT).forecast(flat, ALL)
    np.testing.assert_allclose(forecast, 2e-4, rtol=1e-5)


def leak_the_target_of_the_origin(sample, x, place):
    """Order rows by origin, as if every target were known at once."""
    fitted = sample.usable() & np.isfinite(sample.target[:, :, place])
    log_y = np.where(fitted, np.log(sample.target[:, :, place]) - rolling_har.LEVEL, 0.0)
    return np.where(fitted[..., None], x, 0.0), log_y


def sum_all(values, window):
    """Sum over all rows, the later ones too."""
    return np.broadcast_to(values.sum(axis=0), values.shape).copy()


@pytest.mark.parametrize(
    ("name", "leak"),
    [("_order_by_end", leak_the_target_of_the_origin), ("_sum_window", sum_all)],
)
def test_the_look_ahead_proof_finds_an_estimate_that_sees_later_targets(monkeypatch, name, leak):
    monkeypatch.setattr(rolling_har, name, leak)
    with pytest.raises(AssertionError):
        assert_no_look_ahead(RollingHAR, SAMPLE, 560)


def test_an_estimate_on_known_targets_passes_the_same_proof():
    assert_no_look_ahead(RollingHAR, SAMPLE, 560)
