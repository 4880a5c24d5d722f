"""What the update of one ticker stores: final bars, revisions, splits, dividends, gaps."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.data.conftest import QUICK, make_bars
from tests.pipeline.data.download.samples import (
    PRICES,
    asked_from,
    closes,
    evening,
    quarter,
)
from tests.pipeline.data.yahoo_standin import Listing
from volcast.pipeline.data.calendars.opening_hours import last_settled_session
from volcast.pipeline.data.calendars.sessions import sessions_between
from volcast.pipeline.data.download.downloader import Downloader
from volcast.pipeline.data.download.update_request import UpdateRequest
from volcast.pipeline.data.quality.check import check_bars
from volcast.pipeline.data.sources.yahoo import YahooClient


def test_a_live_bar_is_not_stored_and_comes_when_it_has_settled(standin, store, update):
    live = make_bars(first="2024-02-01", last="2024-02-01").set_index("session").assign(close=99.5)
    live.index = pd.DatetimeIndex(["2024-02-01 11:37:22"]).tz_localize("America/New_York")
    bars = make_bars(last="2024-01-31").set_index("session")
    standin.listings["AAA"] = Listing(bars, live=live)
    noon = pd.Timestamp("2024-02-01 12:00", tz="America/New_York").to_pydatetime()
    work = Downloader(YahooClient(), store, UpdateRequest(noon), 1000.0, QUICK)
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
        "rescaled by the source; the history was downloaded again",
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


def test_a_wrong_bar_is_kept_as_served_rejected_by_the_rules_and_replaced_when_corrected(
    standin, store, update
):
    standin.listings["AAA"] = quarter()
    standin.listings["AAA"].bars.loc["2024-01-04", "high"] = 1.0  # below its close
    update(day="2024-02-01")
    assert store.bars(["AAA"]).set_index("session").loc["2024-01-04", "high"] == 1.0
    rules = check_bars(store.bars(["AAA"])).quality["rule"].tolist()
    assert rules == ["bars", "missing_session", "range_excludes_body"]
    standin.listings["AAA"] = quarter()
    assert update(day="2024-02-02")["AAA"].counts == {"revised": 1, "new": 1}
    assert check_bars(store.bars(["AAA"])).quality["rule"].tolist() == ["bars"]


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
        (outcome,) = Downloader(YahooClient(), store, wish, 1000.0, QUICK).run([ticker])
        assert outcome.succeeded, outcome.note
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
    (outcome,) = Downloader(YahooClient(), store, UpdateRequest(moment), 1000.0, QUICK).run(["AAA"])
    assert outcome.last_session == last


def test_the_calendar_is_that_of_the_exchange_which_yahoo_names(standin, store, update):
    tokyo = make_bars(last="2024-03-28").set_index("session")
    standin.listings["ODD"] = Listing(tokyo, timezone="Asia/Tokyo", opens="09:00", exchange="JPX")
    update("ODD", day="2024-02-01")
    assert store.state("ODD").calendar == "XTKS"
    # It is Friday evening in Tokyo, and Friday morning in New York.
    friday = pd.Timestamp("2024-02-02 20:00", tz="Asia/Tokyo").to_pydatetime()
    (outcome,) = Downloader(YahooClient(), store, UpdateRequest(friday), 1000.0, QUICK).run(["ODD"])
    assert outcome.last_session == "2024-02-02"


def test_a_ticker_is_called_gone_only_after_many_days_without_prices(standin, store, update):
    standin.listings["AAA"] = quarter()
    update(day="2024-02-01")
    standin.faults["AAA"] = 404
    days = ["2024-02-02", "2024-02-05", "2024-02-05", "2024-02-06", "2024-02-07", "2024-02-09"]
    notes = [update(day=day)["AAA"].note for day in days]
    assert not any("delisted" in note for note in notes[:-1])
    assert notes[-1] == (
        "no prices under this name since 2024-02-02, requested on 5 days; "
        "it may have been renamed or delisted"
    )
    assert len(store.bars(["AAA"])) == 22
    standin.faults.clear()
    update(day="2024-02-12")
    assert store.state("AAA").misses == ()
