import numpy as np
import pytest

from tests.features.report_samples import Report, build_reports
from volcast.features.known_reports import NEVER
from volcast.features.report_estimates import (
    ReportEstimates,
    count_estimate_errors,
    estimate_reports,
)
from volcast.features.report_history import PastReports, settle_reports

ROWS = 700  # of a calendar that has a session every day, so that 364 days are 364 sessions


def settle(*reports: Report) -> PastReports:
    return settle_reports(build_reports(*reports), np.zeros(ROWS))


def estimate(*reports: Report) -> ReportEstimates:
    return estimate_reports(settle(*reports), ROWS)


def test_without_a_past_report_there_is_no_estimate():
    session = estimate(Report(50)).session
    assert (session[:50] == NEVER).all()
    assert session[50] != NEVER


def test_after_one_report_the_next_is_estimated_91_days_later():
    assert estimate(Report(50)).session[[50, 100, 151]].tolist() == [141] * 3


def test_an_estimate_is_waited_for_ten_sessions_then_the_one_of_a_year_later_holds():
    assert estimate(Report(50)).session[[151, 152, 424]].tolist() == [141, 414, 414]
    assert estimate(Report(50)).session[425] == NEVER


def test_a_report_of_a_year_before_gives_the_estimate_if_it_is_that_of_the_quarter():
    year_ago = Report(50)
    assert estimate(year_ago, Report(330)).session[330] == 414  # 84 days after the last one
    assert estimate(year_ago, Report(304)).session[304] == 414  # 110: later by 19
    assert estimate(year_ago, Report(302)).session[302] == 393  # 112: too late for a quarter


def test_a_year_before_the_last_report_itself_is_not_estimated_again():
    # 364 days after session 50 is 414, 24 sessions after the last report: that was the one.
    assert estimate(Report(50), Report(390)).session[390] == 481


def test_a_report_of_a_session_between_days_is_moved_to_the_next_session():
    days = np.datetime64("2021-01-01") + np.arange(1100)
    days = days[np.is_busday(days, holidays=["2021-05-07"])]
    friday = int(np.flatnonzero(days == np.datetime64("2021-02-05"))[0])
    past = settle_reports(build_reports(Report(friday), days=days), np.zeros(ROWS))
    assert str(days[estimate_reports(past, ROWS).session[friday]]) == "2021-05-10"


@pytest.mark.parametrize(
    ("known_from", "lead"), [(50, 0), (49, 1), (43, 7), (40, 10), (10, 10), (60, 0)]
)
def test_the_lead_is_how_far_ahead_the_last_report_was_announced(known_from, lead):
    assert estimate(Report(50, known_from=known_from)).lead[100] == lead


def test_a_record_of_the_report_does_not_hide_that_it_was_announced():
    announced, recorded = Report(50, 51, 30, 51), Report(51, None, 51, days_before=1)
    assert estimate(announced, recorded).lead[51:53].tolist() == [10, 10]


def test_a_moved_date_counts_from_when_it_was_moved():
    assert estimate(Report(50, None, 20, 48), Report(54, None, 48)).lead[54] == 6


def test_errors_are_counted_when_the_report_is_known_as_past():
    past = settle(Report(50), Report(145), Report(230, None, 260))
    counts = count_estimate_errors([past], [estimate_reports(past, ROWS)])
    prior = counts[0]
    np.testing.assert_allclose(prior.sum(), 10.0)
    assert prior.argmax() == 10  # no error
    np.testing.assert_array_equal(counts[144], prior)
    found = counts[[145, 259, 260]] - prior
    assert found.sum(axis=1).round(9).tolist() == [1, 1, 2]
    # The estimates of a month before were 50 + 91 = 141 and 145 + 91 = 236.
    assert found[0].round(9).argmax() == 10 + 4
    assert (found[2] - found[1]).round(9).argmax() == 10 - 6


@pytest.mark.parametrize(
    ("session", "column"), [(160, [21]), (152, [21]), (151, [20]), (131, [0]), (130, []), (120, [])]
)
def test_of_a_report_far_from_its_estimate_only_a_late_one_is_counted(session, column):
    past = settle(Report(50), Report(session))  # the estimate is 50 + 91
    counts = count_estimate_errors([past], [estimate_reports(past, ROWS)])
    assert np.flatnonzero((counts[-1] - counts[0]).round(9)).tolist() == column


def test_the_estimate_that_is_judged_is_the_one_of_23_sessions_before_the_report():
    # A report that is learnt 22 sessions before the last one changes the estimate too late.
    past = settle(Report(50), Report(100, known_from=123), Report(145))
    counts = count_estimate_errors([past], [estimate_reports(past, ROWS)])
    assert np.flatnonzero((counts[-1] - counts[0]).round(9)).tolist() == [14]


def test_errors_of_all_tickers_are_counted_together():
    pasts = [settle(Report(50), Report(145)), settle(), settle(Report(20), Report(111))]
    counts = count_estimate_errors(pasts, [estimate_reports(past, ROWS) for past in pasts])
    assert (counts[-1] - counts[0]).round(9)[[10, 14]].tolist() == [1, 1]
