"""Value at risk: the quantile by hand, nothing from the future, and the backtests' own sizes."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from volcast.reports.scoring.risk import (
    Tail,
    fissler_ziegel,
    independence,
    kupiec,
    risk_table,
    shortfall_p_value,
    zone,
)
from volcast.reports.scoring.value_at_risk import (
    FEWEST,
    REFRESH,
    WINDOW,
    tail_forecasts,
    tail_rank,
)


def made_rows(days=900, tickers=("A", "B"), spread=1.0, seed=0) -> pd.DataFrame:
    """Normal returns of unit variance 1e-4, forecast as `spread` times that."""
    rng = np.random.default_rng(seed)
    origin = pd.bdate_range("2015-01-01", periods=days)
    parts = [
        pd.DataFrame(
            {
                "model": "network",
                "origin": origin,
                "target_end": origin + pd.offsets.BDay(1),
                "ticker": ticker,
                "variance": 1e-4 * spread,
                "tested": np.arange(days) >= 300,
                "log_return": 0.01 * rng.normal(size=days),
            }
        )
        for ticker in tickers
    ]
    return pd.concat(parts, ignore_index=True)


def test_the_quantile_is_that_of_the_residuals_before_by_hand():
    rows = made_rows(days=400, tickers=("A",))
    tails = tail_forecasts(rows)
    first = tails[(tails["origin"] == tails["origin"].min()) & (tails["level"] == 0.05)].iloc[0]
    past = np.sort(rows["log_return"].to_numpy()[:300])  # the origin is the 300th; all are known
    # floor(301 * 0.05) = 15: the 15th smallest, and the mean of the 15 smallest
    assert first["var"] == pytest.approx(past[14])
    assert first["es"] == pytest.approx(past[:15].mean())


@pytest.mark.parametrize(
    ("count", "level", "rank"),
    [(500, 0.01, 5), (500, 0.05, 25), (99, 0.01, 1), (250, 0.01, 2), (99, 0.29, 29), (50, 0.01, 1)],
)
def test_the_rank_of_the_quantile_by_hand(count, level, rank):
    assert tail_rank(count, level) == rank


@pytest.mark.parametrize("count", [250, 499, 500, 750, 1000, 5000])
@pytest.mark.parametrize("level", [0.01, 0.05])
def test_the_expected_level_is_the_largest_that_does_not_exceed_the_nominal_one(count, level):
    # The probability below the k-th smallest of n has the distribution Beta(k, n + 1 - k).
    rank = tail_rank(count, level)
    one, next_one = (stats.beta.mean(k, count + 1 - k) for k in (rank, rank + 1))
    assert one <= level + 1e-12 < next_one


def test_of_independent_returns_as_many_exceed_their_500_predecessors_as_the_beta_law_says():
    rows = made_rows(days=600, tickers=[f"T{number}" for number in range(200)])
    late = rows["origin"] >= rows["origin"].unique()[500]  # each ticker has 500 of its own
    tails = tail_forecasts(rows.assign(tested=late))
    for level, rank in ((0.01, 5), (0.05, 25)):
        part = tails[tails["level"] == level]
        beyond = part[part["log_return"] < part["var"]]
        expected = rank / 501
        noise = np.sqrt(expected * (1 - expected) / len(part))
        assert len(beyond) / len(part) == pytest.approx(expected, abs=2 * noise)
        # A return beyond is on average as large as the expected shortfall.
        spread = beyond["log_return"].std() / np.sqrt(len(beyond))
        assert beyond["log_return"].mean() == pytest.approx(part["es"].mean(), abs=3 * spread)


def test_nothing_after_the_origin_enters():
    rows = made_rows()
    last = rows["origin"].unique()[600]
    wrecked = rows.assign(
        log_return=rows["log_return"].where(rows["target_end"] <= last, rows["log_return"] * 9 - 1)
    )
    one, two = (t[t["origin"] <= last] for t in map(tail_forecasts, (rows, wrecked)))
    pd.testing.assert_frame_equal(one[["var", "es"]], two[["var", "es"]])


def test_rows_without_enough_history_are_left_out():
    rows = made_rows(days=FEWEST - 1, tickers=("A",)).assign(tested=True)
    assert len(tail_forecasts(rows)) == 0
    assert len(risk_table(tail_forecasts(rows))) == 0


def test_a_ticker_with_many_residuals_of_its_own_takes_no_others():
    wild = made_rows(tickers=("WILD",))
    wild["log_return"] *= 10.0
    together = tail_forecasts(pd.concat([made_rows(tickers=("A",)), wild]))
    late = together["origin"] >= together["origin"].unique()[WINDOW + REFRESH - 300]
    levels = together[late].groupby("ticker")["var"].mean()
    assert levels["WILD"] < 5.0 * levels["A"]


def test_right_forecasts_exceed_as_often_as_promised_and_pass():
    table = risk_table(tail_forecasts(made_rows(days=3000)))
    pooled = table[table["ticker"] == "all"].set_index("level")
    assert pooled.loc[0.01, "share"] == pytest.approx(0.01, abs=0.003)
    assert pooled.loc[0.05, "share"] == pytest.approx(0.05, abs=0.006)
    assert (pooled["tickers_passed"] == 1.0).all() and (pooled["tickers_green"] == 1.0).all()
    assert pooled["es_ratio"].between(0.9, 1.1).all()


def test_kupiec_by_hand():
    exceeded = np.zeros(100, bool)
    exceeded[:4] = True
    likelihoods = [stats.binom.logpmf(4, 100, share) for share in (0.04, 0.01)]
    assert kupiec(exceeded, 0.01) == pytest.approx(2 * (likelihoods[0] - likelihoods[1]))
    assert kupiec(np.zeros(100, bool), 0.01) == pytest.approx(-200 * np.log(0.99))


def test_independence_by_hand():
    clustered = np.array([0, 0, 1, 1, 0, 0, 0, 1, 1, 1], bool)
    # 9 steps: from 0: 3 stay, 2 go up; from 1: 3 stay, 1 goes down
    chain = 3 * np.log(3 / 5) + 2 * np.log(2 / 5) + 3 * np.log(3 / 4) + np.log(1 / 4)
    none = 5 * np.log(5 / 9) + 4 * np.log(4 / 9)
    assert independence(clustered) == pytest.approx(2 * (chain - none))
    assert independence(np.zeros(50, bool)) == 0.0
    assert independence(np.ones(1, bool)) == 0.0  # a ticker with a single day


@pytest.mark.parametrize(("exceedances", "light"), [(4, "green"), (5, "yellow"), (10, "red")])
def test_the_traffic_light_is_that_of_basel_for_a_year(exceedances, light):
    assert zone(exceedances, 250, 0.01) == light


def tail_of(log_return: np.ndarray, var: float = -0.02, es: float = -0.03) -> Tail:
    return Tail(0.05, log_return, np.full_like(log_return, var), np.full_like(log_return, es))


def test_losses_beyond_what_was_promised_are_found():
    rng = np.random.default_rng(1)
    beyond = np.where(rng.random(1000) < 0.05, -0.02 - rng.exponential(0.01, 1000), 0.0)
    assert shortfall_p_value(tail_of(beyond)) > 0.05
    assert shortfall_p_value(tail_of(2.0 * beyond)) < 0.01
    assert shortfall_p_value(tail_of(np.zeros(10))) == 1.0


def test_the_joint_loss_is_least_at_the_true_tail():
    rng = np.random.default_rng(2)
    x = rng.normal(size=200_000)
    quantile = stats.norm.ppf(0.05)
    shortfall = -stats.norm.pdf(quantile) / 0.05

    def loss(factor: float) -> float:
        return fissler_ziegel(tail_of(x, factor * quantile, factor * shortfall)).mean()

    assert loss(1.0) < min(loss(0.9), loss(1.1))
