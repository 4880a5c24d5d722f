import dataclasses

import numpy as np
import pytest

from tests.features.leak_search import find_leak
from tests.features.report_samples import Report, build_reports
from volcast.features.bars import Bars
from volcast.features.known_reports import BY_VERSION, NEVER, KnownReports

MOVED = build_reports(Report(20, known_from=5, known_until=9), Report(25, known_from=9))


def list_rows(reports: KnownReports) -> list[tuple[int, int, int]]:
    return list(
        zip(
            reports.first.tolist(),
            reports.known_from.tolist(),
            reports.known_until.tolist(),
            strict=True,
        )
    )


@pytest.mark.parametrize(
    ("t", "known"),
    [
        (4, []),
        (5, [(20, 5, NEVER)]),
        (8, [(20, 5, NEVER)]),
        (9, [(20, 5, 9), (25, 9, NEVER)]),
    ],
)
def test_until_a_session_nothing_is_known_of_what_was_learnt_after_its_close(t, known):
    assert list_rows(MOVED.until(t)) == known


def test_what_was_known_until_a_session_is_known_until_each_later_one():
    for t in range(30):
        assert list_rows(MOVED.until(29).until(t)) == list_rows(MOVED.until(t))


def test_corruption_keeps_what_was_known_and_changes_what_comes(bars: Bars, rng):
    reports = bars.reports
    t = 150
    corrupted = reports.corrupt_after(t, rng)
    assert list_rows(corrupted.until(t)) == list_rows(reports.until(t))
    known = int((reports.known_from <= t).sum())
    for name in BY_VERSION:
        before, after = getattr(reports.until(t), name), getattr(corrupted, name)
        if name != "known_until":
            np.testing.assert_array_equal(after[:known], before)
    assert (corrupted.known_from[known:] > t).all()
    open_ends = reports.until(t).known_until == NEVER
    replaced = corrupted.known_until[:known][open_ends] == t + 1
    assert 0.2 < replaced.mean() < 0.8


def test_corruption_may_invent_reports_where_there_are_none(rng):
    empty = build_reports(days=np.datetime64("2021-01-01") + np.arange(20))
    corrupted = empty.corrupt_after(3, rng)
    assert len(corrupted.column) == 1
    assert len(corrupted.until(3).column) == 0


def test_versions_are_split_by_ticker_in_their_order():
    reports = build_reports(
        Report(9, column=2), Report(5, column=0), Report(3, column=2), Report(7, column=4)
    )
    split = reports.split_by_column(4)
    assert [each.first.tolist() for each in split] == [[5], [], [9, 3], []]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"first": np.array([1, 2])}, "differ in length: .*'first': 2"),
        ({"second": np.array([22])}, "second must be the session of first or the one after"),
        ({"second": np.array([19])}, "second must be the session of first or the one after"),
    ],
)
def test_versions_that_contradict_themselves_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(build_reports(Report(20)), **changes)


def count_before_known(bars: Bars) -> np.ndarray:
    """Reads a version as soon as its session comes near, whether or not it is known."""
    reports, counts = bars.reports, np.zeros(bars.close.shape)
    for column, first in zip(reports.column, reports.first, strict=True):
        counts[max(first - 5, 0) : first, column] += 1.0
    return counts


def count_not_moved(bars: Bars) -> np.ndarray:
    """Leaves out the versions that will be replaced."""
    reports, counts = bars.reports, np.zeros(bars.close.shape)
    for row in np.flatnonzero(reports.known_until == NEVER):
        counts[reports.known_from[row] :, reports.column[row]] += 1.0
    return counts


def count_in_history(bars: Bars) -> np.ndarray:
    """Has the number of a ticker's versions in all rows."""
    counts = np.bincount(bars.reports.column, minlength=len(bars.tickers)).astype(float)
    return np.broadcast_to(counts, bars.close.shape)


@pytest.mark.parametrize("leaking", [count_before_known, count_not_moved, count_in_history])
def test_a_feature_that_reads_reports_of_the_future_is_caught(leaking, bars, rng):
    leak = find_leak(leaking, bars, range(100, 120), rng)
    assert leak is not None
    assert leak.position[0] <= leak.origin
