import numpy as np
import pandas as pd

from tests.reports import synthetic
from volcast.reports.scoring.newest_forecasts import newest_forecasts


def test_an_old_or_clipped_forecast_says_so(forecasts):
    newest = forecasts["origin"].max()
    stale = forecasts[(forecasts["ticker"] != "^IXIC") | (forecasts["origin"] < newest)]
    stale = stale.assign(clipped=True)
    table = newest_forecasts(stale, synthetic.make_inputs(forecasts).today)
    notes = table.set_index("ticker")["note"]
    assert notes["^GSPC"].iloc[0] == "clipped to the range seen in training"
    assert "as of" in notes["^IXIC"].iloc[0]


def test_a_forecast_from_a_short_history_says_so(forecasts):
    today = synthetic.make_inputs(forecasts).today
    first = pd.Timestamp("2008-11-03")
    histories = pd.DataFrame({"ticker": ["^IXIC"], "sessions": [64], "first": [first]})
    short = forecasts.assign(short_history=forecasts["ticker"] == "^IXIC", clipped=False)
    notes = newest_forecasts(short, today, histories=histories).set_index("ticker")["note"]
    assert notes["^IXIC"].tolist() == ["short history, 64 sessions since 2008-11-03"] * 3
    assert not notes["^GSPC"].str.contains("short history").any()
    grown = newest_forecasts(short.assign(short_history=False), today, histories=histories)
    assert not grown["note"].str.contains("short history").any()


def test_tickers_are_ordered_by_the_volatility_of_the_next_session(inputs):
    table = newest_forecasts(inputs.forecasts, inputs.today)
    heights = table[table["horizon"] == 1]["volatility"].to_numpy()
    assert (np.diff(heights) <= 0).all()
    assert table.groupby("ticker").size().eq(3).all()
