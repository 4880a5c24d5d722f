"""EDGAR: the day and the time of day at New York however the SEC writes them, and every fault."""

import datetime as dt

import pandas as pd
import pytest

from tests.pipeline.events.edgar_standin import CONTACT
from tests.pipeline.events.samples import NOW
from volcast.pipeline.data.download.rate_limit import BURST
from volcast.pipeline.errors import ConfigError
from volcast.pipeline.events.edgar import CHECKED, RATE, EdgarEvents

QUARTERS = pd.date_range("2012-01-20", periods=20, freq="QS-JAN") + pd.offsets.BDay(15)
YEARS = tuple(f"{day:%Y-%m-%d} 16:05:00" for day in QUARTERS)


def reports(source) -> list[str]:
    events = source.events
    return [
        f"{day:%Y-%m-%d} {time}" for day, time in zip(events["date"], events["time"], strict=True)
    ]


def learnt(source) -> list[str]:
    return source.events["learnt_at"].dt.strftime("%Y-%m-%d %H:%M").tolist()


@pytest.mark.parametrize("clock", ["utc", "new_york"])
@pytest.mark.parametrize(
    ("accepted", "report", "moment"),
    [
        ("2024-01-25 16:05:00", "2024-01-25 after_close", "2024-01-25 21:05"),
        ("2024-01-25 16:00:00", "2024-01-25 after_close", "2024-01-25 21:00"),
        ("2024-01-25 15:59:59", "2024-01-25 before_open", "2024-01-25 20:59"),  # in the session
        ("2024-01-25 07:01:00", "2024-01-25 before_open", "2024-01-25 12:01"),
        ("2024-04-25 07:01:00", "2024-04-25 before_open", "2024-04-25 11:01"),  # daylight time
        ("2024-03-08 16:30:00", "2024-03-08 after_close", "2024-03-08 21:30"),  # clocks change on
        ("2024-03-11 16:30:00", "2024-03-11 after_close", "2024-03-11 20:30"),  # the day between
        ("2023-11-03 16:30:00", "2023-11-03 after_close", "2023-11-03 20:30"),
        ("2023-11-06 16:30:00", "2023-11-06 after_close", "2023-11-06 21:30"),
        ("2024-04-25 21:30:00", "2024-04-25 after_close", "2024-04-26 01:30"),  # next day in UTC
        ("2023-07-03 13:30:00", "2023-07-03 after_close", "2023-07-03 17:30"),  # a half day
        ("2024-03-29 09:00:00", "2024-03-29 before_open", "2024-03-29 13:00"),  # Good Friday
    ],
)
def test_a_report_has_its_day_and_time_at_new_york(edgar, load, clock, accepted, report, moment):
    edgar.serve("AAA", accepted, clock=clock)
    source = load("edgar", "AAA")
    assert (reports(source), learnt(source)) == ([report], [moment])
    assert source.events["authoritative"].all() and set(source.events["source"]) == {"edgar"}


@pytest.mark.parametrize("clock", ["utc", "new_york"])
def test_the_headers_of_the_newest_filings_say_how_the_older_ones_are_written(edgar, load, clock):
    edgar.serve("AAA", *YEARS, clock=clock, older=10)
    source = load("edgar", "AAA")
    assert reports(source) == [f"{moment[:10]} after_close" for moment in YEARS]
    assert edgar.asked("/Archives/") == CHECKED


def test_a_newest_filing_that_is_written_otherwise_does_not_mislead(edgar, load):
    morning = tuple(moment.replace("16:05", "12:10") for moment in YEARS)  # both readings fit
    edgar.serve("AAA", *morning, clock="utc")
    filings = edgar.paths["/submissions/CIK0000001000.json"]["filings"]["recent"]
    filings["acceptanceDateTime"][-1] = f"{morning[-1][:10]}T12:10:00.000Z"
    source = load("edgar", "AAA")
    assert {moment[-5:] for moment in learnt(source)} == {"16:10", "17:10"}


def test_without_headers_hours_and_filing_date_decide_or_the_time_is_unknown(edgar, load):
    edgar.serve("AAA", "2024-01-25 16:05:00", "2024-04-25 07:01:00", "2024-05-20 08:30:00")
    for path in list(edgar.paths):
        if path.startswith("/Archives"):
            del edgar.paths[path]
    source = load("edgar", "AAA")
    # 21:05 fits as UTC only, dated the same day; 11:01 and 12:30 could be either clock
    assert reports(source) == ["2024-01-25 after_close", "2024-04-25 unknown", "2024-05-20 unknown"]
    assert learnt(source)[1:] == ["2024-04-25 15:01", "2024-05-20 16:30"]  # the later reading


@pytest.mark.parametrize(
    ("form", "items", "count"),
    [
        ("8-K", "2.02", 1), ("8-K", "7.01,2.02,9.01", 1), ("8-K", "7.01,9.01", 0), ("8-K", "", 0),
        ("8-K/A", "2.02", 0), ("10-Q", "", 0), ("8-K", "7,12", 1),
    ],
)  # fmt: skip
def test_only_forms_8_k_with_results_count(edgar, load, form, items, count):
    edgar.serve("AAA", "2024-01-25 16:05:00", form=form, items=items)
    source = load("edgar", "AAA")
    assert len(source.events) == count
    assert ("item 2.02" in source.reasons.get("AAA", "item 2.02")) and edgar.asked("AAA") == 0


@pytest.mark.parametrize(
    ("ticker", "asked"), [("ZZZ", 1), ("7203.T", 0), ("VOD.L", 0), ("^GSPC", 1), ("BTC-USD", 0)]
)
def test_a_ticker_that_is_not_on_the_secs_list_is_a_stated_reason(edgar, load, ticker, asked):
    edgar.serve("AAA", "2024-01-25 16:05:00")
    source = load("edgar", "AAA", ticker)
    assert source.reasons == {ticker: "it is not in the SEC's list of tickers"}
    assert len(source.events) == 1
    load("edgar", ticker)
    assert edgar.asked("company_tickers") == 1  # asked for again tomorrow


def test_a_class_of_shares_is_found_under_the_secs_spelling(edgar, load):
    edgar.serve("BRK-B", "2024-02-24 08:00:00")
    assert load("edgar", "BRK.B").events["ticker"].tolist() == ["BRK.B"]


def test_the_next_day_only_what_is_new_is_read(edgar, load):
    edgar.serve("AAA", *YEARS, older=10)
    first = load("edgar", "AAA")
    edgar.requests.clear()
    edgar.serve("AAA", *YEARS, "2024-05-31 16:10:00", older=10)
    assert load("edgar", "AAA").events.equals(first.events)
    assert edgar.requests == []  # once a day
    tomorrow = load("edgar", "AAA", now=NOW + dt.timedelta(days=1))
    assert reports(tomorrow)[-1] == "2024-05-31 after_close"
    assert len(tomorrow.events) == len(YEARS) + 1
    assert (edgar.asked("submissions-001"), edgar.asked("/Archives/")) == (0, 1)


def test_the_sec_is_told_who_asks(edgar, load):
    edgar.serve("AAA", "2024-01-25 16:05:00")
    load("edgar", "AAA")
    assert edgar.agents == {f"volcast {CONTACT}"}


@pytest.mark.parametrize("contact", ["", "Jane Doe", "@", "jane@example", "j@x.y\r\nHost: z"])
def test_without_a_contact_nothing_is_asked_and_the_remedy_is_named(edgar, load, contact):
    with pytest.raises(ConfigError, match=r'set data\.contact = "Jane Doe jane@example\.com"'):
        load("edgar", "AAA", contact=contact)
    assert edgar.requests == []


FAULTS = [
    (403, "the SEC refuses requests (HTTP 403)"),
    (429, "the SEC refuses requests (HTTP 429)"),
    (503, "the SEC answered HTTP 503; try again later"),
    (b"<html>Maintenance</html>", "the SEC's answer is not JSON"),
    (b'{"filings": {"recent": {"form"', "the SEC's answer is not JSON"),
    (b'{"filings": []}', "the SEC's list of filings cannot be read"),
    (b'{"filings": {"recent": {"form": ["8-K"]}, "files": []}}', "filings cannot be read"),
    ("cut", "the SEC cannot be reached"),
    ("slow", "the SEC cannot be reached (ReadTimeout)"),
]


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(EdgarEvents.__init__, "__kwdefaults__", {"timeout": 0.2})


@pytest.mark.parametrize(("fault", "says"), FAULTS)
def test_a_fault_that_lasts_leaves_what_was_stored_and_is_noted(
    edgar, load, impatient, fault, says
):
    edgar.serve("AAA", "2024-01-25 16:05:00")
    before = load("edgar", "AAA", now=NOW - dt.timedelta(days=3))
    edgar.faults["/submissions/"] = [fault] * 50
    source = load("edgar", "AAA", "BBB")
    assert source.events.equals(before.events)
    (note,) = source.notes
    assert says in note and "what was stored by 2024-05-29 is used, 3 days old" in note
    assert source.refreshed == NOW  # the list of tickers was answered: there is no BBB
    edgar.faults.clear()
    assert load("edgar", "AAA").notes == ()


@pytest.mark.parametrize("fault", [503, b"<html>", "cut", "slow"])
def test_a_fault_that_passes_is_overcome(edgar, load, impatient, fault):
    edgar.serve("AAA", "2024-01-25 16:05:00")
    edgar.faults["*"] = [fault]
    assert len(load("edgar", "AAA").events) == 1


def test_when_nothing_is_stored_a_fault_is_a_failure_and_no_error(edgar, load):
    edgar.faults["*"] = [403] * 50
    source = load("edgar", "AAA", "BBB", "CCC")
    assert source.events.empty and source.refreshed is None
    assert set(source.reasons) == {"AAA", "BBB", "CCC"}
    assert "nothing is stored of 3 tickers" in source.notes[0]


def test_at_most_ten_requests_are_sent_in_a_second(edgar, load, monkeypatch):
    monkeypatch.setattr(EdgarEvents, "rate", RATE)
    for number in range(5):
        edgar.serve(f"T{number}", "2024-01-25 16:05:00")
    started = pd.Timestamp.now()
    load("edgar", *edgar.companies)
    seconds = (pd.Timestamp.now() - started).total_seconds()
    assert BURST + RATE <= 10
    assert len(edgar.requests) == 11 and seconds > (11 - BURST - 1) / RATE
