"""The network against the strongest baseline and HAR-X: by hand, and on scored forecasts."""

import numpy as np
import pandas as pd
import pytest

from tests.reports import synthetic
from volcast.reports.scoring.baseline_verdict import baselines_sentence, compare_with_baselines
from volcast.reports.scoring.inference import diebold_mariano
from volcast.reports.scoring.scored_rows import scored_rows
from volcast.reports.scoring.scores import score_table

HORIZONS = (1, 5)


def table(**columns):
    """Return pooled scores of a network, HAR, HAR-X and trees at two horizons."""
    models = ["network", "har", "harx", "trees"] * 2
    scores = pd.DataFrame({"model": models, "ticker": "all", "horizon": np.repeat(HORIZONS, 4)})
    return scores.assign(**columns)


SCORES = table(
    ratio_to_har=[0.90, 1.0, 0.95, 0.96, 0.92, 1.0, 0.90, 0.80],
    dm_p_value=[0.01, np.nan, 0.02, 0.03, 0.04, np.nan, 0.05, 0.06],
    ratio_to_harx=[0.9474, 1.0526, 1.0, 1.01, 1.0222, 1.1111, 1.0, 0.8889],
    dm_harx_p_value=[0.0004, 0.2, np.nan, 0.3, 0.6, 0.2, np.nan, 0.3],
)


def test_the_strongest_baseline_is_the_one_with_the_smallest_loss_of_its_horizon():
    found = compare_with_baselines(SCORES)
    assert found["horizon"].tolist() == [1, 5]
    assert found["strongest"].tolist() == ["harx", "trees"]
    assert found["ratio_to_strongest"].tolist() == pytest.approx([0.90 / 0.95, 0.92 / 0.80])
    assert found["dm_harx_p_value"].tolist() == [0.0004, 0.6]


def test_the_sentence_names_the_strongest_and_tests_against_harx():
    assert baselines_sentence(SCORES) == (
        "Relative to the strongest baseline of each horizon its QLIKE is 0.947 (HAR-X) for the "
        "next session, 1.150 (Trees) for the next week; relative to HAR-X it is 0.947 (p < "
        "0.001) for the next session, 1.022 (p = 0.600) for the next week."
    )


def test_scores_of_single_tickers_do_not_choose_the_strongest():
    single = SCORES.assign(ticker="A", ratio_to_har=SCORES["ratio_to_har"].to_numpy()[::-1])
    both = pd.concat([single, SCORES], ignore_index=True)
    pd.testing.assert_frame_equal(compare_with_baselines(both), compare_with_baselines(SCORES))


def test_without_harx_or_without_scores_the_sentence_is_shorter():
    older = SCORES.drop(columns=["ratio_to_harx", "dm_harx_p_value"])
    assert baselines_sentence(older).endswith("1.150 (Trees) for the next week.")
    assert baselines_sentence(SCORES.head(0)) == ""
    assert baselines_sentence(SCORES[SCORES["model"] == "network"]) == ""


def test_the_columns_against_harx_are_the_test_on_the_difference_of_the_losses():
    forecasts = synthetic.make_forecasts(("A", "B"), (5,), sessions=120)
    renamed = forecasts.replace({"model": {"garch": "harx"}})
    rows = scored_rows(renamed).set_index(["model", "ticker", "origin"])["qlike"]
    scores = score_table(renamed).query("ticker == 'all'").set_index("model")
    difference = rows["network"] - rows["harx"]
    expected = diebold_mariano(difference, difference.index.get_level_values("origin"), 5)
    assert scores.loc["network", "dm_harx_statistic"] == pytest.approx(expected.statistic)
    assert scores.loc["network", "dm_harx_p_value"] == pytest.approx(expected.p_value)
    assert scores.loc["network", "ratio_to_harx"] == pytest.approx(
        scores.loc["network", "ratio_to_har"] / scores.loc["harx", "ratio_to_har"]
    )
    assert np.isnan(scores.loc["harx", "dm_harx_p_value"])
    assert scores.loc["harx", "ratio_to_harx"] == 1.0


def test_without_harx_its_columns_are_missing():
    scores = score_table(synthetic.make_forecasts(("A",), (1,), sessions=60))
    assert scores[["ratio_to_harx", "dm_harx_statistic", "dm_harx_p_value"]].isna().all(axis=None)
