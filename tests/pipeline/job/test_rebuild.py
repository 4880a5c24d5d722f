"""Past forecasts made again: what is missing is told once for all that need it."""

import shutil

import pandas as pd
import pytest

from tests.pipeline.job.samples import make_context
from volcast.pipeline.home import Home
from volcast.pipeline.job import config_archive, rebuild
from volcast.pipeline.job.cycle import run_evening
from volcast.pipeline.job.rebuild import rebuilder
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.rebuild_check import remake

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")


@pytest.fixture(scope="module")
def begun(tmp_path_factory, config, market) -> Home:
    """A home after its first evening; not to be changed."""
    home = Home(tmp_path_factory.mktemp("begun"))
    with Ledger.to_write(home.ledger) as ledger:
        config_archive.keep(config, home, ledger)
        run_evening(make_context(home, config, market, ledger))
    return home


@pytest.fixture
def home(begun, tmp_path) -> Home:
    """A copy of that home, to work on."""
    return Home(shutil.copytree(begun.folder, tmp_path / "home"))


def remade(home):
    with Ledger.to_read(home.ledger) as ledger:
        by_model = ledger.table("forecasts")["model"].value_counts()
        return remake(ledger, rebuilder(home)), by_model


def test_bars_and_models_are_read_once_an_evening(begun, monkeypatch):
    read, real = [], rebuild.load_market
    monkeypatch.setattr(rebuild, "load_market", lambda *given: read.append(given) or real(*given))
    made, by_model = remade(begun)
    assert made.same == by_model.sum() > 4 and not made.lost
    assert len(read) == 1


def test_forecasts_of_a_version_that_was_removed_are_told_and_the_others_made(home):
    registry = rebuild.RegistryView(home).registry
    registry.set_challenger(None)
    assert registry.prune(0) == [2]
    made, by_model = remade(home)
    (reason,) = made.lost
    assert reason == "the version that made it was removed from the registry"
    assert made.lost[reason].count == by_model["network"] > 0
    assert made.same == by_model["har"] > 0


def test_a_file_that_changed_is_told_once_for_all_its_forecasts(home, config, tmp_path):
    bars = pd.read_csv(config.data.path)
    bars.loc[5, "close"] *= 1.001
    bars.to_csv(tmp_path / "prices.csv", index=False)
    (kept,) = home.settings.glob("*.toml")
    kept.write_text(kept.read_text().replace(config.data.path, str(tmp_path / "prices.csv")))
    made, _ = remade(home)
    (reason,) = made.lost
    assert reason.startswith(f"the bars of {tmp_path / 'prices.csv'}, as they were known then, are")
    assert made.same > 0  # of the other ticker
