import numpy as np
import pandas as pd
import pytest

from volcast.reports.scoring.breakdowns import (
    REGIMES,
    WITH_REPORT,
    WITHOUT_REPORT,
    against_baseline,
    by_regime,
    by_report,
    by_year,
    coverage,
    loss_days,
    recent_forecasts,
    regimes,
)
from volcast.reports.scoring.scored_rows import scored_rows
from volcast.reports.scoring.scores import score_table


@pytest.fixture(scope="module")
def rows(forecasts):
    return scored_rows(forecasts)


def test_a_regime_is_known_at_its_origin(forecasts):
    cut = forecasts["origin"].sort_values().iloc[len(forecasts) // 2]
    past = forecasts[forecasts["origin"] <= cut]
    full = regimes(forecasts)
    full = full[full["origin"] <= cut].reset_index(drop=True)
    pd.testing.assert_frame_equal(regimes(past), full)


def test_regimes_rank_har_among_its_own_past():
    days = pd.bdate_range("2020-01-01", periods=4)
    har = pd.DataFrame({"origin": days, "variance": [2.0, 1.0, 3.0, 1.5]})
    har = har.assign(horizon=1, ticker="A", model="har")
    assert regimes(har)["regime"].tolist() == ["volatile", "middle", "volatile", "middle"]


def test_losses_by_regime_add_up_to_the_score(forecasts, rows):
    table = by_regime(rows, regimes(forecasts))
    assert set(table["regime"]) <= set(REGIMES)
    scores = score_table(forecasts)
    pooled = scores[(scores["ticker"] == "all") & (scores["model"] == "network")]
    mine = table[table["model"] == "network"]
    total = (mine["qlike"] * mine["rows"]).groupby(mine["horizon"]).sum()
    expected = pooled.set_index("horizon")["qlike"] * pooled.set_index("horizon")["rows"]
    np.testing.assert_allclose(total, expected)


def test_har_has_ratio_one_in_every_year(rows):
    table = by_year(rows)
    assert table.loc[table["model"] == "har", "ratio_to_har"].eq(1).all()
    assert table.loc[table["horizon"] == 1, "year"].is_monotonic_increasing


def test_the_daily_difference_is_the_mean_over_tickers(rows):
    table = against_baseline(rows, "network")
    day = table.iloc[10]
    same = rows[(rows["horizon"] == day["horizon"]) & (rows["origin"] == day["origin"])]
    by_model = same.groupby("model")["qlike"].mean()
    assert day["difference"] == pytest.approx(by_model["network"] - by_model["har"])
    first = table[table["horizon"] == 1]
    assert first["cumulative"].iloc[-1] == pytest.approx(first["difference"].sum())


def test_the_day_with_a_planted_loss_comes_first_with_its_share(forecasts):
    hit = (forecasts["model"] == "network") & (forecasts["origin"] == forecasts["origin"].iloc[50])
    hit &= forecasts["ticker"] == "^IXIC"
    planted = forecasts.assign(variance=forecasts["variance"].where(~hit, 1e-7))
    days = loss_days(scored_rows(planted), "network", days=3)
    worst = days[days["horizon"] == 1].iloc[0]
    assert worst["origin"] == forecasts["origin"].iloc[50]
    assert worst["ticker"] == "^IXIC"
    assert worst["share"] > 0.5
    assert days.groupby("horizon").size().eq(3).all()


def test_coverage_counts_below_inside_and_above(rows):
    table = coverage(rows)
    np.testing.assert_allclose(table["below"] + table["inside"] + table["above"], 1.0)
    part = rows[(rows["horizon"] == 1) & (rows["ticker"] == "^GSPC") & (rows["model"] == "har")]
    row = table[(table["horizon"] == 1) & (table["ticker"] == "^GSPC") & (table["model"] == "har")]
    assert row["below"].iloc[0] == pytest.approx((part["realized"] < part["lower"]).mean())


def test_models_without_intervals_have_no_coverage(rows):
    without = rows.assign(lower=rows["lower"].where(rows["model"] != "ewma"))
    assert "ewma" not in set(coverage(without)["model"])


def test_recent_forecasts_end_with_the_newest_whose_outcome_is_unknown(forecasts):
    every = recent_forecasts(forecasts, horizon=1, model="network", origins=30)
    assert set(every["ticker"]) == set(forecasts["ticker"])
    table = every[every["ticker"] == "^GSPC"]
    assert len(table) == 30
    assert np.isnan(table["realized"].iloc[-1])
    assert table["realized"].iloc[:-1].notna().all()
    assert table["date"].iloc[-1] == forecasts.loc[forecasts["horizon"] == 1, "target_start"].max()


def test_dates_weigh_alike_in_regimes_and_years_worked_by_hand():
    days = pd.to_datetime(["2020-01-02", "2020-01-03", "2020-01-03"])
    cells = pd.DataFrame({"horizon": 1, "origin": days, "ticker": ["A", "A", "B"]})
    rows = cells.assign(model="har", qlike=[1.0, 2.0, 4.0])
    table = by_regime(rows, cells.assign(regime=["calm", "calm", "volatile"]))
    # calm: one for the first date and half for a ticker of the second, (1 + 2 / 2) / 1.5
    assert table["qlike"].tolist() == pytest.approx([4 / 3, 4.0])
    assert table["rows"].tolist() == [2, 1]
    assert by_year(rows)["qlike"].tolist() == pytest.approx([(1 + 3) / 2])


def test_the_shares_of_targets_with_and_without_a_report_add_up_to_the_loss():
    days = pd.to_datetime(["2024-01-02", "2024-01-02", "2024-01-03", "2024-01-03"])
    rows = pd.DataFrame(
        {
            "horizon": 1,
            "origin": days,
            "ticker": ["A", "B", "A", "B"],
            "model": "har",
            "qlike": [4.0, 1.0, 1.0, 2.0],
            "reactions": [1.0, 0.0, 0.0, 0.0],
        }
    )
    table = by_report(pd.concat([rows, rows.assign(model="network", qlike=rows["qlike"] / 2)]))
    shown = table.set_index(["model", "reports"])
    assert shown.loc[("har", WITH_REPORT), "share"] == pytest.approx(4 / 8)
    assert shown.loc[("har", WITHOUT_REPORT), "share"] == pytest.approx(4 / 8)
    assert shown.loc[("network", WITH_REPORT), "ratio_to_har"] == pytest.approx(0.5)
    assert shown.loc[("har", WITHOUT_REPORT), "rows"] == 3
    unknown = rows.assign(reactions=np.nan)
    assert by_report(unknown).empty
    assert by_report(rows.drop(columns="reactions")).empty
