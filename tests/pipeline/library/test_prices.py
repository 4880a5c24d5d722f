"""Prices of the library: from frames, files and sources, under the rules of quality."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import volcast
from tests.pipeline.library.samples import NOW
from tests.pipeline.samples import make_prices, two_tickers
from volcast.pipeline.errors import ConfigError, DataError, StorageError
from volcast.pipeline.library.prices import PRICES


def test_a_frame_gives_the_clean_bars_of_its_file(prices):
    of_frame = volcast.load_prices(two_tickers(), now=NOW)
    of_file = volcast.load_prices(prices, now=NOW)
    pd.testing.assert_frame_equal(of_frame.bars, of_file.bars, check_exact=True)
    pd.testing.assert_frame_equal(of_frame.quality, of_file.quality)
    assert of_frame.tickers == ["AAA", "BBB"]


def test_the_quality_rules_apply_to_frames():
    frame = make_prices()
    frame.loc[100, "high"] = frame.loc[100, "low"] / 2
    loaded = volcast.load_prices(frame, now=NOW)
    found = loaded.quality[loaded.quality["rule"] != "bars"]
    assert found["rows"].sum() > 0 and len(loaded.bars) < len(frame)
    assert "What the quality rules found" in str(loaded.summary())


def test_tickers_and_dates_are_chosen_as_in_settings():
    loaded = volcast.load_prices(two_tickers(), tickers="BBB", start="2017-01-03", now=NOW)
    assert loaded.tickers == ["BBB"] and loaded.bars["session"].min().year == 2017


def test_a_ticker_beside_prices_that_name_theirs_is_refused():
    long = volcast.load_prices(source="sample-stocks", tickers=["AAPL", "AXP"]).bars
    with pytest.raises(ConfigError, match=r"are those of AAPL, AXP; leave ticker"):
        volcast.load_prices(long, ticker="AAPL")
    one = long[long["ticker"] == "AAPL"]
    assert volcast.load_prices(one, ticker="AAPL").tickers == ["AAPL"]


def test_the_ticker_of_a_frame_without_one_is_given():
    frame = make_prices().drop(columns="ticker")
    assert volcast.load_prices(frame, ticker="VOD.L", now=NOW).tickers == ["VOD.L"]
    close = frame.set_index("date")["close"]
    assert volcast.load_prices(close, ticker="X", now=NOW).tickers == ["X"]


def test_stored_bars_of_a_frame_are_read_back_as_they_were(tmp_path):
    frame = make_prices().assign(volume=np.nan)
    loaded = volcast.load_prices(frame, now=NOW)
    place = loaded.store(tmp_path / "run")
    assert place == {"source": "files", "path": str(tmp_path / "run" / PRICES)}
    again = volcast.load_prices(place["path"], now=NOW)
    pd.testing.assert_frame_equal(again.bars, loaded.bars, check_exact=True)
    assert volcast.load_prices(source="sample", now=NOW).store(tmp_path) == {}


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    loaded = volcast.load_prices(two_tickers(), now=NOW)
    with pytest.raises(StorageError, match=r"cannot write to .*; choose another folder"):
        volcast.backtest(loaded, tmp_path / "file" / "run", now=NOW)


def test_days_may_be_periods():
    frame = make_prices("AAA", 1, 60).set_index("date").drop(columns="ticker")
    of_days = volcast.load_prices(frame.set_axis(pd.PeriodIndex(frame.index, freq="D")), now=NOW)
    pd.testing.assert_frame_equal(of_days.bars, volcast.load_prices(frame, now=NOW).bars)


def test_prices_show_themselves():
    loaded = volcast.load_prices(two_tickers(), now=NOW)
    assert repr(loaded) == "<volcast.Prices: 1,400 bars of 2 tickers>"
    shown = loaded._repr_html_()
    assert "AAA, BBB" in shown and "<script" not in shown


REFUSED = {
    "nothing": ({}, ConfigError, "either prices .* or a source"),
    "both": ({"prices": two_tickers(), "source": "sample"}, ConfigError, "and not both"),
    "a ticker that is no text": ({"prices": two_tickers(), "ticker": 3}, ConfigError, "got 3"),
    "a ticker without letters": (
        {"prices": two_tickers(), "ticker": ""}, ConfigError, "ticker must be text, such as 'SPY'"
    ),
    "a clock without a timezone": (
        {"prices": two_tickers(), "now": dt.datetime(2026, 1, 5)},
        ConfigError, r"now must be a datetime with a timezone, such as .*; got datetime",
    ),
    "a clock as text": ({"source": "sample", "now": "2026-01-05"}, ConfigError, "got '2026-01-05'"),
    "a number": ({"prices": 3}, ConfigError, "a pandas frame or a path, not int"),
    "another section": ({"source": "sample", "epochs": 3}, ConfigError, r"epochs is a setting of"),
    "no such file": ({"prices": "no.csv"}, DataError, "no such file"),
    "no dates": ({"prices": pd.DataFrame({"close": [1.0]})}, DataError, "missing column date"),
    "an index of words": (
        {"prices": pd.DataFrame({"Close": [1.0, 2.0]}, index=["one", "two"])},
        DataError, "add or rename it, with dates such as 2020-01-31",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_price_is_explained(case):
    arguments, kind, message = REFUSED[case]
    with pytest.raises(kind, match=message):
        volcast.load_prices(**arguments)
