"""What may be added to a ledger: no replay, no other tickers, no earlier origins."""

import datetime as dt

import pandas as pd
import pytest

from tests.pipeline.job.samples import FIRST, NOW, change_settings
from tests.pipeline.samples import volcast, write_csv
from volcast.pipeline.errors import ConfigError, LedgerError
from volcast.pipeline.files import hash_path
from volcast.pipeline.home import Home
from volcast.pipeline.job import preconditions
from volcast.pipeline.job.replay import replay
from volcast.pipeline.job.run import run_job
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.progress import Progress

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")


def test_a_replay_and_live_forecasts_are_never_mixed(home, config, market, tmp_path):
    days = tuple(market.panel.sessions[at].date() for at in (FIRST, FIRST + 2))
    list(replay(home, config, market, days, Progress()))
    with pytest.raises(ConfigError, match="holds a replay, whose forecasts were not written at"):
        run_job(home, config, clock=lambda: NOW, progress=Progress())
    assert "Replayed forecasts" in volcast("ledger", "score", "--home", home.folder).out
    with Ledger.to_read(home.ledger) as ledger:
        assert preconditions.is_replay(ledger)
        assert "real_clock" in ledger.table("decisions")["numbers"].iloc[0]
    other = Home(tmp_path / "other")
    run_job(other, config, clock=lambda: NOW, progress=Progress())
    before = (other.folder / "config.toml").read_text()
    another = change_settings(config, job={"retrain_every": 99})
    with pytest.raises(ConfigError, match="which a replay must not mix with"):
        next(replay(other, another, market, days, Progress()))
    assert (other.folder / "config.toml").read_text() == before


@pytest.fixture
def run_until(home, config, prices, tmp_path):
    """Return a function that runs the job at 23:00 UTC of a day, on bars up to another day."""
    bars = pd.read_csv(prices)

    def run(day, last=None):
        path = write_csv(tmp_path / "known.csv", bars[bars["date"] <= str(last or day)])
        known = change_settings(config, data={"path": str(path)})
        time = dt.datetime.combine(day, dt.time(23), dt.UTC)
        return run_job(home, known, clock=lambda: time, progress=Progress())

    return run


def test_bars_that_end_before_the_ledger_are_an_alert_and_nothing_is_done(run_until):
    first = run_until(dt.date(2018, 1, 10))
    back = run_until(dt.date(2018, 1, 10), dt.date(2018, 1, 5))
    assert str(first.origin) == "2018-01-10" and str(back.origin) == "2018-01-05"
    assert back.forecasts == 0 and [alert.name for alert in back.raised] == ["ledger ahead"]
    assert "the ledger has forecasts of 2018-01-10, but the bars end on 2018-01-05" in back.line()
    after = run_until(dt.date(2018, 1, 11))
    assert after.forecasts == 8 and after.outcomes == 2 and not after.open_alerts


def test_a_clock_before_the_newest_row_is_refused_and_leaves_the_home_as_it_was(run_until, home):
    run_until(dt.date(2018, 1, 10))
    parts = (home.ledger, home.head, home.models, home.settings, home.reports, home.champion)
    before = [hash_path(part) for part in parts]
    with pytest.raises(LedgerError, match=r"clock says 2018-01-05 23:00 UTC, but the newest row"):
        run_until(dt.date(2018, 1, 5))
    assert [hash_path(part) for part in parts] == before


def test_a_clock_before_the_newest_bar_is_refused_and_no_ledger_is_made(run_until, home):
    said = (
        r"the clock says 2018-01-10 23:00 UTC, but the source has a bar of 2018-10-12; no forecast"
    )
    with pytest.raises(ConfigError, match=said):
        run_until(dt.date(2018, 1, 10), dt.date(2018, 10, 12))
    assert not home.ledger.exists()


@pytest.mark.parametrize(
    "command",
    [
        ("retrain",),
        ("models", "promote", "1", "--who", "A", "--why", "b"),
        ("models", "rollback", "--who", "A", "--why", "b"),
    ],
)
def test_a_clock_of_2001_is_refused_by_every_command_that_writes_to_the_ledger(
    command, started_home, small, monkeypatch
):
    wrong = dt.datetime(2001, 9, 9, 1, 46, tzinfo=dt.UTC)
    monkeypatch.setattr("volcast.pipeline.cli.clock.utc_now", lambda: wrong)
    with Ledger.to_read(started_home.ledger) as ledger:
        before = ledger.head()
    config = ("--config", small) if command[0] == "retrain" else ()
    said = volcast(*command, "--home", started_home.folder, *config).complaint
    assert said.startswith("the clock says 2001-09-09 01:46 UTC, but volcast did not exist before")
    with Ledger.to_read(started_home.ledger) as ledger:
        assert ledger.head() == before


def test_a_home_does_not_switch_to_tickers_that_it_never_forecast(home, small):
    volcast("retrain", "--home", home.folder, "--config", small, "--quiet", "--if-due")
    with Ledger.to_read(home.ledger) as ledger:
        before = ledger.head()
    complaint = volcast("retrain", "--home", home.folder, "--source", "sample").complaint
    assert "forecasts AAA, BBB, but the source now has bars of ^GSPC, ^IXIC only" in complaint
    with Ledger.to_read(home.ledger) as ledger:
        assert ledger.head() == before
