"""A daily run that has nothing to do is recognised, and whatever is new makes a whole one."""

import datetime as dt
import shutil
import subprocess
import sys

import pytest

from tests.parameters import mark_slow
from tests.pipeline.job.samples import NOW, change_settings
from tests.pipeline.samples import volcast
from volcast.pipeline.home import Home
from volcast.pipeline.job import cycle
from volcast.pipeline.job.run import run_job
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.records import Decision
from volcast.pipeline.progress import Progress

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")

HEAVY = {"tensorflow", "keras", "mlflow", "statsmodels", "arch", "matplotlib", "scipy", "sklearn"}


def run(home, config, now=NOW, *, if_due=True):
    return run_job(home, config, clock=lambda: now, progress=Progress(), if_due=if_due)


@pytest.fixture(scope="session")
def _settled(tmp_path_factory, config):
    home = Home(tmp_path_factory.mktemp("settled") / "home")
    run(home, config)
    return home


@pytest.fixture
def settled(_settled, tmp_path):
    """A home after its daily run, to work on."""
    return Home(shutil.copytree(_settled.folder, tmp_path / "home"))


@pytest.fixture
def cycles(monkeypatch):
    """The runs of the whole cycle."""
    counted = []
    whole = cycle.run_daily_cycle
    monkeypatch.setattr(
        cycle, "run_daily_cycle", lambda *a, **k: counted.append(1) or whole(*a, **k)
    )
    return counted


def test_a_repeated_run_says_the_same_and_changes_nothing(settled, config, cycles):
    page = next(settled.reports.glob("*/report.html"))
    before = page.stat().st_mtime_ns
    quick = run(settled, config)
    assert not cycles
    assert page.stat().st_mtime_ns == before
    settled.last_run.unlink()
    assert run(settled, config) == quick
    assert cycles == [1]


def test_a_requested_training_that_was_done_is_noted(settled, config, cycles):
    summary = run(settled, config, if_due=False)
    assert not cycles
    assert summary.notes[-1] == "network 2 was already trained on these bars"


def change_ledger(home, config):
    with Ledger.to_write(home.ledger) as ledger:
        ledger.add_decision(Decision("a note", "keep", "har 1", "a note"), now=NOW)
    return config


def lose_report(home, config):
    for page in home.reports.glob("*/report.html"):
        page.unlink()
    return config


def damage_network(home, config):
    for file in home.models.glob("*/artifacts/model/past_errors.parquet"):
        file.write_bytes(b"")
    return config


def damage_state(home, config):
    home.last_run.write_text("{}")
    return config


def change_config(home, config):
    return change_settings(config, report={"interval": 0.8})


CHANGES = [change_ledger, lose_report, damage_network, damage_state, change_config]


@pytest.mark.parametrize("change", mark_slow(CHANGES, but=[damage_state, change_config]))
def test_a_change_makes_a_whole_run(settled, config, cycles, change):
    run(settled, change(settled, config))
    assert cycles == [1]


def test_an_alert_that_comes_with_time_alone_is_raised(settled, config, cycles, monkeypatch):
    from volcast.pipeline.job import run as module
    from volcast.reports.monitoring.alerts import Observation

    full = Observation("full disk", "here", 1.0, 0.0, 0.0, "the disk is full", "error")
    monkeypatch.setattr(module, "observe_disk_space", lambda *_, **__: full)
    assert [alert.name for alert in run(settled, config).raised] == ["full disk"]
    assert cycles == [1]
    assert not run(settled, config, NOW + dt.timedelta(hours=1)).raised
    assert cycles == [1]


def test_a_run_whose_step_failed_is_not_repeated_but_tried_again(
    settled, config, cycles, monkeypatch
):
    change_ledger(settled, config)
    with monkeypatch.context() as patched:
        patched.setattr(cycle, "write_shadow_period", lambda _: 1 / 0)
        run(settled, config)
    assert not settled.last_run.exists()
    run(settled, config)
    assert cycles == [1, 1]


def test_the_command_imports_nothing_heavy_to_find_nothing_to_do(tmp_path, small):
    home = tmp_path / "home"
    assert volcast("retrain", "--home", home, "--config", small).code in (0, 3)
    script = (
        "import sys; from volcast.pipeline.cli.main import main\n"
        "try: main()\n"
        "finally: print(*sys.modules)"
    )
    words = ["retrain", "--home", home, "--config", small, "--quiet"]
    answer = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True)
    assert "0 new forecasts" in answer.stdout
    assert HEAVY & set(answer.stdout.split()) == set()
