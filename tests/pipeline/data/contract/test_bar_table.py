"""The bar table: what is filled in, what stays as it is, and rows of a date range."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.data.conftest import make_bars
from volcast.pipeline.data.contract.bar_table import BAR_COLUMNS, select_sessions, to_bar_table


def test_missing_columns_are_filled_and_further_ones_dropped():
    frame = make_bars()[["session", "ticker", "open", "high", "low", "close"]].assign(sector="x")
    bars = to_bar_table(frame)
    assert tuple(bars.columns) == BAR_COLUMNS
    assert bars["adj_close"].equals(bars["close"].rename("adj_close"))
    assert bars[["volume", "variance"]].isna().all(axis=None)


def test_rows_of_one_session_keep_their_order():
    twice = pd.concat([make_bars().assign(close=1.0), make_bars().assign(close=2.0)])
    assert to_bar_table(twice)["close"].tolist() == [1.0, 2.0] * len(make_bars())


@pytest.mark.parametrize(
    ("start", "end", "count"),
    [
        (None, None, 21),
        (dt.date(2024, 1, 30), None, 2),
        (None, dt.date(2024, 1, 3), 2),
        (dt.date(2024, 1, 6), dt.date(2024, 1, 7), 0),  # a weekend
    ],
)
def test_both_ends_of_a_date_range_are_included(start, end, count):
    assert len(select_sessions(make_bars(), start, end)) == count


def test_text_that_is_not_a_number_is_refused():
    with pytest.raises(ValueError, match="n/k"):
        to_bar_table(make_bars().astype({"open": object}).assign(open="n/k"))
    assert np.isnan(to_bar_table(make_bars().assign(open=np.nan))["open"]).all()
