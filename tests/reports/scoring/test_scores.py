import numpy as np
import pandas as pd
import pytest

from tests.reports.synthetic import volatility
from volcast.reports.scoring.scored_rows import (
    NO_FORECAST,
    NO_TARGET,
    NOT_KNOWN_YET,
    SHORT_HISTORY,
    qlike,
    scored_rows,
    unscored,
)
from volcast.reports.scoring.scores import SCORE_COLUMNS, score_table

DAYS = pd.bdate_range("2020-01-01", periods=5)


def small_table():
    """Two models, four origins of one ticker; the last target is not known."""
    realized = [1e-4, 4e-4, 1e-4, np.nan]
    made = {"har": [1e-4, 2e-4, 2e-4, 2e-4], "network": [1e-4, 4e-4, 2e-4, 2e-4]}
    rows = []
    for model, forecast in made.items():
        for i in range(4):
            rows.append(
                {
                    "fold": 0,
                    "origin": DAYS[i],
                    "target_start": DAYS[i + 1],
                    "target_end": DAYS[i + 1],
                    "ticker": "A",
                    "horizon": 1,
                    "model": model,
                    "variance": forecast[i],
                    "lower": 0.6 * forecast[i],
                    "upper": 1.5 * forecast[i],
                    "clipped": i == 0,
                    "fallback": False,
                    "realized": realized[i],
                }
            )
    table = pd.DataFrame(rows)
    table["volatility"] = volatility(table["variance"])
    for name in ("lower", "upper", "realized"):
        table[f"volatility_{name}"] = volatility(table[name])
    return table


def pooled(table, model, horizon=1):
    chosen = (table["ticker"] == "all") & (table["model"] == model)
    return table[chosen & (table["horizon"] == horizon)].iloc[0]


def test_qlike_is_zero_for_a_perfect_forecast_and_harsher_on_too_low_ones():
    low, perfect, high = qlike(np.array([1.0, 1.0, 1.0]), np.array([0.5, 1.0, 2.0]))
    assert perfect == 0.0
    assert low == pytest.approx(2 - np.log(2) - 1)
    assert high == pytest.approx(0.5 + np.log(2) - 1)
    assert low > high


def test_the_score_table_has_the_columns_of_the_documentation(forecasts):
    assert score_table(forecasts).columns.tolist() == SCORE_COLUMNS


def test_scores_of_three_rows_are_those_worked_by_hand():
    scores = score_table(small_table())
    har, network = pooled(scores, "har"), pooled(scores, "network")
    too_low, too_high = 2 - np.log(2) - 1, 0.5 + np.log(2) - 1
    assert har["rows"] == network["rows"] == 3
    assert har["qlike"] == pytest.approx((too_low + too_high) / 3)
    assert network["qlike"] == pytest.approx(too_high / 3)
    assert network["ratio_to_har"] == pytest.approx(too_high / (too_low + too_high))
    assert har["mse"] == pytest.approx((4e-8 + 1e-8) / 3)
    assert har["mae"] == pytest.approx((2e-4 + 1e-4) / 3)
    gaps = volatility(np.array([2e-4, 2e-4])) - volatility(np.array([4e-4, 1e-4]))
    assert har["rmse_volatility"] == pytest.approx(np.sqrt(np.sum(gaps**2) / 3))
    assert har["qlike_median"] == pytest.approx(too_high)
    assert har["tickers_won"] == 0.0 and network["tickers_won"] == 1.0
    assert np.isnan(har["mcs_p"])  # three days are none
    perfect, low, high = 0.04, 0.08 * (np.sqrt(2) - 1), 0.08 * (np.sqrt(0.5) - 0.25)
    assert har["utility_bp"] == pytest.approx(1e4 * (perfect + low + high) / 3)
    assert har["clipped_share"] == pytest.approx(1 / 3)
    assert har["coverage"] == pytest.approx(1 / 3)
    assert network["coverage"] == pytest.approx(2 / 3)
    outcome = np.log([1.0, 4.0, 1.0])
    spread = np.sum((outcome - outcome.mean()) ** 2)
    assert network["r2_log"] == pytest.approx(1 - np.log(2) ** 2 / spread)


def unbalanced_table():
    """35 dates of one ticker on which the network is right, 5 of 20 on which HAR is.

    The other model forecasts twice the variance, a loss of 0.5 + log(2) - 1.
    """
    days = pd.bdate_range("2020-01-01", periods=41)
    cells = [(day, "T0") for day in range(35)]
    cells += [(day, f"T{number}") for day in range(35, 40) for number in range(20)]
    rows = pd.DataFrame(cells, columns=["day", "ticker"])
    wrong = {"network": rows["day"] >= 35, "har": rows["day"] < 35}
    table = pd.concat(
        rows.assign(model=model, variance=np.where(doubled, 2e-4, 1e-4))
        for model, doubled in wrong.items()
    )
    table = table.assign(fold=0, horizon=1, realized=1e-4, clipped=False, fallback=False)
    table["origin"] = days[table["day"]]
    table["target_start"] = table["target_end"] = days[table["day"] + 1]
    table["lower"], table["upper"] = 0.5 * table["variance"], 2.0 * table["variance"]
    for name in ("variance", "lower", "upper", "realized"):
        column = {"variance": "volatility"}.get(name, f"volatility_{name}")
        table[column] = volatility(table[name])
    return table.reset_index(drop=True)


def test_a_date_counts_once_however_many_tickers_it_has_worked_by_hand():
    loss = 0.5 + np.log(2) - 1
    scores = score_table(unbalanced_table())
    har, network = pooled(scores, "har"), pooled(scores, "network")
    assert har["qlike"] == pytest.approx(35 / 40 * loss)
    assert network["qlike"] == pytest.approx(5 / 40 * loss)  # by rows 100 / 135, and worse than HAR
    assert network["ratio_to_har"] == pytest.approx(5 / 35)
    assert network["dm_statistic"] < 0
    assert network["mse"] == pytest.approx(5 / 40 * 1e-8)
    assert network["mae"] == pytest.approx(5 / 40 * 1e-4)
    gap = volatility(2e-4) - volatility(1e-4)
    assert network["rmse_volatility"] == pytest.approx(np.sqrt(5 / 40) * gap)
    assert network["rows"] == 135 and network["coverage"] == 1.0


@pytest.mark.parametrize("seed", range(6))
def test_ratio_and_statistic_favour_the_same_model_on_an_unbalanced_panel(seed):
    rng = np.random.default_rng(seed)
    table = unbalanced_table()
    table["variance"] = 1e-4 * np.exp(0.3 * rng.standard_normal(len(table)))
    scores = score_table(table)
    network = pooled(scores, "network")
    assert (network["ratio_to_har"] < 1) == (network["dm_statistic"] < 0)


def test_scores_equal_a_naive_loop_over_rows(forecasts):
    scores = score_table(forecasts)
    chosen = forecasts[(forecasts["horizon"] == 5) & forecasts["realized"].notna()]
    for model in ("ewma", "network"):
        losses = []
        for row in chosen[chosen["model"] == model].itertuples():
            ratio = row.realized / row.variance
            losses.append(ratio - np.log(ratio) - 1)
        assert pooled(scores, model, 5)["qlike"] == pytest.approx(np.mean(losses))


def test_all_models_are_scored_on_the_rows_that_all_of_them_forecast(forecasts):
    gap = (forecasts["model"] == "garch") & (forecasts["origin"] < forecasts["origin"].iloc[40])
    holed = forecasts.assign(variance=forecasts["variance"].where(~gap))
    rows = scored_rows(holed)
    cells = rows.groupby(["horizon", "model"])[["origin", "ticker"]].apply(
        lambda part: frozenset(map(tuple, part.to_numpy()))
    )
    assert cells.groupby("horizon").nunique().eq(1).all()
    assert len(rows) == len(scored_rows(forecasts)) - 2 * 3 * 40 * 6


def test_a_missing_row_counts_like_a_missing_forecast(forecasts):
    gap = (forecasts["model"] == "garch") & (forecasts["origin"] == forecasts["origin"].iloc[40])
    dropped = forecasts[~gap]
    emptied = forecasts.assign(variance=forecasts["variance"].where(~gap))
    pd.testing.assert_frame_equal(scored_rows(dropped), scored_rows(emptied))
    pd.testing.assert_frame_equal(unscored(dropped), unscored(emptied))


def test_a_model_that_forecast_a_row_twice_is_refused(forecasts):
    with pytest.raises(ValueError, match="twice"):
        score_table(pd.concat([forecasts, forecasts.head(1)]))


def test_each_unscored_row_is_counted_once_under_its_first_reason():
    table = small_table()
    table.loc[(table["origin"] == DAYS[0]), "realized"] = 1e-8
    table.loc[(table["origin"] == DAYS[1]) & (table["model"] == "har"), "variance"] = np.nan
    table.loc[(table["origin"] == DAYS[2]), "realized"] = np.nan
    counted = unscored(table).set_index("reason")["rows"].to_dict()
    assert counted == {NOT_KNOWN_YET: 1, NO_TARGET: 2, NO_FORECAST: 1}


def test_a_forecast_from_a_short_history_is_not_scored_and_is_counted_as_such():
    table = small_table().assign(short_history=False)
    everything = scored_rows(table)
    short = (table["origin"] == DAYS[1]) & (table["ticker"] == "A")
    table["short_history"] = short
    assert short.any() and len(scored_rows(table)) == len(everything) - short.sum()
    assert not (scored_rows(table)["short_history"]).any()
    counted = unscored(table).set_index("reason")["rows"].to_dict()
    assert counted[SHORT_HISTORY] == 1
    table.loc[short, "variance"] = np.nan  # nor is it "no forecast" then
    assert unscored(table).set_index("reason")["rows"].to_dict() == counted
    pd.testing.assert_frame_equal(
        scored_rows(small_table()).drop(columns="short_history", errors="ignore"),
        everything.drop(columns="short_history"),
    )


def test_scored_and_unscored_rows_make_up_the_whole(forecasts):
    gone = forecasts.assign(variance=forecasts["variance"].where(forecasts.index % 17 > 0))
    models = forecasts["model"].nunique()
    total = len(forecasts) // models
    assert len(scored_rows(gone)) // models + unscored(gone)["rows"].sum() == total


def test_har_has_ratio_one_and_no_test_against_itself(forecasts):
    har = pooled(score_table(forecasts), "har")
    assert har["ratio_to_har"] == 1.0
    assert np.isnan(har["dm_statistic"])


def test_without_har_there_is_no_ratio(forecasts):
    scores = score_table(forecasts[forecasts["model"] != "har"])
    assert scores["ratio_to_har"].isna().all()
    assert scores["qlike"].notna().all()


def test_the_better_model_has_a_negative_statistic(forecasts):
    scores = score_table(forecasts)
    assert pooled(scores, "network")["dm_statistic"] < 0
    assert pooled(scores, "last_value")["dm_statistic"] > 0


def test_nothing_to_score_gives_an_empty_table(forecasts):
    scores = score_table(forecasts.assign(realized=np.nan))
    assert scores.empty
    assert scores.columns.tolist() == SCORE_COLUMNS


def test_the_order_of_rows_does_not_matter(forecasts):
    shuffled = forecasts.sample(frac=1.0, random_state=0)
    keys = ["horizon", "ticker", "model"]
    one, other = (score_table(t).set_index(keys).sort_index() for t in (forecasts, shuffled))
    pd.testing.assert_frame_equal(one, other)


def test_the_pinball_loss_of_an_interval_by_hand():
    table = small_table()
    har = pooled(score_table(table, interval_level=0.8), "har")
    known = table[(table["model"] == "har") & table["realized"].notna()]
    losses = []
    for _, row in known.iterrows():
        for share, bound in ((0.1, "volatility_lower"), (0.9, "volatility_upper")):
            gap = row["volatility_realized"] - row[bound]
            losses.append(share * gap if gap > 0 else (share - 1) * gap)
    assert har["pinball"] == pytest.approx(np.mean(losses))


def test_the_confidence_set_keeps_the_best_and_throws_out_the_worst(forecasts):
    scores = score_table(forecasts)
    of_day = scores[(scores["ticker"] == "all") & (scores["horizon"] == 1)].set_index("model")
    assert of_day.loc["network", "mcs_p"] == 1.0
    assert of_day.loc["last_value", "mcs_p"] < 0.01
    assert scores.loc[scores["ticker"] != "all", ["mcs_p", "tickers_won"]].isna().all(axis=None)


def test_two_models_that_are_the_same_share_their_place_in_the_confidence_set(forecasts):
    twin = forecasts[forecasts["model"] == "har"].assign(model="twin")
    scores = score_table(pd.concat([forecasts, twin]))
    pooled_rows = scores[scores["ticker"] == "all"].set_index(["horizon", "model"])["mcs_p"]
    assert pooled_rows.loc[1, "twin"] == pooled_rows.loc[1, "har"]
