"""Past forecasts made again: what is missing is told once for all that need it."""

import shutil

import pandas as pd
import pytest

from pipeline.daily import rebuild, settings
from pipeline.daily.cycle import run_evening
from pipeline.daily.rebuild import rebuilder
from pipeline.home import Home
from pipeline.ledger.ledger import Ledger
from pipeline.ledger.rebuilding import remake
from tests.pipeline.daily_samples import an_evening

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")


@pytest.fixture(scope="module")
def begun(tmp_path_factory, config, market) -> Home:
    """A home after its first evening; not to be changed."""
    home = Home(tmp_path_factory.mktemp("begun"))
    with Ledger.to_write(home.ledger) as ledger:
        settings.keep(config, home, ledger)
        run_evening(an_evening(home, config, market, ledger))
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
    read, real = [], rebuild.market_of
    monkeypatch.setattr(rebuild, "market_of", lambda *given: read.append(given) or real(*given))
    made, by_model = remade(begun)
    assert made.same == by_model.sum() > 4 and not made.lost
    assert len(read) == 1


def test_forecasts_of_a_version_that_was_removed_are_told_and_the_others_made(home):
    registry = rebuild.Standing(home).registry
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
