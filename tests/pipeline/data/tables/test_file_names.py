"""The ticker in the names that exporting programs give their files."""

from pathlib import Path

import pytest

from volcast.pipeline.data.tables.file_names import is_table, ticker_from_file


@pytest.mark.parametrize(
    ("name", "ticker"),
    [
        ("AAPL.csv", "AAPL"),
        ("VOD.L.csv", "VOD.L"),
        ("BRK.B.csv.gz", "BRK.B"),
        ("AAPL (1).csv", "AAPL"),
        ("NASDAQ_AAPL, 1D.csv", "AAPL"),
        ("BINANCE_BTCUSDT, 1D_4f2a1 (2).csv", "BTCUSDT"),
        ("XETR_SAP, 1D.csv", "SAP.DE"),
        ("LUXSE_ABC, 1D.csv", "LUXSE:ABC"),
        ("S&P 500 Historical Data.csv", "S&P 500"),
        ("EUR_USD Historical Data (1).csv", "EUR_USD"),
        ("Dados Históricos - PETR4.csv", "PETR4"),
        ("aapl_us_d.csv", "aapl.us"),
        ("wig20_d.csv", "wig20"),
        ("^spx_d.csv", "^spx"),
        ("EURUSD1440.csv", "EURUSD"),
        ("EURUSD_Daily_201901020000_202312290000.csv", "EURUSD"),
        ("EURUSD_Candlestick_1_D_BID_01.01.2020-31.12.2023.csv", "EURUSD"),
        ("BTCUSDT-1d-2023-12.zip", "BTCUSDT"),
        ("XBTUSD_1440.csv", "XBTUSD"),
        ("daily_IBM.csv", "IBM"),
        ("AAPL_data.csv", "AAPL"),
        ("my_data.parquet", "my"),
        ("prices", "prices"),
    ],
)
def test_the_ticker_is_found_in_the_name(name, ticker):
    assert ticker_from_file(Path(name)) == ticker


def test_a_folder_is_searched_for_tables():
    names = ["A.csv", "A.CSV.gz", "A.zip", "A.feather", ".A.csv", "A.toml", "A.tar.gz", "A", "A.gz"]
    assert [name for name in names if is_table(Path(name))] == [
        *("A.csv", "A.CSV.gz", "A.zip", "A.feather", "A.gz"),
    ]
