"""Where the tests begin if the settings do not say so."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from volcast.pipeline.backtest.first_test import describe_shortage, find_first_test
from volcast.pipeline.config.load import load_config

FIRST_USABLE = 150  # sessions until the features are known


def find_day(source: str, start: str, end: str, **split) -> pd.Timestamp | None:
    """Return the first test origin of prices between two days; None if it lies beyond them."""
    sessions = pd.bdate_range(start, end)
    usable = np.arange(len(sessions))[:, None] >= FIRST_USABLE
    panel, sample = SimpleNamespace(sessions=sessions), SimpleNamespace(usable=lambda: usable)
    config = load_config(None, {"data": {"source": source}, "split": split})
    first = find_first_test(panel, sample, config)
    return sessions[first] if first < len(sessions) else None


@pytest.mark.parametrize(
    ("source", "start", "end", "expected"),
    [
        ("sample", "1999-01-04", "2018-12-31", "2008-01-01"),
        ("sample-stocks", "2013-02-08", "2018-02-07", "2016-02-08"),  # fewer than 1,000 before it
    ],
)
def test_embedded_prices_have_a_first_test_of_their_own(source, start, end, expected):
    assert find_day(source, start, end) == pd.Timestamp(expected)


@pytest.mark.parametrize(
    ("source", "start", "sessions"),
    [("sample", "2005-01-03", 1000), ("sample-stocks", "2013-09-02", 600)],
)
def test_with_too_short_a_history_the_tests_begin_after_the_training_sessions(
    source, start, sessions
):
    expected = pd.bdate_range(start, "2018-02-07")[FIRST_USABLE + sessions]
    assert find_day(source, start, "2018-02-07", train_sessions=sessions) == expected


def test_a_first_test_in_the_settings_counts():
    day = find_day("sample-stocks", "2013-02-08", "2018-02-07", test_start="2017-02-08")
    assert day == pd.Timestamp("2017-02-08")


@pytest.mark.parametrize(
    ("sessions", "split", "says"),
    [
        (300, {}, "needs 1,150 sessions with a variance"),
        (
            300,
            {},
            "has 299, 2020-01-02 to 2021-02-23; --train-sessions 75 or --test-start 2020-11-11 ",
        ),
        (245, {}, "--train-sessions 70 or --test-start 2020-11-04 works"),
        (200, {}, "about 242 sessions are enough with --train-sessions 70"),
        (30, {}, "about 242 sessions are enough with --train-sessions 70"),
        (300, {"train_sessions": 60}, "of 299 sessions with a variance those before the test"),
    ],
)
def test_what_a_short_history_lacks_is_told_with_what_works(sessions, split, says):
    days = pd.bdate_range("2020-01-01", periods=sessions)
    usable = np.arange(sessions)[:, None] >= FIRST_USABLE
    variance = np.where(np.arange(sessions) > 0, 1e-4, np.nan)[:, None]
    panel = SimpleNamespace(sessions=days, variance=variance)
    config = load_config(None, {"data": {"source": "sample"}, "split": split})
    assert says in describe_shortage(panel, SimpleNamespace(usable=lambda: usable), config)
