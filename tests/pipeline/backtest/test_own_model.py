"""A run with a model of the user's own, by its name; one that cannot be imported is an error."""

import sys

import pandas as pd
import pytest

from tests.pipeline.samples import make_prices, volcast, write_config, write_csv
from volcast.pipeline.backtest.run_folder import BARS, FORECASTS, REPORT_MD

OWN = """
from volcast.models.baselines.naive import MonthMean

class Mine(MonthMean):
    pass
"""


@pytest.fixture
def options(tmp_path, monkeypatch):
    (tmp_path / "own_model.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    prices = write_csv(tmp_path / "prices.csv", make_prices())

    def with_baselines(*names):
        more = f"\n[baselines]\nmodels = {list(names)}\n".replace("'", '"')
        config = write_config(tmp_path / "config.toml", more)
        return ("--config", config, "--source", "files", "--data", prices)

    return with_baselines


def test_an_own_class_is_refitted_scored_and_shown(options, tmp_path):
    answer = volcast("run", *options("own_model:Mine", "mean_22"), "--out", tmp_path / "run")
    assert answer.code == 0, answer.err
    forecasts = pd.read_parquet(tmp_path / "run" / FORECASTS)
    mine, theirs = (
        forecasts.loc[forecasts["model"] == name, "variance"].to_numpy()
        for name in ("own_model:Mine", "mean_22")
    )
    assert len(mine) > 300
    pd.testing.assert_series_equal(pd.Series(mine), pd.Series(theirs))
    assert "own model:Mine" in (tmp_path / "run" / REPORT_MD).read_text()


@pytest.mark.parametrize("name", ["own_model:Nobody", "nowhere:Mine"])
def test_a_class_that_cannot_be_had_is_named(options, tmp_path, name):
    answer = volcast("run", *options(name), "--out", tmp_path / "run")
    assert f"baselines.models: the baseline {name} cannot be imported" in answer.complaint


def test_a_class_that_cannot_be_loaded_is_an_error_before_anything_is_written(options, tmp_path):
    volcast("run", *options("nowhere:Mine"), "--out", tmp_path / "run")
    assert not (tmp_path / "run" / BARS).exists()


@pytest.mark.slow
def test_an_edited_class_trains_again(options, tmp_path):
    arguments = ("run", *options("own_model:Mine"), "--out", tmp_path / "run")
    assert volcast(*arguments).code == 0
    assert "train: unchanged, skipped" in volcast(*arguments).err
    (tmp_path / "own_model.py").write_text(OWN.replace("MonthMean", "LastValue"))
    sys.modules.pop("own_model")
    assert "train: unchanged, skipped" not in volcast(*arguments).err
