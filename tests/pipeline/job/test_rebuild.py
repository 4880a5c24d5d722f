"""Past forecasts rebuilt; a missing bar, setting or model is reported once for all of them."""

import shutil

import pandas as pd
import pytest

from tests.pipeline.job.samples import NOW, change_settings, run_next, verify_and_rebuild
from volcast.pipeline.errors import LedgerError
from volcast.pipeline.home import Home
from volcast.pipeline.job import rebuild
from volcast.pipeline.job.market import load_market
from volcast.pipeline.job.rebuild import make_rebuilder
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.rebuild_check import rebuild_forecasts

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")


def rebuild_all(home):
    with Ledger.to_read(home.ledger) as ledger:
        by_model = ledger.table("forecasts")["model"].value_counts()
        return rebuild_forecasts(ledger, make_rebuilder(home)), by_model


def test_bars_and_models_are_read_once_for_an_origin(first_run, monkeypatch):
    reads, load = [], rebuild.load_market
    monkeypatch.setattr(rebuild, "load_market", lambda *given: reads.append(given) or load(*given))
    result, by_model = rebuild_all(first_run)
    assert result.identical == by_model.sum() > 4 and not result.failures
    assert len(reads) == 1


def test_forecasts_of_a_removed_version_are_reported_and_the_others_rebuilt(started_home):
    registry = rebuild.RegistryView(started_home).registry
    registry.set_challenger(None)
    assert registry.prune(0) == [2]
    result, by_model = rebuild_all(started_home)
    (reason,) = result.failures
    assert reason == "its model version was removed from the registry"
    assert result.failures[reason].count == by_model["network"] > 0
    assert result.identical == by_model["har"] > 0


def test_a_changed_file_is_reported_once_for_all_forecasts_that_used_it(
    started_home, config, tmp_path
):
    bars = pd.read_csv(config.data.path)
    bars.loc[5, "close"] *= 1.001
    bars.to_csv(tmp_path / "prices.csv", index=False)
    (archived,) = started_home.settings.glob("*.toml")
    archived.write_text(
        archived.read_text().replace(config.data.path, str(tmp_path / "prices.csv"))
    )
    result, _ = rebuild_all(started_home)
    (reason,) = result.failures
    assert reason.startswith(
        f"the bars of {tmp_path / 'prices.csv'}, as they were known then, differ"
    )
    # Those of the other ticker as well: its level is shrunk to the panel's.
    assert (result.identical, result.different) == (0, [])


def test_forecasts_made_under_other_settings_are_rebuilt(promoted_home, config, market):
    fewer = change_settings(config, features={"select": ("har_1", "har_5", "har_22")})
    with Ledger.to_write(promoted_home.ledger) as ledger:
        run_next(promoted_home, fewer, load_market(fewer, NOW), ledger)
        assert len({row.config_hash for row in ledger.forecast_rows()}) == 2
        assert verify_and_rebuild(ledger, promoted_home) == 8 + 12
        path = next(iter(promoted_home.settings.glob("*.toml")))
        path.unlink()
        with pytest.raises(
            LedgerError, match=rf"{path.name} is missing: forecasts made with these settings"
        ):
            verify_and_rebuild(ledger, promoted_home)


def test_past_forecasts_are_rebuilt_from_the_bars_of_their_day(replayed_home):
    """The bars are read up to the day: later bars have no part in them."""
    with Ledger.to_read(replayed_home.ledger) as ledger:
        rebuilt = verify_and_rebuild(ledger, replayed_home, newest=60)
    assert rebuilt == 60


def test_a_forecast_from_other_bars_is_an_error(replayed_home, small, tmp_path):
    (settings,) = replayed_home.settings.glob("*.toml")
    text = settings.read_text()
    prices = next(line.split('"')[1] for line in text.splitlines() if line.startswith("path ="))
    bars = pd.read_csv(prices)
    bars.loc[5, "close"] *= 1.001
    bars.to_csv(tmp_path / "prices.csv", index=False)
    other = tmp_path / "home"
    shutil.copytree(replayed_home.folder, other)
    (other / "settings" / settings.name).write_text(
        text.replace(prices, str(tmp_path / "prices.csv"))
    )
    with Ledger.to_read(Home(other).ledger) as ledger:
        row = next(iter(r for r in ledger.forecast_rows() if r.ticker == bars["ticker"][5]))
    with pytest.raises(LedgerError, match="differ from those that the forecast used"):
        make_rebuilder(Home(other))(row)
