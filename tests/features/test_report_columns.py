import dataclasses
import gc
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from tests.features.leak_search import find_leak
from tests.features.naive import NAIVE, build_tickers
from tests.features.report_samples import Report, build_reports, random_versions
from tests.features.samples import calendar_days, random_bars
from volcast.features import report_columns
from volcast.features.bars import Bars
from volcast.features.earnings_reports import FAMILY
from volcast.features.known_reports import KnownReports
from volcast.features.registry import FEATURES, compute_features
from volcast.features.report_columns import ReportColumns, find_report_columns

NAMES = tuple(name for name, item in FEATURES.items() if item.family == FAMILY)
ROWS, CALM = 140, 1e-4


def build_bars(reports: KnownReports | None, **variances: float) -> Bars:
    """Bars of one ticker whose measured variance is 0.0001 but in the sessions named s7, s9."""
    sessions = pd.date_range("2021-01-01", periods=ROWS)
    since_previous, to_next = calendar_days(sessions)
    realized = np.full((ROWS, 1), CALM)
    for session, value in variances.items():
        realized[int(session[1:])] = value
    prices = dict.fromkeys(("open", "high", "low", "close", "adj_close"), np.full((ROWS, 1), 10.0))
    return Bars(
        sessions=sessions,
        tickers=("A",),
        volume=np.full((ROWS, 1), 100.0),
        realized=realized,
        days_since_previous=since_previous,
        days_to_next=to_next,
        reports=reports,
        **prices,
    )


def compute(name: str, *reports: Report, **variances: float) -> np.ndarray:
    return FEATURES[name].compute(build_bars(build_reports(*reports), **variances))[:, 0]


def test_all_is_nan_before_a_report_is_known_and_where_there_is_no_source_of_reports():
    for name in NAMES:
        assert np.isnan(compute(name, Report(90, known_from=80))[:80]).all()
        assert np.isnan(FEATURES[name].compute(build_bars(None))).all()
        assert np.isnan(compute(name)).all()


def test_only_the_surprise_is_unknown_when_the_first_report_is_announced():
    row = {name: compute(name, Report(90, known_from=80))[80] for name in NAMES}
    assert {name for name, value in row.items() if np.isnan(value)} == {"report_last_surprise"}


def test_the_sessions_after_a_report_are_counted_from_its_reaction():
    report = Report(90, known_from=80)
    assert np.flatnonzero(compute("report_today", report)[80:] == 1.0).tolist() == [10]
    assert np.flatnonzero(compute("report_1_ago", report)[80:] == 1.0).tolist() == [11]
    assert np.flatnonzero(compute("report_2_to_5_ago", report)[80:] == 1.0).tolist() == [
        *range(12, 16)
    ]
    decay = compute("report_decay", report)
    np.testing.assert_allclose(decay[90:116], np.exp(-np.arange(26) / 5), rtol=1e-7)
    assert not decay[80:90].any()
    assert not decay[116:].any()


def test_until_both_sessions_have_closed_the_habit_tells_whether_today_was_the_reaction():
    report = Report(90, 91, 80)
    jump = {"s91": CALM * np.e**2}
    share = 1 / (1 + np.exp(1.5 * 2.0))
    today, yesterday = (
        compute("report_today", report, **jump),
        compute("report_1_ago", report, **jump),
    )
    np.testing.assert_allclose(today[89:93], [0, 0.5, 1 - share, 0], rtol=1e-6)
    np.testing.assert_allclose(yesterday[90:94], [0, share, 1 - share, 0], rtol=1e-6)


def test_a_report_learnt_late_is_past_at_once():
    report = Report(90, known_from=93)
    assert not compute("report_today", report)[93:].any()
    two_to_five = compute("report_2_to_5_ago", report)
    assert two_to_five[93:].tolist() == [1.0] * 3 + [0.0] * (ROWS - 96)


def test_a_replaced_report_has_no_effect_from_then_on():
    decay = compute("report_decay", Report(90, None, 80, 93), Report(120, None, 93))
    assert decay[92] > 0.6
    assert not decay[93:120].any()


def test_the_own_surprise_is_shrunk_to_that_of_all_by_two_reports():
    jump = {"s90": CALM * np.e**3}
    own, last = (
        compute(name, Report(90, known_from=80), **jump)
        for name in ("report_own_surprise", "report_last_surprise")
    )
    pooled = (3.0 + 30 * 1.5) / 31
    np.testing.assert_allclose(own[[89, 90]], [1.5, (3.0 + 2 * pooled) / 3], rtol=1e-6)
    np.testing.assert_allclose(last[90:], 3.0, rtol=1e-6)


def test_the_variance_without_reports_leaves_out_the_reaction():
    report, storm = Report(90, known_from=80), {"s90": 1.0, "s91": 0.5}
    for sessions in (5, 22):
        free = compute(f"report_free_{sessions}", report, **storm)
        np.testing.assert_allclose(free[90], np.log(CALM))
        assert free[91] > np.log(CALM) + 1  # the session after it counts
    # Of the long window it does not, either.
    np.testing.assert_allclose(compute("report_free_66", report, **storm)[90:95], np.log(CALM))


def test_the_variance_without_reports_keeps_a_report_that_is_learnt_later():
    storm = {"s90": 1.0}
    late = compute("report_free_22", Report(60), Report(90, known_from=92), **storm)
    assert (late[90:112] > np.log(CALM) + 1).all()


def test_the_second_session_of_an_unknown_time_is_kept_if_the_first_was_the_reaction():
    storm = {"s90": CALM * np.e**5, "s91": CALM * 4}
    free = compute("report_free_22", Report(90, 91, 80), **storm)
    np.testing.assert_allclose(free[91], np.log((20 * CALM + 4 * CALM) / 21))


def test_other_bars_get_columns_of_their_own():
    bars = build_bars(build_reports(Report(90)))
    columns = find_report_columns(bars)
    assert find_report_columns(bars) is columns
    moved = dataclasses.replace(bars, reports=build_reports(Report(95)))
    assert find_report_columns(moved).today[95, 0] == 1.0
    assert find_report_columns(bars) is columns


def test_columns_are_released_with_their_bars():
    bars = build_bars(build_reports(Report(90)))
    columns = weakref.ref(find_report_columns(bars))
    del bars
    gc.collect()
    assert columns() is None


def test_threads_compute_the_columns_once(monkeypatch):
    bars, calls = random_bars(), []
    original = report_columns._compute_columns

    def count(*arguments: object) -> ReportColumns:
        calls.append(1)
        time.sleep(0.02)  # lets the other threads come
        return original(*arguments)

    monkeypatch.setattr(report_columns, "_compute_columns", count)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(find_report_columns, [bars] * 8))
    assert len(calls) == 1
    assert all(columns is found[0] for columns in found)


def test_results_do_not_depend_on_the_threads(bars):
    fresh = dataclasses.replace(bars)
    for name, values in zip(NAMES, compute_features(fresh, NAMES), strict=True):
        np.testing.assert_array_equal(values, FEATURES[name].compute(bars))


def build_random_bars(seed: int) -> Bars:
    bars, rng = random_bars(), np.random.default_rng(seed)
    reports = random_versions(bars.reports.calendar, ROWS, len(bars.tickers), rng)
    return dataclasses.replace(bars.until(ROWS - 1), reports=reports)


@pytest.mark.parametrize("seed", range(4))
def test_nothing_of_the_future_is_used_whatever_the_versions(seed, rng):
    def compute_all(bars: Bars) -> np.ndarray:
        return np.stack(list(compute_features(bars, NAMES)), axis=2)

    origins = rng.integers(0, ROWS, 8)
    assert find_leak(compute_all, build_random_bars(seed), origins, rng) is None


@pytest.mark.parametrize("seed", range(2))
def test_features_equal_their_naive_reference_whatever_the_versions(seed):
    bars = build_random_bars(seed)
    tickers = build_tickers(bars)
    for name in NAMES:
        naive = [[NAIVE[name](d, t) for d in tickers] for t in range(ROWS)]
        np.testing.assert_allclose(
            FEATURES[name].compute(bars),
            np.array(naive, dtype=float),
            rtol=3e-7,
            atol=1e-12,
            err_msg=name,
        )
