"""A random part of the rows of a large panel."""

import numpy as np
import pytest

from tests.models.samples import SPLIT, make_sample
from volcast.models import forecast_blocks, network
from volcast.models.baselines import har
from volcast.models.baselines.catalogue import make_baseline
from volcast.models.network import Network
from volcast.models.regressor.estimator import KerasVolatilityRegressor
from volcast.models.thinning import thin_rows

SAMPLE = make_sample()


def test_few_rows_are_all_kept_and_many_are_drawn_evenly():
    rows = np.random.default_rng(1).random((2_000, 20)) < 0.7
    count = int(rows.sum())
    np.testing.assert_array_equal(thin_rows(rows, count, np.random.default_rng(0)), rows)
    kept = thin_rows(rows, count // 10, np.random.default_rng(0))
    assert not (kept & ~rows).any()
    assert kept.sum() == pytest.approx(count / 10, rel=0.05)
    for half in (slice(1_000), slice(1_000, None)):
        assert kept[half].sum() == pytest.approx(count / 20, rel=0.1)
    by_ticker = kept.sum(axis=0) / rows.sum(axis=0)
    assert by_ticker.min() > 0.07 and by_ticker.max() < 0.13


def test_no_row_stays_no_row():
    none = np.zeros((3, 2), dtype=bool)
    assert not thin_rows(none, 10, np.random.default_rng(0)).any()


def test_a_network_is_trained_on_at_most_that_many_rows(monkeypatch):
    fitted: list[int] = []

    class Recorder(KerasVolatilityRegressor):
        def fit(self, X, y, validation_data=None, callbacks=(), **options):
            fitted.extend((len(X), len(validation_data[0])))
            return self

    monkeypatch.setattr(network, "MOST_FIT_ROWS", 200)
    monkeypatch.setattr(network, "MOST_HELD_OUT_ROWS", 50)
    Network(Recorder(members=1)).fit(SAMPLE, SPLIT)
    assert 150 < fitted[0] < 250 and 30 < fitted[1] < 75


def test_linear_baselines_of_a_large_panel_hardly_change(monkeypatch):
    origins = slice(500, 560)
    for name in ("har_pooled", "harx"):
        whole = make_baseline(name).fit(SAMPLE, SPLIT).forecast(SAMPLE, origins)
        monkeypatch.setattr(har, "MOST_FIT_ROWS", 600)
        part = make_baseline(name).fit(SAMPLE, SPLIT).forecast(SAMPLE, origins)
        monkeypatch.undo()
        assert (whole != part)[np.isfinite(whole)].any(), name
        np.testing.assert_allclose(part, whole, rtol=0.25)


def test_forecasts_made_in_blocks_and_in_threads_are_the_same(monkeypatch):
    fitted = make_baseline("harx").fit(SAMPLE, SPLIT)
    whole = fitted.forecast(SAMPLE, slice(490, 600))
    monkeypatch.setattr(forecast_blocks, "CELLS_PER_BLOCK", 70)
    monkeypatch.setattr(forecast_blocks, "ROWS_PER_PART", 9)
    np.testing.assert_array_equal(fitted.forecast(SAMPLE, slice(490, 600)), whole)


def test_forecasts_of_each_member_in_threads_are_the_same(monkeypatch):
    regressor = KerasVolatilityRegressor(members=2, epochs=1, hidden=(4,))
    fitted = Network(regressor).fit(SAMPLE, SPLIT)
    whole = fitted.forecast_members(SAMPLE, slice(490, 600))
    monkeypatch.setattr(forecast_blocks, "ROWS_PER_PART", 9)
    np.testing.assert_array_equal(fitted.forecast_members(SAMPLE, slice(490, 600)), whole)
