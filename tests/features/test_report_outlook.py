import numpy as np

from tests.features.report_samples import Report, build_reports
from volcast.features.report_estimates import count_estimate_errors, estimate_reports
from volcast.features.report_history import settle_reports
from volcast.features.report_outlook import compute_outlook

ROWS = 500
PRIOR = 0.5 ** np.abs(np.arange(-10, 12))  # of the errors -10 .. 10 and of later ones


def compute(*reports: Report) -> tuple[np.ndarray, np.ndarray]:
    past = settle_reports(build_reports(*reports), np.zeros(ROWS))
    estimates = estimate_reports(past, ROWS)
    return compute_outlook(past, estimates, count_estimate_errors([past], [estimates]))


def list_chances(chances: np.ndarray) -> dict[int, float]:
    """The chances above 0, by sessions ahead."""
    return {int(k) + 1: round(float(chances[k]), 9) for k in np.flatnonzero(chances)}


def test_an_announced_report_is_certain_until_its_session_closes():
    chances, distance = compute(Report(50, known_from=20))
    assert list_chances(chances[19]) == {}
    assert list_chances(chances[28]) == {22: 1.0}
    assert list_chances(chances[49]) == {1: 1.0}
    assert list_chances(chances[50]) == {}
    assert distance[[19, 20, 21, 49]].tolist() == [30, 30, 29, 1]


def test_a_report_of_unknown_time_is_shared_by_two_sessions():
    chances, distance = compute(Report(50, 51, 20))
    assert list_chances(chances[47]) == {3: 0.5, 4: 0.5}
    assert list_chances(chances[50]) == {1: 0.5}  # the second one is still possible
    assert list_chances(chances[51]) == {}
    assert distance[[47, 49, 50]].tolist() == [3, 1, 1]


def test_a_habit_shares_the_two_sessions_of_an_unknown_time():
    chances, _ = compute(Report(20), Report(50, 51, 30))
    assert list_chances(chances[48]) == {2: round(2 / 3, 9), 3: round(1 / 3, 9)}


def test_a_moved_date_is_expected_where_it_was_known_to_be():
    chances, distance = compute(Report(50, None, 20, 45), Report(60, None, 45))
    assert list_chances(chances[44]) == {6: 1.0}
    assert list_chances(chances[45]) == {15: 1.0}
    assert distance[[44, 45]].tolist() == [6, 15]


def test_a_date_learnt_after_its_session_is_never_ahead():
    chances, _ = compute(Report(50, known_from=53))
    assert not chances[:53].any()


def test_of_two_announced_reports_the_nearer_one_is_the_next():
    chances, distance = compute(Report(50, 51), Report(55))
    assert list_chances(chances[45]) == {5: 0.5, 6: 0.5}
    assert list_chances(chances[50]) == {1: 0.5, 5: 0.5}
    assert list_chances(chances[51]) == {4: 1.0}
    assert distance[[45, 51]].tolist() == [5, 4]


def test_two_versions_of_one_session_are_one_report():
    chances, _ = compute(Report(50), Report(50, days_before=1))
    assert list_chances(chances[45]) == {5: 1.0}


def test_an_announced_date_counts_more_than_the_estimate():
    chances, distance = compute(Report(50), Report(150, known_from=130))
    assert list_chances(chances[135]) == {15: 1.0}
    assert distance[135] == 15


def test_without_a_date_the_chances_are_those_of_the_errors_of_estimates():
    # The only report was on session 50, known at once; the next is estimated on 50 + 91.
    chances, distance = compute(Report(50, known_from=50))
    expected = {k: round(float(PRIOR[k] / PRIOR.sum()), 9) for k in range(21)}
    assert list_chances(chances[141 - 11]) == {k + 1: v for k, v in expected.items()}
    assert distance[130] == 11
    assert not chances[141 - 33].any()
    assert list_chances(chances[141 - 32]) == {22: expected[0]}


def test_sessions_without_the_report_raise_the_chances_of_those_to_come():
    chances, distance = compute(Report(50, known_from=50))
    for t in (135, 141, 150):
        left = PRIOR[t + 1 - 131 :]
        np.testing.assert_allclose(chances[t][: len(left) - 1], (left / left.sum())[:-1])
        assert not chances[t][len(left) - 1 :].any()
    assert distance[[135, 141, 150]].tolist() == [6, 1, 1]


def test_an_overdue_report_has_no_chance_until_the_next_estimate_comes_near():
    chances, distance = compute(Report(50, known_from=50))
    assert not chances[151].any()  # ten sessions over time
    assert distance[151] == 1
    assert not chances[152].any()  # now a year after the last report is waited for
    assert distance[152] == 30
    assert list_chances(chances[414 - 32]) == {22: round(float(PRIOR[0] / PRIOR.sum()), 9)}


def test_a_report_that_would_have_been_announced_by_now_does_not_come_so_soon():
    # The last one was announced 4 sessions ahead: the next is not in the 4 sessions to come.
    chances, distance = compute(Report(50, known_from=46))
    left = PRIOR[135 + 5 - 131 :]
    np.testing.assert_allclose(chances[135][4 : 4 + len(left) - 1], (left / left.sum())[:-1])
    assert not chances[135][:4].any()
    assert distance[[135, 140, 141]].tolist() == [6, 5, 5]


def test_chances_add_up_to_one_at_most(bars):
    for reports in bars.reports.split_by_column(len(bars.tickers)):
        rows = len(bars.sessions)
        past = settle_reports(reports, np.zeros(rows))
        estimates = estimate_reports(past, rows)
        errors = count_estimate_errors([past], [estimates])
        chances, distance = compute_outlook(past, estimates, errors)
        assert (chances >= 0).all()
        assert chances.sum(axis=1).max() <= 1 + 1e-12
        assert (distance >= 1).all()
