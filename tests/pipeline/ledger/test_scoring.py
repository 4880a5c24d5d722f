"""Live scores: worked by hand, next to the backtest, and only of forecasts written in time."""

import dataclasses
import math

import numpy as np
import pytest

from tests.pipeline.ledger.samples import (
    AFTERWARDS,
    DAY,
    EVENING,
    ORIGIN,
    forecast,
    har,
    long_ledger,
    outcome,
    small_ledger,
)
from volcast.pipeline.ledger import scoring
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.records import Decision
from volcast.pipeline.ledger.version_names import REGISTERED


def qlike(realized, variance):
    return realized / variance - np.log(realized / variance) - 1


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """The ledger's file, and what was put into it."""
    path = tmp_path_factory.mktemp("long") / "ledger.db"
    return path, long_ledger(path, tickers=("AAA", "BBB"))


def test_coverage_is_that_of_the_newest_level(tmp_path):
    levels = [(math.nan, True), (0.8, False), (0.8, False), (0.9, True), (0.9, False)]
    with Ledger.to_write(tmp_path / "ledger.db") as ledger:
        for number, (level, is_inside) in enumerate(levels):
            day, now = ORIGIN + 7 * number * DAY, EVENING + 7 * number * DAY
            made = forecast(1e-4, day, interval_level=level, data_vintage=now - DAY)
            ledger.add_forecasts([made], now=now)
            realized = 1.1e-4 if is_inside else 9e-4
            ledger.add_outcomes([outcome(realized, day)], now=now + DAY)
        rows = scoring.scored_rows(ledger)
    scores = scoring.live_scores(rows, {})
    assert scores["rows"].tolist() == [5, 5]
    assert scores["coverage"].tolist() == pytest.approx([2 / 3, 2 / 3])


def scores_of(path, series, horizon=1):
    with Ledger.to_read(path) as ledger:
        table = scoring.live_scores(scoring.scored_rows(ledger), scoring.read_backtests(ledger))
    rows = table[(table["series"] == series) & (table["horizon"] == horizon)]
    assert len(rows) == 1, table
    return rows.iloc[0]


def test_live_qlike_and_its_ratio_to_har_are_those_of_the_formula(long):
    path, rows = long
    mine = qlike(rows["realized"], rows["good"]).mean()
    hars = qlike(rows["realized"], rows["poor"]).mean()
    inside = rows["realized"].between(rows["good"] / 2, rows["good"] * 2).mean()
    for series in ("issued", "network 2"):
        found = scores_of(path, series)
        assert found["rows"] == 600
        assert found["qlike"] == pytest.approx(mine, rel=1e-12)
        assert found["ratio_to_har"] == pytest.approx(mine / hars, rel=1e-12)
        assert found["coverage"] == pytest.approx(inside)
        assert found["first"].date() == rows["origin"].min()
        assert found["last"].date() == rows["origin"].max()
    assert scores_of(path, "har 1")["ratio_to_har"] == 1.0


def test_the_level_of_live_forecasts_is_that_of_their_returns(tmp_path):
    path = tmp_path / "ledger.db"
    returns = [0.01, -0.03, 0.02]
    with Ledger.to_write(path) as ledger:
        for number, value in enumerate(returns):
            days = ORIGIN + number * 7 * DAY
            now = EVENING + number * 7 * DAY
            ledger.add_forecasts([forecast(2e-4, days), har(2e-4, days)], now=now)
            found = outcome(origin=days, log_return=value)
            ledger.add_outcomes([found], now=now + 4 * DAY)
    scores = scores_of(path, "issued")
    assert scores["level_ratio"] == pytest.approx(np.mean(np.square(returns)) / 2e-4)
    assert scores["beyond"] == pytest.approx(1 / 3)  # -0.03 is 2.1 standard deviations


def test_an_outcome_is_scored_in_the_level_of_its_forecast(tmp_path):
    path = tmp_path / "ledger.db"
    calibrated = forecast(3e-4, level_factor=1.5)
    with Ledger.to_write(path) as ledger:
        ledger.add_forecasts([calibrated, har(2e-4)], now=EVENING)
        ledger.add_outcomes([outcome(2e-4)], now=AFTERWARDS)
    with Ledger.to_read(path) as ledger:
        scored = ledger.table("scored").set_index("model")
    assert scored.loc["network", "realized"] == pytest.approx(3e-4)
    assert scored.loc["har", "realized"] == 2e-4  # a row without a factor


def test_value_at_risk_is_tested_once_250_residuals_are_known(long):
    """125 sessions of two tickers: the target of the last ends at the close of the next origin."""
    path, rows = long
    with Ledger.to_read(path) as ledger:
        risk = scoring.live_risk(ledger)
    at_five = risk[risk["level"] == 0.05].set_index("ticker")
    known_from = 125
    assert at_five.loc["all", "rows"] == 2 * (300 - known_from)
    later = rows[rows["origin"] >= rows["origin"].unique()[known_from]]
    residual = rows["back"] / np.sqrt(rows["good"])
    quantile = np.quantile(residual, 0.05)  # of all: near those of the past
    expected = (later["back"] < quantile * np.sqrt(later["good"])).sum()
    assert at_five.loc["all", "exceedances"] == pytest.approx(expected, abs=5)
    share = at_five.loc["AAA", "exceedances"] / at_five.loc["AAA", "rows"]
    assert at_five.loc["AAA", "share"] == share


def test_the_registered_backtest_is_next_to_the_live_score(tmp_path):
    path = small_ledger(tmp_path / "ledger.db")
    backtest = {
        "1": {"qlike": 0.41, "ratio_to_har": 0.82},
        "5": {"qlike": 0.52, "ratio_to_har": math.nan},
    }
    with Ledger.to_write(path) as ledger:
        decision = Decision(
            *("register 2", REGISTERED, "network 2", "trained through 2017-12-29"),
            {"qlike": 0.41, "backtest": backtest},
        )
        assert ledger.add_decision(decision, now=AFTERWARDS)
        assert not ledger.add_decision(decision, now=AFTERWARDS)
        assert scoring.read_backtests(ledger) == {
            "network 2, horizon 1": {"qlike": 0.41, "ratio_to_har": 0.82},
            "network 2, horizon 5": {"qlike": 0.52, "ratio_to_har": None},
        }
    found = scores_of(path, "network 2")
    assert (found["backtest_qlike"], found["backtest_ratio"]) == (0.41, 0.82)
    assert np.isnan(scores_of(path, "issued")["backtest_qlike"])
    assert found["qlike"] == pytest.approx(qlike(1.1, 1.0))


def test_a_version_is_compared_with_har_on_the_rows_that_both_forecast(tmp_path):
    with Ledger.to_write(tmp_path / "ledger.db") as ledger:
        alone = forecast(5e-4, ticker="BBB")  # HAR did not forecast it
        ledger.add_forecasts([forecast(1e-4), har(2e-4), alone], now=EVENING)
        ledger.add_outcomes([outcome(1e-4), outcome(1e-4, ticker="BBB")], now=EVENING + DAY)
    found = scores_of(tmp_path / "ledger.db", "network 2")
    assert (found["rows"], found["qlike"], found["ratio_to_har"]) == (1, 0.0, 0.0)


def test_without_har_there_is_a_score_and_no_ratio(tmp_path):
    found = scores_of(small_ledger(tmp_path / "ledger.db"), "issued")
    assert found["rows"] == 3 and np.isnan(found["ratio_to_har"])


def test_a_forecast_written_too_late_is_not_scored(tmp_path):
    with Ledger.to_write(tmp_path / "ledger.db") as ledger:
        ledger.add_forecasts([forecast(), har()], now=EVENING)
        late = [dataclasses.replace(each, ticker="BBB") for each in (forecast(3e-4), har(3e-4))]
        ledger.add_forecasts(late, now=EVENING + DAY)
        ledger.add_outcomes([outcome(), outcome(ticker="BBB")], now=EVENING + DAY)
        assert set(scoring.scored_rows(ledger)["ticker"]) == {"AAA"}
        assert set(scoring.scored_rows(ledger, live_only=False)["ticker"]) == {"AAA", "BBB"}


def test_days_without_a_target_are_not_scored(tmp_path):
    with Ledger.to_write(tmp_path / "ledger.db") as ledger:
        tickers = ("AAA", "BBB", "CCC")
        ledger.add_forecasts([forecast(ticker=each) for each in tickers], now=EVENING)
        ledger.add_outcomes([outcome(1e-9), outcome(float("nan"), ticker="BBB")], now=EVENING + DAY)
        rows = scoring.scored_rows(ledger)
        assert rows.empty
        scores = scoring.live_scores(rows, {})
        assert list(scores.columns) == scoring.LIVE_COLUMNS and scores.empty
        assert scoring.live_risk(ledger).empty
