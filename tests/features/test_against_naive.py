import numpy as np
import pytest

from tests.features.naive import NAIVE, NAIVE_OF_SERIES, Ticker, build_tickers
from tests.features.samples import SERIES
from volcast.features.bars import Bars
from volcast.features.earnings_reports import FAMILY as REPORTS
from volcast.features.registry import FEATURES, SERIES_FEATURES, find_feature

RTOL = {REPORTS: 3e-7}  # which are computed in double precision and held in single


@pytest.fixture(scope="module")
def tickers(bars: Bars) -> list[Ticker]:
    return build_tickers(bars)


def test_every_registered_feature_has_a_naive_reference_and_no_reference_is_left_over():
    assert set(NAIVE) == set(FEATURES)
    assert set(NAIVE_OF_SERIES) == set(SERIES_FEATURES)


@pytest.mark.parametrize("name", FEATURES)
def test_a_feature_equals_its_naive_reference_in_every_cell(name, bars, tickers):
    computed = FEATURES[name].compute(bars)
    rows = range(len(bars.sessions))
    naive = np.array([[NAIVE[name](d, t) for d in tickers] for t in rows], dtype=float)
    assert np.isfinite(naive).any()
    np.testing.assert_allclose(
        computed, naive, rtol=RTOL.get(FEATURES[name].family, 1e-9), atol=1e-13
    )


@pytest.mark.parametrize("name", FEATURES)
def test_a_feature_is_a_float64_grid(name, bars):
    computed = FEATURES[name].compute(bars)
    assert computed.shape == bars.close.shape
    assert computed.dtype == np.float64
    assert not np.isinf(computed).any()


@pytest.mark.parametrize("series", SERIES)
@pytest.mark.parametrize("name", SERIES_FEATURES)
def test_a_feature_of_a_series_equals_its_naive_reference_in_every_cell(
    name, series, bars, tickers
):
    computed = find_feature(f"{name}:{series}").compute(bars)
    rows = range(len(bars.sessions))
    naive = [[NAIVE_OF_SERIES[name](d, series, t) for d in tickers] for t in rows]
    assert computed.shape == bars.close.shape
    assert np.isfinite(computed).any()
    assert np.isnan(computed).any()
    np.testing.assert_allclose(computed, np.array(naive, dtype=float), rtol=1e-9, atol=1e-13)
