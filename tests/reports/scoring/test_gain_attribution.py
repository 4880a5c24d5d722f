"""The network's gain split into steps: by hand, and what is left out."""

import numpy as np
import pandas as pd
import pytest

from volcast.reports.scoring.gain_attribution import steps_sentence, steps_table


def made_losses(days=60) -> pd.DataFrame:
    """Losses whose steps gain 10, 20, 5, 3 and 2 % of HAR's, with noise that averages out."""
    rng = np.random.default_rng(0)
    noise = rng.normal(size=days) * 0.01
    noise -= noise.mean()
    return pd.DataFrame(
        {
            "horizon": 1,
            "origin": pd.bdate_range("2020-01-01", periods=days),
            "ticker": "A",
            "har": 1.0,
            "harx": 0.9 + noise,
            "single": 0.7,
            "alone": 0.65 - noise,
            "local": 0.62 + noise,
            "network": 0.6,
            "first_fold": np.where(np.arange(days) < 20, np.nan, 0.61 + noise),
        }
    )


def test_the_steps_add_up_to_the_whole_gain():
    table = steps_table(made_losses()).set_index("step")["gain_pct"]
    steps = ["more information", "a nonlinear function", "averaging members"]
    assert table[steps].tolist() == pytest.approx([10, 20, 5])
    rest = ["blending with HAR-X", "a pretrained network"]
    assert table[rest].tolist() == pytest.approx([3, 2])
    assert table[[*steps, *rest]].sum() == pytest.approx(table["all together"])


def test_without_a_pretrained_network_its_step_is_left_out():
    losses = made_losses()
    found = steps_table(losses.assign(local=losses["network"]))["step"].tolist()
    assert "a pretrained network" not in found and "blending with HAR-X" in found


def test_refitting_is_judged_on_the_folds_after_the_first():
    table = steps_table(made_losses()).set_index("step")
    assert table.loc["refitting", "rows"] == 40
    assert table.loc["all together", "rows"] == 60


def test_without_har_x_its_steps_are_left_out():
    table = steps_table(made_losses().drop(columns="harx"))
    assert table["step"].tolist() == [
        *("averaging members", "blending with HAR-X", "a pretrained network"),
        *("all together", "refitting"),
    ]


def test_the_sentence_names_every_step_with_its_error():
    sentence = steps_sentence(steps_table(made_losses()))
    assert sentence.startswith("For the next session the network's QLIKE is 40.0 % of HAR's lower")
    assert "10.0 ± " in sentence and "from more information" in sentence
    assert steps_sentence(steps_table(made_losses().iloc[:0])) == ""


def test_gains_average_the_tickers_of_a_date_before_the_dates():
    losses = made_losses().assign(har=1.0, network=0.6)
    crowded = losses.tail(1).assign(network=1.0)
    crowd = [crowded.assign(ticker=f"T{number}") for number in range(3)]
    table = steps_table(pd.concat([losses, *crowd])).set_index("step")
    # the last of 60 dates has a gain of (0.4 + 0 + 0 + 0) / 4 = 0.1
    assert table.loc["all together", "gain_pct"] == pytest.approx(100 * (59 * 0.4 + 0.1) / 60)
    assert table.loc["all together", "rows"] == 63
