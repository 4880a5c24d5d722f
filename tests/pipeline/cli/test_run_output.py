"""The newest forecasts of a run, as records and as a table."""

import io
import json
import re

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from tests.pipeline.samples import volcast
from volcast.pipeline.backtest.run_folder import FEATURES, FORECASTS
from volcast.pipeline.cli.run_output import forecast_table, load_newest_forecasts


def test_forecasts_are_printed_as_annualised_volatility_with_har(finished):
    """By hand from the forecast table: 100 * sqrt(252 * variance) of the newest origin."""
    table = pd.read_parquet(finished / FORECASTS)
    features = pd.read_feather(finished / FEATURES)
    records = json.loads(volcast("forecast", finished, "--json").out)
    assert [(row["ticker"], row["horizon"]) for row in records] == [
        *(("AAA", 1), ("AAA", 5), ("BBB", 1), ("BBB", 5))
    ]
    assert {row["origin"] for row in records} == {"2018-10-12"}  # a Friday, the last bar
    assert {row["target_start"] for row in records} == {"2018-10-15"}
    assert {row["target_end"] for row in records} == {"2018-10-15", "2018-10-19"}
    for row in records:
        own = table[
            (table["ticker"] == row["ticker"])
            & (table["horizon"] == row["horizon"])
            & (table["origin"] == row["origin"])
        ].set_index("model")
        last = features[features["ticker"] == row["ticker"]].iloc[-1]
        today = last["variance"] * last["level_factor"]
        by_hand = {
            "volatility": own.loc["network", "variance"],
            "lower": own.loc["network", "lower"],
            "upper": own.loc["network", "upper"],
            "har": own.loc["har", "variance"],
            "today": today,
        }
        for name, variance in by_hand.items():
            assert row[name] == pytest.approx(100 * np.sqrt(252 * variance), abs=0.0051)
        assert row["lower"] < row["volatility"] < row["upper"]


def test_the_printed_table_shows_the_same_numbers(finished):
    shown = volcast("forecast", finished).out
    assert "\x1b" not in shown
    header = next(line for line in shown.splitlines() if "ticker" in line)
    for name in ("ticker", "as of", "from", "to", "days"):
        assert name in header
    for name in ("volatility", "interval", "last", "HAR"):
        assert name in header
    for row in load_newest_forecasts(finished):
        line = next(
            line
            for line in shown.splitlines()
            if row["ticker"] in line and re.search(rf"\s{row['horizon']}\s", line)
        )
        interval = rf"{row['lower']:.1f} - {row['upper']:.1f}"
        for text in (f"{row['volatility']:.1f}", interval, f"{row['today']:.1f}"):
            assert text in line
        assert line.rstrip(" │").endswith(f"{row['har']:.1f}")


def test_a_ticker_in_brackets_is_not_markup(finished):
    rows = [load_newest_forecasts(finished)[0] | {"ticker": "[red]X"}]
    out = Console(width=140, file=io.StringIO())
    out.print(forecast_table(rows))
    assert "[red]X" in out.file.getvalue()
