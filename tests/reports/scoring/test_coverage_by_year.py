"""Coverage by year, worked by hand, and its standard error under overlap."""

import numpy as np
import pandas as pd
import pytest

from volcast.reports.scoring.coverage_by_year import YEAR_COLUMNS, coverage_by_year


def make_rows(realized, ticker="A", horizon=1, first="2010-01-04"):
    """Rows whose interval is [1, 2]."""
    days = pd.bdate_range(first, periods=len(realized))
    row = {"model": "network", "ticker": ticker, "horizon": horizon, "lower": 1.0, "upper": 2.0}
    return pd.DataFrame({"origin": days, "realized": realized, **row})


def test_shares_and_the_extreme_tickers_of_a_year_by_hand():
    first = make_rows([0.5] * 10 + [1.5] * 85 + [3.0] * 5, "A")
    second = make_rows([1.5] * 100, "B")
    few = make_rows([0.5] * 99, "C")  # too few origins to be named
    found = coverage_by_year(pd.concat([first, second, few]), "network")
    assert list(found.columns) == YEAR_COLUMNS
    row = found.iloc[0]
    assert (row["year"], row["rows"]) == (2010, 299)
    shares = (row["below"], row["inside"], row["above"])
    assert shares == pytest.approx((109 / 299, 185 / 299, 5 / 299))
    assert (row["lowest_ticker"], row["lowest"]) == ("A", 0.85)
    assert (row["highest_ticker"], row["highest"]) == ("B", 1.0)


def test_rows_without_an_interval_and_other_models_do_not_count():
    rows = make_rows([1.5] * 120)
    rows.loc[:19, ["lower", "upper"]] = np.nan
    other = make_rows([9.0] * 120).assign(model="har")
    found = coverage_by_year(pd.concat([rows, other]), "network")
    assert found["rows"].tolist() == [100] and found["inside"].tolist() == [1.0]
    assert coverage_by_year(other, "network").empty


def test_the_standard_error_counts_a_run_of_misses_and_equal_tickers_once():
    scattered, runs = np.full(250, 1.5), np.full(250, 1.5)
    scattered[::10], runs[100:125] = 9.0, 9.0
    alone = [coverage_by_year(make_rows(each), "network")["error"][0] for each in (scattered, runs)]
    assert alone[1] > 3 * alone[0]
    twice = pd.concat([make_rows(runs), make_rows(runs, "B")])
    assert coverage_by_year(twice, "network")["error"][0] == pytest.approx(alone[1])
