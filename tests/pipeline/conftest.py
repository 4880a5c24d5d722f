"""One finished run that all tests share, and copies of it to damage."""

import datetime as dt
import shutil
from pathlib import Path

import pytest

from tests.pipeline.job.samples import EVERY, SHADOW
from tests.pipeline.pretraining.samples import pretrain_samples
from tests.pipeline.samples import two_tickers, volcast, write_config, write_csv
from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.settings import Config
from volcast.pipeline.job.market import Market, load_market


@pytest.fixture(scope="session")
def prices(tmp_path_factory) -> Path:
    return write_csv(tmp_path_factory.mktemp("prices") / "prices.csv", two_tickers())


@pytest.fixture(scope="session")
def small(tmp_path_factory, prices) -> Path:
    """A configuration file: the small settings on the made-up prices."""
    data = f'[data]\nsource = "files"\npath = "{prices}"\n'
    return write_config(tmp_path_factory.mktemp("config") / "small.toml", data)


@pytest.fixture(scope="session")
def finished(tmp_path_factory, small) -> Path:
    """A finished run; not to be changed."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    answer = volcast("run", "--config", small, "--out", folder)
    assert answer.code == 0, answer.err
    return folder


@pytest.fixture(scope="session")
def vintages(tmp_path_factory) -> Path:
    """The folder of two small vintages; not to be changed."""
    return pretrain_samples(tmp_path_factory.mktemp("pretraining"))


@pytest.fixture
def run_dir(finished, tmp_path) -> Path:
    """A copy of the finished run, to work on."""
    return Path(shutil.copytree(finished, tmp_path / "run"))


@pytest.fixture(scope="session")
def config(small) -> Config:
    """The small settings for the daily job."""
    job = {"retrain_every": EVERY, "minimum_effect": 0.0, "shadow_sessions": SHADOW}
    select = ["har_1", "har_5", "har_22", "z"]
    split = {"refit_every": EVERY}
    return load_config(small, {"job": job, "features": {"select": select}, "split": split})


@pytest.fixture(scope="session")
def market(config) -> Market:
    """All bars and their panel; not to be changed."""
    return load_market(config, dt.datetime(2024, 6, 3, 12, tzinfo=dt.UTC))
