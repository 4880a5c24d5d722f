"""The coming and the last events, as known at a moment."""

import datetime as dt

from tests.pipeline.events.samples import event, table
from volcast.pipeline.events.overview import list_coming_and_last

MOVED = table(
    event("2024-02-01", "2024-02-01T21Z", record=True),
    event("2024-05-02", "2024-04-01T12Z"),
    event("2024-05-07", "2024-04-20T12Z", source="t"),
)


def dates(events, moment) -> list[tuple[str, str]]:
    found = list_coming_and_last(events, dt.datetime.fromisoformat(moment))
    return list(zip(found["which"], found["date"].dt.strftime("%m-%d"), strict=True))


def test_the_version_that_held_then_is_shown():
    assert dates(MOVED, "2024-04-19T12:00Z") == [("last", "02-01"), ("coming", "05-02")]
    assert dates(MOVED, "2024-04-20T12:00Z") == [("last", "02-01"), ("coming", "05-07")]
    assert dates(MOVED, "2024-01-31T12:00Z") == []


def test_an_event_of_today_at_the_exchange_is_to_come():
    assert dates(MOVED, "2024-05-08T03:59Z")[-1] == ("coming", "05-07")  # 23:59 in New York
    assert dates(MOVED, "2024-05-08T04:00Z")[-1] == ("last", "05-07")


def test_of_several_dates_to_come_the_next_one_is_shown():
    events = table(event("2024-05-02"), event("2024-08-01"), event("2024-10-31"))
    assert dates(events, "2024-06-01T12:00Z") == [("last", "05-02"), ("coming", "08-01")]


def test_each_ticker_has_its_own_last_date():
    both = table(event("2024-02-01"), event("2024-03-01", ticker="BBB"), event("2024-01-01"))
    assert dates(both, "2024-05-01T00:00Z") == [("last", "02-01"), ("last", "03-01")]
