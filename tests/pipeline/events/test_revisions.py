"""Versions: by hand, against the rules read one by one, and invariants of them."""

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.events.samples import event, table
from volcast.pipeline.events.event_table import EVENT_COLUMNS, to_event_table
from volcast.pipeline.events.revisions import (
    MAX_MOVE,
    SAME_REPORT,
    VERSION_COLUMNS,
    active_versions,
)


def versions(*events: dict) -> list[tuple[str, str]]:
    """Return the day of each version and the day on which it was superseded."""
    found = active_versions(table(*events))
    ends = found["superseded_at"].dt.strftime("%m-%d").fillna("")
    return list(zip(found["date"].dt.strftime("%m-%d"), ends, strict=True))


MOVED = (event("2024-05-02", "2024-04-01T12Z"), event("2024-05-07", "2024-04-20T12Z", source="t"))


def test_a_date_that_moves_is_superseded_when_the_new_one_is_learnt():
    assert versions(*MOVED) == [("05-02", "04-20"), ("05-07", "")]


def test_a_date_that_moves_back_is_a_version_again():
    back = event("2024-05-02", "2024-04-25T12Z")
    assert versions(*MOVED, back) == [("05-02", "04-20"), ("05-02", ""), ("05-07", "04-25")]


def test_the_next_quarter_supersedes_nothing():
    both = event("2024-05-02", "2024-04-01T12Z"), event("2024-08-01", "2024-04-20T12Z")
    assert versions(*both) == [("05-02", ""), ("08-01", "")]


def test_a_date_that_has_passed_is_not_moved_by_an_announcement():
    both = event("2024-05-02", "2024-04-01T12Z"), event("2024-05-20", "2024-05-03T12Z")
    assert versions(*both) == [("05-02", ""), ("05-20", "")]


def test_a_date_is_still_to_come_on_its_own_day():
    both = event("2024-05-02", "2024-04-01T12Z"), event("2024-05-20", "2024-05-02T01Z")
    assert versions(*both) == [("05-02", "05-02"), ("05-20", "")]


def test_a_record_supersedes_what_was_announced_also_when_the_date_has_passed():
    record = event("2024-05-06", "2024-05-06T21Z", "after_close", record=True)
    assert versions(MOVED[0], record) == [("05-02", "05-06"), ("05-06", "")]


def test_preliminary_figures_do_not_supersede_the_date_of_the_report():
    early = event("2024-04-20", "2024-04-20T12Z", "before_open", record=True)
    assert versions(event("2024-05-02", "2024-04-01T12Z"), early) == [("04-20", ""), ("05-02", "")]


def test_an_announcement_of_a_report_that_is_on_record_never_holds():
    record = event("2024-05-02", "2024-05-02T21Z", "after_close", record=True)
    stale = event("2024-05-03", "2024-05-02T23Z")
    found = active_versions(table(record, stale))
    assert (found["superseded_at"] == found["learnt_at"]).tolist() == [False, True]


def test_a_second_filing_within_days_is_the_same_report():
    first = event("2024-05-02", "2024-05-02T21Z", "after_close", record=True)
    second = event("2024-05-06", "2024-05-06T12Z", "before_open", record=True)
    assert versions(first, second) == [("05-02", "")]


def test_another_source_with_the_same_day_and_time_is_no_new_version():
    again = event("2024-05-02", "2024-04-10T12Z", source="t")
    assert versions(event("2024-05-02", "2024-04-01T12Z"), again) == [("05-02", "")]


def test_the_time_of_day_supersedes_an_unknown_one_and_not_the_other_way_round():
    known = event("2024-05-02", "2024-04-10T12Z", "after_close", source="t")
    unknown = event("2024-05-02", "2024-04-12T12Z", source="u")
    found = active_versions(table(event("2024-05-02", "2024-04-01T12Z"), known, unknown))
    assert found["time"].tolist() == ["unknown", "after_close"]
    assert found["superseded_at"].isna().tolist() == [False, True]


def test_a_record_takes_over_from_the_announcement_that_it_confirms():
    told = event("2024-05-02", "2024-04-01T12Z", "after_close")
    record = event("2024-05-02", "2024-05-02T21Z", "after_close", record=True)
    later = event("2024-05-03", "2024-05-03T12Z", "before_open", record=True)
    assert versions(told, record, later) == [("05-02", "05-02"), ("05-02", "")]


def test_dates_of_unknown_learning_all_hold_until_one_is_moved():
    file = event("2024-05-02"), event("2024-05-10"), event("2024-02-01", source="t")
    assert versions(*file) == [("02-01", ""), ("05-02", ""), ("05-10", "")]
    moved = event("2024-05-03", "2024-04-20T12Z")
    assert versions(*file, moved)[1:] == [("05-02", "04-20"), ("05-03", ""), ("05-10", "04-20")]


def test_two_files_that_name_a_day_give_one_version_with_the_time_that_one_of_them_knows():
    found = active_versions(
        table(event("2024-05-02"), event("2024-05-02", time="before_open", source="t"))
    )
    assert found["time"].tolist() == ["before_open"]
    assert found["superseded_at"].isna().all()


def test_a_record_of_unknown_learning_replaces_what_was_announced_from_the_outset():
    record = event("2024-05-03", record=True, time="before_open")
    assert versions(record, event("2024-05-02", "2024-04-01T12Z")) == [
        ("05-02", "04-01"),
        ("05-03", ""),
    ]


def test_an_empty_table_has_no_versions():
    found = active_versions(table(event("2024-05-02")).iloc[:0])
    assert tuple(found.columns) == VERSION_COLUMNS and found.empty
    assert str(found["superseded_at"].dtype) == "datetime64[us, UTC]"


def draw_events(seed: int, rows: int = 60) -> pd.DataFrame:
    """Reports of two tickers near four dates, learnt in any order, some of it unknown."""
    rng = np.random.default_rng(seed)
    base = np.datetime64("2024-01-20") + 30 * rng.integers(0, 4, rows)
    learnt = base + rng.integers(-40, 10, rows)
    moments = pd.Series(pd.DatetimeIndex(learnt.astype("datetime64[us]"))) + pd.Timedelta("15h")
    return to_event_table(
        pd.DataFrame(
            {
                "ticker": rng.choice(["A", "B"], rows),
                "date": base + rng.integers(-8, 9, rows),
                "time": rng.choice(["unknown", "before_open", "after_close"], rows),
                "learnt_at": moments.where(rng.random(rows) > 0.2),
                "source": rng.choice(["s", "t"], rows),
                "authoritative": rng.random(rows) < 0.3,
            }
        )
    )


def naive_versions(events: pd.DataFrame) -> pd.DataFrame:
    """The rules read one by one, each row against all versions that hold when it is learnt."""
    records = events.assign(end=pd.NaT, kept=True).to_dict("records")
    unknown = pd.Timestamp.min.tz_localize("UTC")
    order = sorted(
        records,
        key=lambda r: (r["learnt_at"] if r["learnt_at"] is not pd.NaT else unknown,
                       not r["authoritative"], r["date"]),
    )  # fmt: skip
    holding: list[dict] = []
    for new in order:
        dated = new["learnt_at"] is not pd.NaT
        ended, stale = [], False
        for old in holding:
            gap = (new["date"] - old["date"]).days
            if old["ticker"] != new["ticker"] or abs(gap) > MAX_MOVE:
                continue
            to_come = dated and old["date"] >= new["learnt_at"].tz_localize(None).normalize()
            adds_time = old["time"] == "unknown" != new["time"]
            lacks_time = new["time"] == "unknown" != old["time"]
            if gap == 0 and (adds_time or lacks_time):
                ended += [old] if adds_time else []
                new["kept"] &= adds_time
            elif new["authoritative"] and old["authoritative"]:
                new["kept"] &= abs(gap) > SAME_REPORT
            elif new["authoritative"]:
                ended += [old] if gap >= -SAME_REPORT else []
            elif old["authoritative"]:
                known = gap == 0 and new["time"] == old["time"]
                stale |= gap <= SAME_REPORT and dated and not known
                new["kept"] &= gap > SAME_REPORT or (dated and not known)
            elif gap == 0 and (new["time"] == old["time"] or not to_come):
                new["kept"] = False
            else:
                ended += [old] if to_come else []
        if not new["kept"]:
            continue
        if stale:
            new["end"] = new["learnt_at"]
            continue
        for old in ended:
            old["end"], old["kept"] = new["learnt_at"], dated
        holding = [old for old in holding if not any(old is one for one in ended)] + [new]
    rows = [{**r, "superseded_at": r["end"]} for r in records if r["kept"]]
    return pd.DataFrame(rows)[list(VERSION_COLUMNS)].astype(
        {"superseded_at": "datetime64[us, UTC]"}
    )


@pytest.mark.parametrize("seed", range(12))
def test_versions_are_those_of_the_rules_read_one_by_one(seed):
    events = draw_events(seed)
    expected = naive_versions(events)
    found = active_versions(events)
    assert found["superseded_at"].notna().sum() > 5 and len(found) < len(events)
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_learnt_later_changes_no_version_of_before(seed):
    events = draw_events(seed)
    cut = pd.Timestamp("2024-03-01T12Z")
    then = active_versions(events[~(events["learnt_at"] > cut)].reset_index(drop=True))
    now = active_versions(events)
    now = now[~(now["learnt_at"] > cut)]
    now["superseded_at"] = now["superseded_at"].mask(now["superseded_at"] > cut)
    assert now["superseded_at"].notna().any()
    pd.testing.assert_frame_equal(now.reset_index(drop=True), then)


def test_the_order_of_the_rows_does_not_matter():
    events = draw_events(1)
    shuffled = to_event_table(events.sample(frac=1, random_state=0)[list(EVENT_COLUMNS)])
    pd.testing.assert_frame_equal(active_versions(shuffled), active_versions(events))
