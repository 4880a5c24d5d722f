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
        ("TEVA.TA", "XTAE"),
        ("2222.SR", "XSAU"),
        ("005930.KS", "XKRX"),
        ("RELIANCE.NS", "XBOM"),
        ("OTP.BD", "XBUD"),
        ("EDP.AT", "ASEX"),
        ("QNBK.QA", "DSMD"),
        ("EMAAR.AE", "XDFM"),
        ("ZAIN.KW", "XKUW"),
        ("COMI.CA", "XCAI"),
        ("VOD.LSE", "XLON"),
        ("600519.SHG", "XSHG"),
        ("BTC-USD.CC", "24/7"),
        ("EURUSD.FOREX", "24/5"),
        ("BTC=", "24/7"),
        ("BTC-PERP", "24/7"),
        ("BTCUSD.P", "24/7"),
        ("XXBTZUSD", "24/7"),
        ("BTC/USDT:USDT", "24/7"),
        ("EURUSDm", "24/5"),
        ("EURUSD.a", "24/5"),
        ("DXY", "24/5"),
        ("ESH24", "CMES"),
        ("ES_F", "CMES"),
        ("/ES", "CMES"),
        ("CME:ES1!", "CMES"),
        ("^nkx", "XTKS"),
        ("wig20", "XWAR"),
        ("FTSE 100", "XLON"),
        ("S&P 500", "XNYS"),
        ("DAX", "XNYS"),
        ("PSI", "XNYS"),
        ("aapl.us", "XNYS"),
        ("vod.uk", "XLON"),
        ("7203.jp", "XTKS"),
        ("btc.v", "24/7"),
        ("SHOP.V", "XTSE"),
        ("cl.f", "CMES"),
        ("BMW.F", "XFRA"),
        ("AAPL US Equity", "XNYS"),
        ("VOD LN Equity", "XLON"),
        ("TEVA IT", "XTAE"),
        ("NKY Index", "XTKS"),
        ("CL1 Comdty", "CMES"),
        ("EURUSD Curncy", "24/5"),
        ("XBTUSD Curncy", "24/7"),
        ("MSFT.O", "XNYS"),
        ("NESN.S", "XSWX"),
        (".FTSE", "XLON"),
        ("ESc1", "CMES"),
        ("EUR=", "24/5"),
        ("BTCUSDT", "24/7"),
        ("BTC/USD", "24/7"),
        ("ETHBTC", "24/7"),
        ("X:BTCUSD", "24/7"),
        ("EURUSD", "24/5"),
        ("XAU/USD", "24/5"),
        ("HYUNDAI", "XNYS"),
        ("^STOXX", "XETR"),
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
