import numpy as np
import pandas as pd
import pytest

from tests.reports import synthetic
from volcast.reports.scoring.level import (
    LEVEL_COLUMNS,
    level_table,
    level_warnings,
    squared_return_losses,
    standardised_histogram,
)
from volcast.reports.scoring.scored_rows import scored_rows


def rows_of(ratio, *, sessions=1000, ticker="AAA", horizon=1, model="network", seed=0):
    """Return forecasts of a constant variance, and normal returns of `ratio` times it."""
    rng = np.random.default_rng(seed)
    moves = np.sqrt(ratio * 1e-4) * rng.standard_normal((sessions, horizon))
    return pd.DataFrame(
        {
            "origin": pd.bdate_range("2012-01-02", periods=sessions),
            "horizon": horizon,
            "ticker": ticker,
            "model": model,
            "variance": 1e-4,
            "log_return": moves.sum(axis=1),
            "squared_return": (moves**2).mean(axis=1),
        }
    )


def pooled(levels, ticker="all"):
    return levels[(levels["ticker"] == ticker) & (levels["year"] == "all")].iloc[0]


def test_the_ratio_is_worked_by_hand():
    rows = pd.concat([rows_of(1.0).head(2)] * 2, ignore_index=True)
    rows["ticker"] = ["AAA", "AAA", "BBB", "BBB"]
    rows["variance"] = [1.0, 3.0, 2.0, 2.0]
    rows["squared_return"] = [2.0, 4.0, 1.0, 5.0]
    rows["log_return"] = [1.5, -4.0, 1.0, 2.0]
    levels = level_table(rows, "network")
    assert list(levels.columns) == LEVEL_COLUMNS
    assert pooled(levels, "AAA")["ratio"] == pytest.approx(6 / 4)
    assert pooled(levels, "BBB")["ratio"] == pytest.approx(6 / 4)
    assert pooled(levels)["rows"] == 4
    assert pooled(levels, "AAA")["beyond"] == 0.5  # -4 / sqrt(3) only


def test_the_standard_error_covers_the_deviation_from_the_true_ratio():
    errors = []
    for seed in range(60):
        found = pooled(level_table(rows_of(1.3, sessions=400, seed=seed), "network"))
        errors.append((found["ratio"] - 1.3) / found["standard_error"])
    assert np.std(errors) == pytest.approx(1.0, abs=0.25)
    assert abs(np.mean(errors)) < 0.5


def test_normal_returns_lie_beyond_1_96_on_five_percent_of_the_days_at_any_horizon():
    for horizon in (1, 22):
        rows = rows_of(1.0, sessions=20_000, horizon=horizon)
        assert pooled(level_table(rows, "network"))["beyond"] == pytest.approx(0.05, abs=0.006)


def test_a_wrong_level_is_named_with_its_size_and_a_right_one_is_not():
    rows = pd.concat([rows_of(1.0, ticker="AAA"), rows_of(1.8, ticker="BBB", seed=1)])
    (warning,) = level_warnings(level_table(rows, "network"))
    assert warning.startswith("BBB: squared returns were 1.")
    assert warning.endswith("% too low")
    low = level_warnings(level_table(rows_of(0.5), "network"))
    assert low[0].endswith("% too high")


def test_a_ratio_within_its_noise_gives_no_warning():
    levels = level_table(rows_of(1.0, sessions=30, seed=5), "network")
    assert abs(pooled(levels)["ratio"] - 1.0) > 0.1
    assert not level_warnings(levels)


def test_of_many_tickers_only_those_are_named_that_are_not_off_by_chance():
    right = [rows_of(1.0, sessions=260, ticker=f"T{n:03}", seed=n) for n in range(300)]
    levels = level_table(pd.concat([*right, rows_of(2.0, sessions=260, ticker="WRONG")]), "network")
    one_by_one = [level_warnings(part) for _, part in levels.groupby("ticker")]
    assert sum(map(bool, one_by_one)) > 3
    assert [warning.partition(":")[0] for warning in level_warnings(levels)] == ["WRONG"]


def test_years_and_tickers_are_compared_separately():
    rows = pd.concat([rows_of(1.0, ticker="AAA"), rows_of(1.5, ticker="BBB")])
    levels = level_table(rows, "network")
    assert set(levels["year"]) == {"all", "2012", "2013", "2014", "2015"}
    assert levels[levels["ticker"] == "AAA"]["rows"].tolist()[0] == 1000
    of_year = levels[(levels["ticker"] == "AAA") & (levels["year"] != "all")]
    assert of_year["rows"].sum() == 1000


def test_squared_returns_rank_the_model_with_the_better_forecast_first():
    forecasts = scored_rows(synthetic.make_forecasts(horizons=(1,), sessions=1500))
    ranking = squared_return_losses(forecasts).set_index("model")["difference"]
    assert ranking["har"] == 0.0
    assert ranking["last_value"] == ranking.max() > 0


def test_rows_without_a_known_return_are_left_out():
    rows = rows_of(1.0).assign(squared_return=np.nan, log_return=np.nan)
    assert level_table(rows, "network").empty
    assert standardised_histogram(rows, "network").empty


def test_the_histogram_holds_every_return_the_outer_bins_those_beyond():
    rows = rows_of(1.0)
    rows.loc[0, "log_return"], rows.loc[1, "log_return"] = -0.5, 0.5
    table = standardised_histogram(rows, "network")
    assert table["share"].sum() == pytest.approx(1.0)
    assert table["share"].iloc[0] > 0 and table["share"].iloc[-1] > 0
