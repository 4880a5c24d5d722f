"""Bars that are not final: whatever the source, no running session and no day to come is used."""

import pandas as pd
import pytest

from tests.pipeline.data.conftest import make_bars
from volcast.pipeline.backtest.run import run
from volcast.pipeline.config.load import load_config
from volcast.pipeline.data.contract.source import Download
from volcast.pipeline.data.quality.final_bars import drop_unfinished_bars
from volcast.pipeline.errors import DataError
from volcast.pipeline.panel.load_bars import load_bars
from volcast.pipeline.progress import Progress

NEW_YORK, TOKYO, NEVER_CLOSED = "AAA", "7203.T", "BTC-USD"
CALENDARS = {NEW_YORK: "XNYS", TOKYO: "XTKS", NEVER_CLOSED: "24/7"}
RUNNING = pd.Timestamp("2024-01-31 15:00", tz="America/New_York")
OVER = pd.Timestamp("2024-01-31 17:00", tz="America/New_York")


def bars_on(*days, ticker=NEW_YORK):
    rows = make_bars(ticker).iloc[: len(days)]
    return rows.assign(session=pd.DatetimeIndex(days).as_unit("us"))


def days_left(now, *tables, failures=None):
    answer = Download(pd.concat(tables, ignore_index=True), failures or {})
    return [str(day.date()) for day in drop_unfinished_bars(answer, CALENDARS, now).bars["session"]]


def from_files(folder, **data):
    bars = [make_bars(), make_bars("BBB", first="2024-01-31", last="2024-02-06")]
    path = folder / "bars.csv"
    pd.concat(bars).drop(columns="variance").to_csv(path, index=False)
    return load_config(None, {"data": {"source": "files", "path": str(path), **data}})


def test_the_bar_of_a_running_session_and_those_of_days_to_come_are_left_out():
    days = ["2024-01-30", "2024-01-31", "2024-02-01"]
    assert days_left(RUNNING, bars_on(*days)) == days[:1]
    assert days_left(OVER, bars_on(*days)) == days[:2]


def test_each_exchange_has_its_own_clock():
    days = ["2024-01-30", "2024-01-31"]
    left = days_left(RUNNING, *(bars_on(*days, ticker=each) for each in CALENDARS))
    # In Tokyo the 31st is over; a day of coins ends at midnight UTC.
    assert left == ["2024-01-30", "2024-01-30", "2024-01-31", "2024-01-30"]


def test_a_past_day_that_is_no_session_is_left_to_the_rules_of_quality():
    saturday, sunday = "2024-02-03", "2024-02-04"
    now = pd.Timestamp("2024-02-04 12:00", tz="America/New_York")
    days = ["2024-02-02", saturday, sunday, "2024-02-05"]
    assert days_left(now, bars_on(*days)) == days[:2]


def test_final_bars_come_back_as_they_are():
    answer = Download(make_bars(), {"BBB": "unknown"}, ("a note",))
    assert drop_unfinished_bars(answer, CALENDARS, OVER) is answer


def test_the_bars_left_out_are_counted_and_a_ticker_without_any_left_is_a_failure(tmp_path):
    loaded = load_bars(from_files(tmp_path), RUNNING, Progress())
    assert loaded.bars["session"].max() == pd.Timestamp("2024-01-30")
    assert loaded.notes == ("6 bars of 2 tickers left out: not final at 2024-01-31 15:00 EST",)
    assert loaded.failures == {"BBB": "no bar is final at 2024-01-31 15:00 EST"}
    assert set(loaded.content) == {"AAA"}


def test_no_final_bar_at_all_is_an_error(tmp_path):
    with pytest.raises(DataError, match="no ticker has bars; BBB: no bar is final at"):
        load_bars(from_files(tmp_path, tickers=["BBB"]), RUNNING, Progress())


def test_a_run_takes_the_same_file_again_once_its_last_session_is_over(tmp_path):
    config = from_files(tmp_path)
    for now, last in ((RUNNING, "2024-01-30"), (OVER, "2024-01-31")):
        run(tmp_path / "run", config, now=now, progress=Progress(), only="download")
        bars = pd.read_parquet(tmp_path / "run" / "bars.parquet")
        assert bars["session"].max() == pd.Timestamp(last)
