"""One suite that every forecaster must pass, and leaking ones that it must catch."""

import dataclasses
import functools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.samples import (
    DEAD,
    HORIZONS,
    LAST_KNOWN,
    LATE,
    SESSIONS,
    SPLIT,
    TICKERS,
    assert_no_look_ahead,
    corrupted,
    make_sample,
    only,
    small_network,
)
from volcast.models.baselines.catalogue import BASELINES, NETWORK
from volcast.models.baselines.trees import Trees
from volcast.models.forecaster import Forecaster, Split, select_fit_rows


def blended_network():
    network = small_network()
    network.regressor.set_params(blend=0.5)
    return network


FORECASTERS = {
    **BASELINES,
    "trees": functools.partial(Trees, steps=20),  # what holds for 20 steps holds for 300
    NETWORK: small_network,
    "network_blended": blended_network,
}

ALL = slice(0, SESSIONS)

SAMPLE = make_sample()

every_forecaster = pytest.mark.parametrize("make", FORECASTERS.values(), ids=FORECASTERS.keys())


@every_forecaster
def test_forecasts_are_positive_where_the_origin_is_usable_and_nan_elsewhere(make):
    forecast = make().fit(SAMPLE.until(LAST_KNOWN), SPLIT).forecast(SAMPLE, ALL)
    assert forecast.shape == (SESSIONS, TICKERS, len(HORIZONS))
    assert forecast.dtype == np.float64
    wanted = np.repeat(SAMPLE.usable()[:, :, None], len(HORIZONS), axis=2)
    np.testing.assert_array_equal(np.isfinite(forecast), wanted)
    assert (forecast[wanted] > 0).all()


@every_forecaster
def test_fit_returns_the_forecaster_itself(make):
    model = make()
    assert model.fit(SAMPLE.until(LAST_KNOWN), SPLIT) is model


@every_forecaster
@pytest.mark.parametrize("last", [LAST_KNOWN, 530])
def test_forecasts_do_not_change_when_the_future_is_corrupted_or_cut(make, last):
    assert_no_look_ahead(make, SAMPLE, last)


@every_forecaster
def test_a_forecast_does_not_depend_on_which_origins_are_asked_for_later(make):
    model = make().fit(SAMPLE.until(LAST_KNOWN), SPLIT)
    longer = model.forecast(SAMPLE, slice(300, SESSIONS))
    for stop in (301, 317, 500):
        shorter = model.forecast(SAMPLE, slice(300, stop))
        np.testing.assert_array_equal(shorter, longer[: stop - 300])


@every_forecaster
def test_fitting_twice_gives_the_same_forecasts(make):
    model = make().fit(SAMPLE.until(LAST_KNOWN), SPLIT)
    first = model.forecast(SAMPLE, ALL)
    again = model.fit(SAMPLE.until(LAST_KNOWN), SPLIT).forecast(SAMPLE, ALL)
    np.testing.assert_array_equal(again, first)


@every_forecaster
def test_the_sample_is_left_as_it_was(make):
    sample = make_sample()
    make().fit(sample.until(LAST_KNOWN), SPLIT).forecast(sample, ALL)
    for field in dataclasses.fields(sample):
        np.testing.assert_array_equal(getattr(sample, field.name), getattr(SAMPLE, field.name))


@every_forecaster
@pytest.mark.parametrize("ticker", range(TICKERS))
def test_one_ticker_alone_can_be_fitted_and_forecast(make, ticker):
    alone = only(SAMPLE, ticker)
    forecast = make().fit(alone.until(LAST_KNOWN), SPLIT).forecast(alone, ALL)
    assert forecast.shape == (SESSIONS, 1, len(HORIZONS))
    assert np.isfinite(forecast[alone.usable()]).all()


POOLED = {"har_pooled", "lhar_pooled", "harx", "trees"}


@pytest.mark.parametrize("name", sorted(set(BASELINES) - POOLED))
def test_a_baseline_forecasts_a_ticker_alone_as_in_the_panel(name):
    model = FORECASTERS[name]().fit(SAMPLE.until(LAST_KNOWN), SPLIT)
    together = model.forecast(SAMPLE, ALL)
    for ticker in range(TICKERS):
        assert select_fit_rows(only(SAMPLE, ticker), SPLIT.both).sum() >= 250, "not pooled"
        alone = only(SAMPLE, ticker)
        forecast = FORECASTERS[name]().fit(alone.until(LAST_KNOWN), SPLIT).forecast(alone, ALL)
        np.testing.assert_array_equal(forecast[:, 0], together[:, ticker])


@every_forecaster
def test_a_late_ticker_has_no_forecast_before_and_a_dead_one_none_after(make):
    forecast = make().fit(SAMPLE.until(LAST_KNOWN), SPLIT).forecast(SAMPLE, ALL)
    assert np.isnan(forecast[: LATE + 21, 1]).all()
    assert np.isfinite(forecast[LATE + 21 :, 1]).all()
    assert np.isfinite(forecast[21:DEAD, 2]).all()
    assert np.isnan(forecast[DEAD:, 2]).all()


class Tomorrow(Forecaster):
    """Leaks: the variance of the day after."""

    def fit(self, sample, split):
        return self

    def forecast(self, sample, origins):
        ahead = np.vstack([sample.variance[1:], sample.variance[-1:]])
        return np.repeat(ahead[origins, :, None], len(sample.horizons), axis=2)


class WholeMean(Tomorrow):
    """Leaks: the mean over all sessions, the later ones too."""

    def forecast(self, sample, origins):
        mean = np.nanmean(sample.variance, axis=0)
        shape = (len(sample.variance[origins]), len(mean), len(sample.horizons))
        return np.broadcast_to(mean[:, None], shape)


class Peek(Tomorrow):
    """Leaks: the answer itself."""

    def forecast(self, sample, origins):
        return sample.target[origins]


class Counter(Tomorrow):
    """Leaks: how many sessions there will be."""

    def forecast(self, sample, origins):
        shape = sample.target[origins].shape
        return np.full(shape, float(len(sample.sessions)))


class NextInputs(Tomorrow):
    """Leaks: a feature of the next session, only for the very last origin."""

    def forecast(self, sample, origins):
        return np.exp(np.roll(sample.x[:, :, :1], -1, axis=0)[origins]).repeat(2, axis=2)


@pytest.mark.parametrize("leaking", [Tomorrow, WholeMean, Peek, Counter, NextInputs])
def test_the_suite_catches_a_forecaster_that_leaks(leaking):
    with pytest.raises(AssertionError):
        assert_no_look_ahead(leaking, SAMPLE, 530)


def test_the_suite_catches_a_fit_that_sees_targets_of_the_future(monkeypatch):
    def until_without_masking(self, last):
        rows = {
            field.name: getattr(self, field.name)[: last + 1]
            for field in dataclasses.fields(self)
            if field.init and field.name not in ("names", "optional", "horizons")
        }
        return dataclasses.replace(self, **rows)

    monkeypatch.setattr(type(SAMPLE), "until", until_without_masking)
    reaching = Split(train=slice(0, 400), validation=slice(405, LAST_KNOWN + 1))
    monkeypatch.setattr("tests.models.samples.SPLIT", reaching)
    with pytest.raises(AssertionError):
        assert_no_look_ahead(BASELINES["har"], SAMPLE, LAST_KNOWN)


@given(last=st.integers(0, SESSIONS - 1), seed=st.integers(0, 100))
def test_until_knows_nothing_of_what_comes_later(last, seed):
    cut, wrecked = SAMPLE.until(last), corrupted(SAMPLE, last, seed).until(last)
    for field in (each for each in dataclasses.fields(cut) if each.init):
        one, two = getattr(cut, field.name), getattr(wrecked, field.name)
        np.testing.assert_array_equal(one, two)


def test_until_keeps_a_target_that_ends_at_the_last_session_and_no_later_one():
    cut = SAMPLE.until(99)
    one_day, one_week = cut.target[:, 0, 0], cut.target[:, 0, 1]
    assert np.isfinite(one_day[98]) and np.isnan(one_day[99])
    assert np.isfinite(one_week[94]) and np.isnan(one_week[95:]).all()


def test_fitted_rows_need_every_target_to_end_before_the_bound():
    rows = select_fit_rows(SAMPLE, slice(21, 200), known_before=100)
    assert rows[:, 0].nonzero()[0].tolist() == list(range(21, 95))  # 94 + 5 = 99 < 100


def test_a_missing_har_feature_is_named():
    without = dataclasses.replace(SAMPLE, names=("har_1", "five", "har_22", "extra", "never_known"))
    for make in (BASELINES["har"], small_network):
        with pytest.raises(ValueError, match="the features har_5 are needed"):
            make().fit(without, SPLIT)
