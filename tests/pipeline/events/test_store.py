"""The store of events: rows are only ever added, by several processes, and damage is told."""

import datetime as dt
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from tests.pipeline.events.samples import NOW
from volcast.pipeline.errors import StorageError
from volcast.pipeline.events.client import build_answer
from volcast.pipeline.events.refresh import find_due
from volcast.pipeline.events.store import EventStore

ROOT = Path(__file__).parents[3]
DAY = dt.timedelta(days=1)


@pytest.fixture
def store(tmp_path):
    return EventStore(tmp_path / "events" / "s", "s")


def says(*days: str, reason="", **columns):
    return build_answer(
        "s", "AAA", [{"date": day, "learnt_at": NOW, **columns} for day in days], reason
    )


def days(store, as_of=None) -> list[str]:
    return store.read(["AAA"], as_of).events["date"].dt.strftime("%m-%d").tolist()


def test_what_is_recorded_is_read_back(store):
    assert store.record("AAA", says("2024-07-25", time="after_close"), NOW) == 1
    stored = store.read(["AAA", "BBB"])
    row = stored.events.iloc[0]
    assert (row["ticker"], row["time"], row["source"]) == ("AAA", "after_close", "s")
    assert (row["learnt_at"], stored.asked) == (NOW, {"AAA": NOW})
    assert store.tickers() == ["AAA"]


def test_asked_and_nothing_new_is_recorded_and_told_from_not_asked(store):
    store.record("AAA", says("2024-07-25"), NOW)
    assert store.record("AAA", says("2024-07-25"), NOW + DAY) == 0
    store.record("AAA", says(reason="no date"), NOW + 2 * DAY)
    stored = store.read(["AAA", "BBB"])
    assert stored.asked == {"AAA": NOW + 2 * DAY} and stored.reasons == {"AAA": "no date"}
    assert days(store) == ["07-25"] and len(store.log("AAA")) == 3
    assert store.read(["AAA"], NOW + DAY).reasons == {}


def test_nothing_is_ever_overwritten(store):
    logs = []
    for number, day in enumerate(("2024-07-25", "2024-07-30", "2024-07-25", "2024-10-24")):
        moment = NOW + number * DAY
        store.record("AAA", says(day, learnt_at=moment), moment)
        logs.append(store.log("AAA"))
    for before, after in pairwise(logs):
        pd.testing.assert_frame_equal(after.iloc[: len(before)], before)
    assert days(store) == ["07-25", "07-25", "07-30", "10-24"]
    assert days(store, NOW + DAY) == ["07-25", "07-30"]


def test_a_row_with_a_reference_is_added_once_whatever_it_says(store):
    store.record("AAA", says("2024-07-25", reference="f-1", authoritative=True), NOW)
    store.record("AAA", says("2024-07-26", reference="f-1", authoritative=True), NOW + DAY)
    assert days(store) == ["07-25"] and store.read(["AAA"]).references == {"AAA": {"f-1"}}


def test_a_clock_that_went_back_does_not_reorder_requests(store):
    store.record("AAA", says("2024-07-25"), NOW)
    store.record("AAA", says("2024-07-30"), NOW - DAY)
    assert store.log("AAA")["asked_at"].is_monotonic_increasing
    assert store.read(["AAA"]).asked == {"AAA": NOW}


@pytest.mark.parametrize("damage", [b"", b"PAR1 no", b"x" * 100])
def test_a_damaged_file_is_named_with_the_remedy(store, damage):
    store.record("AAA", says("2024-07-25"), NOW)
    (store.folder / "AAA.parquet").write_bytes(damage)
    for use in (lambda: store.read(["AAA"]), lambda: store.record("AAA", says(), NOW)):
        with pytest.raises(StorageError, match=r"AAA\.parquet: the stored file is damaged .* move"):
            use()


def test_a_full_disk_leaves_what_was_stored(store, monkeypatch):
    store.record("AAA", says("2024-07-25"), NOW)

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("volcast.pipeline.events.store.pq.write_table", fail)
    with pytest.raises(StorageError, match="cannot write"):
        store.record("AAA", says("2024-07-30"), NOW + DAY)
    assert days(store) == ["07-25"]


WRITER = """
import datetime as dt, sys
from pathlib import Path
from volcast.pipeline.events.client import build_answer
from volcast.pipeline.events.store import EventStore
store, now = EventStore(Path(sys.argv[1]), "s"), dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
for number in range(10):
    rows = [{"date": "2024-07-25", "reference": f"theirs {number}", "authoritative": True}]
    store.record("AAA", build_answer("s", "AAA", rows), now)
"""


def write(store, reference) -> None:
    store.record("AAA", says("2024-07-25", reference=reference, authoritative=True), NOW)


def test_two_processes_lose_no_row(store):
    command = [sys.executable, "-c", WRITER, str(store.folder)]
    with subprocess.Popen(command, cwd=ROOT) as other:
        written = 0
        while other.poll() is None:
            write(store, f"ours {written}")
            written += 1
    assert other.returncode == 0
    ours, theirs = (f"ours {n}" for n in range(written)), (f"theirs {n}" for n in range(10))
    assert store.read(["AAA"]).references["AAA"] == {*ours, *theirs}


def due(store, now, near=None) -> bool:
    return find_due(store.read(["AAA"]), ["AAA"], now, near) == ["AAA"]


def test_a_ticker_is_due_on_the_next_day_in_utc(store):
    assert due(store, NOW)
    store.record("AAA", says(), NOW)
    late = NOW.replace(hour=23, minute=59)
    assert not due(store, late) and due(store, late + dt.timedelta(minutes=1))


@pytest.mark.parametrize(
    ("day", "near"),
    [("2024-06-01", True), ("2024-06-07", True), ("2024-06-10", False), ("2024-05-31", False)],
)
def test_a_date_within_five_sessions_is_near(store, day, near):
    store.record("AAA", says(day), NOW)  # a Saturday
    assert due(store, NOW + dt.timedelta(hours=6), dt.timedelta(hours=6)) is near
    assert not due(store, NOW + dt.timedelta(hours=5), dt.timedelta(hours=6))
