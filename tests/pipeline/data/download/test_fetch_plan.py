"""What an update asks for, counted by the requests that the stand-in gets."""

import datetime as dt

import numpy as np
import pandas as pd

from tests.pipeline.data.conftest import make_bars
from tests.pipeline.data.download.samples import (
    PRICES,
    asked_from,
    closes,
    quarter,
    without,
)
from tests.pipeline.data.yahoo_standin import Listing


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
