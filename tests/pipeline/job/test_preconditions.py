"""What may be added to a ledger: no replay, no other tickers, no earlier origins."""

import datetime as dt

import pytest

from tests.pipeline.job.samples import FIRST, NOW, change_settings
from tests.pipeline.samples import volcast
from volcast.pipeline.errors import ConfigError
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


def test_after_a_clock_went_back_by_days_nothing_is_done(home, config):
    def at(day):
        time = dt.datetime.combine(day, dt.time(23), dt.UTC)
        return run_job(home, config, clock=lambda: time, progress=Progress())

    first = at(dt.date(2018, 1, 10))
    back = at(dt.date(2018, 1, 5))
    assert str(first.origin) == "2018-01-10" and str(back.origin) == "2018-01-05"
    assert back.forecasts == 0 and [alert.name for alert in back.raised] == ["ledger ahead"]
    assert "the ledger has forecasts of 2018-01-10, but the bars end on 2018-01-05" in back.line()
    after = at(dt.date(2018, 1, 11))
    assert after.forecasts == 8 and after.outcomes == 2 and not after.open_alerts


def test_a_home_does_not_switch_to_tickers_that_it_never_forecast(home, small):
    volcast("retrain", "--home", home.folder, "--config", small, "--quiet", "--if-due")
    with Ledger.to_read(home.ledger) as ledger:
        before = ledger.head()
    complaint = volcast("retrain", "--home", home.folder, "--source", "sample").complaint
    assert "forecasts AAA, BBB, but the source now has bars of ^GSPC, ^IXIC only" in complaint
    with Ledger.to_read(home.ledger) as ledger:
        assert ledger.head() == before
