"""How often an announced date was right, counted by hand."""

import pandas as pd
import pytest

from tests.pipeline.events.samples import event, table
from volcast.pipeline.events.accuracy import measure_accuracy

REPORT = event("2024-05-09", "2024-05-09T21Z", "after_close", source="sec", record=True)
# Five sessions before Thursday, May 9 is Thursday, May 2.
ASKED = {"s": {"AAA": pd.Timestamp("2024-04-01", tz="UTC")}}


def measure(*events: dict, asked=ASKED) -> dict:
    (row,) = measure_accuracy(table(*events), asked).to_dict("records")
    shares = ("right", "day_off", "further_off", "missing")
    assert sum(row[name] for name in shares) == pytest.approx(1)
    return {"reports": row["reports"], **{name: row[name] for name in shares if row[name]}}


@pytest.mark.parametrize(
    ("day", "share"),
    [
        ("2024-05-09", "right"), ("2024-05-10", "day_off"), ("2024-05-08", "day_off"),
        ("2024-05-13", "further_off"), ("2024-05-07", "further_off"),
        ("2024-08-08", "missing"),
    ],
)  # fmt: skip
def test_the_announced_day_is_compared_with_that_of_the_record(day, share):
    assert measure(event(day, "2024-04-10T12Z"), REPORT) == {"reports": 1, share: 1.0}


def test_what_is_learnt_within_five_sessions_does_not_count():
    early, late = event("2024-05-13", "2024-04-10T12Z"), event("2024-05-09", "2024-05-02T01Z")
    assert measure(early, late, REPORT) == {"reports": 1, "further_off": 1.0}
    in_time = late | {"learnt_at": "2024-05-02T00:00Z"}
    assert measure(early, in_time, REPORT) == {"reports": 1, "right": 1.0}


def test_a_ticker_that_was_asked_for_later_is_not_counted_and_one_asked_in_vain_is_missing():
    other = event("2024-05-09", "2024-05-09T21Z", ticker="BBB", source="sec", record=True)
    told = event("2024-05-09", "2024-04-10T12Z")
    assert measure(told, REPORT, other) == {"reports": 1, "right": 1.0}
    both = {"s": {**ASKED["s"], "BBB": ASKED["s"]["AAA"]}}
    assert measure(told, REPORT, other, asked=both) == {"reports": 2, "right": 0.5, "missing": 0.5}


def test_preliminary_figures_are_no_report():
    early = event("2024-04-20", "2024-04-20T12Z", source="sec", record=True)
    assert measure(event("2024-05-09", "2024-04-10T12Z"), early, REPORT)["reports"] == 1


def test_sources_are_told_apart_and_one_without_reports_has_no_shares():
    events = table(
        event("2024-05-09", "2024-04-10T12Z"), event("2024-05-10", "2024-04-10T12Z", source="t"),
        event("2024-08-08", "2024-08-01T12Z", source="u", ticker="CCC"), REPORT,
    )  # fmt: skip
    found = measure_accuracy(events, {}).set_index("source")
    assert found["reports"].to_dict() == {"s": 1, "t": 1, "u": 0}
    assert found["right"].fillna(-1).to_dict() == {"s": 1.0, "t": 0.0, "u": -1.0}


def test_records_alone_announce_nothing():
    assert measure_accuracy(table(REPORT), {}).empty
