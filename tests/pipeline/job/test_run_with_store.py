"""The daily job on Yahoo's prices: a bar revised later changes no forecast that was made."""

import pytest

from tests.pipeline.data.conftest import QUICK, make_bars
from tests.pipeline.data.download.test_downloader import evening
from tests.pipeline.data.yahoo_standin import Listing
from volcast.pipeline.config.load import load_config
from volcast.pipeline.errors import DataError
from volcast.pipeline.home import Home
from volcast.pipeline.job.rebuild import rebuilder
from volcast.pipeline.job.run import run_job
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.verify import verify
from volcast.pipeline.progress import Progress

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")

SETTINGS = {
    "data": {"source": "yahoo", "tickers": ["AAA"], "start": "2021-06-01", "rate": 100.0},
    "target": {"horizons": [1]},
    "features": {"select": ["har_1", "har_5", "har_22", "z"]},
    "model": {"members": 1, "epochs": 2},
}


def test_forecasts_come_out_again_from_the_bars_of_their_evening(standin, tmp_path):
    bars = make_bars(first="2021-06-01", last="2024-01-31").set_index("session")
    standin.listings["AAA"] = Listing(bars)
    home, config = Home(tmp_path), load_config(None, SETTINGS)
    first = run_job(home, config, clock=lambda: evening("2024-01-30"), progress=Progress())
    revised = bars.copy()
    revised.loc["2024-01-29", ["high", "close", "adj_close"]] *= 1.02
    standin.listings["AAA"] = Listing(revised)
    second = run_job(home, config, clock=lambda: evening("2024-01-31"), progress=Progress())
    assert [str(s.origin) for s in (first, second)] == ["2024-01-30", "2024-01-31"]
    with Ledger.to_read(home.ledger) as ledger:
        table = ledger.table("forecasts")
        assert table.groupby("origin")["data_hash"].nunique().eq(1).all()
        assert table["data_hash"].nunique() == 2
        assert verify(ledger, rebuild=rebuilder(home)).rebuilt == len(table) >= 4


def listing(last):
    return Listing(make_bars(first="2021-06-01", last=last).set_index("session"))


def run_evening(home, config, day):
    return run_job(home, config, clock=lambda: evening(day), progress=Progress())


@pytest.fixture
def begun(standin, tmp_path):
    """A home after its first evening, and its settings."""
    standin.listings["AAA"] = listing("2024-02-01")
    home, config = Home(tmp_path), load_config(None, SETTINGS)
    run_evening(home, config, "2024-01-29")
    return home, config


@pytest.mark.parametrize("fault", [404, "empty", "garbage", 500])
def test_an_evening_without_data_is_told_and_made_up_for(begun, standin, fault, monkeypatch):
    """The stored bars are used: nothing is forecast twice, and the next evening finds it all."""
    home, config = begun
    monkeypatch.setattr("volcast.pipeline.data.sources.stored.RetryPolicy", lambda: QUICK)
    standin.faults["*"] = fault
    dark = run_evening(home, config, "2024-01-30")
    assert str(dark.origin) == "2024-01-29" and dark.forecasts == 0 and dark.trained is None
    assert [(alert.name, alert.subject) for alert in dark.raised] == [("stale data", "all tickers")]
    assert "no ticker has a bar of the last session" in dark.line()
    assert fault in (404, "empty") or "the stored bars to 2024-01-29 are used" in dark.line()
    standin.faults.clear()
    light = run_evening(home, config, "2024-01-31")
    assert str(light.origin) == "2024-01-31" and light.forecasts == 2 and light.outcomes == 1
    assert not light.open_alerts and not light.notes
    assert run_evening(home, config, "2024-02-01").outcomes == 1


def test_a_first_evening_without_data_leaves_no_ledger(standin, tmp_path):
    home = Home(tmp_path)
    with pytest.raises(DataError, match="AAA"):
        run_evening(home, load_config(None, SETTINGS), "2024-01-30")
    assert not home.ledger.exists()
    standin.listings["AAA"] = listing("2024-01-31")
    assert run_evening(home, load_config(None, SETTINGS), "2024-01-31").forecasts == 2
