import numpy as np
import pytest

from tests.features.report_samples import FIRST_DAY, Report, build_reports
from volcast.features.report_history import iter_periods, settle_reports, summarise_surprises

ROWS = 120
CALM = np.zeros(ROWS)


def with_surprises(**by_session: float) -> np.ndarray:
    surprise = CALM.copy()
    for session, value in by_session.items():
        surprise[int(session[1:])] = value
    return surprise


def test_a_report_of_known_time_is_settled_at_the_close_of_its_session():
    past = settle_reports(build_reports(Report(20)), with_surprises(s20=1.7))
    assert past.past_from.tolist() == [20]
    assert past.first_share.tolist() == [1.0]
    assert past.surprise.tolist() == [1.7]


def test_a_report_of_unknown_time_is_settled_when_both_sessions_have_closed():
    past = settle_reports(build_reports(Report(20, 21)), CALM)
    assert past.past_from.tolist() == [21]
    assert past.first_share_before.tolist() == past.first_share.tolist() == [0.5]


def test_the_larger_surprise_decides_which_session_was_the_reaction():
    past = settle_reports(build_reports(Report(20, 21)), with_surprises(s20=2.0))
    share = 1 / (1 + np.exp(-1.5 * 2.0))  # from even odds
    np.testing.assert_allclose(past.first_share, [share])
    np.testing.assert_allclose(past.surprise, [2.0 * share])


@pytest.mark.parametrize(("days_before", "expected"), [(0, 3 / 4), (1, 1 / 4)])
def test_the_habit_is_that_of_the_reports_of_known_time_shrunk_to_one_half(days_before, expected):
    # Two reports before the open: (1 + 2) / (2 + 2); two after the close: 1 / 4.
    known = [Report(20, days_before=days_before), Report(30, days_before=days_before)]
    past = settle_reports(build_reports(*known, Report(50, 51, known_from=40)), CALM)
    assert past.first_share_before[2] == expected
    np.testing.assert_allclose(past.first_share[2], expected)  # the surprises tell nothing


@pytest.mark.parametrize("known_from", [20, 29])
def test_the_habit_is_that_of_the_close_at_which_the_report_was_announced(known_from):
    reports = build_reports(Report(20), Report(30), Report(50, 51, known_from))
    past = settle_reports(reports, CALM)
    np.testing.assert_allclose(past.first_share_before[2], 2 / 3)
    np.testing.assert_allclose(past.first_share[2], 3 / 4)


def test_a_report_of_a_weekend_says_nothing_about_the_habit():
    days = FIRST_DAY + np.arange(1100)
    days = days[np.is_busday(days)]
    weekend = int(np.flatnonzero(np.diff(days) > np.timedelta64(1, "D"))[3]) + 1
    reports = build_reports(
        Report(weekend, days_before=1), Report(weekend + 30, weekend + 31), days=days
    )
    assert settle_reports(reports, CALM).first_share.tolist() == [1.0, 0.5]


def test_habits_go_on_from_version_to_version_of_unknown_time():
    reports = build_reports(Report(20, 21), Report(50, 51, known_from=30))
    past = settle_reports(reports, with_surprises(s20=-1.0, s50=1.0))
    first = 1 / (1 + np.exp(1.5))
    habit = (1 + first) / 3
    np.testing.assert_allclose(past.first_share_before[1], habit)
    odds = habit / (1 - habit) * np.exp(1.5)
    np.testing.assert_allclose(past.first_share[1], odds / (1 + odds))


def test_where_one_of_two_surprises_is_missing_the_habit_decides():
    reports = build_reports(Report(20), Report(50, 51, known_from=30))
    missing = with_surprises(s50=0.8, s51=np.nan)
    past = settle_reports(reports, missing)
    np.testing.assert_allclose(past.first_share[1], 2 / 3)
    assert past.surprise[1] == 0.8  # not 2 / 3 of it
    likelier_missing = with_surprises(s50=np.nan, s51=0.8)
    assert np.isnan(settle_reports(reports, likelier_missing).surprise[1])


def test_a_version_that_was_replaced_before_its_session_is_never_past():
    reports = build_reports(Report(20, known_until=15), Report(25, known_from=15))
    past = settle_reports(reports, CALM)
    assert past.settled.tolist() == [False, True]
    assert np.isnan(past.first_share[0])


def test_a_version_learnt_late_is_past_from_then_on():
    past = settle_reports(build_reports(Report(20, known_from=33)), with_surprises(s20=1.0))
    assert past.past_from.tolist() == [33]
    weight = summarise_surprises(past, ROWS).weight
    assert weight[32] == 0.0
    assert weight[33] == 1.0


def test_a_corrected_day_replaces_the_past_report():
    reports = build_reports(Report(20, known_until=24), Report(21, known_from=24))
    past = settle_reports(reports, with_surprises(s20=0.3, s21=1.5))
    last = summarise_surprises(past, ROWS).last
    assert np.isnan(last[19])
    assert last[20:24].tolist() == [0.3] * 4
    assert last[24] == 1.5


def test_a_report_beyond_the_data_is_not_settled():
    past = settle_reports(build_reports(Report(ROWS - 1, ROWS), Report(ROWS + 30)), CALM)
    assert past.settled.tolist() == [False, False]


def test_periods_are_those_in_which_the_same_reports_are_known_as_past():
    reports = build_reports(Report(20, known_until=40), Report(10, known_from=30))
    past = settle_reports(reports, CALM)
    periods = [
        (period.start, period.stop, past.reports.first[known].tolist())
        for period, known in iter_periods(past, ROWS)
    ]
    assert periods == [(20, 30, [20]), (30, 40, [10, 20]), (40, ROWS, [10])]


def test_surprises_are_weighted_with_a_half_life_of_four_reports():
    reports = build_reports(Report(10), Report(20), Report(30))
    history = summarise_surprises(
        settle_reports(reports, with_surprises(s10=3.0, s20=np.nan, s30=1.0)), ROWS
    )
    np.testing.assert_allclose(history.weighted[[9, 10, 25, 30]], [0, 3, 3, 1 + 3 * 0.5**0.25])
    np.testing.assert_allclose(history.weight[[9, 10, 25, 30]], [0, 1, 1, 1 + 0.5**0.25])


def test_the_last_surprise_is_forgotten_after_66_sessions():
    history = summarise_surprises(settle_reports(build_reports(Report(10)), CALM + 1.0), ROWS)
    assert history.last[76] == 1.0
    assert np.isnan(history.last[77])


def test_the_order_of_the_versions_does_not_matter():
    versions = [
        Report(20, 21, 60),
        Report(30, 31, 60),
        Report(40, 41, 60, 90),
        Report(41, None, 90),
    ]
    surprise = with_surprises(s20=1.0, s31=2.0, s40=-1.0)
    one, other = (
        settle_reports(build_reports(*order), surprise) for order in (versions, versions[::-1])
    )
    np.testing.assert_array_equal(one.first_share, other.first_share)
    np.testing.assert_array_equal(one.surprise, other.surprise)


def test_a_ticker_without_reports_has_no_periods():
    past = settle_reports(build_reports(), CALM)
    assert list(iter_periods(past, ROWS)) == []
