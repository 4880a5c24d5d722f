"""The embedded prices: two indices, and the VIX only where it is named."""

import pandas as pd
import pytest

from tests.pipeline.data.conftest import asking
from volcast.pipeline.data.sources.sample import SampleSource
from volcast.pipeline.errors import DataError


def test_without_tickers_there_are_the_two_indices_alone():
    assert set(SampleSource().load(asking()).bars["ticker"]) == {"^GSPC", "^IXIC"}


def test_the_vix_is_there_from_1990_to_2018_if_it_is_named():
    bars = SampleSource().load(asking("^VIX")).bars
    assert len(bars) == 7304
    assert (bars["close"] > 0).all()
    closes = bars.set_index("session")["close"]
    assert closes.index[0] == pd.Timestamp("1990-01-02")
    assert closes.index[-1] == pd.Timestamp("2018-12-31")
    assert closes["2008-11-20"] == closes.max() == 80.86


def test_a_wrong_name_is_answered_with_all_that_there_are():
    with pytest.raises(DataError, match=r"the nearest are .*\^VIX"):
        SampleSource().load(asking("^VIXX"))
