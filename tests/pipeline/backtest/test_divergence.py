"""A run whose networks diverge ends, says so, and forecasts no worse than HAR's anchor."""

import numpy as np
import pandas as pd

from tests.pipeline.samples import make_prices, volcast, write_config, write_csv
from volcast.pipeline.backtest.run_folder import FORECASTS, REPORT_MD

EXPLODING = """
[model]
epochs = 5
members = 3
optimizer = "sgd"
clipping = "none"
learning_rate = 1e30
"""


def test_divergence_is_stated_in_the_run_and_in_the_report(tmp_path):
    prices = write_csv(tmp_path / "prices.csv", make_prices())
    config = write_config(tmp_path / "config.toml", EXPLODING)
    options = ("--config", config, "--source", "files", "--data", prices)
    answer = volcast("run", *options, "--out", tmp_path / "run")
    assert answer.code == 0, answer.err
    assert "fold 1: 3 of 3 members diverged, the first in epoch 1" in answer.out + answer.err
    assert "ConvergenceWarning" not in answer.err
    assert "diverging" in (tmp_path / "run" / REPORT_MD).read_text()
    forecasts = pd.read_parquet(tmp_path / "run" / FORECASTS)
    network = forecasts.loc[forecasts["model"] == "network", "variance"]
    assert np.isfinite(network).sum() > 100 and network.max() < 0.1
