"""The job from the command line and on a store that revises bars or fails."""

import dataclasses
import datetime as dt
import shutil

import pandas as pd
import pytest

from tests.parameters import mark_slow
from tests.pipeline.data.conftest import QUICK, make_bars
from tests.pipeline.data.yahoo_standin import Listing
from tests.pipeline.job.monitoring.test_webhook import listening
from tests.pipeline.job.samples import NOW, change_settings, interrupt, verify_and_rebuild
from tests.pipeline.samples import volcast
from volcast.pipeline.config.load import load_config
from volcast.pipeline.data.download.circuit_breaker import RetryPolicy
from volcast.pipeline.errors import DataError, LedgerError, StorageError
from volcast.pipeline.files import lock_folder
from volcast.pipeline.home import Home
from volcast.pipeline.job.run import run_job
from volcast.pipeline.ledger.head_file import check_head
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.records import Decision
from volcast.pipeline.progress import Progress

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")


def test_the_command_prints_one_line_and_is_idempotent(tmp_path, small):
    answers = [
        volcast("retrain", "--home", tmp_path, "--config", small, "--quiet", *more)
        for more in (["--if-due"], [])
    ]
    assert [answer.code for answer in answers] == [3, 3]  # prices of 2018 are stale
    assert all(answer.out.count("\n") == 1 for answer in answers)
    assert "8 new forecasts" in answers[0].out and "trained network 2" in answers[0].out
    assert "0 new forecasts" in answers[1].out and "nothing trained; " in answers[1].out
    assert "1 new" in answers[0].out and "0 new" in answers[1].out.split("alert")[1]
    assert len(list((tmp_path / "reports").glob("*/report.html"))) == 1
    assert 'href="20' in (tmp_path / "reports" / "index.html").read_text()


def test_two_jobs_do_not_run_in_one_home(tmp_path, config):
    with (
        lock_folder(tmp_path),
        pytest.raises(StorageError, match="in use by another volcast process"),
    ):
        run_job(Home(tmp_path), config, clock=lambda: NOW, progress=Progress())


def test_models_are_not_promoted_while_a_job_is_running(home, small):
    with lock_folder(home.folder):
        answer = volcast("models", "rollback", "--home", home.folder, "--who", "A", "--why", "b")
    assert answer.code == 1 and "is in use by another volcast process" in answer.complaint


def test_a_missing_or_older_ledger_is_noticed(home, config, tmp_path):
    run_job(home, config, clock=lambda: NOW, progress=Progress())
    with Ledger.to_write(home.ledger) as ledger:
        older = shutil.copy(home.ledger, tmp_path / "older.db")
        ledger.add_decision(Decision("later", "keep", "har 1", "a note"), now=NOW)
    check_head(home)
    run_job(home, config, clock=lambda: NOW + dt.timedelta(hours=1), progress=Progress())
    for name in ("ledger.db-wal", "ledger.db-shm"):
        (home.folder / name).unlink(missing_ok=True)
    shutil.copy(older, home.ledger)
    with pytest.raises(LedgerError, match=r"lacks row \d+, which was its last; restore"):
        run_job(home, config, clock=lambda: NOW, progress=Progress())
    home.ledger.unlink()
    with pytest.raises(LedgerError, match="is missing; it had"):
        run_job(home, config, clock=lambda: NOW, progress=Progress())
    home.head.write_text("{}")
    with pytest.raises(StorageError, match=r"head\.json, which names .* is damaged"):
        check_head(home)


SETTINGS = {
    "data": {"source": "yahoo", "tickers": ["AAA"], "start": "2021-06-01", "rate": 100.0},
    "target": {"horizons": [1]},
    "features": {"select": ["har_1", "har_5", "har_22", "z"]},
    "model": {"members": 1, "epochs": 2},
}


def after_close(day):
    """Return a moment at which that day's session of New York has settled."""
    return pd.Timestamp(f"{day} 18:00", tz="America/New_York").to_pydatetime()


def listing(last):
    return Listing(make_bars(first="2021-06-01", last=last).set_index("session"))


def run_on(home, config, day):
    return run_job(home, config, clock=lambda: after_close(day), progress=Progress())


@pytest.fixture(scope="module")
def after_first_run(_standin, tmp_path_factory):
    """The folder of a home after its first daily run; not to be changed."""
    folder = tmp_path_factory.mktemp("started")
    _standin.reset()
    _standin.listings["AAA"] = listing("2024-02-01")
    run_on(Home(folder), load_config(None, SETTINGS), "2024-01-29")
    return folder


@pytest.fixture
def started(after_first_run, standin, tmp_path):
    """A home after its first daily run, to work on, and its settings."""
    standin.listings["AAA"] = listing("2024-02-01")
    return Home(shutil.copytree(after_first_run, tmp_path / "started")), load_config(None, SETTINGS)


def test_forecasts_are_rebuilt_from_the_bars_of_their_day(standin, tmp_path):
    bars = make_bars(first="2021-06-01", last="2024-01-31").set_index("session")
    standin.listings["AAA"] = Listing(bars)
    home, config = Home(tmp_path), load_config(None, SETTINGS)
    first = run_job(home, config, clock=lambda: after_close("2024-01-30"), progress=Progress())
    revised = bars.copy()
    revised.loc["2024-01-29", ["high", "close", "adj_close"]] *= 1.02
    standin.listings["AAA"] = Listing(revised)
    second = run_job(home, config, clock=lambda: after_close("2024-01-31"), progress=Progress())
    assert [str(s.origin) for s in (first, second)] == ["2024-01-30", "2024-01-31"]
    with Ledger.to_read(home.ledger) as ledger:
        table = ledger.table("forecasts")
        assert table.groupby("origin")["data_hash"].nunique().eq(1).all()
        assert table["data_hash"].nunique() == 2
        assert verify_and_rebuild(ledger, home) == len(table) >= 4


@pytest.mark.parametrize("fault", mark_slow([404, "empty", "garbage", 500], but=["empty"]))
def test_a_run_without_data_is_reported_and_caught_up_on(started, standin, fault, monkeypatch):
    """The stored bars are used: nothing is forecast twice, and the next run catches up."""
    home, config = started
    monkeypatch.setattr(RetryPolicy.__init__, "__defaults__", dataclasses.astuple(QUICK))
    standin.faults["*"] = fault
    no_data = run_on(home, config, "2024-01-30")
    assert (
        str(no_data.origin) == "2024-01-29" and no_data.forecasts == 0 and no_data.trained is None
    )
    assert [(alert.name, alert.subject) for alert in no_data.raised] == [
        ("stale data", "all tickers")
    ]
    assert "no ticker has a bar for the last session" in no_data.line()
    assert fault in (404, "empty") or "the stored bars up to 2024-01-29 are used" in no_data.line()
    standin.faults.clear()
    after = run_on(home, config, "2024-01-31")
    assert str(after.origin) == "2024-01-31" and after.forecasts == 2 and after.outcomes == 1
    assert not after.open_alerts and not after.notes
    assert run_on(home, config, "2024-02-01").outcomes == 1


def test_a_first_run_without_data_leaves_no_ledger(standin, tmp_path):
    home = Home(tmp_path)
    with pytest.raises(DataError, match="AAA"):
        run_on(home, load_config(None, SETTINGS), "2024-01-30")
    assert not home.ledger.exists()
    standin.listings["AAA"] = listing("2024-01-31")
    assert run_on(home, load_config(None, SETTINGS), "2024-01-31").forecasts == 2


def test_a_run_killed_before_its_head_is_stored_leaves_an_older_one_that_holds(
    started, monkeypatch
):
    home, config = started
    before = check_head(home)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("volcast.pipeline.job.run.write_head", interrupt)
        run_on(home, config, "2024-01-30")
    assert check_head(home) == before
    again = run_on(home, config, "2024-01-30")
    with Ledger.to_read(home.ledger) as ledger:
        assert check_head(home) == ledger.head() and again.head == ledger.head().hash
        assert ledger.head().seq > before.seq


def test_the_last_row_is_posted_after_a_run_that_is_told_to(started):
    home, config = started
    with listening() as (webhook, seen):
        told = change_settings(config, job={"webhook": webhook, "webhook_head": True})
        summary = run_on(home, told, "2024-01-30")
    assert seen[-1]["head"] == {"seq": check_head(home).seq, "hash": summary.head}
    unheard = run_on(home, told, "2024-01-31")
    assert any("the ledger's last row could not be posted" in note for note in unheard.notes)
