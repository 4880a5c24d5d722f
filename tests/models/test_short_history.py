"""A ticker with a short history: every model forecasts it, and none learns from it."""

import functools
from dataclasses import replace

import numpy as np
import pytest

from tests.models.samples import (
    LAST_KNOWN,
    LISTED,
    NEW,
    SESSIONS,
    SPLIT,
    assert_no_look_ahead,
    make_listing_sample,
    small_network,
)
from volcast.models.baselines.catalogue import BASELINES, NETWORK
from volcast.models.baselines.har import HARX, LogHAR, PooledHAR
from volcast.models.baselines.trees import Trees
from volcast.models.forecaster import SHORTEST_HISTORY, count_recent_sessions, select_fit_rows
from volcast.models.insanity_filter import Bounds

FORECASTERS = {**BASELINES, "trees": functools.partial(Trees, steps=20), NETWORK: small_network}
BY_TICKER = {"garch", "gjr_garch_t", "egarch"}  # they need a year of the ticker's own returns
SAMPLE = make_listing_sample()
WITHOUT = make_listing_sample(SESSIONS)  # the same tickers, but the listing never comes
FIRST, FULL = LISTED + SHORTEST_HISTORY - 1, LISTED + 149  # origins: of a forecast, of a fit
OTHERS = np.arange(SAMPLE.variance.shape[1]) != NEW
ALL = slice(0, SESSIONS)

every_forecaster = pytest.mark.parametrize("name", FORECASTERS)


def fit(name, sample):
    return FORECASTERS[name]().fit(sample.until(LAST_KNOWN), SPLIT)


def test_rows_are_forecast_from_forty_variances_on_and_fitted_on_when_most_of_a_year_is_known():
    forecastable, usable = SAMPLE.forecastable()[:, NEW], SAMPLE.usable()[:, NEW]
    assert np.flatnonzero(forecastable).tolist() == list(range(FIRST, SESSIONS))
    assert np.flatnonzero(usable).tolist() == list(range(FULL, SESSIONS))
    assert np.flatnonzero(SAMPLE.short_history()[:, NEW]).tolist() == list(range(FIRST, FULL))


def test_forty_variances_are_those_of_the_last_year():
    variance = np.full((700, 1), 1e-4)
    variance[300:600] = np.nan  # a suspension
    count = count_recent_sessions(variance)[:, 0]
    assert [count[t] for t in (0, 249, 299, 400, 549, 599, 638)] == [1, 250, 250, 149, 0, 0, 39]
    naive = [np.isfinite(variance[max(0, t - 249) : t + 1]).sum() for t in range(700)]
    np.testing.assert_array_equal(count, naive)


def test_without_long_run_features_every_row_to_forecast_from_is_one_to_fit_on():
    plain = replace(
        SAMPLE,
        names=SAMPLE.names[:-1],
        x=SAMPLE.x[..., :-1],
        **{n: getattr(SAMPLE, n)[:-1] for n in ("optional", "long_run", "level")},
    )
    np.testing.assert_array_equal(plain.forecastable(), plain.usable())
    assert plain.usable()[LISTED + 21, NEW]


def test_any_other_missing_feature_still_forbids_a_forecast():
    x = SAMPLE.x.copy()
    x[FIRST + 5, NEW, 0] = np.nan
    assert not replace(SAMPLE, x=x).forecastable()[FIRST + 5, NEW]


def test_no_row_of_a_short_history_is_fitted_on():
    rows = select_fit_rows(SAMPLE, ALL)
    assert not (rows & SAMPLE.short_history()).any()
    np.testing.assert_array_equal(rows[:, OTHERS], select_fit_rows(WITHOUT, ALL)[:, OTHERS])


@every_forecaster
def test_every_model_forecasts_a_short_history_but_those_of_its_own_returns(name):
    forecast = fit(name, SAMPLE).forecast(SAMPLE, ALL)
    wanted = SAMPLE.forecastable().copy()
    wanted[:, NEW] &= name not in BY_TICKER
    np.testing.assert_array_equal(np.isfinite(forecast), np.repeat(wanted[..., None], 2, axis=2))
    assert (forecast[wanted] > 0).all()


@every_forecaster
@pytest.mark.parametrize("last", [LAST_KNOWN, FIRST + 30, FULL])
def test_a_forecast_from_a_short_history_does_not_know_the_future(name, last):
    assert_no_look_ahead(FORECASTERS[name], SAMPLE, last)


@every_forecaster
def test_a_listing_changes_no_forecast_of_another_ticker(name):
    with_listing = fit(name, SAMPLE).forecast(SAMPLE, ALL)[:, OTHERS]
    without = fit(name, WITHOUT).forecast(WITHOUT, ALL)[:, OTHERS]
    if name == NETWORK:  # single precision: more rows in a product may change its last digits
        np.testing.assert_allclose(with_listing, without, rtol=1e-5)
    else:
        np.testing.assert_array_equal(with_listing, without)


def test_har_takes_the_coefficients_of_all_tickers_together():
    alone, pooled = (
        model().fit(SAMPLE.until(LAST_KNOWN), SPLIT).forecast(SAMPLE, ALL)
        for model in (LogHAR, PooledHAR)
    )
    np.testing.assert_array_equal(alone[FIRST:, NEW], pooled[FIRST:, NEW])
    assert (alone[FIRST:, 0] != pooled[FIRST:, 0]).all()


def test_an_unknown_long_run_feature_counts_as_its_mean_relative_to_har():
    model = HARX().fit(SAMPLE.until(LAST_KNOWN), SPLIT)
    inputs, place = model.model_.inputs, SAMPLE.names.index("har_250")
    rows = SAMPLE.x[FIRST:FULL, NEW]
    assert np.isnan(rows[:, place]).all()
    _, anchor_log = inputs.transform(rows)
    average = rows.copy()
    average[:, place] = anchor_log.mean(axis=1) + inputs.scaler.mean[place]
    expected = np.exp(model.model_.predict_log(average))
    np.testing.assert_allclose(model.forecast(SAMPLE, slice(FIRST, FULL))[:, NEW], expected, 1e-5)


def test_a_listing_is_bounded_by_the_range_of_all_tickers():
    bounds = Bounds.fit(SAMPLE.until(LAST_KNOWN), SPLIT)
    np.testing.assert_array_equal(bounds.low[NEW], bounds.low[OTHERS].min(axis=0))
    np.testing.assert_array_equal(bounds.high[NEW], bounds.high[OTHERS].max(axis=0))


def plant_extremes(sample, quarters):
    """Multiply a session of each ticker in some of nine quarters, two of them at most."""
    variance = sample.variance.copy()
    for ticker, places in quarters.items():
        for size, quarter in enumerate(places):
            variance[SESSIONS - 567 + 63 * quarter + 30, ticker] *= np.exp(4.0 + size)
    return replace(sample, variance=variance)


def test_a_ticker_without_a_row_to_fit_on_does_not_count_in_what_all_lose_to_bounds():
    counted, extremes = make_listing_sample(60), {0: (1, 2), 2: (3, 4), 3: (5, 6)}
    x = counted.x.copy()
    x[:, NEW, -1] = np.nan  # never a year
    for sample, changes in ((counted, True), (replace(counted, x=x), False)):
        calm, wild = (
            plant_extremes(sample, each).bounded.target[:, OTHERS]
            for each in (extremes, extremes | {NEW: (7, 8)})
        )
        assert ((wild != calm) & np.isfinite(calm)).any() == changes
