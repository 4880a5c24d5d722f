"""Homes of the job: new, after a first daily run, after a promotion, after a replay."""

import datetime as dt
import shutil

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.data.conftest import _standin, standin  # noqa: F401
from tests.pipeline.job.samples import FIRST, RUNS, make_context
from volcast.pipeline.home import Home
from volcast.pipeline.job.config_archive import write_archived_config, write_current_config
from volcast.pipeline.job.cycle import run_daily_cycle
from volcast.pipeline.job.replay import replay
from volcast.pipeline.job.steps import shadow
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.progress import Progress
from volcast.pipeline.registry.registry import Registry


@pytest.fixture
def home(tmp_path) -> Home:
    """A new home."""
    return Home(tmp_path / "home")


@pytest.fixture
def ledger(home):
    """The ledger of the new home, open for writing."""
    with Ledger.to_write(home.ledger) as opened:
        yield opened


@pytest.fixture(scope="session")
def first_run(tmp_path_factory, config, market) -> Home:
    """A home after its first daily run; not to be changed."""
    home = Home(tmp_path_factory.mktemp("first_run"))
    with Ledger.to_write(home.ledger) as ledger:
        write_archived_config(config, home, ledger)
        write_current_config(config, home)
        run_daily_cycle(make_context(home, config, market, ledger))
    return home


@pytest.fixture
def started_home(first_run, tmp_path) -> Home:
    """A home after its first daily run, to work on."""
    return Home(shutil.copytree(first_run.folder, tmp_path / "started"))


@pytest.fixture(scope="session")
def _promoted(first_run, tmp_path_factory) -> Home:
    folder = tmp_path_factory.mktemp("promoted") / "home"
    home = Home(shutil.copytree(first_run.folder, folder))
    registry = Registry(home)
    if registry.champion().model != "network":
        registry.apply_change(registry.plan_promotion(2))
    return home


@pytest.fixture
def promoted_home(_promoted, tmp_path) -> Home:
    """A home after its first daily run, network 2 promoted since, to work on."""
    return Home(shutil.copytree(_promoted.folder, tmp_path / "promoted"))


@pytest.fixture(scope="session")
def period(market) -> tuple[dt.date, dt.date]:
    """The first and last day of the replay."""
    sessions = market.panel.sessions
    return sessions[FIRST].date(), sessions[FIRST + RUNS - 1].date()


@pytest.fixture(scope="session")
def replayed_home(tmp_path_factory, config, market, period) -> Home:
    """A home after a replay; not to be changed."""
    home = Home(tmp_path_factory.mktemp("replayed"))
    assert len(list(replay(home, config, market, period, Progress()))) == RUNS
    return home


@pytest.fixture
def far_better(market, monkeypatch) -> None:
    """A shadow period in which the network was far better."""
    days = market.panel.sessions[FIRST - 200 : FIRST]
    har = 0.6 + np.random.default_rng(0).uniform(0, 0.1, 200)
    sessions = pd.DataFrame({"origin": days, "incumbent_loss": har, "rival_loss": har / 2})
    sessions = sessions.assign(gain_lower=0.0, worst_higher=0.7, worst_lower=0.0, unanswered=0)
    monkeypatch.setattr(shadow, "_compare_over_past", lambda *_: sessions)
