"""The store: rows are only added, what was known stays readable, any process may die or read."""

import datetime as dt
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pipeline.data.conftest import make_bars
from volcast.pipeline.data.contract.bar_table import BAR_COLUMNS
from volcast.pipeline.data.store.bar_log import VALUE_COLUMNS
from volcast.pipeline.data.store.content_hash import compute_content_hashes
from volcast.pipeline.data.store.folders import (
    DATA_DIR_VARIABLE,
    data_folder,
    file_stem,
    ticker_from_stem,
)
from volcast.pipeline.data.store.store import Store
from volcast.pipeline.data.store.ticker_state import TickerState
from volcast.pipeline.errors import DataError

MONDAY = dt.datetime(2024, 2, 5, 22, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def rows(ticker="AAA", first="2024-01-02", last="2024-01-31", change="new", **values):
    """Rows to append: a cut of one month's bars, with values changed."""
    bars = make_bars(ticker, last="2024-02-29").set_index("session")[first:last]
    actions = {"dividend": 0.0, "split": 0.0, "capital_gain": 0.0}
    return bars.assign(change=change, **{**actions, **values})[[*VALUE_COLUMNS, "change"]]


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "yahoo")


def test_bars_come_back_as_they_were_put_in(store):
    store.append("BBB", rows("BBB"), fetched_at=MONDAY)
    store.append("AAA", rows("AAA"), fetched_at=MONDAY)
    expected = pd.concat([make_bars("AAA"), make_bars("BBB")], ignore_index=True)
    pd.testing.assert_frame_equal(store.bars(["BBB", "AAA", "CCC"]), expected)
    assert store.tickers() == ["AAA", "BBB"]


def test_an_empty_store_gives_an_empty_bar_table(store):
    bars = store.bars(["AAA"])
    assert (len(bars), tuple(bars.columns), store.tickers()) == (0, BAR_COLUMNS, [])
    assert store.known("AAA").empty
    assert store.log("AAA").empty
    assert store.changes(["AAA"]).empty
    assert store.vintages(["AAA"]) == {}


def test_of_a_session_fetched_twice_the_later_row_is_known_now_and_the_earlier_one_then(store):
    store.append("AAA", rows(), fetched_at=MONDAY)
    late = rows(first="2024-01-31", last="2024-02-01", change="revised", close=999.0)
    store.append("AAA", late, fetched_at=MONDAY + DAY)
    assert store.bars(["AAA"])["close"].tolist()[-2:] == [999.0, 999.0]
    pd.testing.assert_frame_equal(store.bars(["AAA"], as_of=MONDAY), make_bars())
    assert store.bars(["AAA"], as_of=MONDAY - DAY).empty
    assert store.vintages(["AAA"], as_of=MONDAY) == {"AAA": "2024-02-05T22:00:00+00:00"}
    assert store.vintages(["AAA"]) == {"AAA": "2024-02-06T22:00:00+00:00"}


def test_rows_are_only_ever_added(store):
    store.append("AAA", rows(), fetched_at=MONDAY)
    before = store.log("AAA")
    for number in range(1, 4):
        store.append("AAA", rows(close=float(number)), fetched_at=MONDAY + number * DAY)
        pd.testing.assert_frame_equal(store.log("AAA").head(len(before)), before)
        before = store.log("AAA")
    assert before["vintage"].unique().tolist() == [0, 1, 2, 3]


def test_on_a_new_basis_rows_of_the_old_one_are_no_longer_known(store):
    store.append("AAA", rows(), fetched_at=MONDAY)
    quarter = rows(first="2024-01-10", close=25.0, change="anew")
    store.append("AAA", quarter, fetched_at=MONDAY + DAY, new_basis=True)
    assert store.bars(["AAA"])["session"].min() == pd.Timestamp("2024-01-10")
    pd.testing.assert_frame_equal(store.bars(["AAA"], as_of=MONDAY), make_bars())


def test_a_dividend_scales_the_adjusted_close_of_earlier_vintages_before_its_rows(store):
    # By hand: adj_close is close / 2; two dividends, of a tenth and of a fifth.
    store.append("AAA", rows(last="2024-01-12"), fetched_at=MONDAY)
    second = rows(first="2024-01-11", last="2024-01-22")
    store.append("AAA", second, fetched_at=MONDAY + DAY, factor=0.9)
    third = rows(first="2024-01-19", last="2024-01-31")
    store.append("AAA", third, fetched_at=MONDAY + 2 * DAY, factor=0.8)
    bars = store.bars(["AAA"]).set_index("session")
    ratio = bars["adj_close"] / (bars["close"] / 2)
    assert ratio[:"2024-01-10"].to_numpy() == pytest.approx(0.72)
    assert ratio["2024-01-11":"2024-01-18"].to_numpy() == pytest.approx(0.8)
    assert ratio["2024-01-19":].to_numpy() == pytest.approx(1.0)
    then = store.bars(["AAA"], as_of=MONDAY + DAY).set_index("session")
    ratio = then["adj_close"] / (then["close"] / 2)
    assert ratio[:"2024-01-10"].to_numpy() == pytest.approx(0.9)
    assert ratio["2024-01-11":].to_numpy() == pytest.approx(1.0)


def test_a_factor_of_one_ticker_leaves_the_others_alone(store):
    for ticker in ("AAA", "BBB", "CCC"):
        store.append(ticker, rows(ticker, last="2024-01-12"), fetched_at=MONDAY)
    store.append("BBB", rows("BBB", first="2024-01-12"), fetched_at=MONDAY + DAY, factor=0.5)
    bars = store.bars(["AAA", "BBB", "CCC"])
    scaled = bars["adj_close"] != bars["close"] / 2
    assert set(bars["ticker"][scaled]) == {"BBB"}
    assert scaled.sum() == 8


def test_a_clock_that_goes_back_does_not_reorder_vintages(store):
    store.append("AAA", rows(), fetched_at=MONDAY)
    store.append("AAA", rows(close=1.0), fetched_at=MONDAY - 9 * DAY)
    assert store.log("AAA")["fetched_at"].is_monotonic_increasing
    assert store.bars(["AAA"])["close"].iloc[-1] == 1.0


def test_actions_are_the_sessions_that_have_one(store):
    some = rows()
    some.loc["2024-01-10", "dividend"] = 0.24
    some.loc["2024-01-12", "split"] = 4.0
    store.append("AAA", some, fetched_at=MONDAY)
    actions = store.actions(["AAA", "BBB"])
    assert actions[["dividend", "split"]].to_numpy().tolist() == [[0.24, 0.0], [0.0, 4.0]]
    assert actions["session"].tolist() == [pd.Timestamp("2024-01-10"), pd.Timestamp("2024-01-12")]


def test_a_damaged_file_is_named_and_the_other_tickers_can_be_read(store):
    store.append("AAA", rows(), fetched_at=MONDAY)
    store.append("BBB", rows("BBB"), fetched_at=MONDAY)
    (store.folder / "AAA.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(DataError, match=r"AAA\.parquet: the stored file is damaged"):
        store.bars(["AAA", "BBB"])
    assert len(store.bars(["BBB"])) == 21


def test_a_damaged_note_is_an_empty_one(store):
    store.write_state(
        "AAA", TickerState(calendar="XLON", tries={"2024-01-02": 3}, misses=("2024-01-03",))
    )
    assert store.state("AAA").calendar == "XLON"
    for text in ("", "{", "[]", '{"calendar": 3, "unknown": 1}'):
        next(store.folder.glob(".notes/*.json")).write_text(text)
        assert store.state("AAA") == TickerState()


def test_five_days_without_prices_in_one_week_are_not_enough_to_call_a_ticker_gone():
    note = TickerState()
    for number in range(6):
        note = note.record_miss(MONDAY + number * DAY, "not found")
        assert note.failure == "not found"
    assert note.record_miss(MONDAY + 7 * DAY, "not found").failure == (
        "no prices under this name since 2024-02-05, requested on 7 days; "
        "it may have been renamed or delisted"
    )


@given(st.text(min_size=1, max_size=8))
def test_every_ticker_has_a_file_name_and_comes_back_from_it(ticker):
    stem = file_stem(ticker)
    assert ticker_from_stem(stem) == ticker
    assert "/" not in stem and "\\" not in stem and not stem.startswith(".")


@given(st.text(min_size=1, max_size=4), st.text(min_size=1, max_size=4))
def test_no_two_tickers_share_a_file_where_capitals_make_no_difference(one, other):
    assert (file_stem(one).casefold() == file_stem(other).casefold()) == (one == other)


def test_plain_tickers_keep_their_names():
    names = ["AAPL", "BRK-B", "^GSPC", "EURUSD=X", "VOD.L"]
    assert [file_stem(name) for name in names] == names
    assert file_stem("CON.DE") == "%43ON.DE"  # Windows would open a device


def test_the_data_folder_is_the_chosen_one_then_the_variable_then_the_users(monkeypatch, tmp_path):
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(tmp_path / "variable"))
    assert data_folder(tmp_path / "chosen") == tmp_path / "chosen"
    assert data_folder() == tmp_path / "variable"
    monkeypatch.delenv(DATA_DIR_VARIABLE)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert data_folder().name == "volcast"


def test_the_content_hash_changes_with_any_number_and_not_with_the_storage(store):
    store.append("AAA", rows(), fetched_at=MONDAY)
    once = compute_content_hashes(store.bars(["AAA"]))
    store.append("AAA", rows(first="2024-01-30"), fetched_at=MONDAY + DAY)
    assert (
        compute_content_hashes(store.bars(["AAA"])) == once == compute_content_hashes(make_bars())
    )
    changed = make_bars()
    changed.loc[3, "volume"] += 1
    assert compute_content_hashes(changed) != once
    assert compute_content_hashes(make_bars().iloc[:-1]) != once


def test_a_lock_that_another_process_holds_is_waited_for_and_then_refused(store):
    with store.locked("AAA"):
        holder = [sys.executable, "-c", HOLD, str(store.folder)]
        answer = subprocess.run(holder, capture_output=True, text=True)
    assert "AAA has been locked by another process for 0 s" in answer.stderr
    with store.locked("AAA", timeout=0):
        pass


HOLD = """
import sys
from pathlib import Path
from volcast.pipeline.data.store.store import Store
with Store(Path(sys.argv[1])).locked("AAA", timeout=0.05):
    pass
"""


def start_writer(store) -> subprocess.Popen:
    """Start a process that writes; return when it has begun."""
    before = len(store.log("AAA"))
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.pipeline.data.writer", str(store.folder)]
    )
    deadline = time.monotonic() + 60
    while len(store.log("AAA")) == before:
        assert writer.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)
    return writer


@pytest.mark.slow
def test_a_writer_killed_at_any_moment_leaves_a_whole_file_and_loses_nothing(store):
    rng, seen = np.random.default_rng(0), 0
    for _ in range(6):
        writer = start_writer(store)
        time.sleep(rng.uniform(0, 0.1))
        writer.kill()
        writer.wait()
        log = store.log("AAA")
        assert log["close"].tolist() == list(range(len(log)))
        assert len(log) > seen
        seen = len(log)


def test_two_writers_and_a_reader_at_once_lose_nothing_and_see_whole_files(store):
    writers = [start_writer(store) for _ in range(2)]
    deadline, lengths = time.monotonic() + 1.0, [0]
    while time.monotonic() < deadline:
        log = store.log("AAA")
        assert log["close"].tolist() == list(range(len(log)))
        lengths.append(len(log))
    for writer in writers:
        assert writer.poll() is None
        writer.kill()
        writer.wait()
    assert lengths == sorted(lengths)
    assert len(set(lengths)) > 5
