"""Updates from the stand-in: each fault that Yahoo is known for, and how it ends."""

import datetime as dt
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.data.conftest import QUICK, make_bars
from tests.pipeline.data.yahoo_standin import Listing
from volcast.pipeline.data.calendars.sessions import last_settled_session, sessions_between
from volcast.pipeline.data.download.circuit_breaker import RetryPolicy
from volcast.pipeline.data.download.downloader import Update, UpdateRequest
from volcast.pipeline.data.download.rate_limit import BURST
from volcast.pipeline.data.download.update_result import outcome_table, summary
from volcast.pipeline.data.quality.check import check
from volcast.pipeline.data.sources.yahoo import YahooClient
from volcast.pipeline.data.store.store import Store
from volcast.pipeline.data.store.ticker_state import TickerState
from volcast.pipeline.progress import Progress

PRICES = ["open", "high", "low", "close", "adj_close"]


def evening(day: str) -> dt.datetime:
    """Return a moment at which that day's session of New York has settled."""
    return pd.Timestamp(f"{day} 18:00", tz="America/New_York").to_pydatetime()


def quarter(ticker="AAA", **options) -> Listing:
    return Listing(make_bars(ticker, "2024-01-02", "2024-03-28").set_index("session"), **options)


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "yahoo")


@pytest.fixture
def update(standin, store):
    """Update the store as on the evening of a day; return the outcome of each ticker."""

    def run(*tickers, day, patience=QUICK, rate=1000.0, timeout=5.0, progress=None, **wish):
        work = Update(
            YahooClient(timeout), store, UpdateRequest(evening(day), **wish), rate, patience
        )
        work = replace(work, progress=Progress() if progress is None else progress)
        return {outcome.ticker: outcome for outcome in work.run(tickers or ("AAA",))}

    return run


def asked_from(standin, ticker="AAA") -> str:
    """Return the first session that the last request for prices asked for."""
    start = pd.Timestamp(int(standin.charts(ticker)[-1]["period1"]), unit="s", tz="UTC")
    return str(start.tz_convert("America/New_York").date())


def closes(store, as_of=None) -> pd.Series:
    return store.bars(["AAA"], as_of).set_index("session")["close"]


# What is asked for


def test_everything_up_to_the_last_settled_session_comes(standin, store, update):
    standin.listings["AAA"] = quarter()
    outcome = update(day="2024-01-31")["AAA"]
    assert (outcome.status, outcome.counts, outcome.last_session) == (
        "updated",
        {"new": 21},
        "2024-01-31",
    )
    pd.testing.assert_frame_equal(store.bars(["AAA"]), make_bars())


def test_a_later_update_asks_for_what_is_missing_and_ten_sessions_before(standin, store, update):
    standin.listings["AAA"] = quarter()
    update(day="2024-01-31")
    assert update(day="2024-02-02")["AAA"].counts == {"new": 2}
    assert asked_from(standin) == "2024-01-18"  # ten sessions to the 31st
    assert (
        store.bars(["AAA"])["session"].tolist() == make_bars(last="2024-02-02")["session"].tolist()
    )


def test_nothing_is_asked_when_nothing_can_be_new(standin, update):
    standin.listings["AAA"] = quarter()
    update(day="2024-02-02")
    standin.requests.clear()
    assert update(day="2024-02-03")["AAA"].status == "not due"  # a Saturday
    assert standin.requests == []


def test_a_recheck_of_unchanged_data_makes_one_request_a_ticker_and_writes_nothing(
    standin, store, update
):
    names = ["AAA", "BBB", "CCC"]
    standin.listings |= {name: quarter(name) for name in names}
    update(*names, day="2024-02-02")
    before = {file: file.read_bytes() for file in store.folder.glob("*.parquet")}
    standin.requests.clear()
    outcomes = update(*names, day="2024-02-02", recheck=True)
    assert {one.status for one in outcomes.values()} == {"unchanged"}
    assert len(standin.requests) == 3
    assert {file: file.read_bytes() for file in store.folder.glob("*.parquet")} == before


def test_an_earlier_start_brings_the_earlier_bars_once(standin, store, update):
    standin.listings["AAA"] = quarter()
    update(day="2024-03-01", start=dt.date(2024, 2, 1))
    assert len(store.bars(["AAA"])) == 21
    assert update(day="2024-03-01", start=dt.date(2024, 1, 8))["AAA"].counts == {"new": 17}
    assert update(day="2024-03-01", start=dt.date.min)["AAA"].counts == {"new": 4}
    standin.requests.clear()
    assert update(day="2024-03-01", start=dt.date(1990, 1, 1))["AAA"].status == "not due"
    assert standin.requests == []


def test_without_a_start_a_stored_history_stays_as_long_as_it_was_asked_for(standin, store, update):
    standin.listings["AAA"] = quarter()
    update(day="2024-03-01", start=dt.date(2024, 2, 1))
    assert update(day="2024-03-04")["AAA"].counts == {"new": 1}
    assert update(day="2024-03-05", anew=True)["AAA"].counts == {"new": 1}
    assert store.bars(["AAA"])["session"].min() == pd.Timestamp("2024-02-01")


# Bars that are not final


def test_a_live_bar_is_not_stored_and_comes_when_it_has_settled(standin, store, update):
    live = make_bars(first="2024-02-01", last="2024-02-01").set_index("session").assign(close=99.5)
    live.index = pd.DatetimeIndex(["2024-02-01 11:37:22"]).tz_localize("America/New_York")
    bars = make_bars(last="2024-01-31").set_index("session")
    standin.listings["AAA"] = Listing(bars, live=live)
    noon = pd.Timestamp("2024-02-01 12:00", tz="America/New_York").to_pydatetime()
    work = Update(YahooClient(), store, UpdateRequest(noon), 1000.0, QUICK)
    assert [one.last_session for one in work.run(["AAA"])] == ["2024-01-31"]
    standin.listings["AAA"] = quarter()
    update(day="2024-02-01")
    assert closes(store)["2024-02-01"] == quarter().bars.loc["2024-02-01", "close"]
    assert "revised" not in set(store.log("AAA")["change"])


def test_bars_that_come_unasked_after_the_last_settled_session_are_left_out(standin, store, update):
    unasked = make_bars(first="2024-02-01", last="2024-02-05").set_index("session")
    unasked.index = (unasked.index + pd.Timedelta(hours=9.5)).tz_localize("America/New_York")
    standin.listings["AAA"] = Listing(make_bars().set_index("session"), live=unasked)
    update(day="2024-01-31")
    pd.testing.assert_frame_equal(store.bars(["AAA"]), make_bars())


def test_a_live_bar_as_second_row_of_its_date_leaves_one_bar(standin, store, update):
    second = make_bars(first="2024-01-31", last="2024-01-31").set_index("session")
    second.index = pd.DatetimeIndex(["2024-01-31 16:00:02"]).tz_localize("America/New_York")
    bars = make_bars().set_index("session")
    standin.listings["AAA"] = Listing(bars, live=second.assign(close=99.75))
    update(day="2024-01-31")
    assert store.bars(["AAA"])["session"].is_unique
    assert closes(store)["2024-01-31"] == 99.75


# What the source changes afterwards


def test_a_revised_bar_is_recorded_and_the_old_one_stays_readable(standin, store, update):
    standin.listings["AAA"] = quarter()
    update(day="2024-01-31")
    old = closes(store)["2024-01-26"]
    standin.listings["AAA"].bars.loc["2024-01-26", "close"] = old + 0.25
    outcome = update(day="2024-02-01")["AAA"]
    assert outcome.counts == {"revised": 1, "new": 1}
    assert closes(store)["2024-01-26"] == old + 0.25
    assert closes(store, as_of=evening("2024-01-31"))["2024-01-26"] == old
    assert len(standin.charts("AAA")) == 2


def test_a_revision_of_the_oldest_repeated_session_fetches_the_whole_history(
    standin, store, update
):
    standin.listings["AAA"] = quarter()
    update(day="2024-01-31")
    standin.listings["AAA"].bars.loc["2024-01-03":"2024-01-18", "close"] += 0.125
    before = len(standin.charts("AAA"))
    outcome = update(day="2024-02-01")["AAA"]
    assert len(standin.charts("AAA")) == before + 2
    assert outcome.counts == {"anew": 22}  # more than a fifth of the sessions
    assert closes(store).tolist() == standin.listings["AAA"].bars["close"][:"2024-02-01"].tolist()


def test_a_split_fetches_the_ticker_anew_and_the_old_vintage_stays_readable(standin, store, update):
    standin.listings["AAA"] = quarter()
    update(day="2024-01-31")
    before = store.bars(["AAA"])
    split = quarter(splits={"2024-02-02": (4, 1)})
    split.bars[PRICES] /= 4
    split.bars["volume"] *= 4
    standin.listings["AAA"] = split
    outcome = update(day="2024-02-02")["AAA"]
    assert (outcome.counts, outcome.note) == (
        {"anew": 23},
        "rescaled by the source; fetched anew",
    )
    assert closes(store).tolist() == split.bars["close"][:"2024-02-02"].tolist()
    pd.testing.assert_frame_equal(store.bars(["AAA"], as_of=evening("2024-01-31")), before)
    assert store.actions(["AAA"])[["session", "split"]].to_numpy().tolist() == [
        [pd.Timestamp("2024-02-02"), 4.0]
    ]
    assert update(day="2024-02-05")["AAA"].counts == {"new": 1}


def test_a_dividend_scales_the_adjusted_close_and_fetches_nothing_anew(standin, store, update):
    standin.listings["AAA"] = quarter()
    update(day="2024-01-31")
    paid = quarter(dividends={"2024-02-02": 0.5})
    paid.bars.loc[:"2024-02-01", "adj_close"] *= 0.995
    standin.listings["AAA"] = paid
    outcome = update(day="2024-02-02")["AAA"]
    assert len(standin.charts("AAA")) == 2
    assert outcome.counts == {"adjusted": 10, "new": 2}
    adjusted = store.bars(["AAA"]).set_index("session")["adj_close"]
    expected = paid.bars["adj_close"][:"2024-02-02"]
    np.testing.assert_allclose(adjusted, expected, rtol=3e-7)  # float32 on the way
    then = store.bars(["AAA"], as_of=evening("2024-01-31"))
    pd.testing.assert_frame_equal(then, make_bars())
    assert store.actions(["AAA"])["dividend"].tolist() == [0.5]


def test_a_fund_pays_dividends_and_capital_gains(standin, store, update):
    paid = {
        "dividends": {"2024-01-10": 0.25},
        "capital_gains": {"2024-01-10": 1.5, "2024-01-12": 2},
    }
    standin.listings["AAA"] = quarter(instrument="ETF", **paid)
    update(day="2024-01-31")
    actions = store.actions(["AAA"])[["dividend", "capital_gain"]]
    assert actions.to_numpy().tolist() == [[0.25, 1.5], [0.0, 2.0]]
    assert len(store.bars(["AAA"])) == 21


def test_a_dividend_on_a_day_without_a_bar_is_kept(standin, store, update):
    standin.listings["AAA"] = quarter(dividends={"2024-01-10": 0.25})
    standin.listings["AAA"].bars.loc["2024-01-10", PRICES] = np.nan
    update(day="2024-01-31")
    assert store.actions(["AAA"])["dividend"].tolist() == [0.25]
    standin.listings["AAA"] = quarter(dividends={"2024-01-10": 0.25})
    assert update(day="2024-02-01")["AAA"].counts == {"healed": 1, "new": 1}
    assert store.actions(["AAA"])["dividend"].tolist() == [0.25]


def test_a_history_that_lost_its_sessions_is_not_believed(standin, store, update):
    standin.listings["AAA"] = quarter()
    update(day="2024-02-01")
    before = store.bars(["AAA"])
    standin.listings["AAA"].bars[PRICES] /= 2
    standin.listings["AAA"].bars = standin.listings["AAA"].bars["2024-01-16":]
    outcome = update(day="2024-02-02")["AAA"]
    assert outcome.status == "failed"
    assert "lacks 9 of 22 stored sessions" in outcome.note
    pd.testing.assert_frame_equal(store.bars(["AAA"]), before)


def test_what_yahoo_withdraws_is_kept(standin, store, update):
    standin.listings["AAA"] = quarter()
    update(day="2024-01-31")
    bars = standin.listings["AAA"].bars
    bars.loc["2024-01-29", [*PRICES, "volume"]] = np.nan
    standin.listings["AAA"].bars = bars.drop(pd.Timestamp("2024-01-25"))
    assert update(day="2024-02-01")["AAA"].counts == {"new": 1}
    assert len(store.bars(["AAA"]).dropna(subset=["close"])) == 22


def test_asked_anew_a_revision_deep_in_the_past_is_found(standin, store, update):
    standin.listings["AAA"] = quarter()
    update(day="2024-03-01")
    standin.listings["AAA"].bars.loc["2024-01-05", "high"] += 1
    assert update(day="2024-03-04")["AAA"].counts == {"new": 1}
    assert update(day="2024-03-04", anew=True)["AAA"].counts == {"revised": 1}
    assert asked_from(standin) < "1930"


# Missing and wrong bars


def without(*days: str) -> Listing:
    listing = quarter()
    listing.bars = listing.bars.drop(pd.DatetimeIndex(days))
    return listing


def test_a_missing_session_is_healed_inside_the_next_fetch_that_is_due(standin, store, update):
    standin.listings["AAA"] = without("2024-01-04")
    update(day="2024-02-01")
    standin.listings["AAA"] = quarter()
    standin.requests.clear()
    assert update(day="2024-02-01")["AAA"].status == "not due"  # alone it is no reason to ask
    outcome = update(day="2024-02-02")["AAA"]
    assert outcome.counts == {"healed": 1, "new": 1}
    assert len(standin.requests) == 1
    assert asked_from(standin) == "2024-01-04"
    assert closes(store).tolist() == quarter().bars["close"][:"2024-02-02"].tolist()


def test_a_null_bar_is_a_missing_session_and_is_healed(standin, store, update):
    standin.listings["AAA"] = quarter()
    standin.listings["AAA"].bars.loc["2024-01-04", [*PRICES, "volume"]] = np.nan
    update(day="2024-02-01")
    standin.listings["AAA"] = quarter()
    assert update(day="2024-02-02")["AAA"].counts == {"healed": 1, "new": 1}


def test_a_session_that_never_comes_is_not_asked_for_for_ever(standin, update):
    standin.listings["AAA"] = without("2024-01-04")
    days = quarter().bars["2024-02-01":"2024-02-09"].index
    starts = []
    for day in days:
        update(day=str(day.date()))
        starts.append(asked_from(standin))
    assert starts[1:5] == ["2024-01-04"] * 4  # and the first one asked for everything
    assert starts[5:] == ["2024-01-25", "2024-01-26"]


def test_a_last_bar_that_is_late_is_asked_for_at_each_update(standin, update):
    standin.listings["AAA"] = Listing(make_bars().set_index("session"))
    update(day="2024-02-01")
    standin.requests.clear()
    assert update(day="2024-02-01")["AAA"].status == "unchanged"
    standin.listings["AAA"] = quarter()
    assert update(day="2024-02-01")["AAA"].counts == {"new": 1}
    assert len(standin.requests) == 2


def test_a_wrong_bar_is_kept_as_served_rejected_by_the_rules_and_replaced_when_mended(
    standin, store, update
):
    standin.listings["AAA"] = quarter()
    standin.listings["AAA"].bars.loc["2024-01-04", "high"] = 1.0  # below its close
    update(day="2024-02-01")
    assert store.bars(["AAA"]).set_index("session").loc["2024-01-04", "high"] == 1.0
    rules = check(store.bars(["AAA"])).quality["rule"].tolist()
    assert rules == ["bars", "missing_session", "range_excludes_body"]
    standin.listings["AAA"] = quarter()
    assert update(day="2024-02-02")["AAA"].counts == {"revised": 1, "new": 1}
    assert check(store.bars(["AAA"])).quality["rule"].tolist() == ["bars"]


# Clocks and places


PLACES = {
    "AAA": ("America/New_York", "09:30", "16:00", "XNYS", "2024-03-10"),
    "VOD.L": ("Europe/London", "08:00", "16:30", "XLON", "2024-03-31"),
    "7203.T": ("Asia/Tokyo", "09:00", "15:00", "XTKS", "2024-03-10"),
    "AIR.NZ": ("Pacific/Auckland", "10:00", "16:45", "XNZE", "2024-04-07"),
    "BTC-USD": ("UTC", "00:00", "23:59", "24/7", "2024-03-10"),
    "EURUSD=X": ("Europe/London", "00:00", "23:59", "24/5", "2024-03-31"),
}


@pytest.mark.parametrize("ticker", PLACES)
def test_over_a_change_of_the_clocks_every_session_keeps_its_date(standin, store, ticker):
    zone, opens, closes_at, calendar, change = PLACES[ticker]
    days = sessions_between(calendar, dt.date(2024, 2, 1), dt.date(2024, 4, 30))
    close = 100.0 + np.arange(len(days)) % 7
    bars = pd.DataFrame({"open": close, "high": close + 1, "low": close - 1, "close": close}, days)
    bars = bars.assign(adj_close=bars["close"], volume=1000.0)
    standin.listings[ticker] = Listing(bars, timezone=zone, opens=opens, closes=closes_at)
    for after in (-4, 1, 2, 3, 9):  # days from the change, at the end of the day there
        moment = pd.Timestamp(change, tz=zone) + pd.DateOffset(days=after, hours=25)
        wish = UpdateRequest(moment.to_pydatetime())
        (outcome,) = Update(YahooClient(), store, wish, 1000.0, QUICK).run([ticker])
        assert outcome.came, outcome.note
        expected = last_settled_session(calendar, moment)
        stored = store.bars([ticker])
        assert stored["session"].tolist() == days[days <= expected].tolist()
        assert stored["close"].tolist() == bars["close"][:expected].tolist()
    assert set(store.log(ticker)["change"]) == {"new"}


@pytest.mark.parametrize(
    ("now", "last"),
    [
        ("2024-07-03 13:59", "2024-07-02"),  # a half day closes at 13:00
        ("2024-07-03 14:00", "2024-07-03"),
        ("2024-07-04 18:00", "2024-07-03"),  # a holiday
        ("2024-07-05 16:59", "2024-07-03"),
        ("2024-07-05 17:00", "2024-07-05"),
    ],
)
def test_around_the_close_only_settled_sessions_are_stored(standin, store, now, last):
    standin.listings["AAA"] = Listing(
        make_bars(first="2024-06-03", last="2024-07-10").set_index("session")
    )
    moment = pd.Timestamp(now, tz="America/New_York").to_pydatetime()
    (outcome,) = Update(YahooClient(), store, UpdateRequest(moment), 1000.0, QUICK).run(["AAA"])
    assert outcome.last_session == last


def test_the_calendar_is_that_of_the_exchange_which_yahoo_names(standin, store, update):
    tokyo = make_bars(last="2024-03-28").set_index("session")
    standin.listings["ODD"] = Listing(tokyo, timezone="Asia/Tokyo", opens="09:00", exchange="JPX")
    update("ODD", day="2024-02-01")
    assert store.note("ODD").calendar == "XTKS"
    # It is Friday evening in Tokyo, and Friday morning in New York.
    friday = pd.Timestamp("2024-02-02 20:00", tz="Asia/Tokyo").to_pydatetime()
    (outcome,) = Update(YahooClient(), store, UpdateRequest(friday), 1000.0, QUICK).run(["ODD"])
    assert outcome.last_session == "2024-02-02"


# Failures


@pytest.mark.parametrize("fault", [404, 500, "empty", "garbage", "cut"])
def test_a_passing_fault_of_a_ticker_is_over_at_the_end_of_the_update(
    standin, store, update, fault
):
    names = ["AAA", "BBB", "CCC"]
    standin.listings |= {name: quarter(name) for name in names}
    standin.faults["BBB"] = [None, *[fault] * 3]  # the first answer names the timezone
    outcomes = update(*names, day="2024-02-01")
    assert [outcomes[name].status for name in names] == ["updated"] * 3
    assert len(store.bars(names)) == 3 * 22


def test_an_answer_that_does_not_come_is_given_up_and_asked_for_again(standin, store, update):
    standin.listings |= {"AAA": quarter(), "BBB": quarter("BBB")}
    standin.faults["AAA"], standin.stall = ["stall"], 1.5
    assert update("AAA", "BBB", day="2024-02-01", timeout=0.5)["AAA"].status == "updated"
    assert len(store.bars(["AAA", "BBB"])) == 44


def test_refused_at_first_the_update_pauses_and_goes_on(standin, store, update):
    names = [f"T{number}" for number in range(6)]
    standin.listings |= {name: quarter(name) for name in names}
    standin.faults["*"] = [429] * 5
    notes = Notes()
    outcomes = update(*names, day="2024-02-01", progress=notes)
    assert {one.status for one in outcomes.values()} == {"updated"}
    assert notes.said[0].endswith("(HTTP 429): pausing for 1 s, then going on")


def test_refused_for_good_what_came_before_is_kept_and_each_ticker_has_its_reason(
    standin, store, update
):
    names = [f"T{number}" for number in range(12)]
    standin.listings |= {name: quarter(name) for name in names}
    standin.faults |= dict.fromkeys(names[2:], 429)
    outcomes = update(*names, day="2024-02-01")
    came = [name for name in names if outcomes[name].came]
    assert came == names[:2] == store.tickers()
    assert all("limits the number of requests" in outcomes[name].note for name in names[2:])
    assert "delisted" not in " ".join(one.note for one in outcomes.values())


def test_one_ticker_refused_for_good_does_not_hold_up_the_others(standin, update):
    names = [f"T{number}" for number in range(5)]
    standin.listings |= {name: quarter(name) for name in names}
    standin.faults["T1"] = 429
    long = RetryPolicy(pause=0.05, pause_most=0.05, in_all=1e6)
    outcomes = update(*names, day="2024-02-01", patience=long)
    assert [outcomes[name].came for name in names] == [True, False, True, True, True]


def test_without_a_network_the_stored_bars_stay_and_the_reason_is_told(
    standin, store, update, monkeypatch
):
    standin.listings["AAA"] = quarter()
    update(day="2024-02-01")
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # the discard port: nobody listens
    outcome = update(day="2024-02-02")["AAA"]
    assert outcome.status == "failed"
    assert outcome.note.startswith("Yahoo cannot be reached")
    assert outcome.last_session == "2024-02-01"
    assert store.note("AAA").failure == outcome.note


def test_a_ticker_is_called_gone_only_after_many_days_without_prices(standin, store, update):
    standin.listings["AAA"] = quarter()
    update(day="2024-02-01")
    standin.faults["AAA"] = 404
    days = ["2024-02-02", "2024-02-05", "2024-02-05", "2024-02-06", "2024-02-07", "2024-02-09"]
    notes = [update(day=day)["AAA"].note for day in days]
    assert not any("delisted" in note for note in notes[:-1])
    assert notes[-1] == (
        "no prices under this name since 2024-02-02, asked on 5 days; it may be renamed or delisted"
    )
    assert len(store.bars(["AAA"])) == 22
    standin.faults.clear()
    update(day="2024-02-12")
    assert store.note("AAA").misses == ()


def test_a_damaged_file_stops_its_ticker_only(standin, store, update):
    standin.listings |= {"AAA": quarter(), "BBB": quarter("BBB")}
    update("AAA", "BBB", day="2024-02-01")
    (store.folder / "AAA.parquet").write_bytes(b"nothing")
    outcomes = update("AAA", "BBB", day="2024-02-02")
    assert outcomes["BBB"].status == "updated"
    assert "the stored file is damaged" in outcomes["AAA"].note


def test_a_ticker_whose_calendar_cannot_be_had_does_not_stop_the_others(standin, update, store):
    standin.listings |= {"AAA": quarter(), "BBB": quarter("BBB")}
    store.write_note("AAA", TickerState(calendar="NOWHERE"))
    outcomes = update("AAA", "BBB", day="2024-02-02")
    assert outcomes["BBB"].status == "updated"
    assert "calendar 'NOWHERE' is unknown" in outcomes["AAA"].note


# Interruptions, processes, politeness


class Notes(Progress):
    """Keeps what is said."""

    def __init__(self):
        self.said = []

    def note(self, text):
        self.said.append(text)


class Interrupting(Progress):
    def count(self, done, total, latest, seconds_left):
        if done == 2:
            raise KeyboardInterrupt


def test_an_interruption_keeps_what_came_and_the_next_update_asks_for_the_rest(
    standin, store, update
):
    names = [f"T{number}" for number in range(4)]
    standin.listings |= {name: quarter(name) for name in names}
    with pytest.raises(KeyboardInterrupt):
        update(*names, day="2024-02-01", progress=Interrupting())
    assert store.tickers() == names[:2]
    standin.requests.clear()
    outcomes = update(*names, day="2024-02-01")
    assert [one.status for one in outcomes.values()] == ["not due"] * 2 + ["updated"] * 2
    assert not standin.charts("T0") and not standin.charts("T1")


def test_no_more_requests_are_sent_than_the_rate_allows(standin, update):
    names = [f"RATE{number}" for number in range(10)]
    standin.listings |= {name: quarter(name) for name in names}
    standin.faults["RATE3"] = [500, 429]  # what the client sends on its own account counts, too
    rate, slack = 8.0, 0.1  # a request may be under way for that many seconds
    update(*names, "NOPE", day="2024-02-01", rate=rate)
    moments = np.array(standin.moments)
    assert len(moments) > 20
    for first in range(len(moments)):
        since = moments[first:] - moments[first]
        assert (np.arange(1, len(since) + 1) <= BURST + rate * (since + slack)).all()


def test_the_table_at_the_end_says_what_came_what_did_not_and_why(standin, update):
    standin.listings |= {"AAA": quarter(), "BBB": quarter("BBB")}
    standin.faults["BBB"] = 500
    outcomes = list(update("AAA", "BBB", "NOPE", day="2024-02-01").values())
    table = outcome_table(outcomes)
    assert table["ticker"].tolist() == ["BBB", "NOPE", "AAA"]
    assert table["status"].tolist() == ["failed", "failed", "updated"]
    assert table["note"].str.startswith("Yahoo did not answer with prices").tolist()[0]
    assert table["note"].tolist()[1].startswith("Yahoo has no prices under this name now")
    assert summary(outcomes) == "3 tickers: 1 updated, 2 failed; 22 bars came"


def start_update(folder: Path, names: list[str]) -> subprocess.Popen:
    command = [sys.executable, "-m", "volcast", "data", "update", *names]
    options = ["--data-dir", str(folder), "--rate", "1000", "--quiet"]
    return subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True)


def test_two_processes_that_update_at_once_ask_for_each_ticker_once(standin, tmp_path):
    names = [f"T{number:02}" for number in range(12)]
    recent = recent_bars()
    standin.listings |= {name: Listing(recent) for name in names}
    processes = [start_update(tmp_path, names) for _ in range(2)]
    said = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert [len(standin.charts(name)) for name in names] == [1] * 12
    stored = Store(tmp_path / "yahoo").bars(names)
    assert len(stored) == 12 * len(recent)
    assert not stored.duplicated(["ticker", "session"]).any()


def recent_bars() -> pd.DataFrame:
    """Return bars up to the last session that has settled by the machine's clock."""
    last = last_settled_session("XNYS", dt.datetime.now(dt.UTC))
    first = last - pd.Timedelta(days=400)
    return make_bars(first=first, last=last).set_index("session")


@pytest.mark.slow
def test_killed_at_twenty_random_moments_every_bar_is_there_once_in_the_end(standin, tmp_path):
    names = [f"T{number:03}" for number in range(150)]
    recent = recent_bars()
    standin.listings |= {name: Listing(recent) for name in names}
    rng = np.random.default_rng(20)
    kills = 0
    while kills < 20:
        standin.requests.clear()
        process = start_update(tmp_path, names)
        while not standin.requests:  # imports are not what is to be killed
            assert process.poll() is None
        time.sleep(rng.uniform(0, 0.5))
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL, "it was done before"
        kills += 1
    assert kills == 20
    process = start_update(tmp_path, names)
    process.communicate(timeout=300)
    assert process.returncode == 0
    stored = Store(tmp_path / "yahoo").bars(names)
    assert stored.groupby("ticker").size().tolist() == [len(recent)] * len(names)
    for _, own in stored.groupby("ticker"):
        served = recent.assign(variance=np.nan)[own.columns.drop(["ticker", "session"])]
        pd.testing.assert_frame_equal(
            own.set_index("session").drop(columns="ticker"), served, check_freq=False
        )
