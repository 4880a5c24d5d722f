"""Panels for models with other tickers than the bars have."""

import numpy as np
import pytest

from volcast.features.panel import align_tickers

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")


def test_an_aligned_panel_has_nan_where_a_ticker_is_missing(market):
    wide = align_tickers(market.panel, ("BBB", "CCC", "AAA"))
    assert wide.tickers == ("BBB", "CCC", "AAA")
    np.testing.assert_array_equal(wide.x[:, 2], market.panel.x[:, 0])
    np.testing.assert_array_equal(wide.target_end[:, 0], market.panel.target_end[:, 1])
    assert np.isnan(wide.x[:, 1]).all() and np.isnat(wide.target_start[:, 1]).all()
    assert align_tickers(market.panel, market.panel.tickers) is market.panel
