import pytest

from tests.reports.monitoring.observations import alarms
from volcast.reports.monitoring.freshness import freshness


def test_a_source_that_stands_still_is_reported_once_and_a_silent_ticker_by_name():
    assert alarms(freshness({"A": 0, "B": 0})) == set()
    assert alarms(freshness({"A": 2, "B": 2})) == {("stale data", "all tickers")}
    assert alarms(freshness({"A": 0, "B": 3})) == {("missing ticker", "B")}
    assert alarms(freshness({"A": 1, "B": 3})) == {
        ("stale data", "all tickers"), ("missing ticker", "B"),
    }  # fmt: skip
    assert alarms(freshness({"A": 1, "B": 2}, tolerated=2)) == set()
    words = {o.subject: o.words for o in freshness({"A": 0, "B": 1})}
    assert words["B"] == "B has no bar for the last session"


def test_freshness_without_tickers_is_refused():
    with pytest.raises(ValueError, match="at least one ticker"):
        freshness({})
