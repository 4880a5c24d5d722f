"""The archived settings: hashed, found again, and independent of where the home lies."""

import shutil

import pytest

from tests.pipeline.job.samples import FIRST, RUNS, change_settings, make_context
from tests.pipeline.samples import volcast
from volcast.pipeline.config.load import load_config
from volcast.pipeline.errors import ConfigError
from volcast.pipeline.home import Home
from volcast.pipeline.job import config_archive
from volcast.pipeline.job.cycle import run_daily_cycle
from volcast.pipeline.ledger.ledger import Ledger

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")


def test_another_measure_of_variance_needs_another_home(promoted_home, config):
    other = change_settings(config, target={"proxy": "close_to_close"})
    with (
        Ledger.to_write(promoted_home.ledger) as ledger,
        pytest.raises(ConfigError, match=r"target.proxy is 'close_to_close', but the forecasts"),
    ):
        config_archive.write_archived_config(other, promoted_home, ledger)
    assert load_config(promoted_home.folder / "config.toml").target.proxy == config.target.proxy


def test_settings_are_archived_by_their_hash(promoted_home, config):
    archived = config_archive.read_archived_config(
        promoted_home, config_archive.hash_config(config)
    )
    assert archived.model == config.model
    moved = change_settings(config, data={"dir": "/elsewhere", "rate": 9.0})
    assert config_archive.hash_config(moved) == config_archive.hash_config(config)
    other = change_settings(config, model={"epochs": 2})
    assert config_archive.hash_config(other) != config_archive.hash_config(config)


def test_a_home_that_was_moved_continues_as_before(replayed_home, config, market, tmp_path):
    """A model does not depend on where bars are stored."""
    moved = Home(shutil.copytree(replayed_home.folder, tmp_path / "moved"))
    data = config.data.model_copy(update={"dir": str(moved.bars), "rate": 9.0})
    with Ledger.to_write(moved.ledger) as ledger:
        before = ledger.head()
        settings = config.model_copy(update={"data": data})
        summary = run_daily_cycle(make_context(moved, settings, market, ledger, FIRST + RUNS - 1))
        assert ledger.head() == before
    assert summary.trained is None and summary.forecasts == 0


def test_a_home_keeps_its_settings_when_a_call_fails(home, small, prices):
    """Scheduled runs read the home's settings: a mistyped path must not stay in them."""

    def call(*words):
        return volcast("retrain", "--home", home.folder, "--quiet", "--if-due", *words)

    first = call("--config", small)
    stored = (home.folder / "config.toml").read_text()
    assert 'dir = ""' in stored, "a home that is moved takes its bars along"
    assert call("--data", "oops.csv").code == 1
    assert (home.folder / "config.toml").read_text() == stored
    again = call()
    assert "0 new forecasts" in again.out and "nothing trained" in again.out
    assert again.out[:10] == first.out[:10]
    (home.folder / "config.toml").write_text("x = ")
    assert "fix it, or delete it and name --config" in call().complaint
    assert call("--config", small).code == 3
    assert (home.folder / "config.toml").read_text() == stored
