import numpy as np
import pytest

from tests.features.naive import NAIVE, Ticker, build_tickers
from volcast.features.bars import Bars
from volcast.features.earnings_reports import FAMILY as REPORTS
from volcast.features.registry import FEATURES

RTOL = {REPORTS: 3e-7}  # which are computed in double precision and held in single


@pytest.fixture(scope="module")
def tickers(bars: Bars) -> list[Ticker]:
    return build_tickers(bars)


def test_every_registered_feature_has_a_naive_reference_and_no_reference_is_left_over():
    assert set(NAIVE) == set(FEATURES)


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
