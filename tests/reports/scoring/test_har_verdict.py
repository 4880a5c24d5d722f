import numpy as np
import pandas as pd

from volcast.reports.scoring.har_verdict import verdict_sentence


def scores(*rows):
    table = pd.DataFrame(rows, columns=["horizon", "ratio_to_har", "dm_p_value"])
    return table.assign(ticker="all", model="network")


def test_the_sentence_takes_a_side_only_where_the_test_does():
    assert verdict_sentence(scores((1, 0.9, 0.0001))) == (
        "The network beats HAR: better for the next session (QLIKE ratio 0.900, p < 0.001)."
    )
    mixed = verdict_sentence(scores((1, 0.9, 0.01), (5, 0.99, 0.4), (22, 1.2, 0.02)))
    assert mixed == (
        "The network beats HAR at some horizons: better for the next session "
        "(QLIKE ratio 0.900, p = 0.010); not distinguishable from HAR for the next week "
        "(QLIKE ratio 0.990, p = 0.400); worse for the next month (QLIKE ratio 1.200, p = 0.020)."
    )
    assert "does not beat HAR" in verdict_sentence(scores((1, 0.95, 0.2)))
    assert "too few dates to test" in verdict_sentence(scores((1, 0.95, np.nan)))
