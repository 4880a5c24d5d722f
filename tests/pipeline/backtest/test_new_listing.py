"""A run with a ticker of 64 sessions among long ones, from the prices to the printed forecast."""

import json

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.samples import make_prices, two_tickers, volcast, write_config, write_csv
from volcast.models.forecaster import SHORTEST_HISTORY
from volcast.reports.scoring.scored_rows import SHORT_HISTORY

SESSIONS, FORECAST = 64, 64 - SHORTEST_HISTORY  # bars, and origins from which it is forecast
MODELS = ["har", "har_rolling", "harx", "garch", "mean_22", "network"]
KEYS = ["model", "ticker", "horizon", "origin"]


def train(folder, *frames):
    """Run on prices; return the folder of the run and the answer of the command."""
    data = write_csv(folder / "prices.csv", *frames)
    more = f'[data]\nsource = "files"\npath = "{data}"\n[baselines]\nmodels = {MODELS[:-1]}\n'
    config = write_config(folder / "v.toml", more)
    answer = volcast("run", "--config", config, "--out", folder / "run", "--json")
    assert answer.code == 0, answer.err
    return folder / "run", json.loads(answer.out)


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    new = make_prices("NEW", 9).iloc[-SESSIONS:]
    return train(tmp_path_factory.mktemp("listed"), two_tickers(), new)


@pytest.fixture(scope="module")
def without(tmp_path_factory):
    return train(tmp_path_factory.mktemp("without"), two_tickers())[0]


@pytest.fixture(scope="module")
def forecasts(listed):
    return pd.read_parquet(listed[0] / "forecasts.parquet")


def test_every_model_forecasts_it_from_forty_variances_on(forecasts):
    new = forecasts[forecasts["ticker"] == "NEW"]
    known = new[new["variance"].notna()]
    assert set(known["model"]) == set(MODELS)
    assert (known.groupby(["model", "horizon"]).size() == FORECAST).all()
    pd.testing.assert_series_equal(
        new["short_history"], new["variance"].notna(), check_names=False, check_dtype=False
    )
    assert not forecasts.loc[forecasts["ticker"] != "NEW", "short_history"].any()


def test_a_model_of_its_own_returns_gives_way_to_the_mean_of_a_month(forecasts):
    known = forecasts[(forecasts["ticker"] == "NEW") & forecasts["variance"].notna()]
    replaced = known.groupby("model")["fallback"].mean()
    assert replaced.to_dict() == {name: float(name == "garch") for name in MODELS}
    one = {name: known[known["model"] == name]["variance"].to_numpy() for name in MODELS}
    np.testing.assert_array_equal(one["garch"], one["mean_22"])
    np.testing.assert_array_equal(one["har_rolling"], one["har"])


def test_it_has_the_intervals_of_the_panel(forecasts):
    last = forecasts[forecasts["origin"] == forecasts["origin"].max()]
    width = np.log(last["upper"] / last["lower"]).groupby([last["model"], last["ticker"]]).mean()
    by_ticker = width.unstack()
    assert np.isfinite(by_ticker["NEW"]).all()
    assert (by_ticker["NEW"] / by_ticker["AAA"]).between(0.5, 2.0).all()


def test_it_changes_no_forecast_of_another_ticker(forecasts, without):
    both = forecasts.merge(
        pd.read_parquet(without / "forecasts.parquet"), on=KEYS, suffixes=("", "_without")
    )
    assert len(both) == (forecasts["ticker"] != "NEW").sum()
    exact = (both["model"] != "network").to_numpy()  # which is in single precision
    for name in ("variance", "lower", "upper", "pit", "realized"):
        one, other = both[name].to_numpy(), both[f"{name}_without"].to_numpy()
        np.testing.assert_array_equal(one[exact], other[exact])
        np.testing.assert_allclose(one[~exact], other[~exact], rtol=1e-4)


def test_the_scores_are_those_without_it(listed, without):
    columns = ["horizon", "ticker", "model"]
    tables = [pd.read_csv(folder / "scores.csv") for folder in (listed[0], without)]
    assert "NEW" not in set(tables[0]["ticker"])
    merged = tables[0].merge(tables[1], on=columns, suffixes=("", "_without"))
    assert len(merged) == len(tables[0]) == len(tables[1])
    np.testing.assert_allclose(merged["qlike"], merged["qlike_without"], rtol=1e-6)


def test_it_is_told_wherever_its_forecast_is_shown(listed):
    folder, summary = listed
    first = make_prices("NEW", 9)["date"].iloc[-SESSIONS]
    history = f"{SESSIONS} sessions since {first:%Y-%m-%d}"
    assert summary["failures"] == {}
    told = {row["ticker"]: row["history"] for row in summary["forecasts"]}
    assert told == {"AAA": "", "BBB": "", "NEW": history}
    printed = " ".join(volcast("forecast", folder).out.split())
    assert f"Short history: NEW ({history}); long-run features are unknown and count as" in printed
    report = (folder / "report.md").read_text()
    assert f"**Short history.** NEW ({history}): long-run features" in report
    assert f"Short history, {history}" in report and f"| NEW | {first:%Y-%m-%d} | 64 |" in report
    assert SHORT_HISTORY.removeprefix("the ") in report.replace("\\", "")


def test_the_look_ahead_test_covers_it(listed):
    answer = volcast("verify", listed[0])
    assert answer.code == 0, answer.err
    assert "no look-ahead found in " in answer.err
