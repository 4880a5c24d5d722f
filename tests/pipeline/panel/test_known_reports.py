import dataclasses

import numpy as np
import pandas as pd
import pytest

from tests.features.samples import random_bars
from volcast.features.earnings_reports import FAMILY
from volcast.features.known_reports import NEVER, KnownReports
from volcast.features.registry import FEATURES
from volcast.pipeline.data.calendars.opening_hours import closing_moments
from volcast.pipeline.data.calendars.sessions import (
    days_since_previous,
    days_to_next,
    sessions_between,
)
from volcast.pipeline.panel.external import NOTHING_EXTERNAL, VERSION_COLUMNS
from volcast.pipeline.panel.known_reports import (
    FARTHEST_AHEAD,
    PLANNED_SESSIONS,
    build_known_reports,
)

MICROSECOND = pd.Timedelta(microseconds=1)
NAMES = tuple(name for name, item in FEATURES.items() if item.family == FAMILY)
GAPS = ("days_since_previous", "days_to_next")


def build_versions(*rows: dict[str, object]) -> pd.DataFrame:
    """Versions of ticker A, of unknown time and moments unless a row says otherwise."""
    defaults = {"ticker": "A", "time": "unknown", "kind": "earnings", "source": "mine"}
    frame = pd.DataFrame([{**defaults, **row} for row in rows], columns=list(VERSION_COLUMNS))
    for name in ("learnt_at", "superseded_at"):
        frame[name] = pd.to_datetime(frame[name], utc=True, format="ISO8601")
    return frame.astype(VERSION_COLUMNS)


def draw_versions(
    tickers: tuple[str, ...], closes: pd.DatetimeIndex, rng: np.random.Generator
) -> pd.DataFrame:
    """Quarterly reports, learnt up to 200 days ahead or not known when, some of them moved."""
    rows = []
    for ticker in tickers:
        for days in range(int(rng.integers(0, 60)), (closes[-1] - closes[0]).days + 120, 91):
            day = closes[0].normalize() + pd.Timedelta(days=days + int(rng.integers(-5, 6)))
            learnt = day - pd.Timedelta(hours=int(rng.integers(-100, 4800)))
            moved = learnt + pd.Timedelta(hours=int(rng.integers(1, 500)))
            time = str(rng.choice(["unknown", "before_open", "after_close"]))
            row = {"ticker": ticker, "date": day.tz_localize(None), "time": time}
            kind = rng.random()
            if kind < 0.3:
                rows.append(row)
            elif kind < 0.6:
                rows.append({**row, "learnt_at": str(learnt)})
            else:
                rows.append({**row, "learnt_at": str(learnt), "superseded_at": str(moved)})
                later = row["date"] + pd.Timedelta(days=int(rng.integers(1, 9)))
                rows.append({**row, "date": later, "learnt_at": str(moved)})
    return build_versions(*rows)


def place(*rows: dict[str, object], first: str, last: str, calendar: str = "XNYS") -> KnownReports:
    sessions = sessions_between(calendar, pd.Timestamp(first), pd.Timestamp(last))
    return build_known_reports(build_versions(*rows), ("A", "B"), sessions, calendar)


def find_reactions(reports: KnownReports) -> list[tuple[str, str]]:
    days = reports.calendar.astype(str)
    return list(zip(days[reports.first], days[reports.second], strict=True))


@pytest.mark.parametrize(
    ("date", "time", "reaction"),
    [
        ("2017-11-22", "before_open", ("2017-11-22", "2017-11-22")),
        ("2017-11-21", "after_close", ("2017-11-22", "2017-11-22")),
        ("2017-11-21", "unknown", ("2017-11-21", "2017-11-22")),
        # Before Thanksgiving, and on it.
        ("2017-11-22", "after_close", ("2017-11-24", "2017-11-24")),
        ("2017-11-22", "unknown", ("2017-11-22", "2017-11-24")),
        ("2017-11-23", "before_open", ("2017-11-24", "2017-11-24")),
        ("2017-11-23", "unknown", ("2017-11-24", "2017-11-24")),
        # The half day after it, and the weekend.
        ("2017-11-24", "before_open", ("2017-11-24", "2017-11-24")),
        ("2017-11-24", "after_close", ("2017-11-27", "2017-11-27")),
        ("2017-11-24", "unknown", ("2017-11-24", "2017-11-27")),
        ("2017-11-25", "after_close", ("2017-11-27", "2017-11-27")),
        ("2017-11-26", "before_open", ("2017-11-27", "2017-11-27")),
        ("2017-11-26", "unknown", ("2017-11-27", "2017-11-27")),
        # After the data, which end on 30 November.
        ("2017-11-30", "after_close", ("2017-12-01", "2017-12-01")),
        ("2017-12-08", "unknown", ("2017-12-08", "2017-12-11")),
    ],
)
def test_a_report_is_traded_on_in_the_first_session_after_it(date, time, reaction):
    row = {"date": date, "time": time, "learnt_at": "2017-11-01T12:00Z"}
    assert find_reactions(place(row, first="2017-11-01", last="2017-11-30")) == [reaction]


@pytest.mark.parametrize(
    ("calendar", "close"),
    [
        ("XNYS", "2024-03-08T21:00Z"),  # the Friday before clocks go forward
        ("XNYS", "2024-03-11T20:00Z"),  # and the Monday after
        ("XNYS", "2024-07-03T17:00Z"),  # a half day
        ("XTKS", "2024-03-08T06:00Z"),
        ("XLON", "2024-03-28T16:30Z"),
        ("XLON", "2024-04-02T15:30Z"),
        ("XETR", "2024-03-28T16:30Z"),
        ("XETR", "2024-04-02T15:30Z"),
    ],
)
def test_a_version_is_known_at_a_close_if_it_was_learnt_by_then(calendar, close):
    moment = pd.Timestamp(close)
    on_time, late = (
        place(
            {"date": moment.date() + pd.Timedelta(days=30), "learnt_at": str(learnt)},
            first="2024-03-01",
            last="2024-07-31",
            calendar=calendar,
        )
        for learnt in (moment, moment + MICROSECOND)
    )
    known = int(on_time.known_from[0])
    assert str(on_time.calendar[known]) == close[:10]
    assert late.known_from.tolist() == [known + 1]


def test_a_version_superseded_at_the_close_is_not_known_then():
    closes = pd.Timestamp("2024-02-01T21:00Z")
    for moment, known in ((closes, "2024-01-31"), (closes + MICROSECOND, "2024-02-01")):
        reports = place(
            {
                "date": "2024-02-20",
                "learnt_at": "2024-01-10T12:00Z",
                "superseded_at": str(moment),
            },
            first="2024-01-02",
            last="2024-02-15",
        )
        assert str(reports.calendar[reports.known_until[0] - 1]) == known


def test_between_a_version_and_the_next_none_or_both_are_never_known():
    moved = "2024-01-24T15:00Z"
    reports = place(
        {"date": "2024-02-01", "learnt_at": "2024-01-10T12:00Z", "superseded_at": moved},
        {"date": "2024-02-06", "learnt_at": moved},
        first="2024-01-02",
        last="2024-02-15",
    )
    assert reports.known_until.tolist() == [reports.known_from[1], NEVER]


def test_a_version_learnt_at_an_unknown_moment_counts_as_announced_ten_sessions_ahead():
    early = {"date": "2024-01-09", "time": "before_open"}
    later = {"date": "2024-01-31", "time": "unknown"}
    reports = place(early, later, first="2024-01-02", last="2024-02-15")
    assert reports.first.tolist() == [5, 20]
    assert reports.known_from.tolist() == [0, 10]


def test_a_version_that_never_was_known_at_a_close_is_left_out():
    within_a_day = {
        "date": "2024-02-01",
        "learnt_at": "2024-01-10T15:00Z",
        "superseded_at": "2024-01-10T18:00Z",
    }
    before_the_data = {"date": "2023-12-29", "learnt_at": "2023-12-01T12:00Z"}
    after_the_data = {"date": "2024-02-01", "learnt_at": "2024-02-15T21:00:01Z"}
    superseded_before = {
        "date": "2024-02-01",
        "learnt_at": "2023-12-01T12:00Z",
        "superseded_at": "2023-12-20T12:00Z",
    }
    far = {"date": "2024-09-03", "learnt_at": "2024-01-10T12:00Z"}
    rows = (within_a_day, before_the_data, after_the_data, superseded_before, far)
    for row in rows:
        reports = place(row, first="2024-01-02", last="2024-02-15")
        assert len(reports.first) == 0


def test_of_other_tickers_kinds_and_years_nothing_is_placed():
    learnt = {"date": "2024-02-01", "learnt_at": "2024-01-10T15:00Z"}
    others = ({**learnt, "ticker": "C"}, {**learnt, "kind": "split"})
    reports = place({**learnt, "ticker": "B"}, *others, first="2024-01-02", last="2024-02-15")
    assert reports.column.tolist() == [1]


def test_without_versions_there_are_no_reports():
    sessions = sessions_between("XNYS", pd.Timestamp("2024-01-02"), pd.Timestamp("2024-02-15"))
    reports = build_known_reports(NOTHING_EXTERNAL.events, ("A",), sessions, "XNYS")
    assert len(reports.column) == 0
    assert len(reports.calendar) == len(sessions) + PLANNED_SESSIONS


def test_a_date_is_known_a_hundred_sessions_ahead_at_most():
    row = {"date": "2024-09-03", "time": "before_open", "learnt_at": "2024-01-10T12:00Z"}
    reports = place(row, first="2024-01-02", last="2024-08-30")
    assert (reports.first - reports.known_from).tolist() == [FARTHEST_AHEAD]


@pytest.mark.parametrize("calendar", ["XNYS", "XTKS", "24/7"])
def test_features_of_a_session_are_the_same_when_the_data_end_with_it(calendar):
    rng = np.random.default_rng(11)
    sessions = sessions_between(calendar, pd.Timestamp("2022-01-03"), pd.Timestamp("2023-06-30"))
    sessions = sessions[:330]
    gaps = (days(sessions, calendar).astype(float) for days in (days_since_previous, days_to_next))
    bars = dataclasses.replace(
        random_bars(), sessions=sessions, **dict(zip(GAPS, gaps, strict=True))
    )
    versions = draw_versions(bars.tickers, closing_moments(calendar, sessions), rng)

    def compute(t: int) -> np.ndarray:
        known = build_known_reports(versions, bars.tickers, sessions[: t + 1], calendar)
        cut = dataclasses.replace(bars.until(t), reports=known)
        return np.stack([FEATURES[name].compute(cut)[: t + 1] for name in NAMES], axis=2)

    complete = compute(len(sessions) - 1)
    assert np.isfinite(complete).mean() > 0.5
    for t in rng.integers(0, len(sessions), 8).tolist():
        np.testing.assert_array_equal(compute(t), complete[: t + 1])
