"""What evaluate makes of a run's folds beside the scores: steps of the gain, and risk."""

import numpy as np
import pandas as pd
import pytest

from volcast.models.baselines.catalogue import NETWORK
from volcast.models.regressor.estimator import KerasVolatilityRegressor
from volcast.pipeline.backtest import evaluation, fold_folder
from volcast.pipeline.backtest.fold_folder import find_fold_folder
from volcast.pipeline.backtest.run_folder import FEATURES, FORECASTS, MODEL, RISK, STEPS
from volcast.reports.scoring.scored_rows import qlike, scored_rows


@pytest.fixture(scope="module")
def table(finished):
    return pd.read_parquet(finished / FORECASTS)


def gathered(finished, name):
    places = [find_fold_folder(finished / MODEL, fold) for fold in (0, 1)]
    return pd.concat([pd.read_parquet(place / name) for place in places], ignore_index=True)


def test_the_return_of_a_forecast_is_that_of_the_session_it_is_about(finished, panel):
    forecasts = evaluation.add_returns(gathered(finished, fold_folder.FORECASTS), panel)
    rows = evaluation.select_tail_rows(forecasts)
    features = pd.read_feather(finished / FEATURES)
    returns = features.set_index(["ticker", "session"])["log_return"]
    for row in rows.dropna(subset="log_return").sample(100, random_state=0).itertuples():
        assert row.log_return == pytest.approx(returns[row.ticker, row.target_start], abs=1e-14)
    beyond = rows["target_end"] > panel.sessions[-1]
    assert beyond.any() and rows.loc[beyond, "log_return"].isna().all()


def test_history_before_the_test_is_not_tested(finished):
    rows = evaluation.select_tail_rows(gathered(finished, fold_folder.FORECASTS))
    assert rows.loc[~rows["tested"], "fold"].eq(0).all()
    assert rows.loc[~rows["tested"], "origin"].max() < rows.loc[rows["tested"], "origin"].min()
    assert not rows.duplicated(["model", "ticker", "origin"]).any()


def test_the_first_network_forecasts_its_own_fold_as_it_did(finished, panel, table):
    start = int(panel.sessions.searchsorted(table["origin"].min()))
    network = evaluation.FirstNetwork(find_fold_folder(finished / MODEL, 0), panel, start)
    first = pd.concat([network.tabulate(horizon) for horizon in panel.horizons])
    mine = table[(table["model"] == NETWORK) & (table["fold"] == 0) & ~table["clipped"]]
    both = mine.merge(first, on=["origin", "ticker", "horizon"])
    assert len(both) == len(mine) > 100
    calibrated = both["first_fold"] * both["level_factor"]
    np.testing.assert_allclose(calibrated, both["variance"], rtol=1e-6)


def test_the_losses_of_members_are_those_of_the_saved_networks(finished, panel, table):
    members = gathered(finished, fold_folder.MEMBERS)
    regressor = KerasVolatilityRegressor.load(find_fold_folder(finished / MODEL, 0))
    row = members.iloc[5]
    at = panel.sessions.get_loc(row["origin"]), panel.tickers.index(row["ticker"])
    horizon = panel.horizons.index(row["horizon"])
    single = regressor.predict_members(panel.x[at][None])[:, 0, horizon]
    realized = np.full(len(single), panel.target[at][horizon])
    assert row["single_qlike"] == pytest.approx(qlike(realized, single).mean())
    assert row["alone"] == pytest.approx(np.exp(np.log(single).mean()))


def test_the_steps_lead_from_har_to_the_network_of_the_score_table(finished, table):
    steps = pd.read_csv(finished / STEPS)
    rows = scored_rows(table).groupby(["horizon", "model"])["qlike"].mean()
    whole = steps[steps["step"] == "all together"].set_index("horizon")
    for horizon, step in whole.iterrows():
        assert step["qlike_before"] == pytest.approx(rows[horizon, "har"])
        assert step["qlike_after"] == pytest.approx(rows[horizon, NETWORK])


def test_every_model_and_ticker_is_backtested(finished, table):
    risk = pd.read_csv(finished / RISK)
    assert set(risk["model"]) == set(table["model"])
    assert set(risk["ticker"]) == {"all", *table["ticker"]}
    assert set(risk["level"]) == {0.01, 0.05}
    pooled = risk["ticker"] == "all"
    assert risk.loc[~pooled, "zone"].isin(["green", "yellow", "red"]).all()
    assert risk.loc[pooled, "kupiec_p"].isna().all()
