"""What is known of each ticker's reports at an origin, by hand and against the features."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.panel.test_known_reports import build_versions
from volcast.features.known_reports import NEVER
from volcast.pipeline.data.calendars.sessions import sessions_between
from volcast.pipeline.panel.external import NOTHING_EXTERNAL
from volcast.pipeline.panel.report_knowledge import describe_report_knowledge


def describe(*rows, origin="2024-05-01", first="2022-01-03", calendars=None):
    external = dataclasses.replace(NOTHING_EXTERNAL, events=build_versions(*rows))
    sessions = sessions_between("XNYS", pd.Timestamp(first), pd.Timestamp(origin))
    return describe_report_knowledge(external, calendars or {"A": "XNYS"}, sessions)


def learnt(date, ahead=0, **more):
    """A report learnt some days before its day, at noon."""
    moment = pd.Timestamp(date) - pd.Timedelta(days=ahead)
    return {"date": date, "learnt_at": f"{moment:%Y-%m-%d}T12:00Z", "time": "before_open", **more}


QUARTERS = ("2023-05-04", "2023-08-03", "2023-11-02", "2024-02-01")
PAST = [learnt(day) for day in QUARTERS]
COMING = learnt("2024-05-09", ahead=20)


def test_an_announced_date_is_told_with_the_sessions_to_it():
    row = describe(*PAST, COMING).iloc[0].to_dict()
    assert (row["knowledge"], row["reports"], row["ahead"]) == ("announced", 4, 6)
    assert (row["last"], row["next"]) == (pd.Timestamp("2024-02-01"), pd.Timestamp("2024-05-09"))


def test_the_session_of_an_unknown_time_may_be_that_of_the_origin():
    today = learnt("2024-05-01", ahead=9, time="unknown")
    row = describe(*PAST, today).iloc[0]
    assert (row["knowledge"], row["ahead"], str(row["next"].date())) == (
        "announced",
        1,
        today["date"],
    )


@pytest.mark.parametrize(
    ("origin", "ahead"), [("2024-05-01", 1), ("2024-05-02", 0), ("2024-05-08", -4)]
)
def test_without_an_announced_date_the_next_one_is_estimated_from_the_past(origin, ahead):
    row = describe(*PAST, origin=origin).iloc[0]
    assert (row["knowledge"], row["ahead"], row["lead"]) == ("estimated", ahead, 0)
    assert row["next"] == pd.Timestamp("2024-05-02")  # 364 days after that of the year before


def test_the_lead_is_that_of_the_last_report():
    ahead = [*PAST[:-1], learnt(QUARTERS[-1], ahead=7)]
    assert describe(*ahead)["lead"].tolist() == [5]
    assert describe(*ahead[:-1], {"date": QUARTERS[-1], "time": "before_open"})["lead"].item() == 10


def test_a_date_learnt_after_the_close_or_superseded_by_then_is_not_known():
    late = {**COMING, "learnt_at": "2024-05-01T20:00:01Z"}
    assert describe(*PAST, late)["knowledge"].tolist() == ["estimated"]
    moved = {**COMING, "superseded_at": "2024-05-01T20:00Z"}
    assert describe(*PAST, moved)["knowledge"].tolist() == ["estimated"]
    assert (
        describe(*PAST, {**late, "learnt_at": "2024-05-01T20:00Z"})["knowledge"].item()
        == "announced"
    )


def test_without_reports_and_without_an_exchange_that_was_open_nothing_is_known():
    calendars = {"B": "XNYS", "A": "XNYS", "C": "XETR"}
    table = describe(*PAST, calendars=calendars)
    assert table["ticker"].tolist() == ["B", "A", "C"]
    assert table["knowledge"].tolist() == ["none", "estimated", "none"]
    assert table["reports"].tolist() == [0, 4, 0] and table["last"].isna().tolist() == [
        True,
        False,
        True,
    ]
    assert table["ahead"].tolist() == [NEVER, 1, NEVER]


def test_reports_before_the_first_session_are_not_counted():
    table = describe(*PAST, first="2023-07-03")
    assert table["reports"].tolist() == [3] and np.isfinite(table["ahead"]).all()
