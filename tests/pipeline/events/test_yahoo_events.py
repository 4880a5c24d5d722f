"""Yahoo's coming date through the real yfinance: days at the exchange, estimates, and faults."""

import datetime as dt
import time

import pandas as pd
import pytest

from tests.pipeline.events.samples import NOW
from volcast.pipeline.events.yahoo import YahooEvents

HOURS = dt.timedelta(hours=1)


def announce(*moments: str, estimate=False, zone="UTC") -> dict:
    stamps = [int(pd.Timestamp(moment, tz=zone).timestamp()) for moment in moments]
    return {"earnings": {"earningsDate": stamps, "isEarningsDateEstimate": estimate}}


def page(*moments: str) -> str:
    rows = "".join(
        f"<tr><td>AAA</td><td>A</td><td>{moment}</td><td>1.0</td><td>-</td><td>-</td></tr>"
        for moment in moments
    )
    names = ("Symbol", "Company", "Earnings Date", "EPS Estimate", "Reported EPS", "Surprise (%)")
    head = "".join(f"<th>{name}</th>" for name in names)
    return f"<html><table><tr>{head}</tr>{rows}</table></html>"


def dates(source) -> list[tuple[str, str]]:
    events = source.events
    return list(zip(events["date"].dt.strftime("%Y-%m-%d"), events["time"], strict=True))


DAYS = [
    ("AAA", "2024-07-25 20:30", ("2024-07-25", "after_close")),
    ("AAA", "2024-07-25 20:00", ("2024-07-25", "after_close")),  # at the close
    ("AAA", "2024-07-25 11:30", ("2024-07-25", "before_open")),
    ("AAA", "2024-07-25 16:00", ("2024-07-25", "unknown")),  # noon: no report, a guess
    ("AAA", "2024-07-25 10:59", ("2024-07-25", "unknown")),  # no time of day was supplied
    ("AAA", "2024-07-25 00:00", ("2024-07-25", "unknown")),  # 20:00 of the day before in New York
    ("AAA", "2024-07-25 04:00", ("2024-07-25", "unknown")),  # midnight in New York, summer
    ("AAA", "2024-12-05 05:00", ("2024-12-05", "unknown")),  # and winter
    ("AAA", "2024-11-04 21:30", ("2024-11-04", "after_close")),  # after the clocks have changed
    ("AAA", "2024-11-01 20:30", ("2024-11-01", "after_close")),  # before
    ("AAA", "2024-07-26 01:30", ("2024-07-25", "after_close")),
    ("7203.T", "2024-08-01 05:00", ("2024-08-01", "unknown")),  # during Tokyo's session
    ("7203.T", "2024-08-01 06:25", ("2024-08-01", "after_close")),
    ("7203.T", "2024-07-31 22:30", ("2024-08-01", "before_open")),
    ("7203.T", "2024-08-01 00:00", ("2024-08-01", "unknown")),
    ("7203.T", "2024-07-31 15:00", ("2024-08-01", "unknown")),  # midnight in Tokyo
    ("VOD.L", "2024-07-25 06:00", ("2024-07-25", "before_open")),
    ("VOD.L", "2024-07-24 23:00", ("2024-07-25", "unknown")),  # midnight in London
    ("SAP.DE", "2024-07-22 20:05", ("2024-07-22", "after_close")),
    ("SAP.DE", "2024-07-21 22:00", ("2024-07-22", "unknown")),  # midnight in Frankfurt
]


@pytest.mark.parametrize(("ticker", "moment", "expected"), DAYS)
def test_the_day_is_that_of_the_exchange(standin, load, ticker, moment, expected):
    standin.calendars[ticker] = announce(moment)
    source = load("yahoo", ticker)
    assert dates(source) == [expected]
    row = source.events.iloc[0]
    assert (row["learnt_at"], row["source"], row["authoritative"]) == (NOW, "yahoo", False)


@pytest.fixture(params=["Asia/Tokyo", "America/Los_Angeles"])
def machine(request, monkeypatch):
    """Put the machine into a timezone for the time of a test."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


def test_the_day_does_not_depend_on_the_timezone_of_the_machine(standin, load, machine):
    standin.calendars |= {
        "AAA": announce("2024-07-25 20:30"),
        "7203.T": announce("2024-08-01 06:25"),
    }
    assert dates(load("yahoo", "AAA", "7203.T")) == [
        ("2024-08-01", "after_close"),
        ("2024-07-25", "after_close"),
    ]


@pytest.mark.parametrize(
    "told",
    [
        announce("2024-07-25 20:30", estimate=True),
        announce("2024-07-25 20:30", "2024-07-29 20:30"),
        announce("2024-07-29 20:30", "2024-07-25 20:30"),
        announce("2024-07-25 10:59", "2024-07-25 20:30"),
    ],
)
def test_of_an_estimate_or_a_range_the_first_day_counts_and_the_time_is_unknown(
    standin, load, told
):
    standin.calendars["AAA"] = told
    assert dates(load("yahoo", "AAA")) == [("2024-07-25", "unknown")]


def test_numbers_with_their_format_are_read_too(standin, load):
    told = announce("2024-07-25 20:30")
    told["earnings"]["earningsDate"] = [{"raw": told["earnings"]["earningsDate"][0], "fmt": "x"}]
    standin.calendars["AAA"] = told
    assert dates(load("yahoo", "AAA")) == [("2024-07-25", "after_close")]


def test_a_report_of_today_is_still_to_come_and_yesterdays_is_not(standin, load):
    standin.calendars |= {"AAA": announce("2024-06-01 11:30"), "BBB": announce("2024-05-31 20:30")}
    source = load("yahoo", "AAA", "BBB")
    assert source.events["ticker"].tolist() == ["AAA"]
    assert source.reasons == {"BBB": "Yahoo names no coming report date"}


@pytest.mark.parametrize("told", [{}, {"earnings": {}}, {"earnings": {"earningsDate": []}}])
def test_without_a_coming_date_the_page_of_dates_is_asked(standin, load, told):
    standin.calendars["AAA"] = told
    standin.pages["AAA"] = page(
        "October 31, 2024 at 4 PM EDT", "August 1, 2024 at 4 PM EDT", "May 2, 2024 at 4 PM EDT"
    )
    assert dates(load("yahoo", "AAA")) == [("2024-08-01", "after_close")]


@pytest.mark.parametrize("html", ["", "<html><table></table></html>", page("soon")])
def test_a_page_that_cannot_be_read_is_no_failure_of_the_source(standin, load, html):
    standin.calendars["AAA"] = {}
    standin.pages["AAA"] = html
    source = load("yahoo", "AAA")
    assert source.reasons["AAA"].startswith("Yahoo names no coming report date")
    assert source.notes == () and source.refreshed == NOW


def test_a_date_that_moves_is_a_new_row_and_the_old_one_stays(standin, load):
    standin.calendars["AAA"] = announce("2024-07-25 20:30")
    load("yahoo", "AAA")
    standin.calendars["AAA"] = announce("2024-07-30 20:30")
    load("yahoo", "AAA", now=NOW + 24 * HOURS)
    standin.calendars["AAA"] = announce("2024-07-25 20:30")
    source = load("yahoo", "AAA", now=NOW + 48 * HOURS)
    assert [day for day, _ in dates(source)] == ["2024-07-25", "2024-07-25", "2024-07-30"]
    assert source.events["learnt_at"].dt.day.tolist() == [1, 3, 2]
    then = load("yahoo", "AAA", now=NOW + 72 * HOURS, as_of="2024-06-02T13:00")
    assert [day for day, _ in dates(then)] == ["2024-07-25", "2024-07-30"]


def test_a_ticker_is_asked_for_once_a_day_and_every_six_hours_when_its_date_is_near(standin, load):
    standin.calendars |= {"FAR": announce("2024-07-25 20:30"), "NEAR": announce("2024-06-07 20:30")}
    for hour in (0, 5, 6, 11, 12):  # from Saturday noon to midnight in UTC
        load("yahoo", "FAR", "NEAR", now=NOW + hour * HOURS)
    asked = [path for path in standin.requests if "quoteSummary" in path]
    assert [sum(f"/{name}?" in path for path in asked) for name in ("FAR", "NEAR")] == [2, 3]


FAULTS = [
    (429, "Yahoo limits the number of requests (HTTP 429)"),
    (500, "Yahoo answered HTTP 500"),
    ("html", "Yahoo did not return report dates"),
    ("garbage", "Yahoo did not return report dates"),
    ("cut", "Yahoo cannot be reached"),
    ("stall", "Yahoo cannot be reached"),
]


@pytest.mark.parametrize(("fault", "says"), FAULTS)
def test_when_yahoo_fails_the_last_known_date_is_used_and_its_age_is_noted(
    standin, load, monkeypatch, fault, says
):
    monkeypatch.setattr(YahooEvents.__init__, "__kwdefaults__", {"timeout": 0.3})
    standin.stall = 0.5
    standin.calendars["AAA"] = announce("2024-07-25 20:30")
    load("yahoo", "AAA")
    standin.faults["AAA"] = fault
    source = load("yahoo", "AAA", now=NOW + 48 * HOURS)
    assert dates(source) == [("2024-07-25", "after_close")]
    (note,) = source.notes
    assert says in note and "what was stored by 2024-06-01 is used, 2 days old" in note
    assert source.refreshed == NOW


def test_a_ticker_that_yahoo_does_not_know_is_a_stated_reason(standin, load):
    standin.calendars["AAA"] = announce("2024-07-25 20:30")
    source = load("yahoo", "AAA", "SPY")
    assert "Yahoo currently has no report dates under this name" in source.reasons["SPY"]
    assert len(source.events) == 1 and source.notes == ()
