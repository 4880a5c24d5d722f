import numpy as np
import pytest

from volcast.features.units import volatility_annual_pct


def test_one_percent_a_day_is_15_87_percent_a_year_of_252_sessions():
    assert volatility_annual_pct(1e-4) == pytest.approx(np.sqrt(252))


def test_assets_that_trade_every_day_have_365_days_a_year():
    assert volatility_annual_pct([1e-4, np.nan], 365)[0] == pytest.approx(np.sqrt(365))
    assert np.isnan(volatility_annual_pct([1e-4, np.nan], 365)[1])


def test_a_negative_variance_is_refused_with_its_value():
    with pytest.raises(ValueError, match=r"cannot be negative; the smallest is -0\.5"):
        volatility_annual_pct([1.0, -0.5, np.nan])
