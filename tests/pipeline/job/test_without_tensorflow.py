"""Only a training imports TensorFlow: an evening without one and reading past forecasts do not."""

import json
import subprocess
import sys

import pytest

from tests.pipeline.job.samples import change_settings
from volcast.pipeline.backtest.run_folder import SCORES
from volcast.pipeline.job.config_archive import write_current_config

pytest.importorskip("mlflow", reason="the registry needs the extra `ops`")

SCRIPT = """
import sys
from volcast.pipeline.cli.main import main
sys.argv = ["volcast", *sys.argv[1:]]
try:
    main()
finally:
    print("loaded:", *sys.modules, file=sys.stderr)
"""
HEAVY = {"tensorflow", "keras"}
NETWORK = "volcast.models.regressor.numpy_network"
ALERTS = 3  # the made-up prices end in 2018: they are stale


def run_in_own_process(*arguments, code=0):
    """Return what a command printed, and the modules that its process imported."""
    command = [sys.executable, "-c", SCRIPT, *map(str, arguments)]
    answer = subprocess.run(command, capture_output=True, text=True)
    assert answer.returncode == code, answer.stderr
    return answer.stdout, set(answer.stderr.partition("loaded:")[2].split())


def run_evening(home):
    printed, loaded = run_in_own_process(
        *("retrain", "--if-due", "--json", "--home", home.folder), code=ALERTS
    )
    return json.loads(printed), loaded


@pytest.fixture
def home(promoted_home, config):
    """A home with a champion network, whose next training is years away."""
    write_current_config(change_settings(config, job={"retrain_every": 5000}), promoted_home)
    return promoted_home


def test_an_evening_without_a_training_and_its_verification_import_no_tensorflow(home):
    summary, loaded = run_evening(home)
    assert summary["champion"] == "network 2" and summary["trained"] is None
    assert summary["forecasts"] >= 4 and not summary["notes"]
    assert NETWORK in loaded and not loaded & HEAVY
    printed, loaded = run_in_own_process(
        *("ledger", "verify", "--rebuild", "all", "--json", "--home", home.folder)
    )
    rebuilt = json.loads(printed)
    assert rebuilt["rebuilt"] > summary["forecasts"] and not rebuilt["otherwise"]
    assert NETWORK in loaded and not loaded & HEAVY


@pytest.mark.slow
def test_a_training_imports_tensorflow(promoted_home):
    """Otherwise the test above could not fail."""
    summary, loaded = run_evening(promoted_home)
    assert summary["trained"] == "network 3" and loaded >= HEAVY


def test_the_forecasts_of_a_run_are_scored_and_printed_without_tensorflow(run_dir):
    (run_dir / SCORES).unlink()
    _, loaded = run_in_own_process("evaluate", run_dir, "--quiet")
    assert (run_dir / SCORES).exists() and NETWORK in loaded and not loaded & HEAVY
    printed, loaded = run_in_own_process("forecast", run_dir)
    assert "AAA" in printed and not loaded & HEAVY


def test_a_forecast_without_a_training_imports_only_what_it_needs():
    printed, loaded = run_in_own_process(
        *("forecast", "--pretrained-only", "--source", "sample-stocks", "--ticker", "AAPL")
    )
    assert "AAPL" in printed and NETWORK in loaded
    others = {"sklearn", "matplotlib", "mlflow", "statsmodels", "arch", "scipy.signal"}
    assert not loaded & (HEAVY | others)
