"""Coverage of further levels, by hand."""

import numpy as np
import pandas as pd

from volcast.reports.scoring.coverage_by_level import coverage_by_level, newest_bounds

ROWS = pd.DataFrame(
    {
        "model": "network",
        "ticker": "A",
        "horizon": 1,
        "origin": pd.bdate_range("2024-01-01", periods=5),
        "variance": 2.0,
        "volatility": 20.0,
        "realized": [0.5, 1.5, 2.0, 3.5, 9.0],
        "lower_80": [1.0, 1.0, 1.0, 1.0, np.nan],
        "upper_80": [3.0, 3.0, 3.0, 3.0, np.nan],
        "volatility_lower_80": 10.0,
        "volatility_upper_80": 30.0,
    }
)


def test_shares_are_counted_over_rows_that_have_an_interval():
    other = ROWS.assign(model="har", realized=2.0)
    table = coverage_by_level(pd.concat([ROWS, other]), "network")
    assert table.to_dict("records") == [
        {"horizon": 1, "level": 80.0, "rows": 4, "below": 0.25, "inside": 0.5, "above": 0.25}
    ]


def test_the_newest_bounds_are_those_of_the_last_origin():
    later = ROWS.assign(volatility_upper_80=[30.0, 30.0, 30.0, 30.0, 44.0])
    (row,) = newest_bounds(later, "network").to_dict("records")
    assert row["level"] == 80.0 and (row["lower"], row["upper"]) == (10.0, 44.0)


def test_without_further_levels_there_is_nothing():
    plain = ROWS[[name for name in ROWS if "80" not in name]]
    assert coverage_by_level(plain, "network").empty and newest_bounds(plain, "network").empty
