"""The words on short histories."""

import pandas as pd

from volcast.reports.short_histories import (
    add_history_notes,
    describe_history,
    has_short_history,
    list_histories,
)

FIRST = pd.Timestamp("2021-03-01")
HISTORIES = pd.DataFrame({"ticker": ["NEW", "GAP"], "sessions": [64, 900], "first": [FIRST] * 2})


def test_a_listing_has_its_first_session_and_a_gap_the_last_year():
    assert describe_history(249, FIRST) == "249 sessions since 2021-03-01"
    assert describe_history(250, FIRST) == "few of the last 250 sessions"


def test_only_forecasts_from_short_histories_have_a_note():
    table = pd.DataFrame({"ticker": ["A", "NEW", "NEW", "GAP"]})
    noted = add_history_notes(table.assign(short_history=[False, True, False, True]), HISTORIES)
    listing, gap = "64 sessions since 2021-03-01", "few of the last 250 sessions"
    assert noted["history"].tolist() == ["", listing, "", gap]
    assert list_histories(noted) == f"NEW ({listing}), GAP ({gap})"


def test_forecasts_of_an_earlier_version_have_none():
    table = pd.DataFrame({"ticker": ["NEW"]})
    assert not has_short_history(table).any()
    assert add_history_notes(table, HISTORIES)["history"].tolist() == [""]
    unknown = table.assign(short_history=pd.array([pd.NA], "boolean"))
    assert has_short_history(unknown).tolist() == [False]


def test_where_no_history_is_short_the_notes_are_empty_texts():
    table = pd.DataFrame({"ticker": ["A"], "short_history": [False]})
    noted = add_history_notes(table, HISTORIES.iloc[:0])
    assert noted["history"].tolist() == [""] and list_histories(noted) == ""


def test_the_first_three_are_named_and_the_others_counted():
    table = pd.DataFrame({"ticker": list("ABCDE"), "history": ["x"] * 5})
    assert list_histories(table) == "A (x), B (x), C (x) and 2 more"
