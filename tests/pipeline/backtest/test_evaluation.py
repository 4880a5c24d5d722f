import numpy as np
import pandas as pd
import pytest

from volcast.pipeline.backtest import fold_folder
from volcast.pipeline.backtest.evaluation import (
    COLUMNS,
    add_returns,
    build_forecast_table,
    build_quantile_table,
    calibrate_level,
)
from volcast.pipeline.backtest.run_folder import BARS, FEATURES, FORECASTS, MODEL, read_config
from volcast.pipeline.backtest.volatility_columns import add_volatility, find_latest_volatility

LEVEL = 0.9


@pytest.fixture(scope="module")
def folds(finished, panel):
    places = sorted((finished / MODEL).glob("fold-*"))
    parts = [pd.read_parquet(place / fold_folder.FORECASTS) for place in places]
    assert len(parts) == 2
    return calibrate_level(add_returns(pd.concat(parts, ignore_index=True), panel))


@pytest.fixture(scope="module")
def table(finished):
    return pd.read_parquet(finished / FORECASTS)


def test_the_columns_are_those_of_the_documented_table_in_their_order(table):
    documented = [
        *("fold", "origin", "target_start", "target_end", "ticker", "horizon", "model"),
        *("variance", "lower", "upper", "clipped", "fallback", "short_history"),
        *("realized", "pit"),
        *("log_return", "squared_return", "level_factor", "reactions", "variance_without_report"),
    ]
    assert list(table.columns) == documented == COLUMNS
    types = {name: str(kind) for name, kind in table.dtypes.items()}
    assert {types[name] for name in ("origin", "target_start", "target_end")} == {"datetime64[us]"}
    assert {types[name] for name in ("variance", "lower", "upper", "realized")} == {"float64"}
    assert {types[name] for name in ("clipped", "fallback")} == {"bool"}


def test_no_row_is_forecast_twice_by_a_model(table):
    keys = ["model", "ticker", "horizon", "origin"]
    assert not table.duplicated(keys).any()
    assert table.sort_values(["horizon", "model", "ticker", "origin"]).index.is_monotonic_increasing


def test_dates_tell_what_a_forecast_is_about(finished, table):
    bars = pd.read_parquet(finished / BARS)
    sessions = pd.DatetimeIndex(bars["session"].unique()).sort_values()
    inside = table[table["target_end"] <= sessions[-1]]
    at = sessions.get_indexer(inside["origin"])
    assert len(inside) > 1000
    assert (sessions[at + 1] == inside["target_start"]).all()
    assert (sessions[at + inside["horizon"].to_numpy()] == inside["target_end"]).all()


def test_outcomes_are_the_mean_variances_of_the_sessions_ahead_times_the_level(finished, table):
    features = pd.read_feather(finished / FEATURES)
    variance, returns, level = (
        features.pivot(index="session", columns="ticker", values=name)
        for name in ("variance", "log_return", "level_factor")
    )
    known = table[table["realized"].notna()].sample(200, random_state=1)
    for row in known.itertuples():
        ahead = variance.loc[row.target_start : row.target_end, row.ticker]
        assert len(ahead) == row.horizon
        assert row.level_factor == level.loc[row.origin, row.ticker]
        assert row.realized == pytest.approx(ahead.mean() * row.level_factor, rel=1e-12)
        moves = returns.loc[row.target_start : row.target_end, row.ticker]
        assert row.log_return == pytest.approx(moves.sum(), abs=1e-12)
        assert row.squared_return == pytest.approx((moves**2).mean(), rel=1e-9)
    unknown = table[table["realized"].isna()]
    assert (unknown["target_end"] > variance.index[-1]).all()
    assert unknown[["log_return", "squared_return"]].isna().all(axis=None)


def test_an_interval_knows_the_outcomes_up_to_its_origin_and_no_later_one(folds):
    before = build_forecast_table(folds, LEVEL)
    bounds = ["lower", "upper"]
    wild = folds["realized"] * np.random.default_rng(3).uniform(0.01, 100, len(folds))
    days = np.unique(folds.loc[folds["part"] == "test", "origin"])
    for day in days[[len(days) // 4, len(days) // 2, -1]]:
        later = folds.assign(realized=folds["realized"].mask(folds["target_end"] > day, wild))
        after = build_forecast_table(later, LEVEL)
        until = before["origin"] <= day
        pd.testing.assert_frame_equal(before.loc[until, bounds], after.loc[until, bounds])

        # It does depend on the outcomes of that day: the comparison above could fail.
        then = folds.assign(realized=folds["realized"].mask(folds["target_end"] == day, wild))
        other = build_forecast_table(then, LEVEL)
        here = before["origin"] == day
        assert not np.allclose(before.loc[here, bounds], other.loc[here, bounds])


def test_every_forecast_lies_in_its_interval_and_most_outcomes_too(folds):
    table = build_forecast_table(folds, LEVEL).dropna(subset=["variance", "realized"])
    table = table[table["realized"] > 0]
    assert (table["lower"] <= table["variance"]).all()
    assert (table["variance"] <= table["upper"]).all()
    inside = table["realized"].between(table["lower"], table["upper"])
    assert inside.mean() == pytest.approx(LEVEL, abs=0.04)
    tails = table["pit"].between((1 - LEVEL) / 2, (1 + LEVEL) / 2)
    assert (tails == inside).mean() > 0.99


def test_further_intervals_are_nested_and_leave_the_others_alone(folds):
    table = build_forecast_table(folds, LEVEL, (0.5, LEVEL, 0.95))
    plain = build_forecast_table(folds, LEVEL)
    pd.testing.assert_frame_equal(table[plain.columns], plain)
    known = table[table["lower"].notna()]
    percent = f"{100 * LEVEL:g}"
    np.testing.assert_array_equal(known[f"lower_{percent}"], known["lower"])
    np.testing.assert_array_equal(known[f"upper_{percent}"], known["upper"])
    order = ["lower_95", "lower", "lower_50", "variance", "upper_50", "upper", "upper_95"]
    assert (np.diff(known[order].to_numpy(), axis=1) >= 0).all()


def test_quantiles_are_those_of_the_newest_origins(folds):
    own = folds[folds["model"] == "network"]
    table = build_quantile_table(own, LEVEL, (0.05, 0.5, 0.95))
    newest = build_forecast_table(own, LEVEL).sort_values("origin")
    newest = newest.groupby(["ticker", "horizon"]).tail(1).sort_values(["ticker", "horizon"])
    assert table[["ticker", "horizon"]].to_numpy().tolist() == (
        newest[["ticker", "horizon"]].to_numpy().tolist()
    )
    assert (table[0.05] < table[0.5]).all() and (table[0.5] < table[0.95]).all()
    tail = (1 - LEVEL) / 2
    bound = build_quantile_table(own, LEVEL, (tail,))[tail]
    issued = build_forecast_table(own, LEVEL).set_index(["ticker", "horizon", "origin"])["lower"]
    keys = newest.set_index(["ticker", "horizon", "origin"]).index
    np.testing.assert_allclose(bound, issued.loc[keys])


def test_volatilities_are_annualised_percent(finished, table):
    config = read_config(finished)
    shown = add_volatility(table, config)
    by_hand = 100 * np.sqrt(252 * table["variance"])
    np.testing.assert_allclose(shown["volatility"], by_hand)
    np.testing.assert_allclose(shown["volatility_upper"], 100 * np.sqrt(252 * table["upper"]))
    coins = add_volatility(table.assign(ticker="BTC-USD"), config)
    np.testing.assert_allclose(coins["volatility"], 100 * np.sqrt(365 * table["variance"]))


def test_today_is_the_last_session_that_has_a_variance(finished):
    features = pd.DataFrame(
        {
            "ticker": ["AAA"] * 3 + ["BTC-USD"] * 3,
            "session": list(pd.to_datetime(["2024-01-05", "2024-01-06", "2024-01-07"])) * 2,
            "variance": [0.0004, np.nan, np.nan, 0.0001, 0.0001, 0.0009],
            "level_factor": [1.5, 1.6, 1.7, 1.0, 1.0, 1.0],
        }
    )
    today = find_latest_volatility(features, read_config(finished))
    assert list(today["ticker"]) == ["AAA", "BTC-USD"]
    assert [str(day.date()) for day in today["session"]] == ["2024-01-05", "2024-01-07"]
    by_hand = [100 * (252 * 1.5 * 0.0004) ** 0.5, 100 * (365 * 0.0009) ** 0.5]
    assert list(today["volatility"]) == pytest.approx(by_hand)
