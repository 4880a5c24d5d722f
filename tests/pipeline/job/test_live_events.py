"""Forecasts of the daily job use what was learnt of report dates before their origin's close."""

import importlib

import pandas as pd
import pytest

from tests.pipeline.job.live_dates import TICKERS, evening, list_days, start_live, store_later_dates
from tests.pipeline.samples import volcast
from volcast.pipeline.errors import DataError, LedgerError, StorageError
from volcast.pipeline.events.store import EventStore
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.panel import build
from volcast.pipeline.panel.known_reports import build_known_reports

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")

DAYS = ("2018-01-29", "2018-01-30", "2018-02-05", "2018-02-06")
NEXT, LATER = "2018-02-08", "2018-02-12"


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A home without runs, whose source of dates is installed."""
    folder = tmp_path_factory.mktemp("live")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield start_live(folder)


@pytest.fixture(scope="module")
def ran(source):
    """A home after the runs of `DAYS`; not to be changed."""
    source.run(*DAYS)
    return source


@pytest.fixture
def live(ran, tmp_path):
    """A copy of it, to work on."""
    return ran.copy(tmp_path)


def ignore_moments(versions, *grid):
    """The dates as if each had always been known."""
    never = pd.Series(pd.NaT, versions.index, dtype="datetime64[us, UTC]")
    return build_known_reports(versions.assign(learnt_at=never, superseded_at=never), *grid)


def overwrite(store, ticker, answer, asked_at):
    """Keep only what the source says now."""
    (store.folder / f"{ticker}.parquet").unlink()
    return record(store, ticker, answer, asked_at)


record = EventStore.record


def test_forecasts_follow_dates_that_move_from_the_first_close_at_which_they_were_known(live):
    live.run(NEXT)
    # AAA's date moves from 1 to 8 February, after the close, on the afternoon of 30 January; the
    # source is asked on that evening, after the close. BBB's moves up to 31 January on the 29th.
    within_5 = {day: live.features("report_within_5", day) for day in (*DAYS, NEXT)}
    assert [within_5[day][0] for day in DAYS] == [within_5["2018-01-29"][0], 1, 1, 1]
    assert live.features("report_distance", "2018-01-30")[:2] == [3, 1]
    assert live.features("report_distance", "2018-02-05")[:3] == [4, 30, 1]
    next_session = {day: live.features("report_next", day) for day in (*DAYS, NEXT)}
    assert [next_session[day][0] for day in DAYS[1:]] == [0, 0, 0] and next_session[NEXT][0] == 1
    assert [next_session[day][1] for day in DAYS[1:]] == [1, 0, 0]
    assert next_session["2018-02-05"][2] == 1  # announced on that day
    # DDD never announces: it is expected when it was a year before, and more surely day by day.
    assert 0 < next_session["2018-02-06"][3] < 1 and within_5[NEXT][3] > 0.5


@pytest.mark.parametrize("corrupt", [False, True])
def test_features_are_those_of_the_dates_learnt_by_the_close(ran, corrupt):
    assert [ran.find_differences(day, corrupt=corrupt) for day in DAYS] == [[]] * len(DAYS)


def test_forecasts_are_rebuilt_after_many_more_dates_were_learnt(live):
    store_later_dates(live)
    assert live.rebuild() == 2 * 2 * len(TICKERS) * len(DAYS)  # two models, two horizons


def test_a_rebuild_from_dates_stored_later_is_noticed(live, monkeypatch):
    read = EventStore.read
    monkeypatch.setattr(EventStore, "read", lambda store, tickers, as_of=None: read(store, tickers))
    store_later_dates(live)
    with pytest.raises(LedgerError, match="as they were known then, differ"):
        live.rebuild()


def test_forecasts_with_dates_that_were_not_known_yet_are_noticed(live, monkeypatch):
    with monkeypatch.context() as leak:
        leak.setattr(build, "build_known_reports", ignore_moments)
        live.run(NEXT)
        assert "report_within_5" in live.find_differences(NEXT, corrupt=True)
    assert "report_within_5" in live.find_differences(NEXT)
    with pytest.raises(LedgerError, match="differs when it is rebuilt"):
        live.rebuild()


def test_a_store_that_overwrites_is_noticed(live, monkeypatch):
    monkeypatch.setattr(EventStore, "record", overwrite)
    live.run(NEXT)
    assert live.find_differences(DAYS[-1])
    with pytest.raises(LedgerError, match="as they were known then, differ"):
        live.rebuild()


def test_the_commands_do_the_same(live, tmp_path, monkeypatch):
    monkeypatch.setattr("volcast.pipeline.cli.job.job_now", lambda: evening(NEXT))
    live.write_prices(NEXT)
    options = ("--home", live.home.folder, "--data", tmp_path / "prices.parquet")
    answer = volcast("retrain", "--if-due", *options)
    assert answer.out.startswith(f"{NEXT}: 16 new forecasts"), answer
    store_later_dates(live)
    verified = volcast("ledger", "verify", "--home", live.home.folder, "--rebuild", "all")
    assert verified.code == 0 and "80 forecasts rebuilt, identical bit for bit" in verified.out


def test_a_dead_source_stops_no_forecast_and_is_told_until_it_answers_again(live, monkeypatch):
    def fail(*_):
        raise DataError("no answer")

    live.write_prices(LATER)
    options = ("--home", live.home.folder, "--data", live.folder / "prices.parquet")
    with monkeypatch.context() as dead:
        dead.setattr(importlib.import_module("desk_of_dates").Desk, "fetch", fail)
        dead.setattr("volcast.pipeline.cli.job.job_now", lambda: evening(LATER))
        answer = volcast("retrain", "--if-due", *options)
    assert answer.code == 3 and answer.out.startswith(f"{LATER}: 16 new forecasts"), answer
    words = f"source desk last answered on {DAYS[-1]}, 6 days ago"
    assert words in answer.out and "desk: 4 tickers not up to date (AAA: no answer" in answer.out
    assert words in (live.home.reports / LATER / "report.html").read_text()
    live.run("2018-02-13")
    with Ledger.to_read(live.home.ledger) as ledger:
        assert "stale report dates" not in set(ledger.open_alerts()["name"])


def test_a_damaged_file_and_a_full_disk_cost_dates_and_no_forecast(live, monkeypatch):
    damaged = live.store.folder / "BBB.parquet"
    damaged.write_bytes(b"no")

    def fail(*_):
        raise StorageError("cannot write: no space left on device")

    with monkeypatch.context() as full:
        full.setattr(EventStore, "record", fail)
        live.run(NEXT)
    notes = live.markets[NEXT].notes
    assert "no dates of BBB are used: " in notes[0] and "move it away and update again" in notes[0]
    assert "its answers cannot be stored, and what is stored is used: cannot write" in notes[1]
    with Ledger.to_read(live.home.ledger) as ledger:
        assert len(ledger.issued(pd.Timestamp(NEXT).date())) == 2 * len(TICKERS)
        (message,) = ledger.open_alerts().query("name == 'stale report dates'")["message"]
    assert message == f"{notes[0]}; 1 more in the notes of the run"
    assert live.features("report_distance", NEXT)[0] == 1  # of AAA, by what was stored before
    assert pd.isna(live.features("report_distance", NEXT)[1])
    damaged.unlink()
    live.run(LATER)
    with Ledger.to_read(live.home.ledger) as ledger:
        assert "stale report dates" not in set(ledger.open_alerts()["name"])


@pytest.mark.slow
def test_a_quarter_of_daily_runs_is_honest_and_is_rebuilt(source, tmp_path):
    live, days = source.copy(tmp_path), list_days("2018-01-02", "2018-03-29")
    live.markets.clear()
    live.run(*days)
    assert not any(live.find_differences(day) for day in days)
    assert not any(live.find_differences(day, corrupt=True) for day in days)
    store_later_dates(live)
    assert live.rebuild() >= 2 * 2 * len(TICKERS) * len(days)
