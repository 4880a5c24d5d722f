"""The forecast at once: its table, its figures, its explanation, and the command's bytes."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import volcast
from tests.pipeline.library.samples import NOW, make_axes
from tests.pipeline.samples import make_prices, write_csv
from tests.pipeline.samples import volcast as command
from volcast.pipeline.errors import ConfigError, DataError

LONG = 900  # sessions, to July 2019, after the last vintage


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    frames = [make_prices("AAA", 1, LONG), make_prices("BBB", 2, LONG)]
    return write_csv(tmp_path_factory.mktemp("library") / "prices.csv", *frames)


@pytest.fixture(scope="module")
def result(given, vintages):
    return volcast.forecast(
        given, (1, 5), level=(80, 90, 95), pretrained=str(vintages), select="all", now=NOW
    )


def test_the_table_has_a_row_a_ticker_and_horizon_and_nested_intervals(result):
    rows = result.forecasts
    assert rows[["ticker", "horizon"]].to_numpy().tolist() == [
        ["AAA", 1], ["AAA", 5], ["BBB", 1], ["BBB", 5]
    ]  # fmt: skip
    order = ["lower_95", "lower_90", "lower_80", "volatility", "upper_80", "upper_90", "upper_95"]
    assert (np.diff(rows[order].to_numpy(float), axis=1) > 0).all()
    assert (rows["origin"] < rows["from"]).all() and (rows["from"] <= rows["to"]).all()
    assert rows["har"].between(0.5 * rows["volatility"], 2 * rows["volatility"]).all()


def test_the_command_prints_the_same_forecasts(result, given, vintages, tmp_path):
    settings = tmp_path / "settings.toml"
    settings.write_text(
        f'[target]\nhorizons = [1, 5]\n[model]\npretrained = "{vintages}"\n'
        '[features]\nselect = ["all"]\n'
    )
    answer = command(
        "forecast", "--pretrained-only", "--config", settings, "--source", "files",
        "--data", given, "--json",
    )  # fmt: skip
    printed = pd.DataFrame(json.loads(answer.out))
    ours = result.forecasts
    for name, theirs in (
        ("volatility", "volatility"), ("lower_90", "lower"), ("upper_90", "upper"),
        ("har", "har"), ("last", "today"),
    ):  # fmt: skip
        assert ours[name].round(2).tolist() == printed[theirs].tolist(), name
    assert ours["to"].dt.strftime("%Y-%m-%d").tolist() == printed["target_end"].tolist()


def test_frames_and_loaded_prices_give_the_same(result, given, vintages):
    frame = pd.read_csv(given)
    options = {"pretrained": str(vintages), "select": "all", "now": NOW}
    for prices in (frame, volcast.load_prices(frame, now=NOW)):
        again = volcast.forecast(prices, (1, 5), **options)
        pd.testing.assert_frame_equal(again.forecasts, result.forecasts, check_exact=True)


def test_quantiles_rise_and_hold_the_bounds(result):
    quantiles = result.quantiles
    values = quantiles.drop(columns=["ticker", "horizon"])
    assert (np.diff(values.to_numpy(), axis=1) > 0).all()
    np.testing.assert_allclose(values[0.05], result.forecasts["lower_90"])
    np.testing.assert_allclose(values[0.95], result.forecasts["upper_90"])


def test_the_explanation_sums_to_the_change_from_a_usual_day(result):
    explained = result.explain("BBB", 5)
    change = 2 * np.log(explained.volatility / explained.usual_volatility)
    assert explained.table["contribution"].sum() == pytest.approx(change, rel=1e-9)
    own = result.forecasts.query("ticker == 'BBB' and horizon == 5")["volatility"].iloc[0]
    assert explained.volatility == own
    shown = explained.table["contribution"].abs()
    assert shown.is_monotonic_decreasing and shown.iloc[0] > 0


def test_the_usual_day_is_forecast_by_the_network_itself(result):
    """By hand: the vintage on the mean features, at the level of the forecast."""
    explained, inputs = result.explain("BBB", 1), result.found.inputs
    vintage, row = result.found.vintage, inputs.tickers.index("BBB")
    both = np.stack([inputs.usual[row], inputs.newest[row]])
    logs = vintage.predict_log(inputs.names, both, vintage.horizons)[:, 0]
    by_hand = explained.volatility * np.exp((logs[0] - logs[1]) / 2)
    assert explained.usual_volatility == pytest.approx(by_hand, rel=1e-9)


def test_figures_are_drawn_on_the_given_axes(result):
    axes = make_axes()
    assert result.plot("BBB", ax=axes) is axes and axes.collections
    other = make_axes()
    assert result.explain().plot(ax=other) is other and other.patches


def test_the_result_shows_itself(result, tmp_path):
    text = str(result.summary())
    assert "Volatility forecast" in text and "upper_95" in text and repr(result) == text
    assert "<table" in result._repr_html_()
    page = result.report(tmp_path / "forecast.html").read_text()
    assert "Upper 95 %" in page and page.count("<svg") >= 2


WRONG = {
    "a share as level": ({"level": 0.9}, r"level is in percent, from 1 to 98"),
    "a level beyond": ({"level": 99}, r"such as 80 or 95; got 99"),
    "a level as text": ({"level": "80"}, r"level must be numbers, such as 80 .*; got '80'"),
    "no level": ({"level": None}, r"level must be numbers, .*; got None"),
    "quantiles as text": ({"quantiles": "0.5"}, r"quantiles must be numbers, .*; got '0.5'"),
    "a clock as text": ({"now": "2026-01-05"}, r"now must be a datetime with a timezone"),
    "a quantile beyond": ({"quantiles": [0.999]}, r"quantiles must be from 0.01 to 0.99"),
    "a horizon unknown to it": ({"horizons": (1, 7)}, r"target\.horizons: the vintage"),
    "no vintage": ({"pretrained": "none"}, r"model\.pretrained is 'none'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_forecast_is_explained(case, given, vintages):
    options, message = WRONG[case]
    with pytest.raises(ConfigError, match=message):
        volcast.forecast(given, **({"horizons": (1, 5), "pretrained": str(vintages)} | options))


def test_an_unknown_ticker_or_horizon_is_refused(result):
    with pytest.raises(ConfigError, match="CCC has no forecast; choose from AAA, BBB"):
        result.plot("CCC")
    with pytest.raises(ConfigError, match=r"horizon 9 was not forecast; choose from \[1, 5\]"):
        result.explain("AAA", 9)


def test_too_few_bars_are_told():
    with pytest.raises(DataError, match="19 sessions with a variance, 40 are needed"):
        volcast.forecast(make_prices(sessions=20), ticker="AAA", now=NOW)


FIVE_LINES = """
import sys
import matplotlib
matplotlib.use("Agg")
import volcast
sample = volcast.load_prices(source="sample-stocks", tickers=["AAPL"])
frame = sample.bars.set_index("session")[["open", "high", "low", "close", "volume"]]
result = volcast.forecast(frame.rename(columns=str.capitalize), ticker="AAPL")
result.plot()
assert not {"tensorflow", "keras"} & sys.modules.keys()
"""


def test_a_forecast_with_its_figure_needs_no_tensorflow():
    answer = subprocess.run([sys.executable, "-c", FIVE_LINES], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
