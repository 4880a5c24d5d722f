"""Yahoo's 5-minute bars, by the real yfinance client: gathered in files, only settled sessions."""

import json
from urllib.parse import unquote, urlsplit

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.data.conftest import NOW
from tests.pipeline.data.intraday_samples import make_intraday
from tests.pipeline.samples import volcast
from volcast.pipeline.data.calendars.opening_hours import session_hours
from volcast.pipeline.data.sources.intraday import IntradaySource
from volcast.pipeline.data.sources.yahoo_intraday import update_intraday

ZONES = {"XNYS": "America/New_York", "XTKS": "Asia/Tokyo"}


def chart(ticker, bars, calendar):
    """Return Yahoo's answer for 5-minute bars: moments in epoch seconds, and the hours."""
    seconds = bars["timestamp"].dt.as_unit("s").astype("int64")
    first, last = (bars["timestamp"].iloc[at].tz_localize(None).normalize() for at in (0, -1))
    periods = [
        [{"timezone": "X", "start": int(h.opens.timestamp()), "end": int(h.closes.timestamp()),
          "gmtoffset": 0}]
        for h in session_hours(calendar, first, last).itertuples()
    ]  # fmt: skip
    meta = {
        "currency": "USD", "symbol": ticker, "instrumentType": "EQUITY", "priceHint": 2,
        "exchangeTimezoneName": ZONES[calendar], "timezone": "X", "gmtoffset": 0,
        "dataGranularity": "5m", "range": "60d", "tradingPeriods": periods,
        "currentTradingPeriod": dict.fromkeys(("pre", "regular", "post"), periods[-1][0]),
        "validRanges": ["1d", "5d", "1mo", "1y", "max"],
    }  # fmt: skip
    names = ("open", "high", "low", "close", "volume")
    quote = {name: [None if np.isnan(x) else x for x in bars[name]] for name in names}
    result = {"meta": meta, "timestamp": seconds.tolist(), "indicators": {"quote": [quote]}}
    return json.dumps({"chart": {"result": [result], "error": None}})


@pytest.fixture
def minutes(standin, monkeypatch):
    """The stand-in for Yahoo with 5-minute bars too: ticker to (bars, calendar) or a status."""
    listed, daily = {}, standin.answer

    def answer(host, target):
        parts = urlsplit(target)
        ticker = unquote(parts.path.rsplit("/", 1)[-1])
        if not parts.path.startswith("/v8/finance/chart/") or ticker not in listed:
            return daily(host, target)
        standin.requests.append(f"{host}{target}")
        if isinstance(listed[ticker], int):
            return listed[ticker], "text/plain", "Too Many Requests"
        return 200, "application/json", chart(ticker, *listed[ticker])

    monkeypatch.setattr(standin, "answer", answer)
    return listed


def kept(folder, ticker="AAA"):
    return pd.read_parquet(folder / f"{ticker}.parquet")


def asked_for(url):
    return set(urlsplit(url).query.split("&"))


@pytest.mark.parametrize(("ticker", "calendar"), [("AAA", "XNYS"), ("7203.T", "XTKS")])
def test_the_bars_that_were_served_are_in_the_file(minutes, tmp_path, standin, ticker, calendar):
    bars = make_intraday(calendar)  # over a change of clocks in New York
    minutes[ticker] = (bars, calendar)
    assert update_intraday(tmp_path, (ticker,), NOW) == {}
    stored = kept(tmp_path, ticker)
    pd.testing.assert_frame_equal(stored, bars, check_dtype=False)
    assert str(stored["timestamp"].dtype) == "datetime64[us, UTC]"
    assert any({"interval=5m", "range=60d"} <= asked_for(url) for url in standin.requests)
    days = IntradaySource(tmp_path, (), NOW).days
    assert len(days) == 10 and days["variance"].notna().all()


def test_sixty_days_after_sixty_days_make_one_history(minutes, tmp_path):
    bars = make_intraday()
    minutes["AAA"] = (bars.iloc[:600], "XNYS")
    update_intraday(tmp_path, ("AAA",), NOW)
    revised = bars.iloc[400:].assign(close=lambda b: b["close"] * 1.01)
    minutes["AAA"] = (revised, "XNYS")
    update_intraday(tmp_path, ("AAA",), NOW)
    expected = pd.concat([bars.iloc[:400], revised], ignore_index=True)
    pd.testing.assert_frame_equal(kept(tmp_path), expected, check_dtype=False)


def test_bars_of_a_session_that_is_not_settled_are_not_kept(minutes, tmp_path):
    minutes["AAA"] = (make_intraday(), "XNYS")
    now = pd.Timestamp("2024-03-15 16:30", tz="America/New_York").to_pydatetime()
    assert update_intraday(tmp_path, ("AAA",), now) == {}
    assert kept(tmp_path)["timestamp"].max() == pd.Timestamp("2024-03-14 19:55", tz="UTC")


def test_a_bar_without_prices_is_left_out_and_the_rest_kept(minutes, tmp_path):
    bars = make_intraday()
    bars.loc[7, ["open", "high", "low", "close", "volume"]] = np.nan
    minutes["AAA"] = (bars, "XNYS")
    update_intraday(tmp_path, ("AAA",), NOW)
    assert len(kept(tmp_path)) == len(bars) - 1


def test_a_failure_leaves_the_file_as_it_was_and_the_others_go_on(minutes, tmp_path):
    minutes["AAA"] = (make_intraday(), "XNYS")
    update_intraday(tmp_path, ("AAA",), NOW)
    before = (tmp_path / "AAA.parquet").read_bytes()
    minutes |= {"AAA": 500, "BBB": (make_intraday(), "XNYS")}
    failures = update_intraday(tmp_path, ("AAA", "../x", "BBB"), NOW)
    assert set(failures) == {"AAA", "../x"}
    assert "cannot be used as a file name" in failures["../x"]
    assert (tmp_path / "AAA.parquet").read_bytes() == before
    assert len(kept(tmp_path, "BBB")) == 780


def test_after_a_refusal_no_more_are_asked(minutes, tmp_path, standin):
    minutes |= {"AAA": 429, "BBB": (make_intraday(), "XNYS")}
    failures = update_intraday(tmp_path, ("AAA", "BBB"), NOW)
    assert "429" in failures["AAA"] and failures["BBB"] == "not asked, after AAA failed"
    assert not any("BBB" in request for request in standin.requests)


def test_the_command_gathers_what_a_watch_list_names(minutes, tmp_path):
    minutes |= dict.fromkeys(("SPY", "AAPL"), (make_intraday(), "XNYS"))
    names = tmp_path / "names.txt"
    names.write_text("spy  # the index\nAAPL\n")
    into = tmp_path / "minutes"
    answer = volcast("data", "intraday", "--file", names, "--into", into)
    assert answer.code == 0 and "2 of 2 tickers updated" in answer.out
    assert len(IntradaySource(into, (), NOW).days) == 20


def test_the_command_says_what_did_not_come_and_keeps_the_rest(minutes, tmp_path):
    minutes |= {"AAA": 500, "BBB": (make_intraday(), "XNYS")}
    answer = volcast("data", "intraday", "AAA", "BBB", "--into", tmp_path, "--json")
    assert answer.code == 1 and "1 of 2 tickers were not updated; AAA" in answer.complaint
    assert json.loads(answer.out)["updated"] == ["BBB"] and len(kept(tmp_path, "BBB")) == 780
    assert "name tickers" in volcast("data", "intraday", "--into", tmp_path).complaint
