"""Bars by the settings: daily and intraday files together."""

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.data.conftest import NOW, asking
from tests.pipeline.data.intraday_samples import make_intraday
from tests.pipeline.panel.samples import config_of, written
from tests.pipeline.samples import volcast
from volcast.pipeline.data.sources.intraday import IntradaySource


@pytest.fixture(scope="module")
def minutes(tmp_path_factory):
    """Two years of 5-minute bars of one ticker."""
    folder = tmp_path_factory.mktemp("minutes")
    written(folder, make_intraday(first="2016-01-04", last="2017-12-29"))
    return folder


@pytest.mark.parametrize("weighting", ["sum", "hansen_lunde"])
def test_a_run_on_intraday_bars_alone_forecasts_their_variance(tmp_path, minutes, weighting):
    config, out = config_of(tmp_path, minutes, weighting=weighting), tmp_path / "run"
    answer = volcast("download", out, "--config", config)
    assert answer.code == 0, answer.err
    assert "realised variance in 502 of 503 sessions of 1 tickers" in answer.err
    bars = pd.read_parquet(out / "bars.parquet")
    expected = IntradaySource(minutes, (), NOW).days["variance"]
    night = np.log(bars["open"] / bars["close"].shift())
    if weighting == "sum":
        np.testing.assert_allclose(bars["variance"][1:], (expected + night**2)[1:], rtol=1e-12)
    assert volcast("features", out).code == 0
    panel = pd.read_feather(out / "features.arrow")
    np.testing.assert_array_equal(panel["variance"], bars["variance"])


def test_daily_bars_of_their_own_are_joined_with_the_intraday_ones(tmp_path, minutes):
    daily = IntradaySource(minutes, (), NOW).load(asking()).bars.drop(columns="variance")
    daily.assign(adj_close=daily["adj_close"] / 3).to_csv(tmp_path / "AAA.csv", index=False)
    config = config_of(tmp_path, minutes, f'path = "{tmp_path / "AAA.csv"}"\n')
    out = tmp_path / "run"
    assert volcast("download", out, "--config", config).code == 0
    bars = pd.read_parquet(out / "bars.parquet")
    assert bars["variance"].notna().sum() == 502
    assert (bars["adj_close"] < bars["close"] / 2).all()
