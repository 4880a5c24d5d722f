"""The options that set settings: declared once, in every command that uses them."""

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipeline.samples import make_prices, volcast, write_csv
from volcast.pipeline.cli.options import SETTING_OPTIONS, SettingOption
from volcast.pipeline.config.load import known_keys, load_config
from volcast.pipeline.diagnostics.catalogue import DIAGNOSTICS

FILES = {"--source", "--data", "--dates", "--decimal", "--timezone", "--calendar", "--ticker"}
SUBSETS = {
    ("retrain",): FILES | {"--events", "--exogenous"},
    ("replay",): FILES | {"--events", "--exogenous"},
    ("schedule", "install"): FILES,
    ("schedule", "run"): FILES,
    ("schedule", "show"): {"--source", "--ticker"},
    ("lr-find",): {"--source", "--ticker"},
    ("map",): {"--source", "--ticker"},
    ("compare", "optimizers"): {"--source", "--ticker"},
    ("diagnose", "gradients"): {"--source", "--ticker"},
}


def test_every_entry_sets_a_setting_that_exists():
    assert {option.setting for option in SETTING_OPTIONS} <= set(known_keys())
    assert len({option.flag for option in SETTING_OPTIONS}) == len(SETTING_OPTIONS)


def test_run_has_every_option():
    shown = volcast("run", "--help").out
    assert all(option.flag in shown for option in SETTING_OPTIONS)
    assert "--config" in shown


@pytest.mark.parametrize("command", SUBSETS)
def test_other_commands_have_their_options_and_no_other(command):
    words = volcast(*command, "--help").out.split()
    flags = {option.flag for option in SETTING_OPTIONS}
    assert flags & set(words) == SUBSETS[command]
    assert "--config" in words


def test_an_option_added_to_the_table_is_in_the_help_of_run_and_reaches_the_settings(tmp_path):
    """In a process of its own: the commands read the table when they are imported."""
    script = f"""
import sys
from unittest.mock import patch
from volcast.pipeline.cli import options
added = options.SettingOption("--patience", int, "model.patience", "Epochs without improvement.")
options.SETTING_OPTIONS += (added,)
from volcast.pipeline.cli.main import main
def show(folder, config, **_):
    print("patience", config.model.patience, "epochs", config.model.epochs)
with patch("volcast.pipeline.backtest.run.run", show):
    for words in (["--help"], ["--patience", "7", "--epochs", "9", "--out", {str(tmp_path)!r}]):
        sys.argv = ["volcast", "run", *words]
        try: main()
        except SystemExit: pass
"""
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    assert "--patience" in answer.stdout and "Epochs without improvement." in answer.stdout
    assert answer.stdout.endswith("patience 7 epochs 9\n")


def test_every_option_of_run_reaches_the_stored_settings(tmp_path, prices, small, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_csv(Path("vix.csv"), make_prices("^VIX"))
    for name in ("one", "two"):
        Path(f"{name}.csv").write_text("ticker,date\nAAA,2017-02-01\n")
    answer = volcast(
        *("run", "--config", small, "--source", "files", "--data", prices, "--ticker", "AAA"),
        *("--ticker", "BBB", "--start", "2016-02-01", "--end", "2018-10-01"),
        *("--events", "./one.csv", "--events", "two.csv", "--exogenous", "^VIX=./vix.csv"),
        *("--learning-rate", "0.01", "--batch-size", "32", "--epochs", "2"),
        *("--horizon", "2", "--horizon", "3", "--seed", "5", "--out", tmp_path / "run", "--quiet"),
    )
    assert answer.code == 0, answer.err
    stored = load_config(tmp_path / "run" / "config.toml")
    assert stored.data.tickers == ("AAA", "BBB")
    assert stored.data.path == str(prices)
    assert stored.data.events == (str(tmp_path / "one.csv"), str(tmp_path / "two.csv"))
    assert stored.data.exogenous == (f"^VIX={tmp_path / 'vix.csv'}",)
    assert (stored.data.start, stored.data.end) == (dt.date(2016, 2, 1), dt.date(2018, 10, 1))
    assert stored.target.horizons == (2, 3)
    model = stored.model
    assert (model.learning_rate, model.batch_size, model.epochs, model.seed) == (0.01, 32, 2, 5)
    assert stored.split.train_sessions == 300  # of the file


def test_a_switch_sets_its_declared_value():
    (switch,) = [option for option in SETTING_OPTIONS if option.switch_value is not None]
    assert (switch.flag, switch.switch_value) == ("--diagnose", tuple(DIAGNOSTICS))


def test_a_flag_with_hyphens_is_a_parameter_with_underscores():
    option = SettingOption("--data-dir", str, "data.dir", "Folder.")
    assert (option.parameter, option.section, option.key) == ("data_dir", "data", "dir")
