"""The calendar of a ticker, by its name."""

import pytest

from volcast.pipeline.data.calendars.ticker_calendar import find_calendar
from volcast.pipeline.errors import ConfigError


@pytest.mark.parametrize(
    ("ticker", "name"),
    [
        ("AAPL", "XNYS"),
        ("BRK-B", "XNYS"),
        ("BRK.B", "XNYS"),
        ("^GSPC", "XNYS"),
        ("VOD.L", "XLON"),
        ("7203.T", "XTKS"),
        ("SAP.DE", "XETR"),
        ("AIR.PA", "XPAR"),
        ("SHOP.TO", "XTSE"),
        ("0700.HK", "XHKG"),
        ("BHP.AX", "XASX"),
        ("VOLV-B.ST", "XSTO"),
        ("PETR4.SA", "BVMF"),
        ("^N225", "XTKS"),
        ("BTC-USD", "24/7"),
        ("btc-eur", "24/7"),
        ("EURUSD=X", "24/5"),
        ("ES=F", "CMES"),
    ],
)
def test_a_ticker_trades_by_the_calendar_of_its_suffix(ticker, name):
    assert find_calendar(ticker) == name


def test_the_default_stands_in_only_where_the_name_says_nothing():
    assert find_calendar("7203", default="XTKS") == "XTKS"
    assert find_calendar("7203", default="NYSE") == "XNYS"
    assert find_calendar("VOD.L", default="XTKS") == "XLON"


def test_an_unknown_calendar_is_a_configuration_error():
    with pytest.raises(ConfigError, match="'NOWHERE' is unknown"):
        find_calendar("AAA", default="NOWHERE")
