"""The event table: what it fills in, what it rejects, and its hash."""

import pandas as pd
import pytest

from tests.pipeline.events.samples import event, table
from volcast.pipeline.errors import DataError
from volcast.pipeline.events.event_table import (
    EVENT_COLUMNS,
    build_empty_event_table,
    compute_event_hash,
    to_event_table,
)


def learnt(text) -> str:
    return str(table(event("2024-02-01", text))["learnt_at"][0])


def test_ticker_and_date_are_enough():
    events = to_event_table(pd.DataFrame({"symbol": ["B", "A"], "date": ["2024-02-01"] * 2}), "me")
    assert tuple(events.columns) == EVENT_COLUMNS
    assert events["ticker"].tolist() == ["A", "B"]
    first = events.iloc[0].to_dict()
    assert (first["time"], first["kind"], first["source"]) == ("unknown", "earnings", "me")
    assert first["learnt_at"] is pd.NaT and first["authoritative"] is False


def test_types_do_not_depend_on_the_rows():
    expected = build_empty_event_table().dtypes
    assert table(event("2024-02-01", "2024-01-01")).dtypes.equals(expected)
    assert table(event("2024-02-01")).dtypes.equals(expected)


def test_a_date_keeps_the_day_that_is_written_whatever_its_timezone():
    day = pd.Timestamp("2024-02-01 23:30", tz="America/New_York")
    assert table(event(day))["date"].tolist() == [pd.Timestamp("2024-02-01")]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-02-01T21:30", "2024-02-01 21:30:00+00:00"),
        ("2024-02-01T16:30-05:00", "2024-02-01 21:30:00+00:00"),
        ("2024-02-01", "2024-02-01 23:59:59.999999+00:00"),  # not earlier than it was learnt
        ("20240201", "2024-02-01 23:59:59.999999+00:00"),
        (pd.Timestamp("2024-02-01 16:30", tz="America/New_York"), "2024-02-01 21:30:00+00:00"),
        (pd.Timestamp("2024-02-01 21:30"), "2024-02-01 21:30:00+00:00"),
        ("", "NaT"),
        (None, "NaT"),
    ],
)
def test_the_moment_of_learning_is_in_utc_and_a_day_counts_from_its_end(written, meant):
    assert learnt(written) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("BMO", "before_open"), ("After Close", "after_close"),
        ("after-market close", "after_close"),
        ("TNS", "unknown"), ("", "unknown"), (None, "unknown"), ("before_open", "before_open"),
    ],
)  # fmt: skip
def test_times_of_day_are_read_as_others_write_them(written, meant):
    assert table(event("2024-02-01", time=written))["time"].tolist() == [meant]


@pytest.mark.parametrize("written", ["true", True, 1, "1.0", "Yes"])
def test_flags_are_read_as_others_write_them(written):
    events = table(event("2024-02-01", record=written), event("2024-03-01", record=None))
    assert events["authoritative"].tolist() == [True, False]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"date": "soon"}, "f.csv: column date, row 2 below the header: 'soon' is not a date"),
        ({"date": None}, "f.csv: column date, row 2 below the header: '' is not a date"),
        ({"time": "noon"}, "'noon' is not one of before_open, after_close, unknown; fix or drop"),
        (
            {"kind": "merger"},
            "column kind, row 2 below the header: 'merger' is not one of earnings",
        ),
        ({"learnt_at": "later"}, "'later' is not a moment such as 2020-01-31T22:00Z; fix or drop"),
        ({"authoritative": "maybe"}, "'maybe' is not one of true, false; fix or drop the row"),
        ({"ticker": " "}, "is not a ticker; fix or drop the row"),
    ],
)
def test_a_wrong_value_is_named_with_file_row_rule_and_remedy(change, says):
    rows = pd.DataFrame([event("2024-02-01"), event("2024-05-01") | change])
    with pytest.raises(DataError) as caught:
        to_event_table(rows, origin="f.csv")
    assert says in str(caught.value) and str(caught.value).startswith("f.csv: ")


@pytest.mark.parametrize("column", ["ticker", "date"])
def test_a_missing_column_is_named(column):
    rows = pd.DataFrame([event("2024-02-01")]).drop(columns=column)
    with pytest.raises(DataError, match=f"missing column {column}; found .*; add or rename it"):
        to_event_table(rows)


def test_rows_are_sorted_by_ticker_date_and_learning_and_each_is_there_once():
    late, early = event("2024-02-01", "2024-01-09T12Z"), event("2024-02-01", "2024-01-02T12Z")
    other = event("2024-01-01", ticker="ZZZ")
    events = table(other, late, early, late)
    assert events["ticker"].tolist() == ["AAA", "AAA", "ZZZ"]
    assert events["learnt_at"].dt.day.tolist()[:2] == [2, 9]


def test_the_hash_tells_every_column_apart_and_nothing_else():
    rows = event("2024-02-01", "2024-01-02T12Z")
    changes = [
        {"ticker": "B"}, {"date": "2024-02-02"}, {"time": "after_close"}, {"learnt_at": None},
        {"source": "other"}, {"authoritative": True},
    ]  # fmt: skip
    hashes = {compute_event_hash(table(rows | change)) for change in [{}, *changes]}
    assert len(hashes) == len(changes) + 1
    assert compute_event_hash(table(rows, rows)) == compute_event_hash(table(rows))
