"""Yahoo: finished sessions only, and a stated reason for every failure."""

import datetime as dt
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.data.conftest import asking, make_bars
from tests.pipeline.data.yahoo_standin import Listing
from volcast.pipeline.data.quality.check import check_bars
from volcast.pipeline.errors import DataError

NEW_YORK = "America/New_York"


def listing(ticker="AAA", **options) -> Listing:
    return Listing(make_bars(ticker).set_index("session"), **options)


def at(text: str, zone: str = NEW_YORK) -> dt.datetime:
    return pd.Timestamp(text, tz=zone).to_pydatetime()


def last_session(yahoo, now, ticker="AAA") -> str:
    bars = yahoo().load(asking(ticker, now=now)).bars
    return str(bars["session"].max().date())


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2024-01-31 12:00", "2024-01-30"),
        ("2024-01-31 16:00", "2024-01-30"),
        ("2024-01-31 16:59", "2024-01-30"),
        ("2024-01-31 17:00", "2024-01-31"),
        ("2024-02-03 09:00", "2024-01-31"),
    ],
)
def test_a_bar_is_returned_only_when_its_session_has_settled(standin, yahoo, now, expected):
    standin.listings["AAA"] = listing()
    assert last_session(yahoo, at(now)) == expected


def test_the_running_bar_at_the_end_is_never_returned(standin, yahoo):
    live = make_bars("AAA", "2024-02-01", "2024-02-01").set_index("session")
    live.index = pd.DatetimeIndex(["2024-02-01 11:37:22"]).tz_localize(NEW_YORK)
    standin.listings["AAA"] = listing(live=live)
    assert last_session(yahoo, at("2024-02-01 11:38")) == "2024-01-31"


def test_a_second_row_of_the_last_session_leaves_one_row(standin, yahoo):
    live = make_bars("AAA", "2024-01-31", "2024-01-31").set_index("session").assign(close=101.0)
    live.index = pd.DatetimeIndex(["2024-01-31 16:00:02"]).tz_localize(NEW_YORK)
    standin.listings["AAA"] = listing(live=live)
    bars = yahoo().load(asking("AAA", now=at("2024-01-31 18:00"))).bars
    assert bars["session"].is_unique
    assert bars["close"].iloc[-1] == 101.0


def test_a_date_in_the_middle_that_occurs_twice_is_one_bar_after_the_rules(standin, yahoo):
    bars = make_bars("AAA").set_index("session")
    standin.listings["AAA"] = Listing(pd.concat([bars.iloc[:5], bars.iloc[4:]]))
    download = yahoo().load(asking("AAA"))
    assert check_bars(download.bars).bars["session"].tolist() == bars.index.tolist()


@pytest.mark.parametrize(
    ("ticker", "zone", "opens"),
    [("7203.T", "Asia/Tokyo", "09:00"), ("AIR.NZ", "Pacific/Auckland", "10:00")],
)
def test_sessions_are_dates_in_the_exchanges_own_timezone(standin, yahoo, ticker, zone, opens):
    # Both open on the evening before in UTC.
    standin.listings[ticker] = listing(timezone=zone, opens=opens)
    bars = yahoo().load(asking(ticker)).bars
    assert bars["session"].tolist() == make_bars("AAA")["session"].tolist()


def test_a_running_day_of_a_coin_is_not_returned(standin, yahoo):
    days = pd.date_range("2024-01-01", "2024-01-10")
    rows = make_bars("AAA").iloc[: len(days)].set_axis(days)
    coin = Listing(rows, timezone="UTC", opens="00:00", closes="23:59", instrument="CRYPTOCURRENCY")
    standin.listings["BTC-USD"] = coin
    assert last_session(yahoo, at("2024-01-10 23:59", "UTC"), "BTC-USD") == "2024-01-09"
    assert last_session(yahoo, at("2024-01-11 00:59", "UTC"), "BTC-USD") == "2024-01-09"
    assert last_session(yahoo, at("2024-01-11 01:00", "UTC"), "BTC-USD") == "2024-01-10"


def test_nothing_settled_yet_is_a_stated_failure(standin, yahoo):
    standin.listings["AAA"] = listing()
    with pytest.raises(DataError, match=r"AAA: Yahoo has no bars .* to 2023-12-29, the last"):
        yahoo().load(asking("AAA", now=at("2024-01-01 12:00")))


def test_nulls_inside_the_arrays_reach_the_quality_rules(standin, yahoo):
    bars = make_bars("AAA").set_index("session")
    bars.loc["2024-01-10", ["open", "high", "low", "close", "adj_close", "volume"]] = np.nan
    bars.loc["2024-01-11", "volume"] = np.nan
    standin.listings["AAA"] = Listing(bars)
    checked = check_bars(yahoo().load(asking("AAA")).bars)
    fired = checked.quality.set_index("rule")["rows"].to_dict()
    assert fired == {"bars": 20, "missing_price": 1, "missing_session": 1, "zero_volume": 1}


def test_dividends_and_splits_add_no_rows(standin, yahoo):
    events = {"dividends": {"2024-01-10": 0.24}, "splits": {"2024-01-12": (4, 1)}}
    standin.listings["AAA"] = listing(**events)
    bars = yahoo().load(asking("AAA")).bars
    pd.testing.assert_frame_equal(bars, make_bars("AAA"))


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (404, "Yahoo currently has no prices under this name"),
        (429, "Yahoo limits the number of requests"),
        (500, "Yahoo did not return prices"),
        ("garbage", "Yahoo did not return prices"),
        ("empty", "Yahoo has no bars from 2024-01-05 to "),
    ],
)
def test_a_fault_of_one_ticker_is_stated_and_the_others_are_kept(standin, yahoo, fault, reason):
    standin.listings |= {"AAA": listing(), "BBB": listing("BBB"), "CCC": listing("CCC")}
    standin.faults["BBB"] = fault
    download = yahoo().load(asking("AAA", "BBB", "CCC", start=dt.date(2024, 1, 5)))
    assert set(download.bars["ticker"]) == {"AAA", "CCC"}
    assert list(download.failures) == ["BBB"]
    assert download.failures["BBB"].startswith(reason)
    assert "delisted" not in download.failures["BBB"]


def test_a_fault_is_not_remembered_when_it_is_over(standin, yahoo):
    standin.listings["AAA"] = listing()
    standin.faults["AAA"] = 500
    ask = asking("AAA", start=dt.date(2024, 1, 5), end=dt.date(2024, 1, 20))
    with pytest.raises(DataError):
        yahoo().load(ask)
    standin.faults.clear()
    assert len(yahoo().load(ask).bars) == 10


def test_when_pauses_do_not_help_yahoo_is_asked_no_more(standin, yahoo):
    standin.faults["*"] = 429
    tickers = [f"T{number}" for number in range(9)]
    with pytest.raises(DataError, match=r"T8: not asked: Yahoo limits .* try again in an hour"):
        yahoo().load(asking(*tickers))
    assert not any("/chart/T8" in asked for asked in standin.requests)


def test_after_three_tickers_without_a_network_no_more_are_asked(standin, yahoo):
    standin.faults["*"] = "cut"
    with pytest.raises(DataError, match="D: not asked, after 3 tickers in a row failed: Yahoo"):
        yahoo().load(asking("A", "B", "C", "D", "E"))
    assert not any("/chart/D" in asked for asked in standin.requests)


def test_no_network_is_stated(standin, yahoo, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # the discard port: nobody listens
    with pytest.raises(DataError, match="ZZZ: Yahoo cannot be reached"):
        yahoo().load(asking("ZZZ"))


def test_yfinance_is_left_as_it_was(standin, yahoo):
    import yfinance

    standin.listings["AAA"] = listing()
    yahoo().load(asking("AAA"))
    assert yfinance.config.debug.hide_exceptions is True


AFTER_TENSORFLOW = """
import datetime as dt, sys
import volcast.models.backend
from pathlib import Path
from volcast.pipeline.data.contract.source import Request
from volcast.pipeline.data.sources.factory import build_source
from volcast.pipeline.data.sources.stored import StoreOptions
now = dt.datetime(2024, 3, 1, tzinfo=dt.UTC)
source = build_source("yahoo", options=StoreOptions(Path(sys.argv[1])))
bars = source.load(Request(("AAA",), dt.date(2024, 1, 2), dt.date(2024, 1, 31), now)).bars
print(len(bars))
"""


@pytest.mark.slow
def test_yahoo_answers_also_when_tensorflow_was_imported_first(standin, tmp_path):
    standin.listings["AAA"] = listing()
    answer = subprocess.run(
        [sys.executable, "-c", AFTER_TENSORFLOW, str(tmp_path)],
        env={**os.environ, **standin.environment},
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    assert int(answer.stdout) > 15
